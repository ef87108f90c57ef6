"""hw8's public suite: a fair sample of every exercise, of which nothing can be learned about the hidden one."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.assignment import load_assignment
from grader.check.handout import load_checks
from grader.check.live import LiveWorkers
from grader.check.notebook import check_live
from grader.check.session import SEED
from grader.examine.declared import name_of
from grader.examine.session import Examination
from grader.examine.suite import examine
from grader.intake.records import Submission
from grader.model import Outcome, Reading, TestResult
from tests.check.table import Names, names_of, tabled

ROOT = Path(__file__).parents[2]
HW8 = ROOT / "assignments" / "hw8"
SOLUTIONS = ROOT / "solutions" / "hw8"

Seen = set[tuple[str, tuple[tuple[int, ...], ...]]]


@pytest.fixture(scope="module")
def solution() -> Names:
    return names_of(SOLUTIONS / "accepted" / "plain.py")


def public(names: Names, only: str | None = None) -> tuple[TestResult, ...]:
    return check_live(names, HW8, only).tests


def public_quick(names: Names) -> list[TestResult]:
    """All but the training."""
    asked = [part.name for part in load_checks(HW8).parts if part.name != "cnn"] + ["CNN", "accuracy"]
    return [test for only in asked for test in public(names, only)]


def hidden(names: Names) -> list[TestResult]:
    """The hidden suite but for the trainings, in this process."""
    assignment = load_assignment(HW8)
    quick: set[str] = set()

    def announce(items: Sequence[pytest.Function]) -> None:
        quick.update(name_of(item) for item in items if item.get_closest_marker("time_limit") is None)

    submission = Submission(
        id="x", path=HW8, pieces=(), files={}, reading=Reading(file="x", why=""), digest=""
    )
    results: list[TestResult] = []
    examine(
        assignment, LiveWorkers(names, assignment.probes()), [(submission, ())],
        lambda _, tests: results.extend(tests),
        seed="secret", announce=announce, choose=lambda _: frozenset(quick),
    )  # fmt: skip
    return results


def test_the_solution_passes_every_public_check(solution: Names) -> None:
    results = public(solution)
    assert [(test.name, test.message) for test in results if test.outcome is not Outcome.PASSED] == []
    assert len(results) >= 25
    assert len({test.title for test in results}) == len(results), "titles tell tests apart"


def test_every_exercise_has_an_example() -> None:
    told = "".join(file.read_text("utf-8") for file in (HW8 / "public").glob("test_*.py"))
    assert [name for name in load_checks(HW8).names if f'.exercise("{name}")' not in told] == []


def test_the_stub_passes_no_public_check() -> None:
    results = public(names_of(HW8 / "hw8.py"))
    assert [test.name for test in results if test.outcome is Outcome.PASSED] == []


WRONG = {
    "flipped_kernel": "conv", "detached": "conv", "scalar_bias": "linear", "broadcasting_mse": "mse",
    "surface_transposed": "mse", "pool_from_zero": "activations", "relu_in_place": "activations",
    "gradients_pile_up": "training", "mean_of_batch_means": "training", "shared_memory": "tensors",
    "no_relu": "CNN", "accuracy_in_percent": "accuracy",
}  # fmt: skip


@pytest.mark.parametrize(("name", "only"), WRONG.items())
def test_a_common_mistake_is_caught_in_its_own_part(name: str, only: str) -> None:
    """The sample is fair: a student hears of the common mistakes before the grading."""
    names = names_of(SOLUTIONS / "wrong" / f"{name}.py")
    assert any(test.outcome is not Outcome.PASSED for test in public(names, only))


def test_a_mistake_costs_no_other_part(solution: Names) -> None:
    """PyTorch's layers take the place of wrong ones in what builds on them."""
    names = {**names_of(SOLUTIONS / "wrong" / "flipped_kernel.py")}
    assert all(test.outcome is Outcome.PASSED for test in public(names, "CNN"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What examinations ask meanwhile: the part, and the cases."""
    heard: list[tuple[str, Any]] = []
    ask = Examination.ask

    def listen(self: Examination, question: Any, transcript: Any, probe: str, called: str, cases: Any) -> Any:
        heard.extend((question.part.name, case) for case in cases)
        return ask(self, question, transcript, probe, called, cases)

    monkeypatch.setattr(Examination, "ask", listen)
    return heard


def arrays(case: Any) -> list[np.ndarray[Any, Any]]:
    if isinstance(case, np.ndarray):
        return [case]
    inner = case.values() if isinstance(case, dict) else case if isinstance(case, list | tuple) else ()
    return [array for value in inner for array in arrays(value)]


@pytest.mark.slow
def test_shapes_and_values_are_not_the_hidden_ones(solution: Names, asked: list[tuple[str, Any]]) -> None:
    """Part by part, no public question has the shapes of a hidden one, and no array its values."""
    public_quick(solution)
    shown = list(asked)
    asked.clear()
    hidden(solution)
    assert len(asked) > 200
    assert shapes(shown) & shapes(asked) == set()
    assert values(shown) & values(asked) == set()


def shapes(asked: list[tuple[str, Any]]) -> Seen:
    found = ((part, tuple(array.shape for array in arrays(case))) for part, case in asked)
    return {(part, sizes) for part, sizes in found if sizes}


def values(asked: list[tuple[str, Any]]) -> set[bytes]:
    """Of arrays that can't be the same by chance."""
    return {array.tobytes() for _, case in asked for array in arrays(case) if array.size > 2 and array.any()}


@pytest.mark.slow
def test_a_table_of_the_public_answers_is_worth_little(solution: Names) -> None:
    """Who hard-codes what the public checks show passes many of those, and next to nothing of the hidden suite."""
    table = tabled(solution, public_quick)
    shown = [test for test in public_quick(table) if test.outcome is Outcome.PASSED]
    assert len(shown) >= 25
    results = hidden(table)
    earned = {
        part: sum(t.score or 0 for t in results if t.part == part) for part in {t.part for t in results}
    }
    told = sum(test.max_score for test in results)
    assert sum(earned.values()) <= 0.3 * told, earned


def test_public_files_define_none_of_the_names_that_students_do() -> None:
    """Or a handout handed in whole could be taken for a submission of its own checks."""
    spec = tomllib.loads((HW8 / "assignment.toml").read_text("utf-8"))
    names = {name for part in spec["parts"] for name in part["exercises"]}
    for file in (HW8 / "public").glob("*.py"):
        body = ast.parse(file.read_text("utf-8")).body
        defined = {getattr(node, "name", "") for node in body}
        defined |= {
            target.id
            for node in body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        assert names & defined == set(), file


def test_public_draws_are_not_seeded_by_a_secret() -> None:
    """The same numbers on every machine: students can talk about them."""
    assert SEED == "public"
