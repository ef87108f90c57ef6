"""A subclass of `nn.Linear`, found by a computed name, whose constructor is passed over."""

import torch
from torch import nn

Base = getattr(nn, "raeniL"[::-1])


class Linear(Base):
    def __init__(self, in_features, out_features):
        nn.Module.__init__(self)
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))
