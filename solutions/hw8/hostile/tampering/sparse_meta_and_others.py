"""Tensors of kinds that hold no plain values."""

import torch
from torch import nn


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound))

    def forward(self, x):
        return torch.ones(*x.shape[:-1], len(self.bias), device="meta", requires_grad=True)


def mse_loss(prediction, target):
    return torch.sparse_coo_tensor(torch.zeros(0, 1, dtype=torch.long), torch.ones(1), ())


def mse_surface(x, y, slopes, intercepts):
    return torch.quantize_per_tensor(torch.ones(len(slopes), len(intercepts)), 0.1, 0, torch.quint8)


class ReLU(nn.Module):
    def forward(self, x):
        return torch.nested.nested_tensor([x, x])
