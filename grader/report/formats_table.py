"""The public checks in the terminal: the parts at a glance, then what does not pass and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.model import Outcome, Result, TestResult
from grader.report.formats_sheet import grouped, hole, waiting
from grader.report.terminal import SIGNS, bar, reading_lines, words


def show_checks(
    console: Console, result: Result, titles: Mapping[str, str], summary: str, *, every: bool
) -> None:
    """Print it; `summary` is the last line, `every` lists the checks that pass too."""
    console.print(render(result, titles, summary, every=every))


def render(result: Result, titles: Mapping[str, str], summary: str, *, every: bool) -> RenderableType:
    rows: list[RenderableType] = []
    if result.reading is not None:
        rows.append(reading_lines(result.reading))
    if result.message and result.message != summary:
        rows.append(Text(result.message + "\n", style="bold yellow"))
    if result.tests:
        rows.append(overview(result, titles))
    rows += details(result, titles, every)
    rows.append(Text(f"\n{summary}", style="bold"))
    return Group(*rows)


def overview(result: Result, titles: Mapping[str, str]) -> Table:
    table = Table(box=None, padding=(0, 1), show_header=False)
    for part in result.parts:
        tests = [test for test in result.tests if test.part == part.name]
        passed = sum(test.outcome is Outcome.PASSED for test in tests)
        counted = Text(f"{passed} of {len(tests)} checks pass", style="dim")
        table.add_row(Text(titles.get(part.name) or part.name), bar(part), counted)
    return table


def details(result: Result, titles: Mapping[str, str], every: bool) -> Iterator[RenderableType]:
    """Part by part; a message that many checks give is said once in all."""
    said: set[str] = set()
    for part in result.parts:
        tests = [test for test in result.tests if test.part == part.name and (every or is_telling(test))]
        if tests:
            yield Text("\n" + (titles.get(part.name) or part.name), style="bold")
            yield test_table(tests, said)


def is_telling(test: TestResult) -> bool:
    return test.outcome is not Outcome.PASSED or test.own is not None or test.hint is not None


def test_table(tests: list[TestResult], said: set[str]) -> Table:
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(width=11)
    table.add_column(overflow="fold")
    for test, count in grouped(tests):
        word, colour = SIGNS[test.outcome]
        to_do = hole(test)
        if to_do is None:
            table.add_row(Text(word, style=colour), words(test, said))
        else:
            table.add_row(Text("to do", style="yellow"), Text(to_do).append(f" ({waiting(count)})", "dim"))
    return table
