"""docs/gradebook.md and the schema say the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from grader.gradebook.schema import TABLES

PAGE = Path(__file__).parents[2] / "docs" / "gradebook.md"


def columns() -> list[tuple[str, str]]:
    """Every table and view with each of its columns."""
    with closing(sqlite3.connect(":memory:")) as plain:
        plain.executescript(TABLES)
        names = [
            name
            for (name,) in plain.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
            )
        ]
        return [(name, row[1]) for name in names for row in plain.execute(f"PRAGMA table_info({name})")]


@pytest.mark.parametrize("table", sorted({table for table, _ in columns()}))
def test_every_table_and_column_is_documented(table: str) -> None:
    """A person with nothing but sqlite3 and that page finds everything."""
    text = PAGE.read_text(encoding="utf-8")
    assert f"### `{table}`" in text
    section = text.split(f"### `{table}`")[1].split("\n### ")[0]
    for of, column in columns():
        assert of != table or table == "results" or f"`{column}`" in section, f"{table}.{column}"
