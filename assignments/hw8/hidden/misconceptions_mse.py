"""Wrong ways to compute the mean squared error, and its surface."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from grader.sandbox.misconception import misconception

Right = Callable[..., Tensor]

# --------------------------------------------------------------------------------------------- mse_loss


@misconception(
    "mse_loss",
    aspect="mean",
    hint="This is the sum of the squared errors, not their mean.",
)
def summed(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return right(prediction, target) * prediction.numel()


@misconception(
    "mse_loss",
    aspect="shapes",
    hint="Different shapes are broadcast: (N,) against (N, 1) silently becomes (N, N), and the loss means nothing. "
    "Compare the shapes first.",
)
def shapes_broadcast(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return right(*torch.broadcast_tensors(prediction, target))  # type: ignore[no-untyped-call]


@misconception(
    "mse_loss",
    aspect="shapes",
    hint="The target is reshaped to the prediction's shape. Different shapes are a mistake of the caller, which the "
    "function is to report.",
)
def target_reshaped(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return right(prediction, target.reshape(prediction.shape))


@misconception(
    "mse_loss",
    aspect="shapes",
    hint="Different shapes are refused, but by another exception than ValueError: an assert raises AssertionError.",
)
def shapes_asserted(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    assert prediction.shape == target.shape
    return right(prediction, target)


@misconception(
    "mse_loss",
    aspect="mean",
    hint="The sum is divided by the batch's size only. The mean is over all elements.",
)
def divided_by_batch(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return right(prediction, target) * prediction.numel() / prediction.shape[0]


@misconception(
    "mse_loss",
    aspect="mean",
    hint="The mean is over the first dimension only, so a loss for each feature comes back. It is over all elements.",
)
def mean_per_feature(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError("the shapes differ")
    return ((target - prediction) ** 2).mean(dim=0)


@misconception(
    "mse_loss",
    aspect="mean",
    hint="The squared errors come back one by one. The loss is their mean, one number.",
)
def not_reduced(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError("the shapes differ")
    return (target - prediction) ** 2


@misconception(
    "mse_loss",
    aspect="mean",
    hint="The sum is divided by n - 1, as for a variance. The mean of n numbers divides by n.",
)
def divided_by_one_less(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    count = prediction.numel()
    return right(prediction, target) * count / (count - 1 if count > 1 else 1)


@misconception(
    "mse_loss",
    aspect="factor",
    hint="The loss is halved. Some textbooks do so, to make the gradient look simpler; here it is the plain mean.",
)
def halved(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return right(prediction, target) / 2


@misconception(
    "mse_loss",
    aspect="power",
    hint="This is the root of the mean squared error.",
)
def root_taken(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return right(prediction, target).sqrt()


@misconception(
    "mse_loss",
    hint="This is the length of the vector of errors: the root of their sum of squares.",
)
def norm_of_errors(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return (right(prediction, target) * prediction.numel()).sqrt()


@misconception(
    "mse_loss",
    hint="This is the mean of the absolute errors. They are to be squared.",
)
def absolute_errors(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError("the shapes differ")
    return (target - prediction).abs().mean()


@misconception(
    "mse_loss",
    hint="The errors are averaged first and then squared, so errors of opposite signs cancel. Square first.",
)
def mean_squared(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError("the shapes differ")
    return (target - prediction).mean() ** 2


@misconception(
    "mse_loss",
    hint="The errors are not squared, so errors of opposite signs cancel.",
)
def not_squared(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError("the shapes differ")
    return (target - prediction).mean()


@misconception(
    "mse_loss",
    hint="Prediction and target are squared before they are subtracted. It is their difference that is squared.",
)
def squares_subtracted(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError("the shapes differ")
    return (target**2 - prediction**2).mean()


@misconception(
    "mse_loss",
    hint="The square is expanded into p² - 2pt + t². Where p and t are large and close together their digits cancel; "
    "subtract first, then square.",
)
def square_expanded(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError("the shapes differ")
    return (prediction**2 - 2 * prediction * target + target**2).mean()


@misconception(
    "mse_loss",
    hint="This is the variance of the errors: their mean is subtracted, so a constant error costs nothing.",
)
def variance_of_errors(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError("the shapes differ")
    return (target - prediction).var(correction=0)


@misconception(
    "mse_loss",
    aspect="precision",
    hint="The target is converted to whole numbers, as labels are. Targets of a regression are real numbers.",
)
def target_as_integers(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return right(prediction, target.long())


@misconception(
    "mse_loss",
    aspect="precision",
    hint="The loss is computed in float16, which keeps three digits only.",
)
def loss_in_half_precision(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return right(prediction.half(), target.half()).float()


@misconception(
    "mse_loss",
    aspect="type",
    hint="A Python number comes back. The loss has to stay a tensor: backward() starts from it.",
)
def loss_as_number(right: Right, prediction: Tensor, target: Tensor) -> float:
    return float(right(prediction, target).item())


@misconception(
    "mse_loss",
    aspect="type",
    hint="The loss has one dimension too many: a scalar tensor has the shape ().",
)
def loss_as_vector(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return right(prediction, target).reshape(1)


@misconception(
    "mse_loss",
    aspect="gradient",
    hint="The target is detached, so no gradient reaches it. The loss is to be differentiable in both.",
)
def target_detached(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return right(prediction, target.detach())


@misconception(
    "mse_loss",
    aspect="gradient",
    hint="The loss does not require a gradient: .data, .detach(), NumPy or a new torch.tensor(...) cuts the record "
    "that backward() needs.",
)
def loss_detached(right: Right, prediction: Tensor, target: Tensor) -> Tensor:
    return right(prediction, target).detach()


# ------------------------------------------------------------------------------------------ mse_surface


@misconception(
    "mse_surface",
    aspect="layout",
    hint="Rows and columns are exchanged: row i belongs to slopes[i], column j to intercepts[j]. torch.meshgrid and "
    'np.meshgrid differ in their "indexing".',
)
def surface_transposed(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return right(x, y, slopes, intercepts).T


@misconception(
    "mse_surface",
    aspect="layout",
    hint="The values are computed for each intercept and then each slope, but put into the table the other way round: "
    "reshaping does not transpose.",
)
def surface_reshaped(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return right(x, y, slopes, intercepts).T.reshape(len(slopes), len(intercepts))


@misconception(
    "mse_surface",
    aspect="layout",
    hint="The surface is one long vector. It has a row for each slope and a column for each intercept.",
)
def surface_flattened(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return right(x, y, slopes, intercepts).flatten()


@misconception(
    "mse_surface",
    aspect="mean",
    hint="The squared errors are summed over the points; the MSE is their mean.",
)
def surface_summed(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return right(x, y, slopes, intercepts) * len(x)


@misconception(
    "mse_surface",
    aspect="mean",
    hint="The values are halved. The MSE is the plain mean.",
)
def surface_halved(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return right(x, y, slopes, intercepts) / 2


@misconception(
    "mse_surface",
    aspect="power",
    hint="These are the roots of the mean squared errors.",
)
def surface_rooted(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return right(x, y, slopes, intercepts).sqrt()


@misconception(
    "mse_surface",
    aspect="line",
    hint="x and y are taken for each other: the line predicts y from x.",
)
def x_and_y_exchanged(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return right(y, x, slopes, intercepts)


@misconception(
    "mse_surface",
    aspect="line",
    hint="Slope and intercept are taken for each other in the line's equation.",
)
def slope_and_intercept_exchanged(
    right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor
) -> Tensor:
    return right(x, y, intercepts, slopes).T


@misconception(
    "mse_surface",
    aspect="line",
    hint="The intercept has the wrong sign: f(x) = slope · x + intercept, and the error is y - f(x), in parentheses.",
)
def intercept_subtracted(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return right(x, y, slopes, -intercepts)


@misconception(
    "mse_surface",
    aspect="line",
    hint="The intercepts are left out of the lines.",
)
def intercepts_left_out(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return right(x, y, slopes, torch.zeros_like(intercepts))


@misconception(
    "mse_surface",
    hint="The points are averaged before the error is squared. Each point has its own error; square first.",
)
def points_averaged(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return right(x.mean()[None], y.mean()[None], slopes, intercepts)


@misconception(
    "mse_surface",
    hint="Slopes and intercepts are paired one to one. Every slope goes with every intercept.",
)
def lines_paired(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return ((y - (slopes[:, None] * x + intercepts[:, None])) ** 2).mean(dim=1)


@misconception(
    "mse_surface",
    aspect="size",
    hint="The last row and column are not filled: a range excludes its end already.",
)
def last_line_unfilled(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    surface = torch.zeros(len(slopes), len(intercepts))
    surface[:-1, :-1] = right(x, y, slopes, intercepts)[:-1, :-1]
    return surface


@misconception(
    "mse_surface",
    aspect="type",
    hint="A list of lists comes back; it is to be a tensor.",
)
def surface_as_list(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Any:
    return right(x, y, slopes, intercepts).tolist()


@misconception(
    "mse_surface",
    aspect="type",
    hint="The surface is float64, NumPy's usual dtype; it is to be float32.",
)
def surface_in_double(right: Right, x: Tensor, y: Tensor, slopes: Tensor, intercepts: Tensor) -> Tensor:
    return right(x, y, slopes, intercepts).double()
