"""Slow but right is right: the time limit is a generous multiple of what the solution takes on the same machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.examine.plugin import multiple
from grader.intake import Submission, read_submission
from grader.model import Outcome, TestResult
from grader.pipeline import contract_of, examine_all
from grader.sandbox.client import Zygote, start_zygote
from grader.sandbox.protocol import SourceFile
from tests.fixtures.tiny_assignment import PROBES, RIGHT, TOML, changed, make

LIMITED = TOML.replace("test_seconds = 3", "test_seconds = 2").replace(
    "packages", 'solution = "solution"\npackages'
)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    started = start_zygote([SourceFile(name="probes.py", source=PROBES)])
    yield started
    started.close()


def values_of(solution: str, student: str, zygote: Zygote, folder: Path) -> TestResult:
    """The verdict on `double`'s values, where the test may take 2 s."""
    assignment = make(folder, TOML=LIMITED)
    (assignment.folder / "solution").mkdir()
    (assignment.folder / "solution" / "tiny.py").write_text(solution, encoding="utf-8")
    file = folder / "tiny.py"
    file.write_text(student, encoding="utf-8")
    read = read_submission(file, contract_of(assignment))
    assert isinstance(read, Submission)
    (tests,) = examine_all([read], assignment, zygote, "secret", "cpu")
    return next(test for test in tests if test.name == "test_values")


def sleeping(seconds: float) -> str:
    return changed("return x + x", f"import time\n    time.sleep({seconds})\n    return x + x")


@pytest.mark.slow
def test_who_is_a_few_times_slower_than_the_solution_passes(zygote: Zygote, tmp_path: Path) -> None:
    """The solution takes 0.5 s here: 2 s are too little, and 3 s are taken as right."""
    result = values_of(sleeping(0.4), sleeping(3), zygote, tmp_path)
    assert (result.outcome, result.score) == (Outcome.PASSED, 3)


def test_a_timeout_says_how_long_the_solution_takes(zygote: Zygote, tmp_path: Path) -> None:
    """As a multiple, rounded down to 1, 2 or 5 with zeros."""
    result = values_of(sleeping(0.5), sleeping(60), zygote, tmp_path)
    assert result.outcome is Outcome.TIMEOUT
    assert "more than 10 times what the solution takes here" in (result.message or "")


def test_a_solution_that_is_quick_prolongs_nothing(zygote: Zygote, tmp_path: Path) -> None:
    """The limit is the assignment's, and a hang costs it once."""
    result = values_of(RIGHT, sleeping(60), zygote, tmp_path)
    assert result.outcome is Outcome.TIMEOUT
    assert result.seconds < 20
    assert "times what the solution takes here" in (result.message or "")


@pytest.mark.parametrize(("ratio", "told"), [(1.0, 1), (9.9, 5), (10.1, 10), (4321.0, 2000), (0.5, 1)])
def test_multiples_are_round(ratio: float, told: int) -> None:
    """So that two runs say the same."""
    assert multiple(ratio) == told
