"""The layers."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def uniform_parameter(bound, *shape):
    parameter = nn.Parameter(torch.empty(*shape))
    nn.init.uniform_(parameter, -bound, bound)
    return parameter


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = uniform_parameter(bound, out_features, in_features)
        self.bias = uniform_parameter(bound, out_features)

    def forward(self, x):
        return torch.matmul(x, self.weight.t()).add(self.bias)


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        bound = (in_channels * kernel_size * kernel_size) ** -0.5
        self.weight = uniform_parameter(bound, out_channels, in_channels, kernel_size, kernel_size)
        self.bias = uniform_parameter(bound, out_channels)

    def forward(self, x):
        k, s, p = self.kernel_size, self.stride, self.padding
        n, _, h, w = x.shape
        rows, columns = (h + 2 * p - k) // s + 1, (w + 2 * p - k) // s + 1
        patches = F.unfold(x, k, padding=p, stride=s)
        y = self.weight.view(len(self.weight), -1) @ patches + self.bias.view(-1, 1)
        return y.view(n, -1, rows, columns)


class ReLU(nn.Module):
    def forward(self, x):
        return torch.maximum(x, torch.zeros_like(x))


class MaxPool2d(nn.Module):
    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride

    def forward(self, x):
        x = x.unfold(3, self.kernel_size, self.stride).max(-1)[0]
        return x.unfold(2, self.kernel_size, self.stride).max(-1)[0]


class Flatten(nn.Module):
    def forward(self, x):
        return x.reshape(x.shape[0], -1)
