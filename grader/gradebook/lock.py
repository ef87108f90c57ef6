"""One writer at a time: a second batch on the same folder is refused, whatever became of the first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import UsageError

NAME = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; UsageError where another process does, or where it can't be written to.

    The lock is the kernel's: it goes with its process and its last fork, so that nothing is left to clean up after
    a crash.
    """
    try:
        descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise UsageError(f"{folder}: can't be written to: {error.strerror}.") from None
    try:
        take(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def take(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 100).decode(errors="replace").strip() or "another process"
        raise UsageError(
            f"{folder}: {holder} is grading into this folder. Wait until it has ended, or choose another folder."
        ) from None
    except OSError as error:
        raise UsageError(f"{folder}: can't be locked ({error.strerror}); choose another folder.") from None
    sign(descriptor)


def sign(descriptor: int) -> None:
    """Leave our process number for whoever finds the lock taken; a courtesy, which a full disk may deny."""
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()}".encode())
    except OSError:
        return
