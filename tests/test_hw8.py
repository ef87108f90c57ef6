"""hw8 as it ships: the solution gets everything, the stub nothing, and the same questions give the same result."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grader.assignment import find_assignment
from grader.examine.misconceptions import read_misconceptions
from grader.intake.records import Submission
from grader.model import Reading, Result
from grader.pipeline import forbidden_calls, grade_one
from grader.sandbox.protocol import SourceFile
from grader.validate import validate

ROOT = Path(__file__).resolve().parent.parent
HW8 = str(ROOT / "assignments" / "hw8")


def timeless(result: Result) -> Result:
    tests = tuple(msgspec.structs.replace(test, seconds=0.0) for test in result.tests)
    return msgspec.structs.replace(result, tests=tests)


def test_the_parts_are_the_contracts() -> None:
    """Seven parts, worth what the handout says."""
    parts = {part.name: part.points for part in find_assignment(HW8).parts}
    assert parts == {
        "tensors": 6, "linear": 16, "conv": 20, "activations": 10, "mse": 12, "training": 18, "cnn": 18,
    }  # fmt: skip


@pytest.mark.timeout(500)
def test_the_solution_gets_everything_and_the_same_twice() -> None:
    """100 of 100, and with one seed the same result but for times."""
    solution = ROOT / "solutions" / "hw8" / "hw8.py"
    first = grade_one(solution, find_assignment(HW8), seed="once")
    assert [(test.name, test.message) for test in first.tests if test.score != test.max_score] == []
    assert (first.score, first.max_score) == (100.0, 100.0)
    assert timeless(grade_one(solution, find_assignment(HW8), seed="once")) == timeless(first)


@pytest.mark.timeout(500)
def test_the_stub_gets_nothing() -> None:
    """0 of 100, as a module and as a notebook, and every test says that it is not implemented."""
    for name in ("hw8.py", "hw8.ipynb"):
        result = grade_one(Path(HW8) / name, find_assignment(HW8), seed="stub")
        assert result.score == 0
        assert all("not implemented" in (test.message or "") for test in result.tests)


@pytest.mark.slow
def test_the_sample_class_gets_what_it_must() -> None:
    """Each submission of the sample class gets what its expect.toml says."""
    report = validate(
        find_assignment(HW8), ["sample"], jobs=2, only=lambda known: known.kind == "sample_class"
    )
    assert report.sound, [trial for trial in report.trials if trial.faults]


@pytest.mark.slow
def test_every_accepted_variant_gets_full_marks() -> None:
    """Right solutions in deliberately different styles lose nothing."""
    report = validate(find_assignment(HW8), ["variants"], jobs=2, only=lambda known: known.kind == "accepted")
    assert report.sound, [trial for trial in report.trials if trial.faults]


@pytest.mark.timeout(500)
def test_a_sample_of_the_misconceptions_is_caught_and_named_on_three_seeds() -> None:
    """Every seventy-fifth of them: its own part loses points, no other does, and its own hint is shown."""
    names = sorted(one.name for one in read_misconceptions(find_assignment(HW8).hidden))[::75]
    report = validate(
        find_assignment(HW8),
        ["first", "second", "third"],
        jobs=2,
        only=lambda known: known.misconception is not None and known.name in names,
    )
    assert len(report.trials) == 3 * len(names)
    assert report.sound, [trial for trial in report.trials if trial.faults]
    assert report.hint_accuracy == 1.0


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_everything_that_is_known_is_judged_rightly() -> None:
    """As `grade validate hw8`: solution, stub, right, wrong and hostile submissions, and every misconception."""
    report = validate(find_assignment(HW8), ["all"], jobs=2)
    assert report.sound, [trial for trial in report.trials if trial.faults]


def test_code_that_cannot_be_followed_is_no_grader_trouble() -> None:
    """Where intake can read a submission but too much depends on too much, parts with rules say so."""
    lines = [f"a{i} = a{i + 1} if a{i + 2} else a{i + 3}" for i in range(3000)]
    source = "\n".join(
        [*lines, "to_tensor = a0", "Linear = a1", "Conv2d = a2", "mse_loss = getattr(a3, a4 + a5 + a6)"]
    )
    submission = Submission(
        id="x", path=Path("x.py"), pieces=(SourceFile(name="hw8.py", source=source),), files={}, digest="",
        reading=Reading(file="hw8.py", why=""),
    )  # fmt: skip
    hits = forbidden_calls(submission, find_assignment("hw8"))
    assert {hit.exercise for hit in hits} >= {"Linear", "Conv2d"}
