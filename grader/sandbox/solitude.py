"""Worker's side: nobody else computes while a part that forbids operations is asked.

A process that a student's code has started before any operator was closed would not find them closed: it could compute
what is forbidden and hand the numbers over.  So before the first call under new rules the fork that answers ends every
other process but the one that it was forked from, whose operators are closed since it has loaded the module.  What the
call itself starts is not touched, and finds the operators closed.

All this runs in the student's own process: like the watch it detects and hinders, it is no wall.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

ROUNDS = 100
"""How often is looked for others: who forks meanwhile is met in the next round, who does nothing else in none."""


def be_alone() -> None:
    """In a fork: end every other process of this user but the parent.

    Where /proc can't be read, in the second tier, they can't be told apart: all are stopped, and the parent goes on.
    """
    spared = frozenset({os.getpid(), os.getppid()})
    try:
        end_others(spared)
    except PermissionError:
        stop_others()
        os.kill(os.getppid(), signal.SIGCONT)


def end_others(spared: frozenset[int]) -> None:
    """Kill every process of this user but the spared ones."""
    for _ in range(ROUNDS):
        found = [process for process in own_processes() if process not in spared]
        if not found:
            return
        for process in found:
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)


def stop_others() -> None:
    """Stop every process of this user but this one."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGSTOP)


def own_processes() -> Iterator[int]:
    """The processes that live and that this one may end, but for the first of a namespace, which is the warden."""
    for name in os.listdir("/proc"):
        with suppress(OSError):
            if name.isdigit() and name != "1" and lives(name):
                os.kill(int(name), 0)  # PermissionError where it is another user's
                yield int(name)


def lives(process: str) -> bool:
    """Whether it is more than an entry that waits to be read by its parent: the first thread of one that has others may
    have ended."""
    with open(f"/proc/{process}/stat", "rb") as stat:
        ended = stat.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")
    return not ended or len(os.listdir(f"/proc/{process}/task")) > 1
