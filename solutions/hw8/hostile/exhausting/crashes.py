"""A segmentation fault, a stack overflow in C, and SIGKILL by its own hand."""

import ctypes
import os
import signal

import torch


def to_numpy(tensor):
    if tensor.requires_grad:
        os.kill(os.getpid(), signal.SIGKILL)
    if not tensor.is_contiguous():
        os.abort()
    ctypes.string_at(0)


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)
