"""The account of what was read, in sentences for the student: cell by cell, name by name."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from grader.intake.choose import Choice
from grader.intake.document import Document, Piece
from grader.intake.helpers import LIBRARIES
from grader.intake.naming import few, shown
from grader.intake.records import Contract
from grader.intake.slicing import Slice
from grader.intake.units import Unit
from grader.model import CellUse, Reading

NO_CODE = "no code in it"
NOT_NEEDED = "none of the asked-for names needs it"
MAX_UNRESOLVED = 5
OTHER_NOTEBOOK = re.compile(
    r"run_line_magic\(\s*['\"]run['\"]\s*,\s*['\"][^'\"]*?([^'\"\s/]{1,100}\.ipynb)\b"
)
RUN_WHOLE = "run as a whole, because names are made while the code runs"


def reading_of(
    choice: Choice, document: Document, cut: Slice, contract: Contract, notes: Iterable[str]
) -> Reading:
    """What was read and why, which cells were used, which names are there."""
    found = tuple(name for name in contract.names if name in cut.defined)
    missing = tuple(name for name in contract.names if name not in cut.defined)
    remarks = [
        *notes,
        *_about_missing(missing, document),
        *_about_kinds(cut),
        *_about_order(cut, document),
        *_about_unresolved(cut, document),
        *_about_other_notebooks(document),
    ]
    return Reading(
        file=shown(document.path),
        why=choice.why,
        cells=_cells(document, cut, contract),
        found=found,
        missing=missing,
        notes=few(remarks),
    )


def needed_by_piece(cut: Slice) -> dict[int, list[Unit]]:
    """The needed units of each piece, `__future__` imports with them."""
    by_piece: dict[int, list[Unit]] = {}
    for unit in cut.units:
        if unit.index in cut.needed:
            by_piece.setdefault(unit.piece, []).append(unit)
    for unit in cut.units:
        future = isinstance(unit.node, ast.ImportFrom) and unit.node.module == "__future__"
        if future and unit.piece in by_piece and unit.index not in cut.needed:
            by_piece[unit.piece].append(unit)
    return by_piece


def _cells(document: Document, cut: Slice, contract: Contract) -> tuple[CellUse, ...]:
    by_piece = needed_by_piece(cut)
    sizes = Counter(unit.piece for unit in cut.units)
    dynamic = cut.dynamic(contract.names)
    uses = [
        _whole_use(piece) if dynamic else _use(piece, by_piece.get(at, []), sizes[at], cut)
        for at, piece in enumerate(document.pieces)
    ]
    return tuple(sorted(uses, key=lambda use: use.cell or 0))


def _whole_use(piece: Piece) -> CellUse:
    unused = _unused(piece)
    return unused or CellUse(cell=piece.cell, use="used", reason=RUN_WHOLE)


def _unused(piece: Piece) -> CellUse | None:
    if piece.fault is not None:
        return CellUse(cell=piece.cell, use="unparsable", reason=piece.fault.message)
    if piece.skipped is not None:
        return CellUse(cell=piece.cell, use="skipped", reason=piece.skipped)
    if piece.tree is None or not piece.tree.body:
        return CellUse(cell=piece.cell, use="skipped", reason=NO_CODE)
    return None


def _use(piece: Piece, needed: list[Unit], size: int, cut: Slice) -> CellUse:
    unused = _unused(piece)
    if unused is not None:
        return unused
    if not needed:
        return CellUse(cell=piece.cell, use="skipped", reason=NOT_NEEDED)
    here = {unit.index for unit in needed}
    defines = [name for name, units in cut.defined.items() if here & set(units)]
    reason = f"defines {', '.join(defines)}" if defines else "what the asked-for names need is in it"
    left_out = size - len(needed)
    if left_out <= 0:
        return CellUse(cell=piece.cell, use="used", reason=reason)
    plural = "s" if left_out > 1 else ""
    return CellUse(
        cell=piece.cell, use="partly used", reason=f"{reason}; {left_out} statement{plural} left out"
    )


def _about_missing(missing: Iterable[str], document: Document) -> list[str]:
    """Where a missing name may be: in a cell that doesn't parse, or in other capitals."""
    bound = _top_level_names(document)
    notes = []
    for name in missing:
        where = _broken_piece_with(name, document)
        similar = bound.get(_simplified(name))
        if where is not None:
            notes.append(f"{name} seems to be defined in {where}, which doesn't parse.")
        elif similar is not None:
            notes.append(
                f"There is no {name}, but a {similar}: the name has to be the same, letter by letter."
            )
    return notes


def _about_unresolved(cut: Slice, document: Document) -> list[str]:
    """Names that what is needed uses and nothing defines: that fails where they are used."""
    notes = []
    for name in sorted(cut.unresolved)[:MAX_UNRESOLVED]:
        where = _broken_piece_with(name, document)
        maybe = f"; it seems to be defined in {where}, which doesn't parse" if where else ""
        notes.append(f"{name} is used, but defined nowhere{maybe}.")
    return notes


def _broken_piece_with(name: str, document: Document) -> str | None:
    """The piece that doesn't parse and seems to define the name."""
    pattern = re.compile(rf"\b(?:class|def)\s+{re.escape(name)}\b|^{re.escape(name)}\s*=", re.MULTILINE)
    return next(
        (piece.name for piece in document.pieces if piece.fault is not None and pattern.search(piece.text)),
        None,
    )


def _top_level_names(document: Document) -> Mapping[str, str]:
    return {
        _simplified(node.name): node.name
        for tree in document.trees().values()
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }


def _simplified(name: str) -> str:
    return name.replace("_", "").casefold()


def _about_kinds(cut: Slice) -> list[str]:
    """Asked-for names that are bound to a plain value."""
    notes = []
    for name, indexes in cut.defined.items():
        node = cut.units[indexes[-1]].node
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            kind = type(node.value.value).__name__
            notes.append(f"{name} is bound to a plain value ({kind}): it should be a class or a function.")
    return notes


def _about_order(cut: Slice, document: Document) -> list[str]:
    notes = []
    for name, index in cut.early:
        where = document.pieces[cut.units[index].piece].name
        line = cut.units[index].node.lineno
        notes.append(
            f"{where}, line {line} uses {name} before it is defined: run from top to bottom, that fails."
        )
    return notes


def _about_other_notebooks(document: Document) -> list[str]:
    return [
        f"{piece.name} runs another notebook, {found.group(1)}, which is not read: put what you need of it here."
        for piece in document.pieces
        for found in OTHER_NOTEBOOK.finditer(piece.text)
    ]


def about_imports(imports: Iterable[str], contract: Contract, own: Iterable[str]) -> list[str]:
    """A sentence for each import that is needed but won't be there when the submission is graded."""
    present = LIBRARIES | set(contract.packages) | set(own) | {"__future__", ""}
    tops = {name.split(".")[0] for name in imports}
    return [
        f"It imports {name}, which is neither part of Python, torch or numpy nor among the packages that may "
        f"be imported ({', '.join(contract.packages) or 'none'})."
        for name in sorted(tops - present)
    ]
