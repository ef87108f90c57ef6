"""With a card that works: what is promised of it holds, from the trial that chooses it to a class's grades.

Marked `gpu`: where there is none, all of this is skipped, with the reason.  `./test -m gpu` runs it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from grader.batch import Order, grade_class
from grader.check.running import check_path
from grader.errors import SandboxUnavailableError
from grader.examine.suite import examine
from grader.gradebook import open_to_read
from grader.intake import read_submission
from grader.intake.records import Hit, Submission
from grader.model import Outcome, Result, TestResult
from grader.pipeline import contract_of, grade_one, open_sandbox
from grader.sandbox import gpu
from grader.sandbox.client import Zygote, start_zygote
from grader.sandbox.conformance import Host, Promise, promises
from grader.sandbox.conformance.trial import PROBE, call
from grader.sandbox.device import CPU, Device
from grader.sandbox.launch import ZygoteProcess, children_of
from grader.sandbox.limits import Limits
from grader.sandbox.tiers import tier_of
from tests.fixtures import tiny_assignment
from tests.test_hw8_devices import ACCEPTED, HW8, MISTAKES, PLAIN, QUICK

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(600)]

ROOMY = Limits(load_seconds=60, test_seconds=20, gpu_memory_mb=512)


@pytest.fixture(scope="module")
def tier() -> str:
    try:
        return tier_of("strict")
    except SandboxUnavailableError as error:
        pytest.skip(f"no sandbox: {error.reason}")


@pytest.fixture(scope="module")
def card(tier: str) -> Device:
    """Skipped only where there is nothing to be had; a card that is there and does not work is a failure."""
    if gpu.torch_build().cuda is None:
        pytest.skip("this PyTorch is built without CUDA")
    if not gpu.candidates(tier):
        pytest.skip("there is no NVIDIA card here")
    return gpu.choose("cuda", tier).device


@pytest.fixture(scope="module")
def zygote(card: Device, tier: str) -> Iterator[Zygote]:
    started = start_zygote([PROBE], ZygoteProcess(tier, card))
    yield started
    started.close()


@pytest.fixture
def host(zygote: Zygote, tmp_path: Path) -> Host:
    return Host(zygote, tmp_path)


# ---------------------------------------------------------------------------------------- the sandbox


def test_it_is_known_by_its_model(card: Device) -> None:
    """What is recorded is the model, not the slot."""
    assert str(card).startswith("cuda (")
    assert card.memory_mb > 1000


@pytest.mark.parametrize(
    "promise", list(promises()), ids=lambda promise: f"{promise.property}-{promise.name}"
)
def test_the_wall_keeps_its_promise(promise: Promise, host: Host) -> None:
    """The list is the same as without a card."""
    assert promise.try_it(host) is None


def test_one_card_and_full_precision(host: Host) -> None:
    """A worker sees one card, with the settings under which results can be compared."""
    source = """
    import torch
    def attack():
        matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
        return [torch.cuda.device_count(), torch.cuda.is_initialized(), matmul.allow_tf32, cudnn.allow_tf32,
                matmul.allow_fp16_reduced_precision_reduction, matmul.allow_bf16_reduced_precision_reduction,
                cudnn.benchmark, cudnn.deterministic, torch.are_deterministic_algorithms_enabled()]
    """
    answer = host.attack(source, limits=ROOMY)
    assert (answer.said, answer.error) == ([1, True, False, False, False, False, False, True, True], "")


def test_a_part_that_changes_settings_changes_them_for_itself(host: Host) -> None:
    """All parts share a process; each starts with the same settings."""
    source = """
    import torch
    def attack(spoil):
        if spoil:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
            torch.set_default_dtype(torch.float64)
            torch.set_default_device("cuda")
            torch.set_grad_enabled(False)
        made = torch.ones(1)
        return [torch.backends.cuda.matmul.allow_tf32, str(made.dtype), str(made.device), torch.is_grad_enabled()]
    """
    with host.worker(source, ROOMY) as worker:
        assert call(worker, 20, spoil=True).said == [True, "torch.float64", "cuda:0", False]
        worker.finish_fork()
        assert call(worker, 20, spoil=False).said == [False, "torch.float32", "cpu", True]


def test_the_context_is_made_once(host: Host) -> None:
    """By one process, that of the worker; the zygote that it came from never touches the card."""
    source = """
    import os, torch
    def attack():
        torch.ones(8, device="cuda").sum().item()
        return os.getpid()
    """
    if os.geteuid() != 0:
        pytest.skip("only root can see what a worker has opened")
    assert holders() == []
    with host.worker(source, ROOMY) as worker:
        first = call(worker, 20).said
        worker.finish_fork()
        assert call(worker, 20).said == first
        assert len(holders()) == 1
    assert holders() == []


def holders() -> list[int]:
    """The processes started from here that have opened the card."""
    return [
        process
        for process in descendants(os.getpid())
        if any("/dev/nvidia" in file for file in opened_by(process))
    ]


def descendants(process: int) -> Iterator[int]:
    for child in children_of(process):
        yield child
        yield from descendants(child)


def opened_by(process: int) -> list[str]:
    try:
        return [str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir()]
    except OSError:
        return []


def test_its_memory_is_bounded(host: Host) -> None:
    """PyTorch hands out so much and no more; what fits is handed out."""
    source = """
    import torch
    def attack(megabytes):
        return torch.empty(megabytes * 2**20, dtype=torch.uint8, device="cuda").numel() >> 20
    """
    assert host.attack(source, limits=ROOMY, megabytes=300).said == 300
    answer = host.attack(source, limits=ROOMY, megabytes=700)
    assert answer.error.startswith("raised: OutOfMemoryError")


# ------------------------------------------------------------------------------------ one submission

POISON = """
import torch


