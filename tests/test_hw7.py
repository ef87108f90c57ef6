"""hw7, an assignment without PyTorch made by docs/writing-an-assignment.md alone: its suite is sound as it ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.assignment import Assignment, load_assignment
from grader.check.running import check_path
from grader.pipeline import grade_one
from grader.release import release
from grader.release.handout import generated
from grader.validate import validate

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS = ROOT / "solutions" / "hw7"


@pytest.fixture(scope="module")
def hw7() -> Assignment:
    return load_assignment(ROOT / "assignments" / "hw7")


def test_the_solution_gets_everything(hw7: Assignment) -> None:
    """100 of 100."""
    result = grade_one(SOLUTIONS / "hw7.py", hw7, seed="once")
    assert [(test.name, test.message) for test in result.tests if test.score != test.max_score] == []
    assert (result.score, result.max_score) == (100.0, 100.0)


def test_the_stub_gets_nothing(hw7: Assignment) -> None:
    """0 of 100, as a notebook, and every test says that it is not implemented."""
    result = grade_one(hw7.folder / "hw7.ipynb", hw7, seed="stub")
    assert result.score == 0
    assert all("not implemented" in (test.message or "") for test in result.tests)


def test_a_flip_forgotten_is_named(hw7: Assignment) -> None:
    """A cross-correlation handed in as the convolution keeps the other exercise's points and is told why."""
    result = grade_one(SOLUTIONS / "wrong" / "flip_forgotten.py", hw7, seed="flip")
    lost = {test.name: test.hint or "" for test in result.tests if test.score != test.max_score}
    assert {name.split("_")[1] for name in lost} == {"convolve"}
    assert all("flip is forgotten" in hint for hint in lost.values())


def test_what_is_generated_is_up_to_date(hw7: Assignment) -> None:
    """Stubs and notebooks are what the master gives."""
    assert [
        path for path, text in generated(hw7.folder, SOLUTIONS).items() if path.read_bytes() != text
    ] == []


def test_the_handouts_checks_are_right(hw7: Assignment, tmp_path: Path) -> None:
    """Unpacked, the handout's public checks pass for the solution."""
    release(hw7.folder, SOLUTIONS, ROOT / "student_template", tmp_path)
    (tmp_path / "hw7.py").write_bytes((SOLUTIONS / "hw7.py").read_bytes())
    checked = check_path(tmp_path / "hw7.py")
    assert checked.all_pass, [(test.name, test.message) for test in checked.result.tests]


@pytest.mark.slow
def test_the_suite_is_sound(hw7: Assignment) -> None:
    """Every right variant keeps all points; every known mistake loses some, in its part, and gets its own hint."""
    report = validate(hw7, ["sound"])
    assert report.sound, [trial for trial in report.trials if trial.faults]
    assert report.hint_accuracy == 1.0, [trial.name for trial in report.trials if trial.hinted is False]
