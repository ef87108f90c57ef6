"""Wrong ways to make the convolutional layer's parameters."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from grader.sandbox.misconception import misconception

Right = Callable[..., Any]
Layer = Any


@misconception(
    "Conv2d.__init__",
    aspect="init",
    hint="weight and bias are plain tensors. A module finds and trains only what is an nn.Parameter.",
)
def conv_plain_tensors(right: Right, self: Layer, *sizes: int, **options: int) -> None:
    right(self, *sizes, **options)
    weight, bias = self.weight.detach(), self.bias.detach()
    del self.weight, self.bias
    self.weight, self.bias = weight, bias


@misconception(
    "Conv2d.__init__",
    aspect="init",
    hint="The weight's first dimension is that of the input channels. The exercise wants (out, in, k, k).",
)
def weight_in_first(right: Right, self: Layer, *sizes: int, **options: int) -> None:
    right(self, *sizes, **options)
    self.weight = nn.Parameter(self.weight.detach().transpose(0, 1).contiguous())


@misconception(
    "Conv2d.__init__",
    aspect="init",
    hint="The weight is a matrix, as the product needs it. The exercise wants (out, in, k, k); flatten it in "
    "`forward`.",
)
def weight_as_matrix(right: Right, self: Layer, *sizes: int, **options: int) -> None:
    right(self, *sizes, **options)
    self.weight = nn.Parameter(self.weight.detach().flatten(1))


@misconception(
    "Conv2d.__init__",
    aspect="init",
    hint="The bias has the shape (out, 1, 1), as the sum needs it. The exercise wants (out,); reshape it in `forward`.",
)
def bias_with_three_dimensions(right: Right, self: Layer, *sizes: int, **options: int) -> None:
    right(self, *sizes, **options)
    self.bias = nn.Parameter(self.bias.detach()[:, None, None])


@misconception(
    "Conv2d.__init__",
    aspect="options",
    hint="Stride and padding are taken for each other.",
)
def options_exchanged(right: Right, self: Layer, *sizes: int, stride: int = 1, padding: int = 0) -> None:
    right(self, *sizes, stride=padding, padding=stride)


@misconception(
    "Conv2d.__init__",
    aspect="options",
    hint="Where no padding is asked for the layer pads by 1. The default is 0.",
)
def padded_by_default(right: Right, self: Layer, *sizes: int, stride: int = 1, padding: int = 1) -> None:
    right(self, *sizes, stride=stride, padding=padding)


@misconception(
    "Conv2d.__init__",
    hint="The parameters start as zeros. Then all filters start equal, get equal gradients and stay equal.",
)
def conv_zeros(right: Right, self: Layer, *sizes: int, **options: int) -> None:
    right(self, *sizes, **options)
    nn.init.zeros_(self.weight)
    nn.init.zeros_(self.bias)


@misconception(
    "Conv2d.__init__",
    hint="The bound leaves out the kernel's size. An output pixel has in · k · k inputs.",
)
def bound_of_channels_only(right: Right, self: Layer, *sizes: int, **options: int) -> None:
    right(self, *sizes, **options)
    bound = 1 / math.sqrt(sizes[0])
    nn.init.uniform_(self.weight, -bound, bound)
    nn.init.uniform_(self.bias, -bound, bound)


@misconception(
    "Conv2d.__init__",
    hint="The bound counts the kernel's side once. A kernel has k · k places, in each input channel.",
)
def bound_of_one_side(right: Right, self: Layer, *sizes: int, **options: int) -> None:
    right(self, *sizes, **options)
    bound = 1 / math.sqrt(sizes[0] * sizes[2])
    nn.init.uniform_(self.weight, -bound, bound)
    nn.init.uniform_(self.bias, -bound, bound)


@misconception(
    "Conv2d.__init__",
    hint="The bound is made of the output channels. What counts is how many numbers go into one output pixel.",
)
def bound_of_output_channels(right: Right, self: Layer, *sizes: int, **options: int) -> None:
    right(self, *sizes, **options)
    bound = 1 / math.sqrt(sizes[1] * sizes[2] ** 2)
    nn.init.uniform_(self.weight, -bound, bound)
    nn.init.uniform_(self.bias, -bound, bound)


@misconception(
    "Conv2d.__init__",
    hint="The parameters are drawn from a normal distribution. The exercise asks for a uniform one, with a bound that "
    "depends on the number of inputs.",
)
def conv_randn(right: Right, self: Layer, *sizes: int, **options: int) -> None:
    right(self, *sizes, **options)
    self.weight = nn.Parameter(torch.randn(self.weight.shape))
    self.bias = nn.Parameter(torch.randn(self.bias.shape))


@misconception(
    "Conv2d.__init__",
    hint="The bias starts as zeros. The exercise draws it from the same interval as the weight.",
)
def conv_bias_zeros(right: Right, self: Layer, *sizes: int, **options: int) -> None:
    right(self, *sizes, **options)
    nn.init.zeros_(self.bias)


@misconception(
    "Conv2d.__init__",
    hint="The bound counts the outputs, too, as Glorot's does. The exercise asks for one over the square root "
    "of the number of inputs.",
)
def conv_glorot(right: Right, self: Layer, *sizes: int, **options: int) -> None:
    right(self, *sizes, **options)
    nn.init.xavier_uniform_(self.weight)
