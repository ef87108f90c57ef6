"""`grade override`: kept with author, time, reason and old value; survives a regrade; shows wherever scores do."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from grader.batch.publish import Publisher
from grader.cli import app
from grader.errors import UsageError
from grader.gradebook import open_gradebook, open_to_read
from grader.model import Outcome, Status, TestResult
from tests.fixtures import kept_results

WITHHELD = TestResult(
    name="test_scale", part="layers", title="Scaled.", score=None, max_score=6.0, outcome=Outcome.UNCHECKED
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A graded class: ada and bob with 4 of 10, cy with a part withheld."""
    with open_gradebook(tmp_path / "out", "tiny") as book:
        results = [kept_results.result("ada"), kept_results.result("bob")]
        cy = kept_results.result("cy", kept_results.PASSED, WITHHELD, status=Status.UNCHECKED)
        kept_results.record(book, tmp_path, *results, cy)
        Publisher(book).renew()
    return tmp_path / "out"


def grade(*arguments: str | Path) -> str:
    """What it prints; UsageError where it refuses."""
    done = CliRunner().invoke(app, ["override", *map(str, arguments)])
    if done.exception is not None:
        raise done.exception
    return done.output


def row(out: Path, submission: str) -> dict[str, str]:
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        return next(line for line in csv.DictReader(file) if line["submission"] == submission)


def result(out: Path, submission: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((out / "results" / f"{submission}.json").read_text())
    return loaded


def test_a_change_shows_in_the_table_and_in_the_result(out: Path) -> None:
    """Score and part move; author, time, reason and old value are there."""
    said = grade(out, "ada", "--part", "layers", "--points", "+3", "--why", "a fair point", "--by", "tom")
    assert said.strip() == "Change 1: ada, layers: 0 -> 3; total 7 of 10."
    line = row(out, "ada")
    assert (line["score"], line["layers"]) == ("7.0", "3.0")
    assert line["adjustments"] == "by hand, layers: 0 -> 3 (a fair point; tom)"
    (note,) = result(out, "ada")["adjustments"]
    assert (note["before"], note["after"], note["why"], note["by"]) == (0.0, 3.0, "a fair point", "tom")
    assert note["at"].startswith("20")
    assert row(out, "bob")["score"] == "4.0"


def test_a_change_survives_a_regrade(out: Path, tmp_path: Path) -> None:
    """The next attempt's points come first, the change after them."""
    grade(out, "ada", "--test", "test_scale", "--points", "+3", "--why", "a fair point")
    better = kept_results.FAILED.__class__(
        name="test_scale", part="layers", title="Scaled.", score=2.0, max_score=6.0, outcome=Outcome.FAILED
    )
    with open_gradebook(out, "tiny") as book:
        kept_results.record(book, tmp_path, kept_results.result("ada", kept_results.PASSED, better))
        Publisher(book).renew()
    assert (row(out, "ada")["layers"], result(out, "ada")["score"]) == ("5.0", 9.0)


def test_setting_a_withheld_part_grades_it(out: Path) -> None:
    """A person judged what the grader could not check."""
    grade(out, "cy", "--part", "layers", "--set", "6", "--why", "looked at it")
    assert (row(out, "cy")["status"], row(out, "cy")["score"]) == ("graded", "10.0")


def test_taking_back_restores_the_score_and_keeps_the_record(out: Path) -> None:
    """`--undo` by number; `--list` tells both."""
    grade(out, "ada", "--part", "layers", "--points=-1", "--why", "no", "--by", "tom")
    grade(out, "ada", "--part", "basics", "--points", "-1", "--why", "copied", "--by", "tom")
    assert row(out, "ada")["score"] == "3.0"
    assert "is taken back" in grade(out, "--undo", "2", "--by", "eva")
    assert row(out, "ada")["score"] == "4.0"
    listed = grade(out, "ada", "--list").splitlines()
    assert listed[0].startswith("1: ada, layers: -1 (was 0), tom, 20")
    assert "[taken back by eva, 20" in listed[1]
    assert grade(out, "bob", "--list").strip() == "No score was changed by hand."


def test_the_author_is_the_account_where_nobody_is_named(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system's user."""
    monkeypatch.setenv("LOGNAME", "grace")
    grade(out, "ada", "--part", "layers", "--points", "1", "--why", "x")
    with open_to_read(out) as book:
        (kept,) = book.overrides()
    assert (kept.author, kept.old, kept.attempt) == ("grace", 0.0, 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ada", "--points", "1", "--why", "x"], "--part NAME or --test NAME"),
        (["ada", "--part", "layers", "--why", "x"], r"--points \+3 or --set 12"),
        (["ada", "--part", "layers", "--points", "1", "--set", "1", "--why", "x"], "one of them"),
        (["ada", "--part", "layers", "--points", "1"], "Say why"),
        (["ada", "--part", "layers", "--points", "nan", "--why", "x"], "no number of points"),
        (["ada", "--part", "layers", "--set", "60", "--why", "x"], "worth 6 points"),
        (
            ["ada", "--part", "conv", "--points", "1", "--why", "x"],
            "no part 'conv'. Choose among basics, layers",
        ),
        (["ada", "--test", "t", "--points", "1", "--why", "x"], "No test is called 't': basics::test_values"),
        (["zoe", "--part", "layers", "--points", "1", "--why", "x"], "no submission of 'zoe'"),
        (["--part", "layers", "--points", "1", "--why", "x"], "Say whose score"),
        (["cy", "--part", "layers", "--points", "1", "--why", "x"], "Give it one by --set"),
        (["--undo", "9"], "no change 9"),
    ],
)
def test_what_is_not_clear_is_refused(out: Path, arguments: list[str], says: str) -> None:
    """Nothing is changed, and a sentence tells what is missing."""
    with pytest.raises(UsageError, match=says):
        grade(out, *arguments)
    with open_to_read(out) as book:
        assert book.overrides() == []


def test_a_change_is_taken_back_once(out: Path) -> None:
    """The second time tells who did it already."""
    grade(out, "ada", "--part", "layers", "--points", "1", "--why", "x")
    grade(out, "--undo", "1", "--by", "eva")
    with pytest.raises(UsageError, match="taken back already, by eva"):
        grade(out, "--undo", "1")
