"""TorchScript compiled from a text, with the interpreter's own compiler."""

import torch
from torch import nn


import torch.jit._builtins
import torch._jit_internal

CODE = """
def mapped(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.nn.functional.linear(x, weight, bias)
"""
unit = torch._C.CompilationUnit()
unit.define(CODE, torch._jit_internal.createResolutionCallbackFromEnv(lambda name: torch if name == "torch" else None))


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        return unit.mapped(x, self.weight, self.bias)
