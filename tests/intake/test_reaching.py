"""Reaching round what watches over a part's operations counts as a forbidden call, there and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.intake import Submission, read_submission
from grader.intake.forbidden import code_of, find_forbidden
from grader.intake.records import Contract, Hit
from grader.sandbox.protocol import ForbiddenRule

CONTRACT = Contract(names=("Linear", "accuracy"))
RULES = (ForbiddenRule(names=("torch.nn.Linear",), instead="a matrix product"),)
REACHES = (
    "import grader.sandbox.watch as w; w.watching = None",
    "import sys; sys._getframe(1)",
    "import sys; sys.settrace(print)",
    "import gc; gc.get_objects()",
    "from ctypes import CDLL; CDLL(None)",
    "import torch; torch._C.DisableTorchFunction()",
    "import torch; torch.library.Library('aten', 'IMPL')",
    "import torch; getattr(torch._C, '_dispatch_' + 'library')()",
)


def hits(
    tmp_path: Path, source: str, rules: tuple[ForbiddenRule, ...], exercise: str = "Linear"
) -> list[Hit]:
    file = tmp_path / "hw8.py"
    file.write_text(source, encoding="utf-8")
    read = read_submission(file, CONTRACT)
    assert isinstance(read, Submission)
    return find_forbidden(code_of(read, CONTRACT), [exercise], rules)


def function(body: str, name: str = "Linear") -> str:
    return f"def {name}(*given):\n    {body}\n"


@pytest.mark.parametrize("body", REACHES)
def test_reaching_round_the_watch_is_found(body: str, tmp_path: Path) -> None:
    """Where a part forbids something, so is taking apart what sees to it."""
    assert hits(tmp_path, function(body), RULES)


@pytest.mark.parametrize("body", REACHES)
def test_where_nothing_is_forbidden_it_costs_nothing(body: str, tmp_path: Path) -> None:
    """A part without rules has nothing to watch."""
    assert hits(tmp_path, function(body), ()) == []


def test_it_is_not_held_against_another_exercise(tmp_path: Path) -> None:
    """What `accuracy` does is not `Linear`'s fault."""
    source = function("return given") + function(REACHES[1], "accuracy")
    assert hits(tmp_path, source, RULES) == []


@pytest.mark.parametrize(
    "body", ["import gc; gc.collect()", "import sys; sys.getsizeof(1)", "import threading"]
)
def test_ordinary_uses_of_the_same_modules_cost_nothing(body: str, tmp_path: Path) -> None:
    """Collecting garbage, threads and sizes are nobody's business."""
    assert hits(tmp_path, function(body), RULES) == []
