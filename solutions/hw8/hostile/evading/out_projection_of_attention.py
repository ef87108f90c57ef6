"""The linear map inside of an attention layer that was made while loading."""

import torch
from torch import nn

ATTENTION = nn.MultiheadAttention(1, 1)


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        projection = ATTENTION.out_proj
        projection.weight, projection.bias = self.weight, self.bias
        return projection(x)
