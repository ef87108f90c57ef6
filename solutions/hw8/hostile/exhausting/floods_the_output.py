"""Gigabytes of output, by print and by the descriptors."""

import os
import sys

import torch


def to_numpy(tensor):
    for _ in range(2_000):
        print("x" * 10_000)
        os.write(1, b"y" * 10_000)
        os.write(2, b"z" * 10_000)
    sys.stdout.write("\x1b[2J\ud800" * 1000)
    return tensor.detach().cpu().numpy()


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)
