"""What was handed in, as it is shown beside the results: cells or lines, bounded, and nothing of it alive.

Code and printed text are escaped.  Markdown goes through a renderer that takes no HTML and through a sanitiser.
Of outputs, pictures are shown where they are PNG or JPEG, and text; HTML, SVG and scripts never are.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec
from markupsafe import Markup

from grader.intake.gather import gather, gather_members
from grader.intake.naming import shown
from grader.intake.notebook import read_notebook
from grader.intake.records import Contract, Found, HandedFile, UnreadableError
from grader.intake.text import decode_source
from grader.model import Record
from grader.plain import plain
from grader.report.pages.markdown import rendered

MAX_CELLS: Final = 400
MAX_CODE: Final = 300_000
MAX_PROSE: Final = 100_000
MAX_OUTPUT: Final = 4_000
MAX_PRINTED: Final = 300_000
MAX_OUTPUTS: Final = 12
MAX_PICTURES: Final = 3_000_000
"""Characters shown of a notebook: code and prose in all, text of an output and of all, base64 of all pictures."""

PICTURES: Final = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
NO_NOTEBOOK: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError, OverflowError)


class Output(Record, frozen=True):
    """Text, or a picture as a `data:` address."""

    text: str = ""
    picture: str = ""
    is_error: bool = False


class ShownCell(Record, frozen=True):
    """One cell: `number` counts code cells as the reading does, None for prose, which is `html`."""

    number: int | None
    code: str = ""
    html: Markup = Markup("")
    outputs: tuple[Output, ...] = ()


class Handed(Record, frozen=True):
    """A file as it is shown; `cut` says what of it is not."""

    file: str
    is_notebook: bool
    cells: tuple[ShownCell, ...]
    cut: str = ""


class _Output(msgspec.Struct):
    output_type: str = ""
    text: str | list[str] | None = None
    data: dict[str, msgspec.Raw] | None = None
    traceback: list[str] | None = None


class _Cell(msgspec.Struct):
    cell_type: str = ""
    source: str | list[str] | None = None
    outputs: list[_Output] | None = None


class _Notebook(msgspec.Struct):
    cells: list[_Cell]


def read_handed(found: Found, file: str) -> Handed | None:
    """The file that was read, named as the reading names it; None where it isn't there any more."""
    contract = Contract(names=())
    try:
        holding = gather_members(found.members, contract) if found.members else gather(found.path, contract)
        chosen = next((one for one in holding.files if shown(one.path) == file), None)
        return None if chosen is None else shown_file(chosen, file)
    except UnreadableError:
        return None


def shown_file(chosen: HandedFile, name: str) -> Handed:
    """A notebook's cells, or a module as one cell without a number."""
    if chosen.path.lower().endswith(".ipynb"):
        return shown_notebook(chosen, name)
    text = plain(decode_source(chosen.data, name).text)
    cut = f"Only the first {MAX_CODE:,} characters are shown." if len(text) > MAX_CODE else ""
    return Handed(file=name, is_notebook=False, cells=(ShownCell(number=0, code=text[:MAX_CODE]),), cut=cut)


def shown_notebook(chosen: HandedFile, name: str) -> Handed:
    """Code as the grader read it; prose and outputs where the notebook has today's form."""
    code = {cell.number: cell.text for cell in read_notebook(chosen.data, name).cells}
    try:
        cells = msgspec.json.decode(chosen.data, type=_Notebook).cells
    except NO_NOTEBOOK:
        cells = [_Cell(cell_type="code") for _ in code]
    budget = Budget()
    taken = tuple(all_cells(cells, code, budget))
    return Handed(file=name, is_notebook=True, cells=taken, cut=budget.sentence())


class Budget:
    """How much more of a notebook is shown."""

    def __init__(self) -> None:
        self._left = {
            "code": MAX_CODE, "prose": MAX_PROSE, "outputs": MAX_PRINTED, "pictures": MAX_PICTURES,
            "cells": MAX_CELLS,
        }  # fmt: skip
        self._cut: set[str] = set()

    def take(self, what: str, text: str) -> str:
        """As much of the text as there is room for."""
        taken = text[: self._left[what]]
        self._left[what] -= len(taken)
        if len(taken) < len(text):
            self._cut.add(what)
        return taken

    def whole(self, what: str, size: int) -> bool:
        """Whether all of it has room; then it is taken."""
        if size > self._left[what]:
            self._cut.add(what)
            return False
        self._left[what] -= size
        return True

    def sentence(self) -> str:
        return f"Not all of it is shown: too many {' and '.join(sorted(self._cut))}." if self._cut else ""


def all_cells(cells: list[_Cell], code: dict[int, str], budget: Budget) -> list[ShownCell]:
    shown_cells: list[ShownCell] = []
    number = 0
    for cell in cells:
        number += cell.cell_type == "code"
        if not budget.whole("cells", 1):
            break
        if cell.cell_type == "code":
            text = budget.take("code", plain(code.get(number, "")))
            outputs = (shown_output(one, budget) for one in (cell.outputs or [])[:MAX_OUTPUTS])
            kept = tuple(one for one in outputs if one is not None and (one.text or one.picture))
            shown_cells.append(ShownCell(number=number, code=text, outputs=kept))
        elif cell.cell_type == "markdown":
            text = budget.take("prose", plain(joined(cell.source)))
            shown_cells.append(ShownCell(number=None, html=rendered(text)))
    return shown_cells


def shown_output(output: _Output, budget: Budget) -> Output | None:
    """A picture, else text, else nothing."""
    if output.output_type == "error":
        return Output(text=budget.take("outputs", bounded("\n".join(output.traceback or []))), is_error=True)
    if output.text is not None:
        return Output(text=budget.take("outputs", bounded(joined(output.text))))
    data = output.data or {}
    for kind, magic in PICTURES.items():
        picture = picture_of(data.get(kind), kind, magic)
        if picture is not None and budget.whole("pictures", len(picture)):
            return Output(picture=picture)
    text = budget.take("outputs", bounded(text_of(data.get("text/plain"))))
    return Output(text=text) if text else None


def picture_of(raw: msgspec.Raw | None, kind: str, magic: bytes) -> str | None:
    """A `data:` address, made anew of the bytes, where they begin as that kind of picture does."""
    text = "".join(text_of(raw).split())
    if not 0 < len(text) <= MAX_PICTURES:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return f"data:{kind};base64,{base64.b64encode(data).decode()}" if data.startswith(magic) else None


def text_of(raw: msgspec.Raw | None) -> str:
    """A text or a list of lines; nothing where it is anything else."""
    if raw is None:
        return ""
    try:
        return joined(msgspec.json.decode(raw, type=str | list[str]))
    except NO_NOTEBOOK:
        return ""


def joined(source: str | list[str] | None) -> str:
    return source if isinstance(source, str) else "".join(source or [])


def bounded(text: str) -> str:
    """Without a terminal's colours, and not endless."""
    text = plain(text[: 4 * MAX_OUTPUT])
    return text if len(text) <= MAX_OUTPUT else f"{text[:MAX_OUTPUT]}\n[...]"
