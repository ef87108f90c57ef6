"""Worker's side: nobody else computes while a part that forbids operations is asked.

A process, or a thread of the loading one, that a student's code has started before the part's operators are closed
would not find them closed: it could compute what is forbidden and hand the numbers over.  So before the first call
under new rules the fork that answers ends every other process of its user but the one that it was forked from, and
stops that one where it has threads.  What the call itself starts is not touched, and finds the operators closed.

All this runs in the student's own process: like the watch it detects and hinders, it is no wall.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

ROUNDS = 100
"""How often is looked for others: who forks meanwhile is met in the next round, who does nothing else in none."""


class Solitude:
    """What keeps a fork alone; made in the fork."""

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._stopped = False

    def begin(self) -> None:
        """End all others; the parent is stopped where it could do more than wait.

        Where /proc can't be read, in the second tier, they can't be told apart: all are stopped, the parent goes on.
        """
        try:
            end_others(frozenset({os.getpid(), self._parent}))
        except PermissionError:
            stop_others()
            os.kill(self._parent, signal.SIGCONT)
        if not self._stopped and has_threads(self._parent):
            os.kill(self._parent, signal.SIGSTOP)
            self._stopped = True

    def end(self) -> None:
        """Let the parent go on."""
        if self._stopped:
            os.kill(self._parent, signal.SIGCONT)
            self._stopped = False


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
    """Whether a process is more than an entry that waits to be read by its parent."""
    with open(f"/proc/{process}/stat", "rb") as stat:
        return stat.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")


def has_threads(process: int) -> bool:
    with suppress(OSError):
        return len(os.listdir(f"/proc/{process}/task")) > 1
    return False
