"""The worker: loads a student's module once, forks, and answers probes in the fork.

From `Loading.run` on a student's code runs in this process, so nothing here is to be trusted any more: all
it can do is send frames, and the examiner judges what they say.
"""

from __future__ import annotations

import io
import os
import random
import signal
import socket
import sys
import types
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import numpy as np
import torch

from grader.sandbox import cuda, packing, protocol
from grader.sandbox.accounts import MAX_FRAMES, frame_record, raised
from grader.sandbox.compiler import defer_compiler
from grader.sandbox.device import CPU, Device
from grader.sandbox.doors import shut_side_doors
from grader.sandbox.limits import Limits
from grader.sandbox.loading import Loading, MissingNameError, Student, load_text
from grader.sandbox.misconception import applied
from grader.sandbox.operators import ClosedOperators, Rules, out_of_turn
from grader.sandbox.pretend import Pretence, asks_for_a_card, pretending
from grader.sandbox.protocol import (
    Absent,
    Answered,
    Call,
    Exited,
    Fork,
    Forked,
    Load,
    Loaded,
    ProtocolError,
    Raised,
    Refused,
    Reply,
    Request,
    SourceFile,
)
from grader.sandbox.solitude import be_alone, fork_alone
from grader.sandbox.watch import ForbiddenCallError, Watch, get_ready, watching


class Printed(io.TextIOBase):
    """Standard output of a student's code: kept up to a bound, the rest dropped without a complaint."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.parts: list[str] = []
        self.length = 0
        self.dropped = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        kept = packing.plain_text(text, max(0, self.limit - self.length))
        if kept:
            self.parts.append(kept)
            self.length += len(kept)
        self.dropped += max(0, len(text) - len(kept)) if self.length >= self.limit else 0
        return len(text)

    def take(self) -> str:
        text = "".join(self.parts)
        if self.dropped:
            note = f"\n[{self.dropped} more characters were printed; {self.limit // 1024} KB are kept]\n"
            text = text[: self.limit - len(note)] + note
        self.parts, self.length, self.dropped = [], 0, 0
        return text


# ----------------------------------------------------------------------------- before a student's code


def warm_up(*, forked: bool = True) -> types.ModuleType:
    """Have torch do now what it does once: its first kernel reads /proc/cpuinfo, an optimizer imports, and NumPy loads
    its random numbers where they are first asked for.

    Where workers will use a card (`forked` is not so: each is one process), nothing may ask for one here, as the first
    backward pass and the first step of an optimizer do: they would have to do without one for good.
    """
    defer_compiler()
    torch.set_num_threads(1)
    with suppress(RuntimeError):
        torch.set_num_interop_threads(1)
    if forked:
        touch_everything()
    else:
        torch.ones(2, 2) @ torch.ones(2, 2)
    seed_everything(0)
    get_ready()  # first, since torch names all its functions for it, also those that are then taken away
    shut_side_doors()
    return torch


def start_card(device: Device, limits: Limits) -> None:
    """Once in a worker that has been shut in, before anything of a student's."""
    if device.kind == "cuda":
        cuda.start(device, limits)


def touch_everything() -> None:
    layers = (
        torch.nn.Conv2d(1, 2, 3),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(8, 2),
    )
    network = torch.nn.Sequential(*layers)
    loss = torch.nn.functional.cross_entropy(network(torch.rand(3, 1, 6, 6)), torch.tensor([0, 1, 0]))
    torch.autograd.backward(loss)
    for optimizer in (torch.optim.SGD, torch.optim.Adam):
        optimizer(network.parameters(), lr=0.1).step()


def load_probes(pieces: list[SourceFile]) -> types.ModuleType:
    """One module that holds every probe; the grader's and the assignment's own code."""
    module = types.ModuleType("probes")
    sys.modules["probes"] = module
    for piece in pieces:
        exec(compile(piece.source, piece.name, "exec"), module.__dict__)
    return module


def receive_load(channel: socket.socket) -> Load:
    request = receive(channel)
    if not isinstance(request, Load):
        raise ProtocolError("the first request must be to load")
    return request


# ------------------------------------------------------------------------------- the student's module


def serve(channel: socket.socket, load: Load, probes: types.ModuleType, limits: Limits) -> None:
    """Load, then fork on request until the examiner hangs up.

    This process answers nothing, and computes nothing of what any part forbids while a fork answers, or after.
    """
    desk = prepare_desk(channel, load, probes, limits)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # torch's raises where a DataLoader's process is ended
    while desk is not None and isinstance(receive(channel), Fork):
        pid = fork_alone(partial(desk.operators.close, load.forbidden, out_of_turn))
        if pid == 0:
            torch.set_num_threads(1)  # others, which the module may have asked for, are not forked
            answer_probes(channel, desk, alone=True)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        send(channel, Exited(status=os.waitstatus_to_exitcode(status)))


def serve_without_forks(
    channel: socket.socket, load: Load, probes: types.ModuleType, limits: Limits, device: Device = CPU
) -> None:
    """The same where processes can't fork, or what they hold can't: every part in this one."""
    desk = prepare_desk(channel, load, probes, limits)
    while desk is not None and isinstance(receive(channel), Fork):
        if device.kind == "cuda":
            cuda.steady()
        answer_probes(channel, desk)
        send(channel, Exited(status=0))


