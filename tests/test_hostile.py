"""Hostile submissions get exactly what they honestly deserve, and nobody near them notices."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader.assignment import Assignment, find_assignment
from grader.examine.suite import examine
from grader.intake import read_submission
from grader.intake.records import Submission
from grader.model import PartResult, TestResult
from grader.pipeline import contract_of, forbidden_calls, open_sandbox
from grader.sandbox.client import Sandbox
from grader.score.scoring import score_part

SOLUTIONS = Path(__file__).resolve().parents[1] / "solutions" / "hw8"
SEED = "00112233445566778899aabbccddeeff"
QUICK = {
    "forging/worker_answers_for_itself.py",
    "forging/shadow_packages",
    "tampering/comparisons_replaced.py",
    "tampering/lies_about_its_shape.py",
    "stealing/frames_of_callers.py",
    "stealing/picks_up_what_was_left.py",
    "evading/getattr_computed.py",
    "evading/alias.py",
    "performance/losses_made_up.py",
    "exhausting/crashes.py",
}
HONEST = ("partial/linear_and_mse_only.py", "partial/tensors_only.py", "../../assignments/hw8/hw8.py")
AROUND = (
    "forging/result_files.py",
    "tampering/seeds_pinned.py",
    "stealing/picks_up_what_was_left.py",
    "exhausting/leaves_daemons.py",
)


@cache
def assignment() -> Assignment:
    """hw8 with short time limits, so that what hangs does not hang for long."""
    found = find_assignment("hw8")
    limits = msgspec.structs.replace(found.limits, test_seconds=5.0, load_seconds=10.0)
    return msgspec.structs.replace(found, spec=msgspec.structs.replace(found.spec, limits=limits))


def corpus() -> dict[str, dict[str, Any]]:
    """Every hostile submission, "family/name", with what its family's expect.toml says."""
    families = sorted((SOLUTIONS / "hostile").glob("*/expect.toml"))
    return {
        f"{file.parent.name}/{name}": told
        for file in families
        for name, told in tomllib.loads(file.read_text(encoding="utf-8")).items()
    }


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox(assignment(), "strict") as workers:
        yield workers


def graded(paths: Iterable[Path], workers: Sandbox) -> list[list[TestResult]]:
    """The tests' results of each submission, all in one session; without hints, which decide no score."""
    read = [read_submission(path, contract_of(assignment())) for path in paths]
    found = [one for one in read if isinstance(one, Submission)]
    results: list[list[TestResult]] = []
    checked = ((one, forbidden_calls(one, assignment())) for one in found)
    examine(assignment(), workers, checked, lambda _, tests: results.append(tests), seed=SEED)
    return results


def differences(tests: list[TestResult], told: dict[str, Any]) -> dict[str, str]:
    """The parts that did not get what they deserve."""
    parts = [score_part(part.name, part.points, tests) for part in assignment().parts]
    wrong = [part for part in parts if not deserved(part, told.get(part.name, "all"))]
    return {part.name: f"got {part.score}, deserves {told.get(part.name, 'all')}" for part in wrong}


def deserved(part: PartResult, told: str | float) -> bool:
    if part.score is None:
        return False
    if isinstance(told, str):
        full = part.score == part.max_score
        return {"all": full, "less": not full, "some": part.score > 0 and not full}[told]
    return abs(part.score - told) < 1e-9


def comparable(tests: list[TestResult]) -> bytes:
    """Everything about a result but how long it took."""
    return msgspec.json.encode([msgspec.structs.replace(test, seconds=0.0) for test in tests])


@pytest.mark.parametrize("name", sorted(QUICK))
def test_it_gets_what_it_deserves(name: str, sandbox: Sandbox) -> None:
    """One or two of each family."""
    (tests,) = graded([SOLUTIONS / "hostile" / name], sandbox)
    assert differences(tests, corpus()[name]) == {}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(corpus().keys() - QUICK))
def test_all_the_others_do_too(name: str, sandbox: Sandbox) -> None:
    """The rest of the corpus."""
    (tests,) = graded([SOLUTIONS / "hostile" / name], sandbox)
    assert differences(tests, corpus()[name]) == {}


def test_honest_results_are_the_same_beside_hostile_ones(sandbox: Sandbox) -> None:
    """Three honest submissions get byte for byte the same with and without hostile ones before and between them."""
    honest = [SOLUTIONS / name for name in HONEST]
    hostile = [SOLUTIONS / "hostile" / name for name in AROUND]
    alone = graded(honest, sandbox)
    mixed = graded([hostile[0], honest[0], hostile[1], honest[1], hostile[2], hostile[3], honest[2]], sandbox)
    beside = [mixed[1], mixed[3], mixed[6]]
    assert [comparable(tests) for tests in beside] == [comparable(tests) for tests in alone]


def test_a_fault_while_loading_does_not_grow(sandbox: Sandbox) -> None:
    """A module that dies while loading is told so in every test, in the time of one."""
    (tests,) = graded([SOLUTIONS / "hostile" / "forging" / "ends_while_loading.py"], sandbox)
    assert sum(test.seconds for test in tests[5:]) < 20
    assert {test.outcome.value for test in tests} == {"crashed"}


def test_the_corpus_is_complete() -> None:
    """Sixty submissions or more in six families, each there and each with what it deserves."""
    known = corpus()
    there = {
        path.relative_to(SOLUTIONS / "hostile").as_posix()
        for path in (SOLUTIONS / "hostile").glob("*/*")
        if path.suffix not in (".toml", ".md") and not path.name.startswith((".", "__"))
    }
    assert there == known.keys()
    assert len(known) >= 60
    assert len({name.split("/")[0] for name in known}) == 6
