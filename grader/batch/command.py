"""What `grade batch` does around the batch itself: telling how it gets on, how it ended, and how to go on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from grader.batch.records import Order, Watcher
from grader.batch.run import grade_class, plan_only
from grader.errors import GraderError
from grader.report.progress import Bar, Lines, plan_lines, summary_lines
from grader.sandbox.launch import ZygoteProcess

Say = Callable[[str], None]
INTERRUPTED = 130


def run_batch(order: Order, say: Say, started: ZygoteProcess | None = None) -> None:
    """Grade a class, in a sandbox that is under way already where there is one.

    GraderError where some of it could not be checked, SystemExit(130) where it was interrupted.
    """
    try:
        with watcher_for(say) as watcher:
            summary = grade_class(order, watcher, started, meanwhile=get_ready_for_pages)
        for line in summary_lines(summary):
            say(line)
        show_pages(order.out, order.jobs, say)
    except KeyboardInterrupt:
        say(f"Stopped. What was graded is in {order.out}; run the same command again to go on.")
        raise SystemExit(INTERRUPTED) from None
    if summary.unchecked:
        raise GraderError(
            "Some submissions could not be checked; run the same command again to try them again."
        )


def get_ready_for_pages() -> None:
    """Import what makes pages, once, before processes that make them are forked; what goes wrong `show_pages` tells."""
    with suppress(Exception):
        from grader.report.pages.templates import get_ready

        get_ready()


def show_pages(out: Path, jobs: int, say: Say) -> None:
    """Make the pages; whatever goes wrong with them, the grades stand."""
    from grader.report.pages import (
        make_pages,
    )  # Jinja and what it needs: only where there is something to show

    try:
        made = make_pages(out, jobs)
    except Exception as error:  # noqa: BLE001 - the edge between the grades, which are done, and what shows them
        say(f"The pages could not be made: {error} `grade report {out}` tries again.")
        return
    for sentence in (*made.troubles, made.sentence()):
        say(sentence)


def show_plan(order: Order, say: Say) -> None:
    """Say what would run and why."""
    for line in plan_lines(plan_only(order)):
        say(line)


def watcher_for(say: Say) -> AbstractContextManager[Watcher]:
    """A moving line on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        return Lines(say)
    from rich.console import Console

    return Bar(Console(stderr=True))
