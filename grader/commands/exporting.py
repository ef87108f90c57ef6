"""`grade export`: the scores where a course needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.errors import GraderError, UsageError

if TYPE_CHECKING:
    from grader.exchange.course import Filled
    from grader.exchange.gradescope import Visibility
    from grader.exchange.matching import Left
    from grader.gradebook import Gradebook
    from grader.model import Result


class Form(StrEnum):
    """What can be written, and the name of its file or folder where none is given."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"
    CSV = "csv"
    PARQUET = "parquet"
    JUNIT = "junit"


TARGETS = {
    Form.CANVAS: "canvas.csv",
    Form.MOODLE: "moodle.csv",
    Form.GRADESCOPE: "gradescope",
    Form.CSV: "scores.csv",
    Form.PARQUET: "scores.parquet",
    Form.JUNIT: "junit.xml",
}


class Seen(StrEnum):
    """When students see it in Gradescope."""

    VISIBLE = "visible"
    AFTER_DUE_DATE = "after_due_date"
    AFTER_PUBLISHED = "after_published"
    HIDDEN = "hidden"


def export(
    out: Annotated[Path, typer.Argument(help="The folder that `grade batch` wrote.")],
    to: Annotated[Form, typer.Option("--to", help="For whom.")],
    course_file: Annotated[
        Path | None,
        typer.Option(
            "--course-file", help="Canvas's gradebook or Moodle's grading worksheet, as exported there."
        ),
    ] = None,
    target: Annotated[Path | None, typer.Option("--out", "-o", help="Where to write it.")] = None,
    column: Annotated[
        str | None, typer.Option("--column", help="The column for the scores, where it is not clear.")
    ] = None,
    scale: Annotated[
        bool, typer.Option("--scale", help="Convert the scores to the points that the course gives.")
    ] = False,
    visibility: Annotated[
        Seen, typer.Option("--visibility", help="Gradescope: who sees it when.")
    ] = Seen.VISIBLE,
    max_points_row: Annotated[
        bool, typer.Option("--max-points-row", help="csv: a line with the greatest scores.")
    ] = False,
    bom: Annotated[bool, typer.Option("--bom", help="csv: begin with a byte order mark, for Excel.")] = False,
) -> None:
    """Write the scores for an LMS or a program; who can't be matched is listed, never guessed."""
    from grader.gradebook import open_to_read

    target = target or out / "export" / TARGETS[to]
    if course_file is not None and target.resolve() == course_file.resolve():
        raise UsageError(f"{target}: the course's own file stays as it is; choose another --out.")
    with open_to_read(out) as book:
        if to in (Form.CANVAS, Form.MOODLE):
            finish(fill_course(book, to, course_file, column, scale=scale), target)
        elif to is Form.GRADESCOPE:
            write_results(book, target, visibility.value)
        else:
            content = table(book, to, max_points_row=max_points_row, bom=bom)
            write(target, content)
            typer.echo(f"{target}: written.")


def table(book: Gradebook, to: Form, *, max_points_row: bool, bom: bool) -> bytes:
    """The whole class in one file."""
    from grader.exchange.csv import grades_csv
    from grader.exchange.junit import class_junit
    from grader.exchange.parquet import scores_parquet

    parts = {part.name: part.max_score for part in book.parts()}
    if to is Form.JUNIT:
        return class_junit(results_of(book), assignment_of(book))
    rows = list(book.grades(sum(parts.values())))
    if to is Form.PARQUET:
        return scores_parquet(rows, list(parts))
    return grades_csv(rows, list(parts), list(parts.values()), max_points_row=max_points_row, bom=bom)


def fill_course(
    book: Gradebook, to: Form, course_file: Path | None, column: str | None, *, scale: bool
) -> Filled:
    """The course's file with the scores in it."""
    from grader.exchange.canvas import fill_gradebook
    from grader.exchange.matching import graded_students
    from grader.exchange.moodle import fill_worksheet
    from grader.exchange.sheet import read_sheet

    if course_file is None:
        whence = (
            "Grades > Export in Canvas"
            if to is Form.CANVAS
            else "Download grading worksheet in the assignment in Moodle"
        )
        raise UsageError(f"--course-file: needed for {to}: the file that {whence} gives.")
    sheet = read_sheet(course_file)
    graded = graded_students(book.grades(0.0), book.people())
    if to is Form.MOODLE:
        return fill_worksheet(sheet, graded, column=column, scale=scale)
    return fill_gradebook(sheet, graded, assignment_of(book), column=column, scale=scale)


def finish(filled: Filled, target: Path) -> None:
    """The file, and beside it the list of those who are not in it; GraderError where there is anybody."""
    from grader.exchange.matching import unmatched_csv

    write(target, filled.content)
    typer.echo(
        f"{target}: {filled.count} scores written; {filled.lines_without} lines of the course's file left as they were."
    )
    listing = target.with_name(f"{target.stem}.unmatched.csv")
    if filled.left:
        write(listing, unmatched_csv(filled.left))
        raise GraderError(f"{told(filled.left)}\nEnter them by hand; they are listed in {listing}.")
    listing.unlink(missing_ok=True)


def told(left: Sequence[Left]) -> str:
    """Who went nowhere and why, the first twenty by name."""
    lines = [f"  {one.graded.submission} {one.reason}" for one in left[:20]]
    more = [f"  and {len(left) - 20} more"] if len(left) > 20 else []
    return "\n".join([f"{len(left)} scores went nowhere:", *lines, *more])


def write_results(book: Gradebook, target: Path, visibility: Visibility) -> None:
    """`TARGET/<submission>/results.json`; GraderError names those whose score is withheld."""
    from grader.exchange.gradescope import results_json

    results = results_of(book)
    withheld = [result.submission for result in results if result.score is None]
    files = {
        f"{result.submission}/results.json": results_json(result, visibility)
        for result in results
        if result.score is not None
    }
    write_all(target, files)
    typer.echo(f"{target}: {len(files)} results written.")
    if withheld:
        raise GraderError(f"Without a score, and not written: {', '.join(withheld)}.")


def results_of(book: Gradebook) -> list[Result]:
    return [book.result(attempt) for attempt, _ in book.current()]


def assignment_of(book: Gradebook) -> str:
    return book.setting("assignment") or ""


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        write(folder / name, content)


def write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path}: can't be written: {error.strerror}.") from None
