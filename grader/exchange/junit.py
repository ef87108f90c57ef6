"""A class as JUnit XML: one test suite for each submission, for CI servers and dashboards."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from grader.exchange.csv import in_words, shown
from grader.model import Result
from grader.report.formats_junit import add_case, add_unreadable, clean, totals
from grader.report.formats_sheet import Places, Sheet

NOWHERE = Path(os.devnull)
"""A gradebook has no student's files to point into."""


def class_junit(results: Sequence[Result], assignment: str) -> bytes:
    """All submissions in one file, UTF-8; what could not be read is a suite with one failure."""
    root = ElementTree.Element("testsuites", name=assignment)
    root.extend(suite_of(result) for result in results)
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.3f}")
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def suite_of(result: Result) -> ElementTree.Element:
    """One submission with its cases, and what counts as its score."""
    sheet = Sheet(result=result, summary="", titles={}, exercises={}, path=NOWHERE)
    if result.tests:
        suite = ElementTree.Element("testsuite", totals(result.tests))
        for test in result.tests:
            add_case(suite, test, sheet, Places(sheet))
    else:
        holder = ElementTree.Element("testsuites")
        add_unreadable(holder, sheet)
        suite = holder[0]
    suite.set("name", clean(result.submission))
    suite.insert(0, properties_of(result))
    return suite


def properties_of(result: Result) -> ElementTree.Element:
    facts = [
        ("status", str(result.status)),
        ("score", shown(result.score)),
        ("max_score", shown(result.max_score)),
        *(("adjustment", in_words(one)) for one in result.adjustments),
    ]
    properties = ElementTree.Element("properties")
    for name, value in facts:
        ElementTree.SubElement(properties, "property", name=name, value=clean(value))
    return properties
