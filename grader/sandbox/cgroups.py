"""Control groups (version 2), where a part of their tree is ours: the kernel itself bounds each worker's memory.

Below the group that we were started in:

    grade-XXXX            this grader's own; several graders, several of these
        trusted           the grader itself, its jobs, the zygote (a group with limits below it can hold no process)
        worker-XXXX       one for each worker, removed with it

The kernel charges a page to the group that touched it first: what workers share with the zygote is not theirs; files
in memory and copies of the zygote's pages are.  The bound leaves room for both, so who stays within `memory_mb`, as the
warden counts it, does not meet it.  What does is what the warden is too slow for, or can't see (page tables).
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from grader.sandbox.limits import Limits

CONTROLLERS = frozenset(("memory", "pids"))
HOME, TRUSTED, WORKER = "grade-", "trusted", "worker-"
BESIDES_MB = 1024
"""Charged to a worker and not counted by the warden: the files of its submission and shared memory (128 and 256 MB at
most), its processes' copies of the zygote's pages, the kernel's own notes about them."""

BESIDES_PROCESSES = 16
"""The warden, and the few processes for which it is patient."""

STALE_SECONDS = 60.0
EMPTYING_SECONDS = 1.0
REMEDY = "systemd-run --user --scope -p Delegate=yes grade batch ..."


class Group:
    """The control group of one worker."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        """Make its limits; OSError where the kernel refuses."""
        self._folder = folder
        self._memory_mb = limits.memory_mb
        write(folder / "memory.max", str(bound_mb(limits) * 2**20))
        write(folder / "memory.oom.group", "1")
        write(folder / "pids.max", str(limits.processes + BESIDES_PROCESSES))
        with contextlib.suppress(FileNotFoundError):  # a kernel that does not count swap
            write(folder / "memory.swap.max", "0")

    @contextlib.contextmanager
    def door(self) -> Iterator[int]:
        """A descriptor: the process whose number is written to it is in, whatever the rights of who writes."""
        descriptor = os.open(self._folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def close(self) -> str:
        """End what is left in it and remove it; what there is to say where it had outgrown its memory, else ""."""
        said = self._said()
        remove(self._folder, EMPTYING_SECONDS, kill=True)
        return said

    def _said(self) -> str:
        """Only "oom" is this group's own limit; "oom_kill" alone is the whole machine out of memory."""
        events = numbers(self._folder / "memory.events")
        if not (events.get("oom") and events.get("oom_kill")):
            return ""
        peak = text(self._folder / "memory.peak") or text(self._folder / "memory.max")
        used = f"{int(peak) // 2**20} MB" if peak.isdigit() else "too much"
        return f"it used {used} of memory, with the kernel's part in it; it may use {self._memory_mb} MB"


class Home:
    """The control group of this grader, for whose workers groups are made below."""

    def __init__(self, folder: Path, switched_on: frozenset[str] = frozenset()) -> None:
        """`switched_on`: the controllers that were off in the group above before us, to be turned off again."""
        self._folder = folder
        self._switched_on = switched_on

    def worker(self, limits: Limits) -> Group | None:
        """A new group; None where the kernel gives no more."""
        try:
            folder = Path(tempfile.mkdtemp(prefix=WORKER, dir=self._folder))
        except OSError:
            return None
        try:
            return Group(folder, limits)
        except OSError:
            remove(folder, 0)
            return None

    def leave(self) -> None:
        """Go back to the group above and remove this one; where that can't be done, the next grader will."""
        above = self._folder.parent
        for folder, names in ((self._folder, CONTROLLERS), (above, self._switched_on)):
            with contextlib.suppress(OSError):  # above, another grader may still need them
                switch(folder, "-", names)
        with contextlib.suppress(OSError):
            write(above / "cgroup.procs", str(os.getpid()))
            remove(
                self._folder / TRUSTED, EMPTYING_SECONDS
            )  # the zygote has been killed, and takes a moment to end
            remove_tree(self._folder)


def bound_mb(limits: Limits) -> int:
    return limits.memory_mb + limits.scratch_mb + BESIDES_MB


@contextlib.contextmanager
def entered(proc: Path = Path("/proc/self")) -> Iterator[Home | None]:
    """This process, and what it starts within, in a group of its own, where that can be had."""
    home = enter(proc)
    try:
        yield home
    finally:
        if home is not None:
            home.leave()


