"""JUnit XML, as GitLab, Jenkins, Azure and others read it: a suite for each part, a case for each test.

Wrong answers, errors, time limits and the like are failures of the work; only `unchecked`, the grader's own trouble, is
an error.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree

from grader.model import Outcome, TestResult
from grader.report.formats_sheet import WORDS, Places, Sheet, words_of

NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 can't hold, not even escaped."""


def junit(sheet: Sheet) -> str:
    root = ElementTree.Element("testsuites", totals(sheet.result.tests))
    root.set("name", sheet.result.assignment)
    places = Places(sheet)
    for part in sheet.result.parts:
        tests = [test for test in sheet.result.tests if test.part == part.name]
        suite = ElementTree.SubElement(root, "testsuite", totals(tests))
        suite.set("name", clean(f"{sheet.result.assignment}.{part.name}"))
        for test in tests:
            add_case(suite, test, sheet, places)
    if not sheet.result.tests:
        add_unreadable(root, sheet)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def totals(tests: tuple[TestResult, ...] | list[TestResult]) -> dict[str, str]:
    """The counts that the outer elements carry."""
    errors = sum(test.outcome is Outcome.UNCHECKED for test in tests)
    passed = sum(test.outcome is Outcome.PASSED for test in tests)
    return {
        "tests": str(len(tests)),
        "failures": str(len(tests) - passed - errors),
        "errors": str(errors),
        "time": f"{sum(test.seconds for test in tests):.3f}",
    }


def add_case(suite: ElementTree.Element, test: TestResult, sheet: Sheet, places: Places) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", {"name": clean(test.title), "time": f"{test.seconds:.3f}"}
    )
    case.set("classname", clean(f"{sheet.result.assignment}.{test.part}"))
    place = places.of(test)
    if place is not None:
        case.set("file", clean(place.file))
        case.set("line", str(place.line))
    if test.outcome is not Outcome.PASSED:
        kind = "error" if test.outcome is Outcome.UNCHECKED else "failure"
        fault = ElementTree.SubElement(case, kind, {"type": test.outcome.value})
        fault.set("message", clean(f"{WORDS[test.outcome]}: {(test.message or '').partition(chr(10))[0]}"))
        fault.text = clean(words_of(test))
    if test.printed:
        ElementTree.SubElement(case, "system-out").text = clean(test.printed)


def add_unreadable(root: ElementTree.Element, sheet: Sheet) -> None:
    """Nothing was run: one case that failed, or a CI system would take an empty report for success."""
    root.set("tests", "1")
    root.set("failures", "1")
    counts = {"tests": "1", "failures": "1", "errors": "0", "time": "0.000"}
    suite = ElementTree.SubElement(root, "testsuite", {"name": clean(sheet.result.assignment), **counts})
    case = ElementTree.SubElement(suite, "testcase", {"name": "The homework can be read.", "time": "0.000"})
    case.set("classname", clean(sheet.result.assignment))
    fault = ElementTree.SubElement(case, "failure", {"type": "unreadable"})
    fault.text = clean(sheet.result.message or "Nothing could be read.")
    fault.set("message", fault.text)


def clean(text: str) -> str:
    return NOT_XML.sub("�", text)
