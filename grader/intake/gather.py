"""A path into the files that it holds: a file, a folder or a zip, within limits, links passed over.

Nothing is trusted: files are opened without following links and without waiting for a pipe's other end,
sizes are counted while reading, and what a name says is never used as a path of the host.
"""

from __future__ import annotations

import errno
import functools
import operator
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from grader.intake.naming import (
    few,
    ignored,
    is_zip,
    kind_of,
    plain_name,
    refuse_other_archive,
    shown,
    too_large,
    too_much,
)
from grader.intake.records import (
    Carried,
    Contract,
    Found,
    HandedFile,
    Holding,
    OutOfReachError,
    UnreadableError,
)
from grader.intake.unzip import unzip

MAX_FOLDERS_DEEP: Final = 12

FLAGS: Final = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT")
"""Those that the system has: without the first, as on Windows, links are told by what a folder's listing says."""

CAREFULLY: Final = functools.reduce(operator.or_, (getattr(os, flag, 0) for flag in FLAGS), os.O_RDONLY)


def held(handed: Path | Found, contract: Contract, carried: Carried | None = None) -> Holding:
    """All files of a hand-in, from the disk or as they were carried here; UnreadableError where there are none."""
    if carried is not None:
        if carried.holding is None:
            raise (OutOfReachError if carried.out_of_reach else UnreadableError)(carried.unreadable)
        return carried.holding
    if isinstance(handed, Found):
        return gather_members(handed.members, contract) if handed.members else gather(handed.path, contract)
    return gather(handed, contract)


def carry(found: Found, contract: Contract) -> Carried:
    """What is to be read of a hand-in, ready to be read on another machine with the very same result."""
    try:
        return Carried(holding=held(found, contract))
    except UnreadableError as error:
        return Carried(unreadable=str(error), out_of_reach=isinstance(error, OutOfReachError))


def gather(path: Path, contract: Contract) -> Holding:
    """All files of what was handed in; UnreadableError, in words for the student, where there are none."""
    kind = _kind(path)
    if kind == "folder":
        return _opened_zips(_read_folder(path, contract), contract)
    if kind != "file":
        raise UnreadableError(f"{shown(path.name)} is {kind}, which is not followed: hand in a file.")
    file = _read_file(path, path.name, contract.total_bytes)
    if is_zip(file):
        return unzip(file, contract)
    refuse_other_archive(file)
    if len(file.data) > contract.file_bytes:
        raise UnreadableError(too_large(file.path, len(file.data), contract.file_bytes))
    return Holding(files=(file,))


def _kind(path: Path) -> str:
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError) as error:
        raise _not_read(path.name, error) from None
    return kind_of(mode)


def _not_read(name: str, error: OSError | ValueError) -> UnreadableError:
    """What the system said when a file of this name was to be read.  A link, which is not followed, is the
    student's own."""
    reason = f"{shown(name)} can't be read: {_reason(error)}."
    is_systems = isinstance(error, OSError) and error.errno not in (errno.ELOOP, errno.ENAMETOOLONG)
    return OutOfReachError(reason) if is_systems else UnreadableError(reason)


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
        return "its permissions forbid it"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "its name is not one that a file can have"


def gather_members(members: Mapping[str, Path], contract: Contract) -> Holding:
    """The files of an attempt that an LMS laid side by side, under the names that the student gave them."""
    files: list[HandedFile] = []
    notes: list[str] = []
    for name, path in members.items():
        if (file := _read_or_noted(path, name, contract, notes)) is not None:
            files.append(file)
    if sum(len(file.data) for file in files) > contract.total_bytes:
        raise UnreadableError(too_much(contract))
    return _opened_zips(Holding(files=tuple(files), notes=few(notes)), contract)


def _read_or_noted(path: Path, name: str, contract: Contract, notes: list[str]) -> HandedFile | None:
    """One file of several; None where it was passed over, which the notes tell."""
    try:
        return _read_file(path, name, contract.file_bytes)
    except OutOfReachError:
        raise
    except UnreadableError as error:
        notes.append(f"{error} It was passed over.")
        return None


def _read_file(path: Path, name: str, limit: int) -> HandedFile:
    """A regular file's content; UnreadableError where it's something else by now, out of reach or too large."""
    try:
        descriptor = os.open(path, CAREFULLY)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableError(f"{shown(name)} is {kind_of(status.st_mode)}, which is not read.")
            data = file.read(limit + 1) if status.st_size <= limit else b""
    except (OSError, ValueError) as error:
        raise _not_read(name, error) from None
    if status.st_size > limit or len(data) > limit:
        raise UnreadableError(too_large(name, status.st_size, limit))
    return HandedFile(path=plain_name(name), data=data, modified=status.st_mtime)


def _read_folder(root: Path, contract: Contract) -> Holding:
    files: list[HandedFile] = []
    notes: list[str] = []
    total = 0
    for path, name in _walk(root, contract, notes):
        file = _read_or_noted(path, name, contract, notes)
        if file is None:
            continue
        total += len(file.data)
        files.append(file)
        if total > contract.total_bytes or len(files) > contract.file_count:
            raise UnreadableError(too_much(contract))
    return Holding(files=tuple(sorted(files, key=lambda file: file.path)), notes=few(notes))


def _walk(root: Path, contract: Contract, notes: list[str]) -> Iterator[tuple[Path, str]]:
    """The regular files below a folder with their relative names; what else there is goes to the notes."""
    todo: list[tuple[Path, str, int]] = [(root, "", 0)]
    met = 0
    while todo:
        folder, prefix, deep = todo.pop()
        for entry in _entries(folder, prefix):
            met += 1
            if met > 10 * contract.file_count:
                raise UnreadableError(too_much(contract))
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if deep < MAX_FOLDERS_DEEP and not ignored(f"{name}/x"):
                    todo.append((Path(entry.path), f"{name}/", deep + 1))
            elif not ignored(name):
                if entry.is_file(follow_symlinks=False):
                    yield Path(entry.path), name
                else:
                    notes.append(f"{shown(name)} is {_kind_in_folder(entry)} and was passed over.")


def _kind_in_folder(entry: os.DirEntry[str]) -> str:
    try:
        return kind_of(entry.stat(follow_symlinks=False).st_mode)
    except OSError:
        return "gone"


def _entries(folder: Path, prefix: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError as error:
        raise _not_read(prefix or folder.name, error) from None


def _opened_zips(holding: Holding, contract: Contract) -> Holding:
    """Where a folder holds no program but a zip, the zip is what was handed in."""
    if any(file.path.lower().endswith((".py", ".ipynb")) for file in holding.files):
        return holding
    zips = [file for file in holding.files if is_zip(file) and not _is_office(file.path)]
    if not zips:
        for file in holding.files:
            refuse_other_archive(file)
        return holding
    newest = max(zips, key=lambda file: (file.modified, file.path))
    inside = unzip(newest, contract)
    note = f"The files are those of {shown(newest.path)}."
    return Holding(files=inside.files, notes=(note, *holding.notes, *inside.notes))


def _is_office(path: str) -> bool:
    return path.lower().endswith((".docx", ".xlsx", ".pptx", ".odt", ".jar", ".whl", ".npz", ".pt", ".pth"))
