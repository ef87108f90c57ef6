"""What the names of an assignment need, out of everything in a notebook or a module.

The rule.  Of each name the last definition counts, and with it, transitively: what it reads while it is
defined (decorators, base classes, defaults, annotations, the right-hand side), as bound before it; what its
functions read when called, as bound at the end; and later statements that change it: `CNN.forward = f`,
`table["k"] = v`, `x += 1`, and, alone on a line, `setattr(CNN, ...)`, `layers.append(...)` and calls of a
function that binds the name by `global`.  All other expressions that stand alone (prints, plots, training
runs, `torch.manual_seed(0)`) are scratch, as are `del`, loops that bind nothing needed, and the body of
`if __name__ == "__main__":`.  An import from outside the submission after the student's own last definition
of an asked-for name is scratch too: it is there to compare with.
"""

from __future__ import annotations

import ast
import builtins
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from grader.intake.records import UnreadableError
from grader.intake.units import StarNames, Unit, makes_names, units_of

MAX_STEPS: Final = 200_000
"""Bindings looked at before slicing gives up; a real notebook needs some thousands."""

BUILTINS: Final = frozenset(dir(builtins)) | {
    "display",
    "__name__",
    "__file__",
    "__doc__",
    "__builtins__",
    "__spec__",
}

IsOwn = Callable[[ast.Import | ast.ImportFrom, ast.alias], bool]
"""Whether an import is from a module of the submission's own."""


@dataclass(frozen=True)
class Slice:
    """Which units the names need; `unresolved` names nothing binds, `early` ones are read too soon."""

    units: tuple[Unit, ...]
    needed: frozenset[int]
    defined: dict[str, tuple[int, ...]]
    unresolved: frozenset[str] = frozenset()
    early: tuple[tuple[str, int], ...] = ()
    makes_names: bool = False

    def dynamic(self, names: Iterable[str]) -> bool:
        """Whether something needed may be made in a way that can't be seen: then the whole has to run."""
        return self.makes_names and (bool(self.unresolved) or any(name not in self.defined for name in names))


class Graph:
    """The units of a module, and which of them bind or change each name."""

    def __init__(self, units: tuple[Unit, ...], names: Iterable[str], is_own: IsOwn) -> None:
        self.units = units
        self.binders = _binders(units)
        self.changers = _changers(units)
        self.stars = [unit.index for unit in units if unit.star]
        self.steps = 0
        for name in names:
            self._drop_comparisons(name, is_own)

    def _drop_comparisons(self, name: str, is_own: IsOwn) -> None:
        """Leave out imports from outside that come after the student's own last definition."""
        own = [index for index in self.binders[name] if not _is_foreign(self.units[index], is_own)]
        if own:
            self.binders[name] = [
                index
                for index in self.binders[name]
                if index <= own[-1] or not _is_foreign(self.units[index], is_own)
            ]

    def reaching(self, name: str, before: int) -> list[int]:
        """The units whose binding of the name may hold just before a position, latest first."""
        binders = self.binders.get(name, [])
        reached: list[int] = []
        for index in reversed(binders[: bisect_left(binders, before)]):
            self._step()
            reached.append(index)
            if _replaces(self.units[index], name):
                break
        return reached

    def changing(self, name: str, after: int, before: int) -> list[int]:
        """The units between two positions that change the object of that name."""
        changers = self.changers.get(name, [])
        found = changers[bisect_left(changers, after + 1) : bisect_left(changers, before)]
        self.steps += len(found)
        return found

    @cached_property
    def makes_names(self) -> bool:
        """Whether any statement may make names that can't be seen in it."""
        return any(makes_names(unit) for unit in self.units)

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise UnreadableError("Its definitions depend on each other in more ways than can be followed.")

    @property
    def end(self) -> int:
        return len(self.units)


