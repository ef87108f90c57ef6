"""Which file of a submission counts.

The rule, in this order: the contract's name exactly, then in other capitals, then with something added
(`hw8 (1)`, `hw8_final`), then any name.  Of several with the contract's name those in the fewest folders; then
the one that defines most of the asked-for names (a hole of the handout's is none), the newest to the minute, the
last by name (`hw8 (2)` before `hw8 (1)`).  Where a notebook and a module are both there, the one that defines more
of the names; on a tie the notebook.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from grader.intake.document import Document, read_document
from grader.intake.naming import refuse_other_archive, shown
from grader.intake.records import Contract, HandedFile, Holding, UnreadableError
from grader.intake.scopes import bound_names

MAX_FOLDERS_DEEP: Final = 3
MAX_READ: Final = 6
"""Candidates of a kind that are read to compare them."""

KINDS: Final = {".ipynb": "notebook", ".py": "module"}
NOT_CANDIDATES: Final = frozenset({"__init__.py", "setup.py", "conftest.py", "sitecustomize.py"})
OTHER_HANDINS: Final = {
    ".pdf": "a PDF", ".html": "a web page", ".htm": "a web page", ".docx": "a Word document",
    ".txt": "plain text", ".md": "plain text", ".png": "a picture", ".jpg": "a picture",
    ".pyc": "compiled code", ".zip": "a zip within a zip",
}  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A file that may count: what was read of it or why it can't be, and how many names it defines."""

    file: HandedFile
    rank: int
    document: Document | None
    trouble: str | None
    defines: int


@dataclass(frozen=True)
class Choice:
    """The file that counts and why; `others` are the notebooks and modules that were considered beside it."""

    candidate: Candidate
    why: str


def choose(holding: Holding, contract: Contract) -> Choice:
    """The file that counts; UnreadableError where there is no notebook and no module."""
    best = [
        _best_of_kind(suffix, holding.files, contract)
        for suffix in KINDS
        if _files_of_kind(suffix, holding.files)
    ]
    if not best:
        raise UnreadableError(_nothing_there(holding))
    chosen = max(best, key=lambda candidate: candidate.defines)
    return Choice(chosen, _why(chosen, best, holding, contract))


def _files_of_kind(suffix: str, files: Sequence[HandedFile]) -> list[HandedFile]:
    return [
        file
        for file in files
        if file.path.lower().endswith(suffix)
        and file.path.count("/") <= MAX_FOLDERS_DEEP
        and PurePosixPath(file.path).name not in NOT_CANDIDATES
    ]


def _best_of_kind(suffix: str, files: Sequence[HandedFile], contract: Contract) -> Candidate:
    """The best candidate of a kind: only those of the best rank are read."""
    ofkind = _files_of_kind(suffix, files)
    best = min(_fit(file, contract) for file in ofkind)
    equals = [file for file in ofkind if _fit(file, contract) == best]
    equals.sort(key=_newest_last, reverse=True)
    candidates = [_read(file, best[0], contract) for file in equals[:MAX_READ]]
    return max(candidates, key=lambda candidate: candidate.defines)


def _fit(file: HandedFile, contract: Contract) -> tuple[int, int]:
    """How well a file's name fits, and for the contract's own name in how many folders it is."""
    fits = rank(file.path, contract.module)
    return fits, file.path.count("/") if fits <= 1 else 0


def _newest_last(file: HandedFile) -> tuple[int, int, list[tuple[int, str]]]:
    return -file.path.count("/"), int(file.modified // 60), _natural(file.path)


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts `hw8 (10)` after `hw8 (9)`."""
    return [
        (int(part), "") if part.isdecimal() and len(part) < 20 else (-1, part)
        for part in re.split(r"([0-9]+)", name)
    ]


def rank(path: str, module: str) -> int:
    """How well a name fits: 0 exactly, 1 in other capitals, 2 with something added, 3 any name."""
    stem = PurePosixPath(path).stem
    if PurePosixPath(path).name in (f"{module}.py", f"{module}.ipynb"):
        return 0
    if stem.casefold() == module.casefold():
        return 1
    return 2 if stem.casefold().startswith(module.casefold()) else 3


def _read(file: HandedFile, fit: int, contract: Contract) -> Candidate:
    try:
        document = read_document(file, contract.module)
    except UnreadableError as error:
        return Candidate(file, fit, None, str(error), -1)
    return Candidate(file, fit, document, None, defined(document, contract))


def defined(document: Document, contract: Contract) -> int:
    """How many of the asked-for names a document defines itself; -1 where none of it parses.

    What is still the handout's hole is not defined: who solves `hw8.py` and hands in the untouched notebook
    beside it has handed in the module.
    """
    trees = document.trees()
    if not trees:
        return -1
    names: set[str] = set()
    for tree in trees.values():
        names |= bound_names([node for node in tree.body if not _is_import(node) and not _is_hole(node)])[0]
    return len(names & set(contract.names))


def _is_import(node: object) -> bool:
    return type(node).__name__ in ("Import", "ImportFrom")


def _is_hole(node: ast.stmt) -> bool:
    """A function that does nothing but raise NotImplementedError, or a class with such a method."""
    if isinstance(node, ast.ClassDef):
        return any(_is_hole(method) for method in node.body)
    if not isinstance(node, ast.FunctionDef):
        return False
    body = [inner for inner in node.body if not _is_text(inner)]
    return len(body) == 1 and isinstance(body[0], ast.Raise) and _raises_unfinished(body[0])


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _raises_unfinished(node: ast.Raise) -> bool:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _why(chosen: Candidate, best: list[Candidate], holding: Holding, contract: Contract) -> str:
    if len(best) == 2:
        return _why_of_two(chosen, best[0] if chosen is best[1] else best[1])
    suffix = PurePosixPath(chosen.file.path.lower()).suffix
    others = _files_of_kind(suffix, holding.files)
    if len(others) == 1:
        return f"the only {KINDS[suffix]} there"
    rules = (
        f"its name is {contract.module}",
        f"its name is {contract.module} but for capitals",
        f"its name begins with {contract.module}",
        "no name fits better",
    )
    return f"{rules[chosen.rank]}; of several the one that defines the most names, then the newest, counts"


def _why_of_two(chosen: Candidate, other: Candidate) -> str:
    """Why a notebook and not a module, or the other way round."""
    name = shown(other.file.path)
    if chosen.defines > other.defines:
        return f"it defines more of the names than {name}"
    return f"it defines as many of the names as {name}, and then the notebook counts"


def _nothing_there(holding: Holding) -> str:
    if not holding.files:
        return "Nothing that can be read was handed in: no file." + _noted(holding)
    for file in holding.files:
        refuse_other_archive(file)
    first = holding.files[0].path
    kind = OTHER_HANDINS.get(PurePosixPath(first.lower()).suffix)
    what = f"{shown(first)} is {kind}" if kind else f"there is {shown(first)}"
    more = f" and {len(holding.files) - 1} more files" if len(holding.files) > 1 else ""
    return f"No notebook (.ipynb) and no module (.py) was handed in: {what}{more}." + _noted(holding)


def _noted(holding: Holding) -> str:
    return "".join(f" {note}" for note in holding.notes)
