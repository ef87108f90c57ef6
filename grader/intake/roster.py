"""A class list: who should have handed in.  Exports of Canvas, Gradescope, Moodle and GitHub will do."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from grader.errors import UsageError
from grader.intake.records import Enrolled, Found

IDENTIFIERS: Final = (
    "student id", "studentid", "student_id", "id", "sid", "sis user id", "sis login id", "identifier",
    "id number", "idnumber", "login id", "username", "github_username", "email", "email address", "student",
)  # fmt: skip
"""Columns that identify a student, the first that is there being the id and the others aliases."""

NAMES: Final = ("name", "full name", "student", "student name")


def read_roster(path: Path) -> tuple[Enrolled, ...]:
    """The students of a class list; UsageError where it's no CSV with a column that identifies them."""
    rows = _rows(path)
    if not rows or not any(column in rows[0] for column in IDENTIFIERS):
        raise UsageError(
            f"The roster {path} has no column that identifies students. "
            f"Name one of its columns {', '.join(IDENTIFIERS[:6])} or email."
        )
    return tuple(student for student in map(_enrolled, rows) if student is not None)


def not_handed_in(roster: Iterable[Enrolled], found: Iterable[Found]) -> tuple[Enrolled, ...]:
    """Those of a roster of whom nothing was found."""
    there = {known.casefold() for one in found for known in (one.student, *one.aliases)}
    return tuple(
        student
        for student in roster
        if there.isdisjoint(known.casefold() for known in (student.student, *student.aliases))
    )


def _rows(path: Path) -> list[dict[str, str]]:
    """The lines by column, the columns' names in small letters."""
    try:
        text = _text(path.read_bytes())
        lines = text.splitlines()
        delimiter = max(",;\t", key=lines[0].count) if lines else ","
        return [_cleaned(row) for row in csv.DictReader(lines, delimiter=delimiter)]
    except (OSError, csv.Error) as error:
        raise UsageError(f"The roster {path} can't be read: {error}.") from None


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _cleaned(row: Mapping[str | None, str | list[str] | None]) -> dict[str, str]:
    return {
        column.strip().lower(): value.strip()
        for column, value in row.items()
        if column is not None and isinstance(value, str)
    }


def _enrolled(row: Mapping[str, str]) -> Enrolled | None:
    """One student; None for an empty line, Canvas's line of points and its test student."""
    known = [row[column].removeprefix("Participant ") for column in IDENTIFIERS if row.get(column)]
    name = next((row[column] for column in NAMES if row.get(column)), None)
    if not known or "points possible" in known[0].lower() or name in ("Points Possible", "Student, Test"):
        return None
    first, *others = dict.fromkeys(known)
    return Enrolled(student=first, name=name, aliases=tuple(others))
