"""Makes this interpreter one in which the grader finds nothing that only POSIX has: imported by a `sitecustomize`.

The standard library keeps what it needs on this system; modules of the grader, and those that run beside a student's
code, get `os`, `signal`, `socket` and `select` without these names, and none of the modules that Windows lacks.
"""

from __future__ import annotations

import builtins
import types
from collections.abc import Mapping, Sequence
from typing import Any

MISSING_MODULES = frozenset(
    {"fcntl", "grp", "pwd", "resource", "termios", "tty", "pty", "posix", "syslog", "pyseccomp", "landlock"}
)
MISSING_NAMES = {
    "os": """
        fork forkpty geteuid getuid getegid getgid setuid setgid setsid setpgid killpg getpgid
        sched_getaffinity sched_setaffinity pidfd_open memfd_create mkfifo mknod statvfs uname nice
        wait wait3 wait4 waitid WNOHANG WIFSIGNALED O_NOFOLLOW O_NONBLOCK O_CLOEXEC O_DIRECTORY
        chown lchown fchown fchmod chroot sysconf
    """,
    "signal": """
        SIGKILL SIGALRM SIGCHLD SIGHUP SIGUSR1 SIGUSR2 SIGPIPE SIGSTOP SIGXCPU setitimer ITIMER_REAL
        alarm pthread_sigmask pthread_kill sigwait pidfd_send_signal siginterrupt
    """,
    "socket": """
        AF_UNIX SOCK_SEQPACKET send_fds recv_fds CMSG_LEN SCM_RIGHTS MSG_WAITALL SOCK_CLOEXEC
    """,
    "select": """
        poll epoll devpoll kqueue EPOLLIN POLLIN
    """,
    "ctypes": """
        CDLL PyDLL
    """,
}
"""Windows has the two of ctypes, but not for None, the program's own library, which is what the grader asks for."""


class Poorer(types.ModuleType):
    """A module without some of its names."""

    def __init__(self, module: types.ModuleType, missing: Sequence[str]) -> None:
        super().__init__(module.__name__)
        self.__dict__["whole"] = module
        self.__dict__["missing"] = frozenset(missing)

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__["missing"]:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self.__dict__["whole"], name)


def install() -> None:
    """From now on the grader's imports are those of such a system."""
    real = builtins.__import__

    def poorer_import(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - Python passes it by this name
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> types.ModuleType:
        module = real(name, globals, locals, fromlist or (), level)
        if not str((globals or {}).get("__name__", "")).startswith("grader"):
            return module
        if name.partition(".")[0] in MISSING_MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}")
        return Poorer(module, MISSING_NAMES[name].split()) if name in MISSING_NAMES else module

    builtins.__import__ = poorer_import
