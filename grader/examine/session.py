"""One submission under examination: its workers, and what their answers amount to.

Hidden tests speak to `Examination.ask`.  It opens workers when they are needed, replaces those that died, and
turns everything but an answer into a `Judgement` with a sentence for the student.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pytest

from grader.assignment import Assignment, Part
from grader.errors import GraderError, Judgement
from grader.examine.allowances import allowance_met
from grader.examine.answer import Answer
from grader.intake.records import Submission
from grader.model import Outcome
from grader.sandbox.client import Sandbox, Worker, WorkerError
from grader.sandbox.limits import Limits
from grader.sandbox.protocol import (
    Absent,
    Answered,
    Call,
    Frame,
    Load,
    Loaded,
    Mapping,
    ProtocolError,
    Raised,
    Refused,
    Reply,
    Scalar,
    Value,
    array_of,
)
from grader.sandbox.protocol import (
    Sequence as ValueSequence,
)

FORK_SECONDS = 10.0
TRY_SECONDS = 5.0
WALLS = 2
"""How often in a row a wall may fail to be built before no test of the submission tries it again."""


@dataclass(frozen=True)
class Question:
    """One test's claim on the worker: who asks, until when, and with which of the student's names replaced."""

    test: str
    part: Part
    seed: int
    seconds: float
    deadline: float
    replace: tuple[str, ...] = ()


@dataclass
class Transcript:
    """What one test asked and got, for the search of a hint, and what the student's code printed."""

    exchanges: list[tuple[Call, Reply]] = field(default_factory=list)
    unanswered: Call | None = None
    """The call that did not come back in time."""
    printed: str = ""


