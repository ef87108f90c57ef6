"""What public tests say an answer must be: the numbers of a worked example, written out.

Hidden tests compare with oracles; an example small enough to be followed by hand needs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from grader.errors import Judgement
from grader.examine import Expected
from grader.examine.answer import Item
from grader.examine.diagnosis import of_value
from grader.model import Outcome
from grader.sandbox import protocol

FEW: Final = 16
"""Numbers up to which an answer is shown beside the example."""

TERMS: Final = 64
"""More terms than any example adds up: what the rounding bound is made from."""


def whole(values: Any) -> NDArray[np.float32]:
    """Numbers of an example as a float32 array."""
    return np.asarray(values, dtype=np.float32)


def agrees(item: Item, values: Any) -> None:
    """Judge a tensor (a NumPy array where the item is called "array") against an example.

    Nested lists and numbers stand for float32.  A Judgement says what differs, with a hint where its form tells one.
    """
    expected = expected_of(values, "ndarray" if item.name == "array" else "tensor")
    try:
        item.matches(expected)
    except Judgement as verdict:
        right = protocol.array_of(expected.value.astype(expected.dtype))
        raise Judgement(
            verdict.outcome, verdict.message + beside(item.raw, right), hint=hint_of(item, right)
        ) from None


def beside(mine: protocol.Value, right: protocol.Array) -> str:
    """The student's numbers above the example's, where both are few and of the same shape; "" otherwise."""
    if not isinstance(mine, protocol.Array) or mine.shape != right.shape or not 0 < mine.numpy().size <= FEW:
        return ""
    return f"\n  yours:   {numbers_of(mine)}\n  example: {numbers_of(right)}"


def numbers_of(array: protocol.Array) -> str:
    """In brackets on one line, with six digits."""
    return " ".join(np.array2string(array.numpy(), precision=6, suppress_small=True).split())


def hint_of(item: Item, right: protocol.Array) -> str | None:
    """What the answer's form tells.  An example's gradients are too regular for the relations between numbers."""
    mine = item.raw
    if item.name.endswith(".grad") and isinstance(mine, protocol.Array) and mine.shape == right.shape:
        return None
    return of_value(item.name, mine, right)


def expected_of(values: Any, kind: Literal["tensor", "ndarray"]) -> Expected:
    """Floating-point numbers within rounding, others exactly."""
    given = values if isinstance(values, np.ndarray) else whole(values)
    if given.dtype.kind != "f":
        return Expected.exact(given, kind=kind)
    scale = float(np.abs(given).max(initial=0.0))
    return Expected(given.astype(np.float64), scale, TERMS, dtype=given.dtype.name, kind=kind)


def numbers_agree(item: Item, values: Sequence[float], *, within: float = 1e-5) -> None:
    """Judge a list of Python numbers, or a single one, `within` this relative to the greatest of the example."""
    found = item.numbers(len(values)) if len(values) > 1 else [item.number()]
    allowed = within * max(abs(value) for value in values)
    for place, (number, value) in enumerate(zip(found, values, strict=True)):
        if not abs(number - value) <= allowed:
            name = f"{item.name}[{place}]" if len(values) > 1 else item.name
            raise Judgement(
                Outcome.FAILED, f"{item.called}: {name} is {number:.6g}, the example says {value:.6g}"
            )
