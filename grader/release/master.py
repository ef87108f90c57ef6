"""The master of an assignment: one Python script from which stub and solution are cut.

A master is a script in the percent format (cells begin with `# %%`) in which

    # BEGIN SOLUTION: what is to do
    ...
    # END SOLUTION

encloses what students write themselves.  The stub has the text after the colon in its place.  A slip here
would hand out answers, so whatever is not clearly a region is a `UsageError` that names the line.
"""

from __future__ import annotations

import ast
import re
from typing import Final

from grader.errors import UsageError
from grader.model import Record

MARKER: Final = re.compile(r"(?P<indent>[ \t]*)#\s*(?P<kind>BEGIN|END) SOLUTION(?::\s*(?P<todo>.*\S))?\s*")
MENTION: Final = re.compile(r"\b(begin|end)\W*solution\b", re.IGNORECASE)
CELL: Final = re.compile(r"# %%")

TELLING: Final = 20
"""Characters from which on a line of a solution is telling: `return x` may stand in a handout by chance."""


class Region(Record, frozen=True):
    """The lines `first` to `last` of a master, markers included, counted from 1."""

    first: int
    last: int
    indent: str
    todo: str


def regions(text: str, file: str) -> tuple[Region, ...]:
    """The solution regions in order; UsageError, naming `file` and line, where markers don't pair up."""
    found: list[Region] = []
    begun: Region | None = None
    for number, line in enumerate(text.splitlines(), 1):
        marker = _marker(line, f"{file}:{number}")
        if begun is not None and CELL.match(line):
            raise UsageError(
                f"{file}:{number}: a cell begins inside the solution begun in line {begun.first}"
            )
        if marker is None:
            continue
        if marker["kind"] == "BEGIN":
            begun = _begin(marker, begun, number, file)
        else:
            found.append(_end(begun, number, file))
            begun = None
    if begun is not None:
        raise UsageError(f"{file}:{begun.first}: this solution is never ended; add `# END SOLUTION`")
    return tuple(found)


def stub(text: str, file: str) -> str:
    """The master with each solution replaced by what raises (or, outside of functions, does) nothing.

    Inside a function that is a `NotImplementedError` naming the exercise ("Linear.forward: y = x Aᵀ + b").
    UsageError where the master, or the stub made of it, is not Python.
    """
    tree = _parsed(text, file)
    lines = text.splitlines()
    for region in reversed(regions(text, file)):
        lines[region.first - 1 : region.last] = [region.indent + _hole(tree, region)]
    result = "\n".join(lines) + "\n"
    _parsed(result, f"the stub of {file}")
    return result


def solution(text: str, file: str) -> str:
    """The master without its markers."""
    markers = {number for region in regions(text, file) for number in (region.first, region.last)}
    lines = enumerate(text.splitlines(), 1)
    return "\n".join(line for number, line in lines if number not in markers) + "\n"


def telling_lines(text: str, file: str) -> frozenset[str]:
    """The lines, stripped, that give a solution away: long enough, and nowhere else in the master."""
    inside = {number for region in regions(text, file) for number in range(region.first, region.last + 1)}
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    public = {line for number, line in lines if number not in inside}
    secret = {line for number, line in lines if number in inside and not MENTION.search(line)}
    return frozenset(line for line in secret - public if len(line) >= TELLING)


def _marker(line: str, where: str) -> re.Match[str] | None:
    """The marker on this line; UsageError for what looks like one and would not be taken as such."""
    marker = MARKER.fullmatch(line)
    if marker is None and MENTION.search(line):
        raise UsageError(
            f"{where}: {line.strip()!r} is no marker. Write `# BEGIN SOLUTION: what is to do` or "
            "`# END SOLUTION` on a line of its own."
        )
    return marker


def _begin(marker: re.Match[str], begun: Region | None, number: int, file: str) -> Region:
    if begun is not None:
        raise UsageError(f"{file}:{number}: a solution begins inside the one begun in line {begun.first}")
    todo = marker["todo"] or "your code"
    return Region(first=number, last=number, indent=marker["indent"], todo=todo)


def _end(begun: Region | None, number: int, file: str) -> Region:
    if begun is None:
        raise UsageError(f"{file}:{number}: `# END SOLUTION` without a `# BEGIN SOLUTION` before it")
    return Region(first=begun.first, last=number, indent=begun.indent, todo=begun.todo)


def _hole(tree: ast.Module, region: Region) -> str:
    """The statement that takes a region's place: outside of functions nothing may raise, the stub imports."""
    path = _enclosing(tree, region)
    name = ".".join(node.name for node in path)
    if not path or isinstance(path[-1], ast.ClassDef):
        return f"pass  # {name + ': ' if name else ''}{region.todo}"
    return f"raise NotImplementedError({_quoted(f'{name}: {region.todo}')})"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _enclosing(tree: ast.AST, region: Region) -> list[_Definition]:
    """The definitions around a region, outermost first.

    A region may be the last thing in a body; then only its code, not its end marker, lies in the definition.
    """
    for node in ast.iter_child_nodes(tree):
        start, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
        if start < region.first <= end:
            own = [node] if isinstance(node, _Definition) else []
            return own + _enclosing(node, region)
    return []


def _parsed(text: str, file: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise UsageError(f"{file}:{error.lineno}: not Python: {error.msg}") from None
