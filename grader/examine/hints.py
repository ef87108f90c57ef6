"""Which mistake was it?  The solution, with each misconception in turn, is asked what the student was asked.

The one that gives the student's own numbers, or raises the student's own exception, explains the failure.  It runs
in a sandboxed worker of its own that no student's code ever enters.  The questions are the same for a whole class,
so what a misconception answers is kept.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import time
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import numpy as np

from grader.assignment import Assignment
from grader.examine.diagnosis import diagnosis
from grader.examine.misconceptions import Misconception, misconceptions_source, read_misconceptions
from grader.sandbox.client import Sandbox, Worker, WorkerError
from grader.sandbox.protocol import (
    Answered,
    Array,
    Call,
    Load,
    Loaded,
    Mapping,
    Raised,
    Reply,
    Scalar,
    SourceFile,
    Value,
)
from grader.sandbox.protocol import Sequence as ValueSequence

LIKENESS = 1e-4
"""Greatest difference, relative to the greatest magnitude, at which two answers are the same mistake: far above
rounding in float32, far below what tells two formulas apart on random inputs.  It decides no score."""

PAIRS_AT_MOST = 100
SECONDS = 5.0

Exchange = tuple[Call, Reply]
Names = tuple[str, ...]


class Hints:
    """The search for the misconception behind a failed test."""

    def __init__(self, assignment: Assignment, sandbox: Sandbox, solution: Sequence[SourceFile]) -> None:
        self._assignment = assignment
        self._sandbox = sandbox
        self._solution = list(solution)
        self._declared = read_misconceptions(assignment.hidden)
        self._worker: Worker | None = None
        self._known: dict[tuple[bytes, Names], Reply | None] = {}
        self._seconds: dict[bytes, float | None] = {}

    def find(self, exercises: Sequence[str], exchanges: Sequence[Exchange]) -> str | None:
        """The hint of the misconception, or pair, that answers as the student did; else what the answer's form tells
        beside the solution's; None where there is nothing to tell."""
        found = self.identify(exercises, exchanges)
        if found:
            return " Also: ".join(one.hint for one in found)
        return self._diagnosis(exchanges) if self._solution else None

    def identify(
        self, exercises: Sequence[str], exchanges: Sequence[Exchange]
    ) -> tuple[Misconception, ...] | None:
        candidates = [one for one in self._declared if one.exercise in exercises]
        if not exchanges or not candidates or not self._solution or unfinished(exchanges):
            return None
        asked = [(digest(call), call, reply) for call, reply in exchanges]
        if self._explains((), asked):
            return None
        raised = any(isinstance(reply, Raised) for _, reply in exchanges)
        tried = singles(candidates) if raised else combinations(candidates)  # one mistake raises an exception
        return next((chosen for chosen in tried if self._explains(chosen, asked)), None)

    def _diagnosis(self, exchanges: Sequence[Exchange]) -> str | None:
        """About the first answer in which there is something to tell."""
        told = (
            diagnosis(reply, self._ask(digest(call), call, ()), alike_values) for call, reply in exchanges
        )
        return next((sentence for sentence in told if sentence), None)

    def _explains(self, chosen: Sequence[Misconception], asked: Iterable[tuple[bytes, Call, Reply]]) -> bool:
        """Whether the solution with these misconceptions gives the student's replies, one and all."""
        names = tuple(one.name for one in chosen)
        return all(alike(reply, self._ask(key, call, names)) for key, call, reply in asked)

    def reference_seconds(self, call: Call, patience: float) -> float | None:
        """How long the solution takes for a call, here and now; None where there is none or it has no answer within
        `patience` seconds."""
        key = digest(call)
        if key not in self._seconds:
            self._seconds[key] = self._timed(call, patience) if self._solution else None
        return self._seconds[key]

    def _timed(self, call: Call, patience: float) -> float | None:
        try:
            worker = self._open()
            started = time.monotonic()
            reply = worker.call(msgspec.structs.replace(call, forbidden=()), patience)
        except WorkerError:
            return None
        return time.monotonic() - started if isinstance(reply, Answered) else None

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _ask(self, key: bytes, call: Call, names: Names) -> Reply | None:
        if (key, names) not in self._known:
            self._known[key, names] = self._answer(call, names)
        return self._known[key, names]

    def _answer(self, call: Call, names: Names) -> Reply | None:
        asked = msgspec.structs.replace(call, misconceptions=names, forbidden=())
        try:
            return self._open().call(asked, SECONDS)
        except WorkerError:
            return None

    def _open(self) -> Worker:
        if self._worker is not None and self._worker.open:
            return self._worker
        self._worker = worker = self._sandbox.open(self._assignment.limits)
        load = Load(
            module=self._assignment.name,
            pieces=self._solution,
            stubs=self._assignment.spec.packages,
            misconceptions=misconceptions_source(self._assignment.hidden),
        )
        loaded = worker.load(load, self._assignment.limits.load_seconds)
        if not isinstance(loaded, Loaded):
            raise WorkerError("crashed", "the solution does not load")
        return worker


