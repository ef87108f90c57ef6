"""Property 5, the channel: one socket, and nothing on it is believed to be a frame until it has proved to be."""

from __future__ import annotations

import resource

from grader.sandbox import protocol
from grader.sandbox.conformance.trial import Host, call, promise
from grader.sandbox.protocol import Answered

WRITE = """
import os
def attack(frame, times):
    data = bytes.fromhex(frame)
    for descriptor in range(3, 64):
        try:
            for _ in range(times):
                os.write(descriptor, data)
        except OSError:
            pass
    return "wrote"
"""


@promise
def garbage(host: Host) -> str | None:
    """Garbage in every descriptor that it holds ends the worker, and is never taken for an answer."""
    answer = host.attack(WRITE, frame=("deadbeef" * 64), times=1)
    return None if answer.error.startswith("garbled") else f"{answer.said} {answer.error}"


@promise
def plausible_frames(host: Host) -> str | None:
    """A well-formed answer to a question that was not asked ends the worker."""
    forged = protocol.encode(Answered(id=8, cases=[{"said": "forged"}]))
    answer = host.attack(WRITE, frame=forged.hex(), times=1)
    return None if answer.error.startswith("garbled") else f"{answer.said} {answer.error}"


@promise
def answers_ahead_of_the_question(host: Host) -> str | None:
    """An answer forged in advance is no more than the worker's own claim, and puts the talk out of step, not on."""
    forged = protocol.encode(Answered(id=7, cases=[{"said": "forged"}]))
    with host.worker(WRITE) as worker:
        call(worker, 5, frame=(forged * 2).hex(), times=1)
        later = call(worker, 5, frame="", times=0)
    return None if later.said in ("forged", None) or later.error else f"{later.said}"


@promise
def frames_without_end(host: Host) -> str | None:
    """A frame that announces 4 GB, and gigabytes written without end, cost the examiner no memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    huge = "ffffffff" + "00" * 4096
    first = host.attack(WRITE, frame=huge, times=2_600_000)
    largest = protocol.HEADER.pack(protocol.MAX_FRAME).hex() + "c1" * 65536
    second = host.attack(WRITE, frame=largest, times=150_000)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    ended = all(answer.error.startswith(("garbled", "crashed", "timeout")) for answer in (first, second))
    if not ended or grown > 4 * protocol.MAX_FRAME / 2**20:
        return f"{first.error}; {second.error}; the examiner grew by {grown:.0f} MB"
    return None


@promise
def closed_descriptors(host: Host) -> str | None:
    """Closing every descriptor ends the worker, and the next one is answered."""
    source = """
    import os
    def attack():
        os.closerange(0, 256)
        return "closed"
    """
    answer = host.attack(source)
    if answer.said is not None or not answer.error:
        return f"{answer.said} {answer.error}"
    following = host.attack("def attack():\n    return 'alive'\n")
    return None if following.said == "alive" else f"the next worker: {following.error}"


@promise
def objects_that_deceive(host: Host) -> str | None:
    """An object's `__reduce__`, `__array__`, `__eq__` and `__class__` are not run on the trusted side, or at all."""
    source = """
    class Liar:
        def __reduce__(self):
            import os
            return os.system, ("true",)
        def __array__(self, *given, **named):
            raise SystemExit(0)
        def __eq__(self, other):
            return True
        @property
        def __class__(self):
            return float
    def attack():
        return Liar()
    """
    with host.worker(source) as worker:
        answer = call(worker, 5)
    name = getattr(answer.said, "type", None)
    return None if name == "Liar" else f"it arrived as {answer.said!r} {answer.error}"


@promise
def descriptors_that_it_inherits(host: Host) -> str | None:
    """It holds its socket, /dev/null, and no other open file; on a card what its driver has opened, all its own."""
    source = """
    import collections, os, socket, stat, torch
    null = os.makedev(1, 3)
    def nvidias():
        with open("/proc/devices") as file:
            words = [line.split() for line in file]
        return {int(line[0]) for line in words if len(line) == 2 and line[1].startswith("nvidia")}
    def leads_somewhere(number):
        with socket.socket(fileno=os.dup(number)) as held:
            try:
                held.getpeername()
            except OSError:
                return False
        return True
    def attack():
        on_card = torch.version.cuda is not None and torch.cuda.is_initialized()
        drivers = nvidias() if on_card else set()
        found, pipes = [], collections.Counter()
        for number in range(65536):
            try:
                status = os.fstat(number)
            except OSError:
                continue
            mode = status.st_mode
            if stat.S_ISSOCK(mode):
                if not on_card or leads_somewhere(number):
                    found.append("socket")
            elif stat.S_ISCHR(mode) and status.st_rdev == null:
                found.append("/dev/null")
            elif on_card and stat.S_ISCHR(mode) and os.major(status.st_rdev) in drivers:
                continue
            elif on_card and stat.S_IFMT(mode) == 0:
                continue
            elif on_card and stat.S_ISFIFO(mode):
                pipes[status.st_ino] += 1
            else:
                found.append(f"{number}: mode {mode:o}")
        found += [f"one end of pipe {pipe}" for pipe, ends in pipes.items() if ends < 2]
        return sorted(found)
    """
    said = host.attack(source).said
    expected = ["/dev/null", "/dev/null", "/dev/null", "socket"]
    return None if said == expected else f"it holds {said}"
