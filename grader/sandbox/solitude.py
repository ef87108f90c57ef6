"""Worker's side: nobody else computes while a part that forbids operations is asked.

The process that has loaded the module, of which the one that answers is a fork, stands still meanwhile, or has closed
before what any part forbids: its threads, its signal handlers and what runs at a fork are the student's, too.  Any
other process that a student's code has started before any operator was closed would not find them closed: it could
compute what is forbidden and hand the numbers over.  So before the first call under new rules the fork that answers
ends every other process but the one that it was forked from.  What the call itself starts is not touched, and finds
the operators closed.

All this runs in the student's own process: like the watch it detects and hinders, it is no wall.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

ROUNDS = 100
"""How often is looked for others: who forks meanwhile is met in the next round, who does nothing else in none."""


def fork_alone(close: Callable[[], None]) -> int:
    """As `os.fork`; whatever this process does while the child lives, or after, comes after `close`.

    A process of one thread stands still while the child lives, and `close` is the first that it does then: no signal is
    handled, no garbage collected and nothing traced before.  One that has other threads, or gets some at the last
    moment, closes before it forks.
    """
    from grader.sandbox import linux  # not where a module is loaded on a system of another kind

    if has_threads():
        close()
        return os.fork()
    sys.settrace(None)
    sys.setprofile(None)
    collecting = gc.isenabled()
    gc.disable()
    waiting = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = linux.fork_standing_still(lambda: not has_threads(), close)
        return os.fork() if pid is None else pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, waiting)
        if collecting:
            gc.enable()


def has_threads() -> bool:
    """Whether this process has more than one, or may have: where /proc can't be read, in the second tier."""
    try:
        return len(os.listdir("/proc/self/task")) > 1
    except OSError:
        return True


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
