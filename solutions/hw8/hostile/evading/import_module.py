"""By `importlib`, `sys.modules`, `vars` and `globals`, one after the other."""

import importlib
import sys

import torch
from torch import nn


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        if x.dim() == 2:
            return importlib.import_module("torch.nn.functional").linear(x, self.weight, self.bias)
        if x.dim() == 1:
            return sys.modules["torch.nn.functional"].linear(x, self.weight, self.bias)
        return vars(globals()["F"])["linear"](x, self.weight, self.bias)
