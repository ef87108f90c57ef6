"""The records that flow through the grader: frozen, plain, without behaviour.

Loaders make them, checks and printers take them.  Everything that ends up in a result file is
defined here, so this module is also the schema of `results/<submission>.json`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

import msgspec

SCHEMA = 1


class Outcome(StrEnum):
    """What became of one test.  Exactly one of these, and only `unchecked` is the grader's own doing."""

    PASSED = "passed"
    FAILED = "failed"  # a wrong answer
    ERROR = "error"  # the student's code raised
    TIMEOUT = "timeout"
    CRASHED = "crashed"  # the student's process died
    FORBIDDEN = "forbidden"  # a call that the part does not allow
    MISSING = "missing"  # nothing by that name
    UNCHECKED = "unchecked"  # the grader's own trouble: never a zero


class Status(StrEnum):
    """What became of one submission."""

    GRADED = "graded"
    UNREADABLE = "unreadable"  # nothing to run; `message` says why
    UNCHECKED = "unchecked"  # the grader could not check some test; the score is withheld
    NOT_HANDED_IN = "not handed in"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the records: immutable, compared by value, encoded as JSON objects."""


class Exhibit(Record, frozen=True):
    """Plain data that a test lays open for the feedback page, e.g. a loss curve."""

    kind: str
    data: dict[str, Any]


class TestResult(Record, frozen=True):
    """The verdict on one test.

    `score` is None where the test is `unchecked`; `title` is the test's docstring, the sentence that a
    student reads; `own` tells the first grading's outcome where a second one, with PyTorch's pieces in
    place of the student's earlier ones, counted instead.
    """

    name: str
    part: str
    title: str
    score: float | None
    max_score: float
    outcome: Outcome
    message: str | None = None
    hint: str | None = None
    seconds: float = 0.0
    own: Outcome | None = None
    printed: str | None = None
    exhibits: tuple[Exhibit, ...] = ()


class PartResult(Record, frozen=True):
    name: str
    score: float | None
    max_score: float


class CellUse(Record, frozen=True):
    """What intake did with one cell of a notebook (or with a module as a whole, `cell` None)."""

    cell: int | None
    use: Literal["used", "partly used", "skipped", "unparsable"]
    reason: str


class Reading(Record, frozen=True):
    """What was read of a submission: the file chosen, why, and which cells were used."""

    file: str
    why: str
    cells: tuple[CellUse, ...] = ()
    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Adjustment(Record, frozen=True):
    """One step from what the tests gave to the score that counts: a void test, a change by hand, lateness.

    `before` and `after` are the scores of the `test`, else of the `part`, else of the whole, None where withheld.
    Of a change by hand, `by` is its author, `at` its time and `number` what `grade override --undo` takes.
    """

    kind: Literal["void", "by hand", "late"]
    before: float | None
    after: float | None
    why: str
    part: str | None = None
    test: str | None = None
    by: str | None = None
    at: str | None = None
    number: int | None = None


class RunInfo(Record, frozen=True):
    """Under which circumstances a result came about; with the same seed it comes about again."""

    seed: str
    device: str
    torch: str
    grader: str
    sandbox: str


class Result(Record, frozen=True, kw_only=True):
    """One submission's result: the content of `results/<submission>.json`, schema 1.

    `score` and `parts` are what counts; `adjustments` tell how they differ from what the tests add up to.
    """

    schema: int = SCHEMA
    submission: str
    assignment: str
    status: Status
    message: str | None
    score: float | None
    max_score: float
    parts: tuple[PartResult, ...]
    tests: tuple[TestResult, ...]
    run: RunInfo
    reading: Reading | None = None
    adjustments: tuple[Adjustment, ...] = ()
