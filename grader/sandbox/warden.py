"""The warden: first process of a worker's PID namespace, and the grader's own.

It builds what needs rights (mounts), starts the worker, watches the memory and the number of processes in
the namespace, and reports in one line why the worker ended.  It never runs a student's code, and the
worker can neither signal nor trace it: PID 1 takes no signal that it has not asked for, it is undumpable,
and it keeps capabilities that the worker lacks.  When it ends, the kernel ends everything in the namespace.
"""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import NamedTuple

from grader.sandbox import confine, linux, loading, worker
from grader.sandbox.control import Open, Prepare
from grader.sandbox.limits import SCRATCH, Limits
from grader.sandbox.protocol import Load

WATCH_SECONDS = 0.02
SHARED_MEMORY_MB = 256


def warden(worker_socket: int, report: int, request: Open, prepared: Prepare, probes: ModuleType) -> None:
    """Build the wall, start the worker, watch it.  Does not return; writes one line to `report`."""
    status = 1
    try:
        linux.hide_from_same_user()
        os.setsid()  # or a signal to the worker's own group would be one to every other's
        keep_only(worker_socket, report)
        if request.core is not None:
            os.sched_setaffinity(0, {request.core})
        build_view(request.limits)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        overhead = Overhead(prepared)
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            run_worker(
                worker_socket,
                report,
                request.limits,
                probes,
                lambda load: shut_in(load, request.limits, prepared),
                overhead,
            )
        os.close(worker_socket)
        reason = watch(pid, report, Excess(request.limits, of_this_namespace, overhead.heard()))
        if reason != "abandoned":
            os.write(report, reason.encode())
        status = 0
    except OSError as error:
        os.write(report, f"wall {error}".encode())
    finally:
        os._exit(status)


def build_view(limits: Limits) -> None:
    """Private mounts: a /proc of this namespace, scratch, shared memory, a place for the submission."""
    linux.mount("none", "/", "", linux.MS_REC | linux.MS_PRIVATE)
    safe = linux.MS_NOSUID | linux.MS_NODEV
    linux.mount("proc", "/proc", "proc", safe | linux.MS_NOEXEC)
    linux.mount("tmpfs", SCRATCH, "tmpfs", safe, f"size={limits.scratch_mb}m,mode=0777,nr_inodes=4096")
    shared = f"size={min(SHARED_MEMORY_MB, limits.memory_mb)}m,mode=0777,nr_inodes=256"
    linux.mount("tmpfs", confine.SHARED_MEMORY, "tmpfs", safe, shared)
    linux.mount("tmpfs", confine.SUBMISSION, "tmpfs", safe, "size=128m,mode=0755")


def shut_in(load: Load, limits: Limits, prepared: Prepare) -> None:
    """Lay out the submission and give everything up."""
    loading.lay_out(load, confine.SUBMISSION)
    protect = linux.MS_REMOUNT | linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV
    linux.mount("none", confine.SUBMISSION, "", protect)
    os.chdir(confine.SUBMISSION)
    confine.confine(limits, first_filter(prepared), prepared.device)


def first_filter(prepared: Prepare) -> bytes:
    """The system calls that are refused from the moment on at which a worker shuts itself in."""
    return prepared.starting_filter if prepared.device.card else prepared.system_call_filter


class Overhead:
    """What a card's driver makes a worker hold of the machine's memory, heard from the worker before a student's code
    runs there: a pipe that is made before the fork.  Without a card there is none."""

    def __init__(self, prepared: Prepare) -> None:
        self.prepared = prepared
        self._pipe = os.pipe() if prepared.device.card else None

    def start_card(self, limits: Limits) -> None:
        """In the worker, which has been shut in: start the driver, then refuse and limit what had to wait for it."""
        if self._pipe is None:
            return
        worker.start_card(self.prepared.device, limits)
        confine.limit_resources(limits)
        linux.install_seccomp_everywhere(self.prepared.system_call_filter)
        os.write(self._pipe[1], str(account_of("self").held).encode())
        for end in self._pipe:
            os.close(end)

    def heard(self) -> int:
        """In the warden: wait for it; 0 where the worker has ended before."""
        if self._pipe is None:
            return 0
        os.close(self._pipe[1])
        told = os.read(self._pipe[0], 64)
        os.close(self._pipe[0])
        return int(told or b"0")


