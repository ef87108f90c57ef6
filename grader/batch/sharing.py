"""How many jobs share a card: no more than what its memory holds."""

from __future__ import annotations

from grader.sandbox.device import Device
from grader.sandbox.limits import Limits

WORKERS = 4
"""How many workers a job may have on the card at a time: a submission's own, up to two with PyTorch's pieces in place
of the student's, and one that holds the solution."""

CONTEXT_MB = 600
"""What a CUDA context takes of the card besides what PyTorch hands out, on large cards; no limit bounds it."""


def jobs_on(device: Device, limits: Limits, jobs: int, gpu_jobs: int | None) -> int:
    """As many jobs as are asked for, where they share a card at most `gpu_jobs`; None stands for what fits."""
    if not device.card:
        return jobs
    return min(jobs, gpu_jobs or fitting(device, limits))


def fitting(device: Device, limits: Limits) -> int:
    """At least one: whether that fits, it will tell itself."""
    return max(1, device.memory_mb // (WORKERS * (limits.gpu_memory_mb + CONTEXT_MB)))
