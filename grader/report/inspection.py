"""What `grade inspect` says: what the grader read of a submission, before anything is run."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.intake.inspection import Inspection
from grader.model import Reading


def show_inspection(console: Console, inspection: Inspection) -> None:
    console.print(Text(inspection.id, style="bold"))
    if inspection.message:
        console.print(Text(inspection.message, style="yellow"))
    if inspection.reading is not None:
        show_reading(console, inspection.reading)
    for hit in inspection.hits:
        place = f"{hit.file}, line {hit.line}: {hit.text}"
        console.print(
            Text(f"not allowed in {hit.exercise}: {hit.operation}; use {hit.instead}\n  {place}", style="red")
        )
    if inspection.dynamic:
        console.print(Text("Its names are made while it runs: all of it will be executed, in the sandbox."))
    for path, size in inspection.files.items():
        console.print(Text(f"file beside it: {path} ({size} bytes)", style="dim"))


def show_reading(console: Console, reading: Reading) -> None:
    console.print(Text(f"Read: {reading.file} ({reading.why})"))
    for note in reading.notes:
        console.print(Text(note, style="dim"))
    table = Table(box=None, padding=(0, 1), show_header=False)
    for use in reading.cells:
        place = "module" if use.cell is None else f"cell {use.cell}"
        table.add_row(place, use.use, Text(use.reason, style="dim"))
    console.print(table)
    console.print(Text(f"found: {', '.join(reading.found) or 'nothing'}", style="green"))
    if reading.missing:
        console.print(Text(f"missing: {', '.join(reading.missing)}", style="red"))
