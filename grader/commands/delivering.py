"""Results to where they are wanted: `--format NAME` or `--format NAME=FILE`, several of them in one run."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from grader.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from grader.report.formats_sheet import Sheet

FormatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        help="table, github, junit, json, markdown or badge; NAME=FILE writes it there. May be given several times.",
    ),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", help="Write it here instead of to the terminal.")
]


class Delivery(NamedTuple):
    """One format, and the file that it goes to; None for standard output."""

    format: str
    file: Path | None


def deliveries(formats: Sequence[str] | None, output: Path | None) -> list[Delivery]:
    """What is wanted; UsageError where a format is not known or `output` could belong to several."""
    from grader.report.formats import TABLE, check_format

    wanted: list[Delivery] = []
    for each in formats or [TABLE]:
        name, _, file = each.partition("=")
        check_format(name)
        wanted.append(Delivery(name, Path(file) if file else None))
    if output is not None:
        open_ended = [place for place, one in enumerate(wanted) if one.file is None]
        if len(open_ended) != 1:
            raise UsageError("--output: say which format it is for: `--format junit=FILE`.")
        wanted[open_ended[0]] = Delivery(wanted[open_ended[0]].format, output)
    return wanted


def deliver(wanted: Sequence[Delivery], sheet: Sheet, table: Callable[[Console], None]) -> None:
    """Write each to its file and print the others; UsageError where a file can't be written."""
    from grader.report.formats import TABLE, formatted

    print_anything()
    for name, file in wanted:
        if name == TABLE:
            draw(table, file)
        elif file is None:
            typer.echo(formatted(name, sheet), nl=False)
        else:
            write(file, formatted(name, sheet))


def draw(table: Callable[[Console], None], file: Path | None) -> None:
    from rich.console import Console

    if file is None:
        table(Console())
        return
    paper = io.StringIO()
    table(Console(file=paper, width=110))
    write(file, paper.getvalue())


def write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{file}: can't be written: {error.strerror}.") from None


def print_anything() -> None:
    """A terminal that lacks a character, as Windows' often do, shows a question mark for it."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
