"""The few system calls that Python 3.11 does not offer, through the C library that is already loaded.

Called inside the wall while it is being built, so nothing here may need a file that the view hides.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
from collections.abc import Callable, Iterator

CLONE_VFORK = 0x00004000
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_CHILD_SUBREAPER = 36
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_SECCOMP_MODE_FILTER = 2
_SECCOMP_SET_MODE_FILTER = 1
_SECCOMP_FILTER_FLAG_TSYNC = 1
_SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY_TRIED = 63

_MADV_COLLAPSE = 25
_HUGE_PAGE = 2 << 20
_AT_A_TIME = 4 * _HUGE_PAGE

_CLONE_CALL = {"x86_64": 56, "aarch64": 220}

_libc = ctypes.CDLL(None, use_errno=True)
_interpreter = ctypes.PyDLL(None, use_errno=True)
"""The same library, called without letting go of the interpreter's lock, and the interpreter itself."""
_interpreter.syscall.restype = ctypes.c_long
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def fork_into(namespaces: int) -> int:
    """As `os.fork`, the child in new namespaces, of which it is the first process; OSError where the kernel refuses.

    For a process of one thread: the C library, which offers no such call, does not hear of the fork, and its own
    preparations (locks that another thread might hold) are left out.
    """
    pid = _cloned(namespaces, lambda: None)
    assert pid is not None
    return pid


def fork_standing_still(alone: Callable[[], bool], first: Callable[[], None]) -> int | None:
    """As `os.fork`, but that the parent stands still, in the kernel, until the child has ended; `first` is the first
    that it does then.  For a process of one thread, as `fork_into`: None, and nothing was done, where it turns out at
    the last moment not to be `alone`."""
    return _cloned(CLONE_VFORK, first, alone)


def _cloned(flags: int, first: Callable[[], None], alone: Callable[[], bool] = lambda: True) -> int | None:
    arguments = [ctypes.c_long(argument) for argument in (flags | signal.SIGCHLD, 0, 0, 0, 0)]
    number = ctypes.c_long(_CLONE_CALL[platform.machine()])
    _interpreter.PyOS_BeforeFork()  # may run hooks, which may start threads
    pid = int(_interpreter.syscall(number, *arguments)) if alone() else None
    if pid == 0:
        _interpreter.PyOS_AfterFork_Child()
        return 0
    error = ctypes.get_errno()
    first()
    _interpreter.PyOS_AfterFork_Parent()
    if pid is not None and pid < 0:
        raise OSError(error, f"clone: {os.strerror(error)}")
    return pid


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount `kind` on `target`; OSError where the kernel refuses."""
    result = _libc.mount(source.encode(), target.encode(), kind.encode(), flags, options.encode())
    _check(result, f"mount {target}")


def gather_into_huge_pages() -> Iterator[None]:
    """Move this process's private memory into huge pages, some with each step, where the kernel has MADV_COLLAPSE
    (Linux 6.1): a fork then copies a table of dozens of entries instead of tens of thousands.  Where it can't be done
    all stays as it is."""
    for start, end in list(_private_ranges()):
        first, last = -(-start // _HUGE_PAGE) * _HUGE_PAGE, end // _HUGE_PAGE * _HUGE_PAGE
        for place in range(first, last, _AT_A_TIME):
            _libc.madvise(place, min(_AT_A_TIME, last - place), _MADV_COLLAPSE)
            yield


def _private_ranges() -> Iterator[tuple[int, int]]:
    """The writable mappings that belong to no file: the heap and what was mapped for itself."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            place, rights, _, _, file, *name = line.split()
            if rights == "rw-p" and file == "0" and (not name or name[0] == "[heap]"):
                start, _, end = place.partition("-")
                yield int(start, 16), int(end, 16)


def remove_tree(folder: str) -> None:
    """Remove a folder that a student's code may have filled, however deep: shutil and os.walk recurse."""
    os.spawnlp(os.P_WAIT, "rm", "rm", "-rf", "--", folder)


def hide_from_same_user() -> None:
    """Make this process undumpable: nobody without capabilities over it may trace it or open its /proc."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")


def die_with_parent() -> None:
    _check(_libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)")


def become_subreaper() -> None:
    """Become the parent of whatever this process's descendants leave behind."""
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)")


def no_new_privileges() -> None:
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")


def drop_bounding_capabilities() -> None:
    """Whatever this process executes will have no capability."""
    for capability in range(_LAST_CAPABILITY_TRIED):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # past the last one that this kernel knows


def drop_capabilities() -> None:
    """Empty every capability set of this process, for good."""
    drop_bounding_capabilities()
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(nothing)), "capset")


def install_seccomp(program: bytes) -> None:
    """Load a compiled seccomp program (an array of `struct sock_filter`, 8 bytes each) for good."""
    instructions = ctypes.create_string_buffer(program, len(program))
    described = _FilterProgram(len(program) // 8, ctypes.addressof(instructions))
    result = _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(described), 0, 0)
    _check(result, "prctl(PR_SET_SECCOMP)")


def install_seccomp_everywhere(program: bytes) -> None:
    """The same for every thread of this process; OSError where one can't have it."""
    instructions = ctypes.create_string_buffer(program, len(program))
    described = _FilterProgram(len(program) // 8, ctypes.addressof(instructions))
    number = _SECCOMP_CALL[platform.machine()]
    arguments = (_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(described))
    _check(_libc.syscall(number, *arguments), "seccomp(SECCOMP_FILTER_FLAG_TSYNC)")


class _FilterProgram(ctypes.Structure):
    """`struct sock_fprog` of <linux/filter.h>."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def private_memory() -> int:
    """Bytes that RLIMIT_DATA counts against this process now: private, writable memory (VmData)."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
