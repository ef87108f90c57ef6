"""The zygote: imports torch once inside the view, and forks a walled worker whenever it is asked to.

It runs the grader's own code and the assignment's probes, never a student's.  For each worker there are
three processes (THEORY.md tells the whole story):

    zygote ── builder: takes new namespaces, makes the warden, leaves
                └─ warden (PID 1 of the worker's namespace): builds the rest of the wall, then watches
                     └─ worker: confines itself, loads the student's module, forks for each part
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import warnings
from types import ModuleType

import msgspec

from grader.sandbox import confine, control, linux, worker
from grader.sandbox.warden import warden

NAMESPACES = (
    linux.CLONE_NEWUSER
    | linux.CLONE_NEWNS
    | linux.CLONE_NEWPID
    | linux.CLONE_NEWNET
    | linux.CLONE_NEWIPC
    | linux.CLONE_NEWUTS
)


def main() -> None:
    """Serve on descriptor given as first argument until the trusted side hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the trusted side's to handle
    warnings.simplefilter("ignore")
    channel = socket.socket(fileno=int(sys.argv[1]))
    prepared, _ = control.receive(channel)
    if not isinstance(prepared, control.Prepare):
        return
    torch = worker.warm_up(thorough=prepared.thorough)
    confine.prepare()
    probes = worker.load_probes(prepared.probes)
    # workers inherit this very stack: its variables must hold none of the assignment's text
    prepared = msgspec.structs.replace(prepared, probes=[])
    control.send(channel, control.Ready(torch=str(torch.__version__)))
    serve(channel, prepared, probes)
    os._exit(0)  # there is nothing to tidy up, and torch would take half a second to do it


def serve(channel: socket.socket, prepared: control.Prepare, probes: ModuleType) -> None:
    while True:
        request, descriptors = control.receive(channel)
        if not isinstance(request, control.Open):
            return
        try:
            pid = os.fork()
        except OSError as error:
            control.send(channel, control.Failed(reason=f"fork: {error}"))
            continue
        if pid == 0:
            build(channel, prepared, request, descriptors, probes)
        for descriptor in descriptors:
            os.close(descriptor)
        os.waitpid(pid, 0)


def build(
    channel: socket.socket,
    prepared: control.Prepare,
    request: control.Open,
    descriptors: list[int],
    probes: ModuleType,
) -> None:
    """In the builder: new namespaces, then the warden as their first process.  Does not return."""
    try:
        take_namespaces(prepared)
        pid = os.fork()
        if pid == 0:
            channel.close()
            worker_socket, report = descriptors
            warden(worker_socket, report, request, prepared.system_call_filter, probes)
        control.send(channel, control.Opened(), (os.pidfd_open(pid),))
    except OSError as error:
        control.send(channel, control.Failed(reason=str(error)))
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
