"""grades.csv and its like: a row per submission, for spreadsheets, programs and people."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from grader.gradebook import Row
from grader.model import Adjustment

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped]

COLUMNS: Final = ("submission", "status", "score", "max_score")
ADJUSTMENTS: Final = "adjustments"
MAX_POINTS: Final = "max points"
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula, or hides what does (OWASP, "CSV Injection")."""


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
    import pandas

    table = class_table(rows, parts)
    if max_points_row:
        points = pandas.DataFrame([[MAX_POINTS, "", sum(max_scores), sum(max_scores), *max_scores]])
        points.columns = table.columns[: points.shape[1]]
        table = pandas.concat([points, table], ignore_index=True) if len(table) else points
    texts = table.select_dtypes(exclude="number").columns
    table[texts] = table[texts].map(harmless, na_action="ignore")
    table.columns = [harmless(name) for name in table.columns]
    text: str = table.to_csv(index=False, lineterminator="\r\n")
    return (codecs.BOM_UTF8 if bom else b"") + text.encode()


def class_table(rows: Iterable[Row], parts: Sequence[str]) -> pandas.DataFrame:
    """`submission,status,score,max_score`, a column for each part, and what was adjusted where anything was.

    In the order of the rows; a score that is withheld or does not exist is NaN.
    """
    import pandas

    rows = list(rows)
    scores = [(row.score, row.max_score, *(row.parts or [None] * len(parts))) for row in rows]
    numbers = pandas.DataFrame(scores, columns=[*COLUMNS[2:], *parts], dtype="float64")
    numbers.insert(0, "status", [row.status.value for row in rows])
    numbers.insert(0, "submission", [row.submission for row in rows])
    if any(row.adjustments for row in rows):
        numbers[ADJUSTMENTS] = ["; ".join(map(in_words, row.adjustments)) for row in rows]
    return numbers


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
