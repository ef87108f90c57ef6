"""All pages of a gradebook: those whose contents changed, in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final

from grader.batch.fingerprints import content_digest
from grader.errors import GraderError, UsageError
from grader.gradebook import SuitePart, open_to_read
from grader.intake.records import Contract, Found
from grader.model import Record, Result
from grader.processes import pool
from grader.report.pages.classroom import class_view
from grader.report.pages.feedback import HANDED_IN, cell_marks, feedback_view
from grader.report.pages.handed import Handed, read_handed
from grader.report.pages.source import Sheet, find_handed, read_class, read_sheets, read_suite
from grader.report.pages.templates import page
from grader.report.pages.writing import FEEDBACK, digest_of, read_ledger, remove, replace, write_ledger

INDEX: Final = "index.html"
CLASS_PAGE: Final = ""
"""The class page's key in the ledger; a submission's id is never empty."""

FEW: Final = 16
"""Pages up to which other processes would take longer to start than to help."""


class Made(Record, frozen=True):
    """What was done: how many students' pages there are, how many were made anew, what went wrong."""

    pages: int
    renewed: int
    class_page: Path
    troubles: tuple[str, ...] = ()

    def sentence(self) -> str:
        """How many pages there are and where to begin."""
        return f"{self.pages} feedback pages, {self.renewed} of them made now. Open {self.class_page}"


class Task(Record, frozen=True):
    """One student's page: where the hand-in lies, and the digest that the page was last made of."""

    out: Path
    sheet: Sheet
    found: Found | None
    known: str | None
    parts: tuple[SuitePart, ...]


class Done(Record, frozen=True):
    """A page that is there now, with the digest of what it was made of; or the trouble with it."""

    key: str
    digest: str | None
    renewed: bool = False
    trouble: str | None = None


def make_pages(out: Path, jobs: int, *, force: bool = False) -> Made:
    """Make the pages under `out` that have changed since the last time, or all of them.

    UsageError where there is no gradebook; GraderError where nothing can be written.  What is wrong with one
    page is told in `troubles` and stops no other.
    """
    sheets = read_sheets(out)
    known = {} if force else read_ledger(out)
    done = list(carry_out(tasks_for(out, sheets, known), jobs))
    class_page = guarded(CLASS_PAGE, "the class page", lambda: make_class_page(out, sheets, known))
    remove_stale(out, known.keys() - {one.key for one in done} - {CLASS_PAGE})
    write_ledger(out, {one.key: one.digest for one in (*done, class_page) if one.digest is not None})
    return Made(
        pages=len(done),
        renewed=sum(one.renewed for one in done),
        class_page=out / INDEX,
        troubles=tuple(one.trouble for one in (*done, class_page) if one.trouble),
    )


def tasks_for(out: Path, sheets: tuple[Sheet, ...], known: dict[str, str]) -> list[Task]:
    places = find_handed(sheets)
    parts, _, _ = read_suite(out)
    return [
        Task(
            out=out, sheet=sheet, found=places.get(sheet.submission), known=known.get(sheet.submission),
            parts=parts,
        )
        for sheet in sheets
    ]  # fmt: skip


def carry_out(tasks: Sequence[Task], jobs: int) -> Iterator[Done]:
    """Each page, in other processes where there are many."""
    if jobs == 1 or len(tasks) <= FEW:
        yield from map(make_feedback, tasks)
        return
    try:
        with pool(min(jobs, len(tasks))) as processes:
            yield from processes.map(make_feedback, tasks, chunksize=8)
    except BrokenProcessPool:
        raise GraderError(
            "A process that made pages ended at once, for lack of memory perhaps; run `grade report` again, "
            "with --jobs 1 if need be."
        ) from None


def guarded(key: str, what: str, make: Callable[[], Done]) -> Done:
    """A page; where it can't be made, the reason, so that one submission stops no other's page."""
    try:
        return make()
    except (GraderError, UsageError):
        raise
    except Exception as error:  # noqa: BLE001 - what students hand in may break what shows it
        return Done(
            key=key, digest=None, trouble=f"{what} could not be made: {type(error).__name__}: {error}"
        )


# ------------------------------------------------------------------------------------- a student's page


def make_feedback(task: Task) -> Done:
    name = task.sheet.submission
    return guarded(name, f"the page of {name}", lambda: make_if_changed(task))


def make_if_changed(task: Task) -> Done:
    """A student's page and the handed-in file beside it, unless both are there as they should be."""
    with open_to_read(task.out) as book:
        result = book.result(task.sheet.attempt)
    there = is_as_graded(task)
    digest = digest_of(result, task.sheet, task.parts, there)
    folder = task.out / FEEDBACK / task.sheet.submission
    if digest == task.known and (folder / INDEX).is_file():
        return Done(key=task.sheet.submission, digest=digest)
    write_feedback(folder, result, task, read_file(task, result) if there else None)
    return Done(key=task.sheet.submission, digest=digest, renewed=True)


def is_as_graded(task: Task) -> bool:
    """Whether what lies in the submissions' folder is what was graded."""
    return task.found is not None and content_digest(task.found, Contract(names=())) == task.sheet.content


def read_file(task: Task, result: Result) -> Handed | None:
    if task.found is None or result.reading is None:
        return None
    return read_handed(task.found, result.reading.file)


def write_feedback(folder: Path, result: Result, task: Task, handed: Handed | None) -> None:
    """The handed-in file first: what the student's page links to is there when the page is."""
    view = feedback_view(result, task.sheet, task.parts, handed)
    if handed is None:
        remove(folder / HANDED_IN)
    else:
        shown = page(
            "handed_in.html", ("base.css", "handed_in.css"), view=view, handed=handed, marks=cell_marks(view)
        )
        replace(folder / HANDED_IN, shown)
    replace(folder / INDEX, page("feedback.html", ("base.css", "feedback.css"), view=view))


def remove_stale(out: Path, names: set[str]) -> None:
    """The pages of submissions that are no longer there."""
    for name in (name for name in names if Path(name).name == name):
        folder = out / FEEDBACK / name
        for file in (folder / INDEX, folder / HANDED_IN):
            remove(file)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


# --------------------------------------------------------------------------------------- the class page


def make_class_page(out: Path, sheets: tuple[Sheet, ...], known: dict[str, str]) -> Done:
    record = read_class(out, sheets)
    digest = digest_of(record)
    if digest == known.get(CLASS_PAGE) and (out / INDEX).is_file():
        return Done(key=CLASS_PAGE, digest=digest)
    shown = page("class.html", ("base.css", "class.css"), "class.js", view=class_view(record))
    replace(out / INDEX, shown)
    return Done(key=CLASS_PAGE, digest=digest, renewed=True)
