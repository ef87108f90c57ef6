"""Relatives of ReLU and of pooling, and gradients that pass where they should not."""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.nn.functional import elu, gelu

from grader.sandbox.misconception import misconception

Right = Callable[..., Tensor]
Layer = Any


@misconception(
    "ReLU.forward",
    hint="This is the GELU, a smooth relative. ReLU is 0 for every negative number and x for every positive "
    "one.",
)
def gelu_for_relu(right: Right, self: Layer, x: Tensor) -> Any:

    return gelu(x)


@misconception(
    "ReLU.forward",
    hint="This is the ELU: negative numbers become exp(x) - 1. They are to become exactly 0.",
)
def elu_for_relu(right: Right, self: Layer, x: Tensor) -> Any:

    return elu(x)


@misconception(
    "ReLU.forward",
    hint="Values above 6 are cut off: this is ReLU6. ReLU has no upper bound.",
)
def relu_up_to_six(right: Right, self: Layer, x: Tensor) -> Any:

    return x.clamp(0, 6)


@misconception(
    "ReLU.forward",
    hint="The values are right, but they were changed behind autograd's back, through .data or under "
    "torch.no_grad(): the gradient passes where x is negative.",
)
def rectified_through_data(right: Right, self: Layer, x: Tensor) -> Any:

    y = x.clone()
    y.data[y.data < 0] = 0
    return y


@misconception(
    "MaxPool2d.forward",
    hint="The windows are laid from the far end: what does not fill a window is to be left out there, not at "
    "the beginning.",
)
def pooled_from_the_end(right: Right, self: Layer, x: Tensor) -> Any:

    return right(self, x.flip(2, 3)).flip(2, 3)


@misconception(
    "MaxPool2d.forward",
    hint="The places of the greatest values are returned. Their values are asked for.",
)
def places_returned(right: Right, self: Layer, x: Tensor) -> Any:

    k, s = self.kernel_size, self.stride
    return x.unfold(2, k, s).unfold(3, k, s).flatten(4).argmax(dim=-1)


@misconception(
    "MaxPool2d.forward",
    hint="This is the windows' sum or mean of squares under a root. The greatest value is asked for.",
)
def root_of_squares(right: Right, self: Layer, x: Tensor) -> Any:

    k, s = self.kernel_size, self.stride
    return x.unfold(2, k, s).unfold(3, k, s).square().sum(dim=(-2, -1)).sqrt()


@misconception(
    "MaxPool2d.forward",
    hint="The search for the greatest value starts from a number that is not small enough: a window may lie below it. "
    "Start from the window's first value, or from minus infinity.",
)
def maximum_from_minus_thousand(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).clamp(min=-1000)
