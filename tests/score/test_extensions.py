"""Who may hand in later: read from assignment.toml and a CSV file, refused where it isn't clear."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.score.extensions import policy_of, read_extensions
from grader.score.rules import LateRule
from tests.fixtures import tiny_assignment

RULE = LateRule(due=datetime(2026, 3, 1, 23, tzinfo=UTC), per_day=0.1)
LATE = '\n[late]\ndue = 2026-03-01T23:00:00Z\nper_day = 0.1\nextensions = "extensions.csv"\n'


def extensions(folder: Path, text: str) -> dict[str, datetime]:
    file = folder / "extensions.csv"
    file.write_text(text, encoding="utf-8")
    return read_extensions(file, RULE)


def test_a_time_or_a_number_of_days(tmp_path: Path) -> None:
    """Either column will do, and both in one file; a byte order mark and semicolons too."""
    assert extensions(tmp_path, "\ufeffstudent;due;days\nAda;2026-03-05T12:00:00+01:00;\nbob;;1.5\n") == {
        "ada": datetime(2026, 3, 5, 11, tzinfo=UTC),
        "bob": datetime(2026, 3, 3, 11, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,until\nada,1\n", "names no columns"),
        ("", "names no columns"),
        ("student,days\nada,2\nAda,3\n", "line 3: twice the same student"),
        ("student,days\n,2\n", "line 2: there is no student"),
        ("student,days\nada,-2\n", "line 2: '-2'; expected"),
        ("student,days\nada,\n", "line 2: ''; expected"),
        ("student,days\nada,inf\n", "line 2: 'inf'; expected"),
        ("student,due\nada,2026-03-05T12:00\n", "has no zone"),
        ("student,due\nada,tomorrow\n", "line 2: 'tomorrow'; expected"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """With the file and the line."""
    with pytest.raises(UsageError, match=says):
        extensions(tmp_path, text)


def test_the_assignment_names_its_rule_and_file(tmp_path: Path) -> None:
    """[late], [[void]] and the extensions beside assignment.toml."""
    void = '\n[[void]]\ntest = "basics::test_empty"\nwhy = "unclear"\n'
    assignment = tiny_assignment.make(tmp_path, TOML=tiny_assignment.TOML + LATE + void)
    (assignment.folder / "extensions.csv").write_text("student,days\nada,2\n")
    policy = policy_of(assignment)
    assert policy.late is not None
    assert policy.late.cap == 1.0
    assert list(policy.extensions) == ["ada"]
    assert policy.void[0].test == "basics::test_empty"


def test_another_file_may_be_given(tmp_path: Path) -> None:
    """--extensions replaces the file that the assignment names."""
    assignment = tiny_assignment.make(tmp_path, TOML=tiny_assignment.TOML + LATE)
    (tmp_path / "mine.csv").write_text("student,days\nbob,2\n")
    assert list(policy_of(assignment, tmp_path / "mine.csv").extensions) == ["bob"]


def test_extensions_of_nothing_are_refused(tmp_path: Path) -> None:
    """Without [late] there is nothing to extend."""
    (tmp_path / "mine.csv").write_text("student,days\nbob,2\n")
    with pytest.raises(UsageError, match=r"no \[late\]"):
        policy_of(tiny_assignment.make(tmp_path), tmp_path / "mine.csv")


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("\n[late]\ndue = 2026-03-01T23:00:00\nper_day = 0.1\n", "late.due: .*timezone"),
        ("\n[late]\ndue = 2026-03-01T23:00:00Z\nper_day = 10\n", "late.per_day"),
        ('\n[[void]]\ntest = "test_empty"\nwhy = "unclear"\n', r"void\[0\].test: .*part::test_name"),
    ],
)
def test_a_rule_that_is_not_clear_is_refused(tmp_path: Path, toml: str, says: str) -> None:
    """A time without a zone, ten times the score a day, a test without its part."""
    with pytest.raises(UsageError, match=says):
        tiny_assignment.make(tmp_path, TOML=tiny_assignment.TOML + toml)
