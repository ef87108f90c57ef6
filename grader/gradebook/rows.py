"""Records <-> rows: the statements, and what goes into and comes out of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from grader.gradebook.records import Attempt, Environment, Row, Run, Suite, SuiteTest, key_of
from grader.intake.records import Found
from grader.model import (
    CellUse,
    Exhibit,
    Outcome,
    PartResult,
    Reading,
    Result,
    RunInfo,
    Status,
    TestResult,
)

Statement = tuple[str, Iterable[tuple[Any, ...]]]

SUITE_PARTS: Final = "SELECT name, title, max_score FROM suite_parts WHERE suite = ? ORDER BY position"
SUITE_TESTS: Final = """
SELECT id, part, name, title, max_score, digest, hints
FROM suite_tests JOIN tests ON tests.id = suite_tests.test WHERE suite = ? ORDER BY position"""
KNOWN_TEST: Final = "SELECT id FROM tests WHERE part = ? AND name = ? AND digest = ? AND hints = ?"
NEW_TEST: Final = """
INSERT INTO tests (part, name, title, max_score, digest, hints) VALUES (?, ?, ?, ?, ?, ?)"""
SEEN: Final = """
INSERT INTO submissions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
ON CONFLICT (id) DO UPDATE SET
    student = excluded.student, name = excluded.name, folder = excluded.folder, path = excluded.path,
    layout = excluded.layout, attempt = excluded.attempt, submitted_at = excluded.submitted_at,
    late = excluded.late, counts = excluded.counts, present = 1"""
LATEST: Final = """
SELECT attempts.id, content, attempts.digest, suites.digest, environments.digest, seed, status, published
FROM attempts
JOIN suites ON suites.id = attempts.suite
JOIN environments ON environments.id = attempts.environment
WHERE submission = ? ORDER BY attempts.id DESC LIMIT 1"""
PAST_OUTCOMES: Final = """
SELECT part, name, digest, hints, outcome FROM outcomes JOIN tests ON tests.id = outcomes.test WHERE attempt = ?"""
MADE_IN: Final = """
SELECT part, name, made_in FROM outcomes JOIN tests ON tests.id = outcomes.test WHERE attempt = ?"""
NEW_ATTEMPT: Final = """
INSERT INTO attempts (submission, run, made_at, content, digest, suite, environment, seed, status, message, score,
                      max_score, seconds, file, why)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
RESULT: Final = """
SELECT submission, status, message, score, max_score, seed, file, why, suite, environment
FROM attempts WHERE id = ?"""
OUTCOMES: Final = """
SELECT tests.id, name, part, title, score, tests.max_score, outcome, message, hint, seconds, own, printed
FROM outcomes
JOIN tests ON tests.id = outcomes.test
JOIN suite_tests ON suite_tests.test = outcomes.test AND suite_tests.suite = ?
WHERE attempt = ? ORDER BY position"""
PARTS: Final = """
SELECT name, score, max_score FROM attempt_parts
JOIN suite_parts ON suite_parts.position = attempt_parts.position AND suite = ?
WHERE attempt = ? ORDER BY attempt_parts.position"""


def suite_test(row: tuple[Any, ...]) -> SuiteTest:
    identity, part, name, title, max_score, digest, hints = row
    return SuiteTest(
        id=identity, part=part, name=name, title=title, max_score=max_score, digest=digest, hints=hints
    )


def test_row(test: SuiteTest) -> tuple[Any, ...]:
    return test.part, test.name, test.title, test.max_score, test.digest, test.hints


def seen(folder: Path, one: Found) -> tuple[Any, ...]:
    return (
        one.id, printable(one.student), one.name and printable(one.name), printable(str(folder)),
        printable(str(one.path)), one.layout, one.attempt, one.submitted_at, one.late, one.counts,
    )  # fmt: skip


def printable(text: str) -> str:
    """A file's name as text: bytes that are no UTF-8 become question marks."""
    return text.encode("utf-8", "replace").decode()


# -------------------------------------------------------------------------------------------- writing


def attempt_row(
    run: Run, suite: Suite, environment: Environment, attempt: Attempt, made_at: str
) -> tuple[Any, ...]:
    result = attempt.result
    reading = result.reading
    return (
        result.submission, run.id, made_at, attempt.content, attempt.digest, suite.id, environment.id, run.seed,
        result.status, result.message, result.score, result.max_score, attempt.seconds,
        reading and reading.file, reading and reading.why,
    )  # fmt: skip


def details(identity: int, suite: Suite, attempt: Attempt) -> list[Statement]:
    """The rows of everything below an attempt."""
    result = attempt.result
    numbers = {test.key: test.id for test in suite.tests}
    tests = [(numbers[key_of(test.part, test.name)], test) for test in result.tests]
    return [
        (
            "INSERT INTO attempt_parts VALUES (?, ?, ?)",
            ((identity, at, part.score) for at, part in enumerate(result.parts)),
        ),
        (
            "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (outcome_row(identity, number, test, attempt) for number, test in tests),
        ),
        (
            "INSERT INTO exhibits VALUES (?, ?, ?, ?, ?)",
            (
                (identity, number, at, exhibit.kind, msgspec.json.encode(exhibit.data).decode())
                for number, test in tests
                for at, exhibit in enumerate(test.exhibits)
            ),
        ),
        *(reading_rows(identity, result.reading) if result.reading is not None else []),
    ]


