"""A gradebook of an older version becomes one of this version, with every row it had."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.gradebook import FILE, open_gradebook, open_to_read
from grader.gradebook.schema import TABLES, VERSION
from tests.fixtures import kept_results

V1 = Path(__file__).parents[1] / "fixtures" / "gradebook_v1.sql"
COPIED = (
    "settings", "runs", "environments", "environment_facts", "suites", "suite_parts", "tests", "suite_tests",
    "submissions", "absent", "attempts", "attempt_parts", "outcomes", "exhibits", "reading_cells",
    "reading_names", "reading_notes", "troubles",
)  # fmt: skip


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of a gradebook of version 1 with two results."""
    new, folder = tmp_path / "new", tmp_path / "old"
    folder.mkdir()
    with open_gradebook(new, "tiny") as book:
        kept_results.record(book, tmp_path, kept_results.result("ada"), kept_results.result("bob"))
    with closing(sqlite3.connect(folder / FILE)) as connection, connection:
        connection.executescript(V1.read_text(encoding="utf-8"))
        connection.execute("ATTACH ? AS new", (str(new / FILE),))
        for table in COPIED:
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM new.{table}")
    return folder


def layout(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    return set(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def test_reading_an_old_gradebook_upgrades_it(old: Path) -> None:
    """The results are what they were, and its tables are those of a new one."""
    with open_to_read(old) as book:
        (attempt, _), _ = book.current()
        assert book.result(attempt) == kept_results.result("ada")
        assert [row.submission for row in book.grades(10.0)] == ["ada", "bob"]
    with closing(sqlite3.connect(old / FILE)) as upgraded, closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(TABLES)
        assert upgraded.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert layout(upgraded) == layout(fresh)


def test_a_batch_goes_on_with_an_old_gradebook(old: Path, tmp_path: Path) -> None:
    """A regrade adds to the attempts that were there."""
    with open_gradebook(old, "tiny") as book:
        kept_results.record(book, tmp_path, kept_results.result("ada", kept_results.PASSED))
        assert book.current() == [(3, "ada")]


def test_a_newer_gradebook_is_refused(old: Path) -> None:
    """What a later version wrote is not touched, and whoever wants to read it is told what to do, too."""
    with closing(sqlite3.connect(old / FILE)) as connection, connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(UsageError, match="Use the grader that made it"), open_to_read(old):
        pass
    with pytest.raises(UsageError, match="Use the grader that made it"), open_gradebook(old, "tiny"):
        pass
