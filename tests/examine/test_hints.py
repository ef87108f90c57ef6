"""The hint of a failed test is the misconception that answers as the student did; it runs behind the wall."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from grader.assignment import Assignment, Part, Specification
from grader.examine.hints import Hints, alike_values, combinations
from grader.examine.misconceptions import Misconception
from grader.examine.session import to_value
from grader.sandbox.client import Zygote, start_zygote
from grader.sandbox.protocol import Call, Load, Loaded, Reply, SourceFile

PROBES = """
def loss(student, device, *, x):
    return {"loss": student.loss(x)}
"""

MISCONCEPTIONS = """
from grader.sandbox.misconception import misconception

@misconception("loss", aspect="mean", hint="Summed.")
def summed(right, x):
    return right(x) * x.size

@misconception("loss", aspect="factor", hint="Halved.")
def halved(right, x):
    return right(x) / 2

@misconception("loss", aspect="factor", hint="Doubled.")
def doubled(right, x):
    return right(x) * 2

@misconception("loss", hint="Indexed.")
def indexed(right, x):
    return right(x[0, 0])

@misconception("loss", hint="It does not end.")
def endless(right, x):
    import os
    os._exit(1)
"""

SOLUTION = "def loss(x):\n    return float((x * x).mean())\n"


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    started = start_zygote([SourceFile(name="probes.py", source=PROBES)])
    yield started
    started.close()


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "misconceptions.py").write_text(MISCONCEPTIONS)
    part = Part(name="losses", points=1, exercises=("loss", "other"))
    return Assignment(folder=tmp_path, spec=Specification(name="tiny", parts=(part,)))


@pytest.fixture
def hints(assignment: Assignment, zygote: Zygote) -> Iterator[Hints]:
    found = Hints(assignment, zygote, [SourceFile(name="tiny.py", source=SOLUTION)])
    yield found
    found.close()


def asked(assignment: Assignment, zygote: Zygote, student: str) -> list[tuple[Call, Reply]]:
    """What a student's code answers to one question."""
    worker = zygote.open(assignment.limits)
    try:
        loaded = worker.load(Load(module="tiny", pieces=[SourceFile(name="tiny.py", source=student)]), 20)
        assert isinstance(loaded, Loaded)
        x = to_value(np.array([1.5, -2.0, 4.0]))
        call = Call(id=1, probe="loss", cases=[{"x": x}], device="cpu", forbidden=(), seed=3)
        return [(call, worker.call(call, 20))]
    finally:
        worker.close()


@pytest.mark.parametrize(
    ("student", "hint"),
    [
        ("def loss(x):\n    return float((x ** 2).sum())", "Summed."),
        ("def loss(x):\n    return float((x ** 2).sum() * (1 + 1e-7))", "Summed."),
        ("def loss(x):\n    return (x ** 2).sum() / 2", "Summed. Also: Halved."),
        ("def loss(x):\n    return float((x[0, 0] ** 2).mean())", "Indexed."),
        ("def loss(x):\n    return 17.0", None),
        ("def loss(x):\n    return float((x ** 2).mean())", None),
        ("def loss(x):\n    raise ValueError", None),
    ],
    ids=["one", "rounded", "pair", "exception", "unknown", "right", "another exception"],
)
def test_the_mistake_is_found(
    assignment: Assignment, zygote: Zygote, hints: Hints, student: str, hint: str | None
) -> None:
    """Alone or in a pair, by its numbers or by its exception; an unknown mistake gets no hint."""
    assert hints.find(["loss"], asked(assignment, zygote, student)) == hint


def test_only_the_exercise_of_the_test_counts(assignment: Assignment, zygote: Zygote, hints: Hints) -> None:
    """Another exercise's misconceptions are not tried."""
    exchanges = asked(assignment, zygote, "def loss(x):\n    return float((x ** 2).sum())")
    assert hints.find(["other"], exchanges) is None


def test_nothing_is_searched_for_unfinished_work(
    assignment: Assignment, zygote: Zygote, hints: Hints
) -> None:
    """A stub makes no mistake, and costs no worker."""
    exchanges = asked(assignment, zygote, "def loss(x):\n    raise NotImplementedError('loss')")
    assert hints.find(["loss"], exchanges) is None
    assert not hints._known.keys() - {key for key in hints._known if not key[1]}


def test_nothing_is_searched_where_nothing_was_asked(hints: Hints) -> None:
    """A test that failed before it asked anything has no hint."""
    assert hints.find(["loss"], []) is None


def test_without_a_solution_there_are_no_hints(assignment: Assignment, zygote: Zygote) -> None:
    """There is nothing to try the misconceptions on."""
    exchanges = asked(assignment, zygote, "def loss(x):\n    return float((x ** 2).sum())")
    assert Hints(assignment, zygote, []).find(["loss"], exchanges) is None


def test_what_a_misconception_answers_is_asked_once(
    assignment: Assignment, zygote: Zygote, hints: Hints
) -> None:
    """The questions are the same for a whole class: the second student costs no worker."""
    student = "def loss(x):\n    return float((x ** 2).sum())"
    hints.find(["loss"], asked(assignment, zygote, student))
    hints.close()
    assert hints.find(["loss"], asked(assignment, zygote, student)) == "Summed."
    assert hints._worker is None


def test_pairs_get_different_aspects_wrong() -> None:
    """Each alone first, then pairs of those that can be combined, first declared first."""
    aspects = {"a": "bias", "b": "bias", "c": "kernel", "d": "", "e": "stride"}
    declared = [
        Misconception(name=name, target="f", hint="", aspect=aspect) for name, aspect in aspects.items()
    ]
    names = ["".join(one.name for one in chosen) for chosen in combinations(declared)]
    assert names == ["a", "b", "c", "d", "e", "ac", "ae", "bc", "be", "ce"]


def test_kinds_of_numbers_are_one_but_kinds_of_arrays_are_not() -> None:
    """A NumPy number is a Python number; another shape or dtype is another answer."""
    assert alike_values(to_value(np.float64(0.5)), 0.5)
    assert alike_values(to_value([1.0, float("nan")]), to_value([1.0, float("nan")]))
    assert not alike_values(to_value(np.zeros((2, 1))), to_value(np.zeros(2)))
    assert not alike_values(to_value(np.zeros(2, np.float32)), to_value(np.zeros(2)))
    assert not alike_values(to_value(True), to_value("True"))
