"""`grade similar`: submissions that are alike, as a list to look through."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from grader.errors import UsageError

FOLDER = "similar"


def similar(
    out: Annotated[Path, typer.Argument(help="The folder that `grade batch` wrote.")],
    assignment: Annotated[
        str | None,
        typer.Option("--assignment", "-a", help="The assignment, where it isn't found by its name."),
    ] = None,
    stub: Annotated[
        Path | None, typer.Option("--stub", help="What everybody was given; the assignment's own stub else.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="The submissions, where they are no longer where they were."),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many pairs to show.")] = 50,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="How many processes.")] = None,
) -> None:
    """Find submissions that are suspiciously alike: a lead to look at, not a verdict."""
    from grader.assignment import find_assignment
    from grader.gradebook import open_to_read
    from grader.similar.pages import CAVEAT, index_page, page_name, pair_page
    from grader.similar.ranking import compare
    from grader.similar.reading import known_of, read_class

    with open_to_read(out) as book:
        chosen = find_assignment(assignment or book.setting("assignment") or "")
        where = folder or book.folder_of_submissions()
        ids = [name for _, name in book.current()]
    if where is None or not ids:
        raise UsageError(f"{out}: nothing was graded there yet.")
    read = read_class(where, ids, chosen, known_of(chosen, stub), jobs or len(os.sched_getaffinity(0)))
    comparison = compare([prints for _, prints in read], top)
    works = {work.id: work for work, _ in read}
    prints = {one.id: one for _, one in read}
    pages = {"index.html": index_page(comparison, chosen.name)}
    for number, pair in enumerate(comparison.pairs, 1):
        pages[page_name(number)] = pair_page(pair, works, prints)
    write_pages(out / FOLDER, pages)
    for pair in comparison.pairs[:10]:
        typer.echo(f"{pair.score:.2f}  {pair.first}  {pair.second}")
    typer.echo(
        f"{comparison.compared} submissions compared, typical score {comparison.typical:.2f}: "
        f"{out / FOLDER / 'index.html'}\n{CAVEAT}"
    )


def write_pages(folder: Path, pages: dict[str, str]) -> None:
    """These pages and no others; UsageError where they can't be written."""
    try:
        folder.mkdir(exist_ok=True)
        for old in folder.glob("pair-*.html"):
            old.unlink()
        for name, text in pages.items():
            (folder / name).write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{folder}: can't be written: {error.strerror}.") from None