def unfinished(exchanges: Sequence[Exchange]) -> bool:
    """Whether the student has not written the exercise yet: there is no mistake to be found."""
    return any(isinstance(reply, Raised) and reply.type == "NotImplementedError" for _, reply in exchanges)


def singles(candidates: Sequence[Misconception]) -> Iterator[tuple[Misconception, ...]]:
    """Each alone."""
    yield from ((one,) for one in candidates)


def combinations(candidates: Sequence[Misconception]) -> Iterator[tuple[Misconception, ...]]:
    """Each alone, then pairs that get different aspects wrong, those declared first before others."""
    yield from singles(candidates)
    combinable = [one for one in candidates if one.aspect]
    ranked = itertools.combinations(enumerate(combinable), 2)
    pairs = [(i + j, (one, other)) for (i, one), (j, other) in ranked if one.aspect != other.aspect]
    pairs.sort(key=lambda pair: pair[0])
    yield from (pair for _, pair in pairs[:PAIRS_AT_MOST])


def digest(call: Call) -> bytes:
    """What a call asks, whoever is asked."""
    return hashlib.sha256(msgspec.msgpack.encode(msgspec.structs.replace(call, id=0))).digest()


def alike(first: Reply | None, second: Reply | None) -> bool:
    """The same answer but for rounding, or the same exception."""
    if isinstance(first, Answered) and isinstance(second, Answered):
        return len(first.cases) == len(second.cases) and all(
            alike_values(Mapping(items=a), Mapping(items=b))
            for a, b in zip(first.cases, second.cases, strict=True)
        )
    if isinstance(first, Raised) and isinstance(second, Raised):
        return (first.type, first.message, first.case) == (second.type, second.message, second.case)
    return False


def alike_values(first: Value, second: Value) -> bool:
    """Equal but for rounding; a Python and a NumPy number are the same answer."""
    if isinstance(first, Array) and isinstance(second, Array):
        return alike_arrays(first, second)
    if isinstance(first, ValueSequence) and isinstance(second, ValueSequence):
        return len(first.items) == len(second.items) and all(
            alike_values(a, b) for a, b in zip(first.items, second.items, strict=True)
        )
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.items.keys() == second.items.keys() and all(
            alike_values(value, second.items[key]) for key, value in first.items.items()
        )
    one, other = plain(first), plain(second)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=LIKENESS, abs_tol=1e-9) or (one != one and other != other)
    return type(one) is type(other) and one == other


def plain(value: Value) -> Value:
    return value.value if isinstance(value, Scalar) else value


def alike_arrays(first: Array, second: Array) -> bool:
    if (first.kind, first.dtype, first.shape, first.requires_grad) != (
        second.kind, second.dtype, second.shape, second.requires_grad,
    ):  # fmt: skip
        return False
    a, b = first.numpy(), second.numpy()
    if a.dtype.kind not in "fc":
        return bool(np.array_equal(a, b))
    with np.errstate(all="ignore"):
        size = float(np.max(np.abs(b[np.isfinite(b)]), initial=0.0))
        return bool(np.allclose(a, b, rtol=0.0, atol=LIKENESS * size, equal_nan=True))
