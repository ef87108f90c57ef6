"""Files that are whole or not there, and the ledger of what each page was made of."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from grader.errors import GraderError

FEEDBACK: Final = "feedback"
LEDGER: Final = ".pages.json"


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """The system's errors in words."""
    try:
        yield
    except OSError as error:
        raise GraderError(
            f"{file}: can't be written: {error.strerror}. The gradebook has every result; make room or rights, "
            "then run `grade report`."
        ) from None


def replace(file: Path, content: bytes) -> None:
    """Write a file so that it is either the old one or the new one, whoever else is writing it meanwhile."""
    with explained(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(prefix=".", suffix=".unfinished", dir=file.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
            Path(unfinished).chmod(0o644)
            Path(unfinished).replace(file)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise


def remove(file: Path) -> None:
    with explained(file):
        file.unlink(missing_ok=True)


def read_ledger(out: Path) -> dict[str, str]:
    """By submission the digest of what its page was made of; empty where it is not known."""
    try:
        return msgspec.json.decode((out / FEEDBACK / LEDGER).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}


def write_ledger(out: Path, digests: Mapping[str, str]) -> None:
    replace(out / FEEDBACK / LEDGER, msgspec.json.format(msgspec.json.encode(dict(digests)), indent=1))


def digest_of(*values: Any) -> str:
    """Of plain data and of this package's own files: a new template makes all pages anew."""
    return hashlib.sha256(msgspec.json.encode((own_digest(), values))).hexdigest()


@cache
def own_digest() -> str:
    folder = Path(__file__).parent
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".py", ".html", ".css", ".js"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
