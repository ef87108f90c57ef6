"""A course's file: filled in, and otherwise the same to the last byte."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.exchange.sheet import Sheet, filled, has_decimal_commas, number_in, read_sheet

ODD = [
    b'a,b\r\n"1,5","say ""hi"""\r\n',
    b"\xef\xbb\xbfa;b\n1;2",
    b'\xef\xbb\xbf"a","b"\r\n"x\r\ny",\r\n',
    b"a\tb\n\n1\t\n",
    "Zoë,b\nÜmlaut,1\n".encode("cp1252"),
    b"a,b\rc,d\r",
    b"a,b,\n1,2,",
    b'a,b\n "1",2\n',
]


def sheet(folder: Path, data: bytes) -> Sheet:
    (folder / "course.csv").write_bytes(data)
    return read_sheet(folder / "course.csv")


@pytest.mark.parametrize("data", ODD)
def test_what_is_not_filled_in_stays_byte_for_byte(tmp_path: Path, data: bytes) -> None:
    """Quotes that weren't needed, marks, line ends, encodings, a last line without an end."""
    assert filled(sheet(tmp_path, data), {}) == data


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6),
            min_size=2,
            max_size=3,
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_ALL), ("\n", csv.QUOTE_ALL)]),
)
def test_any_file_reads_as_the_csv_module_reads_it(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], style: tuple[str, int]
) -> None:
    """Whatever is in the cells; and it is written back as it was."""
    text = io.StringIO()
    end, quoting = style
    csv.writer(text, lineterminator=end, quoting=quoting).writerows([["first", "second"], *rows])  # type: ignore[arg-type]
    data = text.getvalue().encode()
    read = sheet(tmp_path_factory.mktemp("any"), data)
    assert filled(read, {}) == data
    assert read.values == [["first", "second"], *rows]


def test_a_cell_is_filled_in(tmp_path: Path) -> None:
    """In quotes where it was before; the neighbours stay."""
    read = sheet(tmp_path, b'n,"s","t"\r\nAda,"1",2\r\n')
    assert filled(read, {(1, 1): "9,5", (1, 2): "9,5"}) == b'n,"s","t"\r\nAda,"9,5","9,5"\r\n'
    assert filled(read, {(1, 1): "9", (1, 2): "8"}) == b'n,"s","t"\r\nAda,"9",8\r\n'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (b'a,b\n"1,2\n', "row 2: a quotation mark"),
        (b"a,\x81\n", "UTF-8"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    """With the file's name and what is wrong."""
    with pytest.raises(UsageError, match=says):
        sheet(tmp_path, data)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A sentence, no traceback."""
    with pytest.raises(UsageError, match="can't be read"):
        read_sheet(tmp_path / "nothing.csv")


def test_numbers_in_either_way_of_writing() -> None:
    """12,5 and 12.5; a word is none; a section called 101,102 is in no score's column."""
    assert (number_in(" 12,5 "), number_in("12.50"), number_in("EX")) == (12.5, 12.5, None)
    assert has_decimal_commas([["101,102", "9,5"]], [1])
    assert not has_decimal_commas([["101,102", "9.5"]], [1])
