"""How a batch gets on, on a terminal and without one; and how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from grader.batch.records import Plan, Summary
from grader.gradebook import Change
from grader.model import Result, Status

LINE_SECONDS: Final = 5.0
SHOWN: Final = 4
"""How many of the submissions that are being examined are named."""


class Bar:
    """On a terminal: one line that keeps moving.  Use as a context manager."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[now]}", style="dim", markup=False),
            console=console,
        )
        self._task = self._progress.add_task("Getting ready", total=None, now="", rate="")
        self._pace = Pace()

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, total: int, kept: int) -> None:
        self._pace.begin(total, kept)
        self._progress.update(self._task, description="Grading", total=total, completed=kept)

    def running(self, ids: list[str]) -> None:
        self._progress.update(self._task, now=named(ids))

    def finished(self, result: Result) -> None:
        self._pace.step()
        self._progress.update(self._task, advance=1, rate=self._pace.rate())

    def trouble(self, submission: str | None, what: str) -> None:
        self._progress.console.print(Text(about(submission, what), style="yellow"))


class Lines:
    """Without a terminal: a plain line now and then.  Use as a context manager."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._said = clock()
        self._pace = Pace(clock)
        self._ids: list[str] = []

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left open."""

    def begin(self, total: int, kept: int) -> None:
        self._pace.begin(total, kept)
        self._say(f"{total} submissions, {kept} of them unchanged")

    def running(self, ids: list[str]) -> None:
        self._ids = ids
        if self._clock() - self._said >= LINE_SECONDS:
            self._speak()

    def finished(self, result: Result) -> None:
        self._pace.step()
        if self._pace.left == 0:
            self._speak()

    def trouble(self, submission: str | None, what: str) -> None:
        self._say(about(submission, what))

    def _speak(self) -> None:
        self._said = self._clock()
        parts = [self._pace.count(), self._pace.rate(), self._pace.time_left(), named(self._ids)]
        self._say(", ".join(part for part in parts if part))


class Pace:
    """Count, rate and time left."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._total = self._kept = self._done = 0

    def begin(self, total: int, kept: int) -> None:
        self._total, self._kept, self._started = total, kept, self._clock()

    def step(self) -> None:
        self._done += 1

    @property
    def left(self) -> int:
        return self._total - self._kept - self._done

    def count(self) -> str:
        return f"{self._kept + self._done} of {self._total}"

    def rate(self) -> str:
        seconds = self._clock() - self._started
        if not self._done or seconds <= 0:
            return ""
        each_minute = 60 * self._done / seconds
        return f"{each_minute:.0f} a minute" if each_minute >= 10 else f"{each_minute:.1f} a minute"

    def time_left(self) -> str:
        if not self._done or not self.left:
            return ""
        return f"{span((self._clock() - self._started) / self._done * self.left)} left"


def span(seconds: float) -> str:
    """A time that people can read: 48 s, 3 min, 2 h 10 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def named(ids: Sequence[str]) -> str:
    more = len(ids) - SHOWN
    return " ".join(ids[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def about(submission: str | None, what: str) -> str:
    return f"{submission}: {what}" if submission else what


# --------------------------------------------------------------------------------- before and after


def plan_lines(plan: Plan) -> list[str]:
    """What would run and why."""
    lines = [
        f"{one.found.id}: {what(one.action, len(one.tests), one.known)} ({one.why})" for one in plan.work
    ]
    kept = len(plan.decisions) - len(plan.work)
    return [
        *lines,
        f"{len(plan.work)} of {len(plan.decisions)} submissions would be graded, {kept} keep their results.",
        *passed_over_lines(plan.passed_over),
    ]


def what(action: str, tests: int, known: str | None) -> str:
    if action == "score":
        return "put together anew"
    if known is None:
        return "all tests"
    return f"{tests} test{'s' if tests != 1 else ''}" if tests else "read again"


def summary_lines(summary: Summary) -> list[str]:
    """How a batch ended, in a few lines."""
    counts = [f"{summary.statuses[status]} {status}" for status in Status if summary.statuses.get(status)]
    lines = [
        f"{', '.join(counts) or 'No results'}; graded now {summary.ran}, kept {summary.kept}. Seed {summary.seed}"
    ]
    if summary.unchecked:
        ids = some(summary.unchecked)
        lines.append(f"Not checked, for reasons that are the grader's: {ids}. Their scores are withheld.")
    if summary.untimed:
        lines.append(
            "Nothing is taken off for lateness where nobody told when (or how late) it was handed in: "
            f"{some(summary.untimed)}."
        )
    if summary.without_effect:
        lines.append(
            "Changes by hand have no effect where the submission that they were made to counts no more: "
            f"{some(summary.without_effect)}. `grade override OUT --list` tells them."
        )
    return [*lines, *passed_over_lines(summary.passed_over)]


def passed_over_lines(files: Sequence[str]) -> list[str]:
    """A student's work may be among them, under a name that hides it."""
    return [f"Passed over, as nobody's by their kind: {some(files)}."] if files else []


def some(ids: Sequence[str]) -> str:
    """The first twenty, and how many more there are."""
    return ", ".join(ids[:20]) + (f" and {len(ids) - 20} more" if len(ids) > 20 else "")


def change_lines(changes: Sequence[Change]) -> list[str]:
    """Whose score changed, by which tests."""
    lines: list[str] = []
    for change in changes:
        before, after = shown(change.before, change.status_before), shown(change.after, change.status_after)
        lines.append(f"{change.submission}: {before} -> {after}")
        lines += [
            f"    {test.part}::{test.name}: {number(test.before)} -> {number(test.after)}"
            for test in change.tests
        ]
    return lines or ["The last regrade changed no score."]


def shown(score: float | None, status: Status) -> str:
    return number(score) if status is Status.GRADED else f"{number(score)} ({status})"


def number(score: float | None) -> str:
    return "no score" if score is None else f"{score:g}"
