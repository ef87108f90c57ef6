"""A tensor that claims 40 GB, of one number, where a result is due."""

import torch
from torch import nn


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        return torch.ones(1).expand(10_000, 10_000, 100)


def to_numpy(tensor):
    return torch.ones(1).expand(10_000, 10_000, 100).numpy()
