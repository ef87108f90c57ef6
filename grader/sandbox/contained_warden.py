"""The warden of the second tier: like the first tier's, without namespaces.

It stays root, so a worker, who is a user of its own, can neither signal nor trace it.  It becomes the parent of
whatever the worker leaves behind, and at the end it kills every process of that user and removes its folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import time
from types import ModuleType

from grader.sandbox import confine, linux, loading, worker
from grader.sandbox.control import Contained, Open
from grader.sandbox.limits import Limits
from grader.sandbox.warden import keep_only, watch

MAX_FILES = 4096
LOOK_EVERY = 5
"""How many turns of the watch pass between two looks at the scratch folder's size."""


def warden(
    worker_socket: int,
    report: int,
    request: Open,
    system_call_filter: bytes,
    probes: ModuleType,
    contained: Contained,
    user: int,
) -> None:
    """Lay out the folders, start the worker, watch it, leave nothing.  Does not return."""
    os.setsid()
    keep_only(worker_socket, report)
    linux.become_subreaper()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM})
    if request.core is not None:
        os.sched_setaffinity(0, {request.core})
    folder = tempfile.mkdtemp(dir=contained.folder)
    said = "wall: it could not be begun"
    try:
        scratch = lay_out_folders(folder, user)
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD, signal.SIGTERM})
            run_worker(
                worker_socket, report, request.limits, system_call_filter, probes, contained, folder, user
            )
        os.close(worker_socket)
        said = watch(pid, report, Excess(request.limits, user, scratch))
    except OSError as error:
        said = f"wall {error}"
    finally:
        end_all_of(user)
        shutil.rmtree(folder, ignore_errors=True)
        if said not in ("abandoned", "ended"):
            os.write(report, said.encode())
        os._exit(0)


def lay_out_folders(folder: str, user: int) -> str:
    """Nobody else's way in, the submission's place for reading, scratch for writing; the latter's path."""
    os.chmod(folder, 0o711)
    os.mkdir(f"{folder}/submission", 0o755)
    scratch = f"{folder}/scratch"
    os.mkdir(scratch, 0o700)
    os.chown(scratch, user, user)
    return scratch


def run_worker(
    worker_socket: int,
    report: int,
    limits: Limits,
    system_call_filter: bytes,
    probes: ModuleType,
    contained: Contained,
    folder: str,
    user: int,
) -> None:
    """In the worker: lay out the submission, become its user, give everything up, serve.  Does not return."""
    scratch, submission = f"{folder}/scratch", f"{folder}/submission"
    try:
        channel = socket.socket(fileno=worker_socket)
        load = worker.receive_load(channel)
        loading.lay_out(load, submission)
        os.environ.update(HOME=scratch, TMPDIR=scratch)
        os.chdir(submission)
        readable = (*contained.readable, submission)
        confine.confine_to(limits, system_call_filter, readable, contained.listable, scratch, user)
    except Exception as error:  # noqa: BLE001 - the sandbox's edge: whatever it is, the wall is not whole
        os.write(report, f"wall {type(error).__name__}: {error}".encode()[:1000])
        os._exit(71)
    try:
        os.close(report)
        worker.serve(channel, load, probes, limits)
    finally:
        os._exit(70)


class Excess:
    """Whether a user's processes have outgrown the limits together: asked again and again while they run."""

    def __init__(self, limits: Limits, user: int, scratch: str) -> None:
        self._limits = limits
        self._user = user
        self._scratch = scratch
        self._baseline = account_of("self")[1]  # what every fork of the zygote holds
        self._looks = 0

    def __call__(self) -> str:
        """ "memory MB", "processes N" or "scratch MB"; "" while all is well."""
        memory, count = usage(self._user, self._baseline)
        self._looks += 1
        if memory > self._limits.memory_mb * 2**20 + self._baseline:
            return f"memory {memory // 2**20}"
        if count > self._limits.processes + 8:
            return f"processes {count}"
        return self._too_much_written() if self._looks % LOOK_EVERY == 0 else ""

    def _too_much_written(self) -> str:
        size = files = 0
        for folder, _, names in os.walk(self._scratch):
            files += len(names) + 1
            size += sum(map(allocated, (f"{folder}/{name}" for name in names)))
            if size > self._limits.scratch_mb * 2**20 or files > MAX_FILES:
                return f"scratch {size // 2**20}"
        return ""


def allocated(file: str) -> int:
    """Bytes that a file takes; 0 where it is gone."""
    try:
        return os.lstat(file).st_blocks * 512
    except OSError:
        return 0


def usage(user: int, baseline: int) -> tuple[int, int]:
    """Memory of all processes of a user, and how many there are; see the first tier's."""
    memory = count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            owner, resident = account_of(name)
            if owner == user:
                memory += max(0, resident - (baseline if count else 0))
                count += 1
    return memory, count


def account_of(process: str) -> tuple[int, int]:
    """A process's real user, and its bytes of anonymous and shared memory; (-1, 0) where it is gone."""
    owner, total = -1, 0
    try:
        with open(f"/proc/{process}/status") as status:
            for line in status:
                if line.startswith("Uid:"):
                    owner = int(line.split()[1])
                elif line.startswith(("RssAnon:", "RssShmem:")):
                    total += int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return -1, 0
    return owner, total


def end_all_of(user: int) -> None:
    """Kill every process of a user, and reap them, however many they have become meanwhile."""
    while True:
        kill_as(user)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return  # whatever the worker left behind had become our child
        time.sleep(0.005)


def kill_as(user: int) -> None:
    """Kill all processes that this user may kill, which are its own."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setresuid(user, user, user)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
