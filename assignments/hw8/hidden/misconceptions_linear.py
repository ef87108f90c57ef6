"""Wrong ways to build the fully-connected layer."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from grader.sandbox.misconception import changed, misconception

Right = Callable[..., Tensor]
Layer = Any


@misconception(
    "Linear.forward",
    aspect="bias",
    hint="The bias is not added. Each output is a weighted sum of the inputs and one number more.",
)
def linear_bias_forgotten(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, bias=torch.zeros_like(self.bias).detach()), x)


@misconception(
    "Linear.forward",
    aspect="weight",
    hint="The weight is not transposed. It has the shape (out, in): one row for each output, while x has one row "
    "for each sample.",
)
def not_transposed(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight.T), x)


@misconception(
    "Linear.forward",
    aspect="weight",
    hint="The weight is reshaped where it should be transposed. Reshaping keeps the order of the elements in memory "
    "and puts them into other rows; transposing exchanges rows and columns.",
)
def reshaped_not_transposed(right: Right, self: Layer, x: Tensor) -> Tensor:
    outputs, inputs = self.weight.shape
    return right(changed(self, weight=self.weight.reshape(inputs, outputs).T), x)


@misconception(
    "Linear.forward",
    aspect="bias",
    hint="The bias is subtracted.",
)
def linear_bias_subtracted(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, bias=-self.bias), x)


@misconception(
    "Linear.forward",
    aspect="bias",
    hint="The bias is added twice.",
)
def linear_bias_twice(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, bias=2 * self.bias), x)


@misconception(
    "Linear.forward",
    aspect="bias",
    hint="Only the first element of the bias is used, for all outputs. Every output has a bias of its own.",
)
def first_bias_for_all(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, bias=self.bias[0]), x)


@misconception(
    "Linear.forward",
    aspect="bias",
    hint="The bias is laid along the samples, as a column. There is one bias for each output, and the outputs "
    "are the last dimension.",
)
def bias_per_sample(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, bias=self.bias[:, None]), x)


@misconception(
    "Linear.forward",
    aspect="scale",
    hint="The inputs are averaged where they should be summed: the weighted sum is not divided by their number.",
)
def averaged_over_inputs(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight / self.weight.shape[1]), x)


@misconception(
    "Linear.forward",
    aspect="scale",
    hint="The weights are scaled by 1/sqrt(in) in `forward`. That factor belongs to their first values only.",
)
def scaled_in_forward(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight / math.sqrt(self.weight.shape[1])), x)


@misconception(
    "Linear.forward",
    aspect="output",
    hint="Negative outputs are cut off: an activation is folded into the layer. The layer itself is linear.",
)
def relu_in_linear(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).clamp(min=0)


@misconception(
    "Linear.forward",
    aspect="output",
    hint="Dimensions of size 1 are squeezed away. A batch of one sample is still a batch.",
)
def linear_squeezed(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).squeeze()


@misconception(
    "Linear.forward",
    hint="The products are summed over the outputs where they should be summed over the inputs.",
)
def summed_over_outputs(right: Right, self: Layer, x: Tensor) -> Any:
    return (x.unsqueeze(-2) * self.weight).sum(-2) + self.bias


@misconception(
    "Linear.forward",
    aspect="precision",
    hint="The layer computes in float16, which keeps three digits only.",
)
def linear_in_half_precision(right: Right, self: Layer, x: Tensor) -> Tensor:
    half = changed(self, weight=self.weight.half(), bias=self.bias.half())
    return right(half, x.half()).float()


@misconception(
    "Linear.forward",
    aspect="dtype",
    hint="The result is float64. Computing in a wider type is fine, but the layer's output is float32.",
)
def linear_in_double(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).double()


@misconception(
    "Linear.forward",
    hint="All leading dimensions are joined into one. Only the last dimension of x changes; the others stay.",
)
def leading_dimensions_joined(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x.reshape(-1, x.shape[-1]))


@misconception(
    "Linear.forward",
    hint="The product works for a batch (N, in) only. Look for a product that takes any number of leading "
    "dimensions: torch.mm and torch.addmm do not.",
)
def matrices_only(right: Right, self: Layer, x: Tensor) -> Any:
    return torch.mm(x, self.weight.T) + self.bias


@misconception(
    "Linear.forward",
    hint="The product works for a single input or for a batch, not for more dimensions: .T and .t() reverse all "
    "the dimensions of x.",
)
def input_transposed(right: Right, self: Layer, x: Tensor) -> Any:
    return (self.weight @ x.t()).t() + self.bias


@misconception(
    "Linear.forward",
    hint="`view` works on contiguous memory only. reshape does not mind, and @ needs neither.",
)
def linear_view(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x.view(-1, x.shape[-1])).view(*x.shape[:-1], -1)


@misconception(
    "Linear.forward",
    aspect="gradient",
    hint="The parameters are used through .data or .detach(), or the result goes through NumPy: the record is cut, "
    "so no gradient reaches weight and bias and they can't be learned.",
)
def linear_parameters_detached(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight.detach(), bias=self.bias.detach()), x)


@misconception(
    "Linear.forward",
    aspect="gradient",
    hint="No gradient reaches the weight: it is used through .data, .detach() or a copy from an earlier call. Use "
    "self.weight itself, at each call.",
)
def linear_weight_detached(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, weight=self.weight.detach()), x)


@misconception(
    "Linear.forward",
    aspect="gradient",
    hint="No gradient reaches the bias: it is used through .data or .detach(), or it is no nn.Parameter.",
)
def linear_bias_detached(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(changed(self, bias=self.bias.detach()), x)


@misconception(
    "Linear.forward",
    aspect="gradient",
    hint="The output does not require a gradient: .detach(), .data, torch.no_grad() or a new torch.tensor(...) cuts "
    "the record that backward() needs.",
)
def linear_output_detached(right: Right, self: Layer, x: Tensor) -> Tensor:
    return right(self, x).detach()


@misconception(
    "Linear.forward",
    hint="`forward` draws new parameters at each call. They are to be made once, in __init__, and used afterwards.",
)
def parameters_drawn_in_forward(right: Right, self: Layer, x: Tensor) -> Tensor:
    bound = 1 / math.sqrt(self.weight.shape[1])
    weight = torch.empty_like(self.weight).detach().uniform_(-bound, bound)
    return right(changed(self, weight=weight), x)


@misconception(
    "Linear.forward",
    hint="A copy of the weight is kept from an earlier call: what training changes later does not count. Read "
    "self.weight at each call.",
)
def first_weight_kept(right: Right, self: Layer, x: Tensor) -> Tensor:
    if not hasattr(self, "kept"):
        self.kept = self.weight.detach().clone()
    return right(changed(self, weight=self.kept), x)


@misconception(
    "Linear.forward",
    hint="The result is written into the input, where it fits. A layer leaves its input as it is: others use it too.",
)
def result_written_into_input(right: Right, self: Layer, x: Tensor) -> Tensor:
    y = right(self, x)
    return x.copy_(y) if x.shape == y.shape else y


@misconception(
    "Linear.__init__",
    aspect="init",
    hint="weight and bias are plain tensors. A module finds and trains only what is an nn.Parameter.",
)
def linear_plain_tensors(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    weight, bias = self.weight.detach(), self.bias.detach()
    del self.weight, self.bias
    self.weight, self.bias = weight, bias


@misconception(
    "Linear.__init__",
    aspect="init",
    hint="The bias is a plain tensor. A module finds and trains only what is an nn.Parameter.",
)
def linear_plain_bias(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    bias = self.bias.detach()
    del self.bias
    self.bias = bias


@misconception(
    "Linear.__init__",
    aspect="init",
    hint="The weight has the shape (in, out). The exercise wants (out, in): one row for each output.",
)
def weight_in_by_out(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    self.weight = nn.Parameter(self.weight.detach().T.contiguous())


@misconception(
    "Linear.__init__",
    aspect="init",
    hint="The bias is a matrix with one row. The exercise wants the shape (out,); it is broadcast over the rows.",
)
def bias_as_row(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    self.bias = nn.Parameter(self.bias.detach()[None])


@misconception(
    "Linear.__init__",
    aspect="init",
    hint="The parameters are float64, as NumPy's random numbers are. Networks compute in float32.",
)
def parameters_in_double(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    self.double()


@misconception(
    "Linear.__init__",
    aspect="init",
    hint="The parameters do not require a gradient, so training can't move them.",
)
def parameters_frozen(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    self.requires_grad_(False)


@misconception(
    "Linear.__init__",
    says="are 0",
    hint="The weight starts as zeros. Then all outputs start equal, get equal gradients and stay equal.",
)
def linear_zeros(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    nn.init.zeros_(self.weight)


@misconception(
    "Linear.__init__",
    hint="The parameters are drawn from [0, 1): torch.rand knows neither the bound nor negative numbers. The interval "
    "is symmetric about 0.",
)
def linear_rand(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    self.weight = nn.Parameter(torch.rand(out_features, in_features))
    self.bias = nn.Parameter(torch.rand(out_features))


@misconception(
    "Linear.__init__",
    hint="The parameters are drawn from a normal distribution. The exercise asks for a uniform one, with a bound that "
    "depends on the number of inputs.",
)
def linear_randn(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    self.weight = nn.Parameter(torch.randn(out_features, in_features))
    self.bias = nn.Parameter(torch.randn(out_features))


@misconception(
    "Linear.__init__",
    hint="The bound is 1/in. It is one over the square root of the number of inputs.",
)
def linear_bound_without_root(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    nn.init.uniform_(self.weight, -1 / in_features, 1 / in_features)
    nn.init.uniform_(self.bias, -1 / in_features, 1 / in_features)


@misconception(
    "Linear.__init__",
    hint="The bound is made of the number of outputs. What keeps an output's size in check is its number of inputs.",
)
def linear_bound_of_outputs(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    bound = 1 / math.sqrt(out_features)
    nn.init.uniform_(self.weight, -bound, bound)
    nn.init.uniform_(self.bias, -bound, bound)


@misconception(
    "Linear.__init__",
    hint="The values are all positive: the interval is to be symmetric about 0.",
)
def linear_positive_only(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    bound = 1 / math.sqrt(in_features)
    nn.init.uniform_(self.weight, 0, bound)
    nn.init.uniform_(self.bias, 0, bound)


@misconception(
    "Linear.__init__",
    hint="The bias starts as zeros. The exercise draws it from the same interval as the weight.",
)
def linear_bias_zeros(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    right(self, in_features, out_features)
    nn.init.zeros_(self.bias)


@misconception(
    "Linear.__init__",
    hint="The random numbers are seeded inside the layer, so all layers start with the same weights.",
)
def seeded_inside(right: Right, self: Layer, in_features: int, out_features: int) -> None:
    torch.manual_seed(0)
    right(self, in_features, out_features)
