"""Downloads of learning platforms are recognised, and of each student the latest attempt counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.intake import Contract, Found, Submission, find_submissions, passed_over, read_submission
from tests.intake.handins import lay_out

LINEAR = "class Linear:\n    pass\n"


def by_student(found: tuple[Found, ...]) -> dict[str, Found]:
    """What counts of each student."""
    return {one.student: one for one in found if one.counts}


def test_canvas(tmp_path: Path, contract: Contract) -> None:
    """Name, user id, lateness; a name handed in again is a later attempt, other names belong to the same."""
    lay_out(
        tmp_path,
        {
            "lovelaceada_1234_5001_hw8.py": LINEAR,
            "lovelaceada_1234_5002_hw8-1.py": LINEAR,
            "hopper_grace_late_1235_5003_hw8.py": "from my_tools import Base\nclass Linear(Base): pass",
            "hopper_grace_late_1235_5004_my_tools.py": "class Base: pass",
        },
    )
    found = find_submissions(tmp_path)
    counted = by_student(found)
    assert (len(found), len([one for one in found if one.counts])) == (3, 2)
    assert {one.layout for one in found} == {"canvas"}
    assert (counted["1234"].attempt, counted["1234"].late) == (2, False)
    assert counted["1234"].path.name == "lovelaceada_1234_5002_hw8-1.py"
    assert (counted["1235"].name, counted["1235"].late) == ("hopper_grace", True)
    read = read_submission(counted["1235"], contract)
    assert isinstance(read, Submission)
    assert (read.reading.file, list(read.files)) == ("hw8.py", ["my_tools.py"])


def test_links_among_files_side_by_side_are_not_followed(tmp_path: Path, contract: Contract) -> None:
    """They are passed over, and this is told."""
    lay_out(tmp_path, {"ada_1_2_hw8.py": LINEAR, ".secret": "x"})
    (tmp_path / "ada_1_3_data.csv").symlink_to(tmp_path / ".secret")
    read = read_submission(find_submissions(tmp_path)[0], contract)
    assert isinstance(read, Submission)
    assert read.files == {}
    assert "data.csv can't be read" in read.reading.notes[0]


def test_a_first_hand_in_named_like_a_second_is_the_first(tmp_path: Path) -> None:
    """`hw8-2.py` alone is a name, not an attempt."""
    lay_out(tmp_path, {"ada_1_2_hw8-2.py": LINEAR})
    assert find_submissions(tmp_path)[0].attempt == 1


GRADESCOPE = """\
submission_77:
  :submitters:
  - :name: Ada Lovelace
    :sid: '1234'
    :email: ada@example.edu
  :created_at: 2026-03-01 20:14:22.5 Z
submission_78:
  :submitters:
  - :name: Ada Lovelace
    :sid: '1234'
    :email: ada@example.edu
  - :name: Grace Hopper
    :sid: '1235'
    :email: grace@example.edu
  :created_at: 2026-03-02 09:00:00 +01:00
"""


def test_gradescope(tmp_path: Path) -> None:
    """The metadata tell students and times; a group's submission counts for each of them."""
    lay_out(tmp_path, {"submission_metadata.yml": GRADESCOPE})
    lay_out(tmp_path, {"submission_77/hw8.py": LINEAR, "submission_78/hw8.py": LINEAR})
    found = find_submissions(tmp_path)
    counted = by_student(found)
    assert len(found) == 3
    assert counted["1234"].attempt == 2
    assert counted["1234"].submitted_at == "2026-03-02T08:00:00+00:00"
    assert counted["1234"].path == counted["1235"].path == tmp_path / "submission_78"
    assert counted["1235"].aliases == ("grace@example.edu",)


@pytest.mark.parametrize("content", ["- a list", "{", "a: &a [*a, *a]\nb: !!python/object:os.system x"])
def test_broken_metadata_are_the_users_error(tmp_path: Path, content: str) -> None:
    """With the file's name, and nothing constructed from it."""
    lay_out(tmp_path, {"submission_metadata.yml": content})
    with pytest.raises(UsageError, match=r"submission_metadata\.yml"):
        find_submissions(tmp_path)


def test_moodle(tmp_path: Path, contract: Contract) -> None:
    """Folders of students, or their files side by side; texts typed online are passed over."""
    lay_out(
        tmp_path,
        {
            "Ada Lovelace_1234_assignsubmission_file_/hw8.py": LINEAR,
            "Grace Hopper_1235_assignsubmission_file_hw8.py": LINEAR,
            "Grace Hopper_1235_assignsubmission_file_tools.py": "x = 1",
            "Grace Hopper_1235_assignsubmission_onlinetext_/onlinetext.html": "<p>",
        },
    )
    found = by_student(find_submissions(tmp_path))
    assert {student: one.name for student, one in found.items()} == {
        "1234": "Ada Lovelace",
        "1235": "Grace Hopper",
    }
    assert all(isinstance(read_submission(one, contract), Submission) for one in found.values())
    assert sorted(found["1235"].members) == ["hw8.py", "tools.py"]


def test_repositories_of_a_class(tmp_path: Path) -> None:
    """A folder per student with the class's prefix, which the student's id does without."""
    for name in ("hw8-ada", "hw8-alan-t", "hw8-grace"):
        lay_out(tmp_path / name, {".git/HEAD": "x", "hw8.py": LINEAR})
    found = find_submissions(tmp_path)
    assert [(one.id, one.student, one.layout) for one in found] == [
        ("hw8-ada", "ada", "github"),
        ("hw8-alan-t", "alan-t", "github"),
        ("hw8-grace", "grace", "github"),
    ]


def test_a_plain_folder(tmp_path: Path) -> None:
    """Every notebook, module, zip and folder is a submission; other files are not."""
    lay_out(
        tmp_path,
        {
            "ada.py": "",
            "bob.ipynb": "",
            "cy/hw8.py": "",
            "dee.zip": "",
            "grades.csv": "",
            ".hidden.py": "",
            "README.md": "",
        },
    )
    assert [(one.id, one.student, one.layout) for one in find_submissions(tmp_path)] == [
        (name, name, "plain") for name in ("ada", "bob", "cy", "dee")
    ]


def test_files_that_are_nobodys_are_named(tmp_path: Path) -> None:
    """In a download, too: a notebook that a browser saved as text is a student's who would have no line."""
    lay_out(
        tmp_path,
        {
            "ada.ipynb.txt": "",
            "bob.py": "",
            "roster.csv": "",
            ".hidden.txt": "",
            "cy_101_5001_notes.txt": "",
            "Dee D_77_assignsubmission_file_work.pdf": "",
            "new\nline.md": "",
        },
    )
    assert passed_over(tmp_path) == ("ada.ipynb.txt", "new?line.md", "roster.csv")


def test_a_gradescope_export_passes_over_nothing(tmp_path: Path) -> None:
    """Its list of submissions tells whose each is."""
    lay_out(tmp_path, {"submission_metadata.yml": "{}", "readme.txt": ""})
    assert passed_over(tmp_path) == ()


def test_ids_are_distinct_where_capitals_do_not_matter(tmp_path: Path) -> None:
    """A result is a file by the id, on any file system."""
    lay_out(tmp_path, {"Ada.py": "", "ada.py": "", "ada.ipynb": ""})
    assert [one.id for one in find_submissions(tmp_path)] == ["Ada", "ada~2", "ada~3"]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """Is the user's error, told with its name."""
    with pytest.raises(UsageError, match="nowhere"):
        find_submissions(tmp_path / "nowhere")
