"""The zygote: imports torch once inside the view, and forks a walled worker whenever it is asked to.

It runs the grader's own code and the assignment's probes, never a student's.  For each worker there are
three processes (THEORY.md tells the whole story):

    zygote ── builder: takes new namespaces, makes the warden, leaves
                └─ warden (PID 1 of the worker's namespace): builds the rest of the wall, then watches
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
from types import ModuleType

import msgspec

from grader.sandbox import confine, contained_warden, control, linux, worker
from grader.sandbox.warden import warden

REAP_MILLISECONDS = 200
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
    gc.disable()  # while torch is imported a tenth of the time would go into looking for garbage
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the trusted side's to handle
    warnings.simplefilter("ignore")
    channel = socket.socket(fileno=int(sys.argv[1]))
    prepared, _ = control.receive(channel)
    if not isinstance(prepared, control.Prepare):
        return
    torch = worker.warm_up(forked=not prepared.device.card)
    confine.prepare()
    probes = worker.load_probes(prepared.probes)
    # workers inherit this very stack: its variables must hold none of the assignment's text
    prepared = msgspec.structs.replace(prepared, probes=[])
    gc.freeze()  # what is here stays: the forks' collector need not touch, and so copy, it
    gc.enable()
    if prepared.many:
        linux.gather_into_huge_pages()
    serve(channel, prepared, probes, str(torch.__version__))
    os._exit(0)  # there is nothing to tidy up, and torch would take half a second to do it


def serve(channel: socket.socket, prepared: control.Prepare, probes: ModuleType, torch: str) -> None:
    """Fork workers for all who are connected, until the one who started us hangs up."""
    users = itertools.cycle(range(prepared.contained.users)) if prepared.contained else None
    ready = select.poll()
    lines = {channel.fileno(): channel}
    ready.register(channel, select.POLLIN)
    if prepared.contained is not None:
        linux.become_subreaper()
    while True:
        if prepared.contained is not None:
            reap()
        for descriptor, _ in ready.poll(REAP_MILLISECONDS if prepared.contained else None):
            line = lines[descriptor]
            request, descriptors = received(line)
            if isinstance(request, control.Connect) and line is channel:
                joined = socket.socket(fileno=descriptors[0])
                lines[joined.fileno()] = joined
                ready.register(joined, select.POLLIN)
                answer(joined, control.Ready(torch=torch))
            elif isinstance(request, control.Open) and line is not channel:
                open_worker(line, prepared, request, descriptors, probes, next(users) if users else 0)
            elif line is channel:
                return
            else:
                ready.unregister(descriptor)
                lines.pop(descriptor).close()


def received(line: socket.socket) -> tuple[control.Message | None, list[int]]:
    """As `control.receive`; whoever is gone in the middle of a word is gone."""
    try:
        return control.receive(line)
    except ConnectionError:
        return None, []


def answer(line: socket.socket, message: control.Message) -> None:
    with contextlib.suppress(OSError):  # gone: the next look at the line tells
        control.send(line, message)


def open_worker(
    line: socket.socket,
    prepared: control.Prepare,
    request: control.Open,
    descriptors: list[int],
    probes: ModuleType,
    user: int,
) -> None:
    try:
        pid = os.fork()
    except OSError as error:
        answer(line, control.Failed(reason=f"fork: {error}"))
    else:
        if pid == 0:
            build(line, prepared, request, descriptors, probes, user)
        os.waitpid(pid, 0)
    for descriptor in descriptors:
        os.close(descriptor)


def reap() -> None:
    """Bury the wardens that have ended: without a namespace of our own, nobody else does."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def build(
    line: socket.socket,
    prepared: control.Prepare,
    request: control.Open,
    descriptors: list[int],
    probes: ModuleType,
    user: int,
) -> None:
    """In the builder: new namespaces, where there are any, then the warden as their first process.  Does not return."""
    try:
        contained, (worker_socket, report, *group) = prepared.contained, descriptors
        for door in group:
            os.write(door, b"0")  # this process, and so all that come of it
        if contained is None:
            take_namespaces(prepared)
        pid = os.fork()
        if pid == 0 and contained is not None:
            user += contained.first_user
            contained_warden.warden(worker_socket, report, request, prepared, probes, contained, user)
        elif pid == 0:
            warden(worker_socket, report, request, prepared, probes)
        control.send(line, control.Opened(), (os.pidfd_open(pid),))
    except OSError as error:
        answer(line, control.Failed(reason=str(error)))
    finally:
        os._exit(0)


def take_namespaces(prepared: control.Prepare) -> None:
    """New namespaces, in which this process is an ordinary user.

    Where the zygote is the host's root, the mapping must be written from outside of the new user
    namespace (only there is it a privileged act), so a helper child writes it.
    """
    mapping = f"{prepared.inside_uid} {prepared.outside_uid} 1"
    if prepared.outside_uid == os.geteuid():
        linux.unshare(NAMESPACES)
        write_mapping("self", mapping)
    else:
        map_from_outside(mapping)
        os.setresgid(prepared.inside_uid, prepared.inside_uid, prepared.inside_uid)
        os.setresuid(prepared.inside_uid, prepared.inside_uid, prepared.inside_uid)


def map_from_outside(mapping: str) -> None:
    mine = os.readlink("/proc/self")
    unshared, tell_unshared = os.pipe()
    helper = os.fork()
    if helper == 0:
        os.close(tell_unshared)
        os.read(unshared, 1)
        write_mapping(mine, mapping)
        os._exit(0)
    linux.unshare(NAMESPACES)
    os.write(tell_unshared, b"x")
    os.close(tell_unshared)
    os.close(unshared)
    _, status = os.waitpid(helper, 0)
    if status != 0:
        raise PermissionError("the user id mapping could not be written")


def write_mapping(process: str, mapping: str) -> None:
    for file, content in (("setgroups", "deny"), ("uid_map", mapping), ("gid_map", mapping)):
        with open(f"/proc/{process}/{file}", "w") as target:
            target.write(content)


if __name__ == "__main__":
    main()
