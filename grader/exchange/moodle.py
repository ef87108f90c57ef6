"""Moodle: an assignment's offline grading worksheet, with the grades filled in.

Its columns (Moodle documentation, "Assignment grading": offline grading worksheet; plugin `assignfeedback_offline`):
`Identifier` (`Participant 123`: the number in the download's folder names too), then, as far as the site shows them,
`Full name`, `ID number`, `Email address`; `Status`, `Grade`, `Maximum Grade`, `Grade can be changed`, `Last modified
(submission)`, `Last modified (grade)`, `Feedback comments`.  Moodle takes a grade only where `Last modified (grade)` is
what it was, so that column stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from grader.errors import UsageError
from grader.exchange.course import Filled, cells_of, factor_for, fill
from grader.exchange.matching import Graded, Line, match
from grader.exchange.sheet import Sheet, column_called, number_in
from grader.model import Record

IDENTIFIER: Final = "Identifier"
OTHER_IDS: Final = ("Email address", "ID number", "Username")
COLUMNS_BY_LAYOUT: Final = {"moodle": (IDENTIFIER,), "canvas": ()}
"""The ids of Moodle's own download are participants' numbers; Canvas's are nobody else's."""
LOCKED: Final = "Moodle does not let this grade be changed"
_PARTICIPANT: Final = re.compile(r"\D*(?P<number>\d+)\s*")


class Columns(Record, frozen=True):
    """Where things stand in a worksheet."""

    ids: dict[str, int]
    grade: int
    maximum: int | None
    changeable: int | None


def fill_worksheet(
    sheet: Sheet, graded: Sequence[Graded], *, column: str | None = None, scale: bool = False
) -> Filled:
    """The worksheet with the grades; `column` names theirs where it is not called `Grade` (other languages).

    UsageError where it isn't a worksheet, or its maximum is another than the assignment's.
    """
    values = sheet.values
    columns = columns_of(sheet, values[0], column)
    students = {
        row: line
        for row, line in enumerate(values)
        if row and is_participant(line) and columns.grade < len(line)
    }
    lines = [Line(row=row, ids=ids_of(line, columns)) for row, line in students.items()]
    numeric = [at for at in (columns.grade, columns.maximum) if at is not None]
    return fill(
        sheet,
        match(graded, lines, COLUMNS_BY_LAYOUT, OTHER_IDS),
        lines,
        columns.grade,
        factor=factor_for(sheet, graded, maximum_in(sheet, students.values(), columns), scale=scale),
        numeric=numeric,
        refusals={row: LOCKED for row, line in students.items() if is_locked(line, columns)},
    )


def columns_of(sheet: Sheet, header: Sequence[str], grade: str | None) -> Columns:
    at = column_called(header, grade or "Grade")
    if at is None or (column_called(header[:1], IDENTIFIER) is None and grade is None):
        raise UsageError(
            f"{sheet.file}: this is not Moodle's grading worksheet: no columns Identifier and {grade or 'Grade'}. "
            f"Name the grades' column by --column; there are: {', '.join(header)}."
        )
    others = {name: found for name in OTHER_IDS if (found := column_called(header, name)) is not None}
    return Columns(
        ids={IDENTIFIER: 0, **others},
        grade=at,
        maximum=column_called(header, "Maximum Grade"),
        changeable=column_called(header, "Grade can be changed"),
    )


def is_participant(row: Sequence[str]) -> bool:
    return bool(row) and _PARTICIPANT.fullmatch(row[0]) is not None


def ids_of(row: Sequence[str], columns: Columns) -> dict[str, str]:
    """The ids, of the identifier the number alone."""
    ids = cells_of(row, columns.ids)
    found = _PARTICIPANT.fullmatch(ids[IDENTIFIER])
    assert found is not None
    return {**ids, IDENTIFIER: found["number"]}


def is_locked(row: Sequence[str], columns: Columns) -> bool:
    at = columns.changeable
    return at is not None and at < len(row) and row[at].strip().casefold() == "no"


def maximum_in(sheet: Sheet, students: Iterable[Sequence[str]], columns: Columns) -> float | None:
    """The worksheet's maximum; UsageError where it differs from line to line."""
    at = columns.maximum
    if at is None:
        return None
    found = {number_in(row[at]) for row in students if at < len(row)} - {None}
    if len(found) > 1:
        raise UsageError(f"{sheet.file}: Maximum Grade differs from line to line.")
    return found.pop() if found else None
