"""A small handout on disk, whose public checks run in a moment, and what a student may put into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.tiny_assignment import RIGHT, STAND_INS, TOML

PROBES = """
import torch


def doubled(student, device, *, x):
    return {"y": student.double(torch.tensor(x))}


def scaled(student, device, *, x, factor):
    return {"y": student.Scale(factor)(torch.tensor(x))}


def twice_doubled(student, device, *, x):
    return {"y": student.use_double(torch.tensor(x))}
"""

TEST_BASICS = '''
import pytest

from grader.check.examples import agrees, whole

pytestmark = pytest.mark.exercise("double")


def test_double(student):
    """`double` doubles."""
    agrees(student.doubled("double(x) with x (2,)", x=whole([1, -2]))["y"], [2, -4])
'''

TEST_LAYERS = '''
import pytest

from grader.check.examples import agrees, whole


@pytest.mark.exercise("Scale")
def test_scale(student):
    """`Scale(3)` triples."""
    agrees(student.scaled("Scale(3)(x)", x=whole([1, 2, 5]), factor=3.0)["y"], [3, 6, 15])


@pytest.mark.exercise("use_double")
@pytest.mark.stand_ins("nothing")
def test_use_double(student):
    """`use_double` doubles twice."""
    agrees(student.twice_doubled("use_double(x)", x=whole([1, 7]))["y"], [4, 28])
'''

CLOSED = 'operations = ["aten::mul"]\ninstead = "a sum"'
"""The part that forbids `torch.mul` closes the operator, too."""

PYTEST = '[tool.pytest.ini_options]\ntestpaths = ["public"]\naddopts = "-p grader.check.plain"\n'


@dataclass(frozen=True)
class Homework:
    """`folder` is the handout."""

    folder: Path
    right: str = RIGHT

    def write(self, text: str, name: str = "tiny.py") -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file


def make(folder: Path) -> Homework:
    homework = Homework(folder / "handout")
    homework.write(TOML.replace('instead = "a sum"', CLOSED), "assignment.toml")
    homework.write(PYTEST, "pyproject.toml")
    homework.write(PROBES, "public/probes.py")
    homework.write(STAND_INS, "public/stand_ins.py")
    homework.write(TEST_BASICS, "public/test_basics.py")
    homework.write(TEST_LAYERS, "public/test_layers.py")
    return homework