def _binders(units: tuple[Unit, ...]) -> defaultdict[str, list[int]]:
    """For each name the units that bind it, calls of functions that do so by `global` included."""
    binders: defaultdict[str, list[int]] = defaultdict(list)
    through: defaultdict[str, set[str]] = defaultdict(set)
    for unit in units:
        for name in unit.uses.binds:
            through[name] |= unit.uses.binds_globally
    for unit in units:
        called = frozenset().union(*(through.get(name, frozenset()) for name in unit.uses.calls))
        for name in unit.uses.binds | called:
            binders[name].append(unit.index)
    return binders


def _changers(units: tuple[Unit, ...]) -> defaultdict[str, list[int]]:
    changers: defaultdict[str, list[int]] = defaultdict(list)
    for unit in units:
        for name in unit.uses.alters:
            changers[name].append(unit.index)
    return changers


def _replaces(unit: Unit, name: str) -> bool:
    """Whether after this unit no earlier binding of the name holds (`import a` keeps an `import a.b`)."""
    return unit.certain and name in unit.uses.binds and not isinstance(unit.node, ast.Import)


def _is_foreign(unit: Unit, is_own: IsOwn) -> bool:
    return (
        isinstance(unit.node, ast.Import | ast.ImportFrom)
        and unit.alias is not None
        and not is_own(unit.node, unit.alias)
    )


@dataclass
class _Search:
    """The state of one slicing: what is needed so far, and what has yet to be followed."""

    graph: Graph
    stops: frozenset[str]
    todo: list[tuple[int, int]] = field(default_factory=list)
    seen: set[tuple[int, int]] = field(default_factory=set)
    unresolved: set[str] = field(default_factory=set)
    early: set[tuple[str, int]] = field(default_factory=set)

    def need(self, index: int, horizon: int) -> None:
        if (index, horizon) not in self.seen:
            self.seen.add((index, horizon))
            self.todo.append((index, horizon))

    def need_name(self, name: str, horizon: int) -> list[int]:
        """Need what binds the name before the horizon, and what changes it until then."""
        if name in self.stops:
            return []
        bindings = self.graph.reaching(name, horizon) or self.graph.reaching(name, self.graph.end)
        for index in [*bindings, *self._changing(name, bindings, horizon)]:
            self.need(index, horizon)
            self.need(index, self.graph.end)
        return bindings

    def _changing(self, name: str, bindings: list[int], horizon: int) -> list[int]:
        return self.graph.changing(name, min(bindings), horizon) if bindings else []

    def _read_name(self, name: str, horizon: int) -> list[int]:
        """Need a name that something needed reads; one that nothing binds may come of a star import."""
        bindings = self.need_name(name, horizon)
        if not bindings and name not in self.stops:
            self._absent(name, horizon)
        return bindings

    def _absent(self, name: str, horizon: int) -> None:
        if name in BUILTINS:
            return
        self.unresolved.add(name)
        for index in self.graph.stars:
            if index < horizon:
                self.need(index, horizon)

    def follow(self) -> None:
        while self.todo:
            self.graph._step()
            index, horizon = self.todo.pop()
            unit = self.graph.units[index]
            for name in unit.uses.now:
                bindings = self._read_name(name, index)
                if bindings and min(bindings) >= index and not unit.head:
                    self.early.add((name, index))
            for name in unit.uses.later:
                self._read_name(name, horizon)
            for container in unit.containers:
                self.need(container, container)


def slice_of(graph: Graph, names: Iterable[str], stops: Iterable[str] = ()) -> Slice:
    """What the names need, not looking into `stops`; UnreadableError where it can't be followed."""
    search = _Search(graph, frozenset(stops))
    defined = {}
    for name in names:
        bindings = search.need_name(name, graph.end)
        if bindings:
            defined[name] = tuple(sorted(bindings))
    search.follow()
    return Slice(
        units=graph.units,
        needed=frozenset(index for index, _ in search.seen),
        defined=defined,
        unresolved=frozenset(search.unresolved) if not graph.stars else frozenset(),
        early=tuple(sorted(search.early)),
        makes_names=graph.makes_names,
    )


def graph_of(
    trees: Mapping[int, ast.Module], names: Iterable[str], star_names: StarNames, is_own: IsOwn
) -> Graph:
    """The graph of all pieces' units."""
    return Graph(units_of(trees, star_names), names, is_own)
