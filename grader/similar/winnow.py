"""Tokens -> fingerprints that survive whatever surrounds a copied passage."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from grader.similar.records import Print, Token, Work
from grader.similar.tokens import tokens_of

GRAM: Final = 8
"""Tokens in a run: what is shorter is idiom."""

WINDOW: Final = 5
"""Of each so many runs in a row one is kept: two texts that share WINDOW + GRAM - 1 = 12 tokens of a definition share a
fingerprint (Schleimer et al., section 3)."""

DEFINITIONS: Final = frozenset({"def", "class"})

BASE: Final = np.uint64(0x9E3779B97F4A7C15)


def print_of(work: Work, stub: frozenset[int], given: frozenset[str]) -> Print:
    """A submission's fingerprints; `stub` are the runs of the stub, `given` the names that the assignment gives."""
    tokens = tokens_of(work.pages, given)
    starts, grams, definitions = runs_of(tokens)
    known = np.fromiter(stub, np.uint64, len(stub))
    own = ~np.isin(grams, known)
    kept = [part[winnowed(part)] for part in np.split(grams, np.flatnonzero(np.diff(definitions)) + 1)]
    chosen = np.setdiff1d(np.concatenate(kept), known)
    return Print(id=work.id, tokens=tokens, grams=grams[own], starts=starts[own], chosen=chosen)


def runs_of(
    tokens: Sequence[Token],
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]:
    """Of each run of GRAM tokens in which no other definition begins the first token, the hash and the definition.

    Definitions are taken one by one: whoever puts them in another order has the same runs, and the same are kept.
    """
    grams = grams_of(tokens)
    begun = np.array([token.text in DEFINITIONS for token in tokens], np.int64).cumsum()
    starts = np.flatnonzero(begun[GRAM - 1 :] == begun[: len(grams)])
    return starts, grams[starts], begun[starts]


def grams_of(tokens: Sequence[Token]) -> NDArray[np.uint64]:
    """The hash of each run of GRAM tokens, () where there are fewer: a polynomial modulo 2^64, its bits then mixed."""
    if len(tokens) < GRAM:
        return np.zeros(0, np.uint64)
    values = np.array([hash_of(token.text) for token in tokens], np.uint64)
    powers = BASE ** np.arange(GRAM, dtype=np.uint64)
    return mixed((sliding_window_view(values, GRAM) * powers).sum(axis=1, dtype=np.uint64))


@lru_cache(maxsize=100_000)
def hash_of(text: str) -> int:
    """The same in every process, unlike Python's own."""
    data = text.encode("utf-8", "replace")
    return zlib.crc32(data) << 32 | zlib.adler32(data)


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Every bit depends on every other (the finalizer of SplitMix64: Steele, Lea, Flood, OOPSLA 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def winnowed(grams: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The places of the least hash of every WINDOW in a row, the last one where several are least."""
    if len(grams) == 0:
        return np.zeros(0, np.int64)
    width = min(WINDOW, len(grams))
    windows = sliding_window_view(grams, width)[:, ::-1]
    return np.unique(np.arange(len(windows)) + width - 1 - windows.argmin(axis=1))
