"""Plain `pytest` in a handout: the plugin that its pyproject.toml names, so that the public tests find a homework.

It tests the notebook or module in pytest's root folder, in a child process, as `grade check` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from grader.check.handout import find_checks
from grader.check.session import SEED, counted
from grader.errors import GraderError, UsageError
from grader.examine.plugin import Examiner
from grader.examine.pytest_plugin import report_of
from grader.examine.session import Examination
from grader.intake import Unreadable, read_submission
from grader.pipeline import contract_of, forbidden_calls, open_sandbox


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--submission", None) or config.getoption("--help"):
        return
    try:
        config.pluginmanager.register(Plain(config), "grader-plain")
    except (UsageError, GraderError) as error:
        raise pytest.UsageError(str(error)) from None


class Plain:
    """Runs each public test by the examiner and reports what it found."""

    def __init__(self, config: pytest.Config) -> None:
        self.checks = find_checks(config.rootpath)
        read = read_submission(self.checks.folder, contract_of(self.checks))
        if isinstance(read, Unreadable):
            raise UsageError(read.message)
        self.submission, self.hits = read, forbidden_calls(read, self.checks)
        self.examiner = Examiner(self.checks, SEED, "cpu")
        self.examination: Examination | None = None
        config.pluginmanager.register(self.examiner, "grader-examiner")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        own = [item for item in items if item.path.is_relative_to(self.checks.hidden)]
        self.examiner.assignment = counted(self.checks, own)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Iterator[None]:
        """All tests within one examination."""
        with ExitStack() as stack:
            workers = stack.enter_context(open_sandbox(self.checks, "process"))
            examination = Examination(self.examiner.assignment, self.submission, workers, "cpu")
            self.examination = stack.enter_context(examination)
            return (yield)

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """A student's own tests elsewhere stay pytest's."""
        is_ours = isinstance(item, pytest.Function) and item.path.is_relative_to(self.checks.hidden)
        if self.examination is None or not is_ours:
            return None
        assert isinstance(item, pytest.Function)
        following = nextitem if isinstance(nextitem, pytest.Function) else None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        result = self.examiner.examine_one(item, following, self.examination, self.hits)
        item.ihook.pytest_runtest_logreport(report=report_of(item, result))
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True
