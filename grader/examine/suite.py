"""Running the examiner: one pytest session over a hidden suite, for as many submissions as come."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from grader.assignment import Assignment
from grader.errors import GraderError, UsageError
from grader.examine.hints import Hints
from grader.examine.plugin import Examiner, part_of, points_of
from grader.examine.session import Examination
from grader.intake.records import Hit, Submission
from grader.model import TestResult
from grader.sandbox.client import Sandbox
from grader.sandbox.protocol import SourceFile

Deliver = Callable[[Submission, list[TestResult]], None]


class Session(Examiner):
    """An examiner whose test loop goes over submissions."""

    def __init__(
        self,
        assignment: Assignment,
        sandbox: Sandbox,
        submissions: Iterable[tuple[Submission, Sequence[Hit]]],
        deliver: Deliver,
        seed: str,
        device: str,
        hints: Hints | None,
    ) -> None:
        super().__init__(assignment, seed, device, hints)
        self.sandbox = sandbox
        self.submissions = submissions
        self.deliver = deliver
        self.failure: BaseException | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running each item once: each item once for every submission."""
        try:
            items = ordered(session.items, self.assignment)
            for submission, hits in self.submissions:
                with Examination(self.assignment, submission, self.sandbox, self.device) as examination:
                    results = list(self.examine(items, examination, hits))
                self.deliver(submission, results)
        except (GraderError, UsageError) as error:
            self.failure = error
        return True


def examine(
    assignment: Assignment,
    sandbox: Sandbox,
    submissions: Iterable[tuple[Submission, Sequence[Hit]]],
    deliver: Deliver,
    *,
    seed: str,
    device: str = "cpu",
    solution: Sequence[SourceFile] = (),
) -> None:
    """Run the hidden suite against every submission, delivering the results of each as they are complete.

    `solution` is the assignment's own, for finding out which mistake was made.
    Raises UsageError where the suite is broken, GraderError where the grader itself is in trouble.
    """
    hints = Hints(assignment, sandbox, solution)
    session = Session(assignment, sandbox, submissions, deliver, seed, device, hints)
    arguments = [
        str(assignment.hidden),
        "-c", os.devnull, f"--rootdir={assignment.hidden}", "--strict-markers", "--assert=plain",
        "-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:capture", "-p", "no:logging", "-p", "no:faulthandler",
        "-p", "no:timeout", "-p", "no:xdist", "-p", "no:hypothesispytest", "-p", "no:cov",
    ]  # fmt: skip
    try:
        with own_modules(assignment.hidden):
            code = pytest.main(arguments, plugins=[session])
    finally:
        hints.close()
    if session.collection_errors:
        raise UsageError(
            f"{assignment.hidden}: the suite can't be collected:\n{session.collection_errors[0]}"
        )
    if session.failure is not None:
        raise session.failure
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise GraderError(f"{assignment.hidden}: pytest ended with {pytest.ExitCode(code).name}")


@contextmanager
def own_modules(folder: Path) -> Iterator[None]:
    """Forget afterwards what the suite imported from its folder: another's may have the same names."""
    path = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = path
        for name, module in list(sys.modules.items()):
            if Path(getattr(module, "__file__", None) or "/").is_relative_to(folder):
                del sys.modules[name]


def ordered(items: Sequence[pytest.Item], assignment: Assignment) -> list[pytest.Function]:
    """In the order of the parts; UsageError where the points don't add up to a part's."""
    functions = [item for item in items if isinstance(item, pytest.Function)]
    names = [part.name for part in assignment.parts]
    functions.sort(key=lambda item: names.index(part_of(item, assignment).name))
    for part in assignment.parts:
        total = sum(points_of(item) for item in functions if part_of(item, assignment) is part)
        if abs(total - part.points) > 1e-9:
            raise UsageError(
                f"{assignment.hidden}/test_{part.name}.py: its tests are worth {total:g} points together, "
                f"assignment.toml says {part.points:g}."
            )
    return functions
