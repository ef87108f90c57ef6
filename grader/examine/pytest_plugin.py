"""`pytest --submission PATH assignments/hw8/hidden`: the examiner under plain pytest, for whoever writes a suite.

Registered as pytest's plugin `grader`; without the option it does nothing.  Each test runs as under `grade run`
(behind the wall, follow-through included), and its verdict is reported as pytest reports any test.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from grader.assignment import Assignment
    from grader.examine.plugin import Examiner
    from grader.examine.session import Examination
    from grader.intake.records import Hit, Submission
    from grader.model import TestResult


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("grader", "grading a submission")
    group.addoption("--submission", metavar="PATH", help="grade this submission with the hidden suite given")
    group.addoption(
        "--questions", metavar="SEED", default=None, help="ask the same questions as a run with this seed"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--submission"):
        from grader.errors import GraderError, UsageError

        try:
            config.pluginmanager.register(Reporting(config), "grader-reporting")
        except (UsageError, GraderError) as error:
            raise pytest.UsageError(str(error)) from None


class Reporting:
    """Runs each test by the examiner and reports what it found."""

    def __init__(self, config: pytest.Config) -> None:
        from grader.examine.plugin import Examiner
        from grader.pipeline import draw_seed

        self.assignment = assignment_of(config)
        self.submission, self.hits = submission_of(Path(config.getoption("--submission")), self.assignment)
        self.seed = config.getoption("--questions") or draw_seed()
        self.examiner: Examiner = Examiner(self.assignment, self.seed, "cpu")
        self.results: list[TestResult] = []
        self._examination: Examination | None = None
        config.pluginmanager.register(self.examiner, "grader-examiner")
        sys.path.insert(0, str(self.assignment.hidden))  # the suite's own modules, whatever the import mode

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        """All tests within one examination: one sandbox, one submission."""
        from grader.examine.session import Examination
        from grader.pipeline import open_sandbox

        with ExitStack() as stack:
            sandbox = stack.enter_context(open_sandbox(self.assignment, "strict"))
            examination = Examination(self.assignment, self.submission, sandbox, "cpu")
            self._examination = stack.enter_context(examination)
            return (yield)

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        if self._examination is None or not isinstance(item, pytest.Function):
            return None
        following = nextitem if isinstance(nextitem, pytest.Function) else None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        result = self.examiner.examine_one(item, following, self._examination, self.hits)
        self.results.append(result)
        item.ihook.pytest_runtest_logreport(report=report_of(item, result))
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        score = sum(result.score or 0.0 for result in self.results)
        points = sum(result.max_score for result in self.results)
        terminalreporter.write_sep(
            "=", f"{self.submission.id}: {score:g} of {points:g} points, seed {self.seed}"
        )


def assignment_of(config: pytest.Config) -> Assignment:
    """The assignment whose hidden suite was given on the command line."""
    from grader.assignment import load_assignment

    for argument in config.args:
        path = Path(argument.partition("::")[0]).resolve()
        for folder in (path, *path.parents):
            if (folder / "assignment.toml").is_file():
                return load_assignment(folder)
    raise pytest.UsageError(
        "--submission needs the hidden suite of an assignment, e.g. assignments/hw8/hidden"
    )


def submission_of(path: Path, assignment: Assignment) -> tuple[Submission, list[Hit]]:
    from grader.intake import Unreadable, read_submission
    from grader.pipeline import contract_of, forbidden_calls

    if not path.exists():
        raise pytest.UsageError(f"{path}: there is no such file or folder")
    read = read_submission(path, contract_of(assignment))
    if isinstance(read, Unreadable):
        raise pytest.UsageError(f"{path}: {read.message}")
    return read, forbidden_calls(read, assignment)


def report_of(item: pytest.Item, result: TestResult) -> pytest.TestReport:
    """The verdict as pytest's own record."""
    passed = result.outcome.value == "passed"
    said = "\n".join(
        filter(None, (f"{result.outcome}: {result.message}", result.hint and f"Hint: {result.hint}"))
    )
    return pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords=dict.fromkeys(item.keywords, 1),
        outcome="passed" if passed else "failed",
        longrepr=None if passed else said,
        when="call",
        duration=result.seconds,
        start=0.0,
        stop=result.seconds,
    )
