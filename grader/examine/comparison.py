"""Saying how an array that came back differs from what was expected, in words for a student.

The order is that of `torch.testing`: type, dtype and shape first, then how many elements differ, the greatest
difference, where it is and how much was allowed there.  Shapes must agree; nothing is ever broadcast.  A
description never tells an expected value or an input; the one difference that it tells has three digits, far
fewer than a right answer needs.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grader.examine.tolerances import Expected, allowed_error
from grader.sandbox import protocol

WORDS: Final = {"tensor": "a tensor", "parameter": "an nn.Parameter", "ndarray": "a NumPy array"}
LONGEST: Final = 60
"""Characters shown of a text that a student's process chose."""


def shown(text: str) -> str:
    """A student's text made fit for a sentence: printable, one line, at most `LONGEST` characters."""
    start = "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST])
    return start if len(text) <= LONGEST else f"{start}..."


def kind_of(value: protocol.Value) -> str:
    """What a claim is, in words: "a tensor", "a Python float", "an object of type Foo"."""
    match value:
        case None:
            return "None"
        case protocol.Array():
            return WORDS[value.kind]
        case protocol.Scalar():
            return f"a NumPy scalar of type {shown(value.type)}"
        case protocol.Opaque():
            why = f" ({shown(value.reason)})" if value.reason else ""
            return f"an object of type {shown(value.type)}{why}"
        case protocol.Sequence():
            return f"a {shown(value.type)} of {len(value.items)}"
        case protocol.Mapping():
            return "a dictionary"
        case _:
            return f"a Python {type(value).__name__}"


def will_do(actual: str, wanted: str) -> bool:
    """Whether an array of kind `actual` serves where `wanted` is asked for: a parameter is a tensor too."""
    return actual == wanted or (actual == "parameter" and wanted == "tensor")


def form_fault(claim: protocol.Array, dtype: str, shape: tuple[int, ...]) -> str | None:
    """What is wrong with an array's dtype or shape; None where nothing is."""
    if claim.dtype != dtype:
        return f"has dtype {claim.dtype}, expected {dtype}"
    if tuple(claim.shape) != shape:
        return f"has shape {shown(str(tuple(claim.shape)))}, expected {shape}"
    return None


def values_fault(actual: NDArray[Any], expected: Expected, device: str | None = None) -> str | None:
    """How the values of `actual` differ from the expected ones; None where all are within their bounds.

    `actual` has the expected shape (ValueError otherwise: a fault of the caller, not of the student).
    """
    if actual.shape != expected.value.shape:
        raise ValueError(f"shapes {actual.shape} and {expected.value.shape} cannot be compared")
    allowed = allowed_error(expected, device)
    if _plainly_within(actual, expected.value, allowed):
        return None
    error = _error(actual, expected.value)
    wrong = (error != 0) & ~(error <= allowed)
    if not wrong.any():
        return None
    return f"{_how_many(wrong)}; {_worst(actual, error, wrong, allowed)}"


def _plainly_within(actual: NDArray[Any], value: NDArray[Any], allowed: NDArray[np.float64]) -> bool:
    """Whether no second look is needed, as for nearly every right answer: floating-point numbers that are all near."""
    if actual.dtype.kind != "f" or value.dtype.kind != "f":
        return False
    with np.errstate(all="ignore"):
        return bool((np.abs(actual.astype(np.float64) - value) <= allowed).all())


def _error(actual: NDArray[Any], value: NDArray[Any]) -> NDArray[np.float64]:
    """|actual - value|: 0 where both are the same infinity or both are NaN, NaN where only one is NaN."""
    with np.errstate(all="ignore"):
        wide, exact = actual.astype(np.float64), value.astype(np.float64)
        error = np.abs(wide - exact)
        same = (actual == value) | (np.isnan(wide) & np.isnan(exact))
    # Integers beyond 2^53 may differ and yet be the same in float64: a difference that was seen stays one.
    return np.where(same, 0.0, np.maximum(error, np.finfo(np.float64).smallest_subnormal))


def _how_many(wrong: NDArray[np.bool_]) -> str:
    if wrong.ndim == 0:
        return "has a wrong value"
    count = int(wrong.sum())
    return f"is wrong in {count} of {wrong.size} elements ({100 * count / wrong.size:.1f} %)"


def _worst(
    actual: NDArray[Any],
    error: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    allowed: NDArray[np.float64],
) -> str:
    """Where it is worst: at NaN (which `argmax` finds first), else at the greatest difference."""
    worst = int(np.where(wrong, error, -1.0).argmax())
    index = tuple(int(i) for i in np.unravel_index(worst, error.shape))
    place = f" at index {index}" if index else ""
    if not np.isfinite(actual[index]):
        return f"it is {actual[index]}{place}"
    if not np.isfinite(error[index]):
        return f"the difference{place} is not finite"
    limit = f"{allowed[index]:.2g}" if allowed[index] > 0 else "none"
    return f"the greatest difference is {error[index]:.3g}{place}, where {limit} is allowed"
