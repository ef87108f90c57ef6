"""grades.csv: what a spreadsheet and a program read."""

from __future__ import annotations

import csv
import io

import pandas  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.exchange.csv import COLUMNS, grades_csv, harmless
from grader.exchange.parquet import class_table
from grader.gradebook import Row
from grader.model import Status

PARTS = ("basics", "layers")
POINTS = (4.0, 6.0)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1).filter(
    lambda text: text not in COLUMNS
)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)


def row(
    submission: str, score: float | None = 10.0, *parts: float | None, status: Status = Status.GRADED
) -> Row:
    return Row(submission=submission, status=status, score=score, max_score=10.0, parts=parts or (4.0, 6.0))


def read(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8"), newline="")))


def test_a_row_has_a_column_for_each_part() -> None:
    """submission,status,score,max_score, then the parts in the assignment's order."""
    assert read(grades_csv([row("ada")], PARTS, POINTS)) == [
        {
            "submission": "ada",
            "status": "graded",
            "score": "10.0",
            "max_score": "10.0",
            "basics": "4.0",
            "layers": "6.0",
        }
    ]


def test_a_withheld_score_is_an_empty_cell() -> None:
    """Unchecked is not zero: the score's cell is empty, the parts that are known are there."""
    (line,) = read(grades_csv([row("ada", None, 4.0, None, status=Status.UNCHECKED)], PARTS, POINTS))
    assert (line["score"], line["basics"], line["layers"]) == ("", "4.0", "")


def test_who_handed_nothing_in_has_a_row_without_scores() -> None:
    """`not handed in` with every score empty."""
    absent = Row(submission="zoe", status=Status.NOT_HANDED_IN, score=None, max_score=10.0, parts=())
    (line,) = read(grades_csv([absent], PARTS, POINTS))
    assert list(line.values()) == ["zoe", "not handed in", "", "10.0", "", ""]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_a_formula(start: str) -> None:
    """What a spreadsheet would compute is shown as text."""
    (line,) = read(grades_csv([row(f'{start}HYPERLINK("http://x")')], PARTS, POINTS))
    assert line["submission"].startswith(f"'{start}")


@pytest.mark.parametrize("name", ['a,b "c"', "Zoë Ümlaut", "张伟 🎓", "line\nbreak"])
def test_odd_names_come_back_as_they_were(name: str) -> None:
    """Commas, quotes, line ends and any script survive, for the csv module and for pandas."""
    table = grades_csv([row(name)], PARTS, POINTS)
    assert read(table)[0]["submission"] == name
    assert pandas.read_csv(io.BytesIO(table))["submission"][0] == name


def test_the_greatest_scores_are_a_line_of_their_own() -> None:
    """On request the second line holds the points, as some gradebooks want them."""
    first, _ = read(grades_csv([row("ada")], PARTS, POINTS, max_points_row=True))
    assert list(first.values()) == ["max points", "", "10.0", "10.0", "4.0", "6.0"]


@given(
    st.lists(st.tuples(TEXTS, NUMBERS, NUMBERS), max_size=4),
    st.lists(TEXTS, min_size=2, max_size=2, unique=True),
)
def test_it_is_what_pandas_would_write(
    lines: list[tuple[str, float | None, float | None]], parts: list[str]
) -> None:
    """Byte for byte: quotes, line ends, how a number is written."""
    rows = [
        Row(submission=harmless(name), status=Status.GRADED, score=score, max_score=10.0, parts=(part, 0.1))
        for name, score, part in lines
    ]
    columns = [harmless(part) for part in parts]
    table: str = class_table(rows, columns).to_csv(index=False, lineterminator="\r\n")
    assert grades_csv(rows, columns, POINTS) == table.encode()
