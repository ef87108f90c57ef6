"""A result as a table for the terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.model import Outcome, Reading, Result, TestResult

SIGNS = {
    Outcome.PASSED: ("passed", "green"),
    Outcome.FAILED: ("wrong", "red"),
    Outcome.ERROR: ("error", "red"),
    Outcome.TIMEOUT: ("too slow", "yellow"),
    Outcome.CRASHED: ("crashed", "red"),
    Outcome.FORBIDDEN: ("not allowed", "magenta"),
    Outcome.MISSING: ("missing", "yellow"),
    Outcome.UNCHECKED: ("unchecked", "cyan"),
}
"""The word that a student reads for each outcome, and its colour."""


def render(result: Result, titles: dict[str, str]) -> RenderableType:
    """The whole result; `titles` are the parts' names for people."""
    rows: list[RenderableType] = [reading_lines(result.reading)] if result.reading else []
    rows += [part_table(result, part.name, titles) for part in result.parts if has_tests(result, part.name)]
    if result.message:
        rows.append(Text(result.message, style="bold yellow"))
    rows.append(total_line(result))
    return Group(*rows)


def has_tests(result: Result, part: str) -> bool:
    return any(test.part == part for test in result.tests)


def reading_lines(reading: Reading) -> Text:
    lines = [f"Read: {reading.file} ({reading.why})", *reading.notes]
    return Text("\n".join(lines) + "\n", style="dim")


def part_table(result: Result, name: str, titles: dict[str, str]) -> Table:
    part = next(part for part in result.parts if part.name == name)
    table = Table(
        title=f"{titles.get(name) or name}  {points(part.score)}/{points(part.max_score)}",
        title_justify="left", title_style="bold", box=None, padding=(0, 1), show_header=False, expand=False,
    )  # fmt: skip
    table.add_column(width=11)
    table.add_column(justify="right", width=7)
    table.add_column(overflow="fold")
    for test in result.tests:
        if test.part == name:
            word, colour = SIGNS[test.outcome]
            table.add_row(
                Text(word, style=colour), f"{points(test.score)}/{points(test.max_score)}", words(test)
            )
    return table


def words(test: TestResult) -> Text:
    """What was tested; for a test not passed also what was wrong and the hint."""
    text = Text(test.title)
    if test.outcome is not Outcome.PASSED and test.message:
        text.append(f"\n{test.message}", style="dim")
    if test.hint:
        text.append(f"\nHint: {test.hint}", style="italic yellow")
    if test.own is not None:
        word = SIGNS[test.own][0]
        text.append(f"\nWith your own earlier pieces: {word}; PyTorch's in their place counted.", style="dim")
    return text


def total_line(result: Result) -> Text:
    line = f"\n{result.submission}: {points(result.score)} of {points(result.max_score)} points"
    detail = f"   (seed {result.run.seed}, {result.run.device}, sandbox {result.run.sandbox})"
    return Text(line, style="bold").append(detail, style="not bold dim")


def points(score: float | None) -> str:
    return "?" if score is None else f"{score:g}"


def show(console: Console, result: Result, titles: dict[str, str]) -> None:
    console.print(render(result, titles))
