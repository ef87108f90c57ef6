"""What is said of a file by its name and kind, and which files are of no interest."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path, PurePosixPath
from typing import Final

from grader.intake.records import Contract, HandedFile, UnreadableError

IGNORED_FOLDERS: Final = frozenset(
    {"__MACOSX", "__pycache__", "venv", "env", "node_modules", "site-packages", "wandb", "lightning_logs"}
)
IGNORED_FILES: Final = frozenset({"Thumbs.db", "desktop.ini", "Icon\r"})
OTHER_ARCHIVES: Final = (".rar", ".7z", ".tar", ".tgz", ".tar.gz", ".gz", ".bz2", ".xz")
MAX_NOTES: Final = 20
MAX_ID_BYTES: Final = 120


def shown(name: str) -> str:
    """A file's name as it can be printed: no control characters, not endless."""
    plain = name.encode("utf-8", "replace").decode("utf-8")
    plain = "".join(letter if letter.isprintable() else "?" for letter in plain)
    return plain if len(plain) <= 100 else f"{plain[:60]}...{plain[-30:]}"


def plain_name(name: str) -> str:
    """A name as UTF-8 text: bytes that are none become question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")


def is_zip(file: HandedFile) -> bool:
    """Whether the file is a zip by its content or says so by its name."""
    return file.data[:4] in (b"PK\x03\x04", b"PK\x05\x06") or file.path.lower().endswith(".zip")


def too_large(name: str, size: int, limit: int) -> str:
    """The sentence about a file above the limit, with the usual remedy."""
    remedy = " Clear the notebook's outputs and save it." if name.lower().endswith(".ipynb") else ""
    return f"{shown(name)} has {megabytes(size)}; at most {megabytes(limit)} a file are read.{remedy}"


def too_much(contract: Contract) -> str:
    """The sentence about a submission above the limits."""
    return (
        f"It holds more than {megabytes(contract.total_bytes)} or {contract.file_count:,} files, "
        "the most that is read. Hand in only the notebook or module and what it needs."
    )


def megabytes(size: int) -> str:
    """A size in words."""
    return f"{size / 2**20:.0f} MB" if size >= 2**20 else f"{size:,} bytes"


def ignored(path: str) -> bool:
    """Whether a file is of no interest: caches, hidden folders and what systems leave behind."""
    *folders, name = PurePosixPath(path).parts or ("",)
    return (
        any(folder in IGNORED_FOLDERS or (folder[:1] == "." and folder != "..") for folder in folders)
        or name in IGNORED_FILES
        or name.startswith((".", "._", "~$"))
        or name.endswith((".pyc", ".pyo"))
    )


def kind_of(mode: int) -> str:
    """What a file's mode says it is, in words."""
    kinds = {
        stat.S_IFREG: "file",
        stat.S_IFDIR: "folder",
        stat.S_IFLNK: "a link",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


def refuse_other_archive(file: HandedFile) -> None:
    """UnreadableError where the file is an archive other than a zip."""
    if file.path.lower().endswith(OTHER_ARCHIVES):
        suffix = PurePosixPath(file.path).suffix
        raise UnreadableError(
            f"{shown(file.path)} is an archive of a kind that is not opened ({suffix}): hand in a .zip."
        )


def few(notes: list[str]) -> tuple[str, ...]:
    """The first notes, and how many more there are."""
    more = len(notes) - MAX_NOTES
    return (*notes[:MAX_NOTES], *([f"And {more} more of the kind."] if more > 0 else []))


def safe_id(path: Path) -> str:
    """A submission's id: the name without the suffix, fit to be a file's name.

    Control characters and slashes become `_`; a name that had to be changed, or is longer than 120 bytes,
    ends in a part of its hash, so that two of them stay two.
    """
    name = path.name
    stem = name[: -len(path.suffix)] if path.suffix.lower() in (".py", ".ipynb", ".zip") else name
    raw = stem.encode("utf-8", "surrogateescape")
    plain = "".join(letter if letter.isprintable() and letter not in "/\\" else "_" for letter in stem)
    plain = plain.encode("utf-8", "replace").decode("utf-8").strip(". ") or "_"
    if plain == stem and len(raw) <= MAX_ID_BYTES:
        return plain
    short = plain.encode()[: MAX_ID_BYTES - 9].decode("utf-8", "ignore")
    return f"{short}~{hashlib.sha256(raw).hexdigest()[:8]}"
