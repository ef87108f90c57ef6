"""Where the reader of each page is while copying its commands, and what is particular to a few of them.

A new page with `sh` blocks needs an entry in STORIES.  A command that can't be run here: NOT_RUN, with its reason.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.docs.reading import ROOT, handed_out

NEEDS_A_GPU: Final = "it needs a GPU, and refuses where there is none"

NOT_RUN: Final = {
    "grade batch submissions/ -a hw8 -o OUT --device cuda": NEEDS_A_GPU,
    "grade batch submissions/ -a hw8 -o OUT --device cuda --gpu-jobs 4": NEEDS_A_GPU,
    "grade check --device cuda": NEEDS_A_GPU,
    'pip install "forgeproof-grader[ray]"': "it is for who has no checkout; the tests' environment has Ray",
    "grade batch submissions/ -a hw8 -o results/ --executor ray --address head-node:6379": "it needs a cluster; "
    "tests/batch/test_remote.py makes one",
    "./test": "it is what runs this",
    "python -m venv .venv": "with the lines after it: the environment is made from a package registry",
    "source .venv/bin/activate": "see above",
    "pip install .": "see above",
    'pip install "$GRADER_SOURCE"': "the address is the course's",
}

MAY_BE_MISSING: Final = frozenset({"sqlite3"})
"""Programs that are neither the project's nor needed by it; where one is not installed its page is skipped."""

SLOW: Final = frozenset(
    {
        "./demo",
        ".venv/bin/grade run solutions/hw8/sample_class/blaise.py -a hw8",
        "grade check --all",
        "grade check --part Conv2d",
        "grade check --part tensors",
        "grade doctor",
        "grade run submissions/ada.ipynb -a hw8 --seed 1f2e",
        "grade validate course/assignments/hw9 --only 'wrong/*'",
        "grade validate course/assignments/hw9 --seeds 3",
    }
)
"""They train, try the whole wall or say what a line before them said: run with `-m slow` only."""

SUBMISSIONS: Final = {
    "ada.ipynb": "handout_half_done.ipynb",
    "emil.py": "tensors_only.py",
    "grace.py": "linear_and_mse_only.py",
}
"""Unfinished work, so that nothing is trained."""

ROSTER: Final = "id,name\nada,Ada Lovelace\nemil,Emil Artin\ngrace,Grace Hopper\nzoe,Zoe Weil\n"

CANVAS: Final = (
    "Student,ID,SIS User ID,SIS Login ID,Section,hw8 (102)\n"
    "    Points Possible,,,,,100.00\n"
    "Lovelace,4711,S1,ada,CS 1,\n"
    "Artin,4712,S2,emil,CS 1,\n"
    "Hopper,4713,S3,grace,CS 1,\n"
)

MOODLE: Final = (
    'Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade","Grade can be changed"\n'
    '"Participant 501","Ada Lovelace",ada,ada@example.edu,Submitted,,100.00,Yes\n'
    '"Participant 502","Emil Artin",emil,emil@example.edu,Submitted,,100.00,Yes\n'
    '"Participant 503","Grace Hopper",grace,grace@example.edu,Submitted,,100.00,Yes\n'
)


def a_class(folder: Path) -> None:
    """A course's folder: submissions, a class list, and what the LMS exported."""
    (folder / "submissions").mkdir(parents=True)
    for handed_in, source in SUBMISSIONS.items():
        shutil.copy(ROOT / "solutions" / "hw8" / "partial" / source, folder / "submissions" / handed_in)
    (folder / "roster.csv").write_text(ROSTER)
    (folder / "Grades-CS1.csv").write_text(CANVAS)
    (folder / "2026-03-08_Grades-CS1.csv").write_text(CANVAS)
    (folder / "worksheet.csv").write_text(MOODLE)


def nothing(folder: Path) -> None:
    """An empty folder."""
    folder.mkdir()


def a_handout(folder: Path) -> None:
    """hw8's, with the notebook solved and the module deleted."""
    for path, content in handed_out().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (folder / "hw8.py").unlink()
    shutil.copy(ROOT / "solutions" / "hw8" / "hw8.ipynb", folder / "hw8.ipynb")


def a_checkout(folder: Path) -> None:
    """The project as it is cloned, with the environment that `./demo` has made."""
    made = ROOT / ".venv" / "ready"
    sources = [(ROOT / file).read_bytes() for file in ("pyproject.toml", "constraints.txt")]
    wanted = subprocess.run(["cksum"], input=b"".join(sources), capture_output=True, check=True).stdout
    if not made.is_file() or made.read_bytes() != wanted:
        pytest.skip("./demo or ./test has not made .venv here")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no checkout of Git's")
    for path in listed.stdout.decode().split("\0"):
        if path and (ROOT / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    (folder / ".venv").symlink_to(ROOT / ".venv")


GRADED: Final = "a graded class"
"""The folder of `a_class` once `grade batch` has run; made once a session."""

STORIES: Final[dict[str, Callable[[Path], None] | str]] = {
    "README.md": a_checkout,
    "docs/authors.md": nothing,
    "docs/ci.md": a_handout,
    "docs/exports.md": GRADED,
    "docs/gradebook.md": GRADED,
    "docs/policy.md": GRADED,
    "docs/scaling.md": GRADED,
    "docs/students.md": a_handout,
    "docs/tas.md": GRADED,
    "docs/writing-an-assignment.md": nothing,
    "student_template/README.md": a_handout,
}
