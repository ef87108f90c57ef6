"""A CSV file of a course, of which some cells are filled in and every other byte stays as it was.

The csv module can't write back what it read (which cells were quoted is lost), so cells are kept as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from grader.errors import UsageError
from grader.model import Record

BOM: Final = "\ufeff"
ENCODINGS: Final = ("utf-8", "cp1252")
DELIMITERS: Final = ",;\t"
_COMMA_NUMBER: Final = re.compile(r"-?\d+,\d+")


class Sheet(Record, frozen=True):
    """A CSV file: each row's cells as they stand in it, quotes included, and what ends each row."""

    file: str
    encoding: str
    delimiter: str
    rows: tuple[tuple[str, ...], ...]
    ends: tuple[str, ...]

    @property
    def values(self) -> list[list[str]]:
        """What the cells say."""
        return [[value_of(cell) for cell in row] for row in self.rows]


def read_sheet(file: Path) -> Sheet:
    """Any of the usual encodings, delimiters and line ends; UsageError where it can't be read or is empty."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: can't be read: {error.strerror}.") from None
    text, encoding = decoded(data, file)
    first = text.splitlines()[0] if text.strip(f"{BOM}\r\n ") else ""
    if not first:
        raise UsageError(f"{file}: the file is empty.")
    delimiter = max(DELIMITERS, key=first.count)
    rows, ends = split(text, delimiter, file)
    return Sheet(file=str(file), encoding=encoding, delimiter=delimiter, rows=rows, ends=ends)


def decoded(data: bytes, file: Path) -> tuple[str, str]:
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise UsageError(f"{file}: is neither UTF-8 nor Windows-1252; save it as CSV in UTF-8.")


def split(text: str, delimiter: str, file: Path) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Rows of raw cells, and their ends (empty for a last line that has none)."""
    token = re.compile(
        rf'({BOM}?"(?:[^"]|"")*"[^{delimiter}\r\n]*|[^{delimiter}\r\n]*)({delimiter}|\r\n|\r|\n|\Z)'
    )
    rows: list[tuple[str, ...]] = []
    ends: list[str] = []
    row: list[str] = []
    at = 0
    while at < len(text):
        found = token.match(text, at)
        assert found is not None, "every text begins with a cell, if an empty one"
        cell, end = found.groups()
        if cell.lstrip(BOM).startswith('"') and cell.count('"') % 2:
            raise UsageError(f"{file}, row {len(rows) + 1}: a quotation mark is never closed.")
        row.append(cell)
        at = found.end()
        if end == delimiter and at == len(text):
            row.append("")
        if end != delimiter or at == len(text):
            rows.append(tuple(row))
            ends.append("" if end == delimiter else end)
            row = []
    return tuple(rows), tuple(ends)


def value_of(cell: str) -> str:
    """What a cell says: without its quotes, and without the file's byte order mark."""
    plain = cell.removeprefix(BOM)
    if plain.startswith('"'):
        inside, _, behind = plain[1:].rpartition('"')
        return inside.replace('""', '"') + behind
    return plain


def filled(sheet: Sheet, cells: Mapping[tuple[int, int], str]) -> bytes:
    """The file with other values in the cells (row, column); all else byte for byte as it was."""
    rows = [list(row) for row in sheet.rows]
    for (row, column), value in cells.items():
        rows[row][column] = as_cell(value, rows[row][column], sheet.delimiter)
    lines = zip(rows, sheet.ends, strict=True)
    text = "".join(sheet.delimiter.join(row) + end for row, end in lines)
    return text.encode(sheet.encoding)


def as_cell(value: str, before: str, delimiter: str) -> str:
    """The value, in quotes where it needs them or the cell had them."""
    if before.startswith('"') or any(mark in value for mark in (delimiter, '"', "\r", "\n")):
        return '"' + value.replace('"', '""') + '"'
    return value


def has_decimal_commas(values: Sequence[Sequence[str]], columns: Sequence[int]) -> bool:
    """Whether the numbers in these columns are written `12,5`."""
    cells = (row[at] for row in values for at in columns if at < len(row))
    return any(_COMMA_NUMBER.fullmatch(cell.strip()) for cell in cells)


def number_in(text: str) -> float | None:
    """A number with a point or a comma; None where it is none."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def column_called(header: Sequence[str], *names: str) -> int | None:
    """The first column with one of these names, capitals and blanks around them aside."""
    wanted = {name.casefold() for name in names}
    return next((at for at, name in enumerate(header) if name.strip().casefold() in wanted), None)
