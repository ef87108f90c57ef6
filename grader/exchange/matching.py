"""Whose score belongs into which line of a course's file: found by ids alone, never guessed.

A submission whose student is in no line, or may be in several, and a line that several submissions claim, are
left as they are and listed.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from grader.exchange.csv import harmless
from grader.gradebook import Person, Row
from grader.model import Record, Status

UNMATCHED_COLUMNS: Final = ("submission", "student", "name", "score", "reason")


class Graded(Record, frozen=True):
    """One submission's score and whose it is; `ids` are all ids of the student that are known."""

    submission: str
    student: str
    name: str | None
    layout: str
    ids: tuple[str, ...]
    score: float | None
    max_score: float


class Line(Record, frozen=True):
    """One student's line: the row's number in the file, and the ids in it by their column."""

    row: int
    ids: dict[str, str]


class Left(Record, frozen=True):
    """A score that went nowhere, and why."""

    graded: Graded
    reason: str


class Matching(Record, frozen=True):
    """The scores by row, and those that are left."""

    by_row: dict[int, Graded]
    left: tuple[Left, ...]


def graded_students(rows: Iterable[Row], people: Iterable[Person]) -> list[Graded]:
    """Everybody who handed in, with the score that counts."""
    persons = {person.submission: person for person in people}
    return [
        Graded(
            submission=row.submission,
            student=persons[row.submission].student,
            name=persons[row.submission].name,
            layout=persons[row.submission].layout,
            ids=(persons[row.submission].student, *persons[row.submission].aliases),
            score=row.score,
            max_score=row.max_score,
        )
        for row in rows
        if row.status is not Status.NOT_HANDED_IN
    ]


def match(
    graded: Sequence[Graded],
    lines: Sequence[Line],
    columns: Mapping[str, Sequence[str]],
    others: Sequence[str],
) -> Matching:
    """`columns`: for submissions of each LMS's download, the columns that its ids may stand in; `others` for the
    rest.  Capitals are set aside."""
    index = indexed(lines)
    claims: defaultdict[int, list[Graded]] = defaultdict(list)
    left: list[Left] = []
    for one in graded:
        rows = rows_of(one, index, columns.get(one.layout, others))
        if len(rows) == 1:
            claims[rows.pop()].append(one)
        else:
            several = f"may be in any of lines {', '.join(str(row + 1) for row in sorted(rows))}"
            left.append(Left(graded=one, reason=several if rows else "is not in the course's file"))
    for row, claimants in claims.items():
        if len(claimants) > 1:
            left += [Left(graded=one, reason=f"is not the only one for line {row + 1}") for one in claimants]
    alone = {row: claimants[0] for row, claimants in claims.items() if len(claimants) == 1}
    withheld = [
        Left(graded=one, reason="has no score: it could not be checked")
        for one in alone.values()
        if one.score is None
    ]
    by_row = {row: one for row, one in alone.items() if one.score is not None}
    return Matching(
        by_row=by_row, left=tuple(sorted([*left, *withheld], key=lambda one: one.graded.submission))
    )


def indexed(lines: Iterable[Line]) -> dict[tuple[str, str], set[int]]:
    """The rows by column and id."""
    index: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for line in lines:
        for column, value in line.ids.items():
            if value.strip():
                index[column, value.strip().casefold()].add(line.row)
    return dict(index)


def rows_of(one: Graded, index: Mapping[tuple[str, str], set[int]], columns: Iterable[str]) -> set[int]:
    found: set[int] = set()
    for column in columns:
        for known in one.ids:
            found |= index.get((column, known.strip().casefold()), set())
    return found


def unmatched_csv(left: Iterable[Left]) -> bytes:
    """Those that went nowhere, for the person who has to enter them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(UNMATCHED_COLUMNS)
    for one in left:
        graded = one.graded
        texts = (harmless(part or "") for part in (graded.submission, graded.student, graded.name))
        writer.writerow([*texts, graded.score, one.reason])
    return text.getvalue().encode()
