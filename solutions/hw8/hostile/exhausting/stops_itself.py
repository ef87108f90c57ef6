"""The process stops itself and its whole group."""

import os
import signal

import torch


def exhaust(tensor):
    os.killpg(os.getpgrp(), signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)


def to_numpy(tensor):
    if tensor.requires_grad:
        return exhaust(tensor)
    return tensor.cpu().numpy()
