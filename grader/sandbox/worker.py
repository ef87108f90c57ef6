"""The worker: loads a student's module once, forks for each part, and answers probes in the fork.

From `load_module` on a student's code runs in this process, so nothing here is to be trusted any more: all
it can do is send frames, and the examiner judges what they say.
"""

from __future__ import annotations

import importlib
import io
import linecache
import os
import random
import signal
import socket
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from grader.sandbox import packing, protocol, stubs
from grader.sandbox.limits import Limits
from grader.sandbox.misconception import applied
from grader.sandbox.operators import ClosedOperators
from grader.sandbox.protocol import (
    Absent,
    Answered,
    Call,
    Exited,
    Fork,
    Forked,
    Frame,
    Load,
    Loaded,
    ProtocolError,
    Raised,
    Refused,
    Reply,
    Request,
    SourceFile,
)
from grader.sandbox.watch import ForbiddenCallError, Watch, watching

MAX_MESSAGE = 2000
MAX_FRAMES = 20
MAX_NAMES = 1000
PIECE_SECONDS = 10.0
"""How long one cell may take where a notebook has to be executed cell by cell."""


class MissingNameError(BaseException):
    """A probe asked the student's module for a name that it lacks."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Student:
    """What a probe sees of the student's module: its names, and a verdict where one is missing."""

    def __init__(self, module: types.ModuleType) -> None:
        self.__module = module

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__module.__dict__[name]
        except KeyError:
            raise MissingNameError(name) from None


class Printed(io.TextIOBase):
    """Standard output of a student's code: kept up to a bound, the rest dropped without a complaint."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.parts: list[str] = []
        self.length = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        kept = packing.plain_text(text, max(0, self.limit - self.length))
        if kept:
            self.parts.append(kept)
            self.length += len(kept)
        return len(text)

    def take(self) -> str:
        text = "".join(self.parts)
        self.parts, self.length = [], 0
        return text


# ----------------------------------------------------------------------------- before a student's code


def warm_up(*, thorough: bool) -> types.ModuleType:
    """Touch once what torch does once: lazy imports, and reading /proc/cpuinfo at its first kernel.

    `thorough` includes what making an optimizer imports, more than torch itself does.
    """
    torch.set_num_threads(1)
    with suppress(RuntimeError):
        torch.set_num_interop_threads(1)
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
    if thorough:
        torch.optim.SGD(network.parameters(), lr=0.1).step()
        torch.optim.Adam(network.parameters(), lr=0.1).step()
        importlib.import_module("torch.utils.data")
    return torch


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


def lay_out(load: Load, folder: str) -> None:
    """Write the submission's own files; their paths were made safe by intake, and are checked again."""
    for path, content in load.files.items():
        target = os.path.normpath(os.path.join(folder, path))
        if not target.startswith(folder + os.sep):
            raise ProtocolError(f"a file outside of the submission: {path}")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)


# ------------------------------------------------------------------------------- the student's module


def serve(channel: socket.socket, load: Load, probes: types.ModuleType, limits: Limits) -> None:
    """Load, then fork on request until the examiner hangs up."""
    desk = prepare_desk(channel, load, probes, limits)
    while desk is not None and isinstance(receive(channel), Fork):
        pid = os.fork()
        if pid == 0:
            answer_probes(channel, desk)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        send(channel, Exited(status=os.waitstatus_to_exitcode(status)))


def serve_without_forks(channel: socket.socket, load: Load, probes: types.ModuleType, limits: Limits) -> None:
    """The same where processes can't fork: every part in this one."""
    desk = prepare_desk(channel, load, probes, limits)
    while desk is not None and isinstance(receive(channel), Fork):
        answer_probes(channel, desk)
        send(channel, Exited(status=0))


def prepare_desk(channel: socket.socket, load: Load, probes: types.ModuleType, limits: Limits) -> Desk | None:
    """Load the module and tell the examiner; None where it does not load."""
    printed = Printed(limits.output_kb * 1024)
    sys.stdout = sys.stderr = printed
    module = types.ModuleType(load.module)
    reply = load_module(load, module, printed)
    send(channel, reply)
    if not isinstance(reply, Loaded):
        return None
    return Desk(probes, module, load_text(load.misconceptions, "misconceptions"), printed, ClosedOperators())


def load_module(load: Load, module: types.ModuleType, printed: Printed) -> Loaded | Raised:
    sys.modules[load.module] = module
    sys.path.append(os.getcwd())
    sys.meta_path.insert(0, stubs.StubFinder(load.stubs))
    troubles: list[str] = []
    try:
        replacements = load_stand_ins(load)
        for piece in load.pieces:
            with pardoned(troubles, piece) if load.tolerant else nullcontext():
                execute(piece, module.__dict__, replacements)
        replace_in_helpers(replacements)
    except BaseException as error:  # noqa: BLE001 - the sandbox's edge
        return raised(error, 0, 0, printed)
    public = {name: value for name, value in module.__dict__.items() if not name.startswith("_")}
    names = {
        packing.plain_text(name, 200): kind_of(value) for name, value in list(public.items())[:MAX_NAMES]
    }
    return Loaded(names=names, troubles=troubles[:MAX_FRAMES], printed=printed.take())


