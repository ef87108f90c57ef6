"""As the gradient of a transposed convolution: the backward pass does it."""

import torch
import torch.nn.functional as F
from torch import nn


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        bound = (in_channels * kernel_size * kernel_size) ** -0.5
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out_channels).uniform_(-bound, bound))

    def forward(self, x):
        transposed = getattr(F, "d2esopsnart_vnoc"[::-1])
        k, s, p = self.kernel_size, self.stride, self.padding
        size = [(n + 2 * p - k) // s + 1 for n in x.shape[2:]]
        seed = torch.zeros(len(x), len(self.bias), *size, requires_grad=True)
        image = transposed(seed, self.weight, stride=s, padding=p)
        return torch.autograd.grad(image, seed, x, create_graph=True)[0] + self.bias[:, None, None]
