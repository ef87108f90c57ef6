"""The suite's files, packed here and unpacked on a node, in a folder of its own that nobody else may read."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

import msgspec

from grader.assignment import Assignment
from grader.batch.fingerprints import suite_files
from grader.errors import UsageError

PREFIX = "grade-node-"
HELD = "held"
SOLUTION = "solution"
FRESH_SECONDS = 60.0
"""A folder this young may be about to be held."""


def packed(assignment: Assignment) -> bytes:
    """All that verdicts depend on: the very files that the suite's digest is made of."""
    return msgspec.msgpack.encode(dict(suite_files(assignment)))


def unpack(files: dict[str, bytes], folder: Path, name: str) -> tuple[Path, Path]:
    """The assignment's folder and its solution's, made of what was packed."""
    root, solution = folder / "assignment", folder / SOLUTION
    (root / "hidden").mkdir(parents=True)
    for path, data in files.items():
        target = solution / f"{name}.py" if path == SOLUTION else root / safe(path)
        if path == SOLUTION and not data:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return root, solution


def safe(path: str) -> PurePosixPath:
    """A path that stays where it is unpacked; UsageError for any other."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise UsageError(f"{path}: this is not a path inside an assignment.")
    return pure


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder for us alone, removed at the end; those of processes that were killed are removed first."""
    sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))  # for its owner alone
    with (folder / HELD).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(place: Path) -> None:
    """Remove our folders that nobody holds any more."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):
            status = folder.lstat()
            old = time.time() - status.st_mtime > FRESH_SECONDS
            if status.st_uid == os.geteuid() and old and folder.is_dir() and not folder.is_symlink():
                remove_unheld(folder)


def remove_unheld(folder: Path) -> None:
    """Remove a folder unless its process lives: BlockingIOError where it does."""
    with (folder / HELD).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
