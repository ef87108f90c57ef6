"""A notebook's bytes into its code cells, whatever version or damage.

Only the code is decoded, by msgspec: outputs, which make up most of a notebook's bytes, are skipped without
becoming objects, so a hostile file costs little memory.  Versions 2 and 3 kept cells in worksheets and code
under `input`; both are read where they stand.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from grader.intake.records import UnreadableError
from grader.intake.text import plain_newlines
from grader.model import Record

MAX_CELLS: Final = 5000
TOLERANT_BYTES: Final = 2**20
"""Damaged structures are searched cell by cell up to this size; that needs memory of many times it."""

MAX_NANS: Final = 300_000
_UP_TO_NAN: Final = re.compile(
    rb'(?:[^"NI]++|"(?:[^"\\]++|\\.)*+"|[NI](?!aN\b|nfinity\b))*+(?P<nan>NaN|Infinity)', re.DOTALL
)
_AS_LONG: Final = {b"NaN": b"0e0", b"Infinity": b"1e000000"}
_NOT_PYTHON: Final = frozenset({"r", "julia", "scala", "sql", "bash", "javascript", "matlab", "octave"})


class Cell(Record, frozen=True):
    """One code cell: `number` counts code cells from the top, `run` is the count of its last run."""

    number: int
    text: str
    run: int | None = None


class Notebook(Record, frozen=True):
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()


class _Cell(msgspec.Struct):
    cell_type: str
    source: str | list[str] | None = None
    input: str | list[str] | None = None
    execution_count: int | None = None
    prompt_number: int | None = None


class _Sheet(msgspec.Struct):
    cells: list[_Cell] | None = None


class _Spec(msgspec.Struct):
    language: str | None = None


class _Metadata(msgspec.Struct):
    kernelspec: _Spec | None = None


class _Notebook(msgspec.Struct):
    cells: list[_Cell] | None = None
    worksheets: list[_Sheet] | None = None
    metadata: _Metadata | None = None


class _Rough(msgspec.Struct):
    cells: list[msgspec.Raw] | None = None


_DECODER: Final = msgspec.json.Decoder(_Notebook)
_ROUGH: Final = msgspec.json.Decoder(_Rough)
_ONE_CELL: Final = msgspec.json.Decoder(_Cell)
_NO_JSON: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError, OverflowError)
"""What the decoders raise on bytes that are no JSON, or none of the expected form."""


def read_notebook(data: bytes, file: str) -> Notebook:
    """The code cells of a notebook; UnreadableError, in words, where the file is none."""
    data = _as_utf8(data, file)
    try:
        raw = _decoded(data)
    except msgspec.ValidationError as error:
        return _tolerant(data, file, str(error))
    except _NO_JSON as error:
        raise UnreadableError(_not_json(data, file, error)) from None
    cells = _all_cells(raw)
    if cells is None:
        raise UnreadableError(f"{file} is JSON but not a notebook: it has no list of cells.")
    return _numbered(cells, file, _language_notes(raw.metadata, file))


def _as_utf8(data: bytes, file: str) -> bytes:
    if not data.strip():
        raise UnreadableError(f"{file} is empty (0 bytes of content).")
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            try:
                return data.decode(encoding).encode("utf-8")
            except UnicodeError:
                raise UnreadableError(f"{file} is not a notebook: its text is damaged.") from None
    return data


def _decoded(data: bytes) -> _Notebook:
    try:
        return _DECODER.decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        nans = data.count(b"NaN") + data.count(b"Infinity")
        if not 0 < nans < MAX_NANS:
            raise
        return _DECODER.decode(_without_nans(data))


def _without_nans(data: bytes) -> bytes:
    """Jupyter writes NaN in outputs though JSON has none; outside texts, numbers as long take their place."""
    plain = bytearray(data)
    for match in _UP_TO_NAN.finditer(data):
        plain[match.start("nan") : match.end("nan")] = _AS_LONG[match["nan"]]
    return bytes(plain)


def _not_json(data: bytes, file: str, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return f"{file} is not a notebook: its JSON is nested too deeply."
    if b"<html" in data[:2000].lower() or b"<!doctype" in data[:2000].lower():
        return f"{file} is a web page, not a notebook: download the notebook itself (.ipynb)."
    if not data.lstrip().startswith(b"{"):
        return f"{file} is not a notebook: a notebook is JSON, and this does not begin like it."
    if "truncated" in str(error):
        return f"{file} breaks off in the middle (truncated JSON): the upload was probably cut short."
    return f"{file} is not a notebook: its JSON is broken ({str(error)[:120]})."


def _tolerant(data: bytes, file: str, reason: str) -> Notebook:
    """The cells that are whole, where some are not."""
    if len(data) > TOLERANT_BYTES:
        raise UnreadableError(f"{file} is not a valid notebook: {reason[:200]}.")
    try:
        rough = _ROUGH.decode(data).cells or []
    except _NO_JSON:
        raise UnreadableError(f"{file} is JSON but not a notebook: {reason[:200]}.") from None
    whole = [cell for cell in map(_whole_cell, rough) if cell is not None]
    if not whole:
        raise UnreadableError(f"{file} is JSON but not a notebook: {reason[:200]}.")
    note = f"{len(rough) - len(whole)} of {len(rough)} cells of {file} are damaged and were left out."
    return _numbered(whole, file, (note,) if len(rough) > len(whole) else ())


def _whole_cell(raw: msgspec.Raw) -> _Cell | None:
    try:
        return _ONE_CELL.decode(raw)
    except _NO_JSON:
        return None


def _all_cells(raw: _Notebook) -> list[_Cell] | None:
    if raw.cells is not None:
        return raw.cells
    if raw.worksheets is not None:
        return [cell for sheet in raw.worksheets for cell in sheet.cells or ()]
    return None


def _numbered(cells: list[_Cell], file: str, notes: tuple[str, ...]) -> Notebook:
    code = [cell for cell in cells if cell.cell_type == "code"]
    if not code:
        raise UnreadableError(f"{file} has no code cells ({len(cells)} cells in all): nothing to grade.")
    if len(code) > MAX_CELLS:
        raise UnreadableError(f"{file} has {len(code):,} code cells; at most {MAX_CELLS:,} are read.")
    return Notebook(
        cells=tuple(
            Cell(number=number, text=_source(cell), run=cell.execution_count or cell.prompt_number)
            for number, cell in enumerate(code, 1)
        ),
        notes=notes,
    )


def _source(cell: _Cell) -> str:
    source = cell.source if cell.source is not None else cell.input
    if source is None:
        return ""
    return plain_newlines(source if isinstance(source, str) else "".join(source))


def _language_notes(metadata: _Metadata | None, file: str) -> tuple[str, ...]:
    language = metadata.kernelspec.language if metadata and metadata.kernelspec else None
    if language and language.lower() in _NOT_PYTHON:
        return (f"{file} says that it is written in {language[:20]}; it was read as Python.",)
    return ()
