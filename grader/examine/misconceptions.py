"""What an assignment's misconceptions declare, read without executing them.

The functions themselves run in a worker beside the solution; the examiner needs only their names, targets and
hints, and `grade validate` their text.
"""

from __future__ import annotations

import ast
from pathlib import Path

from grader.errors import UsageError
from grader.model import Record

FILES = "misconceptions*.py"
DECORATOR = "misconception"


class Misconception(Record, frozen=True):
    """A named wrong way to solve an exercise.

    `target` is "mse_loss" or "Conv2d.forward".  `aspect` is what it gets wrong, "" where it can't be combined with
    another one.  `says` are words of the test's own message that name it, "" where its hint does.
    """

    name: str
    target: str
    hint: str
    aspect: str = ""
    says: str = ""

    @property
    def exercise(self) -> str:
        return self.target.partition(".")[0]


def misconception_files(hidden: Path) -> tuple[Path, ...]:
    return tuple(sorted(hidden.glob(FILES)))


def misconceptions_source(hidden: Path) -> str:
    """All files as one, to be sent to a worker."""
    return "\n".join(file.read_text(encoding="utf-8") for file in misconception_files(hidden))


def read_misconceptions(hidden: Path) -> tuple[Misconception, ...]:
    """All of them, in the order of the files and in each file's order.

    UsageError where a decorator is not as documented, or two functions of all files have the same name.
    """
    found: list[Misconception] = []
    places: dict[str, Path] = {}
    for file in misconception_files(hidden):
        for node in parsed(file).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                if node.name in places:
                    raise UsageError(
                        f"{file}, line {node.lineno}: {node.name} is defined in {places[node.name].name} already."
                    )
                places[node.name] = file
            if isinstance(node, ast.FunctionDef):
                found += declarations(node, file)
    return tuple(found)


def parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise UsageError(f"{file}, line {error.lineno}: {error.msg}.") from None


def declarations(node: ast.FunctionDef, file: Path) -> list[Misconception]:
    return [declared(node, decorator, file) for decorator in node.decorator_list if marks(decorator)]


def marks(decorator: ast.expr) -> bool:
    """Whether a decorator is `@misconception(...)`."""
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == DECORATOR


def declared(node: ast.FunctionDef, decorator: ast.expr, file: Path) -> Misconception:
    try:
        assert isinstance(decorator, ast.Call)
        target = ast.literal_eval(decorator.args[0])
        told = {keyword.arg: ast.literal_eval(keyword.value) for keyword in decorator.keywords}
        hint, aspect, says = told["hint"], told.get("aspect", ""), told.get("says", "")
    except (IndexError, KeyError, ValueError):
        raise UsageError(
            f'{file}, line {decorator.lineno}: expected @misconception("EXERCISE", hint="...") with plain texts.'
        ) from None
    return Misconception(
        name=node.name,
        target=str(target),
        hint=" ".join(str(hint).split()),
        aspect=str(aspect),
        says=str(says),
    )
