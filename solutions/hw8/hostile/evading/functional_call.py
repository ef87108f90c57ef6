"""`functional_call` on an `nn.Linear` that was made while loading, under a computed name."""

import torch
from torch import nn

MADE = getattr(nn, "raeniL"[::-1])(1, 1)


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        return torch.func.functional_call(MADE, {"weight": self.weight, "bias": self.bias}, (x,))
