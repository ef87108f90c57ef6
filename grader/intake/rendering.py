"""A slice back into text in which every statement stands on the student's own line.

A statement that nothing needs becomes blank lines; where it has to be something, because a block may not be
empty or because a needed statement shares its line, it becomes `0`, or `[` and `]` over several lines.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from grader.intake.parsing import parse_again
from grader.intake.units import OpaqueStatement, Unit, blocks, is_main_guard


@dataclass(frozen=True)
class _Keep:
    """What of one piece is needed: whole statements by identity, and names of imports."""

    statements: frozenset[int]
    aliases: frozenset[int]

    def holds(self, node: ast.stmt) -> bool:
        return id(node) in self.statements


def render(text: str, tree: ast.Module, needed: Iterable[Unit]) -> tuple[str, ast.Module]:
    """The text of one piece with what isn't needed blanked, and its tree."""
    units = list(needed)
    keep = _Keep(
        frozenset(id(unit.node) for unit in units),
        frozenset(id(unit.alias) for unit in units if unit.alias is not None),
    )
    lines = [line.encode() for line in text.split("\n")]
    kept = {line for unit in units for line in _line_range(unit.node, lines, head=unit.head)}
    for node in tree.body:
        _render(node, keep, lines, kept, inside=False)
    rendered = b"\n".join(lines).decode().rstrip()
    again = tree if rendered == text.rstrip() else parse_again(rendered)
    return (rendered, again) if again is not None else _unparsed(tree, keep)


def _unparsed(tree: ast.Module, keep: _Keep) -> tuple[str, ast.Module]:
    """The needed statements alone: for the odd layout (a backslash after `;`) where blanking breaks it."""
    kept = [node for node in tree.body if keep.holds(node)]
    return "\n".join(map(ast.unparse, kept)), ast.Module(kept, [])


def _line_range(node: ast.stmt, lines: list[bytes], *, head: bool) -> range:
    if head and isinstance(node, OpaqueStatement):
        return range(node.lineno, node.lineno + 1)
    return range(_first_line(node, lines), (node.end_lineno or node.lineno) + 1)


def _first_line(node: ast.stmt, lines: list[bytes]) -> int:
    """Where a statement begins, its decorators included (`@` may stand above a decorator in brackets)."""
    decorators = getattr(node, "decorator_list", [])
    if not decorators:
        return node.lineno
    line = min(decorator.lineno for decorator in decorators)
    while line > 1 and not lines[line - 1].lstrip().startswith(b"@"):
        line -= 1
    return int(line)


def _render(node: ast.stmt, keep: _Keep, lines: list[bytes], kept: set[int], *, inside: bool) -> None:
    if not keep.holds(node):
        _leave_out(node, lines, kept, inside=inside)
    elif isinstance(node, OpaqueStatement):
        if is_main_guard(node) and isinstance(node, ast.If):
            _fill_all(node.body, lines)
        for block in blocks(node):
            for child in block:
                _render(child, keep, lines, kept, inside=True)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        _render_import(node, keep, lines)


def _leave_out(node: ast.stmt, lines: list[bytes], kept: set[int], *, inside: bool) -> None:
    first, last = _first_line(node, lines), node.end_lineno or node.lineno
    if inside or any(line in kept for line in range(first, last + 1)):
        _fill(node, first, lines)
    else:
        lines[first - 1 : last] = [b""] * (last - first + 1)


def _fill_all(body: list[ast.stmt], lines: list[bytes]) -> None:
    for node in body:
        _fill(node, _first_line(node, lines), lines)


def _fill(node: ast.stmt, first: int, lines: list[bytes]) -> None:
    last, end = node.end_lineno or node.lineno, node.end_col_offset or 0
    start = node.col_offset
    if first == last:
        _replace(lines, first, start, end, b"0")
        return
    lines[first - 1] = lines[first - 1][:start] + b"["
    lines[first : last - 1] = [b""] * (last - 1 - first)
    _replace(lines, last, 0, end, b"]", right=True)


def _replace(
    lines: list[bytes], line: int, start: int, end: int, text: bytes, *, right: bool = False
) -> None:
    padded = text.rjust(end - start) if right else text.ljust(end - start)
    lines[line - 1] = lines[line - 1][:start] + padded + lines[line - 1][end:]


def _render_import(node: ast.Import | ast.ImportFrom, keep: _Keep, lines: list[bytes]) -> None:
    """Only those names of an import that are needed."""
    names = [alias for alias in node.names if id(alias) in keep.aliases]
    if len(names) == len(node.names):
        return
    only = (
        ast.Import(names) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, names, node.level)
    )
    first, last, end = node.lineno, node.end_lineno or node.lineno, node.end_col_offset or 0
    text = ast.unparse(only).encode()
    rest = lines[last - 1][end:]
    lines[first - 1] = lines[first - 1][: node.col_offset] + text + (rest if rest.strip() else b"")
    lines[first:last] = [b""] * (last - first)
