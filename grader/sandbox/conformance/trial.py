"""How a check is declared, and what it is given to try the wall with."""

from __future__ import annotations

import importlib
import os
import textwrap
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grader.model import Record
from grader.sandbox.client import Sandbox, Worker, WorkerError
from grader.sandbox.limits import Limits
from grader.sandbox.protocol import (
    Answered,
    Call,
    Load,
    Loaded,
    Mapping,
    Raised,
    Sequence,
    SourceFile,
    Value,
)

PROPERTIES = ("view", "network", "processes", "limits", "channel")
"""The modules of the list, in the order of DESIGN's seven properties; the last two of those, the verdict and failing
closed, are the examiner's and the command line's, and are tested there."""

PROBE = SourceFile(
    name="probes.py",
    source="def attack(student, device, **given):\n    return {'said': student.attack(**given)}\n",
)

SMALL = Limits(load_seconds=20, test_seconds=2, memory_mb=300, processes=24, scratch_mb=8, output_kb=8)


class Promise(Record, frozen=True):
    """One behaviour of the wall: which property it belongs to, and the sentence that it keeps."""

    name: str
    property: str
    sentence: str
    try_it: Callable[[Host], str | None]


class Finding(Record, frozen=True):
    """What trying a promise found: `broken` says how it was broken, None where it held."""

    name: str
    property: str
    sentence: str
    broken: str | None


def promise(check: Callable[[Host], str | None]) -> Callable[[Host], str | None]:
    """Mark a check: it tries to break what its docstring says, and returns how it could, or None."""
    check.is_promise = True  # type: ignore[attr-defined]
    return check


def promises() -> Iterator[Promise]:
    """The whole list, in the order in which it is written."""
    for name in PROPERTIES:
        module = importlib.import_module(f"grader.sandbox.conformance.{name}")
        for check in vars(module).values():
            if getattr(check, "is_promise", False):
                sentence = " ".join((check.__doc__ or check.__name__).split())
                yield Promise(name=check.__name__, property=name, sentence=sentence, try_it=check)


def run_all(sandbox: Sandbox, secret_folder: Path) -> Iterator[Finding]:
    """Try every promise on this machine; a check that can't be carried out counts as broken, with the reason."""
    for one in promises():
        try:
            broken = one.try_it(Host(sandbox, secret_folder))
        except (WorkerError, OSError) as error:
            broken = f"the check itself failed: {type(error).__name__}: {error}"
        yield Finding(name=one.name, property=one.property, sentence=one.sentence, broken=broken)


class Answer:
    """What became of an attack: `said` is what it returned, `error` why it could not, as the examiner saw it."""

    def __init__(self, said: Any = None, error: str = "", printed: str = "") -> None:
        self.said = said
        self.error = error
        self.printed = printed


class Host:
    """The trusted side of a check: it opens workers whose module is an attack, and looks from outside."""

    def __init__(self, sandbox: Sandbox, secret_folder: Path) -> None:
        self.sandbox = sandbox
        self.secret_folder = secret_folder
        self.marker = f"g{uuid.uuid4().hex[:12]}"

    def attack(self, source: str, *, limits: Limits = SMALL, **given: Value) -> Answer:
        """Run `attack(**given)` of this module in a worker of its own, and end the worker."""
        with self.worker(source, limits) as worker:
            return call(worker, limits.test_seconds, **given)

    @contextmanager
    def worker(self, source: str, limits: Limits = SMALL) -> Iterator[Worker]:
        worker = self.sandbox.open(limits)
        try:
            piece = SourceFile(name="attack.py", source=textwrap.dedent(source))
            loaded = worker.load(Load(module="attack", pieces=[piece]), limits.load_seconds)
            if not isinstance(loaded, Loaded):
                raise WorkerError("crashed", f"the attack does not load: {loaded.type}: {loaded.message}")
            yield worker
        finally:
            worker.close()

    def survivors(self) -> list[int]:
        """Processes on this machine that carry the marker as their name."""
        return [pid for pid in processes() if name_of(pid) == self.marker]


def call(worker: Worker, seconds: float, **given: Value) -> Answer:
    """One attack on an open worker."""
    try:
        reply = worker.call(Call(id=7, probe="attack", cases=[given]), seconds)
    except WorkerError as error:
        return Answer(error=f"{error.kind}: {error.detail}")
    if isinstance(reply, Answered):
        return Answer(said=plain(reply.cases[0].get("said")), printed=reply.printed)
    if isinstance(reply, Raised):
        return Answer(error=f"raised: {reply.type}: {reply.message}", printed=reply.printed)
    return Answer(error=type(reply).__name__)


def plain(value: Value | None) -> Any:
    """A protocol value as Python's own, for judging."""
    if isinstance(value, Sequence):
        return [plain(item) for item in value.items]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items.items()}
    return value


def processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def name_of(pid: int) -> str:
    """What a process calls itself, which need not be text; "" where it has ended."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
