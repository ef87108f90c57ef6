"""IPython's extras become Python or nothing, and every line stays where it was."""

from __future__ import annotations

import pytest

from grader.intake.magics import plain_python, without_magics


@pytest.mark.parametrize(
    ("cell", "line", "code"),
    [
        ("!pip install \\\n  torch \\\n  numpy\nx = 1", 4, "x = 1"),
        ("%matplotlib inline\nx = 1", 2, "x = 1"),
        ("files = !ls\nx = 1", 2, "x = 1"),
        ("x?\nx = 1", 2, "x = 1"),
        ("??x\nx = 1", 2, "x = 1"),
        ("%time x = 1", 1, "x = 1"),
        ("\n\n%%time\n\nx = 1", 5, "x = 1"),
        ("%%capture out\nx = 1", 2, "x = 1"),
        (">>> x = 1\n>>> y = 2", 2, "y = 2"),
        ("In [3]: import os\n   ...: x = 1", 2, "x = 1"),
        ("if a:\n    !ls\n    x = 1", 3, "    x = 1"),
        ("%run tools.py", 1, "from tools import *"),
        ("    x = 1\n    %who", 1, "x = 1"),
    ],
)
def test_lines_stay_in_place(cell: str, line: int, code: str) -> None:
    """A cell with a magic parses, and the student's code is on the student's line."""
    plain = plain_python(cell, "hw8")
    assert plain.tree is not None, plain.fault
    assert plain.text.split("\n")[line - 1].rstrip() == code


def test_python_is_left_alone() -> None:
    """What looks like a magic inside valid Python isn't one."""
    cell = 'text = """\n%matplotlib inline\n!ls\n"""\nx = (7\n% 3)'
    assert plain_python(cell, "hw8").text == cell


@pytest.mark.parametrize("magic", ["bash", "html", "javascript", "timeit", "sh -e", "script python"])
def test_cells_that_run_elsewhere_are_skipped(magic: str) -> None:
    """With the magic's name in the reason."""
    plain = plain_python(f"%%{magic}\nrm -rf /", "hw8")
    assert plain.tree is None
    assert plain.skipped is not None
    assert magic.split()[0] in plain.skipped


def test_written_files_are_kept_apart() -> None:
    """A `%%writefile` is a file, the module itself written so is code."""
    assert plain_python("%%writefile a.py\nx = 1", "hw8").writes == (("a.py", "x = 1"),)
    assert plain_python("%%writefile ./hw8.py\nx = 1", "hw8").tree is not None


def test_very_many_magics_are_taken_by_their_look() -> None:
    """IPython's transformer takes the whole cell again for each."""
    text = without_magics("!ls\n" * 5000 + "x = 1")
    assert text.split("\n")[0] == "pass"
    assert text.split("\n")[5000] == "x = 1"
