"""What is compared and what is found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.model import Record


class Page(Record, frozen=True):
    """One file or cell of a submission, as the student wrote it."""

    name: str
    source: str


class Work(Record, frozen=True):
    """All code of one submission that its result came from."""

    id: str
    pages: tuple[Page, ...]


class Token(Record, frozen=True):
    """One token without what a student can change at no cost; `page` and `line` (from 0) say where it stands."""

    text: str
    page: int
    line: int


@dataclass(frozen=True)
class Print:
    """A submission's fingerprints.

    `grams` (n,) uint64 has the hash of each run of `GRAM` tokens that is not in the stub, `starts` (n,) int64 the
    number of its first token.  `chosen` (m,) uint64 are the distinct ones that winnowing keeps, sorted.
    """

    id: str
    tokens: tuple[Token, ...]
    grams: NDArray[np.uint64]
    starts: NDArray[np.int64]
    chosen: NDArray[np.uint64]


class Pair(Record, frozen=True):
    """Two submissions and how alike they are.

    `score` from 0 to 1 is the share, by weight, of fingerprints in common; `shared` tells how many these are, `rare`
    how many of them nobody else has.
    """

    first: str
    second: str
    score: float
    shared: int
    rare: int


class Comparison(Record, frozen=True):
    """All pairs worth looking at, best first; `typical` is the middle score of all pairs of the class.

    `too_little` were not compared: beyond the stub there is next to nothing.
    """

    pairs: tuple[Pair, ...]
    typical: float
    compared: int
    too_little: tuple[str, ...]
