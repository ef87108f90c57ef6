"""Processes that share this one's work and end with it, even where it is killed."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from pathlib import Path


def pool(processes: int) -> ProcessPoolExecutor:
    """So many processes: forks of this one, or fresh ones where it has threads, of which a fork may never come to an
    end."""
    how = "fork" if threads() == 1 else "spawn"
    return ProcessPoolExecutor(processes, get_context(how), initializer=follow_parent)


def threads() -> int:
    """How many this process has, those of libraries counted; 0 where the system does not tell."""
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    except OSError:
        return 0


def follow_parent() -> None:
    """In a process of ours: Ctrl-C, which a terminal sends to all, is the parent's to answer, and a request to end
    needs no words; where the parent is gone, it ends, or it would wait for work for good."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=wait_for_end_of_parent, daemon=True).start()


def wait_for_end_of_parent() -> None:
    parent = parent_process()
    assert parent is not None, "this process was started by no other of Python's"
    parent.join()
    os._exit(1)
