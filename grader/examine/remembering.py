"""Oracles that are asked the same for every submission of a class, and work it out once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import numpy as np

MOST_ANSWERS: Final = 1024
"""How many answers of one oracle are kept; the one that was asked for longest ago goes first."""

PLAIN: Final = frozenset({bool, float, int, str, type(None)})

_P = ParamSpec("_P")
_T = TypeVar("_T")


def remembered(oracle: Callable[_P, _T]) -> Callable[_P, _T]:
    """Keep what an oracle has answered, by the contents of its arguments.

    For pure functions of numbers, texts, arrays, and lists, tuples and dictionaries of them; of other arguments counts
    which object they are.  The arrays in an answer become read-only: everybody is given the same ones.  ValueError
    where somebody writes to them.
    """
    answers: OrderedDict[bytes, tuple[_T, list[Any]]] = OrderedDict()

    @wraps(oracle)
    def ask(*arguments: _P.args, **named: _P.kwargs) -> _T:
        objects: list[Any] = []
        key = digest((arguments, sorted(named.items())), objects)
        if key in answers:
            answers.move_to_end(key)
            return answers[key][0]
        answer = oracle(*arguments, **named)
        for array in arrays_in(answer):
            array.flags.writeable = False
        answers[key] = answer, objects  # kept alive, so that no other can be taken for them
        if len(answers) > MOST_ANSWERS:
            answers.popitem(last=False)
        return answer

    return ask


def digest(value: Any, objects: list[Any]) -> bytes:
    """The same for equal values of the same types and shapes, for no others; `objects` are given those that count by
    identity."""
    hashed = hashlib.blake2b(digest_size=16)
    describe(value, objects, hashed.update)
    return hashed.digest()


def describe(value: Any, objects: list[Any], say: Callable[[bytes], None]) -> None:
    """Say all that tells a value from others, as bytes."""
    if isinstance(value, np.ndarray):
        say(f"<{value.dtype.str}{value.shape}>".encode())
        say(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, list | tuple) and PLAIN.issuperset(map(type, value)):
        say(f"<{type(value).__name__} {value!r}>".encode())  # its `repr` tells apart, from 1 and 1.0 to -0.0
    elif isinstance(value, list | tuple):
        say(f"<{type(value).__name__} {len(value)}>".encode())
        for item in value:
            describe(item, objects, say)
    elif isinstance(value, dict):
        describe(list(value.items()), objects, say)
    elif isinstance(value, bool | int | float | str | np.generic | None):
        say(f"<{type(value).__name__} {value!r}>".encode())
    else:
        objects.append(value)
        say(f"<object {id(value)}>".encode())


def arrays_in(answer: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Every array in an answer, however deep."""
    if isinstance(answer, np.ndarray):
        yield answer
    elif isinstance(answer, list | tuple):
        for item in answer:
            yield from arrays_in(item)
    elif isinstance(answer, dict):
        yield from arrays_in(list(answer.values()))
    elif is_dataclass(answer):
        for field in fields(answer):
            yield from arrays_in(getattr(answer, field.name))
