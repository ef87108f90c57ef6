"""Worker's side: CUDA in a process that has been shut in, and that no other process shares.

CUDA does not survive a fork, and its driver starts threads.  So the zygote never touches it; a worker starts it itself,
once, after everything has been given up (a thread that is older than the wall would be outside of it) and before a
student's code runs; and all parts of a submission are answered by that one process.
"""

from __future__ import annotations

import torch

from grader.sandbox.device import Device
from grader.sandbox.limits import Limits


def start(device: Device, limits: Limits) -> None:
    """Make the context, bound its memory, and have everything loaded that is loaded at the first use.

    RuntimeError where the card does not work: the grader's trouble, no student's.
    """
    torch.cuda.init()  # type: ignore[no-untyped-call]
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, limits.gpu_memory_mb * 2**20 / total), 0)
    steady()
    exercise_kernels("cuda")
    torch.cuda.synchronize()
    torch.cuda.empty_cache()


def exercise_kernels(device: str) -> None:
    """A convolution, a matrix product and their gradients: the libraries behind them are loaded by this."""
    x = torch.ones(2, 1, 6, 6, device=device)
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(32, 3)).to(
        device
    )
    torch.autograd.backward(network(x).sum())


def steady() -> None:
    """The settings that every part starts with, whatever the one before has changed: full float32, no algorithm chosen
    by a race, deterministic ones where there are any."""
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    # what torch.use_deterministic_algorithms(True, warn_only=True) does, without importing torch's compiler for it
    torch.set_deterministic_debug_mode("warn")


def settle(device: str) -> None:
    """Wait for all that was started, so that an error belongs to the call that caused it."""
    if device == "cuda":
        torch.cuda.synchronize()


def is_spent(error: BaseException, device: str) -> bool:
    """Whether this process is of no use any more: its context is poisoned, or its share of the card's memory is held by
    what the student's module keeps."""
    if device != "cuda":
        return False
    if isinstance(error, torch.OutOfMemoryError):
        return True
    try:
        torch.cuda.synchronize()
    except RuntimeError:
        return True
    return False
