"""The layers."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = nn.Parameter((2 * torch.rand(out_features, in_features) - 1) * bound)
        self.bias = nn.Parameter((2 * torch.rand(out_features) - 1) * bound)

    def forward(self, x):
        return x @ self.weight.T + self.bias


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        bound = (in_channels * kernel_size * kernel_size) ** -0.5
        self.weight = nn.Parameter(
            (2 * torch.rand(out_channels, in_channels, kernel_size, kernel_size) - 1) * bound
        )
        self.bias = nn.Parameter((2 * torch.rand(out_channels) - 1) * bound)

    def forward(self, x):
        k, s, p = self.kernel_size, self.stride, self.padding
        n, _, h, w = x.shape
        rows, columns = (h + 2 * p - k) // s + 1, (w + 2 * p - k) // s + 1
        x = F.pad(x, (p, p, p, p))
        y = self.bias.view(1, -1, 1, 1)
        for u in range(k):
            for v in range(k):
                shifted = x[:, :, u : u + s * (rows - 1) + 1 : s, v : v + s * (columns - 1) + 1 : s]
                y = y + torch.einsum("nchw,oc->nohw", shifted, self.weight[:, :, u, v])
        return y


class ReLU(nn.Module):
    def forward(self, x):
        return x.clamp_min(0.0)


class MaxPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride

    def forward(self, x):
        k, s = self.kernel_size, self.stride
        rows, columns = (x.shape[2] - k) // s + 1, (x.shape[3] - k) // s + 1
        result = torch.full((*x.shape[:2], rows, columns), -torch.inf, dtype=x.dtype, device=x.device)
        for u in range(k):
            for v in range(k):
                shifted = x[:, :, u : u + s * rows : s, v : v + s * columns : s][:, :, :rows, :columns]
                result = torch.maximum(result, shifted)
        return result


class Flatten(nn.Module):
    def forward(self, x):
        return x.flatten(start_dim=1)
