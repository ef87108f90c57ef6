"""Whether a known submission got what it must get."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.assignment import Part
from grader.examine.misconceptions import Misconception
from grader.model import Outcome, Result, Status, TestResult
from grader.score.scoring import total
from grader.validate.records import Bound, Fault, Known, Trial


def judged(
    known: Known, result: Result, parts: Sequence[Part], left_out: Sequence[str], seconds: float
) -> Trial:
    """The trial that a result makes; `left_out` are the tests that were not run."""
    failed = [test for test in result.tests if test.outcome is not Outcome.PASSED]
    hints = [test.hint for test in failed if test.hint is not None]
    wrong = sum(known.expected.get(part.name, "all") != "all" for part in parts)
    chosen = known.misconception
    return Trial(
        name=known.name,
        kind=known.kind,
        seed=result.run.seed,
        score=result.score,
        right=len(parts) - wrong,
        wrong=wrong,
        faults=tuple(faults(known, result, parts)),
        hinted=None if chosen is None else any(tells(test, chosen) for test in failed),
        hints=len(hints),
        own_hints=0 if chosen is None else hints.count(chosen.hint),
        left_out=tuple(left_out),
        seconds=round(seconds, 2),
    )


def tells(test: TestResult, chosen: Misconception) -> bool:
    """Whether a failed test names the mistake: by its hint, or where it says so by its own message."""
    return test.hint == chosen.hint or bool(chosen.says and chosen.says in (test.message or ""))


def faults(known: Known, result: Result, parts: Sequence[Part]) -> Iterator[Fault]:
    scores = {part.name: part.score for part in result.parts}
    if result.status is not Status.UNREADABLE and not known.readable:
        yield Fault(kind="accepted", part="", message="it was read, expected unreadable")
    for part in parts:
        fault = fault_of(part, scores[part.name], known.expected.get(part.name, "all"), result)
        if fault is not None:
            yield fault


def fault_of(part: Part, score: float | None, bound: Bound, result: Result) -> Fault | None:
    """What is wrong with a part's score; None where nothing is."""
    if score is None:
        return Fault(kind="unchecked", part=part.name, message=first_trouble(part, result))
    points = points_tried(part, result)
    said = f"{score:g} of {points:g} points, expected {expected(bound)}"
    if score < least(bound, points):
        return Fault(kind="rejected", part=part.name, message=f"{said}; {first_trouble(part, result)}")
    if score > most(bound, points):
        return Fault(kind="accepted", part=part.name, message=said)
    return None


def points_tried(part: Part, result: Result) -> float:
    """What the part's tests that were run are worth; all of it where nothing could be run."""
    if result.status is Status.UNREADABLE:
        return part.points
    return total(test.max_score for test in result.tests if test.part == part.name)


def expected(bound: Bound) -> str:
    return f"{bound:g}" if isinstance(bound, float) else bound


def least(bound: Bound, points: float) -> float:
    """The smallest score that will do; scores come in hundredths."""
    if isinstance(bound, float):
        return bound
    return {"all": points, "less": 0.0, "some": 0.01}[bound]


def most(bound: Bound, points: float) -> float:
    """The greatest score that will do."""
    if isinstance(bound, float):
        return bound
    return points if bound == "all" else points - 0.01


def first_trouble(part: Part, result: Result) -> str:
    """The first test of a part that lost points, and what it said."""
    for test in result.tests:
        if test.part == part.name and test.score != test.max_score:
            return f"{test.name} ({test.outcome}): {test.message}"
    return result.message or "no test says why"
