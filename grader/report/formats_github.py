"""Annotations for GitHub Actions: workflow commands on standard output, one a line.

The runner takes every line that begins with `::` for a command, so nothing of a student's may begin a line or end a
command's properties: percent signs, line ends, and in properties colons and commas are written as %XX.
"""

from __future__ import annotations

from typing import Final

from grader.model import Outcome, TestResult
from grader.report.formats_sheet import (
    WORDS,
    Place,
    Places,
    Sheet,
    grouped,
    hole,
    not_passed,
    waiting,
    words_of,
)

LONGEST: Final = 4000
"""Characters of a message; GitHub cuts annotations at 64 KB."""


def github(sheet: Sheet) -> str:
    """An error for each test that is not passed, a warning where nothing could be read, a notice with the summary."""
    places = Places(sheet)
    told = grouped(not_passed(sheet.result))
    lines = [annotation(test, places.of(test), sheet, count) for test, count in told]
    if not sheet.result.tests:
        lines.append(
            command("error", sheet.result.message or "Nothing could be read.", places.of_all(), "grade")
        )
    lines.append(command("notice", sheet.summary, None, sheet.result.assignment))
    return "\n".join(lines) + "\n"


def annotation(test: TestResult, place: Place | None, sheet: Sheet, count: int) -> str:
    """What is only not done yet is a warning, as is what the grader could not check."""
    part, to_do = sheet.title_of(test.part), hole(test)
    if to_do is not None:
        return command("warning", f"{to_do}\n{waiting(count)}", place, f"{part}: still to do")
    level = "warning" if test.outcome is Outcome.UNCHECKED else "error"
    said = f"{test.title}\n{words_of(test)}".strip()
    return command(level, said, place, f"{part}: {WORDS[test.outcome]}")


def command(level: str, message: str, place: Place | None, title: str) -> str:
    properties = {"title": title[:200]}
    if place is not None:
        properties = {"file": place.file, "line": str(place.line), **properties}
    told = ",".join(f"{name}={as_property(value)}" for name, value in properties.items())
    return f"::{level} {told}::{as_data(message[:LONGEST])}"


def as_data(text: str) -> str:
    """Escaped as the runner unescapes it; other characters that end a line for somebody become spaces."""
    plain = "".join(letter if letter.isprintable() or letter in "\r\n\t" else " " for letter in text)
    return plain.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def as_property(text: str) -> str:
    return as_data(text).replace(":", "%3A").replace(",", "%2C")
