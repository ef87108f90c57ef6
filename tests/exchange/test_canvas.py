"""Canvas's gradebook: the right cell of the right student, and no other byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.exchange.canvas import fill_gradebook
from grader.exchange.course import Filled
from grader.exchange.matching import unmatched_csv
from grader.exchange.sheet import read_sheet
from tests.exchange.graded import graded

HEADER = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Notes,hw7 (101),hw8 (102),"
    "Homework Current Score,Homework Final Score,Final Grade\r\n"
)
POSTING = ",,,,,,Manual Posting,,,,\r\n"
POINTS = "    Points Possible,,,,,,10.00,100.00,(read only),(read only),(read only)\r\n"
STUDENTS = (
    '"Lovelace, Ada",4711,S1,ada@example.edu,"CS 1, and ""Lab""",,9.00,,90.00,45.00,F\r\n'
    '"O\'Neil, Zoë",4712,S2,zoe,CS 1,"=1+1",,55.50,,,\r\n'
    "Bool,4713,S3,george,CS 1,,8.00,EX,,,\r\n"
    "Turing,4714,S4,alan,CS 1,,8.00,N/A,,,\r\n"
    '"Student, Test",4799,,a1b2c3,CS 1,,,,,,\r\n'
)
GRADEBOOK = "\ufeff" + HEADER + POSTING + POINTS + STUDENTS


def fill(folder: Path, *scores: object, text: str = GRADEBOOK, **options: object) -> Filled:
    (folder / "course.csv").write_bytes(text.encode())
    return fill_gradebook(read_sheet(folder / "course.csv"), list(scores), "hw8", **options)  # type: ignore[arg-type]


def reasons(done: Filled) -> dict[str, str]:
    return {one.graded.submission: one.reason for one in done.left}


def test_only_the_cells_of_those_who_are_found_change(tmp_path: Path) -> None:
    """By login, SIS id or Canvas id, capitals aside; mark, quotes, other columns and the test student stay."""
    done = fill(tmp_path, graded("ADA@example.edu"), graded("s2", 61.0))
    expected = GRADEBOOK.replace('""Lab""",,9.00,,', '""Lab""",,9.00,92.5,').replace(
        '"=1+1",,55.50', '"=1+1",,61'
    )
    assert done.content == expected.encode()
    assert (done.count, done.lines_without, done.left) == (2, 2, ())


def test_a_download_of_canvas_is_matched_by_canvass_own_id(tmp_path: Path) -> None:
    """The number in the file's name is the column ID and nothing else."""
    done = fill(tmp_path, graded("lovelaceada_4711_9_hw8", 70.0, "4711", layout="canvas"))
    assert b",9.00,70,90.00" in done.content
    swapped = GRADEBOOK.replace("4711,S1", "1,4711")
    assert reasons(fill(tmp_path, graded("x", 70.0, "4711", layout="canvas"), text=swapped)) == {
        "x": "is not in the course's file"
    }


def test_who_is_not_there_or_not_alone_is_listed_and_nothing_guessed(tmp_path: Path) -> None:
    """A name alone is no id; a number that is one's ID and another's SIS id; two submissions for one line."""
    done = fill(
        tmp_path,
        graded("Lovelace, Ada"),
        graded("mixed", 1.0, "4711", "zoe"),
        graded("g1", 1.0, "george"),
        graded("g2", 2.0, "S3"),
        graded("participant", 3.0, "4712", layout="moodle"),
    )
    assert done.content == GRADEBOOK.encode()
    assert reasons(done) == {
        "Lovelace, Ada": "is not in the course's file",
        "mixed": "may be in any of lines 4, 5",
        "g1": "is not the only one for line 6",
        "g2": "is not the only one for line 6",
        "participant": "is not in the course's file",
    }
    assert (
        unmatched_csv(done.left)
        .decode()
        .splitlines()[1]
        .startswith('"Lovelace, Ada","Lovelace, Ada",,92.5,is not')
    )


def test_excused_and_unassigned_students_and_withheld_scores_are_left_alone(tmp_path: Path) -> None:
    """What somebody decided in Canvas stands; a score that does not exist is not a zero."""
    done = fill(tmp_path, graded("george"), graded("alan"), graded("zoe", None))
    assert done.content == GRADEBOOK.encode()
    assert list(reasons(done).values()) == [
        "does not have this assignment in Canvas",
        "is excused in Canvas",
        "has no score: it could not be checked",
    ]


def test_a_student_who_is_there_twice_is_listed(tmp_path: Path) -> None:
    """Two lines with the same id: nobody knows which counts."""
    twice = GRADEBOOK + '"Lovelace, Ada",4711,S1,ada@example.edu,CS 2,,,,,,\r\n'
    assert reasons(fill(tmp_path, graded("S1"), text=twice)) == {"S1": "may be in any of lines 4, 9"}


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    """As Canvas writes them in other countries; first and last names in columns of their own."""
    text = (
        "LastName;FirstName;ID;SIS Login ID;Section;hw8 (102)\n"
        "    Points Possible;;;;;100,00\nLovelace;Ada;4711;ada;101,102;\n"
    )
    assert fill(tmp_path, graded("ada"), text=text).content.decode().endswith(";101,102;92,5\n")


@pytest.mark.parametrize("column", ["hw7", "HW7 (101)", "101"])
def test_the_column_is_named(tmp_path: Path, column: str) -> None:
    """By its title with or without the number, or by the number; scores converted where asked for."""
    done = fill(tmp_path, graded("zoe"), column=column, scale=True)
    assert b'"=1+1",9.25,55.50' in done.content


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (GRADEBOOK, {"column": "hw9"}, "no column is called 'hw9'.*'hw7 .101.', 'hw8 .102.'"),
        (GRADEBOOK.replace("hw7 (101)", "hw8 (101)"), {}, "several columns are called 'hw8'"),
        (GRADEBOOK, {"column": "hw7"}, "gives 10 points, the assignment has 100.*--scale"),
        (GRADEBOOK.replace("100.00,(read", "(read only),(read"), {}, "is read only"),
        ("name,score\nada,1\n", {}, "not a gradebook exported from Canvas"),
    ],
)
def test_what_is_not_clear_is_refused(
    tmp_path: Path, text: str, options: dict[str, object], says: str
) -> None:
    """With the columns there are, or what to do."""
    with pytest.raises(UsageError, match=says):
        fill(tmp_path, graded("ada"), text=text, **options)
