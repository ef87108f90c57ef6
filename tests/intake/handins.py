"""Builders of what is handed in: real notebooks (by nbformat), zips and folders."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

from grader.intake import Submission

ReadCells = Callable[..., Submission]
"""Hands in a notebook of these cells, or a module of this text, and reads it."""


def notebook(*cells: str) -> str:
    """A notebook of these code cells, text between them, as Jupyter writes it."""
    book: Any = v4.new_notebook(cells=[v4.new_markdown_cell("# hw8")])  # type: ignore[no-untyped-call]
    for cell in cells:
        book.cells += [v4.new_code_cell(cell), v4.new_markdown_cell("next")]  # type: ignore[no-untyped-call]
    return str(nbformat.writes(book))  # type: ignore[no-untyped-call]


def make_zip(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def lay_out(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """These files in a folder, all of one age."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        os.utime(path, (1e9, 1e9))
    return folder


def code_lines(submission: Submission) -> dict[str, list[str]]:
    """The lines of each piece that aren't blank."""
    return {
        piece.name: [line for line in piece.source.split("\n") if line.strip()] for piece in submission.pieces
    }
