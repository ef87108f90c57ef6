"""Known submissions on their way through one session of the suite."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from grader.assignment import Assignment
from grader.examine.declared import declared_by
from grader.intake import read_submission
from grader.intake.records import Hit, Submission, Unreadable
from grader.model import Record, Result, RunInfo, TestResult
from grader.pipeline import contract_of, forbidden_calls, run_info
from grader.sandbox.client import Sandbox
from grader.score.scoring import score_submission, unreadable
from grader.validate.judging import judged
from grader.validate.records import Known, Trial

Tell = Callable[[Trial], None]


class Chunk(Record, frozen=True):
    """Submissions that are tried one after the other; `thorough`: with the tests that take long, all of them."""

    assignment: Assignment
    group: tuple[Known, ...]
    seed: str
    thorough: bool


class LongTest(Record, frozen=True):
    """A test with a time limit of its own, and what it is about."""

    name: str
    part: str
    exercises: tuple[str, ...]


class Sitting:
    """What `examine` asks and tells while it goes through a chunk, one submission after the other."""

    def __init__(self, chunk: Chunk, workers: Sandbox, tell: Tell) -> None:
        self.chunk = chunk
        self.assignment = chunk.assignment
        self.workers = workers
        self.tell = tell
        self.trials: list[Trial] = []
        self.present = chunk.group[0]
        self.started = time.monotonic()
        self.names: frozenset[str] = frozenset()
        self.long: tuple[LongTest, ...] = ()

    def announce(self, items: Sequence[pytest.Function]) -> None:
        """Note all tests, and which take long."""
        declared = [declared_by(item, self.assignment) for item in items]
        self.names = frozenset(test.name for test in declared)
        self.long = tuple(
            LongTest(name=test.name, part=test.part.name, exercises=test.about)
            for test in declared
            if test.takes_long
        )

    def submissions(self) -> Iterator[tuple[Submission, list[Hit]]]:
        """Those that can be read, each with its forbidden calls; the others are judged at once."""
        for known in self.chunk.group:
            self.present, self.started = known, time.monotonic()
            read = read_submission(known.path, contract_of(self.assignment))
            if isinstance(read, Unreadable):
                self.judge(unreadable(self.assignment, read.id, read.message, self.run(), read.reading))
            else:
                yield read, forbidden_calls(read, self.assignment)

    def choose(self, submission: Submission) -> frozenset[str] | None:
        """All tests but the long ones that the present submission is not about."""
        return self.names - set(self.left_out())

    def left_out(self) -> tuple[str, ...]:
        if self.chunk.thorough:
            return ()
        return tuple(test.name for test in self.long if not concerned(self.present, test))

    def deliver(self, submission: Submission, tests: list[TestResult]) -> None:
        self.judge(score_submission(self.assignment, submission.id, tests, self.run(), submission.reading))

    def judge(self, result: Result) -> None:
        seconds = time.monotonic() - self.started
        trial = judged(self.present, result, self.assignment.parts, self.left_out(), seconds)
        self.trials.append(trial)
        self.tell(trial)

    def run(self) -> RunInfo:
        return run_info(self.workers, self.chunk.seed, "cpu")


def concerned(known: Known, test: LongTest) -> bool:
    """Whether a long test matters for a submission: right ones must pass it, wrong ones may be about it.

    A fault elsewhere can't cost its points, for it is run again with the solution's pieces in the others' place.
    """
    if known.misconception is not None:
        return known.misconception.exercise in test.exercises
    return known.kind not in ("wrong", "partial", "sample_class") or test.part in known.expected
