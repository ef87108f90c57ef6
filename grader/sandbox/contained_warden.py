"""The warden of the second tier: like the first tier's, without namespaces.

It stays root, so a worker, who is a user of its own, can neither signal nor trace it.  It becomes the parent of
whatever the worker leaves behind, and at the end it kills every process of that user and removes its folder.
"""

from __future__ import annotations

import errno
import itertools
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from types import ModuleType

from grader.sandbox import confine, linux, loading
from grader.sandbox.control import Contained, Open, Prepare
from grader.sandbox.limits import Limits
from grader.sandbox.protocol import Load
from grader.sandbox.warden import (
    Excess,
    Overhead,
    account_of,
    first_filter,
    keep_only,
    process_ids,
    run_worker,
    watch,
)

MAX_FILES = 4096
LOOK_EVERY = 5
"""How many turns of the watch pass between two looks at the scratch folder's size."""


def warden(
    worker_socket: int,
    report: int,
    request: Open,
    prepared: Prepare,
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
        overhead = Overhead(prepared)
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD, signal.SIGTERM})
            run_worker(
                worker_socket,
                report,
                request.limits,
                probes,
                lambda load: shut_in(load, request.limits, prepared, contained, folder, user),
                overhead,
            )
        os.close(worker_socket)
        said = watch(pid, report, ExcessOrFiles(request.limits, user, scratch, overhead.heard()))
    except OSError as error:
        said = f"wall {error}"
    finally:
        end_all_of(user)
        linux.remove_tree(folder)
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


def shut_in(
    load: Load, limits: Limits, prepared: Prepare, contained: Contained, folder: str, user: int
) -> None:
    """Lay out the submission, become its user, give everything up."""
    scratch, submission = f"{folder}/scratch", f"{folder}/submission"
    loading.lay_out(load, submission)
    os.environ.update(HOME=scratch, TMPDIR=scratch)
    os.chdir(submission)
    reach = confine.Reach(
        readable=(*contained.readable, submission),
        writable=[scratch],
        listable=contained.listable,
        device=prepared.device,
    )
    confine.confine_to(limits, first_filter(prepared), reach, user)


def of_user(user: int) -> Iterator[int]:
    """What each process of a user holds."""
    accounts = map(account_of, process_ids())
    return (account.held for account in accounts if account.user == user)


class ExcessOrFiles:
    """As `Excess`, and now and then whether too much was written: no file system bounds it here."""

    def __init__(self, limits: Limits, user: int, scratch: str, overhead: int) -> None:
        self._limits = limits
        self._scratch = scratch
        self._excess = Excess(limits, lambda: of_user(user), overhead)
        self._looks = itertools.count(1)

    def __call__(self) -> str:
        """ "memory MB LIMIT", "processes N LIMIT", "scratch MB LIMIT", "files N LIMIT", "depth"; "" if all is well."""
        look_at_files = next(self._looks) % LOOK_EVERY == 0
        return self._excess() or (self._too_much_written() if look_at_files else "")

    def _too_much_written(self) -> str:
        size = files = 0
        folders = [self._scratch]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    for entry in entries:
                        files += 1
                        size += allocated(entry.path)
                        folders += [entry.path] if entry.is_dir(follow_symlinks=False) else []
            except OSError as error:
                if error.errno == errno.ENAMETOOLONG:
                    return "depth"
            if size > self._limits.scratch_mb * 2**20:
                return f"scratch {size // 2**20} {self._limits.scratch_mb}"
            if files > MAX_FILES:
                return f"files {files} {MAX_FILES}"
        return ""


def allocated(file: str) -> int:
    """Bytes that a file takes; 0 where it is gone."""
    try:
        return os.lstat(file).st_blocks * 512
    except OSError:
        return 0


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
