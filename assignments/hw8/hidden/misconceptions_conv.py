"""Wrong ways to build the convolutional layer."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from grader.sandbox.misconception import changed, misconception

Right = Callable[..., Tensor]
Layer = Any


@misconception(
    "Conv2d.forward",
    aspect="kernel",
    hint="The kernel is flipped. What deep learning calls a convolution is a cross-correlation: the kernel's first "
    "element meets the window's first pixel.",
)
def kernel_flipped(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight.flip(2, 3)), x)


@misconception(
    "Conv2d.forward",
    aspect="bias",
    hint="The bias is not added. Each output channel has one number that is added to all its pixels.",
)
def conv_bias_forgotten(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, bias=torch.zeros_like(self.bias).detach()), x)


@misconception(
    "Conv2d.forward",
    aspect="stride",
    hint="The stride is ignored: the window moves by one pixel whatever `stride` says.",
)
def stride_ignored(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, stride=1), x)


@misconception(
    "Conv2d.forward",
    aspect="padding",
    hint="The padding is ignored: no zeros are put around the image.",
)
def padding_ignored(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, padding=0), x)


@misconception(
    "Conv2d.forward",
    aspect="kernel",
    hint="The kernel's rows and columns are exchanged: its first spatial dimension goes with the image's height.",
)
def kernel_transposed(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight.transpose(2, 3)), x)


@misconception(
    "Conv2d.forward",
    aspect="channels",
    hint="Only the first input channel is used. A kernel has one slice for each input channel, and their answers are "
    "added up.",
)
def first_channel_only(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight[:, :1]), x[:, :1])


@misconception(
    "Conv2d.forward",
    aspect="channels",
    hint="The answers of the input channels are averaged where they should be added up.",
)
def channels_averaged(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight / self.weight.shape[1]), x)


@misconception(
    "Conv2d.forward",
    aspect="scale",
    hint="The products in a window are averaged where they should be added up.",
)
def window_averaged(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight / self.weight[0].numel()), x)


@misconception(
    "Conv2d.forward",
    aspect="bias",
    hint="The bias is laid along the width. There is one bias for each output channel, and channels are the second "
    "dimension.",
)
def bias_along_the_width(right: Right, self: Layer, x: Tensor) -> Any:
    return right(changed(self, bias=torch.zeros_like(self.bias).detach()), x) + self.bias


@misconception(
    "Conv2d.forward",
    aspect="bias",
    hint="The bias of the first output channel is used for all of them.",
)
def first_bias_for_all_channels(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, bias=self.bias[:1]), x)


@misconception(
    "Conv2d.forward",
    aspect="bias",
    hint="The bias is added once for each input channel, inside the sum. It is added once, after the sum.",
)
def bias_per_input_channel(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, bias=self.bias * self.weight.shape[1]), x)


@misconception(
    "Conv2d.forward",
    aspect="bias",
    hint="The bias is added once for each place of the kernel, inside the loop. It is added once, after the sum.",
)
def bias_per_tap(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, bias=self.bias * self.kernel_size**2), x)


@misconception(
    "Conv2d.forward",
    aspect="bias",
    hint="The bias is added twice.",
)
def conv_bias_twice(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, bias=2 * self.bias), x)


@misconception(
    "Conv2d.forward",
    aspect="channels",
    hint="The weight's first dimension is taken for the input channels. Its shape is (out, in, k, k).",
)
def channels_exchanged(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight.transpose(0, 1)), x)


@misconception(
    "Conv2d.forward",
    aspect="channels",
    hint="The first filter makes every output channel. Each output channel has a filter of its own.",
)
def first_filter_for_all(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight[:1].expand_as(self.weight)), x)


@misconception(
    "Conv2d.forward",
    aspect="batch",
    hint="Only the first sample is filtered, and its result stands for the whole batch.",
)
def first_sample_for_all(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x[:1]).repeat(len(x), 1, 1, 1)


@misconception(
    "Conv2d.forward",
    aspect="batch",
    hint="Dimensions of size 1 are squeezed away. A batch of one image, or one channel, keeps its dimension.",
)
def conv_squeezed(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).squeeze()


@misconception(
    "Conv2d.forward",
    aspect="layout",
    hint="The matrix product gives (windows, channels), which is reshaped as if it were (channels, windows): transpose "
    "before you reshape.",
)
def columns_not_transposed(right: Right, self: Layer, x: Tensor) -> Tensor:
    y = right(self, x)
    return y.flatten(2).transpose(1, 2).reshape(y.shape)


@misconception(
    "Conv2d.forward",
    aspect="layout",
    hint="Height and width of the output are exchanged.",
)
def output_transposed(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).transpose(2, 3)


@misconception(
    "Conv2d.forward",
    aspect="layout",
    hint="The channels come last in the output. In PyTorch they are the second dimension: (N, C, H, W).",
)
def channels_last(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).permute(0, 2, 3, 1)


@misconception(
    "Conv2d.forward",
    aspect="output",
    hint="Negative outputs are cut off: an activation is folded into the layer. The layer itself is linear.",
)
def relu_in_conv(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).clamp(min=0)


@misconception(
    "Conv2d.forward",
    hint="The results are stored as whole numbers: the digits after the point are lost, and the gradient too.",
)
def stored_as_integers(right: Right, self: Layer, x: Tensor) -> Tensor:
    y = torch.zeros(right(self, x).shape, dtype=torch.int64, device=x.device)
    y[:] = right(self, x)
    return y.float()


@misconception(
    "Conv2d.forward",
    aspect="precision",
    hint="The layer computes in float16, which keeps three digits only.",
)
def conv_in_half_precision(right: Right, self: Layer, x: Tensor) -> Tensor:
    half = changed(self, weight=self.weight.half(), bias=self.bias.half())
    return right(half, x.half()).float()


@misconception(
    "Conv2d.forward",
    hint="The windows are laid over the memory as if the input were contiguous. A transposed or sliced input has "
    "other strides: ask for them, or make the input contiguous.",
)
def strides_assumed(right: Right, self: Layer, x: Tensor) -> Tensor:
    _, channels, height, width = x.shape
    return right(self, x.as_strided(x.shape, (channels * height * width, height * width, width, 1)))


@misconception(
    "Conv2d.forward",
    aspect="gradient",
    hint="The parameters are used through .data or .detach(): the record is cut, so no gradient reaches weight and "
    "bias and they can't be learned.",
)
def conv_parameters_detached(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight.detach(), bias=self.bias.detach()), x)


@misconception(
    "Conv2d.forward",
    aspect="gradient",
    hint="No gradient reaches the weight: it is used through .data, .detach() or a copy from an earlier call. Use "
    "self.weight itself, at each call.",
)
def conv_weight_detached(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight.detach()), x)


@misconception(
    "Conv2d.forward",
    aspect="gradient",
    hint="The output does not require a gradient: .detach(), .data, .item(), NumPy or a new torch.tensor(...) cuts the "
    "record that backward() needs.",
)
def conv_output_detached(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).detach()


@misconception(
    "Conv2d.forward",
    hint="The result is added to that of an earlier call: something is kept between the calls.",
)
def results_accumulated(right: Right, self: Layer, x: Tensor) -> Any:
    y = right(self, x)
    self.total = y + getattr(self, "total", 0)
    return self.total


@misconception(
    "Conv2d.forward",
    hint="A copy of the weight is kept from an earlier call: what training changes later does not count. Read "
    "self.weight at each call.",
)
def first_kernels_kept(right: Right, self: Layer, x: Tensor) -> Tensor:
    if not hasattr(self, "kept"):
        self.kept = self.weight.detach().clone()
    return right(changed(self, weight=self.kept), x)


@misconception(
    "Conv2d.forward",
    aspect="channels",
    hint="Each output channel looks at one input channel only. It adds up the answers of all of them, each "
    "with its own slice of the kernel.",
)
def one_channel_each(right: Right, self: Layer, x: Tensor) -> Any:

    outputs, inputs = self.weight.shape[:2]
    own = torch.arange(inputs) == (torch.arange(outputs) % inputs)[:, None]
    return right(changed(self, weight=self.weight * own[:, :, None, None]), x)


@misconception(
    "Conv2d.forward",
    aspect="kernel",
    hint="The kernel's elements are laid out in another order than the window's: channels, rows, columns for "
    "both.",
)
def kernel_laid_out_otherwise(right: Right, self: Layer, x: Tensor) -> Any:

    reordered = self.weight.permute(0, 2, 3, 1).reshape(self.weight.shape)
    return right(changed(self, weight=reordered), x)


@misconception(
    "Conv2d.forward",
    hint="The last sample of the batch is left out: its result stays 0. A loop over range(len(x)) reaches it.",
)
def last_sample_forgotten(right: Right, self: Layer, x: Tensor) -> Any:

    y = right(self, x)
    return torch.cat([y[:-1], torch.zeros_like(y[-1:])])
