"""What was handed in, from a path to something that can be run: the whole of intake in one sequence."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from grader.intake.account import about_imports, needed_by_piece, reading_of
from grader.intake.choose import Candidate, Choice, choose
from grader.intake.document import Document
from grader.intake.gather import held
from grader.intake.helpers import Helpers, imports_of
from grader.intake.naming import megabytes, safe_id, shown
from grader.intake.ordering import in_order_of_need, in_order_of_runs
from grader.intake.records import (
    Carried,
    Contract,
    Found,
    Holding,
    OutOfReachError,
    Submission,
    Unreadable,
    UnreadableError,
)
from grader.intake.rendering import render
from grader.intake.slicing import Slice, graph_of, slice_of
from grader.model import CellUse, Reading
from grader.plain import plain, plain_record
from grader.sandbox.protocol import SourceFile

IMPORTERS: Final = frozenset({"importlib", "runpy", "pkgutil", "imp"})
NEVER_CARRIED: Final = (".ipynb", ".zip", ".pdf", ".docx", ".mp4", ".mov", ".html", ".exe")


MAX_NAME: Final = 255
"""Bytes of a file's name, as file systems have it."""

MAX_DEPTH: Final = 12
"""Folders in folders, the file itself counted."""


@dataclass(frozen=True)
class _Cut:
    """A document, in the order in which its pieces run, and what of it is needed."""

    document: Document
    slice: Slice
    helpers: Helpers


def read_submission(
    handed: Path | Found, contract: Contract, carried: Carried | None = None
) -> Submission | Unreadable:
    """Read what a student handed in; nothing of it is run.

    A path is a notebook, a module, a zip or a folder, and the id its name without the suffix; `Found` is one
    of `find_submissions`, whose files may have been `carried` here.
    Never raises for what a student did: an `Unreadable` says in sentences why there
    is nothing to run.
    """
    path = handed.path if isinstance(handed, Found) else handed
    identity = handed.id if isinstance(handed, Found) else safe_id(handed)
    try:
        holding = held(handed, contract, carried)
        choice = choose(holding, contract)
        return harmless(_read(path, identity, holding, choice, contract))
    except UnreadableError as error:
        refused = isinstance(error, OutOfReachError)
        return Unreadable(id=identity, path=path, message=plain(str(error)), out_of_reach=refused)


def harmless(read: Submission | Unreadable) -> Submission | Unreadable:
    """With nothing in what is said of it that a terminal would obey: names and lines of code are quoted there."""
    if isinstance(read, Unreadable):
        return msgspec.structs.replace(read, message=plain(read.message), reading=plain_record(read.reading))
    return msgspec.structs.replace(read, reading=plain_record(read.reading))


def _read(
    path: Path, identity: str, holding: Holding, choice: Choice, contract: Contract
) -> Submission | Unreadable:
    candidate = choice.candidate
    if candidate.document is None or not candidate.document.trees():
        reading = _reading_of_nothing(choice, holding)
        return Unreadable(id=identity, path=path, message=_why_not(candidate, holding), reading=reading)
    beside, notes = _files_beside(holding, candidate.document, contract)
    cut = _cut(candidate.document, contract, Helpers(beside))
    reading = reading_of(choice, cut.document, cut.slice, contract, [*holding.notes, *notes])
    if not reading.found and not cut.slice.dynamic(contract.names):
        return Unreadable(id=identity, path=path, message=_no_names(reading, contract), reading=reading)
    return _submission(path, identity, cut, reading, beside, contract)


def _why_not(candidate: Candidate, holding: Holding) -> str:
    """Why the file that counts can't be run."""
    name = shown(candidate.file.path)
    if candidate.document is None:
        return " ".join([candidate.trouble or "", *holding.notes])
    faults = [piece for piece in candidate.document.pieces if piece.fault is not None]
    if not faults or faults[0].fault is None:
        return f"{name} has no code in it."
    fault = faults[0].fault
    if faults[0].cell is None:
        return f"{name} can't be run: {fault.message}"
    return f"No cell of {name} can be run. The first that fails is {faults[0].name}, {fault.message}"


def _reading_of_nothing(choice: Choice, holding: Holding) -> Reading:
    document = choice.candidate.document
    faults = [piece for piece in document.pieces if piece.fault is not None] if document else []
    cells = tuple(
        CellUse(cell=piece.cell, use="unparsable", reason=piece.fault.message)
        for piece in faults
        if piece.fault is not None
    )
    return Reading(file=shown(choice.candidate.file.path), why=choice.why, cells=cells, notes=holding.notes)


def _no_names(reading: Reading, contract: Contract) -> str:
    some = ", ".join(contract.names[:4])
    more = ", ..." if len(contract.names) > 4 else ""
    asked = f"{reading.file} defines none of the {len(contract.names)} names asked for ({some}{more})."
    return " ".join([asked, *reading.notes])


# ------------------------------------------------------------------------------------- files beside it


def _files_beside(
    holding: Holding, document: Document, contract: Contract
) -> tuple[dict[str, bytes], list[str]]:
    """The files in the chosen file's folder and below, by path from there, as much as can be carried."""
    folder = document.path.rpartition("/")[0]
    prefix = f"{folder}/" if folder else ""
    beside = {
        file.path.removeprefix(prefix): file.data
        for file in holding.files
        if file.path.startswith(prefix)
        and file.path != document.path
        and not file.path.lower().endswith(NEVER_CARRIED)
    }
    beside |= {path: text.encode("utf-8", "replace") for path, text in document.writes}
    laid = _that_can_be_laid_out(beside)
    fit, notes = _as_much_as_fits(laid, contract)
    if left := len(beside) - len(laid):
        notes.append(f"{left} files beside it were left out: no folder can hold files of such names.")
    return fit, notes


