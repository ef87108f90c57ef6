"""Property 3, processes: a worker's own are all it can touch, and none outlives its turn."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack

from grader.sandbox.conformance.trial import Host, call, promise

RENAME = """
import ctypes, os, signal, time
def rename(marker):
    ctypes.CDLL(None).prctl(15, marker.encode(), 0, 0, 0)
"""


def gone(host: Host) -> str | None:
    """None once nothing carries the marker; what is left after two seconds otherwise."""
    for _ in range(40):
        left = host.survivors()
        if not left:
            return None
        time.sleep(0.05)
    return f"processes {left} are left"


@promise
def signalling(host: Host) -> str | None:
    """It can't signal a process outside, its warden or its zygote."""
    source = """
    import os, signal
    def attack(pid):
        done = []
        for target in (pid, 1, -1, os.getppid()):
            if target in (-1, os.getppid()) and target != pid:
                continue  # its own processes it may well end
            for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP):
                try:
                    os.kill(target, number)
                    done.append([target, int(number)])
                except OSError:
                    pass
        return done
    """
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with host.worker(source) as worker:
            call(worker, 5, pid=bystander.pid)
            time.sleep(0.1)
            answer = call(worker, 5, pid=bystander.pid)
            if bystander.poll() is not None:
                return "it killed a process outside"
            return None if answer.error == "" else f"its warden took a signal: {answer.error}"
    finally:
        bystander.kill()
        bystander.wait()


@promise
def tracing(host: Host) -> str | None:
    """It can't trace, read or write the memory of any process but its own, its warden's least of all."""
    source = """
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    def attack():
        done = []
        if libc.ptrace(16, 1, 0, 0) == 0:
            done.append("ptrace")
        for name in ("mem", "maps", "environ"):
            for mode in ("rb", "r+b"):
                try:
                    file = open(f"/proc/1/{name}", mode)
                    file.read(1)
                    done.append(name)
                except OSError:
                    pass
        import os
        try:
            os.listdir("/proc/1/fd")
            done.append("fd")
        except OSError:
            pass
        return done
    """
    answer = host.attack(source)
    return f"{answer.said} {answer.error}" if answer.said != [] else None


@promise
def daemons(host: Host) -> str | None:
    """A process that forks twice, takes a session of its own and ignores every signal ends with the turn."""
    source = (
        RENAME
        + """
def attack(marker):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(1, 32):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            rename(marker)
            time.sleep(600)
        os._exit(0)
    time.sleep(0.2)
    return "left one behind"
"""
    )
    with host.worker(source) as worker:
        call(worker, 5, marker=host.marker)
        alive = len(host.survivors())
    return gone(host) if alive else "the check itself failed: no process was left behind"


@promise
def fork_bombs(host: Host) -> str | None:
    """Forking without end costs the test alone: the number of processes is bounded, and all end with the turn."""
    source = (
        RENAME
        + """
def attack(marker):
    rename(marker)
    while True:
        try:
            os.fork()
        except OSError:
            pass
"""
    )
    with host.worker(source) as worker:
        answer = call(worker, 1, marker=host.marker)
        most = len(host.survivors())
    if answer.said is not None or most > 64:
        return f"it ran {most} processes at a time and said {answer.said}"
    return gone(host)


@promise
def a_process_that_stops_itself(host: Host) -> str | None:
    """A worker that stops itself, or its whole group, is ended at its time limit."""
    source = (
        RENAME
        + """
def attack(marker):
    rename(marker)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        os.killpg(os.getpgrp(), signal.SIGSTOP)
    except ProcessLookupError:  # it is alone: on a card nothing is forked
        pass
    os.kill(os.getpid(), signal.SIGSTOP)
    return "went on"
"""
    )
    started = time.monotonic()
    answer = host.attack(source, marker=host.marker)
    took = time.monotonic() - started
    if not answer.error.startswith("timeout") or took > 20:
        return f"it said {answer.said!r} {answer.error} after {took:.0f} s"
    return gone(host)


@promise
def a_process_that_ends(host: Host) -> str | None:
    """A segmentation fault, `os._exit` and SIGKILL cost the call; the next one is answered by a fresh process."""
    source = """
    import ctypes, os, signal
    def attack(how):
        if how == "fault":
            ctypes.string_at(0)
        if how == "exit":
            os._exit(0)
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        return "alive"
    """
    with ExitStack() as stack:
        worker = stack.enter_context(host.worker(source))
        for how in ("fault", "exit", "kill"):
            answer = call(worker, 5, how=how)
            if not answer.error.startswith("crashed"):
                return f"{how}: it said {answer.said!r} {answer.error}"
            if not worker.open:  # on a card nothing is forked: the examiner opens another, as here
                worker = stack.enter_context(host.worker(source))
            if call(worker, 5, how="none").said != "alive":
                return f"{how}: the next call was not answered"
    return None
