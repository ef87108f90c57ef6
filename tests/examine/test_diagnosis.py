"""What an answer's form tells beside the solution's, where no misconception explains it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.examine.diagnosis import diagnosis
from grader.examine.hints import alike_values
from grader.examine.session import to_value
from grader.sandbox.protocol import Answered, Array, Raised, Value

DRAW = np.random.default_rng(5)
X = DRAW.normal(size=(3, 4))
IMAGES = DRAW.normal(size=(2, 2, 5, 5))
BORDER = np.pad(np.zeros((3, 3)), 1, constant_values=1.0)
SQUARE = X[:, :3]


def tensor(values: Any, **claims: Any) -> Array:
    plain = to_value(np.asarray(values, dtype=np.float32))
    assert isinstance(plain, Array)
    return Array(
        **{"kind": "tensor", "dtype": plain.dtype, "shape": plain.shape, "data": plain.data, **claims}
    )


def told(own: Any, right: Any) -> str:
    """The diagnosis of one case."""
    answers = [Answered(id=1, cases=[case], printed="") for case in (own, right)]
    return diagnosis(answers[0], answers[1], alike_values) or ""


@pytest.mark.parametrize(
    ("own", "right", "words"),
    [
        (tensor(X), tensor(X, kind="parameter", requires_grad=True), "plain tensor"),
        (tensor(X), tensor(X, requires_grad=True), "does not require a gradient"),
        (tensor(X.T), tensor(X), "dimensions are exchanged"),
        (tensor(X[:1].squeeze()), tensor(X[:1]), "size 1 is lost"),
        (tensor(X[:, :-1]), tensor(X), "off by one"),
        (tensor(X.reshape(2, 6)), tensor(X), "arrangement into dimensions"),
        (tensor(SQUARE.T), tensor(SQUARE), "rows and columns"),
        (tensor(-X), tensor(X), "wrong sign"),
        (tensor(3 * X), tensor(X), "3 times"),
        (tensor(X / 12), tensor(X), "1/12 of it"),
        (87.5, 0.875, "a hundred times"),
        (1.75, 0.875, "is twice"),
        (to_value([4.0, 2.0]), to_value([2.0, 1.0]), "is twice"),
        (to_value([4.0, 2.0, 1.0]), to_value([4.0, 2.0]), "one element too many"),
        (to_value([4.0]), to_value([4.0, 2.0]), "one element too few"),
        (tensor(X + 2), tensor(X), "off by the same amount"),
        (tensor(np.exp(X) / np.exp(X).sum(1, keepdims=True)), tensor(X), "probabilities"),
        (tensor(X[[0, 0, 0]]), tensor(X), "first of the batch"),
        (tensor(X[::-1]), tensor(X), "order of the samples"),
        (tensor(IMAGES + BORDER), tensor(IMAGES), "border of the image"),
        (tensor(np.maximum(X, 0)), tensor(X), "cuts it off"),
        (tensor(X.ravel()[::-1].reshape(3, 4)), tensor(X), "in another order"),
        (tensor(X + 9 * np.eye(3, 4, k=-1)), tensor(X), ""),  # two of twelve, in the first by chance none
        (17.0, 0.875, ""),
        (tensor(X * (1 + 1e-5)), tensor(X), ""),
        (tensor(X, kind="ndarray"), tensor(X), ""),
        (tensor(X * X), tensor(X), ""),
        (tensor(np.full((3, 4), np.nan)), tensor(X), ""),
        ("text", 0.875, ""),
        (True, 0.875, ""),
    ],
)
def test_the_form_of_an_answer_is_told(own: Value, right: Value, words: str) -> None:
    """One sentence about the relation; nothing where there is no telling one."""
    sentence = told({"y": own}, {"y": right})
    assert words in sentence
    assert bool(sentence) == bool(words)


def test_a_multiple_that_is_no_count_is_kept() -> None:
    """It may be what the student's code was given, and hidden inputs are told to nobody."""
    sentence = told({"y": tensor(X * -0.791)}, {"y": tensor(X)})
    assert "same multiple" in sentence
    assert "0.79" not in sentence


def test_a_changed_input_is_told() -> None:
    """Whatever became of it."""
    assert "in place" in told(
        {"y": 1.0, "x afterwards": tensor(X * X)}, {"y": 1.0, "x afterwards": tensor(X)}
    )


def test_a_missing_gradient_is_told() -> None:
    """None where the solution has one."""
    assert "No gradient arrives" in told({"x.grad": None}, {"x.grad": tensor(X)})


def test_state_between_calls_is_told() -> None:
    """The first call is right and a later one is not; several parameters of one call are no calls."""
    own = {"y of call 1": 1.0, "y of call 2": 9.0}
    assert "kept from one call" in told(own, {"y of call 1": 1.0, "y of call 2": 2.0})
    own = {"parameter 0": 1.0, "parameter 1": 9.0}
    assert told(own, {"parameter 0": 1.0, "parameter 1": 7.0}) == ""


def test_only_the_first_wrong_case_is_told() -> None:
    """Cases that are right say nothing."""
    answers = [
        Answered(id=1, cases=[{"y": 1.0}, {"y": value}, {"y": 0.0}], printed="") for value in (-3.0, 3.0)
    ]
    assert "wrong sign" in (diagnosis(answers[0], answers[1], alike_values) or "")


def test_exceptions_are_left_to_their_own_words() -> None:
    """There is no answer to compare."""
    raised = Raised(id=1, type="ValueError", message="no", frames=[])
    assert diagnosis(raised, Answered(id=1, cases=[{"y": 1.0}], printed=""), alike_values) is None
    assert diagnosis(Answered(id=1, cases=[{"y": 1.0}], printed=""), None, alike_values) is None


def test_extreme_claims_do_no_harm() -> None:
    """What a student's process sends is of any size."""
    assert told({"y": 10**400}, {"y": 1.0}) == ""
    assert told({"y": to_value([1.0, 2.0, 3.0])}, {"y": 1.0}) == ""


def told_of_two(own: list[Array], right: list[Array]) -> str:
    """The diagnosis of two cases in one round trip."""
    answers = [Answered(id=1, cases=[{"y": y} for y in each], printed="") for each in (own, right)]
    return diagnosis(answers[0], answers[1], alike_values) or ""


def test_an_answer_to_an_earlier_call_is_told() -> None:
    """What was right for another input of the same shape, in the call before."""
    first, second = tensor(X), tensor(X**2 + 1)
    assert "answer to an earlier call" in told_of_two([first, first], [first, second])


def test_nothing_but_zeros_is_no_answer_to_an_earlier_call() -> None:
    """Many mistakes give zeros, and some right answers are zeros."""
    zeros, second = tensor(0 * X), tensor(X**2 + 1)
    assert "earlier" not in told_of_two([zeros, zeros], [zeros, second])
