"""The second tier, for root in an ordinary container, where the kernel gives no namespaces.

A worker is a process of a user id that nobody else has, with Landlock for a view, a seccomp filter without sockets
instead of a network of its own, resource limits, and a warden that ends every process of that user.  What it promises
is the same conformance list; it counts as `strict` only on a machine where the whole list has been seen to hold.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import grader
from grader.errors import SandboxUnavailableError
from grader.sandbox import view
from grader.sandbox.control import Contained
from grader.sandbox.device import CPU, Device

FIRST_USER, USERS = 64_200, 256
"""User ids for workers: inside of what a container maps, next to nobody's (65534), of no known package."""

NEEDED_RIGHTS = {
    "CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7, "CAP_SETPCAP": 8,
}  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
REMEDY = (
    "Without user namespaces strangers' work can be graded by root alone, in a container with its usual rights, on "
    "Linux 6.12 or newer with Landlock. " + view.REMEDY
)


def command(program: Iterable[str]) -> list[str]:
    """The command that runs `program` (arguments of Python) with a fixed environment."""
    return [sys.executable, "-I", *program]


def arrangement(device: Device = CPU) -> Contained:
    """Which files, users and folders workers get; SandboxUnavailableError where this process can't give them."""
    missing = [name for name, number in NEEDED_RIGHTS.items() if not view.has_right(number)]
    if sys.platform != "linux" or os.geteuid() != 0 or missing:
        raise SandboxUnavailableError(
            "The second tier needs root's rights: " + (", ".join(missing) or "uid 0"), REMEDY
        )
    if not mapped(FIRST_USER + USERS):
        raise SandboxUnavailableError(f"This container has no user id {FIRST_USER}.", REMEDY)
    unreadable = closed_to_others(view.python_folders())
    if unreadable is not None:
        raise SandboxUnavailableError(
            f"{unreadable} can't be read by other users, who workers are.",
            f"Install Python's environment elsewhere, or `chmod o+rx {unreadable}`.",
        )
    folder = tempfile.mkdtemp(prefix="grade-")
    os.chmod(folder, 0o711)  # others may pass through to what is theirs
    return Contained(
        readable=(*(str(path) for path in readable() if path.exists()), *device.files),
        listable=tuple(str(path) for path in view.python_folders() if path.is_dir()),
        first_user=FIRST_USER,
        users=USERS,
        folder=folder,
    )


def readable() -> list[Path]:
    """What a worker may read: as in the strict tier, the Python environment, the system's libraries, our own part."""
    own = Path(grader.__file__).resolve().parent
    system = [*view.SYSTEM_FOLDERS, *view.SYSTEM_FILES, *DEVICES]
    shown = [part for folder in map(Path, system) for part in without(folder.resolve(), own)]
    python = [part for folder in view.python_folders() for part in without(folder, own)]
    return [*shown, *python, own / "__init__.py", own / "sandbox"]


def without(folder: Path, hidden: Path) -> list[Path]:
    """A folder, or all of it but the part that is hidden."""
    if folder == hidden:
        return []
    if not hidden.is_relative_to(folder):
        return [folder]
    entries = (entry for entry in sorted(folder.iterdir()) if not leads_round(entry, hidden))
    return [part for entry in entries for part in without(entry, hidden)]


def leads_round(entry: Path, hidden: Path) -> bool:
    """A link to a folder that holds what is hidden; what it leads to is shown where it really is."""
    return entry.is_symlink() and hidden.is_relative_to(entry.resolve())


def mapped(user: int) -> bool:
    """Whether a user id exists in this process's user namespace."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = map(int, line.split())
        if first <= user < first + count:
            return True
    return False


def closed_to_others(folders: Iterable[Path]) -> Path | None:
    """The first folder on the way that others may not look into."""
    for folder in folders:
        for place in (folder, *folder.parents):
            if place.is_dir() and not place.stat().st_mode & 0o001:
                return place
    return None
