"""How many jobs share a card, and that a result belongs to the device that it was made on."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.batch import Order, grade_class, plan_only
from grader.batch.fingerprints import environment_of
from grader.batch.sharing import CONTEXT_MB, WORKERS, jobs_on
from grader.gradebook import open_to_read
from grader.model import Result
from grader.sandbox.device import CPU, Device
from grader.sandbox.limits import Limits
from tests.fixtures import tiny_assignment
from tests.fixtures.pretended_card import pretended_card

LIMITS = Limits(gpu_memory_mb=1000)
EACH = WORKERS * (1000 + CONTEXT_MB)


def card(memory_mb: int) -> Device:
    return Device(kind="cuda", card="Pretended", memory_mb=memory_mb)


@pytest.mark.parametrize(
    ("memory_mb", "jobs", "gpu_jobs", "wanted"),
    [
        (3 * EACH, 8, None, 3),
        (3 * EACH - 1, 8, None, 2),
        (10 * EACH, 8, None, 8),
        (0, 8, None, 1),
        (EACH // 2, 8, None, 1),
        (EACH, 8, 5, 5),
        (9 * EACH, 2, 5, 2),
    ],
)
def test_as_many_as_the_cards_memory_holds(
    memory_mb: int, jobs: int, gpu_jobs: int | None, wanted: int
) -> None:
    """Or as many as one says; never more than jobs are asked for, never none."""
    assert jobs_on(card(memory_mb), LIMITS, jobs, gpu_jobs) == wanted


def test_on_the_cpu_a_card_bounds_nothing() -> None:
    """`--gpu-jobs` says nothing about jobs that use no card."""
    assert jobs_on(CPU, LIMITS, 8, 1) == 8


class Counting:
    """Remembers how many ran at once."""

    def __init__(self) -> None:
        self.most = 0

    def begin(self, total: int, kept: int) -> None: ...

    def running(self, ids: list[str]) -> None:
        self.most = max(self.most, len(ids))

    def finished(self, result: Result) -> None: ...

    def trouble(self, submission: str | None, what: str) -> None:
        raise AssertionError(what)


def test_a_class_on_a_declared_card(tmp_path: Path) -> None:
    """One job at a time where one fits; each result names the card, and another device makes them anew."""
    assignment = tiny_assignment.make(tmp_path)
    folder = tmp_path / "handed-in"
    folder.mkdir()
    for name in ("ada", "blaise", "carl"):
        (folder / f"{name}.py").write_text(tiny_assignment.RIGHT, encoding="utf-8")
    with pretended_card(memory_mb=1) as device:
        jobs = jobs_on(device, assignment.limits, 3, None)
        order = Order(folder=folder, assignment=assignment, out=tmp_path / "out", jobs=jobs, device=device)
        watcher = Counting()
        assert grade_class(order, watcher).ran == 3
    assert watcher.most == 1
    with open_to_read(order.out) as book:
        results = [book.result(attempt) for attempt, _ in book.current()]
    assert {(result.run.device, result.score) for result in results} == {("cpu (pretended)", 10.0)}
    elsewhere = Order(folder=folder, assignment=assignment, out=tmp_path / "out", jobs=1)
    assert {one.why for one in plan_only(elsewhere).work} == {
        "the environment changed: device cpu (pretended) -> cpu"
    }


def test_another_slot_is_the_same_device(tmp_path: Path) -> None:
    """Only the model of a card tells results apart."""
    assignment = tiny_assignment.make(tmp_path)
    one = Device(kind="cuda", card="A", visible="0", nodes=("/dev/nvidia0",))
    other = Device(kind="cuda", card="A", visible="1", nodes=("/dev/nvidia1",))
    digests = [
        environment_of(assignment, "strict", str(device)).digest for device in (one, other, card(1), CPU)
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
