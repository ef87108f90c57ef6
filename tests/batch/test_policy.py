"""The rules of assignment.toml through a real batch: late work, void tests, extensions, and their going away again."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader.assignment import load_assignment
from grader.batch.publish import Publisher
from grader.batch.records import Order
from grader.batch.run import keep_policy
from grader.errors import UsageError
from grader.gradebook import open_gradebook
from grader.intake.records import Found
from tests.fixtures import kept_results, tiny_assignment

LATE = "\n[late]\ndue = 2026-03-01T23:00:00Z\nper_day = 0.25\n"
VOID = '\n[[void]]\ntest = "layers::test_scale"\nwhy = "unclear"\n'
TIMES = {"ada": "2026-03-01T22:00:00+00:00", "bob": "2026-03-02T22:00:00+00:00", "cy": None}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "class").mkdir()
    tiny_assignment.make(tmp_path)
    return tmp_path


def found(place: Path) -> tuple[Found, ...]:
    folder = place / "class"
    return tuple(
        msgspec.structs.replace(kept_results.found(name, folder), submitted_at=at)
        for name, at in TIMES.items()
    )


def graded(place: Path, toml: str = "", **extra: Any) -> dict[str, dict[str, str]]:
    """grades.csv by submission after a batch with these rules; each student has 4 of 10 by tests."""
    (place / "tiny" / "assignment.toml").write_text(tiny_assignment.TOML + toml)
    out = place / "out"
    order = Order(
        folder=place / "class", assignment=load_assignment(place / "tiny"), out=out, jobs=1, **extra
    )
    with open_gradebook(out, "tiny") as book:
        if not book.current():
            kept_results.record(book, place / "class", *map(kept_results.result, TIMES))
        book.see(place / "class", found(place))
        keep_policy(order, book, kept_results.SUITE, found(place))
        Publisher(book).renew()
        untimed = ",".join(book.untimed())
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    return rows | {"untimed": {"ids": untimed}}


def scores(place: Path, toml: str = "", **extra: Any) -> list[str]:
    rows = graded(place, toml, **extra)
    return [rows[name]["score"] for name in TIMES]


def test_late_work_loses_its_share_and_the_rule_can_go_again(place: Path) -> None:
    """One day late costs a quarter; without the rule every score is back, nothing was graded anew."""
    assert scores(place, LATE) == ["4.0", "3.0", "4.0"]
    kept = json.loads((place / "out" / "results" / "bob.json").read_text())
    assert kept["adjustments"][0]["kind"] == "late"
    assert scores(place) == ["4.0", "4.0", "4.0"]
    assert json.loads((place / "out" / "results" / "bob.json").read_text())["adjustments"] == []


def test_who_handed_in_at_no_known_time_is_told(place: Path) -> None:
    """No time, no deduction, and a list of them; without a rule nobody needs one."""
    rows = graded(place, LATE)
    assert rows["untimed"]["ids"] == "cy"
    rows = graded(place)
    assert rows["untimed"]["ids"] == ""


def test_the_files_time_counts_only_where_the_rule_says_so(place: Path) -> None:
    """`times = "file"`: for those of whom the LMS told nothing."""
    for name in TIMES:
        (place / "class" / f"{name}.py").write_text("")
        os.utime(place / "class" / f"{name}.py", (1772668800, 1772668800))  # 5 March
    assert scores(place, LATE) == ["4.0", "3.0", "4.0"]
    assert scores(place, LATE + 'times = "file"\n') == ["4.0", "3.0", "0.0"]


def test_extensions_are_kept_for_later_batches(place: Path) -> None:
    """Given once by --extensions; forgetting it the next time takes nobody's away."""
    (place / "more.csv").write_text("student,days\nbob,2\n")
    assert scores(place, LATE, extensions=place / "more.csv") == ["4.0", "4.0", "4.0"]
    assert scores(place, LATE) == ["4.0", "4.0", "4.0"]


def test_a_void_test_counts_for_all(place: Path) -> None:
    """Ten of ten for everybody whose other test passed; the part's column shows it."""
    assert scores(place, VOID) == ["10.0", "10.0", "10.0"]


def test_a_void_test_must_be_one_of_the_suite(place: Path) -> None:
    """A misspelt name is refused, and nothing is changed."""
    with pytest.raises(UsageError, match="the suite has no test layers::test_scales"):
        graded(place, VOID.replace("test_scale", "test_scales"))
