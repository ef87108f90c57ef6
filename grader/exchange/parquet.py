"""A class's scores as Parquet, for notebooks and data pipelines."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.exchange.csv import ADJUSTMENTS, COLUMNS, adjustments_of, scores_of
from grader.gradebook import Row

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped]


def scores_parquet(rows: Iterable[Row], parts: Sequence[str]) -> bytes:
    """The same columns as grades.csv, scores as float64 with nulls; UsageError where pyarrow is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise UsageError(
            "Parquet needs pyarrow, which is not installed: pip install 'forgeproof-grader[parquet]'."
        )
    content = io.BytesIO()
    class_table(list(rows), parts).to_parquet(content, engine="pyarrow", index=False)
    return content.getvalue()


def class_table(rows: Sequence[Row], parts: Sequence[str]) -> pandas.DataFrame:
    """`submission,status,score,max_score`, a column for each part, and what was adjusted where anything was.

    In the order of the rows; a score that is withheld or does not exist is NaN.
    """
    import pandas

    scores = [scores_of(row, len(parts)) for row in rows]
    table = pandas.DataFrame(scores, columns=[*COLUMNS[2:], *parts], dtype="float64")
    table.insert(0, "status", [row.status.value for row in rows])
    table.insert(0, "submission", [row.submission for row in rows])
    if any(row.adjustments for row in rows):
        table[ADJUSTMENTS] = list(map(adjustments_of, rows))
    return table
