"""A training that falls short of full marks on the digits is given further splits, and the best counts."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.errors import Judgement
from grader.model import Outcome

HIDDEN = Path(__file__).resolve().parent.parent / "assignments" / "hw8" / "hidden"


@pytest.fixture
def suite() -> Any:
    """The hidden suite's module, with a clock that only trainings move."""
    spec = importlib.util.spec_from_file_location("hidden_tries", HIDDEN / "tries.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    module.time = clock
    return module


def trainings(suite: Any, accuracies: list[float | Exception], seconds: float = 1.0) -> Callable[[], Any]:
    """Trainings that take their time and reach these accuracies, or go wrong."""
    script: Iterator[float | Exception] = iter(accuracies)

    def learn() -> Any:
        suite.time.now += seconds
        reached = next(script)
        if isinstance(reached, Exception):
            raise reached
        return SimpleNamespace(accuracy=reached)

    return learn


def best(suite: Any, accuracies: list[float | Exception], seconds: float = 1.0) -> tuple[float, int]:
    learned, made = suite.best_of_tries(trainings(suite, accuracies, seconds), 0.92, 63.0)
    return learned.accuracy, made


def test_who_gets_full_marks_trains_once(suite: Any) -> None:
    assert best(suite, [0.92]) == (0.92, 1)


def test_the_best_of_the_tries_counts(suite: Any) -> None:
    """As soon as one is enough, no more are made; never more than six."""
    assert best(suite, [0.91, 0.90, 0.93]) == (0.93, 3)
    assert best(suite, [0.7, 0.8, 0.75, 0.6, 0.6, 0.6, 0.99]) == (0.8, 6)


def test_a_further_try_that_goes_wrong_takes_nothing_away(suite: Any) -> None:
    """Whether the process dies, no time is left, or the answer is no network."""
    crash, wrong = Judgement(Outcome.CRASHED, "It died."), AssertionError("did not return a CNN")
    assert best(suite, [0.9, crash, wrong, 0.91, crash, crash]) == (0.91, 6)


def test_a_first_try_that_goes_wrong_is_told(suite: Any) -> None:
    with pytest.raises(Judgement, match="It died"):
        best(suite, [Judgement(Outcome.CRASHED, "It died."), 0.99])


@pytest.mark.parametrize(("seconds", "made"), [(2, 6), (12, 3), (15, 2), (20, 1), (60, 1)])
def test_no_try_is_begun_that_might_not_fit_into_the_limit(suite: Any, seconds: float, made: int) -> None:
    """Three of the longest so far must fit into what is left of 63 s."""
    assert best(suite, [0.9] * 6, seconds) == (0.9, made)
