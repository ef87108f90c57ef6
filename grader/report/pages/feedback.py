"""A student's page: a result as the template shows it, each sentence and number decided here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from grader.gradebook import SuitePart
from grader.model import Adjustment, CellUse, Outcome, PartResult, Reading, Record, Result, TestResult
from grader.report.pages.charts import Figure, figures_of
from grader.report.pages.handed import Handed
from grader.report.pages.markdown import defined_at
from grader.report.pages.source import Sheet
from grader.report.pages.words import OUTCOMES, PARTLY, bounded, plural, points

HANDED_IN = "handed-in.html"
MAX_LINKS: Final = 4
MAX_CELL_ROWS: Final = 400
MAX_MESSAGE: Final = 3_000
MAX_PRINTED: Final = 4_000
"""Links of a test, rows about cells, characters of what a student's code said and printed in one test."""


class Place(Record, frozen=True):
    """Where in the handed-in file something is: its words and the address of the anchor."""

    words: str
    href: str


class TestView(Record, frozen=True):
    """One test as it is read; `notes` are further sentences about it.

    `hint_above` is the anchor of an earlier test of the same part with the same hint.
    """

    anchor: str
    title: str
    word: str
    kind: str
    points: str
    max_points: str
    passed: bool
    message: str = ""
    hint: str = ""
    hint_above: str = ""
    printed: str = ""
    notes: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()


class PartView(Record, frozen=True):
    """One part: its points, its tests and the figures that its tests laid open.  `share` is in percent."""

    anchor: str
    title: str
    points: str
    max_points: str
    share: int
    kind: str
    told: str
    tests: tuple[TestView, ...]
    figures: tuple[Figure, ...]


class Step(Record, frozen=True):
    """What to do next: the first test that isn't passed, and how many others say the same."""

    part: str
    test: TestView
    same: int
    left: int


class CellMark(Record, frozen=True):
    """What is said at a cell of the handed-in file: its use, and the tests that lead to it."""

    use: str
    reason: str
    tests: tuple[TestView, ...] = ()


class FeedbackView(Record, frozen=True):
    """Everything on a student's page."""

    result: Result
    sheet: Sheet
    who: str
    points: str
    max_points: str
    share: int
    summary: str
    parts: tuple[PartView, ...]
    adjustments: tuple[str, ...]
    step: Step | None
    handed: bool
    notebook: bool
    cells: tuple[tuple[str, CellUse, str], ...]


def feedback_view(
    result: Result, sheet: Sheet, parts: Sequence[SuitePart], handed: Handed | None
) -> FeedbackView:
    """The page of one submission; `handed` is None where the file can't be shown."""
    found = places(result.reading, handed)
    titles = {part.name: part.title or part.name for part in parts}
    views = tuple(part_views(result, titles, found))
    return FeedbackView(
        result=result, sheet=sheet, who=sheet.name or sheet.student or result.submission,
        points=points(result.score), max_points=points(result.max_score),
        share=percent(result.score, result.max_score), summary=summary(result), parts=views,
        adjustments=tuple(adjusted(one, titles, result) for one in result.adjustments),
        step=next_step(views), handed=handed is not None,
        notebook=handed is not None and handed.is_notebook,
        cells=tuple(cell_rows(result.reading, handed)),
    )  # fmt: skip


def percent(score: float | None, of: float) -> int:
    return round(100 * score / of) if score is not None and of > 0 else 0


def summary(result: Result) -> str:
    passed = sum(test.outcome is Outcome.PASSED for test in result.tests)
    if not result.tests:
        return "None of it could be run."
    if passed == len(result.tests):
        return f"All {len(result.tests)} tests passed."
    return f"{passed} of {plural(len(result.tests), 'test')} passed."


# ---------------------------------------------------------------------------------------------- parts


def part_views(result: Result, titles: Mapping[str, str], found: Mapping[str, Place]) -> Iterator[PartView]:
    """The parts in the order of the course, with anchors that count through all tests."""
    numbered = list(enumerate(result.tests, 1))
    for part in result.parts:
        own = [(number, test) for number, test in numbered if test.part == part.name]
        names = names_in((test for _, test in own), found)
        tests = tuple(said_once([test_view(number, test, found, names) for number, test in own]))
        yield PartView(
            anchor=f"part-{part.name}", title=titles.get(part.name) or part.name, points=points(part.score),
            max_points=points(part.max_score), share=percent(part.score, part.max_score),
            kind=kind_of(part), told=told_of(part, tests), tests=tests, figures=tuple(figures(own)),
        )  # fmt: skip


def kind_of(part: PartResult) -> str:
    if part.score is None:
        return "odd"
    return "good" if part.score >= part.max_score else "fair" if part.score > 0 else "poor"


def told_of(part: PartResult, tests: Sequence[TestView]) -> str:
    passed = sum(test.passed for test in tests)
    return f"{passed} of {len(tests)} passed"


def figures(tests: Iterable[tuple[int, TestResult]]) -> Iterator[Figure]:
    for _, test in tests:
        yield from figures_of(test.exhibits)


