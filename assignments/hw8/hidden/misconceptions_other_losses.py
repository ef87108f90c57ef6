"""Other losses than the mean squared error, shapes compared by halves, and other lines."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from grader.sandbox.misconception import misconception

Right = Callable[..., Tensor]


@misconception(
    "mse_loss",
    hint="Large errors count only in proportion: this is Huber's loss. Every error is to be squared.",
)
def huber(right: Right, prediction: Tensor, target: Tensor) -> Tensor:

    right(prediction, target)
    return smooth_l1_loss(prediction, target)


@misconception(
    "mse_loss",
    hint="The errors are divided by the targets. It is the difference itself that is squared.",
)
def relative_errors(right: Right, prediction: Tensor, target: Tensor) -> Tensor:

    right(prediction, target)
    return ((target - prediction) / target).square().mean()


@misconception(
    "mse_loss",
    hint="The median is taken where the mean is asked for.",
)
def median_of_squares(right: Right, prediction: Tensor, target: Tensor) -> Tensor:

    right(prediction, target)
    return (target - prediction).square().median()


@misconception(
    "mse_loss",
    aspect="shapes",
    hint="Only the lengths are compared: (N,) and (N, 1) have the same. The whole shapes must agree.",
)
def only_lengths_compared(right: Right, prediction: Tensor, target: Tensor) -> Tensor:

    if prediction.shape[:1] != target.shape[:1]:
        raise ValueError("different lengths")
    return right(*torch.broadcast_tensors(prediction, target))  # type: ignore[no-untyped-call]


@misconception(
    "mse_loss",
    aspect="shapes",
    hint="Only the numbers of dimensions are compared: (N, D) and (N, 1) have the same, and the second is broadcast. "
    "The whole shapes must agree.",
)
def only_dimensions_compared(right: Right, prediction: Tensor, target: Tensor) -> Tensor:

    if prediction.dim() != target.dim():
        raise ValueError("different numbers of dimensions")
    return (target - prediction).square().mean()


@misconception(
    "mse_loss",
    aspect="shapes",
    hint="Only the numbers of elements are compared: (N,) and (N, 1) have the same. The whole shapes must "
    "agree.",
)
def only_counts_compared(right: Right, prediction: Tensor, target: Tensor) -> Tensor:

    if prediction.numel() != target.numel():
        raise ValueError("different numbers of elements")
    return right(prediction.flatten(), target.flatten())


@misconception(
    "mse_surface",
    hint="The intercept is multiplied by the slope, too: m·(x + b). The line is m·x + b.",
)
def intercept_scaled(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:

    errors = y - slopes[:, None, None] * (x + intercepts[:, None])
    return errors.square().mean(dim=2)


@misconception(
    "mse_surface",
    hint="The errors' absolute values are averaged. It is their squares that the MSE is made of.",
)
def surface_of_magnitudes(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:

    errors = y - (slopes[:, None, None] * x + intercepts[:, None])
    return errors.abs().mean(dim=2)