def run_worker(
    worker_socket: int,
    report: int,
    limits: Limits,
    probes: ModuleType,
    shut_in: Callable[[Load], None],
    overhead: Overhead,
) -> None:
    """In the worker: hear what is to be loaded, be shut in, serve.  Does not return."""
    try:
        channel = socket.socket(fileno=worker_socket)
        load = worker.receive_load(channel)
        shut_in(load)
        overhead.start_card(limits)
    except Exception as error:  # noqa: BLE001 - the sandbox's edge: whatever it is, the wall is not whole
        os.write(report, f"wall {type(error).__name__}: {error}".encode()[:1000])
        os._exit(71)
    try:
        os.close(report)
        device = overhead.prepared.device
        if device.card:
            worker.serve_without_forks(channel, load, probes, limits, device)
        else:
            worker.serve(channel, load, probes, limits)
    finally:
        os._exit(70)


def keep_only(*descriptors: int) -> None:
    """Close every other descriptor; standard input and outputs become /dev/null."""
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    kept = sorted(descriptors)
    for low, high in zip([2, *kept], [*kept, min(os.sysconf("SC_OPEN_MAX"), 65536)], strict=True):
        os.closerange(low + 1, high)


def watch(pid: int, report: int, excess: Callable[[], str]) -> str:
    """Wait for the worker's end, and bring it about where its processes outgrow their limits, where nobody is left to
    read the report (the examiner is gone), or where we are asked to by SIGTERM.

    Returns "exited N", "killed SIGNAL", what `excess` said, "abandoned" or "ended".
    """
    reader = select.poll()
    reader.register(report, 0)  # the end of the reader is told without being asked for
    while True:
        ended, status = reap(pid)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return f"exited {code}" if code >= 0 else f"killed {-code}"
        too_much = excess()
        if too_much:
            return too_much
        if reader.poll(0):
            return "abandoned"
        told = signal.sigtimedwait({signal.SIGCHLD, signal.SIGTERM}, WATCH_SECONDS)
        if told is not None and told.si_signo == signal.SIGTERM:
            return "ended"


class Excess:
    """Whether the processes of a worker have outgrown the limits together: asked again and again.

    `holdings` gives the bytes that each of them holds.  Of each after the first, what it shares with the zygote (as
    much as the warden itself, a fork of it, holds) does not count again.  `overhead` is what the worker held before
    a student's code ran, where that is more than the warden does.
    """

    def __init__(self, limits: Limits, holdings: Callable[[], Iterable[int]], overhead: int = 0) -> None:
        self._limits = limits
        self._holdings = holdings
        self._baseline = max(account_of("self").held, overhead)

    def __call__(self) -> str:
        """ "memory MB LIMIT" or "processes N LIMIT"; "" while all is well."""
        held = list(self._holdings())
        memory = sum(held[:1]) + sum(max(0, one - self._baseline) for one in held[1:])
        if memory > self._limits.memory_mb * 2**20 + self._baseline:
            return f"memory {(memory - self._baseline) // 2**20} {self._limits.memory_mb}"
        if len(held) > self._limits.processes + 8:
            return f"processes {len(held)} {self._limits.processes}"
        return ""


def reap(pid: int) -> tuple[bool, int]:
    """Reap whatever has ended; whether the worker itself has, and its status."""
    while True:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == pid:
            return True, status
        if ended == 0:
            return False, 0


def of_this_namespace() -> Iterator[int]:
    """What each process of the namespace but this one, its first, holds."""
    return (account_of(name).held for name in process_ids() if name != "1")


def process_ids() -> Iterator[str]:
    return (name for name in os.listdir("/proc") if name.isdigit())


class Account(NamedTuple):
    """Of a process: its real user, and its bytes of anonymous and shared memory; (-1, 0) where it is gone."""

    user: int
    held: int


def account_of(process: str) -> Account:
    user, held = -1, 0
    try:
        with open(f"/proc/{process}/status", "rb") as status:  # a process names itself, as it likes
            for line in status:
                if line.startswith(b"Uid:"):
                    user = int(line.split()[1])
                elif line.startswith((b"RssAnon:", b"RssShmem:")):
                    held += int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return Account(-1, 0)
    return Account(user, held)
