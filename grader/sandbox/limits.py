"""What a worker may use.  Every limit says what happens when it is reached."""

from __future__ import annotations

import msgspec

SCRATCH = "/scratch"
"""The one place that a worker can write to.  Not /tmp, where somebody may keep the Python environment itself."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits of one submission; `[limits]` of assignment.toml sets them.

    `load_seconds`: wall time to load the module; reached: every test is `timeout`.
    `test_seconds`: wall time of one test; reached: that test is `timeout`, a fresh worker takes the next.
    `total_seconds`: wall time of one submission; reached: the tests not yet run are `timeout`.
    `memory_mb`: memory of all its processes together, beyond what the interpreter and torch take
        themselves; reached: allocation fails, or the worker is ended, and the test is `crashed`.
    `processes`: processes and threads at a time; reached: starting one more fails in the student's code.
    `open_files`: open files of a process; reached: opening fails in the student's code.
    `scratch_mb`: size of the private scratch folder; reached: writing fails in the student's code.
    `output_kb`: what is kept of what a test prints; reached: the rest is dropped, the test goes on.
    `gpu_memory_mb`: what PyTorch may take of the card's memory, for each worker; reached: the allocation fails in the
        student's code, and a fresh worker takes the next test.
    """

    load_seconds: float = 30.0
    test_seconds: float = 10.0
    total_seconds: float = 600.0
    memory_mb: int = 2048
    processes: int = 64
    open_files: int = 256
    scratch_mb: int = 64
    output_kb: int = 64
    gpu_memory_mb: int = 1024
