"""Walking syntax trees as `ast` does, in less than half the time: a submission's is gone through some dozen times.

The contexts (`ast.Load`) and operators (`ast.Add`), a third of all nodes and without children, are left out.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import Final

LEAVES: Final = frozenset(
    {
        "ctx", "op", "ops", "id", "attr", "arg", "name", "rest", "asname", "module", "level", "kind", "simple",
        "is_async", "conversion", "type_comment",
    }
)  # fmt: skip
"""The fields that hold contexts, operators, names and numbers."""


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below, in the order of the text as far as `ast` keeps it."""
    found: list[ast.AST] = []
    held = node.__dict__
    for name in _fields(type(node)):  # type: ignore[arg-type]  # typeshed takes a node type for unhashable
        value = held.get(name)
        if type(value) is list:
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def walk(tree: ast.AST) -> list[ast.AST]:
    """The node and all below it, nearer ones first."""
    found = [tree]
    for node in found:
        found += children(node)
    return found


@cache
def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    return tuple(name for name in kind._fields if name not in LEAVES)
