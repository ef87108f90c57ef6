"""`grade diff`: whose score changed, by which test, before and after."""

from __future__ import annotations

from pathlib import Path

import msgspec

from grader.gradebook import Change, TestChange, open_gradebook
from grader.model import Outcome, Status
from tests.fixtures.kept_results import FAILED, PASSED, record, result, suite

REPAIRED = msgspec.structs.replace(FAILED, score=6.0, outcome=Outcome.PASSED)
BY_SCALE = TestChange(part="layers", name="test_scale", before=0.0, after=6.0)


def test_a_changed_score_is_listed_with_its_test(tmp_path: Path) -> None:
    """Before, after, and the one test that did it; who kept the score isn't mentioned."""
    with open_gradebook(tmp_path, "tiny") as book:
        record(book, tmp_path, result("ada"), result("bob"))
        record(
            book, tmp_path, result("ada", PASSED, REPAIRED), result("bob"), now=suite(test_scale="scale 2")
        )
        assert book.changes() == (
            Change(
                submission="ada",
                status_before=Status.GRADED,
                status_after=Status.GRADED,
                before=4.0,
                after=10.0,
                tests=(BY_SCALE,),
            ),
        )


def test_a_first_grading_is_no_change(tmp_path: Path) -> None:
    """Who had no score before has none that changed."""
    with open_gradebook(tmp_path, "tiny") as book:
        record(book, tmp_path, result("ada"))
        assert book.changes() == ()


def test_a_regrade_that_was_interrupted_is_one_with_the_run_that_went_on(tmp_path: Path) -> None:
    """After an interruption the list tells of both halves, not only of the second one."""
    repaired = [result(name, PASSED, REPAIRED) for name in ("ada", "bob")]
    with open_gradebook(tmp_path, "tiny") as book:
        record(book, tmp_path, result("ada"), result("bob"))
        record(book, tmp_path, repaired[0], end=False)
        record(book, tmp_path, *repaired[1:])
        book.see(tmp_path, [])
        record(book, tmp_path, *repaired)
        assert [change.submission for change in book.changes()] == []
    with open_gradebook(tmp_path / "other", "tiny") as book:
        record(book, tmp_path / "a", result("ada"))
        record(book, tmp_path / "b", result("bob"))
        record(book, tmp_path / "a", repaired[0], end=False)
        record(book, tmp_path / "b", repaired[1])
        assert [change.submission for change in book.changes()] == ["ada", "bob"]


def test_a_run_with_nothing_to_do_hides_nothing(tmp_path: Path) -> None:
    """Running once more after a regrade, the list stays."""
    with open_gradebook(tmp_path, "tiny") as book:
        record(book, tmp_path, result("ada"))
        record(book, tmp_path, result("ada", PASSED, REPAIRED))
        book.end(book.begin(tmp_path, "5eed", 1), "complete")
        assert [change.submission for change in book.changes()] == ["ada"]


def test_a_score_that_is_withheld_is_a_change(tmp_path: Path) -> None:
    """Graded before, unchecked now: listed, with no score after."""
    unchecked = msgspec.structs.replace(PASSED, score=None, outcome=Outcome.UNCHECKED)
    with open_gradebook(tmp_path, "tiny") as book:
        record(book, tmp_path, result("ada"))
        record(book, tmp_path, result("ada", unchecked, FAILED, status=Status.UNCHECKED))
        (change,) = book.changes()
        assert (change.before, change.after, change.status_after) == (4.0, None, Status.UNCHECKED)
        assert change.tests == (TestChange(part="basics", name="test_values", before=4.0, after=None),)
