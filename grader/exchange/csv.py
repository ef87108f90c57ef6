"""grades.csv and its like: a row per submission, for spreadsheets, programs and people."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from grader.gradebook import Row
from grader.model import Adjustment

COLUMNS: Final = ("submission", "status", "score", "max_score")
ADJUSTMENTS: Final = "adjustments"
MAX_POINTS: Final = "max points"
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula, or hides what does (OWASP, "CSV Injection")."""

Line = list[str | float | None]


def grades_csv(
    rows: Iterable[Row],
    parts: Sequence[str],
    max_scores: Sequence[float],
    *,
    max_points_row: bool = False,
    bom: bool = False,
) -> bytes:
    """UTF-8 with `\\r\\n` line ends (RFC 4180), texts that a spreadsheet would compute made harmless.

    `max_points_row`: the second line holds the greatest scores.  `bom`: begin with a byte order mark, which some
    versions of Excel need to read names right, and which some programs take for a part of the first name.
    """
    rows = list(rows)
    adjusted = any(row.adjustments for row in rows)
    lines: list[Line] = [[*COLUMNS, *parts, *([ADJUSTMENTS] if adjusted else [])]]
    if max_points_row:
        total = sum(max_scores)
        lines.append([MAX_POINTS, "", total, total, *max_scores, *([""] if adjusted else [])])
    lines += [line_of(row, len(parts), adjusted=adjusted) for row in rows]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(map(cells, lines))
    return (codecs.BOM_UTF8 if bom else b"") + text.getvalue().encode()


def line_of(row: Row, parts: int, *, adjusted: bool) -> Line:
    """One submission's; None for a score that is withheld or does not exist.  `adjusted`: with what was adjusted."""
    told = [adjustments_of(row)] if adjusted else []
    return [row.submission, row.status.value, *scores_of(row, parts), *told]


def scores_of(row: Row, parts: int) -> list[float | None]:
    """Of the whole, the greatest, and of each of so many parts."""
    return [row.score, row.max_score, *(row.parts or [None] * parts)]


def cells(line: Line) -> list[str]:
    """As they are written: texts made harmless, numbers as the shortest that reads back the same, None empty."""
    return [
        harmless(one) if isinstance(one, str) else "" if one is None else repr(float(one)) for one in line
    ]


def adjustments_of(row: Row) -> str:
    """All that was adjusted, in one text."""
    return "; ".join(map(in_words, row.adjustments))


def in_words(one: Adjustment) -> str:
    """One adjustment as a line: `by hand, conv: 12 -> 15 (the hint was wrong; ada)`."""
    where = f", {one.part}::{one.test}" if one.test else f", {one.part}" if one.part else ""
    by = f"; {one.by}" if one.by else ""
    return f"{one.kind}{where}: {shown(one.before)} -> {shown(one.after)} ({one.why}{by})"


def shown(score: float | None) -> str:
    return "withheld" if score is None else f"{score:g}"


def harmless(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would compute."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
