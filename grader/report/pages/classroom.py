"""The class page: figures in words, who needs a look, and the table's rows as data for its script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from grader.gradebook import key_of
from grader.model import Outcome, Record, Status
from grader.report.pages.source import ClassRecord, Standing
from grader.report.pages.statistics import (
    BINS,
    Distribution,
    HintCount,
    ItemFigures,
    distribution,
    hint_counts,
    item_figures,
    outcomes_of,
    part_means,
    part_score,
)
from grader.report.pages.svg import Scale, bar, label, line, picture
from grader.report.pages.words import ATTENTION, STATUSES, plural, points

PLAIN_ROWS: Final = 500
"""Rows that are in the table without the script, too."""

MOST_HINTS: Final = 12
MOST_NAMED: Final = 60


class PartLine(Record, frozen=True):
    """A part in the class: the mean of its points."""

    title: str
    max_points: str
    mean: str
    share: int


class TestLine(Record, frozen=True):
    """A test in the class; the numbers as they are read, `number` its place in the suite."""

    number: int
    part: str
    title: str
    passed: str
    share: int
    earned: str
    discrimination: str
    weak: bool
    hint: str
    hint_count: str


class HintLine(Record, frozen=True):
    """A mistake and how many made it."""

    count: str
    hint: str
    parts: str
    share: int


class Look(Record, frozen=True):
    """One submission that somebody should look at, and why."""

    name: str
    href: str
    why: str


class LookGroup(Record, frozen=True):
    """Submissions that need a look for the same reason."""

    title: str
    kind: str
    looks: tuple[Look, ...]
    more: int


class TableRow(Record, frozen=True):
    """One line of the table without the script."""

    name: str
    who: str
    href: str
    status: str
    changed: bool
    points: str
    parts: tuple[str, ...]


class ClassView(Record, frozen=True):
    """Everything on the class page."""

    record: ClassRecord
    counts: tuple[tuple[str, int], ...]
    distribution: Distribution
    histogram: Markup
    parts: tuple[PartLine, ...]
    tests: tuple[TestLine, ...]
    tests_by_part: tuple[tuple[str, tuple[TestLine, ...]], ...]
    hints: tuple[HintLine, ...]
    groups: tuple[LookGroup, ...]
    rows: tuple[TableRow, ...]
    total: int
    named: bool
    data: Markup
    max_points: str


def class_view(record: ClassRecord) -> ClassView:
    spread = distribution(record)
    titles = {part.name: part.title or part.name for part in record.parts}
    statuses = [one.status for one in record.standings]
    groups = tuple(look_groups(record, titles))
    tests = tuple(test_line(at, one, titles) for at, one in enumerate(item_figures(record)))
    return ClassView(
        record=record,
        counts=tuple((STATUSES[status], statuses.count(status)) for status in Status if status in statuses),
        distribution=spread,
        histogram=histogram(spread, record.max_score),
        parts=tuple(part_lines(record)),
        tests=tests,
        tests_by_part=tuple((name, tuple(of_part)) for name, of_part in groupby(tests, lambda one: one.part)),
        hints=hint_lines(hint_counts(record)[:MOST_HINTS], record, titles),
        groups=groups,
        rows=tuple(table_row(one) for one in record.standings[:PLAIN_ROWS]),
        total=len(record.standings),
        named=any(one.sheet and one.sheet.name for one in record.standings),
        data=embedded(table_data(record)),
        max_points=points(record.max_score),
    )


# ---------------------------------------------------------------------------------------------- figures


def histogram(spread: Distribution, of: float) -> Markup:
    """The scores as columns, each with its count."""
    width, height = 460, 220
    across, up = Scale(0, BINS, 8, width - 8), Scale(0, max(1, *spread.counts), height - 28, 22)
    drawn = [line(8, up(0), width - 8, up(0), "axis")]
    for at, count in enumerate(spread.counts):
        left, right = across(at) + 3, across(at + 1) - 3
        if count:
            drawn.append(bar(left, up(count), right - left, up(0) - up(count), "column"))
            drawn.append(label((left + right) / 2, up(count) - 6, count))
    for at in range(BINS + 1):
        drawn.append(label(across(at), height - 10, points(of * at / BINS), anchor_of(at), kind="tick"))
    return picture(width, height, histogram_words(spread, of), *drawn)


def anchor_of(at: int) -> str:
    """The outermost numbers stay within the drawing."""
    return "start" if at == 0 else "end" if at == BINS else "middle"


def histogram_words(spread: Distribution, of: float) -> str:
    steps = [
        f"{points(of * at / BINS)} to {points(of * (at + 1) / BINS)}: {count}"
        for at, count in enumerate(spread.counts)
        if count
    ]
    return f"How many submissions have how many points. {', '.join(steps) or 'None yet'}."


def part_lines(record: ClassRecord) -> Iterator[PartLine]:
    for part, mean in zip(record.parts, part_means(record), strict=True):
        yield PartLine(
            title=part.title or part.name, max_points=points(part.max_score),
            mean="" if mean is None else f"{mean * part.max_score:.1f}", share=round(100 * (mean or 0)),
        )  # fmt: skip


def test_line(number: int, figures: ItemFigures, titles: Mapping[str, str]) -> TestLine:
    hint, count = figures.hint or ("", 0)
    weak = figures.discrimination is not None and figures.discrimination < 0.1
    return TestLine(
        number=number, part=titles.get(figures.item.part) or figures.item.part, title=figures.item.title,
        passed=percent(figures.passed), share=round(100 * (figures.passed or 0)),
        earned=percent(figures.earned), weak=weak,
        discrimination="" if figures.discrimination is None else f"{figures.discrimination:.2f}",
        hint=hint, hint_count=f"{count} of {figures.taken}" if count else "",
    )  # fmt: skip


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def hint_lines(
    hints: tuple[HintCount, ...], record: ClassRecord, titles: Mapping[str, str]
) -> tuple[HintLine, ...]:
    """ "31 of 120" with what they did; out of those that could be run."""
    ran = sum(bool(one.verdicts) for one in record.standings)
    return tuple(
        HintLine(
            count=f"{one.submissions} of {ran}",
            hint=one.hint,
            parts=", ".join(titles.get(part) or part for part in one.parts),
            share=round(100 * one.submissions / ran),
        )
        for one in hints
    )


# -------------------------------------------------------------------------------------- who needs a look


def look_groups(record: ClassRecord, titles: Mapping[str, str]) -> Iterator[LookGroup]:
    """Unreadable ones, then by outcome; a submission stands in every group that it belongs to."""
    unreadable = [
        look(one, one.sheet.message or "")
        for one in record.standings
        if one.status is Status.UNREADABLE and one.sheet is not None
    ]
    if unreadable:
        yield group("Nothing could be run", "poor", unreadable)
    for outcome, title in ATTENTION.items():
        looks = [
            look(one, where(one, outcome, titles))
            for one in record.standings
            if outcomes_of(one.verdicts, outcome)
        ]
        if looks:
            yield group(title, "odd" if outcome in (Outcome.FORBIDDEN, Outcome.UNCHECKED) else "fair", looks)


def group(title: str, kind: str, looks: list[Look]) -> LookGroup:
    return LookGroup(
        title=title, kind=kind, looks=tuple(looks[:MOST_NAMED]), more=max(0, len(looks) - MOST_NAMED)
    )


def look(standing: Standing, why: str) -> Look:
    return Look(name=who(standing), href=href(standing), why=why)


def where(standing: Standing, outcome: Outcome, titles: Mapping[str, str]) -> str:
    """In which parts, and in how many tests of each."""
    parts = [verdict.part for verdict in outcomes_of(standing.verdicts, outcome)]
    return ", ".join(
        f"{titles.get(part) or part} ({plural(parts.count(part), 'test')})" for part in dict.fromkeys(parts)
    )


# -------------------------------------------------------------------------------------------- the table


def who(standing: Standing) -> str:
    if standing.sheet is None:
        return standing.submission
    return standing.sheet.name or standing.submission


def href(standing: Standing) -> str:
    """The student's page; nothing for one who handed nothing in."""
    return f"feedback/{quote(standing.submission, safe='')}/index.html" if standing.sheet else ""


