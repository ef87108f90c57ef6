"""What IPython understands and Python doesn't: `%magic`, `%%cell magic`, `!command`, `name?`, prompts.

IPython's own transformer says what is one.  Two things are added: no line ever moves, so that line numbers
stay the student's own, and cell magics that only wrap code (`%%time`, `%%capture`) give the code, while
`%%writefile helper.py` gives a helper module.
"""

from __future__ import annotations

import ast
import re
from typing import Any, Final

from grader.intake.parsing import Fault, parse
from grader.model import Record

WRAPPERS: Final = frozenset({"time", "capture", "prun", "mprun", "memit", "debug"})
"""Cell magics whose body runs in the notebook's own namespace."""

WRITERS: Final = frozenset({"writefile", "file"})

MAX_COST: Final = 200_000
"""Characters that IPython's transformer may tokenize: it takes the whole cell again for each magic in it."""

MAX_LINE: Final = 2000
_SUSPECT: Final = re.compile(r"^\s*(%|!|\?|>>>|In ?\[\d+\]:|[,;/]\w)|\?\s*$|=\s*[%!]", re.MULTILINE)
_MAGIC_LINE: Final = re.compile(r"^(?P<indent>[ \t]*)(?:[%!?]|\w+\s*=\s*[%!]).*$", re.MULTILINE)
_TIMED: Final = re.compile(r"^(?P<indent>[ \t]*)%time[ \t]+(?P<code>\S.*)$", re.MULTILINE)
_RUN: Final = re.compile(
    r"^(?P<indent>[ \t]*)%run[ \t]+(?:-\w[ \t]+)*[\"']?(?:\./)?(?P<module>[A-Za-z_]\w*)\.py\b.*$",
    re.MULTILINE,
)


class PlainCell(Record, frozen=True):
    """A cell as plain Python: its text, `ast.Module` or fault, the files it writes, why it was skipped."""

    text: str
    tree: Any = None
    fault: Fault | None = None
    writes: tuple[tuple[str, str], ...] = ()
    skipped: str | None = None


def plain_python(cell: str, module: str, *, thorough: bool = True) -> PlainCell:
    """One cell without its magics; `module` is the assignment's module, which a cell may be written to.

    Without `thorough` magics are recognised by the look of their lines instead of by IPython.
    """
    magic, body = _cell_magic(cell)
    if magic is None:
        return _parsed(cell, thorough)
    name, _, argument = magic.partition(" ")
    if name in WRAPPERS:
        return _parsed(body, thorough)
    if name in WRITERS:
        return _written(argument, body, module, thorough)
    return PlainCell(text="", skipped=f"its magic %%{name[:30]} runs it elsewhere than in the notebook")


def _cell_magic(cell: str) -> tuple[str | None, str]:
    """The `%%` line without its percent signs (None where there is none), and the cell, that line blank."""
    head = len(cell) - len(cell.lstrip())
    if not cell.startswith("%%", head):
        return None, cell
    line, newline, body = cell[head:].partition("\n")
    return line[2:].strip(), "\n" * cell.count("\n", 0, head) + newline + body


def _written(argument: str, body: str, module: str, thorough: bool) -> PlainCell:
    target = argument.removeprefix("-a ").strip().strip("\"'").removeprefix("./")
    if target == f"{module}.py":
        return _parsed(body, thorough)
    return PlainCell(
        text="", writes=((target, body.lstrip("\n")),), skipped=f"it writes the file {target[:60]}"
    )


def _parsed(text: str, thorough: bool) -> PlainCell:
    tree = parse(text)
    if isinstance(tree, ast.Module) or not _SUSPECT.search(text):
        return _cell_of(text, tree)
    plain = without_magics(text, thorough=thorough)
    return _cell_of(plain, parse(plain))


def _cell_of(text: str, tree: ast.Module | Fault) -> PlainCell:
    if isinstance(tree, Fault):
        return PlainCell(text=text, fault=tree)
    return PlainCell(text=text, tree=tree)


def without_magics(text: str, *, thorough: bool = True) -> str:
    """The text with magics, commands and questions turned into Python, every line where it was."""
    text = _RUN.sub(r"\g<indent>from \g<module> import *", text)
    text = _TIMED.sub(r"\g<indent>\g<code>", text)
    lines = text.split("\n")
    if not thorough or transform_cost(text) > MAX_COST or max(map(len, lines)) > MAX_LINE:
        return _MAGIC_LINE.sub(r"\g<indent>pass", text)
    return _by_ipython([line + "\n" for line in lines])


def transform_cost(text: str) -> int:
    """Characters that IPython tokenizes to transform the text: all of it for each magic, and once more."""
    return len(text) * (len(_SUSPECT.findall(text)) + 1)


def _by_ipython(lines: list[str]) -> str:
    from IPython.core import inputtransformer2 as ipython  # slow to import, seldom needed

    for clean in (ipython.leading_indent, ipython.classic_prompt, ipython.ipython_prompt):
        lines = clean(lines)  # type: ignore[no-untyped-call]
    lines = "".join(lines).removesuffix("\n").split("\n")  # they end lines at form feeds too
    lines = [line + "\n" for line in lines]
    manager = ipython.TransformerManager()  # type: ignore[no-untyped-call]
    for _ in range(ipython.TRANSFORM_LOOP_LIMIT):
        try:
            changed, after = manager.do_one_token_transform(lines)  # type: ignore[no-untyped-call]
        except SyntaxError:  # its tokenizer lets an inconsistent dedent through
            break
        if not changed:
            break
        lines = _as_many_lines(lines, after)
    return "".join(lines).removesuffix("\n")


def _as_many_lines(before: list[str], after: list[str]) -> list[str]:
    """`after` with blank lines below the first line that changed, so that the rest stays where it was."""
    changed = next((i for i, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), 0)
    return [*after[: changed + 1], *["\n"] * (len(before) - len(after)), *after[changed + 1 :]]
