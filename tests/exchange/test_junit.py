"""JUnit: a suite per submission that other programs can read, whatever students wrote."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec

from grader.exchange.junit import class_junit
from grader.model import Adjustment, Outcome, Status
from tests.fixtures.kept_results import FAILED, PASSED, result

UNCHECKED = msgspec.structs.replace(
    FAILED, outcome=Outcome.UNCHECKED, score=None, message="a worker did not start"
)


def test_each_submission_is_a_suite() -> None:
    """With its counts, its score and what was adjusted; what could not be read is one failure."""
    note = Adjustment(kind="late", before=4.0, after=3.0, why="1 day late")
    ada = msgspec.structs.replace(result("ada"), adjustments=(note,))
    cy = msgspec.structs.replace(result("cy"), tests=(), status=Status.UNREADABLE, message="It is empty.")
    root = ElementTree.fromstring(class_junit([ada, result("bob", PASSED, UNCHECKED), cy], "tiny"))
    counts = [[suite.get(key) for key in ("name", "tests", "failures", "errors")] for suite in root]
    assert counts == [["ada", "2", "1", "0"], ["bob", "2", "0", "1"], ["cy", "1", "1", "0"]]
    assert [root.get(key) for key in ("name", "tests", "failures", "errors")] == ["tiny", "5", "2", "1"]
    facts = {one.get("name"): one.get("value") for one in root.iter("property")}
    assert facts["adjustment"] == "late: 4 -> 3 (1 day late)"
    assert root[0].find("properties/property[@name='score']").get("value") == "4"  # type: ignore[union-attr]
    assert "It is empty." in root[2].find("testcase/failure").get("message", "")  # type: ignore[union-attr]


def test_what_xml_can_not_hold_is_replaced() -> None:
    """Control characters, lone surrogates and markup in a student's text leave the file well-formed."""
    evil = msgspec.structs.replace(FAILED, message="]]><x>\x00\ud800&", printed="\x1b[0m</testcase>")
    root = ElementTree.fromstring(class_junit([result("<b>&\x07", PASSED, evil)], "tiny"))
    assert root[0].get("name") == "<b>&\ufffd"
    assert root[0].find(".//system-out").text == "\ufffd[0m</testcase>"  # type: ignore[union-attr]
