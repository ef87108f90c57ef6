"""What Canvas's and Moodle's files have in common: a column of scores, filled in for those who are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.errors import UsageError
from grader.exchange.matching import Graded, Left, Line, Matching
from grader.exchange.sheet import Sheet, filled, has_decimal_commas
from grader.model import Record


class Filled(Record, frozen=True):
    """A course's file with the scores in it: how many, which lines have none, and the scores that went nowhere."""

    content: bytes
    count: int
    lines_without: int
    left: tuple[Left, ...]


def fill(
    sheet: Sheet,
    matching: Matching,
    lines: Sequence[Line],
    column: int,
    *,
    factor: float,
    numeric: Sequence[int],
    refusals: Mapping[int, str],
) -> Filled:
    """Write the matched scores, times `factor`, into the column.

    `numeric` are the columns that show how the file writes numbers, `refusals` the rows that the course wants left
    alone, each with the reason.
    """
    commas = has_decimal_commas(sheet.values, numeric)
    cells = {
        (row, column): written(graded.score * factor, commas=commas)
        for row, graded in matching.by_row.items()
        if graded.score is not None and row not in refusals
    }
    refused = [
        Left(graded=one, reason=refusals[row]) for row, one in matching.by_row.items() if row in refusals
    ]
    return Filled(
        content=filled(sheet, cells),
        count=len(cells),
        lines_without=len(lines) - len(cells),
        left=tuple(sorted([*matching.left, *refused], key=lambda one: one.graded.submission)),
    )


def written(score: float, *, commas: bool) -> str:
    """A score with at most two decimals, in the file's own way of writing numbers."""
    text = f"{score:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if commas else text


def factor_for(sheet: Sheet, graded: Sequence[Graded], possible: float | None, *, scale: bool) -> float:
    """By what the scores are multiplied; UsageError where the course's points differ and nobody asked for scaling."""
    most = max((one.max_score for one in graded), default=None)
    if possible is None or most is None or possible == most:
        return 1.0
    if not scale:
        raise UsageError(
            f"{sheet.file}: the course gives {possible:g} points, the assignment has {most:g}. Set the points alike "
            "there, or convert the scores by --scale."
        )
    return possible / most


def cells_of(row: Sequence[str], columns: Mapping[str, int]) -> dict[str, str]:
    """A row's ids by column; a row that is too short has none there."""
    return {name: row[at] for name, at in columns.items() if at < len(row)}