def _that_can_be_laid_out(files: dict[str, bytes]) -> dict[str, bytes]:
    """Those of which a folder can be made: names that a file system takes, inside, and no file where a folder is."""
    plain = {str(PurePosixPath(path)): data for path, data in files.items() if _is_possible(path)}
    folders = {str(above) for path in plain for above in PurePosixPath(path).parents}
    return {path: data for path, data in plain.items() if path not in folders}


def _is_possible(path: str) -> bool:
    parts = PurePosixPath(path).parts
    names = [name.encode("utf-8", "replace") for name in parts]
    inside = bool(parts) and not path.startswith("/") and ".." not in parts and "\0" not in path
    return inside and len(parts) <= MAX_DEPTH and all(len(name) <= MAX_NAME for name in names)


def _as_much_as_fits(files: dict[str, bytes], contract: Contract) -> tuple[dict[str, bytes], list[str]]:
    """Modules first, then the smallest: what is beyond the limit is left out, and said."""
    order = sorted(files, key=lambda path: (not path.endswith(".py"), len(files[path]), path))
    fits: dict[str, bytes] = {}
    total = 0
    for path in order:
        total += len(files[path])
        if total > contract.carried_bytes:
            left = len(order) - len(fits)
            note = f"{left} files beside it were left out: at most {megabytes(contract.carried_bytes)} fit."
            return fits, [note]
        fits[path] = files[path]
    return fits, []


# ----------------------------------------------------------------------------------------- the cut


def _cut(document: Document, contract: Contract, helpers: Helpers) -> _Cut:
    """The slice, cells from top to bottom; where that fails, in the first other order that fails less."""
    best = as_it_stands = _Cut(document, _slice(document, contract, helpers), helpers)
    for order in (in_order_of_runs, lambda document: in_order_of_need(document, as_it_stands.slice)):
        if not best.slice.early:
            break
        other = order(document)
        cut = _Cut(other, _slice(other, contract, helpers), helpers)
        best = cut if len(cut.slice.early) < len(best.slice.early) else best
    return best


def _slice(document: Document, contract: Contract, helpers: Helpers) -> Slice:
    graph = graph_of(document.trees(), contract.names, helpers.star_names, helpers.owns)
    return slice_of(graph, contract.names)


def _submission(
    path: Path, identity: str, cut: _Cut, reading: Reading, beside: dict[str, bytes], contract: Contract
) -> Submission:
    dynamic = cut.slice.dynamic(contract.names)
    rendered = _whole_pieces(cut.document) if dynamic else _sliced_pieces(cut)
    pieces = tuple(SourceFile(name=name, source=source) for name, source, _ in rendered)
    trees = [tree for _, _, tree in rendered]
    imports = [name for tree in trees for name in imports_of(tree, "")]
    files = _imported_only(beside, cut.helpers, imports, everything=dynamic)
    notes = [
        *cut.document.notes,
        *about_imports(imports, contract, cut.helpers.tops),
        *_shadowing(imports, beside),
    ]
    reading = msgspec.structs.replace(reading, notes=(*reading.notes, *notes))
    return Submission(
        id=identity,
        path=path,
        pieces=pieces,
        files=files,
        reading=reading,
        digest=_digest(contract, pieces, files, reading, dynamic),
        dynamic=dynamic,
    )


_Rendered = tuple[str, str, ast.Module]
"""A piece's name, text and tree."""


def _whole_pieces(document: Document) -> list[_Rendered]:
    return [
        (piece.name, piece.text, piece.tree)
        for piece in document.pieces
        if piece.tree is not None and piece.tree.body
    ]


def _sliced_pieces(cut: _Cut) -> list[_Rendered]:
    by_piece = needed_by_piece(cut.slice)
    trees = cut.document.trees()
    return [
        (piece.name, *render(piece.text, trees[at], by_piece[at]))
        for at, piece in enumerate(cut.document.pieces)
        if at in by_piece
    ]


def _imported_only(
    beside: dict[str, bytes], helpers: Helpers, imports: list[str], *, everything: bool
) -> dict[str, bytes]:
    """All data, and of the modules those that are imported: nothing else can come to run by its name."""
    everything = everything or any(name.split(".")[0] in IMPORTERS for name in imports)
    imported = {helper.path for helper in helpers.imported_by(imports).values()}
    return {
        path: data
        for path, data in sorted(beside.items())
        if not path.endswith((".py", ".pth", ".so", ".pyd"))
        or path in imported
        or (everything and path.endswith(".py") and path.split("/")[0].removesuffix(".py") in helpers.tops)
    }


def _shadowing(imports: list[str], beside: dict[str, bytes]) -> list[str]:
    """Files that are named like a library's module that is imported."""
    tops = {name.split(".")[0] for name in imports}
    return [
        f"{path} has the name of a library's module and was not used: `import {path[:-3]}` gives the library."
        for path in sorted(beside)
        if path.endswith(".py") and path[:-3] in tops and path[:-3] not in Helpers({path: b""}).tops
    ]


def _digest(
    contract: Contract,
    pieces: tuple[SourceFile, ...],
    files: dict[str, bytes],
    reading: Reading,
    dynamic: bool,
) -> str:
    content = [(path, hashlib.sha256(data).hexdigest()) for path, data in sorted(files.items())]
    return hashlib.sha256(
        msgspec.msgpack.encode([contract.module, contract.names, pieces, content, reading, dynamic])
    ).hexdigest()
