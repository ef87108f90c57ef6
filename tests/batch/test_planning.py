"""What runs and why: only what has changed, and everything that has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from grader.assignment import Assignment
from grader.batch.fingerprints import content_digest
from grader.batch.planning import plan
from grader.batch.records import Circumstances, Decision, Order, Plan
from grader.gradebook import Gradebook, Suite, open_gradebook
from grader.model import Outcome, Result, Status
from grader.pipeline import contract_of
from tests.fixtures.kept_results import (
    FAILED,
    PASSED,
    SEED,
    SUITE,
    attempt,
    environment,
    found,
    result,
    suite,
)
from tests.fixtures.tiny_assignment import RIGHT, make

OTHER_HINTS = msgspec.structs.replace(
    SUITE,
    digest="hints",
    tests=tuple(msgspec.structs.replace(test, hints="new") for test in SUITE.tests),
)


class Class:
    """A folder with two submissions, graded once."""

    def __init__(self, book: Gradebook, assignment: Assignment, folder: Path) -> None:
        self.book = book
        self.assignment = assignment
        self.folder = folder
        folder.mkdir()
        for name in ("ada", "bob"):
            (folder / f"{name}.py").write_text(RIGHT, encoding="utf-8")
        self.grade(result("ada"), result("bob"))

    def grade(self, *results: Result, digest: str | None = "digest") -> None:
        self.book.see(self.folder, [found(one.submission, self.folder) for one in results])
        run = self.book.begin(self.folder, SEED, 1)
        kept = self.book.suite(SUITE.digest) or self.book.keep_suite(SUITE)
        for one in results:
            content = content_digest(found(one.submission, self.folder), contract_of(self.assignment))
            record = attempt(one, content=content, digest=digest)
            self.book.record(run, kept, self.book.keep_environment(environment()), record)

    def plan(
        self,
        now: Suite = SUITE,
        seed: str = SEED,
        force: bool = False,
        only: str | None = None,
        **facts: str,
    ) -> Plan:
        order = Order(
            folder=self.folder,
            assignment=self.assignment,
            out=self.folder,
            jobs=1,
            force=force,
            only=only,
        )
        here = Circumstances(suite=now, environment=environment(**facts), seed=seed)
        both = [found("ada", self.folder), found("bob", self.folder)]
        return plan(order, self.book, both, here)

    def ada(self, now: Suite = SUITE) -> Decision:
        return self.plan(now).decisions[0]


@pytest.fixture
def graded(tmp_path: Path) -> Iterator[Class]:
    with open_gradebook(tmp_path / "out", "tiny") as book:
        yield Class(book, make(tmp_path), tmp_path / "class")


def test_nothing_changed_nothing_runs(graded: Class) -> None:
    """The same submissions, suite, environment and seed: every result is kept."""
    assert [one.action for one in graded.plan().decisions] == ["keep", "keep"]


def test_an_edited_test_alone_runs_for_everyone(graded: Class) -> None:
    """One test's digest differs: that test, for each submission, and the reason names it."""
    for one in graded.plan(suite(test_values="values 2")).decisions:
        assert (one.action, one.tests, one.known) == ("run", ("basics::test_values",), "digest")
        assert one.why == "basics::test_values changed"


def test_an_edited_submission_runs_alone(graded: Class) -> None:
    """Other bytes: it is read again, and examined in full if it reads otherwise."""
    (graded.folder / "ada.py").write_text(RIGHT + "\n", encoding="utf-8")
    ada, bob = graded.plan().decisions
    assert (ada.action, ada.tests, ada.known) == ("run", (), "digest")
    assert ada.why == "handed in anew: all tests if it reads differently"
    assert bob.action == "keep"
    ada, bob = graded.plan(suite(test_values="values 2")).decisions
    assert ada.why == "handed in anew: all tests if it reads differently; basics::test_values changed"


def test_touching_a_file_is_no_change(graded: Class) -> None:
    """Copied or touched, a module is the same."""
    (graded.folder / "ada.py").touch()
    assert graded.ada().action == "keep"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"torch": "2.14.0"}, "the environment changed: torch 2.13.0 -> 2.14.0"),
        ({"seed": "other"}, "the seed changed"),
        ({"force": True}, "asked for by --force"),
    ],
)
def test_other_circumstances_run_everything(graded: Class, changed: dict[str, str], why: str) -> None:
    """Another environment, another seed or --force: all tests of all submissions, with the reason."""
    for one in graded.plan(**changed).decisions:  # type: ignore[arg-type]
        assert (one.action, one.why, one.known) == ("run", why, None)


def test_only_says_which(graded: Class) -> None:
    """`--only` is a pattern of ids."""
    assert [one.found.id for one in graded.plan(only="b*", force=True).work] == ["bob"]


def test_what_could_not_be_checked_runs_again(graded: Class) -> None:
    """An unchecked test, and it alone."""
    unchecked = msgspec.structs.replace(PASSED, score=None, outcome=Outcome.UNCHECKED)
    graded.grade(result("ada", unchecked, FAILED, status=Status.UNCHECKED), result("bob"))
    ada, bob = graded.plan().decisions
    assert (ada.tests, ada.why) == (
        ("basics::test_values",),
        "basics::test_values could not be checked before",
    )
    assert bob.action == "keep"


def test_what_nobody_could_even_read_runs_again(graded: Class) -> None:
    """A submission whose examiner died twice has no digest; all of it runs."""
    unchecked = msgspec.structs.replace(PASSED, score=None, outcome=Outcome.UNCHECKED)
    graded.grade(result("ada", unchecked, status=Status.UNCHECKED), digest=None)
    assert (graded.ada().action, graded.ada().known) == ("run", None)


def test_what_is_unreadable_stays_so(graded: Class) -> None:
    """It isn't read again before somebody changes it."""
    graded.grade(result("ada", status=Status.UNREADABLE), digest=None)
    assert graded.ada().action == "keep"


def test_other_hints_run_what_failed(graded: Class) -> None:
    """Misconceptions decide no score: only the tests that could show another hint run."""
    decision = graded.ada(OTHER_HINTS)
    assert decision.tests == ("layers::test_scale",)
    assert decision.why == "layers::test_scale has other hints"


def test_a_suite_that_changed_elsewhere_runs_nothing(graded: Class) -> None:
    """A comment was edited: no test runs, the results are put under the new suite."""
    assert graded.ada(msgspec.structs.replace(SUITE, digest="commented")).action == "score"


def test_a_test_that_is_gone_runs_nothing(graded: Class) -> None:
    """Points of the tests that are left are added up anew."""
    fewer = msgspec.structs.replace(SUITE, digest="fewer", tests=SUITE.tests[:1])
    assert graded.ada(fewer).action == "score"


def test_what_never_was_graded_runs(graded: Class) -> None:
    """Without a gradebook everything is new."""
    order = Order(folder=graded.folder, assignment=graded.assignment, out=graded.folder / "none", jobs=1)
    here = Circumstances(suite=SUITE, environment=environment(), seed=SEED)
    (decision,) = plan(order, None, [found("ada", graded.folder)], here).decisions
    assert (decision.action, decision.why) == ("run", "new")
