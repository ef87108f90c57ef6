"""Moodle's grading worksheet: the right participant's grade, and no other byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.exchange.course import Filled
from grader.exchange.moodle import fill_worksheet
from grader.exchange.sheet import read_sheet
from tests.exchange.graded import graded

HEADER = (
    'Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
)
WORKSHEET = (
    "\ufeff"
    + HEADER
    + '"Participant 501","Ada Lovelace",m1,ada@example.edu,"Submitted for grading - ",,100.00,Yes,'
    '"Monday, 2 March 2026, 1:02 AM",-,"<p>So far, ""so"" good</p>"\n'
    '"Participant 502","Zoë O\'Neil",m2,zoe@example.edu,"No submission - ",,100.00,Yes,-,-,\n'
    '"Participant 503","George Boole",m3,george@example.edu,"Graded - ",50.00,100.00,No,-,"Sunday, 1 March 2026",\n'
)


def fill(folder: Path, *scores: object, text: str = WORKSHEET, **options: object) -> Filled:
    (folder / "sheet.csv").write_bytes(text.encode())
    return fill_worksheet(read_sheet(folder / "sheet.csv"), list(scores), **options)  # type: ignore[arg-type]


def test_only_the_grades_of_those_who_are_found_change(tmp_path: Path) -> None:
    """A download's number is the participant's; others are known by their address or id number."""
    done = fill(tmp_path, graded("Ada Lovelace_501", 92.5, "501", layout="moodle"), graded("M2", 7.0))
    expected = WORKSHEET.replace('grading - ",,100', 'grading - ",92.5,100').replace(
        'No submission - ",,', 'No submission - ",7,'
    )
    assert done.content == expected.encode()
    assert (done.count, done.lines_without, done.left) == (2, 1, ())


def test_who_is_not_there_is_listed(tmp_path: Path) -> None:
    """Canvas's ids are not participants' numbers, a participant's number is no id number, a locked grade stays."""
    done = fill(
        tmp_path,
        graded("c", 1.0, "501", layout="canvas"),
        graded("p", 1.0, "501"),
        graded("george@example.edu"),
    )
    assert done.content == WORKSHEET.encode()
    assert {one.graded.submission: one.reason for one in done.left} == {
        "c": "is not in the course's file",
        "p": "is not in the course's file",
        "george@example.edu": "Moodle does not let this grade be changed",
    }


def test_another_language(tmp_path: Path) -> None:
    """Semicolons, decimal commas, and the grades' column named by hand."""
    text = "Kennung;Vollständiger Name;Bewertung;Maximum Grade\nTeilnehmer/in501;Ada;;100,00\n"
    done = fill(tmp_path, graded("a", 92.5, "501", layout="moodle"), text=text, column="Bewertung")
    assert done.content.decode().endswith(";Ada;92,5;100,00\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,grade\nada,1\n", "not Moodle's grading worksheet.*there are: name, grade"),
        (WORKSHEET.replace("100.00", "10.00"), "gives 10 points, the assignment has 100"),
        (WORKSHEET.replace("50.00,100.00", "50.00,60.00"), "differs from line to line"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """With what is wrong and what to do."""
    with pytest.raises(UsageError, match=says):
        fill(tmp_path, graded("m1"), text=text)
