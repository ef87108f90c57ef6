"""Canvas: the course's gradebook, exported as CSV, with one assignment's column filled in.

The columns are those of Canvas's own export (Instructor Guide, "How do I import grades in the Gradebook?"):
`Student` (or `LastName` and `FirstName`), `ID`, `SIS User ID`, `SIS Login ID`, `Integration ID`, `Root Account` (some
of them only where the institution uses them), `Section`, and for each assignment `Name (12345)`.  Above the students
stands the line `Points Possible`, and where grades are posted by hand a line that says so.  Columns that Canvas
computes say `(read only)` there.  `EX` stands for excused, `N/A` for an assignment that is not the student's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from grader.errors import UsageError
from grader.exchange.course import Filled, cells_of, factor_for, fill
from grader.exchange.matching import Graded, Line, match
from grader.exchange.sheet import Sheet, column_called, number_in

ID: Final = "ID"
ID_COLUMNS: Final = (ID, "SIS User ID", "SIS Login ID", "Integration ID")
COLUMNS_BY_LAYOUT: Final = {"canvas": (ID,), "moodle": ()}
"""The ids of Canvas's own download are Canvas's; Moodle's are nobody else's."""
READ_ONLY: Final = "(read only)"
TEST_STUDENT: Final = "Student, Test"
REFUSALS: Final = {"EX": "is excused in Canvas", "N/A": "does not have this assignment in Canvas"}
_NUMBERED: Final = re.compile(r"(?P<name>.*) \((?P<number>\d+)\)", re.DOTALL)


def fill_gradebook(
    sheet: Sheet, graded: Sequence[Graded], assignment: str, *, column: str | None = None, scale: bool = False
) -> Filled:
    """The gradebook with that assignment's scores.

    `column` names the column by its title, with or without the number, or by the number; where None, it is the only
    one called as the assignment.  UsageError where it is not clear, or can't be written.
    """
    values = sheet.values
    header = values[0]
    ids = {name: at for name in ID_COLUMNS if (at := column_called(header, name)) is not None}
    if column_called(header, "Student", "LastName") is None or not ids:
        raise UsageError(
            f"{sheet.file}: this is not a gradebook exported from Canvas: no columns Student and "
            f"{' or '.join(ID_COLUMNS[:3])}."
        )
    numbered = numbered_columns(header)
    at = assignment_column(sheet, numbered, assignment, column)
    students = {row: line for row, line in enumerate(values) if is_student(line, ids) and at < len(line)}
    lines = [Line(row=row, ids=cells_of(line, ids)) for row, line in students.items()]
    return fill(
        sheet,
        match(graded, lines, COLUMNS_BY_LAYOUT, ID_COLUMNS),
        lines,
        at,
        factor=factor_for(sheet, graded, points_possible(sheet, values, at), scale=scale),
        numeric=list(numbered),
        refusals={
            row: REFUSALS[line[at].strip()] for row, line in students.items() if line[at].strip() in REFUSALS
        },
    )


def numbered_columns(header: Sequence[str]) -> dict[int, re.Match[str]]:
    """The assignments' columns: `Name (12345)`."""
    matches = {at: _NUMBERED.fullmatch(name.strip()) for at, name in enumerate(header)}
    return {at: found for at, found in matches.items() if found is not None}


def assignment_column(
    sheet: Sheet, numbered: Mapping[int, re.Match[str]], assignment: str, wanted: str | None
) -> int:
    """The one column that is meant; UsageError names those there are."""
    name = (wanted or assignment).strip().casefold()
    found = [
        at
        for at, column in numbered.items()
        if name in (column[0].casefold(), column["name"].casefold(), *([column["number"]] if wanted else []))
    ]
    if len(found) == 1:
        return found[0]
    which = "several columns are" if found else "no column is"
    listed = ", ".join(repr(column[0]) for column in numbered.values()) or "none"
    raise UsageError(
        f"{sheet.file}: {which} called {wanted or assignment!r}. Name one by --column; the assignments are: {listed}."
    )


def points_possible(sheet: Sheet, values: Sequence[Sequence[str]], at: int) -> float | None:
    """What the column is worth in Canvas, None where it does not say; UsageError where Canvas computes the column."""
    row = points_row(values)
    if row is None or at >= len(row):
        return None
    if READ_ONLY in row[at]:
        raise UsageError(f"{sheet.file}: {values[0][at]!r} is read only in Canvas. Choose another --column.")
    return number_in(row[at])


def points_row(values: Sequence[Sequence[str]]) -> Sequence[str] | None:
    """The line `Points Possible`, if there is one; it stands above the students."""
    return next((row for row in values[1:4] if row and row[0].strip() == "Points Possible"), None)


def is_student(row: Sequence[str], ids: dict[str, int]) -> bool:
    """Whether a line is a student's: not the header, the points, how grades are posted, or Canvas's test student."""
    known = cells_of(row, ids)
    if row[0].strip() in ("Points Possible", TEST_STUDENT) or not any(
        value.strip() for value in known.values()
    ):
        return False
    return ID not in known or known[ID].strip().isdigit()