def table_row(standing: Standing) -> TableRow:
    return TableRow(
        name=standing.submission, who=who(standing) if who(standing) != standing.submission else "",
        href=href(standing), status=STATUSES[standing.status],
        changed=standing.changed, points=points_or_none(standing.score),
        parts=tuple(points_or_none(score) for score in standing.parts),
    )  # fmt: skip


def points_or_none(score: float | None) -> str:
    return "" if score is None else points(score)


def table_data(record: ClassRecord) -> dict[str, Any]:
    """What the table's script needs, in lists: thousands of rows come in a few hundred kilobytes.

    A row is [id, name, address, status, score, parts' scores, places of the tests not passed in the suite,
    1 where it needs a look, 1 where its points were changed].
    """
    places = {key_of(test.part, test.name): at for at, test in enumerate(record.tests)}
    return {
        "parts": [part.name for part in record.parts],
        "statuses": {status: STATUSES[status] for status in Status},
        "rows": [data_row(one, places, len(record.parts)) for one in record.standings],
    }


def data_row(standing: Standing, places: Mapping[str, int], parts: int) -> list[Any]:
    failed = [
        places[key]
        for verdict in standing.verdicts
        if verdict.outcome is not Outcome.PASSED and (key := key_of(verdict.part, verdict.name)) in places
    ]
    name = who(standing)
    return [
        standing.submission, name if name != standing.submission else "", href(standing), standing.status,
        standing.score, [part_score(standing, at) for at in range(parts)], failed, attention(standing),
        int(standing.changed),
    ]  # fmt: skip


def attention(standing: Standing) -> int:
    """1 for a submission that needs a look."""
    odd = any(verdict.outcome in ATTENTION for verdict in standing.verdicts)
    return int(odd or standing.status in (Status.UNREADABLE, Status.UNCHECKED))


def embedded(data: Any) -> Markup:
    """JSON for a `script` element: nothing in it ends the element or begins a comment."""
    text = msgspec.json.encode(data).decode()
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)
