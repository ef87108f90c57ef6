"""Control groups, without a kernel: which folder is ours, whether it will do, what is said, what is swept.

`test_cgroups_for_real.py` tries them in a virtual machine.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from grader.sandbox import cgroups
from grader.sandbox.cgroups import Group, Home
from grader.sandbox.client import WardenProcess
from grader.sandbox.limits import Limits

LIMITS = Limits(memory_mb=300, scratch_mb=64, processes=20)


def group(
    folder: Path, *, controllers: str = "cpu memory pids", processes: str = "", top: bool = False
) -> Path:
    """A folder with the files that the kernel shows."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"cgroup.controllers": controllers, "cgroup.procs": processes, "cgroup.subtree_control": ""}
    if not top:
        files["cgroup.type"] = "domain"
    for name, content in files.items():
        (folder / name).write_text(f"{content}\n" if content else "")
    return folder


def seen(tmp_path: Path, cgroup: str, mountinfo: str) -> Path:
    """A /proc/self that says this."""
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "cgroup").write_text(cgroup)
    (proc / "mountinfo").write_text(mountinfo)
    return proc


def worker_group(folder: Path, **files: str) -> Group:
    """A worker's group whose kernel says this."""
    folder.mkdir()
    for name in ("memory.max", "memory.oom.group", "pids.max", "cgroup.procs"):
        (folder / name).touch()
    made = Group(folder, LIMITS)
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    return made


@pytest.mark.parametrize(
    ("cgroup", "mount", "expected"),
    [
        ("0::/u.slice/a.scope", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 c rw", "/sys/fs/cgroup/u.slice/a.scope"),
        ("0::/", "30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup rw", "/sys/fs/cgroup"),
        ("5:memory:/x\n0::/job/1", "30 23 0:26 /job /mnt/a\\040b rw - cgroup2 c rw", "/mnt/a b/1"),
        ("0::/elsewhere", "30 23 0:26 /job /sys/fs/cgroup rw - cgroup2 c rw", None),
        ("5:memory:/x", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 c rw", None),
        ("0::/x", "30 23 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory", None),
        ("0::/../out", "30 23 0:26 / /sys/fs/cgroup rw - tmpfs c rw\ngarbage", None),
        ("", "", None),
    ],
)  # fmt: skip
def test_own_group_is_where_the_kernel_says(
    tmp_path: Path, cgroup: str, mount: str, expected: str | None
) -> None:
    """From /proc alone, whatever the mount shows of the tree, wherever it is."""
    assert cgroups.own_group(seen(tmp_path, cgroup, mount)) == (Path(expected) if expected else None)


def test_no_proc_is_no_group(tmp_path: Path) -> None:
    """As on another system."""
    assert cgroups.own_group(tmp_path / "nothing") is None
    assert cgroups.state(tmp_path / "nothing") == "no control groups of version 2"
    assert cgroups.enter(tmp_path / "nothing") is None


def test_a_delegated_group_with_only_ourselves_will_do(tmp_path: Path) -> None:
    """Both controllers, writable, nobody else in it."""
    assert cgroups.obstacle(group(tmp_path / "g", processes=str(os.getpid()))) == ""


def test_without_a_controller_it_will_not_do(tmp_path: Path) -> None:
    """As where the controllers are bound to version 1; it says which is missing."""
    assert "no memory controller" in cgroups.obstacle(group(tmp_path / "one", controllers="cpu pids"))
    assert "no memory and pids controller" in cgroups.obstacle(group(tmp_path / "none", controllers=""))


def test_another_process_in_it_keeps_us_from_setting_limits(tmp_path: Path) -> None:
    """The kernel lets a group hold processes or groups with limits; only the top of the tree holds both."""
    both = f"{os.getpid()}\n1"
    assert "other processes" in cgroups.obstacle(group(tmp_path / "g", processes=both))
    assert cgroups.obstacle(group(tmp_path / "top", processes=both, top=True)) == ""


def test_a_group_that_is_not_ours_will_not_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as root, who may write anywhere, so the system's answer is given."""
    folder = group(tmp_path / "g", processes=str(os.getpid()))
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "cgroup.procs")
    assert cgroups.obstacle(folder) == f"{folder / 'cgroup.procs'} is not ours to write"


def test_what_can_not_be_had_is_done_without(tmp_path: Path) -> None:
    """A kernel that refuses in the middle (here: no file where it would make them) leaves no group, and no error."""
    folder = group(tmp_path / "g", processes=str(os.getpid()))
    proc = seen(tmp_path, "0::/g", f"1 1 0:1 / {tmp_path} rw - cgroup2 c rw")
    assert cgroups.enter(proc) is None
    assert not [entry for entry in folder.glob("grade-*/*") if entry.name.startswith(cgroups.WORKER)]
    assert Home(folder).worker(LIMITS) is None
    assert not list(folder.glob("worker-*"))


def test_jobs_find_the_home_of_their_batch(tmp_path: Path) -> None:
    """A process that was started in a home's trusted group makes its workers' groups beside it."""
    home = group(tmp_path / "grade-1")
    group(home / "trusted")
    proc = seen(tmp_path, "0::/grade-1/trusted", f"1 1 0:1 / {tmp_path} rw - cgroup2 c rw")
    assert cgroups.present(proc) is None
    (home / "cgroup.subtree_control").write_text("memory pids\n")
    assert cgroups.present(proc) is not None
    assert cgroups.state(proc) == ""
    (proc / "cgroup").write_text("0::/grade-1")
    assert cgroups.present(proc) is None


def test_the_limits_leave_room_for_what_the_warden_does_not_count(tmp_path: Path) -> None:
    """The kernel's bound is above the warden's, so that a submission within its limit never meets it."""
    worker_group(tmp_path / "w")
    read = {file.name: file.read_text() for file in (tmp_path / "w").iterdir()}
    assert int(read["memory.max"]) >= (300 + 64 + 128 + 256) * 2**20
    assert int(read["pids.max"]) > LIMITS.processes + 8
    assert read["memory.oom.group"] == "1"


def test_outgrown_memory_is_told_with_use_and_limit(tmp_path: Path) -> None:
    """In the kernel's own numbers."""
    told = worker_group(
        tmp_path / "w", memory_events="low 0\noom 1\noom_kill 7\n", memory_peak=f"{1388 * 2**20}\n"
    )
    assert told.close() == "it used 1388 MB of memory, with the kernel's part in it; it may use 300 MB"


@pytest.mark.parametrize(
    "events", ["", "oom 0\noom_kill 0", "oom 0\noom_kill 3", "oom 4\noom_kill 0", "oom x"]
)
def test_what_was_not_this_worker_is_not_told(tmp_path: Path, events: str) -> None:
    """A kill without this group's own limit reached: the whole machine is out of memory, which is nobody's fault."""
    assert worker_group(tmp_path / "w", memory_events=events).close() == ""


@pytest.mark.parametrize(
    ("events", "said"),
    [("oom 1\noom_kill 2", "it used 1 MB of memory, with the kernel's part in it; it may use 300 MB"), ("", "lost")],
)  # fmt: skip
def test_a_warden_that_the_kernel_killed_with_its_worker_is_no_loss(
    tmp_path: Path, events: str, said: str
) -> None:
    """It can't report; the group tells.  Without that it was ended from outside."""
    ended = os.fork()
    if ended == 0:
        os._exit(0)
    pidfd, (report, theirs) = os.pidfd_open(ended), os.pipe()
    os.close(theirs)
    told = worker_group(tmp_path / "w", memory_events=events, memory_peak=str(2**20))
    process = WardenProcess(pidfd, report, 9, told)  # type: ignore[arg-type]
    os.waitpid(ended, 0)
    assert process.last_words(5.0) == said


@pytest.mark.parametrize(
    ("was_on", "top", "turned_off"),
    [("", False, "-memory -pids"), ("memory", False, "-pids"), ("", True, "memory pids")],
)
def test_only_what_we_switched_on_is_switched_off(
    tmp_path: Path, was_on: str, top: bool, turned_off: str
) -> None:
    """Somebody else's limits may rest on the rest; at the top of the tree nothing is ever switched off."""
    above = group(tmp_path / "g", processes=str(os.getpid()), top=top)
    (above / "cgroup.subtree_control").write_text(was_on)
    proc = seen(tmp_path, "0::/g", f"1 1 0:1 / {tmp_path} rw - cgroup2 c rw")
    made: list[Path] = []
    plain_mkdir = os.mkdir

    def mkdir(path: str, mode: int = 0o777) -> None:  # the kernel's files come with their folder
        plain_mkdir(path, mode)
        made.append(group(Path(path)))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "mkdir", mkdir)
        home = cgroups.enter(proc)
    assert home is not None
    assert (above / "cgroup.subtree_control").read_text() == "+memory +pids"
    (above / "cgroup.subtree_control").write_text("memory pids")
    home.leave()
    assert (above / "cgroup.subtree_control").read_text().startswith(turned_off)
    assert [(folder / "cgroup.procs").read_text() for folder in made if folder.name == "trusted"] == [
        str(os.getpid())
    ]


