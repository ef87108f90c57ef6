"""What a process takes from itself before it runs a student's code: resources, files, system calls, rights.

The order matters: Landlock and seccomp need `no_new_privs`, and the capabilities go last, since building
the wall needed them.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass

from py_landlock import AccessFs, Landlock, get_abi_version

from grader.sandbox import linux
from grader.sandbox.device import CPU, Device
from grader.sandbox.limits import SCRATCH, Limits

SUBMISSION = "/submission"
SHARED_MEMORY = "/dev/shm"


@dataclass(frozen=True)
class Reach:
    """The places that may be read, the folders that may be written to (scratch first), and the folders of which only
    the names may be read; of `device` the nodes, and what its driver reads and writes in /proc."""

    readable: Sequence[str]
    writable: Sequence[str]
    listable: Sequence[str] = ()
    device: Device = CPU


def prepare() -> None:
    """In the zygote, once: have Landlock's bindings find the C library, which takes a process to do."""
    get_abi_version()


def confine(limits: Limits, system_call_filter: bytes, device: Device = CPU) -> None:
    """Give up everything that a student's code must not have; OSError where the kernel refuses.

    With a card, limits on resources wait until its driver has started, which needs more and is not counted.
    """
    if not device.card:
        limit_resources(limits)
    present = [folder for folder in (SCRATCH, SHARED_MEMORY) if os.path.isdir(folder)]
    _give_up(system_call_filter, Reach(readable=["/"], writable=present, device=device))


def confine_to(limits: Limits, system_call_filter: bytes, reach: Reach, user: int) -> None:
    """The same without a view of one's own: become this user, who reaches this and nothing else."""
    if not reach.device.card:
        limit_resources(limits)
    linux.drop_bounding_capabilities()
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    linux.die_with_parent()
    _give_up(system_call_filter, reach)


def _give_up(system_call_filter: bytes, reach: Reach) -> None:
    linux.no_new_privileges()
    restrict_files(reach)
    linux.drop_capabilities()
    linux.install_seccomp(system_call_filter)


def limit_resources(limits: Limits) -> None:
    """Lower both limits, soft and hard: what a process gives up it can't take back."""
    _lower(resource.RLIMIT_DATA, linux.private_memory() + limits.memory_mb * 2**20)
    _lower(resource.RLIMIT_NPROC, limits.processes)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    _lower(resource.RLIMIT_FSIZE, limits.scratch_mb * 2**20)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_MEMLOCK, 0)
    _lower(resource.RLIMIT_CPU, int(limits.total_seconds * 2) + 1)


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (allowed, allowed))


def restrict_files(reach: Reach) -> None:
    """Landlock: read and write what is within reach, execute nothing, signal nobody outside."""
    rules = Landlock(strict=False)
    rules.add_path_rule(*reach.listable, access=AccessFs.READ_DIR)
    for place in reach.readable:
        names = AccessFs.READ_DIR if os.path.isdir(place) else AccessFs(0)
        rules.add_path_rule(place, access=AccessFs.READ_FILE | names)
    rules.allow_read_write(*reach.writable)
    rules.add_path_rule("/dev/null", access=AccessFs.READ_FILE | AccessFs.WRITE_FILE)
    rules.add_path_rule(reach.writable[0], access=AccessFs.MAKE_SOCK | AccessFs.MAKE_FIFO)
    if reach.device.card:
        allow_card(rules, reach.device)
    rules.apply()


OWN_PROC = (
    "/proc/self",
    "/proc/devices",
    "/proc/modules",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/driver/nvidia",
    "/proc/driver/nvidia-uvm",
    "/proc/sys/vm/mmap_min_addr",
    "/proc/sys/vm/overcommit_memory",
)
"""What CUDA's driver reads of /proc while it starts."""


def allow_card(rules: Landlock, device: Device) -> None:
    """The card's nodes with their ioctls, the driver's files, and the names of this process's own threads: the driver
    gives each of its own one, and does not start where it can't."""
    control = AccessFs.READ_FILE | AccessFs.WRITE_FILE | AccessFs.IOCTL_DEV
    rules.add_path_rule(*device.nodes, access=control)
    for place in filter(os.path.exists, (*device.files, *OWN_PROC)):
        names = AccessFs.READ_DIR if os.path.isdir(place) else AccessFs(0)
        rules.add_path_rule(place, access=AccessFs.READ_FILE | names)
    rules.add_path_rule("/proc/self/task", access=AccessFs.WRITE_FILE | AccessFs.TRUNCATE)
