"""Class lists as the platforms export them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.intake import Enrolled, Found, not_handed_in, read_roster

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section
    Points Possible,,,,
"Lovelace, Ada",1234,s77,ada1,A
"Student, Test",99,,,A
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CANVAS, [Enrolled(student="1234", name="Lovelace, Ada", aliases=("s77", "ada1", "Lovelace, Ada"))]),
        ("Name;SID;Email\nAda;77;a@b\n;;\n", [Enrolled(student="77", name="Ada", aliases=("a@b",))]),
        ("\ufeffIdentifier,Full name\nParticipant 12,Ada\n", [Enrolled(student="12", name="Ada")]),
        ("student\nada\n", [Enrolled(student="ada", name="ada")]),
        ("identifier\tgithub_username\ns1\tadal\n", [Enrolled(student="s1", aliases=("adal",))]),
    ],
    ids=["canvas", "gradescope", "moodle", "plain", "github"],
)
def test_exports(text: str, expected: list[Enrolled], tmp_path: Path) -> None:
    """Each gives ids, names and aliases; lines that are no students are left out."""
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    assert list(read_roster(path)) == expected


@pytest.mark.parametrize("text", ["", "colour,shape\nred,round\n", "\0\0\n\0"])
def test_a_list_without_ids_is_the_users_error(text: str, tmp_path: Path) -> None:
    """With what to do about it."""
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match="column that identifies students"):
        read_roster(path)


def test_latin_1_is_read(tmp_path: Path) -> None:
    """As spreadsheets write it."""
    path = tmp_path / "roster.csv"
    path.write_bytes("id,name\n1,Zoë\n".encode("cp1252"))
    assert read_roster(path)[0].name == "Zoë"


def test_who_is_missing(tmp_path: Path) -> None:
    """Those of whom nothing was found, whichever of their ids the layout knows."""
    roster = [Enrolled(student=str(n), aliases=(f"u{n}",)) for n in range(4)]
    found = [
        Found(id="a", student="0", path=tmp_path, layout="plain"),
        Found(id="b", student="U1", path=tmp_path, layout="plain"),
        Found(id="c", student="x", aliases=("u2",), path=tmp_path, layout="plain"),
    ]
    assert [student.student for student in not_handed_in(roster, found)] == ["3"]
