"""One test, once: set up, called, torn down, and what it raised."""

from __future__ import annotations

import pytest

from grader.examine.plugin import better, carried_out
from grader.model import Outcome, TestResult

SUITE = """
import pytest

happened = []

@pytest.fixture
def sound():
    happened.append("up")
    yield
    happened.append("down")

@pytest.fixture
def unsound(sound):
    raise LookupError("set-up")

@pytest.fixture
def untidy():
    yield
    raise OSError("tear-down")

def test_passes(sound): happened.append("called")
def test_fails(sound): raise AssertionError("call")
def test_exits(sound): raise SystemExit(3)
def test_never_called(unsound): happened.append("called")
def test_untidy(untidy): happened.append("called")
def test_fails_and_is_untidy(untidy): raise AssertionError("call")
def test_interrupted(sound): raise KeyboardInterrupt
"""


class Once:
    """Carries each test out twice, as for two submissions; keeps what they raised and what happened."""

    def __init__(self) -> None:
        self.raised: dict[str, list[str | None]] = {}
        self.happened: dict[str, list[str]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for item in session.items:
            assert isinstance(item, pytest.Function)
            happened = item.module.happened
            happened.clear()
            self.raised[item.name] = [self.run(item)]
            if self.raised[item.name] != ["interrupted"]:
                self.raised[item.name].append(self.run(item))
            self.happened[item.name] = list(happened)
        return True

    def run(self, item: pytest.Function) -> str | None:
        try:
            error = carried_out(item, None)
        except KeyboardInterrupt:
            return "interrupted"
        return None if error is None else f"{type(error).__name__}: {error}"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    folder = tmp_path_factory.mktemp("suite")
    (folder / "test_suite.py").write_text(SUITE)
    plugin = Once()
    arguments = [str(folder), f"--rootdir={folder}", "-c", "/dev/null", "-p", "no:terminal", "--assert=plain"]
    assert pytest.main([*arguments, "-p", "no:cacheprovider"], plugins=[plugin]) == pytest.ExitCode.OK
    return plugin


@pytest.mark.parametrize(
    ("test", "raised", "happened"),
    [
        ("test_passes", None, ["up", "called", "down"]),
        ("test_fails", "AssertionError: call", ["up", "down"]),
        ("test_exits", "SystemExit: 3", ["up", "down"]),
        ("test_never_called", "LookupError: set-up", ["up", "down"]),
        ("test_untidy", "OSError: tear-down", ["called"]),
        ("test_fails_and_is_untidy", "AssertionError: call", []),
    ],
)
def test_what_was_raised_first_counts_and_all_is_torn_down(
    once: Once, test: str, raised: str | None, happened: list[str]
) -> None:
    assert once.raised[test] == [raised, raised]
    assert once.happened[test] == happened * 2


def test_an_interruption_ends_the_session(once: Once) -> None:
    assert once.raised["test_interrupted"] == ["interrupted"]


@pytest.mark.parametrize(
    ("own", "lent", "outcome"),
    [
        (Outcome.FAILED, Outcome.PASSED, Outcome.PASSED),
        (Outcome.FAILED, Outcome.FAILED, Outcome.FAILED),
        (Outcome.FAILED, Outcome.UNCHECKED, Outcome.UNCHECKED),
    ],
)
def test_the_better_of_two_gradings_is_not_known_where_the_second_was_not_checked(
    own: Outcome, lent: Outcome, outcome: Outcome
) -> None:
    """It is tried again then, and costs nobody the points that PyTorch's pieces would have earned."""
    scores = {Outcome.PASSED: 2.0, Outcome.FAILED: 0.0, Outcome.UNCHECKED: None}
    made = [
        TestResult(name="t", part="p", title="t", score=scores[one], max_score=2.0, outcome=one)
        for one in (own, lent)
    ]
    assert better(*made).outcome is outcome
