"""What a test depends on, found in its source: never less than it is, and seldom more."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.batch.definitions import Source, closure_of

FILES = {
    "test_one.py": '''
"""A module's docstring is nobody's business."""
import oracles
import tables as t
from helpers import shared, SIZE as size
import numpy as np

LIMIT = 3
OTHER = 4


def check(answer):
    assert answer < LIMIT


def test_a(student):
    check(student.add(1, expected=oracles.plus(1)))


def test_b(student):
    student.each("multiply", [shared(size)])
    np.add(1, 1)


def test_c():
    assert t


def test_d(seasoned):
    assert OTHER


def test_e():
    eval("LIMIT")
''',
    "oracles.py": """
from helpers import SIZE


def plus(x):
    return x + SIZE


def minus(x):
    return x - 1
""",
    "helpers.py": """
SIZE = 2


def shared(x):
    return x


def unshared(x):
    return x
""",
    "tables.py": "TABLE = {}\nTABLE['k'] = 1\n",
    "probes.py": """
def add(student, device, *, x):
    return wrapped(student.add(x))


def multiply(student, device, *, x):
    return student.add(x)
""",
    "probes_more.py": "def wrapped(value):\n    return {'y': value}\n",
    "conftest.py": """
import pytest


@pytest.fixture
def seasoned():
    return salt()


def salt():
    return 1
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def needs(folder: Path, test: str) -> list[str]:
    """What the closure of a test says, as one text for each unit."""
    return closure_of(Source(folder), "test_one", [test], ["conftest"]).digests()


def touched(folder: Path, file: str, old: str, new: str) -> set[str]:
    """The tests that need something else after an edit."""
    tests = ["test_a", "test_b", "test_c", "test_d"]
    before = {test: needs(folder, test) for test in tests}
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return {test for test in tests if needs(folder, test) != before[test]}


@pytest.mark.parametrize(
    ("file", "old", "new", "tests"),
    [
        ("test_one.py", "student.add(1,", "student.add(2,", {"test_a"}),
        ("test_one.py", "LIMIT = 3", "LIMIT = 5", {"test_a"}),
        ("test_one.py", "answer < LIMIT", "answer <= LIMIT", {"test_a"}),
        ("test_one.py", "OTHER = 4", "OTHER = 5", {"test_d"}),
        ("oracles.py", "x + SIZE", "SIZE + x", {"test_a"}),
        ("oracles.py", "x - 1", "x - 2", set()),
        ("helpers.py", "SIZE = 2", "SIZE = 3", {"test_a", "test_b"}),
        ("helpers.py", "def unshared(x):\n    return x", "def unshared(x):\n    return 1", set()),
        ("probes.py", "wrapped(student.add(x))", "wrapped(student.add(-x))", {"test_a"}),
        ("probes.py", "return student.add(x)", "return student.add(-x)", {"test_b"}),
        ("probes_more.py", "'y'", "'z'", {"test_a"}),
        ("tables.py", "TABLE['k'] = 1", "TABLE['k'] = 2", {"test_c"}),
        ("conftest.py", "return 1", "return 2", {"test_a", "test_b", "test_c", "test_d"}),
        ("test_one.py", "LIMIT = 3", "# a comment\nLIMIT  =  3", set()),
        ("test_one.py", "LIMIT = 3", "NEW = 1\nLIMIT = 3", set()),
        ("test_one.py", "LIMIT = 3", "np.seterr(all='raise')\nLIMIT = 3", {"test_a", "test_b", "test_c", "test_d"}),
    ],
)  # fmt: skip
def test_an_edit_touches_what_needs_it(folder: Path, file: str, old: str, new: str, tests: set[str]) -> None:
    """Helpers, constants, oracles, probes by name or by text, whole modules, statements that act by themselves."""
    assert touched(folder, file, old, new) == tests


def test_a_test_that_makes_names_depends_on_everything(folder: Path) -> None:
    """Where the source can't tell, the whole folder counts."""
    assert closure_of(Source(folder), "test_one", ["test_e"]).everything
    assert closure_of(Source(folder), "test_one", ["test_made_while_running"]).everything
    assert not closure_of(Source(folder), "test_one", ["test_a"]).everything


@pytest.mark.parametrize(
    ("extra", "test"),
    [
        ("import importlib\ndef test_x():\n    importlib.import_module('oracles')\n", "test_x"),
        ("def test_x():\n    globals()['check']\n", "test_x"),
    ],
)
def test_looking_names_up_while_running_depends_on_everything(folder: Path, extra: str, test: str) -> None:
    """The ways around names that can be seen."""
    with (folder / "test_one.py").open("a") as file:
        file.write(extra)
    assert closure_of(Source(folder), "test_one", [test]).everything


@pytest.mark.parametrize(
    "test",
    [
        "def test_x():\n    from oracles import minus\n    minus(1)\n",
        "def test_x():\n    import oracles as o\n    o.minus(1)\n",
        "def test_x():\n    import oracles as o\n    f = o\n    f.minus(1)\n",
        "from oracles import *\ndef test_x():\n    minus(1)\n",
        "import oracles\ntest_x = oracles.minus\n",
        "class test_x:\n    def test_in_class(self):\n        oracles.minus(2)\n",
        "def test_x(monkeypatch):\n    monkeypatch.setattr('oracles', 'x', getattr(oracles, 'minus'))\n",
    ],
)
def test_however_a_helper_is_reached(folder: Path, test: str) -> None:
    """Imports within functions, aliases, stars, classes: an edit of `oracles.minus` is always seen."""
    with (folder / "test_one.py").open("a") as file:
        file.write(test)
    before = needs(folder, "test_x")
    text = (folder / "oracles.py").read_text()
    (folder / "oracles.py").write_text(text.replace("x - 1", "x - 2"))
    assert needs(folder, "test_x") != before


def test_fixtures_that_nobody_asks_for_count(folder: Path) -> None:
    """An autouse fixture acts on every test of its module."""
    fixture = "import pytest\n@pytest.fixture(autouse=True)\ndef always():\n    return 1\n"
    with (folder / "test_one.py").open("a") as file:
        file.write(fixture)
    assert touched(folder, "test_one.py", "    return 1", "    return 2") == {
        "test_a",
        "test_b",
        "test_c",
        "test_d",
    }
