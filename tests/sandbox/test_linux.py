"""System calls that Python does not offer."""

from __future__ import annotations

import subprocess
import sys

FORK = """
import os, sys
from grader.sandbox import linux

heard = []
os.register_at_fork(before=lambda: heard.append("before"), after_in_child=lambda: heard.append("child"),
                    after_in_parent=lambda: heard.append("parent"))
reader, writer = os.pipe()
pid = linux.fork_into(linux.CLONE_NEWUSER | linux.CLONE_NEWPID)
if pid == 0:
    again = os.fork()
    if again == 0:
        os._exit(os.getppid())
    _, status = os.waitpid(again, 0)
    os.write(writer, repr((os.getpid(), again, os.waitstatus_to_exitcode(status), heard)).encode())
    os._exit(0)
os.waitpid(pid, 0)
print(os.read(reader, 1000).decode(), heard)
"""
REFUSED = """
from grader.sandbox import linux
try: linux.fork_into(1 << 12)
except OSError as error: print(error)
"""


def test_a_fork_into_namespaces_is_a_python_of_its_own_there() -> None:
    """It is process 1, can fork in turn, and whoever wants to hear of forks has heard of it."""
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60)
    child = (1, 2, 1, ["before", "child", "before", "parent"])
    assert done.stdout == f"{child!r} {['before', 'parent']!r}\n", done.stderr


def test_what_the_kernel_refuses_is_an_error() -> None:
    """CLONE_PIDFD without a place for it."""
    done = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("[Errno "), done.stderr
    assert "clone: " in done.stdout