def test_view(number: int, test: TestResult, found: Mapping[str, Place], names: Sequence[str]) -> TestView:
    """One test; what passed whole needs no more than its sentence."""
    whole = test.outcome is Outcome.PASSED and test.score == test.max_score
    word, kind = PARTLY if test.outcome is Outcome.PASSED and not whole else OUTCOMES[test.outcome]
    mentioned = () if whole else names_in([test], found) or names
    return TestView(
        anchor=f"test-{number}", title=test.title, word=word, kind=kind, points=points(test.score),
        max_points=points(test.max_score), passed=whole,
        message="" if test.outcome is Outcome.UNCHECKED else bounded(test.message, MAX_MESSAGE), hint=test.hint or "",
        printed=bounded(test.printed, MAX_PRINTED), notes=tuple(notes_of(test)),
        places=tuple(dict.fromkeys(found[name] for name in mentioned))[:MAX_LINKS],
    )  # fmt: skip


def said_once(tests: Iterable[TestView]) -> Iterator[TestView]:
    """A hint that several tests share is said at the first of them; the others point there."""
    first: dict[str, str] = {}
    for test in tests:
        above = first.get(test.hint, "")
        yield msgspec.structs.replace(test, hint_above=above) if above else test
        if test.hint:
            first.setdefault(test.hint, test.anchor)


def notes_of(test: TestResult) -> Iterator[str]:
    if test.own is not None:
        yield (
            f"With your own earlier pieces: {OUTCOMES[test.own][0]}. "
            "PyTorch's pieces stood in for them, and that counted."
        )
    if test.outcome is Outcome.UNCHECKED:
        yield "The grader could not check this. It costs you nothing; the test will be tried again."


# ------------------------------------------------------------------------------------- where things are


def names_said(test: TestResult) -> frozenset[str]:
    """The words of what is said of a test that could be names; of `module.name` only `module`."""
    return frozenset(re.findall(r"(?<![\w.])\w+", f"{test.title} {test.message or ''}"))


def names_in(tests: Iterable[TestResult], found: Mapping[str, Place]) -> list[str]:
    """The names that a part's tests speak of: it is about them."""
    said = frozenset[str]().union(*map(names_said, tests))
    return [name for name in found if name in said]


def places(reading: Reading | None, handed: Handed | None) -> dict[str, Place]:
    """Where each asked-for name is defined in the file as it is shown."""
    if reading is None or handed is None:
        return {}
    if handed.is_notebook:
        return {
            name: Place(words=f"{name}, cell {use.cell}", href=f"{HANDED_IN}#cell-{use.cell}")
            for use in reading.cells
            for name in defined_by(use)
        }
    lines = defined_at(handed.cells[0].code)
    return {
        name: Place(words=f"{name}, line {lines[name]}", href=f"{HANDED_IN}#line-{lines[name]}")
        for name in reading.found
        if name in lines
    }


def defined_by(use: CellUse) -> list[str]:
    """The names in "defines A, B; 1 statement left out", which is how the reading says it."""
    match = re.match(r"defines ([\w, ]+)", use.reason)
    return match[1].split(", ") if match else []


def cell_rows(reading: Reading | None, handed: Handed | None) -> Iterator[tuple[str, CellUse, str]]:
    """What was used, with the address of the cell where it is shown."""
    for use in reading.cells[:MAX_CELL_ROWS] if reading else ():
        words = "the module" if use.cell is None else f"cell {use.cell}"
        anchor = "" if use.cell is None else f"#cell-{use.cell}"
        yield words, use, f"{HANDED_IN}{anchor}" if handed else ""


def cell_marks(view: FeedbackView) -> dict[str, CellMark]:
    """By anchor in the handed-in file: how the cell was used, and the tests that were not passed because of it."""
    marks = {
        f"cell-{use.cell or 0}": CellMark(use=use.use, reason=use.reason)
        for use in (view.result.reading.cells if view.result.reading else ())
    }
    led: dict[str, list[TestView]] = {}
    for test in (test for part in view.parts for test in part.tests):
        for place in test.places:
            led.setdefault(place.href.partition("#")[2], []).append(test)
    for anchor, tests in led.items():
        mark = marks.get(anchor, CellMark(use="", reason=""))
        marks[anchor] = CellMark(use=mark.use, reason=mark.reason, tests=tuple(tests))
    return marks


# ------------------------------------------------------------------------------------------- what next


def next_step(parts: Iterable[PartView]) -> Step | None:
    """The first test in the order of the course that lost points."""
    lost = [(part, test) for part in parts for test in part.tests if not test.passed]
    if not lost:
        return None
    part, first = lost[0]
    same = sum(test.hint == first.hint for _, test in lost) - 1 if first.hint else 0
    return Step(part=part.title, test=first, same=same, left=len(lost))


# ----------------------------------------------------------------------------------------- adjustments


def adjusted(one: Adjustment, titles: Mapping[str, str], result: Result) -> str:
    """One change to what the tests gave, as a sentence."""
    about = next((test.title for test in result.tests if f"{test.part}::{test.name}" == one.test), None)
    where = about or titles.get(one.part or "") or "The whole"
    who = f" by {one.by}" if one.by else ""
    kind = {"void": "not counted", "by hand": f"changed{who}", "late": "handed in late"}[one.kind]
    return f"{where}: {kind}, {points(one.before)} → {points(one.after)}. {one.why}".strip()
