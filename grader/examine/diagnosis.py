"""What is wrong with an answer that no misconception explains, told from its form beside the solution's.

A diagnosis names a relation (cut off, transposed, off by a factor, kept from an earlier call), never a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grader.sandbox.protocol import Answered, Array, Reply, Scalar, Sequence, Value

NEAR: Final = 1e-4
"""As `hints.LIKENESS`: relative to the greatest magnitude."""

GREATEST_COUNT: Final = 100
"""Up to here a number that comes near a whole one is taken for a count, not for chance."""

TELLING: Final = {-1.0: "has the wrong sign", 0.5: "is half", 2.0: "is twice", 100.0: "is a hundred times"}
"""Factors that mean something even for a single number."""

Floats = NDArray[np.float64]
Alike = Callable[[Value, Value], bool]


def diagnosis(own: Reply, right: Reply | None, alike: Alike) -> str | None:
    """A sentence about the first case in which the student's answer differs from the solution's; None where there is
    nothing to say.  `alike` tells whether two values are the same answer."""
    if not isinstance(own, Answered) or not isinstance(right, Answered):
        return None
    for place, (mine, its) in enumerate(zip(own.cases, right.cases, strict=False)):
        wrong = [key for key, value in its.items() if key in mine and not alike(mine[key], value)]
        if wrong:
            key = wrong[0]
            earlier = [case[key] for case in right.cases[:place] if key in case]
            return (
                of_calls(wrong, its)
                or of_memory(mine[key], earlier, alike)
                or of_value(key, mine[key], its[key])
            )
    return None


def of_calls(wrong: list[str], its: dict[str, Value]) -> str | None:
    """Calls in turn, of which the first is right ("y of call 1", "logits 0")."""
    turns = [key for key in its if re.search(r" \d+$", key)]
    if len(turns) > 1 and turns[0] not in wrong and turns[0].split()[0] == wrong[0].split()[0] != "parameter":
        return (
            "The first call is right and a later one is not: something is kept from one call to the next. Each call "
            "starts from its own input and from the parameters as they are then."
        )
    return None


def of_memory(mine: Value, earlier: Iterable[Value], alike: Alike) -> str | None:
    """What was right for an earlier call with other values."""
    if isinstance(mine, Array) and mine.numpy().any() and any(alike(mine, value) for value in earlier):
        return (
            "It is the answer to an earlier call: something is kept from one call to the next. Each call starts from "
            "what it is given."
        )
    return None


def of_value(key: str, mine: Value, its: Value) -> str | None:
    if key.endswith("afterwards"):
        return "What was given is changed afterwards: an operation works in place. Make a new tensor instead."
    if mine is None and key.endswith(".grad"):
        return (
            "No gradient arrives there: the value is not used, or .data, .detach(), NumPy or a new torch.tensor(...) "
            "cuts the record on the way."
        )
    if isinstance(mine, Array) and isinstance(its, Array):
        return of_form(mine, its) or of_numbers(mine, its)
    if isinstance(mine, Sequence) and isinstance(its, Sequence):
        return of_length(len(mine.items), len(its.items)) or related(numbers(mine), numbers(its))
    return related(numbers(mine), numbers(its))


def of_form(mine: Array, its: Array) -> str | None:
    """Kind, gradient and shape."""
    if (mine.kind, its.kind) == ("tensor", "parameter"):
        return "It is a plain tensor: a module finds and trains only what is an nn.Parameter."
    if its.requires_grad and not mine.requires_grad:
        return (
            "It does not require a gradient: .data, .detach(), torch.no_grad(), NumPy or a new torch.tensor(...) cuts "
            "the record that backward() needs."
        )
    return of_shape(tuple(mine.shape), tuple(its.shape))


def of_shape(mine: tuple[int, ...], its: tuple[int, ...]) -> str | None:
    """How one shape comes about from another."""
    if mine == its:
        return None
    if sorted(mine) == sorted(its):
        return "The sizes are right and in another order: dimensions are exchanged."
    if [n for n in mine if n != 1] == [n for n in its if n != 1]:
        return "A dimension of size 1 is lost or added: look for squeeze, unsqueeze, [None] and keepdim."
    if len(mine) == len(its) and all(abs(a - b) <= 1 for a, b in zip(mine, its, strict=True)):
        return (
            "A size is off by one: compare it with the formula in the exercise, for a small example by hand."
        )
    if np.prod(mine, dtype=object) == np.prod(its, dtype=object):
        return "The number of elements is right, their arrangement into dimensions is not."
    return None


def of_length(mine: int, its: int) -> str | None:
    if abs(mine - its) == 1:
        return "The list has one element too many." if mine > its else "The list has one element too few."
    return None


def of_numbers(mine: Array, its: Array) -> str | None:
    a, b = mine.numpy(), its.numpy()
    if a.shape != b.shape or a.dtype.kind not in "fiu" or b.dtype.kind not in "fiu":
        return None
    return related(a.astype(np.float64), b.astype(np.float64))


def numbers(value: Value) -> Floats | None:
    """A number or a list of numbers as an array; None for anything else."""
    plain: list[Any] = [value.value if isinstance(value, Scalar) else value]
    if isinstance(value, Sequence):
        plain = [item.value if isinstance(item, Scalar) else item for item in value.items]
    if not all(isinstance(item, int | float) and not isinstance(item, bool) for item in plain):
        return None
    return np.array([min(max(item, -1e300), 1e300) for item in plain], dtype=np.float64)


def related(mine: Floats | None, its: Floats | None) -> str | None:
    """The first relation that holds between two arrays of the same shape."""
    if mine is None or its is None or mine.shape != its.shape or mine.size == 0:
        return None
    if not np.isfinite(mine).all() or not np.isfinite(its).all():
        return None
    return None if near(mine, its) else next(relations(mine, its), None)


def relations(mine: Floats, its: Floats) -> Iterator[str]:
    yield from factor(mine, its)
    if mine.size > 2 and near(mine - mine.mean(), its - its.mean()):
        yield "Every value is off by the same amount: something is added that should not be, or the reverse."
    if mine.ndim == 2 and mine.shape[0] == mine.shape[1] and near(mine, its.T):
        yield "The values are right but for rows and columns, which are exchanged."
    if mine.ndim == 2 and mine.shape[1] > 1 and (mine >= 0).all() and near(mine.sum(1), np.ones(len(mine))):
        yield "Each row adds up to 1: these are probabilities, made by a softmax."
    yield from partly(mine, its)
    if mine.size > 2 and near(np.sort(mine, axis=None), np.sort(its, axis=None)):
        yield "The right values are there, in another order."


def factor(mine: Floats, its: Floats) -> Iterator[str]:
    """All values are the same multiple of what they should be."""
    square = float((its * its).sum())
    if square == 0:
        return
    times = float((mine * its).sum()) / square
    if times == 0 or not near(mine, times * its):
        return
    telling = next(
        (words for value, words in TELLING.items() if abs(times - value) <= NEAR * abs(value)), None
    )
    if telling is not None:
        yield f"Every value {telling} what it should be." if times > 0 else f"Every value {telling}."
    elif mine.size > 2:
        yield f"Every value is the same multiple of what it should be{counted(times)}."


def counted(times: float) -> str:
    """The multiple where it comes of a count, a whole number or one over it: any other may be a hidden input."""
    for number, words in ((times, "{} times"), (1 / times, "1/{} of it")):
        whole = round(number)
        if 1 < whole <= GREATEST_COUNT and abs(number - whole) <= NEAR * whole:
            return ", " + words.format(whole)
    return ""


def partly(mine: Floats, its: Floats) -> Iterator[str]:
    """Some values are right, in a telling place."""
    if mine.ndim > 1 and len(mine) > 1 and near(mine[0], its[0]) and mostly_wrong(mine[1:], its[1:]):
        yield "The first of the batch is right and others are not: every sample is to be treated alike."
    if mine.ndim > 1 and len(mine) > 1 and same_rows(mine, its):
        yield "The rows are right, but in another order: the order of the samples is to be kept."
    inner = (..., slice(1, -1), slice(1, -1))
    if mine.ndim == 4 and min(mine.shape[2:]) > 2 and near(mine[inner], its[inner]):
        yield "Only the border of the image is wrong: look at the padding and at the first and last window."
    if (its < 0).any() and (its > 0).any() and near(mine, np.maximum(its, 0)):
        yield "What should be negative is 0: something cuts it off."


def same_rows(mine: Floats, its: Floats) -> bool:
    """Whether the rows are the same but for their order."""
    flat, other = (array.reshape(len(array), -1) for array in (mine, its))
    return near(flat[np.lexsort(flat.T)], other[np.lexsort(other.T)])


def mostly_wrong(mine: Floats, its: Floats) -> bool:
    """Whether so many values are wrong that it is not by chance that none of them is somewhere else."""
    size = float(np.max(np.abs(its), initial=0.0))
    return bool(np.mean(np.abs(mine - its) > NEAR * size) > 0.5)


def near(mine: Floats, its: Floats) -> bool:
    size = float(np.max(np.abs(its), initial=0.0))
    return bool(np.all(np.abs(mine - its) <= NEAR * size))
