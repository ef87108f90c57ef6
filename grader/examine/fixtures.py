"""The fixtures of hidden tests.  docs/writing-an-assignment.md is their manual."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from grader.examine.answer import Answer

if TYPE_CHECKING:
    from grader.examine.plugin import Examiner, Trial


class Student:
    """The fixture `student`: every attribute is a probe."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def __getattr__(self, probe: str) -> Callable[..., Answer]:
        def run(called: str, **case: Any) -> Answer:
            return self.each(probe, called, [case])[0]

        return run

    def each(self, probe: str, called: str, cases: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """Run one probe on each case, in one round trip."""
        trial = self._trial
        if trial.banned is not None:
            raise trial.banned
        given = [dict(case) for case in cases]
        return trial.examination.ask(trial.question, trial.transcript, probe, called, given)


class Questions:
    """Where the secret questions come from: independent generators, by name, from one seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def __call__(self, name: str) -> np.random.Generator:
        return np.random.default_rng(self.number(name, 32))

    def number(self, name: str, size: int = 8) -> int:
        """`size` bytes, as a number; tells nothing of the seed."""
        digest = hashlib.sha256(f"{self._seed}|{name}".encode()).digest()
        return int.from_bytes(digest[:size], "big")


def fixtures_of(examiner: Examiner) -> ModuleType:
    """The fixtures, as a plugin.  Each knows its examiner: `request` would take pytest longer than all that they do."""

    @pytest.fixture
    def student() -> Student:
        """The student's module, behind the wall: `student.PROBE("what is called", **case)`."""
        return Student(examiner.current())

    @pytest.fixture
    def draw() -> np.random.Generator:
        """Random numbers for this test: fresh for every seed, the same for every student."""
        return examiner.source(examiner.current().question.test)

    @pytest.fixture(scope="session")
    def questions() -> Questions:
        """`questions("digits")`: random numbers by name, for session-scoped data sets and oracles."""
        return examiner.source

    @pytest.fixture
    def credit() -> Callable[[float, str], None]:
        """`credit(0.7, "accuracy 0.81")`: part of the points for a test that passes otherwise."""
        return examiner.current().credit

    @pytest.fixture
    def exhibit() -> Callable[[str, dict[str, Any]], None]:
        """`exhibit("loss_curve", {...})`: plain data for the feedback page."""
        return examiner.current().exhibit

    @pytest.fixture(scope="session")
    def device() -> str:
        """The device that probes compute on: "cpu" or "cuda"."""
        return examiner.device

    plugin = ModuleType("fixtures")  # pytest looks for fixtures in modules and in types
    for fixture in (student, draw, questions, credit, exhibit, device):
        setattr(plugin, fixture.__name__, fixture)
    return plugin
