"""A summary in Markdown for a CI job's page.  Messages stand in HTML blocks, so no Markdown of a student's is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from grader.model import Outcome, PartResult, TestResult
from grader.report.formats_sheet import WORDS, Places, Sheet, grouped, hole, not_passed, waiting, words_of

SPECIAL: Final = re.compile(r"[!-/:-@\[-`{-~]")
"""ASCII punctuation: all that can mean something in Markdown or HTML."""

LONGEST: Final = 4000


def markdown(sheet: Sheet) -> str:
    return "\n".join(lines(sheet)) + "\n"


def lines(sheet: Sheet) -> Iterator[str]:
    result = sheet.result
    yield f"## {plain(result.assignment)}: {plain(sheet.summary)}"
    if result.reading is not None:
        yield f"\nRead: {plain(result.reading.file)} ({plain(result.reading.why)})"
    if result.message and result.message != sheet.summary:
        yield f"\n{plain(result.message)}"
    if result.tests:
        yield "\n| part | | passed |\n| --- | --- | --- |"
        yield from (part_row(sheet, part) for part in result.parts)
    places = Places(sheet)
    for test, count in grouped(not_passed(result)):
        yield from details(sheet, test, places, count)


def part_row(sheet: Sheet, part: PartResult) -> str:
    tests = [test for test in sheet.result.tests if test.part == part.name]
    passed = sum(test.outcome is Outcome.PASSED for test in tests)
    sign = "✅" if passed == len(tests) else "❌"
    return f"| {plain(sheet.title_of(part.name))} | {sign} | {passed} of {len(tests)} |"


def details(sheet: Sheet, test: TestResult, places: Places, count: int) -> Iterator[str]:
    """One test that is not passed: its sentence, its place, and its message as it is."""
    place = places.of(test)
    where = f" ({plain(place.file)}, line {place.line})" if place is not None else ""
    if (to_do := hole(test)) is not None:
        told = f"{plain(to_do)}{where}; {waiting(count)}"
        yield f"\n**{plain(sheet.title_of(test.part))}: still to do.** {told}"
        return
    yield f"\n**{plain(sheet.title_of(test.part))}: {WORDS[test.outcome]}.** {plain(test.title)}{where}"
    if said := words_of(test):
        yield f"\n<pre>{preformatted(said)}</pre>"


def plain(text: str) -> str:
    """One line without any meaning: each punctuation character as an entity."""
    return SPECIAL.sub(lambda match: f"&#{ord(match[0])};", " ".join(text.split()))


def preformatted(text: str) -> str:
    """For the inside of a <pre>: escaped, and no empty line, at which some readers end the block."""
    return escape(text[:LONGEST]).replace("\n\n", "\n&nbsp;\n").replace("\n\n", "\n&nbsp;\n")