def outcome_row(identity: int, number: int, test: TestResult, attempt: Attempt) -> tuple[Any, ...]:
    made_in = attempt.made_in.get(key_of(test.part, test.name), identity)
    return (
        identity, number, made_in, test.outcome, test.score, test.seconds,
        test.message, test.hint, test.own, test.printed,
    )  # fmt: skip


def reading_rows(identity: int, reading: Reading) -> list[Statement]:
    names = [*((name, 1) for name in reading.found), *((name, 0) for name in reading.missing)]
    return [
        (
            "INSERT INTO reading_cells VALUES (?, ?, ?, ?, ?)",
            ((identity, at, cell.cell, cell.use, cell.reason) for at, cell in enumerate(reading.cells)),
        ),
        (
            "INSERT INTO reading_names VALUES (?, ?, ?, ?)",
            ((identity, at, name, found) for at, (name, found) in enumerate(names)),
        ),
        (
            "INSERT INTO reading_notes VALUES (?, ?, ?)",
            ((identity, at, note) for at, note in enumerate(reading.notes)),
        ),
    ]


# -------------------------------------------------------------------------------------------- reading


def read_result(connection: sqlite3.Connection, attempt: int) -> Result:
    """One attempt as a result."""
    row = connection.execute(RESULT, (attempt,)).fetchone()
    submission, status, message, score, max_score, seed, file, why, suite, environment = row
    parts = connection.execute(PARTS, (suite, attempt))
    return Result(
        submission=submission,
        assignment=connection.execute("SELECT value FROM settings WHERE name = 'assignment'").fetchone()[0],
        status=Status(status),
        message=message,
        score=score,
        max_score=max_score,
        parts=tuple(PartResult(name=name, score=earned, max_score=of) for name, earned, of in parts),
        tests=read_tests(connection, attempt, suite),
        run=read_run_info(connection, environment, seed),
        reading=None if file is None else read_reading(connection, attempt, file, why),
    )


def read_tests(connection: sqlite3.Connection, attempt: int, suite: int) -> tuple[TestResult, ...]:
    exhibits = read_exhibits(connection, attempt)
    return tuple(
        TestResult(
            name=name, part=part, title=title, score=score, max_score=max_score, outcome=Outcome(outcome),
            message=message, hint=hint, seconds=seconds, own=None if own is None else Outcome(own),
            printed=printed, exhibits=tuple(exhibits.get(number, ())),
        )
        for number, name, part, title, score, max_score, outcome, message, hint, seconds, own, printed
        in connection.execute(OUTCOMES, (suite, attempt))
    )  # fmt: skip


def read_exhibits(connection: sqlite3.Connection, attempt: int) -> dict[int, list[Exhibit]]:
    exhibits: dict[int, list[Exhibit]] = {}
    for number, kind, data in connection.execute(
        "SELECT test, kind, data FROM exhibits WHERE attempt = ? ORDER BY test, position", (attempt,)
    ):
        exhibits.setdefault(number, []).append(Exhibit(kind=kind, data=msgspec.json.decode(data)))
    return exhibits


def read_run_info(connection: sqlite3.Connection, environment: int, seed: str) -> RunInfo:
    facts = dict(
        connection.execute(
            "SELECT name, value FROM environment_facts WHERE environment = ?", (environment,)
        ).fetchall()
    )
    return RunInfo(
        seed=seed,
        device=facts["device"],
        torch=facts["torch"],
        grader=facts["grader"],
        sandbox=facts["sandbox"],
    )


def read_reading(connection: sqlite3.Connection, attempt: int, file: str, why: str) -> Reading:
    cells = connection.execute(
        "SELECT cell, use, reason FROM reading_cells WHERE attempt = ? ORDER BY position", (attempt,)
    )
    names = connection.execute(
        "SELECT name, found FROM reading_names WHERE attempt = ? ORDER BY position", (attempt,)
    ).fetchall()
    notes = connection.execute(
        "SELECT note FROM reading_notes WHERE attempt = ? ORDER BY position", (attempt,)
    )
    return Reading(
        file=file,
        why=why,
        cells=tuple(CellUse(cell=cell, use=use, reason=reason) for cell, use, reason in cells),
        found=tuple(name for name, found in names if found),
        missing=tuple(name for name, found in names if not found),
        notes=tuple(note for (note,) in notes),
    )


def row_of(result: Result) -> Row:
    """The line of a result."""
    return Row(
        submission=result.submission, status=result.status, score=result.score, max_score=result.max_score,
        parts=tuple(part.score for part in result.parts), adjustments=result.adjustments,
    )  # fmt: skip


def read_grades(connection: sqlite3.Connection, max_score: float) -> Iterator[Row]:
    """Submissions, then those who handed nothing in, both sorted by name."""
    yield from read_graded(connection)
    for (student,) in connection.execute("SELECT student FROM absent ORDER BY student"):
        yield Row(submission=student, status=Status.NOT_HANDED_IN, score=None, max_score=max_score, parts=())


def read_graded(connection: sqlite3.Connection) -> Iterator[Row]:
    parts: dict[int, list[float | None]] = {}
    for attempt, score in connection.execute(
        "SELECT attempt, attempt_parts.score FROM attempt_parts JOIN results ON results.id = attempt "
        "ORDER BY attempt, position"
    ):
        parts.setdefault(attempt, []).append(score)
    for attempt, submission, status, score, max_score in connection.execute(
        "SELECT id, submission, status, score, max_score FROM results ORDER BY submission"
    ):
        yield Row(
            submission=submission, status=Status(status), score=score, max_score=max_score,
            parts=tuple(parts.get(attempt, ())),
        )  # fmt: skip
