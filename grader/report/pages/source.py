"""What the pages need of a gradebook besides single results: many rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grader.errors import UsageError
from grader.gradebook import SuitePart, open_to_read
from grader.gradebook.connection import connected_to_read
from grader.intake import find_submissions
from grader.intake.records import Found
from grader.model import Outcome, Record, Status

PRESENT: Final = """
SELECT results.id, submission, student, name, folder, path, submissions.attempt, submitted_at, late, content,
       made_at, message
FROM results JOIN submissions ON submissions.id = results.submission ORDER BY submission"""
OUTCOMES: Final = """
SELECT attempt, part, tests.name, outcome, outcomes.score, hint
FROM outcomes JOIN tests ON tests.id = outcomes.test
WHERE attempt IN (SELECT id FROM results) ORDER BY attempt"""
NEWEST_SUITE: Final = "SELECT suite FROM attempts ORDER BY id DESC LIMIT 1"
PARTS: Final = "SELECT name, title, max_score FROM suite_parts WHERE suite = ? ORDER BY position"
TESTS: Final = """
SELECT part, name, title, tests.max_score FROM suite_tests JOIN tests ON tests.id = test
WHERE suite = ? ORDER BY position"""
SEEDS: Final = "SELECT DISTINCT seed FROM results ORDER BY seed"


class Sheet(Record, frozen=True):
    """One present submission: the `attempt` that counts, who handed in what, where and when."""

    attempt: int
    submission: str
    student: str
    name: str | None
    folder: str
    path: str
    turn: int
    submitted_at: str | None
    late: bool | None
    content: str
    made_at: str
    message: str | None


class Verdict(Record, frozen=True):
    """One test's outcome in the attempt that counts."""

    part: str
    name: str
    outcome: Outcome
    score: float | None
    hint: str | None


class SuiteItem(Record, frozen=True):
    """One test of the suite that was graded with last."""

    part: str
    name: str
    title: str
    max_score: float


class Standing(Record, frozen=True):
    """One submission in the class: its score that counts, its parts' scores, its tests' verdicts.

    `changed` where the score is another than what the tests add up to: void tests, changes by hand, lateness.
    """

    submission: str
    status: Status
    score: float | None
    parts: tuple[float | None, ...]
    sheet: Sheet | None
    changed: bool = False
    verdicts: tuple[Verdict, ...] = ()


class ClassRecord(Record, frozen=True):
    """The whole class."""

    assignment: str
    parts: tuple[SuitePart, ...]
    tests: tuple[SuiteItem, ...]
    standings: tuple[Standing, ...]
    seeds: tuple[str, ...]

    @property
    def max_score(self) -> float:
        return sum(part.max_score for part in self.parts)


def read_sheets(out: Path) -> tuple[Sheet, ...]:
    """All present submissions, sorted by name; UsageError where there is no gradebook."""
    with connected_to_read(out) as connection:
        return tuple(
            Sheet(
                attempt=row[0], submission=row[1], student=row[2], name=row[3], folder=row[4], path=row[5],
                turn=row[6], submitted_at=row[7], late=None if row[8] is None else bool(row[8]), content=row[9],
                made_at=row[10], message=row[11],
            )
            for row in connection.execute(PRESENT)
        )  # fmt: skip


def read_class(out: Path, sheets: tuple[Sheet, ...]) -> ClassRecord:
    """The class as it stands."""
    verdicts = read_verdicts(out)
    by_name = {sheet.submission: sheet for sheet in sheets}
    parts, tests, seeds = read_suite(out)
    with open_to_read(out) as book:
        assignment = book.setting("assignment") or ""
        rows = list(book.grades(sum(part.max_score for part in parts)))
    standings = []
    for row in rows:
        sheet = by_name.get(row.submission) if row.status is not Status.NOT_HANDED_IN else None
        standings.append(
            Standing(
                submission=row.submission, status=row.status, score=row.score, parts=row.parts, sheet=sheet,
                changed=bool(row.adjustments),
                verdicts=verdicts.get(sheet.attempt, ()) if sheet else (),
            )
        )  # fmt: skip
    return ClassRecord(
        assignment=assignment, parts=parts, tests=tests, standings=tuple(standings), seeds=seeds
    )


def read_suite(out: Path) -> tuple[tuple[SuitePart, ...], tuple[SuiteItem, ...], tuple[str, ...]]:
    """Parts and tests of the suite that was graded with last, and the seeds that questions came from."""
    with connected_to_read(out) as connection:
        newest = connection.execute(NEWEST_SUITE).fetchone() or (None,)
        parts = connection.execute(PARTS, newest).fetchall()
        tests = connection.execute(TESTS, newest).fetchall()
        seeds = connection.execute(SEEDS).fetchall()
    return (
        tuple(SuitePart(name=name, title=title, max_score=of) for name, title, of in parts),
        tuple(SuiteItem(part=part, name=name, title=title, max_score=of) for part, name, title, of in tests),
        tuple(seed for (seed,) in seeds),
    )


def read_verdicts(out: Path) -> dict[int, tuple[Verdict, ...]]:
    """By attempt."""
    verdicts: dict[int, list[Verdict]] = {}
    with connected_to_read(out) as connection:
        for attempt, part, name, outcome, score, hint in connection.execute(OUTCOMES):
            verdict = Verdict(part=part, name=name, outcome=Outcome(outcome), score=score, hint=hint)
            verdicts.setdefault(attempt, []).append(verdict)
    return {attempt: tuple(of_attempt) for attempt, of_attempt in verdicts.items()}


def find_handed(sheets: tuple[Sheet, ...]) -> dict[str, Found]:
    """Where each submission lies, by its id; those whose folder is gone are left out."""
    there: dict[str, Found] = {}
    for folder in sorted({sheet.folder for sheet in sheets}):
        there |= {one.id: one for one in found_in(Path(folder)) if one.id not in there}
    return there


def found_in(folder: Path) -> Iterator[Found]:
    try:
        yield from find_submissions(folder)
    except UsageError:  # moved or removed since: the pages do without the handed-in files
        return
