"""Wrong ways to rectify, to pool and to flatten."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from grader.sandbox.misconception import changed, misconception

Right = Callable[..., Tensor]
Layer = Any

# ------------------------------------------------------------------------------------------------- ReLU


@misconception(
    "ReLU.forward",
    hint="This is the absolute value: negative numbers are to become 0, not positive.",
)
def absolute_value(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.abs()


@misconception(
    "ReLU.forward",
    hint="Negative numbers keep a small slope: this is the leaky ReLU. They are to become exactly 0.",
)
def leaky(right: Right, self: Layer, x: Tensor) -> Tensor:
    return torch.where(x > 0, x, 0.01 * x)


@misconception(
    "ReLU.forward",
    hint="Large values are cut off too. ReLU has no upper bound.",
)
def clamped_to_one(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.clamp(0, 1)


@misconception(
    "ReLU.forward",
    hint="The threshold is 1; ReLU's is 0.",
)
def threshold_at_one(right: Right, self: Layer, x: Tensor) -> Tensor:
    return torch.where(x > 1, x, torch.zeros_like(x))


@misconception(
    "ReLU.forward",
    hint="One number comes back: the greatest of all elements. ReLU compares each element with 0.",
)
def greatest_of_all(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.max().clamp(min=0)


@misconception(
    "ReLU.forward",
    hint="This is softplus, a smooth relative of ReLU: negative numbers are to become exactly 0.",
)
def softplus(right: Right, self: Layer, x: Tensor) -> Tensor:
    return torch.log1p(torch.exp(-x.abs())) + x.clamp(min=0)


@misconception(
    "ReLU.forward",
    hint="This is the sigmoid. ReLU leaves positive numbers as they are.",
)
def sigmoid(right: Right, self: Layer, x: Tensor) -> Tensor:
    return torch.sigmoid(x)


@misconception(
    "ReLU.forward",
    hint="The sign is the wrong way round: the negative numbers are kept and the positive ones are lost.",
)
def minimum_with_zero(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.clamp(max=0)


@misconception(
    "ReLU.forward",
    hint="The input comes back unchanged.",
)
def identity(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x * 1


@misconception(
    "ReLU.forward",
    hint="This is the derivative of ReLU, 1 where x > 0: it is to be the value.",
)
def step_function(right: Right, self: Layer, x: Tensor) -> Tensor:
    return (x > 0).float()


@misconception(
    "ReLU.forward",
    hint="The input itself is changed, in place. Others may still need it: make a new tensor.",
)
def relu_in_place(right: Right, self: Layer, x: Tensor) -> Tensor:
    x[x < 0] = 0
    return x


@misconception(
    "ReLU.forward",
    hint="The input itself is changed, in place. Others may still need it: make a new tensor.",
)
def relu_clamped_in_place(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.clamp_(min=0)


@misconception(
    "ReLU.forward",
    hint="Python's `max` compares whole objects. PyTorch has functions that compare element by element.",
)
def python_max(right: Right, self: Layer, x: Any) -> Any:
    return max(x, 0)


@misconception(
    "ReLU.forward",
    hint="The record for backward() is cut: by NumPy, .data, .detach() or a new torch.tensor(...).",
)
def relu_detached(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).detach()


# -------------------------------------------------------------------------------------------- MaxPool2d


@misconception(
    "MaxPool2d.forward",
    hint="This is the mean of each window; it is to be its greatest value.",
)
def average_pooling(right: Right, self: Layer, x: Tensor) -> Tensor:
    return windows(self, x).mean(dim=(-2, -1))


def windows(self: Layer, x: Tensor) -> Tensor:
    """All windows that fit whole, in the last two dimensions."""
    return x.unfold(2, self.kernel_size, self.stride).unfold(3, self.kernel_size, self.stride)


@misconception(
    "MaxPool2d.__init__",
    aspect="stride",
    hint="The window moves by 1 where no stride is given. A stride of None means the kernel's size.",
)
def stride_one_by_default(right: Right, self: Layer, kernel_size: int, stride: int | None = None) -> None:
    right(self, kernel_size, 1 if stride is None else stride)


@misconception(
    "MaxPool2d.forward",
    aspect="stride",
    hint="`stride` is ignored: the window always moves by the kernel's size.",
)
def pool_stride_ignored(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, stride=self.kernel_size), x)


@misconception(
    "MaxPool2d.forward",
    aspect="start",
    hint="The search for the maximum starts at 0, so that negative windows give 0. Start with a value of the window, "
    "or with minus infinity.",
)
def maximum_from_zero(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).clamp(min=0)


@misconception(
    "MaxPool2d.forward",
    aspect="size",
    hint="Windows that do not fit whole are pooled too. They are to be dropped: the size is rounded down.",
)
def partial_windows(right: Right, self: Layer, x: Tensor) -> Tensor:
    rows, columns = [-(n - self.kernel_size) % self.stride for n in x.shape[2:]]
    return right(self, pad(x, (0, columns, 0, rows), value=-torch.inf))


@misconception(
    "MaxPool2d.forward",
    aspect="size",
    hint="Zeros are put around the image. This pooling does not pad, and a 0 beats every negative number.",
)
def padded_with_zeros(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, pad(x, (self.kernel_size // 2,) * 4))


@misconception(
    "MaxPool2d.forward",
    aspect="size",
    hint="The last row and column of windows are missing: the output has (H - k) // stride + 1 rows.",
)
def last_window_missing(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x)[:, :, :-1, :-1]


@misconception(
    "MaxPool2d.forward",
    hint="The maximum is taken over the channels too. Each channel is pooled on its own.",
)
def pooled_over_channels(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).amax(dim=1, keepdim=True)


@misconception(
    "MaxPool2d.forward",
    hint="The first element of each window is taken, not the greatest.",
)
def first_of_window(right: Right, self: Layer, x: Tensor) -> Tensor:
    return windows(self, x)[..., 0, 0]


@misconception(
    "MaxPool2d.forward",
    hint="This is the smallest value of each window; it is to be the greatest.",
)
def smallest_of_window(right: Right, self: Layer, x: Tensor) -> Tensor:
    return -right(self, -x)


@misconception(
    "MaxPool2d.forward",
    hint="The greatest absolute value is taken. A large negative number is not a maximum.",
)
def greatest_magnitude(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x.abs())


@misconception(
    "MaxPool2d.forward",
    hint="The windows are one row high: the maximum is taken along the width only.",
)
def pooled_along_the_width(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.unfold(3, self.kernel_size, self.stride).amax(dim=-1)


@misconception(
    "MaxPool2d.forward",
    hint="Kernel size and stride are taken for each other.",
)
def kernel_and_stride_exchanged(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, kernel_size=self.stride, stride=self.kernel_size), x)


@misconception(
    "MaxPool2d.forward",
    hint="The image is cut into blocks by reshaping, which works only where the kernel's size divides the image's. "
    "Drop first what does not fit.",
)
def blocks_by_reshaping(right: Right, self: Layer, x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    k = self.kernel_size
    return x.reshape(n, c, h // k, k, w // k, k).amax(dim=(3, 5))


@misconception(
    "MaxPool2d.forward",
    hint="The blocks are reshaped in the wrong order: a row of blocks is h // k, then k; the k rows of a block are the "
    "inner dimension.",
)
def blocks_in_wrong_order(right: Right, self: Layer, x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    k = self.kernel_size
    return x.reshape(n, c, k, h // k, k, w // k).amax(dim=(2, 4))


@misconception(
    "MaxPool2d.forward",
    hint="The output does not require a gradient: .item(), .data, NumPy or a new torch.tensor(...) cuts the record.",
)
def pool_detached(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).detach()


# ---------------------------------------------------------------------------------------------- Flatten


@misconception(
    "Flatten.forward",
    hint="The batch is flattened too. The first dimension counts the samples and stays.",
)
def batch_flattened(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.reshape(-1)


@misconception(
    "Flatten.forward",
    hint="The channels are moved to the end first, so the elements come in another order. Keep the order as it is.",
)
def flattened_channels_last(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.movedim(1, -1).reshape(len(x), -1)


@misconception(
    "Flatten.forward",
    hint="The last two dimensions are exchanged first, so the elements come in another order.",
)
def flattened_transposed(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.transpose(-1, -2).reshape(len(x), -1)


@misconception(
    "Flatten.forward",
    hint="The number of features is written into the code. It follows from the input's shape.",
)
def features_hard_coded(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.reshape(-1, 64)


@misconception(
    "Flatten.forward",
    hint="The channels keep a dimension of their own. Everything but the batch is one dimension.",
)
def channels_kept(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.flatten(2)


@misconception(
    "Flatten.forward",
    hint="Height and width are averaged away. Flattening keeps every value.",
)
def averaged_away(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.mean(dim=(2, 3))


@misconception(
    "Flatten.forward",
    hint="The samples become columns and their values are mixed: transposing afterwards does not sort them out.",
)
def reshaped_then_transposed(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.reshape(-1, len(x)).T


@misconception(
    "Flatten.forward",
    hint="Nothing is joined: the input comes out as it went in. Each sample is to become one vector.",
)
def not_flattened(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x


@misconception(
    "Flatten.forward",
    hint="Squeezing removes dimensions of size 1 and joins nothing.",
)
def squeezed_only(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.squeeze()


@misconception(
    "Flatten.forward",
    hint="`view` works on contiguous memory only; there is a method that copies where it must.",
)
def flatten_view(right: Right, self: Layer, x: Tensor) -> Tensor:
    return x.view(len(x), -1)


@misconception(
    "Flatten.forward",
    hint="The output does not require a gradient: .data, .detach() or NumPy cuts the record.",
)
def flatten_detached(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).detach()
