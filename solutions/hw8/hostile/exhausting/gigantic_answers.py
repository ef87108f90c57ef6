"""Results that are far too large, too deep or of no end."""

import torch
from torch import nn


def exhaust(tensor):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep


def mse_loss(prediction, target):
    return torch.zeros(300 * 2**20, dtype=torch.uint8)


def fit_line(x, y, lr=0.1, epochs=200):
    return list(range(10**7))


class Flatten(nn.Module):
    def forward(self, x):
        cycle = {}
        cycle["itself"] = cycle
        return cycle


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)


def to_numpy(tensor):
    if tensor.requires_grad:
        return exhaust(tensor)
    return tensor.cpu().numpy()
