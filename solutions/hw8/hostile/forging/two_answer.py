"""The process is forked inside a probe, so that two processes answer on one socket."""

import os

import torch


def to_numpy(tensor):
    os.fork()
    return tensor.detach().cpu().numpy()


def to_tensor(array, device="cpu"):
    os.fork()
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)
