"""Wrong ways to solve an exercise, as code: how they are marked, and how one takes the right way's place.

An assignment's misconceptions run beside the *solution*, in a worker of its own, never beside a student's code.
"""

from __future__ import annotations

import copy
import functools
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])


def misconception(target: str, *, hint: str, aspect: str = "", says: str = "") -> Callable[[_F], _F]:
    """Mark `wrong(right, *arguments)` as a misconception of `target` ("mse_loss", "Conv2d.forward").

    `right` is what it replaces: the solution, or another misconception when two are combined.  `hint` explains the
    mistake to a student and points at the idea, not at the answer.  `aspect` names what it gets wrong ("bias",
    "stride"): two of different aspects are tried together, so one that has an aspect must do the rest by calling
    `right`.  `says` is for a mistake that no numbers can tell: words of the test's own message that name it.
    """

    def mark(wrong: _F) -> _F:
        wrong.misconception = (target, hint)  # type: ignore[attr-defined]
        return wrong

    return mark


def changed(layer: Any, **attributes: Any) -> Any:
    """The same layer but for some attributes; in place of a parameter any tensor will do.

    The gradient still finds the layer's own parameters where the new tensors are computed from them.
    """
    other = copy.copy(layer)
    other.__dict__.update(attributes)
    return other


@contextmanager
def applied(names: Sequence[str], wrong_ways: types.ModuleType, module: types.ModuleType) -> Iterator[None]:
    """Within it, `module` solves its exercises in these wrong ways, the first innermost."""
    originals: list[tuple[Any, str, Any]] = []
    try:
        for name in names:
            wrong = getattr(wrong_ways, name)
            holder, attribute = place(wrong.misconception[0], module)
            right = getattr(holder, attribute)
            originals.append((holder, attribute, right))
            setattr(holder, attribute, replacing(right, wrong))
        yield
    finally:
        for holder, attribute, right in reversed(originals):
            setattr(holder, attribute, right)


def place(target: str, module: types.ModuleType) -> tuple[Any, str]:
    """Where a target is bound: the module, or one of its classes."""
    owner, _, attribute = target.rpartition(".")
    return (getattr(module, owner) if owner else module), attribute


def replacing(right: Callable[..., Any], wrong: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(right)
    def instead(*args: Any, **kwargs: Any) -> Any:
        return wrong(right, *args, **kwargs)

    return instead
