"""A module's top-level statements as units: what can be used or left out on its own.

`if`, `try` and `with` are looked into, so that a definition in one can be used without its neighbours; an
import counts name by name; everything else, loops included, is taken whole or not at all.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.intake.scopes import Import, Uses, import_name, uses_of
from grader.intake.trees import walk

OpaqueStatement = ast.If | ast.Try | ast.TryStar | ast.With | ast.AsyncWith


@dataclass(frozen=True)
class Unit:
    """One statement, one name of an import, or the head of a statement that is looked into.

    `piece` and `index` say where it stands, `containers` are the units of the heads around it, `certain`
    whether what it binds is bound without condition.  `star` is the module of a `from x import *` whose
    names are not known.
    """

    index: int
    piece: int
    node: ast.stmt
    uses: Uses
    certain: bool
    alias: ast.alias | None = None
    containers: tuple[int, ...] = ()
    star: bool = False
    head: bool = False


@dataclass(frozen=True)
class _Place:
    piece: int
    containers: tuple[int, ...] = ()
    certain: bool = True


StarNames = Callable[[ast.ImportFrom], Iterable[str] | None]
"""The names that `from x import *` brings, None where x is not the submission's own."""


def units_of(trees: Mapping[int, ast.Module], star_names: StarNames) -> tuple[Unit, ...]:
    """All units of the pieces, in order."""
    builder = _Builder(star_names)
    for piece, tree in trees.items():
        builder.annotations = builder.annotations and not has_future_annotations(tree)
        builder.add_all(tree.body, _Place(piece))
    return tuple(builder.units)


def has_future_annotations(tree: ast.Module) -> bool:
    """Whether the text says `from __future__ import annotations`."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )


def is_main_guard(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`, whose body is a script, not a definition."""
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    names = [side.id for side in sides if isinstance(side, ast.Name)]
    texts = [side.value for side in sides if isinstance(side, ast.Constant)]
    return names == ["__name__"] and texts == ["__main__"] and isinstance(node.test.ops[0], ast.Eq)


def blocks(node: OpaqueStatement) -> list[list[ast.stmt]]:
    """The blocks of a statement that is looked into, a main guard's body left out."""
    if isinstance(node, ast.With | ast.AsyncWith):
        return [node.body]
    if isinstance(node, ast.If):
        return [node.orelse] if is_main_guard(node) else [node.body, node.orelse]
    return [node.body, *(handler.body for handler in node.handlers), node.orelse, node.finalbody]


def makes_names(unit: Unit) -> bool:
    """Whether the statement may make names that can't be seen in it (`exec`, `globals()[...] = ...`)."""
    return any(isinstance(node, ast.Call) and _makes_names(node) for node in walk(unit.node))


def _makes_names(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr == "run_line_magic" and _first_text(call) in ("run", "load")
    if not isinstance(call.func, ast.Name):
        return False
    return call.func.id in ("exec", "globals") or (call.func.id in ("locals", "vars") and not call.args)


def _first_text(call: ast.Call) -> object:
    return call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None


class _Builder:
    """Collects the units of one submission."""

    def __init__(self, star_names: StarNames) -> None:
        self.units: list[Unit] = []
        self.annotations = True
        self.star_names = star_names

    def add_all(self, statements: Sequence[ast.stmt], place: _Place) -> None:
        for statement in statements:
            if isinstance(statement, OpaqueStatement):
                self.add_opened(statement, place)
            elif isinstance(statement, Import):
                self.add_import(statement, place)
            else:
                self.add(statement, uses_of([statement], annotations=self.annotations), place)

    def add(self, node: ast.stmt, uses: Uses, place: _Place, alias: ast.alias | None = None) -> None:
        certain = place.certain and not isinstance(node, ast.For | ast.AsyncFor | ast.While | ast.AugAssign)
        unit = Unit(len(self.units), place.piece, node, uses, certain, alias, place.containers)
        self.units.append(unit)

    def add_opened(self, node: OpaqueStatement, place: _Place) -> None:
        head = len(self.units)
        uses = uses_of(_head(node), annotations=self.annotations)
        self.units.append(
            Unit(head, place.piece, node, uses, place.certain, None, place.containers, head=True)
        )
        certain = place.certain and isinstance(node, ast.With | ast.AsyncWith)
        for block in blocks(node):
            self.add_all(block, _Place(place.piece, (*place.containers, head), certain))

    def add_import(self, node: Import, place: _Place) -> None:
        for alias in node.names:
            if alias.name == "*" and isinstance(node, ast.ImportFrom):
                self.add_star(node, alias, place)
            else:
                self.add(node, _binding({import_name(alias)}), place, alias)

    def add_star(self, node: ast.ImportFrom, alias: ast.alias, place: _Place) -> None:
        names = self.star_names(node)
        uses = _binding(set(names or ()))
        self.units.append(
            Unit(len(self.units), place.piece, node, uses, False, alias, place.containers, star=names is None)
        )


def _head(node: OpaqueStatement) -> Iterator[ast.AST]:
    if isinstance(node, ast.With | ast.AsyncWith):
        yield from node.items
    elif isinstance(node, ast.If):
        yield node.test
    else:
        yield from (handler.type for handler in node.handlers if handler.type is not None)


def _binding(names: set[str]) -> Uses:
    nothing: frozenset[str] = frozenset()
    return Uses(frozenset(names), nothing, nothing, nothing, nothing, nothing)
