"""`functools.partial`, `operator.attrgetter` and `methodcaller` in a row."""

import functools
import operator

import torch
from torch import nn


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        call = operator.methodcaller("raenil"[::-1], x, self.weight, self.bias)
        return functools.partial(call, operator.attrgetter("nn.functional")(torch))()
