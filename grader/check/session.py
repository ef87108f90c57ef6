"""The examiner over a public suite: every check is worth one, and counts are all that is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import pytest

from grader.assignment import Assignment
from grader.check.handout import Checks
from grader.errors import GraderError
from grader.examine.declared import exercises_of, part_of
from grader.examine.session import Examination
from grader.examine.suite import Collection, run_pytest
from grader.intake.records import Hit, Submission
from grader.model import Result, RunInfo, TestResult
from grader.sandbox.client import Sandbox
from grader.score.scoring import score_submission

SEED = "public"
"""Public checks draw the same numbers on every machine, in every run."""


class CheckSession(Collection):
    """An examiner of one submission: the student's own."""

    def __init__(
        self,
        checks: Assignment,
        sandbox: Sandbox,
        submission: Submission,
        hits: Sequence[Hit],
        only: str | None,
        device: str = "cpu",
    ) -> None:
        """`only`: the part, or the exercise, that is asked for; None for all."""
        super().__init__(checks, SEED, device, None, lambda items: None)
        self.sandbox = sandbox
        self.submission = submission
        self.hits = hits
        self.only = only
        self.results: list[TestResult] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Public tests declare no points."""
        items[:] = [item for item in items if self.is_wanted(item)]
        self.assignment = counted(self.assignment, items)

    def is_wanted(self, item: pytest.Item) -> bool:
        if self.only is None or self.only == part_of(item, self.assignment).name:
            return True
        return isinstance(item, pytest.Function) and self.only in exercises_of(item)

    def go_on(self, items: Sequence[pytest.Function]) -> None:
        if items:
            with Examination(self.assignment, self.submission, self.sandbox, self.device) as examination:
                self.results = list(self.examine(items, examination, self.hits))


def counted(assignment: Assignment, items: Sequence[pytest.Item]) -> Assignment:
    """The assignment with each test worth one point, each part as many as it has tests.

    Parts without any are left out.
    """
    counts = Counter(part_of(item, assignment).name for item in items)
    for item in items:
        item.add_marker(pytest.mark.points(1))
    parts = tuple(
        msgspec.structs.replace(part, points=float(counts[part.name]))
        for part in assignment.parts
        if counts[part.name]
    )
    spec = msgspec.structs.replace(assignment.spec, parts=parts)
    return msgspec.structs.replace(assignment, spec=spec)


def examine_own(
    checks: Checks,
    sandbox: Sandbox,
    submission: Submission,
    hits: Sequence[Hit],
    only: str | None,
    run: RunInfo,
) -> Result:
    """Run the public tests; the score is how many pass.  GraderError where none is left to run."""
    session = CheckSession(checks, sandbox, submission, hits, only, run.device.partition(" ")[0])
    run_pytest(session)
    if not session.results:
        raise GraderError(f"{checks.hidden}: there are no public checks{f' of {only}' if only else ''}.")
    return score_submission(session.assignment, submission.id, session.results, run, submission.reading)