class Examination:
    """The workers of one submission.  Use as a context manager: at its end none is left."""

    def __init__(self, assignment: Assignment, submission: Submission, sandbox: Sandbox, device: str) -> None:
        self.assignment = assignment
        self.submission = submission
        self.device = device
        self.names: dict[str, str] = {}
        self.stalled: set[str] = set()
        """Exercises of which a test ran into its time limit."""
        self.rehearsed: set[tuple[str, tuple[str, ...]]] = set()
        """Probes that have been tried out as if there were a GPU, with the results that had to be there."""
        self._sandbox = sandbox
        self._workers: dict[tuple[str, ...], Worker] = {}
        self._unloadable: dict[tuple[str, ...], Judgement] = {}
        self._unbuilt: list[str] = []
        """Why the last walls could not be built, one after another."""
        self._parts: dict[tuple[str, ...], set[str]] = {}
        """The parts whose calls the present fork of each worker has been given."""
        self.sharing: defaultdict[tuple[str, ...], list[pytest.Function]] = defaultdict(list)
        """The tests that have passed in a process that other parts had used, for each worker."""
        self._spent = 0.0
        self._calls = 0

    def __enter__(self) -> Examination:
        return self

    def __exit__(self, *raised: object) -> None:
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()

    def ask(
        self,
        question: Question,
        transcript: Transcript,
        probe: str,
        called: str,
        cases: Sequence[dict[str, Any]],
    ) -> list[Answer]:
        """Run a probe on each case; Judgement where the student's code does not answer."""
        sent = [{name: to_value(value) for name, value in case.items()} for case in cases]
        self._calls += 1
        call = Call(
            id=self._calls,
            probe=probe,
            cases=sent,
            device=self.device,
            forbidden=question.part.forbidden,
            seed=question.seed,
        )
        started = time.monotonic()
        try:
            reply = self._reply(question, call, called)
        except Judgement as judgement:
            transcript.unanswered = call if judgement.outcome is Outcome.TIMEOUT else None
            raise
        finally:
            self._spent += time.monotonic() - started
        transcript.exchanges.append((call, reply))
        transcript.printed = getattr(reply, "printed", "") or transcript.printed
        if isinstance(reply, Answered):
            return [Answer(called, case, self.device) for case in reply.cases]
        raise judgement_of(reply, called, self.assignment.limits)

    def try_out(self, question: Question, call: Call) -> Reply | None:
        """What the worker that answered last makes of a call that decides nothing; None where it has no answer."""
        worker = self._workers.get(question.replace)
        if worker is None or not worker.open:
            return None
        try:
            return worker.call(call, TRY_SECONDS)
        except WorkerError:
            return None

    def _reply(self, question: Question, call: Call, called: str) -> Answered | Raised | Absent | Refused:
        seconds = self._time_left(question, called)
        worker = self._worker(question)
        try:
            reply = worker.call(call, seconds)
        except WorkerError as error:
            raise self._failure(error, question, called) from None
        if isinstance(reply, Refused):
            worker.finish_fork()  # the call was cut short in the middle: its fork may be in any state
            self._parts[question.replace].clear()
        if isinstance(reply, Raised) and reply.spent:
            worker.close()  # the next test gets a fresh one
        return reply

    def _time_left(self, question: Question, called: str) -> float:
        total = self.assignment.limits.total_seconds
        if self._spent >= total:
            raise Judgement(
                Outcome.TIMEOUT,
                f"{called} was not run: the submission had used up its {total:.0f} s in all before.",
            )
        left = min(question.deadline - time.monotonic(), total - self._spent)
        if left <= 0:
            raise Judgement(Outcome.TIMEOUT, f"The test took longer than its {question.seconds:g} s.")
        return left

    def _failure(self, error: WorkerError, question: Question, called: str) -> Judgement:
        """What a worker's end means for the student; GraderError where it means nothing for them."""
        if error.kind == "lost":
            raise GraderError(f"{called} was not answered: {error.detail}.") from None
        if error.kind == "timeout":
            return Judgement(
                Outcome.TIMEOUT,
                f"{called} did not come back: the test was stopped after {question.seconds:g} s. "
                "Look for a loop that does not end, or for work that is repeated.",
            )
        if error.kind == "garbled":
            return Judgement(Outcome.CRASHED, f"{called}: the answer that came back was malformed.")
        return Judgement(Outcome.CRASHED, f"{called} ended its process: {error.detail}.")

    def _worker(self, question: Question) -> Worker:
        """A live worker with this test's names replaced."""
        key = question.replace
        unloadable = self._unloadable.get(key) or self._hung_before()
        if unloadable is not None:
            raise unloadable.with_traceback(None)  # or it would grow from test to test
        worker = self._workers.get(key)
        if worker is None or not worker.open:
            worker = self._workers[key] = self._load(key)
        self._parts[key].add(question.part.name)
        return worker

    def shared(self, question: Question) -> bool:
        """Whether the process that this test would be put to has been given calls of another part: whatever those
        changed in it (a default dtype, a module of torch's) may be this test's undoing."""
        worker = self._workers.get(question.replace)
        if worker is None or not worker.open or self.device != "cpu":  # a card's worker never forks
            return False
        return bool(self._parts[question.replace] - {question.part.name})

    def start_afresh(self, question: Question) -> None:
        """Have the test's next call answered by a process that no other part has touched."""
        worker = self._workers.get(question.replace)
        if worker is not None and worker.open:
            with suppress(WorkerError):  # then a new worker takes the next call
                worker.finish_fork()
            self._parts[question.replace] = set()
        self.sharing[question.replace].clear()

    def _hung_before(self) -> Judgement | None:
        """What took too long to load will again, with stand-ins for some of its names: it costs its time once."""
        own = self._unloadable.get(())
        return own if own is not None and own.outcome is Outcome.TIMEOUT else None

    def _load(self, replace: tuple[str, ...]) -> Worker:
        if len(self._unbuilt) >= WALLS:
            raise GraderError(self._unbuilt[-1])
        self._parts[replace] = set()
        worker = self._sandbox.open(self.assignment.limits)
        load = Load(
            module=self.assignment.name,
            pieces=list(self.submission.pieces),
            files=self.submission.files,
            stand_ins=self.assignment.stand_ins() if replace else None,
            replace=replace,
            stubs=self.assignment.spec.packages,
            tolerant=self.submission.dynamic,
            forbidden=self.assignment.forbidden,
        )
        seconds = self.assignment.limits.load_seconds
        started = time.monotonic()
        try:
            reply = worker.load(load, seconds)
        except WorkerError as error:
            if error.kind == "lost":
                raise GraderError(f"The module could not be loaded: {error.detail}.") from None
            if error.detail.startswith("wall "):
                self._unbuilt.append(f"The wall could not be built: {error.detail}")
                raise GraderError(self._unbuilt[-1]) from None
            self._unloadable[replace] = verdict = unloadable(error, seconds)
            raise verdict from None
        finally:
            self._spent += time.monotonic() - started
        self._unbuilt.clear()
        if isinstance(reply, Loaded):
            self.names = reply.names
            return worker
        worker.close()
        self._unloadable[replace] = verdict = judgement_of(
            reply, "Loading your module", self.assignment.limits
        )
        raise verdict


