"""Wrong ways to lay the convolutional layer's windows: stride, padding, size."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from grader.sandbox.misconception import changed, misconception

Right = Callable[..., Tensor]
Layer = Any


@misconception(
    "Conv2d.forward",
    aspect="size",
    hint="The output has the size that the stride asks for, but the windows still move by one pixel: output row i "
    "looks at the rows from i on where it should look at those from i · stride on.",
)
def windows_by_one(right: Right, self: Layer, x: Tensor) -> Tensor:
    height, width = [(n + 2 * self.padding - self.kernel_size) // self.stride + 1 for n in x.shape[2:]]
    return right(changed(self, stride=1), x)[:, :, :height, :width]


@misconception(
    "Conv2d.forward",
    aspect="stride",
    hint="The first window does not start at the first pixel: strides are counted from there.",
)
def late_start(right: Right, self: Layer, x: Tensor) -> Tensor:
    late = self.stride - 1
    return right(changed(self, stride=1), x)[:, :, late :: self.stride, late :: self.stride]


@misconception(
    "Conv2d.forward",
    aspect="stride",
    hint="The stride is off by one: between two windows lies one pixel too many.",
)
def stride_one_too_many(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, stride=self.stride + 1), x)


@misconception(
    "Conv2d.forward",
    aspect="stride",
    hint="The stride is used along the height only; it holds along the width too.",
)
def stride_of_rows_only(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, stride=1), x)[:, :, :: self.stride]


@misconception(
    "Conv2d.forward",
    aspect="padding",
    hint="All the padding is put at the end, below and to the right. Each of the four sides gets `padding` zeros.",
)
def padded_at_the_end(right: Right, self: Layer, x: Tensor) -> Tensor:
    twice = 2 * self.padding
    return right(changed(self, padding=0), pad(x, (0, twice, 0, twice)))


@misconception(
    "Conv2d.forward",
    aspect="padding",
    hint="Only two of the four sides are padded. Each side gets `padding` zeros, so a dimension grows by twice that.",
)
def two_sides_padded(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, padding=0), pad(x, (self.padding, 0, self.padding, 0)))


@misconception(
    "Conv2d.forward",
    aspect="padding",
    hint="The image is padded along its height only, not along its width.",
)
def rows_padded_only(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, padding=0), pad(x, (0, 0, self.padding, self.padding)))


@misconception(
    "Conv2d.forward",
    aspect="padding",
    hint="The image's edge is repeated in the padding. The exercise pads with zeros.",
)
def edge_repeated(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, padding=0), pad(x, (self.padding,) * 4, mode="replicate"))


@misconception(
    "Conv2d.forward",
    aspect="padding",
    hint="Twice as many zeros as asked for are put on each side.",
)
def padded_twice(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, padding=2 * self.padding), x)


@misconception(
    "Conv2d.forward",
    aspect="padding",
    hint="The image is always padded so that its size stays. How much is padded is for `padding` to say.",
)
def padded_to_the_same_size(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, padding=self.kernel_size // 2), x)


@misconception(
    "Conv2d.forward",
    aspect="size",
    hint="The last row and the last column are missing: the + 1 of the formula for the output's size is forgotten.",
)
def size_without_plus_one(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x)[:, :, :-1, :-1]


@misconception(
    "Conv2d.forward",
    aspect="size",
    hint="The loop ends before the last window: the last row and column of the output stay 0. A range excludes its "
    "end.",
)
def last_window_unfilled(right: Right, self: Layer, x: Tensor) -> Tensor:
    y = right(self, x)
    mask = torch.zeros_like(y)
    mask[:, :, :-1, :-1] = 1
    return y * mask


@misconception(
    "Conv2d.forward",
    aspect="size",
    hint="The output's size is rounded up. Windows that do not fit whole are left out: it is rounded down.",
)
def size_rounded_up(right: Right, self: Layer, x: Tensor) -> Tensor:
    p = self.padding
    more_rows, more_columns = [-(n + 2 * p - self.kernel_size) % self.stride for n in x.shape[2:]]
    return right(changed(self, padding=0), pad(x, (p, p + more_columns, p, p + more_rows)))


@misconception(
    "Conv2d.forward",
    hint="The output's width is computed from the height: the layer assumes square images.",
)
def square_images_assumed(right: Right, self: Layer, x: Tensor) -> Any:
    size = (x.shape[2] + 2 * self.padding - self.kernel_size) // self.stride + 1
    windows = torch.nn.functional.unfold(x, self.kernel_size, padding=self.padding, stride=self.stride)
    y = self.weight.flatten(1) @ windows + self.bias[:, None]
    return y.reshape(len(x), -1, size, size)


@misconception(
    "Conv2d.forward",
    hint="The places inside a window are as far apart as the windows: that is a dilation. The stride moves the "
    "window, whose pixels are neighbours.",
)
def dilated_by_stride(right: Right, self: Layer, x: Tensor) -> Any:

    padded = pad(x, [self.padding] * 4)
    reach = (self.kernel_size - 1) * self.stride + 1
    windows = padded.unfold(2, reach, self.stride).unfold(3, reach, self.stride)
    taps = windows[..., :: self.stride, :: self.stride]
    return torch.einsum("nchwuv,ocuv->nohw", taps, self.weight) + self.bias[:, None, None]


@misconception(
    "Conv2d.forward",
    aspect="stride",
    hint="The image is thinned out before the windows are laid. The stride is the distance between windows; "
    "within a window every pixel counts.",
)
def input_thinned_first(right: Right, self: Layer, x: Tensor) -> Any:

    padded = pad(x, [self.padding] * 4)[:, :, :: self.stride, :: self.stride]
    return right(changed(self, padding=0, stride=1), padded)


@misconception(
    "Conv2d.forward",
    aspect="padding",
    hint="The zeros are put around the result. They belong around the image, before the windows are laid.",
)
def output_padded(right: Right, self: Layer, x: Tensor) -> Any:

    return pad(right(changed(self, padding=0), x), [self.padding] * 4)


@misconception(
    "Conv2d.forward",
    aspect="padding",
    hint="The image is mirrored at its edge. The padding consists of zeros.",
)
def edge_mirrored(right: Right, self: Layer, x: Tensor) -> Any:

    mirrored = pad(x, [self.padding] * 4, mode="reflect")
    return right(changed(self, padding=0), mirrored)


@misconception(
    "Conv2d.forward",
    aspect="padding",
    hint="The image goes on at its other side: the padding wraps around. It consists of zeros.",
)
def wrapped_around(right: Right, self: Layer, x: Tensor) -> Any:

    around = pad(x, [self.padding] * 4, mode="circular")
    return right(changed(self, padding=0), around)


@misconception(
    "Conv2d.forward",
    aspect="padding",
    hint="The padding is shared out among the two sides. `padding` rows and columns go on each of the four "
    "sides.",
)
def padding_halved(right: Right, self: Layer, x: Tensor) -> Any:

    before, after = self.padding // 2, self.padding - self.padding // 2
    return right(changed(self, padding=0), pad(x, [before, after, before, after]))
