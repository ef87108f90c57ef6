"""Tests -> void -> changes by hand -> late: one score, whatever the order in which things were found out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import Outcome, PartResult, Result, RunInfo, Status, TestResult
from grader.score.policy import settle, time_is_missing
from grader.score.rules import HandIn, LateRule, Override, Policy, VoidTest

DUE = datetime(2026, 3, 1, 22, 59, tzinfo=UTC)
LATE = LateRule(due=DUE, per_day=0.1, grace_minutes=15, cap=0.3)
VOID = Policy(void=(VoidTest(test="conv::stride", why="the docstring promised another shape"),))


def check(part: str, name: str, score: float | None, most: float) -> TestResult:
    outcome = Outcome.UNCHECKED if score is None else Outcome.PASSED if score == most else Outcome.FAILED
    return TestResult(name=name, part=part, title=name, score=score, max_score=most, outcome=outcome)


def result(conv: tuple[float | None, float | None] = (6.0, 0.0), linear: float | None = 8.0) -> Result:
    """Part conv of 10 (forward 6, stride 4), part linear of 10 (forward 10)."""
    known = [one for one in conv if one is not None]
    parts = (sum(known) if len(known) == 2 else None, linear)
    whole = [one for one in parts if one is not None]
    return Result(
        submission="ada",
        assignment="hw",
        status=Status.GRADED if len(whole) == 2 else Status.UNCHECKED,
        message=None,
        score=sum(whole) if len(whole) == 2 else None,
        max_score=20.0,
        parts=(
            PartResult(name="conv", score=parts[0], max_score=10.0),
            PartResult(name="linear", score=parts[1], max_score=10.0),
        ),
        tests=(
            check("conv", "forward", conv[0], 6.0),
            check("conv", "stride", conv[1], 4.0),
            check("linear", "forward", linear, 10.0),
        ),
        run=RunInfo(seed="s", device="cpu", torch="2", grader="0", sandbox="strict"),
    )


def by_hand(points: float, *, part: str = "conv", test: str | None = None, to: bool = False) -> Override:
    return Override(
        id=7, submission="ada", part=part, test=test, kind="set" if to else "add", points=points,
        why="a fair point", author="tom", made_at="2026-03-02", attempt=1, old=None,
    )  # fmt: skip


def handed_in(after: timedelta, *known_as: str) -> HandIn:
    return HandIn(known_as=known_as or ("ada",), submitted_at=DUE + after, late=None)


def late(after: timedelta, rule: LateRule = LATE) -> Result:
    return settle(result(), Policy(late=rule), hand_in=handed_in(after))


# ------------------------------------------------------------------------------------------ nothing


def test_without_policy_a_result_is_what_it_was() -> None:
    """No rules, no changes: the very same result."""
    assert settle(result(), Policy()) == result()


# ------------------------------------------------------------------------------------------- void


def test_a_void_test_counts_as_passed() -> None:
    """Its points go to everybody, and what was changed is told."""
    settled = settle(result(conv=(6.0, 0.0)), VOID)
    assert (settled.score, settled.parts[0].score) == (18.0, 10.0)
    (note,) = settled.adjustments
    assert (note.kind, note.part, note.test, note.before, note.after) == ("void", "conv", "stride", 0.0, 4.0)


def test_a_void_test_releases_a_withheld_score() -> None:
    """Where the void test alone could not be checked, the submission is graded."""
    settled = settle(result(conv=(6.0, None)), VOID)
    assert (settled.status, settled.score, settled.message) == (Status.GRADED, 18.0, None)


def test_another_unchecked_test_still_withholds() -> None:
    """Voiding one test says nothing about another that could not be checked."""
    settled = settle(result(conv=(None, 4.0)), VOID)
    assert (settled.status, settled.score) == (Status.UNCHECKED, None)


def test_what_could_not_be_read_gets_nothing_for_void_tests() -> None:
    """Nothing was examined: there is no test to count as passed."""
    unread = msgspec.structs.replace(result(), status=Status.UNREADABLE, tests=(), score=0.0)
    assert settle(unread, VOID).score == 0.0


@given(st.floats(0, 6), st.floats(0, 4), st.floats(0, 10))
def test_nobody_loses_by_a_void_test(forward: float, stride: float, linear: float) -> None:
    """Whatever a student had, voiding a test never lowers a score."""
    before = result((round(forward, 2), round(stride, 2)), round(linear, 2))
    after = settle(before, VOID).score
    assert after is not None
    assert before.score is not None
    assert after >= round(before.score, 2)


# ---------------------------------------------------------------------------------------- by hand


def test_points_are_added_to_a_part() -> None:
    """+3 of 10 on 6: part and total move together, with author, time, reason and old value told."""
    settled = settle(result(), Policy(), [by_hand(3)])
    assert (settled.parts[0].score, settled.score) == (9.0, 17.0)
    (note,) = settled.adjustments
    assert (note.before, note.after, note.by, note.at, note.why) == (
        6.0,
        9.0,
        "tom",
        "2026-03-02",
        "a fair point",
    )
    assert note.number == 7


@pytest.mark.parametrize(("points", "part"), [(99, 10.0), (-99, 0.0)])
def test_a_part_stays_between_nothing_and_its_points(points: float, part: float) -> None:
    """Also after a regrade gave the points that were added by hand before."""
    assert settle(result(), Policy(), [by_hand(points)]).parts[0].score == part


def test_a_test_is_set() -> None:
    """Its part and the total follow."""
    settled = settle(result(), Policy(), [by_hand(2.5, test="stride", to=True)])
    assert (settled.tests[1].score, settled.parts[0].score, settled.score) == (2.5, 8.5, 16.5)


def test_setting_what_was_withheld_releases_the_score() -> None:
    """The part that could not be checked was judged by a person."""
    settled = settle(result(conv=(6.0, None)), Policy(), [by_hand(8, to=True)])
    assert (settled.status, settled.score) == (Status.GRADED, 16.0)


def test_nothing_can_be_added_to_what_is_withheld() -> None:
    """Unchecked plus three is unchecked."""
    assert settle(result(conv=(6.0, None)), Policy(), [by_hand(3)]).score is None


def test_changes_add_up_in_order() -> None:
    """Set, then add; the second starts where the first ended."""
    settled = settle(result(), Policy(), [by_hand(4, to=True), by_hand(1)])
    assert [note.after for note in settled.adjustments] == [4.0, 5.0]


def test_what_was_taken_back_does_nothing() -> None:
    """It stays in the gradebook and leaves no trace in the result."""
    undone = msgspec.structs.replace(by_hand(3), undone_at="later", undone_by="tom")
    assert settle(result(), Policy(), [undone]) == result()


def test_a_change_to_a_test_that_is_gone_is_told_and_changes_nothing() -> None:
    """The suite was edited: nobody's points vanish silently."""
    settled = settle(result(), Policy(), [by_hand(3, test="renamed")])
    assert settled.score == 14.0
    assert (settled.adjustments[0].before, settled.adjustments[0].after) == (None, None)


