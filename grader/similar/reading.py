"""A graded class -> the code that is compared, and its fingerprints."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Final

from grader.assignment import Assignment
from grader.errors import UsageError
from grader.intake import find_submissions, read_submission
from grader.intake.records import Contract, Found, Submission
from grader.model import Record
from grader.pipeline import contract_of
from grader.processes import pool
from grader.similar.records import Page, Print, Work
from grader.similar.tokens import tokens_of
from grader.similar.winnow import grams_of, print_of

CHUNK: Final = 16


class Known(Record, frozen=True):
    """What everybody was given: the stub's runs of tokens, and the names that the assignment asks for."""

    runs: frozenset[int]
    names: frozenset[str]


def known_of(assignment: Assignment, stub: Path | None) -> Known:
    """From this stub, else from the assignment's own; UsageError where it can't be read."""
    names = frozenset(assignment.names)
    file = stub or assignment.folder / f"{assignment.name}.py"
    if stub is None and not file.is_file():
        return Known(runs=frozenset(), names=names)
    if file.suffix == ".ipynb":
        work = work_of(file, contract_of(assignment))
        pages = work.pages if work is not None else ()
    else:
        pages = (Page(name=file.name, source=text_of(file)),)
    return Known(runs=frozenset(grams_of(tokens_of(pages, names)).tolist()), names=names)


def text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: the stub can't be read: {error}.") from None


def read_class(
    folder: Path, ids: Iterable[str], assignment: Assignment, known: Known, jobs: int
) -> list[tuple[Work, Print]]:
    """Each of these submissions that can be read, with its fingerprints, by id; `jobs` processes share the work.

    What the results came from is compared: the cells and statements that the contract's names need, and helper
    modules.  Nothing of it is run.
    """
    wanted = frozenset(ids)
    found = [one for one in find_submissions(folder) if one.id in wanted]
    if not found:
        raise UsageError(f"{folder}: none of the graded submissions is there; say where they are: --folder.")
    read = partial(read_one, contract=contract_of(assignment), known=known)
    if jobs == 1:
        return [one for one in map(read, found) if one is not None]
    with pool(jobs) as processes:
        return [one for one in processes.map(read, found, chunksize=CHUNK) if one is not None]


def read_one(found: Found, contract: Contract, known: Known) -> tuple[Work, Print] | None:
    work = work_of(found, contract)
    return None if work is None else (work, print_of(work, known.runs, known.names))


def work_of(handed: Path | Found, contract: Contract) -> Work | None:
    """The code of a submission; None where there is nothing to read."""
    read = read_submission(handed, contract)
    if not isinstance(read, Submission):
        return None
    pieces = [Page(name=piece.name, source=piece.source) for piece in read.pieces]
    helpers = [
        Page(name=name, source=data.decode("utf-8", "replace"))
        for name, data in sorted(read.files.items())
        if name.endswith(".py")
    ]
    return Work(id=read.id, pages=(*pieces, *helpers))
