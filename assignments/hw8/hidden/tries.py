"""The best of several trainings: one unlucky split is not to cost a right solution points (docs/bars.md)."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeVar

TRIES = 6  # by measurement: docs/bars.md
PATIENCE = 3  # a further training is begun only where this many of the longest so far fit into the time left


class Trained(Protocol):
    """What a training came to."""

    @property
    def accuracy(self) -> float: ...


T = TypeVar("T", bound=Trained)


def best_of_tries(learn: Callable[[], T], full: float, seconds: float) -> tuple[T, int]:
    """The best of `TRIES` trainings, and how many there were: fewer where one reaches `full` or time is short.

    One after the first that goes wrong, in whatever way, takes nothing from the others.
    """
    started = time.monotonic()
    best, made = learn(), 1
    ended = time.monotonic()
    longest = ended - started
    while best.accuracy < full and made < TRIES and started + seconds - ended > PATIENCE * longest:
        made += 1
        with suppress(AssertionError):
            best = max(best, learn(), key=lambda trained: trained.accuracy)
        longest, ended = max(longest, time.monotonic() - ended), time.monotonic()
    return best, made
