"""Text into a syntax tree, or into a sentence that says why not.  Nothing here runs any of it.

`ast.parse` takes memory and time in proportion to the number of names and brackets (measured on Python
3.11: 150,000 one-name lines cost 275 MB and 2 s together with `compile`), and it can run into the
interpreter's recursion limit.  So the text is weighed first, and the tree's depth is measured after.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from grader.intake.trees import children
from grader.model import Record

MAX_WEIGHT: Final = 120_000
"""Names count five, brackets and ellipses three, numbers one: some 3,000 lines of program text."""

MAX_CHARACTERS: Final = 4 * 2**20
MAX_LINES: Final = 100_000
MAX_LINE_SHOWN: Final = 120
MAX_DEPTH: Final = 200
"""How deep a syntax tree may nest: what Python's compiler and the analyses here take with ease."""

_WEIGHED: Final = re.compile(r"(?P<name>[^\W\d]\w*)|(?P<bracket>[\[({]|\.\.\.)|(?P<number>\d[\w.]*)")
_WEIGHTS: Final = {"name": 5, "bracket": 3, "number": 1}

_PYTHON_2: Final = re.compile(
    r"Missing parentheses in call to '(print|exec)'|multiple exception types must be parenthesized"
    r"|leading zeros in decimal integer literals|invalid decimal literal"
)


class Fault(Record, frozen=True):
    """Why a text doesn't parse: the line (None where it's all of it) and sentences with a caret."""

    line: int | None
    message: str


def weight(text: str) -> int:
    """How heavy a text is for the parser; counting stops beyond the limit."""
    total = 0
    for match in _WEIGHED.finditer(text):
        total += _WEIGHTS[match.lastgroup or "number"]
        if total > MAX_WEIGHT:
            break
    return total


def parse(text: str) -> ast.Module | Fault:
    """The syntax tree of a text whose every construct Python's compiler takes, or what is wrong with it."""
    if len(text) > MAX_CHARACTERS or text.count("\n") > MAX_LINES:
        return Fault(line=None, message=f"its code is too long to be read: {len(text):,} characters")
    if weight(text) > MAX_WEIGHT:
        limit = f"{MAX_WEIGHT // 5:,} names and numbers"
        return Fault(line=None, message=f"its code is too long to be read: more than {limit}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _checked(ast.parse(text))
    except SyntaxError as error:
        return _fault(error, text)
    except (RecursionError, MemoryError):
        return Fault(line=None, message="its brackets or expressions are nested too deeply to be read")
    except ValueError as error:
        return Fault(line=None, message=f"it is not text that Python reads ({error})")


@lru_cache(maxsize=4)
def parse_again(text: str) -> ast.Module | None:
    """The tree of text that was taken from one that `parse` took; None where the taking broke it.

    Who reads a submission and who searches it ask for the same, one after the other: it is nobody's to change.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError:
        return None


def _checked(tree: ast.Module) -> ast.Module:
    if depth(tree) > MAX_DEPTH:
        raise RecursionError
    compile(tree, "<handed in>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return tree


def depth(tree: ast.AST) -> int:
    """How many levels a tree has; stops counting a little beyond the limit."""
    level: list[ast.AST] = [tree]
    deep = 0
    while level and deep <= MAX_DEPTH:
        level = list(_children(level))
        deep += 1
    return deep


def _children(nodes: list[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        yield from children(node)


def _fault(error: SyntaxError, text: str) -> Fault:
    line = max(error.lineno or 1, 1)
    message = f"line {line}: {_reason(error)}"
    shown = _pointed_at(text, line, error.offset or 1)
    return Fault(line=line, message=f"{message}\n{shown}" if shown else message)


def _reason(error: SyntaxError) -> str:
    reason = str(error.msg)[:200]
    if _PYTHON_2.search(reason):
        return f"{reason} (this looks like Python 2; the course uses Python 3)"
    return reason


def _pointed_at(text: str, line: int, offset: int) -> str:
    """The line and, under it, a caret; shortened around the caret where the line is long."""
    lines = text.split("\n")
    if line > len(lines) or not lines[line - 1].strip():
        return ""
    shown = lines[line - 1].replace("\t", " ")
    column = min(max(offset - 1, 0), len(shown))
    start = max(0, column - MAX_LINE_SHOWN // 2) if len(shown) > MAX_LINE_SHOWN else 0
    return f"    {shown[start : start + MAX_LINE_SHOWN]}\n    {' ' * (column - start)}^"