def double(x):
    torch.zeros(4, device="cuda")[torch.tensor([9], device="cuda")].sum()
    return x + x
"""
GREEDY = """
import torch

kept = []


def double(x):
    while True:
        kept.append(torch.ones(2**24, device="cuda"))
"""
REST = tiny_assignment.RIGHT[tiny_assignment.RIGHT.index("class Scale") :]


def graded_on(card: Device, folder: Path, *sources: str) -> list[dict[str, TestResult]]:
    """The tiny assignment's tests on the card, for one submission after another in the same session."""
    assignment = tiny_assignment.make(folder)
    spec = msgspec.structs.replace(assignment.spec, limits=ROOMY)
    assignment = msgspec.structs.replace(assignment, spec=spec)
    read: list[tuple[Submission, list[Hit]]] = []
    for number, source in enumerate(sources):
        path = folder / f"s{number}" / "tiny.py"
        path.parent.mkdir()
        path.write_text(source, encoding="utf-8")
        submission = read_submission(path, contract_of(assignment))
        assert isinstance(submission, Submission)
        read.append((submission, []))
    results: list[dict[str, TestResult]] = []

    def deliver(_: Submission, tests: list[TestResult]) -> None:
        results.append({test.name: test for test in tests})

    with open_sandbox(assignment, "strict", device=card) as workers:
        examine(assignment, workers, read, deliver, seed="card", device=card.kind)
    return results


def test_a_kernel_that_fails_costs_its_test_alone(card: Device, tmp_path: Path) -> None:
    """The context is lost, and with it the worker: the next test and the next submission get fresh ones."""
    poisoned, right = graded_on(card, tmp_path, POISON + "\n\n" + REST, tiny_assignment.RIGHT)
    assert poisoned["test_values"].outcome is Outcome.ERROR
    assert "out of range" in (poisoned["test_values"].hint or "")
    assert poisoned["test_scale"].outcome is Outcome.PASSED
    assert {test.outcome for test in right.values()} == {Outcome.PASSED}


def test_who_asks_for_too_much_memory_is_told_how_much_there_is(card: Device, tmp_path: Path) -> None:
    """And what the module still holds is given back with its worker."""
    greedy, right = graded_on(card, tmp_path, GREEDY + "\n\n" + REST, tiny_assignment.RIGHT)
    assert greedy["test_values"].outcome is Outcome.ERROR
    assert "may take 512 MB" in (greedy["test_values"].hint or "")
    assert greedy["test_scale"].outcome is Outcome.PASSED
    assert {test.outcome for test in right.values()} == {Outcome.PASSED}


# ------------------------------------------------------------------------------------------------ hw8


def timeless(result: Result) -> Result:
    tests = tuple(msgspec.structs.replace(test, seconds=0.0) for test in result.tests)
    return msgspec.structs.replace(result, tests=tests)


