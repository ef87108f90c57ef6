"""A zip in memory into its files, counted while they are unpacked.

Guarded against: more entries or bytes than allowed (what the zip says of sizes is not believed), names that
lead out of it, links and devices, encryption, unusual compression, damage, zips within zips.
"""

from __future__ import annotations

import io
import stat
import struct
import time
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import Final

from grader.intake.naming import few, ignored, kind_of, plain_name, shown, too_large, too_much
from grader.intake.records import Contract, HandedFile, Holding, UnreadableError

MAX_DIRECTORY: Final = 4 * 2**20
"""Bytes of a zip's table of contents; `zipfile` reads all of it into objects before anything else."""

_END: Final = struct.Struct("<4s4H2LH")
_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, OSError, NotImplementedError,
    RuntimeError,
)  # fmt: skip
"""What `zipfile` raises on a damaged entry, or on one that it has no method or password for."""

_READ_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def unzip(archive: HandedFile, contract: Contract) -> Holding:
    """The files in a zip; UnreadableError where it's none, is encrypted, or exceeds the limits."""
    name = shown(archive.path)
    _check_directory(archive.data, name, contract)
    try:
        with zipfile.ZipFile(io.BytesIO(archive.data)) as opened:
            return _unpacked(opened, name, contract)
    except _DAMAGE as error:
        raise UnreadableError(f"{name} is not a zip that can be opened ({str(error)[:100]}).") from None


def _check_directory(data: bytes, name: str, contract: Contract) -> None:
    """Refuse before `zipfile` reads a table of contents with a million entries."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if at < 0 or len(data) < at + _END.size:
        raise UnreadableError(f"{name} is not a zip, or breaks off before its end: the upload was cut short.")
    _, _, _, _, entries, size, _, _ = _END.unpack_from(data, at)
    if data[max(0, at - 20) : at].startswith(b"PK\x06\x07") or size > MAX_DIRECTORY or entries == 0xFFFF:
        raise UnreadableError(
            f"{name} says that it holds {entries:,} files or more; at most {contract.file_count:,} are read."
        )


def _unpacked(opened: zipfile.ZipFile, name: str, contract: Contract) -> Holding:
    entries = [entry for entry in opened.infolist() if not _is_folder(entry) and not ignored(entry.filename)]
    if len(entries) > contract.file_count:
        raise UnreadableError(too_much(contract))
    if entries and all(entry.flag_bits & 1 for entry in entries):
        raise UnreadableError(f"{name} is encrypted: hand in a zip without a password.")
    files: dict[str, HandedFile] = {}
    notes: list[str] = []
    total = 0
    for entry in entries:
        reason = _passed_over(entry)
        data = b"" if reason else _content(opened, entry, contract, notes)
        if reason:
            notes.append(f"{shown(entry.filename)} in {name} {reason} and was passed over.")
        elif data is not None:
            total += len(data)
            path = plain_name(entry.filename)
            files[path] = HandedFile(path=path, data=data, modified=_modified(entry))
        if total > contract.total_bytes:
            raise UnreadableError(too_much(contract))
    return Holding(files=tuple(files[path] for path in sorted(files)), notes=few(notes))


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    """Unlike `ZipInfo.is_dir`, this takes an entry without a name."""
    return not entry.filename or entry.filename.endswith("/")


def _passed_over(entry: zipfile.ZipInfo) -> str | None:
    """Why an entry isn't read at all, as the second half of a sentence."""
    mode = entry.external_attr >> 16
    path = PurePosixPath(entry.filename)
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return f"is {kind_of(mode)}"
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in entry.filename[:3]:
        return "has a name that leads out of the zip"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.compress_type not in _READ_METHODS:
        return "is compressed by a method that is not read"
    if entry.filename.lower().endswith(".zip"):
        return "is a zip within a zip"
    return None


def _content(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, contract: Contract, notes: list[str]
) -> bytes | None:
    """An entry's bytes, unpacked no further than the limit."""
    try:
        with opened.open(entry) as stream:
            data = stream.read(contract.file_bytes + 1)
    except _DAMAGE as error:
        notes.append(
            f"{shown(entry.filename)} is damaged in the zip ({str(error)[:80]}) and was passed over."
        )
        return None
    if len(data) > contract.file_bytes:
        notes.append(f"{too_large(entry.filename, len(data), contract.file_bytes)} It was passed over.")
        return None
    return data


def _modified(entry: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*entry.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0
