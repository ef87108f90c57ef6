"""grades.csv: a row per submission, for spreadsheets and for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from grader.gradebook import Row

COLUMNS: Final = ("submission", "status", "score", "max_score")
MAX_POINTS: Final = "max points"
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula, or hides what does (OWASP, "CSV Injection")."""


def grades_csv(
    rows: Iterable[Row], parts: Sequence[str], max_scores: Sequence[float], *, max_points_row: bool = False
) -> bytes:
    """UTF-8 with `\\r\\n` line ends (RFC 4180).

    `submission,status,score,max_score` and a column for each part; a score that is withheld or does not exist
    is an empty cell.  `max_points_row`: the second line holds the greatest scores.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*COLUMNS, *map(harmless, parts)])
    if max_points_row:
        writer.writerow([MAX_POINTS, "", sum(max_scores), sum(max_scores), *max_scores])
    writer.writerows(cells(row, len(parts)) for row in rows)
    return text.getvalue().encode()


def cells(row: Row, parts: int) -> Iterator[str | float | None]:
    yield harmless(row.submission)
    yield row.status.value
    yield row.score
    yield row.max_score
    yield from row.parts or [None] * parts


def harmless(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would compute."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
