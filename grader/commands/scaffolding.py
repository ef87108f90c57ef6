"""`grade new`: the skeleton of an assignment, small and whole, to be changed piece by piece."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from grader.errors import UsageError

SCAFFOLD: Final = Path(__file__).with_name("scaffold")
SUFFIX: Final = ".template"
PLACES: Final = {"assignment": "assignments", "solution": "solutions"}
"""Which folder of the scaffold goes under which of a course's."""

TAKEN: Final = frozenset({"numpy", "torch", "grader", "probes", "oracles", "stand_ins", "conftest"})
"""Modules that a submission of this name would hide."""


def new(
    name: Annotated[str, typer.Argument(help="The assignment's name, which is its module's too: hw9.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Where the folders assignments/ and solutions/ are or will be."),
    ] = Path(),
) -> None:
    """Begin an assignment: a small one that validates at once, to be changed piece by piece."""
    check_name(name)
    written = scaffold(name, out)
    typer.echo("\n".join(str(path) for path in written))
    typer.echo(f"\nNow: grade validate {out / PLACES['assignment'] / name}")


def check_name(name: str) -> None:
    """UsageError where no module can be called so."""
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
        raise UsageError(f"{name!r}: expected a name that a Python module can have, such as hw9.")
    if name in TAKEN or name in sys.stdlib_module_names:
        raise UsageError(f"{name!r}: there is a module of this name; a submission would hide it.")


def scaffold(name: str, out: Path) -> list[Path]:
    """Write the skeleton and what is generated from its master; returns the paths written.

    UsageError, and nothing is written, where there is an assignment or a solution of this name.
    """
    from grader.release import build

    assignment, solution = (out / place / name for place in PLACES.values())
    for folder in (assignment, solution):
        if folder.exists():
            raise UsageError(f"{folder} exists; choose another name, or move it away.")
    texts = {out / path: text for path, text in files(name)}
    for path, text in texts.items():
        write(path, text)
    return sorted([*texts, *build(assignment, solution)])


def files(name: str) -> Iterator[tuple[Path, str]]:
    """The skeleton's files, by their path in the course's folder."""
    for template in sorted(SCAFFOLD.rglob(f"*{SUFFIX}")):
        part, *inner = template.relative_to(SCAFFOLD).parts
        path = Path(PLACES[part], name, *inner).with_suffix("")
        if path.name == "master.py":
            path = path.with_name(f"{name}.py")
        yield path, template.read_text(encoding="utf-8").replace("@NAME@", name)


def write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: can't be written: {error.strerror}.") from None
