"""Processes that share this one's work and end with it, even where it is killed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


def pool(processes: int) -> ProcessPoolExecutor:
    """So many processes: forks of this one, or fresh ones where it has threads, of which a fork may never come to an
    end."""
    how = "fork" if threads() == 1 else "spawn"
    return ProcessPoolExecutor(processes, get_context(how), initializer=follow_parent)


def apart(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> Callable[[], _T]:
    """Begin to call it in a fork of this process, so that the libraries which it imports leave this one as it is.

    What comes back waits for its value, or raises what it raised; ChildProcessError where the fork ends before it has
    answered.  Where there are threads already, it is called here, when its value is asked for.
    """
    call = partial(function, *arguments, **named)
    if threads() != 1:
        return call
    context = get_context("fork")
    reading, writing = context.Pipe(duplex=False)
    process = context.Process(target=tell, args=(writing, call), daemon=True)
    process.start()
    writing.close()
    return partial(told_by, process, reading, function.__name__)


def tell(line: Connection, call: Callable[[], Any]) -> None:
    """In the fork: what came of the call, and whether it is what it raised."""
    follow_parent()
    try:
        told = call(), False
    except Exception as error:  # noqa: BLE001 - raised again by who asked for it
        told = error, True
    line.send(told)


def told_by(process: BaseProcess, line: Connection, name: str) -> Any:
    """What a fork tells; it is ended then, or where nobody waits for it any more."""
    try:
        with line:
            told, is_error = line.recv()
    except EOFError:
        raise ChildProcessError(f"the process that ran {name} has ended") from None
    finally:
        process.kill()
        process.join()
    if is_error:
        raise told
    return told


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
