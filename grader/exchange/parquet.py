"""A class's scores as Parquet, for notebooks and data pipelines."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterable, Sequence

from grader.errors import UsageError
from grader.exchange.csv import class_table
from grader.gradebook import Row


def scores_parquet(rows: Iterable[Row], parts: Sequence[str]) -> bytes:
    """The same columns as grades.csv, scores as float64 with nulls; UsageError where pyarrow is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise UsageError(
            "Parquet needs pyarrow, which is not installed: pip install 'forgeproof-grader[parquet]'."
        )
    content = io.BytesIO()
    class_table(rows, parts).to_parquet(content, engine="pyarrow", index=False)
    return content.getvalue()
