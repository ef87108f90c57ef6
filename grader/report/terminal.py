"""A result for the terminal: the parts at a glance, then what lost points and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.model import Outcome, PartResult, Reading, Result, TestResult
from grader.report.outcomes import WORDS

SIGNS: Mapping[Outcome, tuple[str, str]] = {
    Outcome.PASSED: (WORDS[Outcome.PASSED], "green"),
    Outcome.FAILED: (WORDS[Outcome.FAILED], "red"),
    Outcome.ERROR: (WORDS[Outcome.ERROR], "red"),
    Outcome.TIMEOUT: (WORDS[Outcome.TIMEOUT], "yellow"),
    Outcome.CRASHED: (WORDS[Outcome.CRASHED], "red"),
    Outcome.FORBIDDEN: (WORDS[Outcome.FORBIDDEN], "magenta"),
    Outcome.MISSING: (WORDS[Outcome.MISSING], "yellow"),
    Outcome.UNCHECKED: (WORDS[Outcome.UNCHECKED], "cyan"),
}
"""The word that a student reads for each outcome, and its colour."""

BAR = 10


def show(console: Console, result: Result, titles: Mapping[str, str], *, every: bool = False) -> None:
    """Print it; `titles` are the parts' names for people, `every` lists the tests that passed too."""
    console.print(render(result, titles, every=every))


def render(result: Result, titles: Mapping[str, str], *, every: bool) -> RenderableType:
    rows: list[RenderableType] = []
    if result.reading is not None:
        rows.append(reading_lines(result.reading))
    if result.message:
        rows.append(Text(result.message + "\n", style="bold yellow"))
    if result.tests:
        rows.append(overview(result, titles))
    rows += details(result, titles, every)
    rows.append(total_line(result))
    return Group(*rows)


def reading_lines(reading: Reading) -> Text:
    return Text("\n".join([f"Read: {reading.file} ({reading.why})", *reading.notes]) + "\n", style="dim")


def overview(result: Result, titles: Mapping[str, str]) -> Table:
    """One line a part: its points, a bar, how many tests passed."""
    table = Table(box=None, padding=(0, 1), show_header=False)
    for part in result.parts:
        tests = [test for test in result.tests if test.part == part.name]
        passed = sum(test.outcome is Outcome.PASSED for test in tests)
        points_of = Text(f"{points(part.score)}/{points(part.max_score)}", justify="right")
        counted = Text(f"{passed} of {len(tests)} tests passed", style="dim")
        table.add_row(Text(titles.get(part.name) or part.name), bar(part), points_of, counted)
    return table


def bar(part: PartResult) -> Text:
    if part.score is None:
        return Text("?" * BAR, style="cyan")
    filled = int(BAR * part.score / part.max_score)
    colour = "green" if part.score == part.max_score else "yellow" if part.score else "red"
    return Text("━" * filled, style=colour).append("━" * (BAR - filled), style="bright_black")


def details(result: Result, titles: Mapping[str, str], every: bool) -> Iterator[RenderableType]:
    """Part by part the tests that lost points, or all of them; what is the same for many is said once."""
    for part in result.parts:
        tests = [test for test in result.tests if test.part == part.name]
        shown = [
            test
            for test in tests
            if every or test.outcome is not Outcome.PASSED or test.own is not None or test.hint is not None
        ]
        if shown:
            yield Text("\n" + (titles.get(part.name) or part.name), style="bold")
            yield test_table(shown)


def test_table(tests: Sequence[TestResult]) -> Table:
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(width=11)
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    said: set[str] = set()
    for test in tests:
        word, colour = SIGNS[test.outcome]
        points_of = f"{points(test.score)}/{points(test.max_score)}"
        table.add_row(Text(word, style=colour), points_of, words(test, said))
    return table


def words(test: TestResult, said: set[str]) -> Text:
    """What was tested; for a test not passed also what was wrong and, the first time, the hint."""
    text = Text(test.title)
    if test.outcome is not Outcome.PASSED and test.message:
        text.append(f"\n{once(test.message, said, 'The same again.')}", style="dim")
    if test.hint:
        text.append(f"\nHint: {once(test.hint, said, 'as above.')}", style="italic yellow")
    if test.own is not None:
        word = SIGNS[test.own][0]
        text.append(f"\nWith your own earlier pieces: {word}; PyTorch's in their place counted.", style="dim")
    return text


def once(sentence: str, said: set[str], again: str) -> str:
    if sentence in said:
        return again
    said.add(sentence)
    return sentence


def total_line(result: Result) -> Text:
    line = f"\n{result.submission}: {points(result.score)} of {points(result.max_score)} points"
    run = result.run
    return Text(line, style="bold").append(
        f"   seed {run.seed}, {run.device}, sandbox {run.sandbox}", style="not bold dim"
    )


def points(score: float | None) -> str:
    return "?" if score is None else f"{score:g}"
