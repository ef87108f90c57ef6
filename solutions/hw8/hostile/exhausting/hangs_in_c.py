"""A regular expression that takes for ever, with the interpreter's lock held."""

import torch


import re


def to_numpy(tensor):
    return re.match("(a+)+$", "a" * 64 + "b")


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)
