"""Fingerprints -> pairs, the most suspicious first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grader.similar.records import Comparison, Pair, Print

LEAST_PRINTS: Final = 12
"""Fewer than these beyond the stub: too little to tell anything by."""

BLOCK: Final = 4096

Floats = NDArray[np.float32]


def compare(prints: Sequence[Print], most: int) -> Comparison:
    """The `most` pairs that are most alike.

    A fingerprint that k of n submissions have weighs log((n + 1) / k) (inverse document frequency: Sparck Jones,
    1972); a pair's score is the weight of what both have over the geometric mean of their weights.  So what the
    contract makes everybody write counts next to nothing, and what two alone have counts most.
    """
    enough = [one for one in prints if len(one.chosen) >= LEAST_PRINTS]
    too_little = tuple(one.id for one in prints if len(one.chosen) < LEAST_PRINTS)
    if len(enough) < 2:
        return Comparison(pairs=(), typical=0.0, compared=len(enough), too_little=too_little)
    hashes, counts = np.unique(np.concatenate([one.chosen for one in enough]), return_counts=True)
    weights = np.log((len(enough) + 1) / counts).astype(np.float32)
    scores = alikeness(enough, hashes, counts, weights)
    rows, columns = np.triu_indices(len(enough), k=1)
    flat = scores[rows, columns]
    best = np.argsort(-flat, kind="stable")[:most]
    return Comparison(
        pairs=tuple(
            pair_of(enough[rows[at]], enough[columns[at]], float(flat[at]), hashes, counts)
            for at in best
            if flat[at] > 0
        ),
        typical=float(np.median(flat)),
        compared=len(enough),
        too_little=too_little,
    )


def alikeness(
    prints: Sequence[Print], hashes: NDArray[np.uint64], counts: NDArray[np.int64], weights: Floats
) -> Floats:
    """(n, n) scores from 0 to 1, in blocks of fingerprints so that memory grows with n² and not with their number."""
    places = [np.searchsorted(hashes, one.chosen) for one in prints]
    norms = np.array([np.sqrt(weights[place].sum()) for place in places], np.float32)
    shared = np.flatnonzero(counts > 1)
    column = np.full(len(hashes), -1)
    column[shared] = np.arange(len(shared))
    total = np.zeros((len(prints), len(prints)), np.float32)
    for start in range(0, len(shared), BLOCK):
        block = np.zeros((len(prints), min(BLOCK, len(shared) - start)), np.float32)
        for row, place in enumerate(places):
            here = column[place]
            here = here[(here >= start) & (here < start + block.shape[1])]
            block[row, here - start] = np.sqrt(weights[shared[here]])
        total += block @ block.T
    scores: Floats = total / np.outer(norms, norms).clip(min=1e-9)
    return scores


def pair_of(
    first: Print, second: Print, score: float, hashes: NDArray[np.uint64], counts: NDArray[np.int64]
) -> Pair:
    shared = np.intersect1d(first.chosen, second.chosen, assume_unique=True)
    rare = int((counts[np.searchsorted(hashes, shared)] == 2).sum())
    return Pair(
        first=first.id, second=second.id, score=round(min(score, 1.0), 4), shared=len(shared), rare=rare
    )
