"""Processes that share this one's work and end with it, even where it is killed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


def pool(processes: int) -> ProcessPoolExecutor:
    """So many processes: forks of this one, or fresh ones where it has threads, of which a fork may never come to an
    end."""
    how = "fork" if threads() == 1 else "spawn"
    return ProcessPoolExecutor(processes, get_context(how), initializer=end_with_parent)


def apart(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
    """Call it in a fork of this process, so that the libraries which it imports leave this one as it is; here, where
    there are threads already.  ChildProcessError where the fork ends before it has answered."""
    if threads() != 1:
        return function(*arguments, **named)
    try:
        with pool(1) as processes:
            return processes.submit(function, *arguments, **named).result()
    except BrokenProcessPool:
        raise ChildProcessError(f"the process that ran {function.__name__} has ended") from None


def threads() -> int:
    """How many this process has, those of libraries counted; 0 where the system does not tell."""
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    except OSError:
        return 0


def end_with_parent() -> None:
    """In a process of the pool: without it each would wait for work for good once nobody is left to send any."""
    threading.Thread(target=wait_for_end_of_parent, daemon=True).start()


def wait_for_end_of_parent() -> None:
    parent = parent_process()
    assert parent is not None, "this process was started by no other of Python's"
    parent.join()
    os._exit(1)