# ------------------------------------------------------------------------------------------- late


@pytest.mark.parametrize(
    ("after", "score"),
    [
        (timedelta(hours=-1), 14.0),
        (timedelta(0), 14.0),
        (timedelta(minutes=15), 14.0),
        (timedelta(minutes=15, seconds=1), 12.6),
        (timedelta(days=1), 12.6),
        (timedelta(days=1, seconds=1), 11.2),
        (timedelta(days=400), 9.8),
    ],
)
def test_each_day_begun_costs_its_share(after: timedelta, score: float) -> None:
    """10 % a day that has begun since it was due, nothing within the grace, 30 % at most."""
    assert late(after).score == score


def test_what_was_lost_is_told() -> None:
    """The student reads when it was due, when it came and what it cost; the parts show what was earned."""
    settled = late(timedelta(days=1, hours=3))
    (note,) = settled.adjustments
    assert (note.kind, note.before, note.after) == ("late", 14.0, 11.2)
    assert note.why == (
        "2 days late (due 2026-03-01 22:59 UTC, handed in 2026-03-03 01:59 UTC): 20% of the score is lost"
    )
    assert [part.score for part in settled.parts] == [6.0, 8.0]


def test_zones_are_told_apart() -> None:
    """Midnight in Vienna is 23:00 in UTC."""
    vienna = datetime.fromisoformat("2026-03-02T00:00:00+01:00")
    rule = msgspec.structs.replace(LATE, due=vienna, grace_minutes=0)
    in_time = HandIn(submitted_at=datetime(2026, 3, 1, 23, 0, tzinfo=UTC))
    assert settle(result(), Policy(late=rule), hand_in=in_time).score == 14.0


def test_an_extension_is_the_students_own() -> None:
    """By any id of hers, capitals aside; nobody else has it."""
    policy = Policy(late=LATE, extensions={"a.lovelace": DUE + timedelta(days=3)})
    extended = handed_in(timedelta(days=2), "1815", "A.Lovelace")
    assert settle(result(), policy, hand_in=extended).score == 14.0
    assert settle(result(), policy, hand_in=handed_in(timedelta(days=2), "bob")).score == 11.2


def test_how_late_is_never_guessed() -> None:
    """Late by the LMS's word alone: nothing is taken off, and that is told."""
    settled = settle(result(), Policy(late=LATE), hand_in=HandIn(late=True))
    assert settled.score == 14.0
    assert "not known by how much" in settled.adjustments[0].why


@pytest.mark.parametrize(
    ("hand_in", "missing"),
    [
        (HandIn(), True),
        (HandIn(late=True), True),
        (HandIn(late=False), False),
        (HandIn(submitted_at=DUE), False),
    ],
)
def test_a_missing_time_is_known_to_be_missing(hand_in: HandIn, missing: bool) -> None:
    """Only where nobody said that it was in time, and only where there is a rule."""
    assert time_is_missing(Policy(late=LATE), hand_in) is missing
    assert not time_is_missing(Policy(), hand_in)


# ------------------------------------------------------------------------------------------- all


def test_the_order_is_void_then_by_hand_then_late() -> None:
    """14, of which the void test makes 18, a change 17, a day 15.3."""
    policy = Policy(late=LATE, void=VOID.void)
    settled = settle(result(), policy, [by_hand(-1)], handed_in(timedelta(hours=5)))
    assert [(note.kind, note.after) for note in settled.adjustments] == [
        ("void", 4.0),
        ("by hand", 9.0),
        ("late", 15.3),
    ]
    assert settled.score == 15.3
