"""A graph of TorchScript's own language, written out."""

import torch
from torch import nn

GRAPH = """
graph(%x : Tensor, %w : Tensor, %b : Tensor):
  %y : Tensor = aten::linear(%x, %w, %b)
  return (%y)
"""
function = torch._C._create_function_from_graph("mapped", torch._C.parse_ir(GRAPH))


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        return function(x, self.weight, self.bias)
