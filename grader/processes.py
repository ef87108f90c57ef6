"""Processes that share this one's work and end with it, even where it is killed."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process


def pool(processes: int) -> ProcessPoolExecutor:
    """So many fresh processes: a fork of one that has threads may never come to an end."""
    return ProcessPoolExecutor(processes, get_context("spawn"), initializer=end_with_parent)


def end_with_parent() -> None:
    """In a process of the pool: without it each would wait for work for good once nobody is left to send any."""
    threading.Thread(target=wait_for_end_of_parent, daemon=True).start()


def wait_for_end_of_parent() -> None:
    parent = parent_process()
    assert parent is not None, "this process was started by no other of Python's"
    parent.join()
    os._exit(1)
