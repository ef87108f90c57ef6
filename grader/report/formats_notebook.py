"""Where the lines of a notebook's code cells stand in its file, for annotations at a student's own lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LARGEST: Final = 20 * 2**20
"""Bytes of a notebook that is looked into."""


@dataclass(frozen=True)
class CodeCell:
    """The lines of a code cell, and for each its row in the notebook's file, counted from 1."""

    lines: tuple[str, ...]
    rows: tuple[int, ...]


def code_cells(file: Path) -> list[CodeCell]:
    """The code cells in order; [] where the file is not a notebook as notebooks are written today."""
    try:
        data = file.read_bytes()
        notebook = json.loads(data) if len(data) <= LARGEST else None
    except (OSError, ValueError, RecursionError):
        return []
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        return []
    rows = Rows(data.decode("utf-8", errors="replace"))
    sources = [(kind, rows.of(lines)) for kind, lines in map(kind_and_lines, cells)]
    return [cell for kind, cell in sources if kind == "code"]


def kind_and_lines(cell: Any) -> tuple[str, tuple[str, ...]]:
    if not isinstance(cell, dict):
        return "", ()
    source = cell.get("source", "")
    pieces = [source] if isinstance(source, str) else source if isinstance(source, list) else []
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    return str(cell.get("cell_type")), tuple(text.splitlines(keepends=True))


class Rows:
    """Finds cells' sources in a notebook's text, one after the other."""

    def __init__(self, text: str) -> None:
        self._rows = [row.strip() for row in text.splitlines()]
        self._next = 0

    def of(self, lines: tuple[str, ...]) -> CodeCell:
        """The rows of the next cell's lines; where they are not to be found, the row where its source begins."""
        start = self._find('"source": ')
        found = [self._row(start + place, line, start) for place, line in enumerate(lines, 1)]
        return CodeCell(lines, tuple(found))

    def _find(self, beginning: str) -> int:
        """The index of the next row that begins like this, which is passed; else of the present one."""
        for index in range(self._next, len(self._rows)):
            if self._rows[index].startswith(beginning):
                self._next = index + 1
                return index
        return min(self._next, max(len(self._rows) - 1, 0))

    def _row(self, index: int, line: str, start: int) -> int:
        spelled = {json.dumps(line), json.dumps(line, ensure_ascii=False)}
        is_there = index < len(self._rows) and self._rows[index].rstrip(",") in spelled
        return (index if is_there else start) + 1