def prepare_desk(channel: socket.socket, load: Load, probes: types.ModuleType, limits: Limits) -> Desk | None:
    """Load the module and tell the examiner; None where it does not load."""
    printed = Printed(limits.output_kb * 1024)
    sys.stdout = sys.stderr = printed
    loading = Loading(load)
    reply = loading.run()
    send(channel, msgspec.structs.replace(reply, printed=printed.take()))
    if not isinstance(reply, Loaded):
        return None
    wrong_ways = load_text(load.misconceptions, "misconceptions")
    sources = [piece.source for piece in load.pieces]
    helpers = [
        content.decode(errors="replace") for path, content in load.files.items() if path.endswith(".py")
    ]
    asks = asks_for_a_card(sources + helpers)
    return Desk(probes, loading.module, loading.troubles, wrong_ways, printed, ClosedOperators(), asks)


# --------------------------------------------------------------------------------------------- probes


@dataclass(frozen=True)
class Desk:
    """All that answering a call takes."""

    probes: types.ModuleType
    module: types.ModuleType
    troubles: dict[str, Raised]
    wrong_ways: types.ModuleType
    printed: Printed
    operators: ClosedOperators
    asks_for_a_card: bool = False


def answer_probes(channel: socket.socket, desk: Desk, *, alone: bool = False) -> None:
    """Answer calls until told to finish; in a fork, alone under each part's rules."""
    send(channel, Forked())
    rules: Rules = ()
    while isinstance(request := receive(channel), Call):
        if alone and request.forbidden != rules:
            rules = request.forbidden
            be_alone()
        send(channel, answer(request, desk))


def answer(call: Call, desk: Desk) -> Reply:
    probe, student = getattr(desk.probes, call.probe), Student(desk.module, desk.troubles)
    cases: list[dict[str, protocol.Value]] = []
    with (
        applied(call.misconceptions, desk.wrong_ways, desk.module),
        watching(call.forbidden, desk.operators) as watch,
        pretending(really=call.pretend, asks=desk.asks_for_a_card) as pretence,
    ):
        try:
            for case in call.cases:
                seed_everything(call.seed)
                cases.append(run_probe(probe, student, call.device, case, watch, pretence))
        except MissingNameError as missing:
            return undefined(missing, call.id, desk)
        except ForbiddenCallError:
            pass  # remembered by the watch, with the line
        except BaseException as error:  # noqa: BLE001 - the sandbox's edge
            if watch.caught is None:
                told = raised(error, call.id, len(cases), desk.printed.take())
                return msgspec.structs.replace(
                    told, spent=not call.pretend and cuda.is_spent(error, call.device)
                )
    if watch.caught is not None:
        return refused(watch, call.id)
    return Answered(id=call.id, cases=cases, printed=desk.printed.take())


def undefined(missing: MissingNameError, call: int, desk: Desk) -> Absent | Raised:
    """A name that is not there: what its definition raised, else that it is missing."""
    if missing.cause is not None:
        return msgspec.structs.replace(missing.cause, id=call, printed=desk.printed.take())
    return Absent(id=call, name=missing.name)


def run_probe(
    probe: Callable[..., dict[str, Any]],
    student: Student,
    device: str,
    case: dict[str, protocol.Value],
    watch: Watch,
    pretence: Pretence | None = None,
) -> dict[str, protocol.Value]:
    given = {name: packing.unpack(value) for name, value in case.items()}
    result = probe(student, device, **given)
    if pretence is None:
        cuda.settle(device)
    watch.paused = True  # taking the answer apart is not the student's doing
    place_of = packing.device_of if pretence is None else pretence.place_of
    packed = {name: packing.pack(value, place_of=place_of) for name, value in result.items()}
    watch.paused = False
    return packed


def seed_everything(seed: int) -> None:
    """Whatever a student draws is the same in every run with the same seed.

    Without `torch.manual_seed`, which formats the whole stack for each kind of accelerator that is not there yet.
    """
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed_all(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


# ------------------------------------------------------------------------------------------- messages


def refused(watch: Watch, call: int) -> Refused:
    assert watch.caught is not None
    own = [record for where in watch.where if (record := frame_record(*where)) is not None]
    return Refused(
        id=call, operation=watch.caught.operation, instead=watch.caught.instead, frames=own[-MAX_FRAMES:]
    )


# -------------------------------------------------------------------------------------------- channel


def send(channel: socket.socket, reply: Reply) -> None:
    try:
        frame = protocol.encode(reply)
    except ProtocolError:
        frame = protocol.encode(
            Raised(id=getattr(reply, "id", 0), type="OverflowError", message="The answer is too large.")
        )
    channel.sendall(frame)


def receive(channel: socket.socket) -> Request | None:
    """The next request; None when the examiner has hung up."""
    body = receive_frame(channel)
    return None if body is None else protocol.decode_request(body)


def receive_frame(channel: socket.socket) -> bytes | None:
    header = receive_exactly(channel, protocol.HEADER.size)
    return None if header is None else receive_exactly(channel, protocol.body_length(header))


def receive_exactly(channel: socket.socket, length: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < length:
        chunk = channel.recv(min(length - len(parts), 1 << 20))
        if not chunk:
            return None
        parts += chunk
    return bytes(parts)
