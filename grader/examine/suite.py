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
from grader.examine.declared import declared_by, name_of, part_of
from grader.examine.hints import Hints
from grader.examine.plugin import Examiner
from grader.examine.session import Examination
from grader.intake.records import Hit, Submission
from grader.model import TestResult
from grader.sandbox.client import Sandbox
from grader.sandbox.protocol import SourceFile

Deliver = Callable[[Submission, list[TestResult]], None]
Choose = Callable[[Submission], frozenset[str] | None]
"""Which tests to run for a submission, by `name_of`; None for all."""
Announce = Callable[[Sequence[pytest.Function]], None]
AUTOLOAD = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
"""The variable by which pytest is told to load no plugin that merely happens to be installed."""


class Collection(Examiner):
    """An examiner that only hears which tests there are."""

    def __init__(
        self, assignment: Assignment, seed: str, device: str, hints: Hints | None, announce: Announce
    ) -> None:
        super().__init__(assignment, seed, device, hints)
        self.announce = announce
        self.failure: BaseException | None = None
        self.defect = ""

    def pytest_configure(self, config: pytest.Config) -> None:
        super().pytest_configure(config)
        config.option.tbstyle = "no"  # nobody reads tracebacks of hidden tests, and they take long to make

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running each item once: whatever `go_on` does."""
        try:
            items = ordered(session.items, self.assignment)
            self.announce(items)
            self.go_on(items)
        except (GraderError, UsageError) as error:
            self.failure = error
        return True

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Nobody else tells: the terminal plugin is off."""
        self.defect = str(excinfo.getrepr(style="short"))
        return True

    def go_on(self, items: Sequence[pytest.Function]) -> None:
        """Nothing: to know the tests was all."""


class Session(Collection):
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
        announce: Announce,
        choose: Choose,
    ) -> None:
        super().__init__(assignment, seed, device, hints, announce)
        self.sandbox = sandbox
        self.submissions = submissions
        self.deliver = deliver
        self.choose = choose

    def go_on(self, items: Sequence[pytest.Function]) -> None:
        """Each item once for every submission, or those that are chosen for it."""
        for submission, hits in self.submissions:
            chosen = self.choose(submission)
            wanted = [item for item in items if chosen is None or name_of(item) in chosen]
            with Examination(self.assignment, submission, self.sandbox, self.device) as examination:
                results = list(self.examine(wanted, examination, hits)) if wanted else []
            self.deliver(submission, results)


def examine(
    assignment: Assignment,
    sandbox: Sandbox,
    submissions: Iterable[tuple[Submission, Sequence[Hit]]],
    deliver: Deliver,
    *,
    seed: str,
    device: str = "cpu",
    solution: Sequence[SourceFile] = (),
    announce: Announce = lambda items: None,
    choose: Choose = lambda submission: None,
) -> None:
    """Run the hidden suite against every submission, delivering the results of each as they are complete.

    `solution` is the assignment's own, for finding out which mistake was made.  `announce` hears of the
    collected tests before the first submission is asked for; `choose` says which of them a submission needs.
    Raises UsageError where the suite is broken, GraderError where the grader itself is in trouble.
    """
    hints = Hints(assignment, sandbox, solution)
    try:
        run_pytest(Session(assignment, sandbox, submissions, deliver, seed, device, hints, announce, choose))
    finally:
        hints.close()


def collect(assignment: Assignment, announce: Announce) -> None:
    """Collect the hidden suite without running anything; UsageError where it is broken."""
    run_pytest(Collection(assignment, "", "cpu", None, announce))


def run_pytest(session: Collection) -> None:
    """One pytest session over the assignment's hidden folder, with `session` as its only plugin of note."""
    hidden = session.assignment.hidden
    arguments = [
        str(hidden),
        "-c", os.devnull, f"--rootdir={hidden}", "--strict-markers", "--assert=plain",
        "-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:capture", "-p", "no:logging", "-p", "no:faulthandler",
        "-p", "no:unraisableexception", "-p", "no:threadexception",  # of this process, not of the student's
    ]  # fmt: skip
    with own_modules(hidden), own_settings():
        code = pytest.main(arguments, plugins=[session])
    if session.collection_errors:
        raise UsageError(f"{hidden}: the suite can't be collected: {gist(session.collection_errors[0])}")
    if session.failure is not None:
        raise session.failure
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise GraderError(f"{hidden}: pytest ended with {pytest.ExitCode(code).name}\n{session.defect}")


def gist(report: str) -> str:
    """Of pytest's report of an error its first place and what was raised there."""
    lines = report.splitlines()
    places = [line.strip() for line in lines if ".py:" in line and "importlib" not in line]
    raised = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")]
    return " ".join([*places[-1:], *raised[:3]]) or report


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


@contextmanager
def own_settings() -> Iterator[None]:
    """Leave out every plugin and option that the machine has for its user's own tests: pytest-randomly would shuffle
    the suite, pytest-xdist ask for processes."""
    kept = {name: os.environ.pop(name, None) for name in (AUTOLOAD, "PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    os.environ[AUTOLOAD] = "1"
    try:
        yield
    finally:
        del os.environ[AUTOLOAD]
        os.environ.update({name: value for name, value in kept.items() if value is not None})


def ordered(items: Sequence[pytest.Item], assignment: Assignment) -> list[pytest.Function]:
    """In the order of the parts; UsageError where the points don't add up to a part's."""
    functions = [item for item in items if isinstance(item, pytest.Function)]
    names = [part.name for part in assignment.parts]
    functions.sort(key=lambda item: names.index(part_of(item, assignment).name))
    declared = [declared_by(item, assignment) for item in functions]
    for part in assignment.parts:
        total = sum(one.points for one in declared if one.part is part)
        if abs(total - part.points) > 1e-9:
            raise UsageError(
                f"{assignment.hidden}/test_{part.name}.py: its tests are worth {total:g} points together, "
                f"assignment.toml says {part.points:g}."
            )
    return functions
