"""An oracle works out once what a class is asked, and nobody notices but for the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from grader.examine import Expected, remembered
from grader.examine.remembering import MOST_ANSWERS


class Counted:
    """An oracle that counts how often it is really asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, *values: Any, **named: Any) -> Expected:
        self.times += 1
        return Expected(np.array([float(self.times)]), scale=np.ones(1), terms=1)


@pytest.fixture
def counted() -> Counted:
    return Counted()


def ask(counted: Counted, *questions: tuple[tuple[Any, ...], dict[str, Any]]) -> list[float]:
    oracle = remembered(counted.__call__)
    return [float(oracle(*arguments, **named).value[0]) for arguments, named in questions]


def test_equal_arguments_are_answered_from_memory(counted: Counted) -> None:
    """Other arrays with the same contents, in another layout too, are the same question."""
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    same = np.asfortranarray(x)
    first, second = ask(counted, ((x, 2, ["a"]), {"k": 0.5}), ((same, 2, ["a"]), {"k": 0.5}))
    assert (first, second, counted.times) == (1.0, 1.0, 1)


@pytest.mark.parametrize(
    "other",
    [
        ((np.arange(6, dtype=np.float64).reshape(2, 3),), {}),
        ((np.arange(6, dtype=np.float32).reshape(3, 2),), {}),
        ((np.arange(1, 7, dtype=np.float32).reshape(2, 3),), {}),
        (([np.arange(6, dtype=np.float32).reshape(2, 3)],), {}),
        ((np.arange(6, dtype=np.float32).reshape(2, 3), 1), {}),
        ((np.arange(6, dtype=np.float32).reshape(2, 3),), {"stride": 1}),
    ],
)
def test_another_dtype_shape_value_or_option_is_another_question(
    counted: Counted, other: tuple[tuple[Any, ...], dict[str, Any]]
) -> None:
    """Nothing that could make a difference is overlooked."""
    first, second = ask(counted, ((np.arange(6, dtype=np.float32).reshape(2, 3),), {}), other)
    assert first != second


def test_numbers_of_other_types_are_other_questions(counted: Counted) -> None:
    """1, 1.0, True and "1" are told apart."""
    assert len(set(ask(counted, ((1,), {}), ((1.0,), {}), ((True,), {}), (("1",), {})))) == 4


def test_an_object_that_is_gone_is_not_taken_for_another(counted: Counted) -> None:
    """Functions and records count by identity, and an identity is never used twice."""
    oracle = remembered(counted.__call__)
    answers = {float(oracle(lambda: None).value[0]) for _ in range(50)}
    assert len(answers) == 50


def test_answers_are_read_only() -> None:
    """Everybody is given the same arrays, however deep they lie: who writes to one is told."""

    @dataclass(frozen=True)
    class Both:
        parts: dict[str, Expected]

    oracle = remembered(lambda: Both({"y": Expected(np.ones(2), np.ones(2), 1)}))
    with pytest.raises(ValueError, match="read-only"):
        oracle().parts["y"].value[0] = 5


def test_memory_is_bounded(counted: Counted) -> None:
    """What was asked for longest ago is worked out again."""
    oracle = remembered(counted.__call__)
    for number in range(MOST_ANSWERS + 1):
        oracle(number)
    oracle(MOST_ANSWERS)
    assert counted.times == MOST_ANSWERS + 1
    oracle(0)
    assert counted.times == MOST_ANSWERS + 2