def enter(proc: Path = Path("/proc/self")) -> Home | None:
    """Move into a group of our own; None where we are in one already, or none can be had."""
    above = own_group(proc)
    if above is None or obstacle(above):
        return None
    sweep(above)
    try:
        folder = Path(tempfile.mkdtemp(prefix=HOME, dir=above))
    except OSError:
        return None
    on = words(above / "cgroup.subtree_control")
    home = Home(folder, frozenset() if is_top(above) else CONTROLLERS - on)
    try:
        (folder / TRUSTED).mkdir()
        write(folder / TRUSTED / "cgroup.procs", str(os.getpid()))
        for parent in (above, folder):
            switch(parent, "+", CONTROLLERS)
    except OSError:
        home.leave()
        return None
    return home


def present(proc: Path = Path("/proc/self")) -> Home | None:
    """The home that this process, or the one that started it, has entered."""
    own = own_group(proc)
    if own is None or own.name != TRUSTED or not own.parent.name.startswith(HOME):
        return None
    return Home(own.parent) if words(own.parent / "cgroup.subtree_control") >= CONTROLLERS else None


def own_group(proc: Path = Path("/proc/self")) -> Path | None:
    """The folder of the group that this process is in; None where there is no version 2, or it can't be seen."""
    place = next((line[3:] for line in text(proc / "cgroup").splitlines() if line.startswith("0::/")), None)
    for line in text(proc / "mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if place is not None and right.startswith("cgroup2 ") and len(fields) > 4:
            root, point = unescaped(fields[3]), unescaped(fields[4])
            if Path(place).is_relative_to(root):
                return Path(point) / Path(place).relative_to(root)
    return None


def unescaped(field: str) -> str:
    r"""mountinfo writes a blank as \040."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def obstacle(folder: Path) -> str:
    """Why no groups can be made below this one; "" where they can."""
    missing = CONTROLLERS - words(folder / "cgroup.controllers")
    if missing:
        return f"no {' and '.join(sorted(missing))} controller in {folder}"
    for name in ("", "cgroup.procs", "cgroup.subtree_control"):
        if not os.access(folder / name, os.W_OK):
            return f"{folder / name} is not ours to write"
    others = words(folder / "cgroup.procs") - {str(os.getpid())}
    if others and not is_top(folder):
        return f"other processes are in {folder}, too"
    return ""


def is_top(folder: Path) -> bool:
    """The top of the whole tree alone may hold processes beside groups with limits."""
    return not (folder / "cgroup.type").exists()


def state(proc: Path = Path("/proc/self")) -> str:
    """Why control groups are not used; "" where they are."""
    if present(proc) is not None:
        return ""
    own = own_group(proc)
    return "no control groups of version 2" if own is None else obstacle(own)


def sweep(above: Path) -> None:
    """Remove what graders have left that were killed: groups without any process, and not of those just starting."""
    for folder in above.glob(f"{HOME}*"):
        with contextlib.suppress(OSError):
            empty = numbers(folder / "cgroup.events").get("populated") == 0
            if empty and time.time() - folder.stat().st_mtime > STALE_SECONDS:
                remove_tree(folder)


def remove_tree(folder: Path) -> None:
    """A home and the groups in it; OSError where one is in use."""
    for inner in [entry for entry in folder.iterdir() if entry.is_dir()]:
        inner.rmdir()
    folder.rmdir()


def remove(folder: Path, seconds: float, *, kill: bool = False) -> None:
    """Remove a group when it is empty, ending what is still in it if asked to; after so many seconds it is left to the
    next sweep."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(FileNotFoundError):
            try:
                folder.rmdir()
            except OSError:
                if time.monotonic() < deadline:
                    if kill:
                        end_all(folder)
                    time.sleep(0.005)
                    continue
        return


def end_all(folder: Path) -> None:
    """Kill what is in a group (Linux 5.14); before, the warden's end alone has to do."""
    with contextlib.suppress(OSError):
        write(folder / "cgroup.kill", "1")


def switch(folder: Path, sign: str, controllers: frozenset[str]) -> None:
    """Have controllers for the groups below this one, or not."""
    if controllers:
        write(folder / "cgroup.subtree_control", " ".join(f"{sign}{name}" for name in sorted(controllers)))


def write(file: Path, content: str) -> None:
    """To a file that is there: these the kernel makes."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, content.encode())
    finally:
        os.close(descriptor)


def text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape").strip()
    except OSError:
        return ""


def words(file: Path) -> frozenset[str]:
    return frozenset(text(file).split())


def numbers(file: Path) -> dict[str, int]:
    """Lines of a name and a number."""
    pairs = (line.split() for line in text(file).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
