"""Outcomes -> points: a submission's result from its tests'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader.assignment import Assignment
from grader.model import PartResult, Reading, Result, RunInfo, Status, TestResult


def score_submission(
    assignment: Assignment,
    submission: str,
    tests: Sequence[TestResult],
    run: RunInfo,
    reading: Reading | None,
) -> Result:
    """Add up the tests part by part.  A test that could not be checked withholds its part's score and the total."""
    parts = tuple(score_part(part.name, part.points, tests) for part in assignment.parts)
    scores = [part.score for part in parts]
    unchecked = any(score is None for score in scores)
    return Result(
        submission=submission,
        assignment=assignment.name,
        status=Status.UNCHECKED if unchecked else Status.GRADED,
        message=explain(tests, reading),
        score=None if unchecked else total(score for score in scores if score is not None),
        max_score=assignment.max_score,
        parts=parts,
        tests=tuple(tests),
        run=run,
        reading=reading,
    )


def score_part(name: str, points: float, tests: Sequence[TestResult]) -> PartResult:
    own = [test.score for test in tests if test.part == name]
    known = [score for score in own if score is not None]
    return PartResult(name=name, score=total(known) if len(known) == len(own) else None, max_score=points)


def total(scores: Iterable[float]) -> float:
    """A sum in hundredths, so that ten tenths are one."""
    return round(sum(round(score * 100) for score in scores) / 100, 2)


def explain(tests: Sequence[TestResult], reading: Reading | None) -> str | None:
    """What a student should know first, where no single test says it."""
    if reading is not None and not reading.found:
        return f"None of the names that the assignment asks for is defined in {reading.file}."
    unchecked = sum(test.score is None for test in tests)
    if unchecked:
        return f"{unchecked} tests could not be checked for reasons that are the grader's, not yours."
    return None


def unreadable(
    assignment: Assignment, submission: str, message: str, run: RunInfo, reading: Reading | None
) -> Result:
    """Nothing could be run: zero, and the reason."""
    return Result(
        submission=submission,
        assignment=assignment.name,
        status=Status.UNREADABLE,
        message=message,
        score=0.0,
        max_score=assignment.max_score,
        parts=tuple(
            PartResult(name=part.name, score=0.0, max_score=part.points) for part in assignment.parts
        ),
        tests=(),
        run=run,
        reading=reading,
    )