@contextmanager
def pardoned(troubles: list[str], piece: SourceFile) -> Iterator[None]:
    """A piece that raises or takes too long is noted, and the next one goes on."""
    previous = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, PIECE_SECONDS)
    try:
        yield
    except BaseException as error:  # noqa: BLE001 - the sandbox's edge
        troubles.append(f"{piece.name}: {packing.type_name(error)}: {message_of(error)[:200]}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def out_of_time(*_: object) -> None:
    raise TimeoutError(f"it took longer than {PIECE_SECONDS:g} s")


def load_text(source: str | None, name: str) -> types.ModuleType:
    """A module of the assignment's own, from its text; empty where there is none."""
    module = types.ModuleType(name)
    if source is not None:
        exec(compile(source, f"{name}.py", "exec"), module.__dict__)
    return module


def load_stand_ins(load: Load) -> dict[str, Any]:
    """PyTorch's own pieces, under the names that take the student's place."""
    if load.stand_ins is None:
        return {}
    pieces = load_text(load.stand_ins, "stand_ins")
    return {name: pieces.__dict__[name] for name in load.replace if name in pieces.__dict__}


def replace_in_helpers(replacements: dict[str, Any]) -> None:
    """The student's own helper modules use the replacements too."""
    for module in list(sys.modules.values()):
        if (getattr(module, "__file__", None) or "").startswith("/submission/"):
            found = {name: piece for name, piece in replacements.items() if name in module.__dict__}
            module.__dict__.update(found)


def execute(piece: SourceFile, namespace: dict[str, Any], replacements: dict[str, Any]) -> None:
    """Execute one piece, statement by statement where names are replaced: a class that a later statement
    subclasses must already be the replacement."""
    lines = [line + "\n" for line in piece.source.splitlines()]
    linecache.cache[piece.name] = (len(piece.source), None, lines, piece.name)
    namespace.update(replacements)
    if not replacements:
        exec(compile(piece.source, piece.name, "exec", dont_inherit=True), namespace)
        return
    import ast

    for statement in ast.parse(piece.source).body:
        code = compile(ast.Module([statement], []), piece.name, "exec", dont_inherit=True)
        exec(code, namespace)
        namespace.update(replacements)


def kind_of(value: object) -> str:
    if isinstance(value, type):
        return "class"
    return "function" if isinstance(value, types.FunctionType) else packing.type_name(value)


# --------------------------------------------------------------------------------------------- probes


@dataclass(frozen=True)
class Desk:
    """All that answering a call takes."""

    probes: types.ModuleType
    module: types.ModuleType
    wrong_ways: types.ModuleType
    printed: Printed
    operators: ClosedOperators


def answer_probes(channel: socket.socket, desk: Desk) -> None:
    """In the fork of a part: answer calls until told to finish."""
    send(channel, Forked())
    while True:
        request = receive(channel)
        if not isinstance(request, Call):
            return
        send(channel, answer(request, desk))


def answer(call: Call, desk: Desk) -> Reply:
    probe, student = getattr(desk.probes, call.probe), Student(desk.module)
    cases: list[dict[str, protocol.Value]] = []
    with (
        applied(call.misconceptions, desk.wrong_ways, desk.module),
        watching(call.forbidden, desk.operators) as watch,
    ):
        try:
            for case in call.cases:
                seed_everything(call.seed)
                cases.append(run_probe(probe, student, call.device, case, watch))
        except MissingNameError as missing:
            return Absent(id=call.id, name=missing.name)
        except ForbiddenCallError:
            pass  # remembered by the watch, with the line
        except BaseException as error:  # noqa: BLE001 - the sandbox's edge
            if watch.caught is None:
                return raised(error, call.id, len(cases), desk.printed)
    if watch.caught is not None:
        return refused(watch, call.id)
    return Answered(id=call.id, cases=cases, printed=desk.printed.take())


def run_probe(
    probe: Callable[..., dict[str, Any]],
    student: Student,
    device: str,
    case: dict[str, protocol.Value],
    watch: Watch,
) -> dict[str, protocol.Value]:
    given = {name: packing.unpack(value) for name, value in case.items()}
    result = probe(student, device, **given)
    watch.paused = True  # taking the answer apart is not the student's doing
    packed = {name: packing.pack(value) for name, value in result.items()}
    watch.paused = False
    return packed


def seed_everything(seed: int) -> None:
    """Whatever a student draws is the same in every run with the same seed."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


# ------------------------------------------------------------------------------------------- messages


def raised(error: BaseException, call: int, case: int, printed: Printed) -> Raised:
    return Raised(
        id=call,
        type=packing.type_name(error),
        message=message_of(error),
        frames=student_frames(error.__traceback__),
        case=case,
        printed=printed.take(),
    )


def refused(watch: Watch, call: int) -> Refused:
    assert watch.caught is not None
    own = [record for where in watch.where if (record := frame_record(*where)) is not None]
    return Refused(
        id=call, operation=watch.caught.operation, instead=watch.caught.instead, frames=own[-MAX_FRAMES:]
    )


def message_of(error: BaseException) -> str:
    """What the exception says; its `str` is the student's code and may raise."""
    try:
        return packing.plain_text(str(error), MAX_MESSAGE)
    except BaseException:  # noqa: BLE001 - the sandbox's edge
        return "(its message could not be made)"


def student_frames(traceback: types.TracebackType | None) -> list[Frame]:
    """The lines of a traceback that are in the student's own files, innermost last."""
    frames: list[Frame] = []
    while traceback is not None:
        record = frame_record(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
        if record is not None:
            frames.append(record)
        traceback = traceback.tb_next
    return frames[-MAX_FRAMES:]


def frame_record(file: str, line: int) -> Frame | None:
    """None for the grader's, the assignment's and the libraries' own code."""
    if file.startswith("/submission/"):
        file = file.removeprefix("/submission/")
    elif file.startswith(("/", "<")) or file not in linecache.cache:
        return None
    text = linecache.getline(file, line).strip()
    return Frame(file=packing.plain_text(file, 200), line=line, text=packing.plain_text(text, 200))


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
