"""`grade report`: the pages that people look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    out: Annotated[Path, typer.Argument(help="The folder that `grade batch` wrote.")],
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="How many at a time.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Make all pages, also those that are as they were.")
    ] = False,
) -> None:
    """Make the class page and every student's feedback page from the gradebook; only what changed."""
    from grader.cli import cores, echo
    from grader.errors import GraderError
    from grader.report.pages import make_pages

    made = make_pages(out, jobs or cores(), force=force)
    echo(made.sentence())
    if made.troubles:
        raise GraderError("\n".join(made.troubles))
