"""What every format is made from: a result, its words for people, and the places in the student's own files."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.assignment import Assignment
from grader.model import Outcome, Result, TestResult
from grader.report.formats_notebook import code_cells

PLACED: Final = re.compile(r"(?P<file>[^\n]{1,200}), line (?P<line>[0-9]{1,7})(?:: [^\n]*)?")
"""The last line of a message that names a place, as the examiner writes it."""

CELL: Final = re.compile(r"cell ([0-9]{1,6})")

WORDS: Final[Mapping[Outcome, str]] = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "wrong",
    Outcome.ERROR: "error",
    Outcome.TIMEOUT: "too slow",
    Outcome.CRASHED: "crashed",
    Outcome.FORBIDDEN: "not allowed",
    Outcome.MISSING: "missing",
    Outcome.UNCHECKED: "unchecked",
}


@dataclass(frozen=True)
class Place:
    """A line of a file, both as CI systems want them: a path from the current folder, lines counted from 1."""

    file: str
    line: int


@dataclass(frozen=True)
class Sheet:
    """`summary` is the one line that says it all; `titles` and `exercises` are by part; `path` what was read."""

    result: Result
    summary: str
    titles: Mapping[str, str]
    exercises: Mapping[str, Sequence[str]]
    path: Path

    def title_of(self, part: str) -> str:
        return self.titles.get(part) or part


def sheet(assignment: Assignment, result: Result, path: Path, summary: str) -> Sheet:
    """A result of this assignment for a submission at `path`."""
    return Sheet(
        result=result,
        summary=summary,
        titles={part.name: part.title or part.name for part in assignment.parts},
        exercises={part.name: part.exercises for part in assignment.parts},
        path=path,
    )


def graded_sheet(assignment: Assignment, result: Result, path: Path) -> Sheet:
    """A grading: its score sums it up."""
    score = "?" if result.score is None else f"{result.score:g}"
    return sheet(assignment, result, path, f"{result.submission}: {score} of {result.max_score:g} points")


def not_passed(result: Result) -> list[TestResult]:
    return [test for test in result.tests if test.outcome is not Outcome.PASSED]


UNFINISHED: Final = " is not implemented yet"
"""What a message says where an exercise's hole was reached."""


def hole(test: TestResult) -> str | None:
    """What is still to be written, where that is why a test is not passed; None where something is wrong."""
    message = test.message or ""
    if test.outcome is Outcome.PASSED:
        return None
    if test.outcome is Outcome.MISSING:
        return message or "a name that is missing"
    _, unfinished, what = message.partition(UNFINISHED)
    if test.outcome is not Outcome.ERROR or not unfinished:
        return None
    return (
        what.partition("\n")[0].removeprefix(": ").strip()
        or "something that your code says is not implemented"
    )


def grouped(tests: Sequence[TestResult]) -> list[tuple[TestResult, int]]:
    """Each test with how many it stands for: those that wait for the same hole are told as one."""
    groups: dict[object, list[TestResult]] = {}
    for place, test in enumerate(tests):
        groups.setdefault((test.part, hole(test)) if hole(test) else place, []).append(test)
    return [(group[0], len(group)) for group in groups.values()]


def waiting(count: int) -> str:
    return "1 test waits for it" if count == 1 else f"{count} tests wait for it"


def words_of(test: TestResult) -> str:
    """What was wrong and the hint, the lines that a person reads."""
    said = (test.message, f"Hint: {test.hint}" if test.hint else None)
    return "\n".join(line for line in said if line)


class Places:
    """Where in the student's files a test's fault is: the line that raised, else the exercise's definition."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._main = main_file(sheet)
        self._lines = definitions(self._main) if self._main is not None else {}

    def of(self, test: TestResult) -> Place | None:
        """None where nothing was read, or not from plain files."""
        if self._main is None:
            return None
        return self._said(test) or Place(shown(self._main), self._lines.get(self._exercise(test), 1))

    def of_all(self) -> Place | None:
        """The file itself."""
        return None if self._main is None else Place(shown(self._main), 1)

    def _exercise(self, test: TestResult) -> str:
        """The exercise that a test's own words name first, else the part's first."""
        names = self._sheet.exercises.get(test.part, ())
        text = f"{test.title} {test.message or ''}"
        found = [(match.start(), name) for name in names if (match := re.search(rf"\b{name}\b", text))]
        return min(found)[1] if found else next(iter(names), "")

    def _said(self, test: TestResult) -> Place | None:
        """The place in the message's last line; it is believed only where the student's files have such a line."""
        last = (test.message or "").splitlines()[-1:]
        match = PLACED.fullmatch(last[0].strip()) if last else None
        if match is None or self._main is None:
            return None
        line = int(match["line"])
        if (cell := CELL.fullmatch(match["file"])) is not None:
            return self._in_notebook(int(cell[1]), line)
        file = self._main.parent / match["file"]
        inside = file.resolve().is_relative_to(self._main.parent.resolve())
        return Place(shown(file), line) if inside and file.is_file() else None

    def _in_notebook(self, cell: int, line: int) -> Place | None:
        assert self._main is not None
        cells = code_cells(self._main)
        if not 1 <= cell <= len(cells) or not 1 <= line <= len(cells[cell - 1].rows):
            return None
        return Place(shown(self._main), cells[cell - 1].rows[line - 1])


def main_file(sheet: Sheet) -> Path | None:
    """The notebook or module that was read; None where it is not a plain file (in a zip, or nothing at all)."""
    reading = sheet.result.reading
    if sheet.path.is_file():
        file = sheet.path
    elif reading is None:
        return None
    else:
        file = sheet.path / reading.file
    return file if file.is_file() and file.suffix.lower() in (".py", ".ipynb") else None


def shown(file: Path) -> str:
    """A path from the current folder, with slashes, as annotations name files."""
    try:
        return Path(os.path.relpath(file)).as_posix()
    except ValueError:  # another drive
        return file.as_posix()


def definitions(file: Path) -> dict[str, int]:
    """The line of the last definition of every name on the top level; of a notebook, in its JSON."""
    if file.suffix.lower() == ".ipynb":
        found: dict[str, int] = {}
        for cell in code_cells(file):
            for name, line in defined_in("".join(cell.lines)).items():
                found[name] = cell.rows[line - 1] if line <= len(cell.rows) else 1
        return found
    return defined_in(file.read_text(encoding="utf-8", errors="replace"))


def defined_in(source: str) -> dict[str, int]:
    """{} where the source is no Python, as a cell with magics is none."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {
        node.name: node.lineno
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