def test_the_solution_gets_everything_and_the_same_twice(card: Device) -> None:
    """100 of 100 on the card, with the card's name in the result; with one seed the same but for times."""
    solution = ACCEPTED.parent / "hw8.py"
    first = grade_one(solution, HW8, seed="once", device=card)
    assert [(test.name, test.message) for test in first.tests if test.score != test.max_score] == []
    assert (first.score, first.run.device) == (100.0, str(card))
    assert timeless(grade_one(solution, HW8, seed="once", device=card)) == timeless(first)


@pytest.mark.parametrize("path", sorted(ACCEPTED.glob("*.py")), ids=lambda path: path.name)
def test_right_work_is_right_on_a_card(path: Path, card: Device) -> None:
    """In whatever style it is written: the bounds hold for the card's own order of summation."""
    result = grade_one(path, HW8, seed="styles", device=card)
    assert {test.name: test.message for test in result.tests if test.outcome is not Outcome.PASSED} == {}


@pytest.fixture(scope="module")
def hw8_tests(card: Device, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, TestResult]]:
    """What each of the usual mistakes gets on the card, all in one session."""
    results: dict[str, dict[str, TestResult]] = {}
    read: list[tuple[Submission, list[Hit]]] = []
    for name, (old, new, test, _) in MISTAKES.items():
        path = tmp_path_factory.mktemp("mistake") / "hw8.py"
        path.write_text(PLAIN.replace(old, new), encoding="utf-8")
        submission = read_submission(path, contract_of(HW8))
        if test != "test_digits" and "self.one" not in new:
            assert isinstance(submission, Submission)
            read.append((msgspec.structs.replace(submission, id=name), []))

    def deliver(submission: Submission, tests: list[TestResult]) -> None:
        results[submission.id] = {test.name: test for test in tests}

    with open_sandbox(HW8, "strict", device=card) as workers:
        examine(HW8, workers, read, deliver, seed="card", device=card.kind, choose=lambda _: QUICK)
    return results


def test_what_was_foretold_without_a_card_comes_true(hw8_tests: dict[str, dict[str, TestResult]]) -> None:
    """Who was warned on the CPU loses the very test here, with a hint that names the mistake."""
    for name, results in hw8_tests.items():
        result = results[MISTAKES[name][2]]
        assert result.outcome in (Outcome.ERROR, Outcome.FAILED), name
        assert result.outcome is Outcome.FAILED or result.hint is not None, (name, result.message)


def test_a_student_can_check_on_their_own_card(card: Device, tmp_path: Path) -> None:
    """`grade check --device cuda`: in a child process, without a wall."""
    from grader.release import release

    assert HW8.solution is not None
    template = Path(__file__).resolve().parent.parent / "student_template"
    release(HW8.folder, HW8.solution, template, tmp_path / "hw8")
    (tmp_path / "hw8" / "hw8.py").write_text(PLAIN, encoding="utf-8")
    for notebook in (tmp_path / "hw8").glob("*.ipynb"):
        notebook.unlink()
    checked = check_path(tmp_path / "hw8" / "hw8.py", device=gpu.choose("cuda", "process").device)
    assert {
        test.name: test.message for test in checked.result.tests if test.outcome is not Outcome.PASSED
    } == {}


# -------------------------------------------------------------------------------------------- a class


class Quiet:
    """Somebody who is told how a batch gets on and remembers how many ran at once."""

    def __init__(self) -> None:
        self.most = 0

    def begin(self, total: int, kept: int) -> None: ...

    def running(self, ids: list[str]) -> None:
        self.most = max(self.most, len(ids))

    def finished(self, result: Result) -> None: ...

    def trouble(self, submission: str | None, what: str) -> None:
        raise AssertionError(what)


def test_a_class_shares_the_card(card: Device, tier: str, tmp_path: Path) -> None:
    """Two jobs at a time; every result says where it was computed, and is made anew on another device."""
    assignment = tiny_assignment.make(tmp_path)
    folder = tmp_path / "handed-in"
    folder.mkdir()
    for name in ("ada", "blaise", "carl"):
        (folder / f"{name}.py").write_text(tiny_assignment.RIGHT, encoding="utf-8")
    order = Order(
        folder=folder, assignment=assignment, out=tmp_path / "out", jobs=2, sandbox=tier, device=card
    )
    watcher = Quiet()
    assert grade_class(order, watcher).ran == 3
    assert watcher.most <= 2
    with open_to_read(order.out) as book:
        assert {book.result(attempt).run.device for attempt, _ in book.current()} == {str(card)}
    assert grade_class(order, watcher).ran == 0
    assert grade_class(msgspec.structs.replace(order, device=CPU), watcher).ran == 3
