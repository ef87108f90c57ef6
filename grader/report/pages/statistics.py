"""What a class's results say about its tests and its mistakes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import Final

from grader.gradebook import key_of
from grader.model import Outcome, Record, Status
from grader.report.pages.source import ClassRecord, Standing, SuiteItem, Verdict

BINS: Final = 10
FEWEST: Final = 10
"""Submissions below which a correlation says nothing."""


class Distribution(Record, frozen=True):
    """Scores in `BINS` equal intervals from 0 to the greatest score, the last one closed above."""

    counts: tuple[int, ...]
    mean: float | None
    median: float | None
    graded: int


class ItemFigures(Record, frozen=True):
    """One test in a class.

    `passed` is the share of the submissions that passed it, `earned` the mean share of its points.
    `discrimination` is the correlation of its score with the sum of all the other tests' (corrected item-total
    correlation; Crocker and Algina, *Introduction to Classical and Modern Test Theory*, ch. 14): None where it
    is not defined or the class is small.  `hint` is the commonest with its count.
    """

    item: SuiteItem
    taken: int
    passed: float | None
    earned: float | None
    discrimination: float | None
    hint: tuple[str, int] | None


class HintCount(Record, frozen=True):
    """How many submissions got a hint, and in which parts."""

    hint: str
    submissions: int
    parts: tuple[str, ...]


def distribution(record: ClassRecord) -> Distribution:
    """Of the scores that count; unreadable submissions have a score of 0, withheld ones have none."""
    scores = [one.score for one in record.standings if one.score is not None]
    counts = Counter(bin_of(score, record.max_score) for score in scores)
    return Distribution(
        counts=tuple(counts[at] for at in range(BINS)),
        mean=fmean(scores) if scores else None,
        median=median(scores) if scores else None,
        graded=len(scores),
    )


def bin_of(score: float, of: float) -> int:
    share = score / of if of > 0 else 0.0
    return min(BINS - 1, max(0, int(share * BINS + 1e-9)))


def item_figures(record: ClassRecord) -> tuple[ItemFigures, ...]:
    """The tests of the newest suite, each over the submissions in which it ran."""
    graded = [one for one in record.standings if one.status is Status.GRADED]
    verdicts = [{key_of(v.part, v.name): v for v in one.verdicts} for one in graded]
    totals = [sum(v.score or 0.0 for v in one.verdicts) for one in graded]
    return tuple(figures_of(item, verdicts, totals) for item in record.tests)


def figures_of(
    item: SuiteItem, verdicts: Sequence[dict[str, Verdict]], totals: Sequence[float]
) -> ItemFigures:
    key = key_of(item.part, item.name)
    taken = [(found[key], total) for found, total in zip(verdicts, totals, strict=True) if key in found]
    scored = [(v.score, total) for v, total in taken if v.score is not None]
    hints = Counter(v.hint for v, _ in taken if v.hint)
    passed = sum(v.outcome is Outcome.PASSED for v, _ in taken)
    return ItemFigures(
        item=item, taken=len(taken), passed=passed / len(taken) if taken else None,
        earned=fmean(score for score, _ in scored) / item.max_score if scored and item.max_score else None,
        discrimination=correlation([score for score, _ in scored], [total - score for score, total in scored]),
        hint=hints.most_common(1)[0] if hints else None,
    )  # fmt: skip


def correlation(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Pearson's; None where one of them does not vary or there are few."""
    if len(left) < FEWEST:
        return None
    mean_left, mean_right = fmean(left), fmean(right)
    spread = math.sqrt(sum((a - mean_left) ** 2 for a in left) * sum((b - mean_right) ** 2 for b in right))
    together = sum((a - mean_left) * (b - mean_right) for a, b in zip(left, right, strict=True))
    return together / spread if spread > 1e-12 else None


def part_means(record: ClassRecord) -> tuple[float | None, ...]:
    """The mean share of each part's points."""
    means = []
    for at, part in enumerate(record.parts):
        scores = [s for one in record.standings if (s := part_score(one, at)) is not None]
        means.append(fmean(scores) / part.max_score if scores and part.max_score else None)
    return tuple(means)


def part_score(standing: Standing, at: int) -> float | None:
    return standing.parts[at] if at < len(standing.parts) else None


def hint_counts(record: ClassRecord) -> tuple[HintCount, ...]:
    """Every hint by the number of submissions that got it, the commonest first."""
    counts: Counter[str] = Counter()
    parts: dict[str, list[str]] = {}
    for standing in record.standings:
        for hint in sorted({v.hint for v in standing.verdicts if v.hint}):
            counts[hint] += 1
        for verdict in standing.verdicts:
            if verdict.hint and verdict.part not in parts.setdefault(verdict.hint, []):
                parts[verdict.hint].append(verdict.part)
    return tuple(
        HintCount(hint=hint, submissions=count, parts=tuple(parts[hint]))
        for hint, count in counts.most_common()
    )


def outcomes_of(verdicts: Iterable[Verdict], wanted: Outcome) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.outcome is wanted]
