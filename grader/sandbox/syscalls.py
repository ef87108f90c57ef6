"""The system calls a worker may not make, compiled on the trusted side into a seccomp program.

Compiling needs libseccomp; loading the finished program needs one `prctl`.  So the view inside the wall
needs no libseccomp, and a worker spends no time on it.
"""

from __future__ import annotations

import errno
import tempfile
from functools import lru_cache
from typing import Any

from grader.errors import SandboxUnavailableError

DENIED = (
    # other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise",
    # namespaces, mounts, the kernel
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "mount_setattr", "move_mount", "open_tree",
    "fsopen", "fsconfig", "fsmount", "fspick", "bpf", "perf_event_open", "userfaultfd", "kexec_load",
    "kexec_file_load", "init_module", "finit_module", "delete_module", "swapon", "swapoff", "reboot", "acct",
    "syslog", "quotactl", "personality", "fanotify_init", "name_to_handle_at", "open_by_handle_at",
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "iopl",
    "ioperm", "modify_ldt", "vhangup",
    # keys and asynchronous rings, which live outside the other limits
    "add_key", "request_key", "keyctl", "io_uring_setup", "io_uring_enter", "io_uring_register",
    # memory that no resource limit counts
    "memfd_create", "memfd_secret", "shmget", "shmat", "msgget", "semget", "mq_open",
    # more of the processor than its share
    "sched_setaffinity", "sched_setscheduler", "sched_setattr", "setpriority", "ioprio_set",
)  # fmt: skip
"""System calls that fail with EPERM, for every submission."""

CARD_NEEDS = "memfd_create"
CLONE_NEWUSER = 0x10000000
AF_UNIX = 1


@lru_cache(maxsize=4)
def filter_program(*, local_sockets: bool, card_starts: bool = False) -> bytes:
    """The seccomp program, as an array of `struct sock_filter`.

    `local_sockets` lets a worker make AF_UNIX sockets, which DataLoader's worker processes need: only where
    a network namespace of its own keeps it from everybody else's.  `card_starts` lets it make a `memfd`, without which
    CUDA's driver does not start: only for as long as that takes.  Raises SandboxUnavailableError where
    libseccomp is missing.
    """
    seccomp = _library()
    chosen = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    refuse = seccomp.ERRNO(errno.EPERM)
    for name in DENIED:
        if card_starts and name == CARD_NEEDS:
            continue
        _add(chosen, refuse, name)
    # clone3 passes its flags in memory, where a filter can't look: callers then fall back to clone
    _add(chosen, seccomp.ERRNO(errno.ENOSYS), "clone3")
    _add(chosen, refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER))
    _add(chosen, refuse, "prlimit64", seccomp.Arg(0, seccomp.NE, 0))  # the warden has the same user
    _add(chosen, refuse, "socket", *((seccomp.Arg(0, seccomp.NE, AF_UNIX),) if local_sockets else ()))
    with tempfile.TemporaryFile() as compiled:
        chosen.export_bpf(compiled)
        compiled.seek(0)
        return compiled.read()


def _library() -> Any:
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError, AttributeError) as error:
        raise SandboxUnavailableError(
            f"libseccomp can't be loaded ({error}).", "Install it: `apt-get install libseccomp2`."
        ) from None
    return pyseccomp


def _add(chosen: Any, action: int, name: str, *conditions: Any) -> None:
    """Add a rule; a call unknown to this libseccomp or processor is left out."""
    try:
        chosen.add_rule(action, name, *conditions)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EFAULT, errno.EDOM):
            raise
