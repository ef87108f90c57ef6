"""The zygote: imports torch once inside the view, and forks a walled worker whenever it is asked to.

It runs the grader's own code and the assignment's probes, never a student's.  For each worker there are
two processes (THEORY.md tells the whole story):

    zygote
      └─ warden (PID 1 of new namespaces): builds the rest of the wall, then watches
           └─ worker: confines itself, loads the student's module, forks for its probes
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import select
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import NoReturn

import msgspec

from grader.sandbox import confine, contained_warden, control, linux, worker
from grader.sandbox.warden import warden
from grader.sandbox.watch import look_up

REAP_MILLISECONDS = 200
DONE = object()
SETTLED = b"x"
NAMESPACES = (
    linux.CLONE_NEWUSER
    | linux.CLONE_NEWNS
    | linux.CLONE_NEWPID
    | linux.CLONE_NEWNET
    | linux.CLONE_NEWIPC
    | linux.CLONE_NEWUTS
)


def main() -> None:
    """Serve, on the descriptor given as first argument, until who started us hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the trusted side's to handle
    warnings.simplefilter("ignore")
    channel = socket.socket(fileno=int(sys.argv[1]))
    prepared, _ = control.receive(channel)
    if not isinstance(prepared, control.Prepare):
        return
    torch = worker.warm_up(forked=not prepared.device.card)
    confine.prepare()
    probes = worker.load_probes(prepared.probes)
    for rules in prepared.rules:
        look_up(rules)
    # workers inherit this very stack: its variables must hold none of the assignment's text
    prepared = msgspec.structs.replace(prepared, probes=[], rules=())
    gc.freeze()  # what is here stays: the forks' collector need not touch, and so copy, it
    gc.enable()  # it is off since before torch was imported
    Service(channel, prepared, probes, str(torch.__version__)).run()
    os._exit(0)  # there is nothing to tidy up, and torch would take half a second to do it


class Service:
    """Forks workers for all who are connected, until the one who started us hangs up.

    Where there will be many, memory is made ready for it while nobody asks for one.
    """

    def __init__(
        self, channel: socket.socket, prepared: control.Prepare, probes: ModuleType, torch: str
    ) -> None:
        self._channel = channel
        self._prepared = prepared
        self._probes = probes
        self._torch = torch
        self._users = itertools.cycle(range(prepared.contained.users if prepared.contained else 1))
        self._chores = linux.gather_into_huge_pages() if prepared.many else iter(())
        self._over = False
        self._ready = select.poll()
        self._answers: dict[int, Callable[[], None]] = {}
        """What is done when a descriptor has something to say."""

    def run(self) -> None:
        pause: int | None = 0
        self._await(self._channel.fileno(), self._hear_who_started)
        while not self._over:
            if self._prepared.contained is not None:
                reap()
            said = self._ready.poll(pause)
            if not said and next(self._chores, DONE) is DONE:
                pause = REAP_MILLISECONDS if self._prepared.contained else None
            for descriptor, _ in said:
                self._answers[descriptor]()

    def _await(self, descriptor: int, answer: Callable[[], None]) -> None:
        self._answers[descriptor] = answer
        self._ready.register(descriptor, select.POLLIN)

    def _forget(self, descriptor: int) -> None:
        self._ready.unregister(descriptor)
        del self._answers[descriptor]

    def _hear_who_started(self) -> None:
        request, descriptors = received(self._channel)
        if not isinstance(request, control.Connect):
            self._over = True
            return
        line = socket.socket(fileno=descriptors[0])
        self._await(line.fileno(), lambda: self._hear(line))
        answer(line, control.Ready(torch=self._torch))

    def _hear(self, line: socket.socket) -> None:
        request, descriptors = received(line)
        if isinstance(request, control.Open):
            self._open_worker(line, request, descriptors)
        else:
            self._forget(line.fileno())
            line.close()

    def _open_worker(self, line: socket.socket, request: control.Open, descriptors: list[int]) -> None:
        """Make a warden and tell of it, or of what the system refused."""
        try:
            made = make_warden(self._prepared, request, descriptors, self._probes, next(self._users))
        except OSError as error:
            answer(line, control.Failed(reason=str(error)))
        else:
            self._await(made, lambda: self._bury(made))
            answer(line, control.Opened(), (made,))
        for descriptor in descriptors:
            os.close(descriptor)

    def _bury(self, made: int) -> None:
        """Of a warden that has ended nothing stays."""
        self._forget(made)
        with contextlib.suppress(ChildProcessError):  # it has been buried with what it left behind
            os.waitid(os.P_PIDFD, made, os.WEXITED)
        os.close(made)


