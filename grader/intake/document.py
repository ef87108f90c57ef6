"""A notebook or a module as pieces of Python, each with its tree or with what is wrong with it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from grader.intake.magics import MAX_COST, plain_python, transform_cost, without_magics
from grader.intake.naming import shown
from grader.intake.notebook import Cell, read_notebook
from grader.intake.parsing import MAX_CHARACTERS, MAX_WEIGHT, Fault, parse, weight
from grader.intake.records import HandedFile, UnreadableError
from grader.intake.text import decode_source


@dataclass(frozen=True)
class Piece:
    """A cell, or a module as a whole: `name` is what messages call it, `run` when the cell was last run."""

    name: str
    cell: int | None
    text: str
    tree: ast.Module | None
    fault: Fault | None = None
    skipped: str | None = None
    run: int | None = None


@dataclass(frozen=True)
class Document:
    """A file that was read; `writes` are helper modules that its cells write (`%%writefile`)."""

    path: str
    pieces: tuple[Piece, ...]
    notes: tuple[str, ...] = ()
    writes: tuple[tuple[str, str], ...] = ()

    @property
    def is_notebook(self) -> bool:
        return self.path.lower().endswith(".ipynb")

    def trees(self) -> dict[int, ast.Module]:
        """The trees of the pieces that have one, by their position."""
        return {at: piece.tree for at, piece in enumerate(self.pieces) if piece.tree is not None}


def read_document(file: HandedFile, module: str) -> Document:
    """The pieces of a notebook or module; UnreadableError where the file can't be read at all."""
    if file.path.lower().endswith(".ipynb"):
        return _notebook(file, module)
    return _module(file)


def _module(file: HandedFile) -> Document:
    name = file.path.rsplit("/", 1)[-1]
    if file.data.lstrip()[:1] == b"{" and b'"cells"' in file.data:
        raise UnreadableError(f"{shown(name)} is a notebook with a module's name: rename it to .ipynb.")
    decoded = decode_source(file.data, shown(name))
    text = decoded.text
    tree = parse(text)
    if isinstance(tree, Fault) and transform_cost(text) < MAX_COST:
        plain = without_magics(text)
        again = parse(plain)
        if isinstance(again, ast.Module):
            text, tree = plain, again
    piece = Piece(
        name=name,
        cell=None,
        text=text,
        tree=tree if isinstance(tree, ast.Module) else None,
        fault=tree if isinstance(tree, Fault) else None,
    )
    return Document(path=file.path, pieces=(piece,), notes=decoded.notes)


def _notebook(file: HandedFile, module: str) -> Document:
    notebook = read_notebook(file.data, shown(file.path.rsplit("/", 1)[-1]))
    pieces: list[Piece] = []
    writes: list[tuple[str, str]] = []
    budget = MAX_WEIGHT
    patience = MAX_COST
    for cell in notebook.cells:
        heavy = weight(cell.text) if len(cell.text) < MAX_CHARACTERS else MAX_WEIGHT
        patience -= transform_cost(cell.text)
        if heavy > budget:
            pieces.append(_too_much(cell))
            continue
        budget -= heavy
        plain = plain_python(cell.text, module, thorough=patience > 0)
        writes.extend(plain.writes)
        pieces.append(
            Piece(
                f"cell {cell.number}",
                cell.number,
                plain.text,
                plain.tree,
                plain.fault,
                plain.skipped,
                cell.run,
            )
        )
    return Document(path=file.path, pieces=tuple(pieces), notes=notebook.notes, writes=tuple(writes))


def _too_much(cell: Cell) -> Piece:
    fault = Fault(line=None, message="with it the notebook's code is too long to be read")
    return Piece(f"cell {cell.number}", cell.number, "", None, fault)
