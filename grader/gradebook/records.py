"""What a gradebook keeps besides results: suites by their tests, environments by their facts, the last attempts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from grader.model import Adjustment, Outcome, Record, Result, Status

Ending = Literal["complete", "incomplete", "interrupted"]


class SuiteTest(Record, frozen=True):
    """One test of a suite.

    `digest` covers all that its verdict depends on but the submission and the environment; `hints` what the
    hint of a failure depends on besides.  `id` is the gradebook's own number, 0 for a test that it does not
    know yet.
    """

    part: str
    name: str
    title: str
    max_score: float
    digest: str
    hints: str
    id: int = 0

    @property
    def key(self) -> str:
        """Unique in the suite."""
        return key_of(self.part, self.name)


def key_of(part: str, test: str) -> str:
    """What a test is called in a whole assignment."""
    return f"{part}::{test}"


class SuitePart(Record, frozen=True):
    """One part of an assignment with its points."""

    name: str
    title: str
    max_score: float


class Suite(Record, frozen=True):
    """All tests of an assignment in order, and its parts.  `digest` covers every file."""

    digest: str
    tests: tuple[SuiteTest, ...]
    parts: tuple[SuitePart, ...]
    id: int = 0


class Environment(Record, frozen=True):
    """All that a result depends on besides submission, suite and seed; `digest` covers the `facts`."""

    digest: str
    facts: dict[str, str]
    id: int = 0


class Run(Record, frozen=True):
    """One `grade batch`, as the gradebook knows it."""

    id: int
    seed: str
    folder: str


class Latest(Record, frozen=True):
    """The last attempt at a submission: under which digests it was made."""

    attempt: int
    content: str
    digest: str | None
    suite: str
    environment: str
    seed: str
    status: Status
    published: bool


class PastOutcome(Record, frozen=True):
    """What one test gave in the last attempt, and by which digests it may be used again."""

    digest: str
    hints: str
    outcome: Outcome


class Attempt(Record, frozen=True):
    """A result to be kept: with the digests it was made under, and the attempt that each test which did not
    run again was made in."""

    result: Result
    content: str
    digest: str | None
    seconds: float
    made_in: Mapping[str, int] = msgspec.field(default_factory=dict)


class TestChange(Record, frozen=True):
    """One test whose score changed; None where it was unchecked or not there."""

    part: str
    name: str
    before: float | None
    after: float | None


class Change(Record, frozen=True):
    """One submission whose score or status changed: before, after, and the tests that did it."""

    submission: str
    status_before: Status
    status_after: Status
    before: float | None
    after: float | None
    tests: tuple[TestChange, ...]


class Person(Record, frozen=True):
    """Whose a present submission is: the `student`'s id as the layout tells it, and other ids of the same student."""

    submission: str
    student: str
    name: str | None
    layout: str
    aliases: tuple[str, ...]


class Row(Record, frozen=True):
    """One line of grades.csv."""

    submission: str
    status: Status
    score: float | None
    max_score: float
    parts: tuple[float | None, ...]
    adjustments: tuple[Adjustment, ...] = ()
