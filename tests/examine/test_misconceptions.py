"""Misconceptions are read from an assignment's files without executing them."""

from __future__ import annotations

import types
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.examine.misconceptions import misconceptions_source, read_misconceptions
from grader.sandbox.misconception import applied, changed, misconception

FIRST = """
import nowhere

@misconception("Layer.forward", aspect="bias", says="has no bias", hint="The bias "
    "is   missing.")
def no_bias(right, self, x): ...

def helper(): ...
"""


def test_names_targets_and_hints_are_read(tmp_path: Path) -> None:
    """Hints are one line; functions without the mark are none; nothing is imported."""
    (tmp_path / "misconceptions_b.py").write_text(FIRST)
    (tmp_path / "misconceptions_a.py").write_text("@misconception('f', hint='h')\ndef g(right): ...\n")
    first, second = read_misconceptions(tmp_path)
    assert (first.name, first.exercise, first.aspect) == ("g", "f", "")
    assert (second.target, second.exercise) == ("Layer.forward", "Layer")
    assert (second.hint, second.aspect, second.says) == ("The bias is missing.", "bias", "has no bias")
    assert misconceptions_source(tmp_path).count("def ") == 3


def test_no_files_mean_no_misconceptions(tmp_path: Path) -> None:
    """An assignment need not have any."""
    assert read_misconceptions(tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@misconception('f')\ndef g(right): ...", r"line 1: expected @misconception"),
        ("H = 'x'\n@misconception('f', hint=H)\ndef g(right): ...", r"line 2: expected @misconception"),
        ("def g(:", r"line 1: "),
        ("def helper(): ...", r"line 1: helper is defined in misconceptions_a.py already"),
    ],
)
def test_a_broken_file_is_a_usage_error(tmp_path: Path, text: str, message: str) -> None:
    """The message names the file and the line."""
    (tmp_path / "misconceptions_a.py").write_text("def helper(): ...\n")
    (tmp_path / "misconceptions_b.py").write_text(text)
    with pytest.raises(UsageError, match=rf"misconceptions_b.py, {message}"):
        read_misconceptions(tmp_path)


def test_wrong_ways_are_applied_inside_out_and_taken_back() -> None:
    """The first is innermost; afterwards the module is as it was."""
    module = types.ModuleType("solution")
    module.f = lambda x: x  # type: ignore[attr-defined]
    wrong_ways = types.ModuleType("wrong_ways")
    wrong_ways.plus = misconception("f", hint="")(lambda right, x: right(x) + 1)  # type: ignore[attr-defined]
    wrong_ways.times = misconception("f", hint="")(lambda right, x: right(x) * 10)  # type: ignore[attr-defined]
    with applied(["plus", "times"], wrong_ways, module):
        assert module.f(1) == 20
    assert module.f(1) == 1


def test_wrong_ways_are_taken_back_after_an_exception() -> None:
    """The next question finds the module as it was."""
    module = types.ModuleType("solution")
    module.f = lambda x: x  # type: ignore[attr-defined]
    wrong_ways = types.ModuleType("wrong_ways")
    wrong_ways.broken = misconception("f", hint="")(lambda right, x: x / 0)  # type: ignore[attr-defined]
    with pytest.raises(ZeroDivisionError), applied(["broken"], wrong_ways, module):
        module.f(1)
    assert module.f(1) == 1


def test_a_changed_layer_shares_all_but_what_is_changed() -> None:
    """The layer itself stays as it is."""
    layer = types.SimpleNamespace(weight=[1], bias=2)
    other = changed(layer, bias=3)
    assert (other.bias, layer.bias) == (3, 2)
    assert other.weight is layer.weight