def unloadable(error: WorkerError, seconds: float) -> Judgement:
    if error.kind == "timeout":
        return Judgement(
            Outcome.TIMEOUT,
            f"Loading your module took longer than {seconds:g} s. Keep what takes long out of the module's top "
            "level, or behind `if __name__ == '__main__':`.",
        )
    if error.kind == "garbled":
        return Judgement(Outcome.CRASHED, "Loading your module: the answer that came back was malformed.")
    return Judgement(Outcome.CRASHED, f"Loading your module ended its process: {error.detail}.")


def judgement_of(reply: Raised | Absent | Refused, called: str, limits: Limits) -> Judgement:
    """What a reply other than an answer means, in a sentence for the student."""
    if isinstance(reply, Absent):
        return Judgement(Outcome.MISSING, f"There is no `{reply.name}` in your module. {reply.why}".strip())
    if isinstance(reply, Refused):
        return forbidden(reply.operation, reply.instead, where(reply.frames))
    unfinished = reply.type == "NotImplementedError"
    said = f": {shortened(reply.message)}" if reply.message.strip() else ""
    verb = "is not implemented yet" if unfinished else f"raised {reply.type}"
    return Judgement(
        Outcome.ERROR,
        "\n".join(
            filter(None, [f"{called} {verb}{said}{where(reply.frames)}", allowance_met(reply, limits)])
        ),
        printed=reply.printed or None,
    )


def forbidden(operation: str, instead: str, place: str) -> Judgement:
    name = operation.removeprefix("torch.ops.")
    return Judgement(Outcome.FORBIDDEN, f"`{name}` is not allowed in this part; use {instead}.{place}")


def where(frames: Sequence[Frame]) -> str:
    """The student's own line that it happened in, on a line of its own."""
    if not frames:
        return ""
    last = frames[-1]
    text = f": {last.text}" if last.text else ""
    return f"\n  {last.file}, line {last.line}{text}"


def shortened(text: str, limit: int = 400) -> str:
    return text if len(text) <= limit else text[:limit] + " ..."


def to_value(value: Any) -> Value:
    """What a hidden test sends, as the protocol knows it; TypeError names what can't be sent."""
    if value is None or (isinstance(value, bool | int | float | str) and not isinstance(value, np.generic)):
        return value
    if isinstance(value, np.ndarray):
        try:
            return array_of(value)
        except (ValueError, msgspec.ValidationError) as error:
            raise ProtocolError(f"an array of dtype {value.dtype} can't be sent: {error}") from None
    if isinstance(value, np.generic):
        return Scalar(type=value.dtype.name, value=value.item())
    if isinstance(value, list | tuple):
        return ValueSequence(type=type(value).__name__, items=[to_value(item) for item in value])
    if isinstance(value, dict):
        return Mapping(items={str(key): to_value(item) for key, item in value.items()})
    raise TypeError(f"a {type(value).__name__} can't be sent to a probe")
