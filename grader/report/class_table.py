"""A class's results as one table for the terminal."""

from __future__ import annotations

import csv
from pathlib import Path

from rich.console import Console
from rich.table import Table

MOST = 60
"""Submissions up to which a class is shown in the terminal."""


def show_class(console: Console, grades: Path) -> None:
    """Show `grades.csv`, where the class is small enough to be looked at."""
    with grades.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    if len(rows) > MOST:
        return
    table = Table(box=None, padding=(0, 1))
    for number, name in enumerate(header):
        table.add_column(name, justify="left" if number < 2 else "right")
    for row in rows:
        table.add_row(*map(shown, row))
    console.print(table)


def shown(cell: str) -> str:
    """A number without needless zeros; a name without markup."""
    text = cell.removesuffix(".0")
    return text.replace("[", "\\[")