def received(line: socket.socket) -> tuple[control.Message | None, list[int]]:
    """As `control.receive`; whoever is gone in the middle of a word is gone."""
    try:
        return control.receive(line)
    except ConnectionError:
        return None, []


def answer(line: socket.socket, message: control.Message, descriptors: tuple[int, ...] = ()) -> None:
    with contextlib.suppress(OSError):  # gone: the next look at the line tells
        control.send(line, message, descriptors)


def make_warden(
    prepared: control.Prepare, request: control.Open, descriptors: list[int], probes: ModuleType, user: int
) -> int:
    """Fork it, into new namespaces where there are any; it begins when its group and its user are settled.  A pidfd."""
    worker_socket, report, *group = descriptors
    settled, settle = os.pipe()
    with contextlib.ExitStack() as ends:
        for end in (settled, settle):
            ends.callback(os.close, end)
        pid = linux.fork_into(NAMESPACES) if prepared.contained is None else os.fork()
        if pid == 0:
            os.close(settle)
            begin(settled, lambda: be_warden(prepared, request, worker_socket, report, probes, user))
        try:
            return settle_in(pid, prepared, group, settle)
        except OSError:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise


def settle_in(pid: int, prepared: control.Prepare, group: list[int], settle: int) -> int:
    """Give a new process its group and its user, and let it begin.  A pidfd."""
    for door in group:
        os.write(door, str(pid).encode())
    if prepared.contained is None:
        map_user(pid, prepared)
    made = os.pidfd_open(pid)
    os.write(settle, SETTLED)
    return made


def map_user(pid: int, prepared: control.Prepare) -> None:
    """Who the first process of a new user namespace is there.

    Written from here, since where the zygote is the host's root, only outside is it a privileged act.
    """
    place = f"/proc/{number_in_proc(pid)}"
    mapping = f"{prepared.inside_uid} {prepared.outside_uid} 1"
    for file, content in (("setgroups", "deny"), ("uid_map", mapping), ("gid_map", mapping)):
        with open(f"{place}/{file}", "w") as target:
            target.write(content)


def number_in_proc(pid: int) -> str:
    """By which number /proc, which is the host's, knows a process that has this one here."""
    with open(os.pidfd_open(pid)) as process, open(f"/proc/self/fdinfo/{process.fileno()}") as info:
        return next(line.split()[1] for line in info if line.startswith("Pid:"))


def begin(settled: int, warden: Callable[[], None]) -> NoReturn:
    """In the new process: wait until it is settled; end where that does not come about."""
    try:
        if os.read(settled, 1) == SETTLED:
            warden()
    finally:
        os._exit(1)


def be_warden(
    prepared: control.Prepare,
    request: control.Open,
    worker_socket: int,
    report: int,
    probes: ModuleType,
    user: int,
) -> None:
    contained = prepared.contained
    if contained is not None:
        user += contained.first_user
        contained_warden.warden(worker_socket, report, request, prepared, probes, contained, user)
        return
    if os.getuid() != prepared.inside_uid:  # root's, which is mapped to nobody here
        os.setresgid(prepared.inside_uid, prepared.inside_uid, prepared.inside_uid)
        os.setresuid(prepared.inside_uid, prepared.inside_uid, prepared.inside_uid)
    warden(worker_socket, report, request, prepared, probes)


def reap() -> None:
    """Bury whatever wardens of the second tier have left behind: without a namespace of theirs, nobody else does."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    main()
