"""What an assignment's misconceptions.py declares, read without executing it.

The functions themselves run in a worker beside the solution; the examiner needs only their names, targets and
hints, and `grade validate` their text.
"""

from __future__ import annotations

import ast
from pathlib import Path

from grader.errors import UsageError
from grader.model import Record

FILE = "misconceptions.py"


class Misconception(Record, frozen=True):
    """A named wrong way to solve an exercise.  `target` is "mse_loss" or "Conv2d.forward"."""

    name: str
    target: str
    hint: str

    @property
    def exercise(self) -> str:
        return self.target.partition(".")[0]


def read_misconceptions(hidden: Path) -> tuple[Misconception, ...]:
    """All of them, in the file's order; UsageError where a decorator is not as documented."""
    file = hidden / FILE
    if not file.is_file():
        return ()
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise UsageError(f"{file}, line {error.lineno}: {error.msg}.") from None
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return tuple(declared for node in functions for declared in declarations(node, file))


def declarations(node: ast.FunctionDef, file: Path) -> list[Misconception]:
    found = []
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "misconception":
            target, hint = constants(decorator, file)
            found.append(Misconception(name=node.name, target=target, hint=hint))
    return found


def constants(call: ast.Call, file: Path) -> tuple[str, str]:
    try:
        target = ast.literal_eval(call.args[0])
        hint = next(ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg == "hint")
    except (IndexError, StopIteration, ValueError):
        raise UsageError(
            f'{file}, line {call.lineno}: expected @misconception("EXERCISE", hint="...") with plain texts.'
        ) from None
    return str(target), " ".join(str(hint).split())
