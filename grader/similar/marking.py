"""A pair -> which lines of the two say the same."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from grader.model import Record
from grader.similar.records import Print
from grader.similar.winnow import GRAM

Spot = tuple[int, int]
"""A page's number and a line on it, both from 0."""


class Marks(Record, frozen=True):
    """The passages that two submissions share, numbered from 1 in the order of the first: by line on each side."""

    first: dict[Spot, int]
    second: dict[Spot, int]
    passages: int


def mark(first: Print, second: Print) -> Marks:
    """Every run of tokens that both have, wherever it stands; runs that touch are one passage."""
    shared = np.intersect1d(first.grams, second.grams)
    ours = starts_of(first, shared)
    theirs: defaultdict[int, list[int]] = defaultdict(list)
    for start, gram in starts_of(second, shared):
        theirs[gram].append(start)
    marks: tuple[dict[Spot, int], dict[Spot, int]] = ({}, {})
    passage, end = 0, -1
    for start, gram in ours:
        passage += start > end
        end = start + GRAM - 1
        cover(marks[0], first, start, passage)
        for place in theirs[gram]:
            cover(marks[1], second, place, passage)
    return Marks(first=marks[0], second=marks[1], passages=passage)


def starts_of(one: Print, shared: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> list[tuple[int, int]]:
    """The first token and the hash of each shared run, in order."""
    found = np.isin(one.grams, shared)
    return [(int(start), int(gram)) for start, gram in zip(one.starts[found], one.grams[found], strict=True)]


def cover(marks: dict[Spot, int], one: Print, start: int, passage: int) -> None:
    """A line that belongs to a passage already stays with it."""
    for token in one.tokens[start : start + GRAM]:
        marks.setdefault((token.page, token.line), passage)
