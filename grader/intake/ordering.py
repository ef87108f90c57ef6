"""The order in which a notebook's cells are taken: from top to bottom, unless that fails and another does not.

Students define things below where they use them, and run the cells as they need them.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import replace

from grader.intake.document import Document
from grader.intake.slicing import Slice

RUNS_NOTE = "Its cells were taken in the order in which they were last run: from top to bottom they fail."
NEED_NOTE = "Its cells were taken in the order in which they need each other: from top to bottom they fail."


def in_order_of_runs(document: Document) -> Document:
    """Cells by the count of their last run; a cell that was never run stays behind the one above it."""
    runs: list[tuple[int, int]] = []
    last = 0
    for at, piece in enumerate(document.pieces):
        last = piece.run or last
        runs.append((last, at))
    return reordered(document, [at for _, at in sorted(runs)], RUNS_NOTE)


def in_order_of_need(document: Document, cut: Slice) -> Document:
    """Cells after those that define what they read while they run, else as they stand; as they are where cells need
    each other both ways."""
    needs = needs_of(cut)
    followers: defaultdict[int, list[int]] = defaultdict(list)
    for piece, sources in needs.items():
        for source in sources:
            followers[source].append(piece)
    waiting = {piece: len(sources) for piece, sources in needs.items()}
    ready = [at for at in range(len(document.pieces)) if not waiting.get(at)]
    order: list[int] = []
    while ready:
        at = heapq.heappop(ready)
        order.append(at)
        for piece in followers[at]:
            waiting[piece] -= 1
            if waiting[piece] == 0:
                heapq.heappush(ready, piece)
    return reordered(document, order, NEED_NOTE) if len(order) == len(document.pieces) else document


def needs_of(cut: Slice) -> dict[int, set[int]]:
    """For each piece the pieces that have to come first: of each name that it reads at once the nearest definition
    above, else the first below."""
    binders: defaultdict[str, list[int]] = defaultdict(list)
    for unit in cut.units:
        if unit.index in cut.needed:
            for name in unit.uses.binds:
                binders[name].append(unit.piece)
    needs: defaultdict[int, set[int]] = defaultdict(set)
    for unit in cut.units:
        if unit.index in cut.needed:
            for name in unit.uses.now:
                source = nearest(binders[name], unit.piece)
                if source not in (None, unit.piece):
                    needs[unit.piece].add(source)
    return needs


def nearest(pieces: list[int], piece: int) -> int | None:
    """The last at or above a piece, else the first below it; `pieces` are in order."""
    above = [one for one in pieces if one <= piece]
    return above[-1] if above else next(iter(pieces), None)


def reordered(document: Document, order: list[int], note: str) -> Document:
    pieces = tuple(document.pieces[at] for at in order)
    return replace(document, pieces=pieces, notes=(*document.notes, note))
