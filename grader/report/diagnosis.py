"""What `grade doctor` says."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.sandbox.conformance import Finding
from grader.sandbox.diagnosis import Fact


def show_facts(console: Console, facts: Sequence[Fact]) -> None:
    """A table of what is there, then a remedy for each thing that is not."""
    table = Table(box=None, padding=(0, 1), show_header=False)
    for fact in facts:
        table.add_row(mark(fact.will_do), Text(fact.name), Text(fact.found))
    console.print(table)
    for fact in facts:
        if not fact.will_do:
            console.print(Text(f"{fact.name}: {fact.remedy}", style="yellow"))


def show_finding(console: Console, finding: Finding) -> Finding:
    line = Text.assemble(mark(finding.broken is None), " ", f"{finding.property:10}", " ", finding.sentence)
    if finding.broken is not None:
        line.append(f"\n       {finding.broken}", style="red")
    console.print(line)
    return finding


def mark(holds: bool) -> Text:
    return Text("ok  ", style="green") if holds else Text("NO  ", style="bold red")
