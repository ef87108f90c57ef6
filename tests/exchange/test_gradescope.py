"""results.json: the documented keys, with nothing in them that Gradescope would interpret."""

from __future__ import annotations

import json

import msgspec
import pytest

from grader.exchange.gradescope import MOST_CHARACTERS, results_json
from grader.model import Adjustment, Result
from tests.fixtures.kept_results import FAILED, PASSED, result

KEYS = {"score", "execution_time", "output", "output_format", "visibility", "stdout_visibility", "tests"}
TEST_KEYS = {
    "score", "max_score", "status", "name", "name_format", "output", "output_format", "tags", "visibility",
}  # fmt: skip


def changed(**fields: object) -> Result:
    return msgspec.structs.replace(result("ada"), **fields)


def test_the_documented_keys() -> None:
    """The score that counts, and each test with its points, words and verdict."""
    content = json.loads(results_json(result("ada")))
    assert set(content) == KEYS
    assert (content["score"], content["execution_time"]) == (4.0, 0.51)
    passed, failed = content["tests"]
    assert set(passed) == set(failed) == TEST_KEYS
    assert (passed["name"], passed["score"], passed["max_score"], passed["status"]) == (
        "Twice.",
        4.0,
        4.0,
        "passed",
    )
    assert (failed["status"], failed["score"], failed["tags"]) == ("failed", 0.0, ["layers"])
    assert failed["output"] == "2 of 5 values differ\nHint: Is it a sum?\nIt printed:\nhello\n"


def test_partial_credit_is_not_passed() -> None:
    """Gradescope colours by `status`."""
    partly = msgspec.structs.replace(PASSED, score=2.0)
    assert json.loads(results_json(changed(tests=(partly,))))["tests"][0]["status"] == "failed"


@pytest.mark.parametrize("visibility", ["visible", "after_due_date", "after_published", "hidden"])
def test_visibility_holds_for_all(visibility: str) -> None:
    """The whole and every test; what the grader prints is never shown."""
    content = json.loads(results_json(result("ada"), visibility))  # type: ignore[arg-type]
    assert {content["visibility"], *(test["visibility"] for test in content["tests"])} == {visibility}
    assert content["stdout_visibility"] == "hidden"


def test_adjustments_and_notes_are_told() -> None:
    """What the score is made of stands above the tests."""
    note = Adjustment(kind="by hand", before=4.0, after=6.0, part="layers", why="fair", by="tom")
    told = json.loads(
        results_json(changed(adjustments=(note,), message="Read this."), notes=("Tier: strict.",))
    )
    assert told["output"].splitlines() == [
        "Tier: strict.",
        "Read this.",
        "by hand, layers: 4 -> 6 (fair; tom)",
    ]


def test_texts_are_plain_and_bounded() -> None:
    """A student's text is shown as text, without what steers a terminal, and does not fill a disk."""
    evil = msgspec.structs.replace(FAILED, message="<script>\x1b[2J", printed="x" * 10**6)
    (test,) = json.loads(results_json(changed(tests=(evil,))))["tests"]
    assert test["output"].startswith("<script>?[2J")
    assert (test["output_format"], test["name_format"]) == ("text", "text")
    assert len(test["output"]) < MOST_CHARACTERS + 10


def test_a_withheld_score_is_not_posted() -> None:
    """There is nothing to post."""
    with pytest.raises(ValueError, match="no score"):
        results_json(changed(score=None))