def home_of(folder: Path, *, populated: int, age: float) -> Path:
    (folder / "worker-1").mkdir(parents=True)
    (folder / "trusted").mkdir()
    (folder / "cgroup.events").write_text(f"populated {populated}\nfrozen 0\n")
    os.utime(folder, (time.time() - age,) * 2)
    return folder


def test_what_killed_graders_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what is in use, not one that has just been made and will be entered, nothing of anybody else's."""
    dead = home_of(tmp_path / "grade-dead", populated=0, age=3600)
    used = home_of(tmp_path / "grade-used", populated=1, age=3600)
    new = home_of(tmp_path / "grade-new", populated=0, age=1)
    other = home_of(tmp_path / "session.scope", populated=0, age=3600)
    plain_rmdir = Path.rmdir

    def rmdir(folder: Path) -> None:  # the kernel's files go with their folder
        for file in [entry for entry in folder.iterdir() if entry.is_file()]:
            file.unlink()
        plain_rmdir(folder)

    monkeypatch.setattr(Path, "rmdir", rmdir)
    cgroups.sweep(tmp_path)
    assert [folder.exists() for folder in (dead, used, new, other)] == [False, True, True, True]


def test_a_group_that_is_gone_or_does_not_empty_costs_a_moment(tmp_path: Path) -> None:
    """Removing gives up; the next sweep takes it."""
    cgroups.remove(tmp_path / "gone", 5.0)
    busy = home_of(tmp_path / "busy", populated=1, age=0)
    (busy / "cgroup.kill").touch()
    cgroups.remove(busy, 0.02)
    assert (busy / "cgroup.kill").read_text() == ""
    cgroups.remove(busy, 0.02, kill=True)
    assert (busy / "cgroup.kill").read_text() == "1"
