"""A result as the tests gave it -> the result that counts: void tests, changes by hand, lateness, in this order.

Pure: the same result, policy and changes give the same score at any time, so that nothing of it is lost in a
regrade.  What was done is in the result's `adjustments`, in the order in which it was done.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from grader.model import Adjustment, PartResult, Result, Status, TestResult
from grader.score.rules import HandIn, LateRule, Override, Policy, VoidTest
from grader.score.scoring import explain, total

_T = TypeVar("_T", TestResult, PartResult)
DAY = timedelta(days=1)
NOBODY = HandIn()


def settle(
    result: Result, policy: Policy, overrides: Iterable[Override] = (), hand_in: HandIn = NOBODY
) -> Result:
    """The result that counts.  `overrides` in the order in which they were made; those taken back do nothing."""
    for void in policy.void:
        result = without(result, void)
    for override in overrides:
        if override.undone_at is None:
            result = changed_by_hand(result, override)
    return reduced_if_late(result, policy, hand_in)


# ---------------------------------------------------------------------------------------- void tests


def without(result: Result, void: VoidTest) -> Result:
    """A void test counts as passed for everybody whose work was examined.

    Nobody may lose by a mistake of ours: where the points were spread over the part's other tests, whoever
    passed this one and failed another would.  It releases a score that was withheld for this test, too.
    """
    test = test_called(result, void.test)
    if test is None:
        return result
    note = Adjustment(
        kind="void", part=test.part, test=test.name, before=test.score, after=test.max_score, why=void.why
    )
    return noted(with_test(result, test, test.max_score), note)


def test_called(result: Result, key: str) -> TestResult | None:
    return next((test for test in result.tests if f"{test.part}::{test.name}" == key), None)


# ----------------------------------------------------------------------------------- changes by hand


def changed_by_hand(result: Result, override: Override) -> Result:
    """The result with one change; where its test or part is no longer there, only the note that it has no effect."""
    before, after, changed = result_with(result, override)
    note = Adjustment(
        kind="by hand", part=override.part, test=override.test, before=before, after=after,
        why=override.why, by=override.author, at=override.made_at, number=override.id,
    )  # fmt: skip
    return noted(changed, note)


def result_with(result: Result, override: Override) -> tuple[float | None, float | None, Result]:
    """The score of the part or test before and after, and the result."""
    if override.test is not None:
        test = test_called(result, f"{override.part}::{override.test}")
        if test is None:
            return None, None, result
        after = moved(test.score, test.max_score, override)
        return test.score, after, with_test(result, test, after)
    part = next((part for part in result.parts if part.name == override.part), None)
    if part is None:
        return None, None, result
    after = moved(part.score, part.max_score, override)
    return part.score, after, with_part(result, part, after)


def moved(score: float | None, max_score: float, override: Override) -> float | None:
    """The new score, between 0 and what there is to earn; a withheld one can be set, nothing be added to it."""
    if override.kind == "add" and score is None:
        return None
    wanted = override.points if override.kind == "set" else (score or 0.0) + override.points
    return round(min(max(wanted, 0.0), max_score), 2)


# ---------------------------------------------------------------------------------------- lateness


def reduced_if_late(result: Result, policy: Policy, hand_in: HandIn) -> Result:
    """The total less what its lateness costs; the parts show what was earned."""
    if policy.late is None or result.score is None:
        return result
    if hand_in.submitted_at is None:
        return noted(result, how_late_is_unknown(result.score)) if hand_in.late else result
    due = due_for(policy, policy.late, hand_in)
    days = days_late(policy.late, due, hand_in.submitted_at)
    if days == 0:
        return result
    share = lost_share(policy.late, days)
    after = round(result.score * (1.0 - share), 2)
    note = Adjustment(
        kind="late", before=result.score, after=after,
        why=f"{lateness(days)} late (due {shown(due)}, handed in {shown(hand_in.submitted_at)}): "
        f"{share:.0%} of the score is lost",
    )  # fmt: skip
    return noted(msgspec.structs.replace(result, score=after), note)


def how_late_is_unknown(score: float) -> Adjustment:
    return Adjustment(
        kind="late", before=score, after=score,
        why="late, but it is not known by how much: nothing was taken off",
    )  # fmt: skip


def due_for(policy: Policy, rule: LateRule, hand_in: HandIn) -> datetime:
    """The student's own time where there is an extension, the latest of them; never earlier than everybody's."""
    own = (policy.extensions.get(known.casefold()) for known in hand_in.known_as)
    return max([rule.due, *(due for due in own if due is not None)])


def days_late(rule: LateRule, due: datetime, submitted_at: datetime) -> int:
    """How many days have begun since it was due; 0 within the grace."""
    late = submitted_at - due
    return 0 if late <= timedelta(minutes=rule.grace_minutes) else math.ceil(late / DAY)


def lost_share(rule: LateRule, days: int) -> float:
    return min(rule.per_day * days, rule.cap)


def time_is_missing(policy: Policy, hand_in: HandIn) -> bool:
    """Whether the rule can't be applied for want of a time, and nobody said that it was in time."""
    return policy.late is not None and hand_in.submitted_at is None and hand_in.late is not False


def may_be_late(rule: LateRule, hand_in: HandIn) -> bool:
    """Whether lateness can have anything to say about it, extensions left aside."""
    return bool(hand_in.late) if hand_in.submitted_at is None else hand_in.submitted_at > rule.due


def lateness(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname()}"


# ------------------------------------------------------------------------------- results put together


def with_test(result: Result, test: TestResult, score: float | None) -> Result:
    """The result with another score for one test, its part moved by as much."""
    tests = replaced(result.tests, lambda one: one is test, score)
    part = next(part for part in result.parts if part.name == test.part)
    if part.score is None or test.score is None or score is None:
        own = [one.score for one in tests if one.part == part.name]
        known = [one for one in own if one is not None]
        moved_part = total(known) if len(known) == len(own) else None
    else:
        moved_part = round(min(max(part.score + score - test.score, 0.0), part.max_score), 2)
    return with_part(msgspec.structs.replace(result, tests=tests), part, moved_part)


def with_part(result: Result, part: PartResult, score: float | None) -> Result:
    """The result with another score for one part, and the total that follows from it."""
    parts = replaced(result.parts, lambda one: one is part, score)
    known = [one.score for one in parts if one.score is not None]
    complete = len(known) == len(parts)
    return msgspec.structs.replace(
        result,
        parts=parts,
        score=total(known) if complete else None,
        status=Status.GRADED if complete and result.status is Status.UNCHECKED else result.status,
        message=explain(result.tests, result.reading) if result.tests else result.message,
    )


def replaced(many: Sequence[_T], chosen: Callable[[_T], bool], score: float | None) -> tuple[_T, ...]:
    return tuple(msgspec.structs.replace(one, score=score) if chosen(one) else one for one in many)


def noted(result: Result, note: Adjustment) -> Result:
    return msgspec.structs.replace(result, adjustments=(*result.adjustments, note))
