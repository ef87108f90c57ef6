"""TorchScript compiled from a text, with the interpreter's own compiler."""

import torch
from torch import nn

CODE = """
def mapped(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return operators.linear(x, weight, bias)
"""


def mapped():
    unit = torch._C.CompilationUnit()
    unit.define(CODE, lambda name: torch.ops.aten if name == "operators" else None)
    return unit.find_function("mapped")


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        return mapped()(x, self.weight, self.bias)
