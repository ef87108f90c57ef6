"""What a worker does about CUDA, as far as it can be seen without a card."""

from __future__ import annotations

import types

import pytest
import torch

from grader.sandbox import cuda, worker
from grader.sandbox.limits import Limits
from grader.sandbox.operators import ClosedOperators
from grader.sandbox.protocol import Answered, Call, Raised, Reply


def answered(probe: object, device: str = "cuda") -> Reply:
    """What a worker answers to a call of this probe."""
    probes = types.ModuleType("probes")
    probes.__dict__["probe"] = probe
    desk = worker.Desk(
        probes, types.ModuleType("m"), {}, types.ModuleType("w"), worker.Printed(1000), ClosedOperators()
    )
    return worker.answer(Call(id=1, probe="probe", cases=[{}], device=device), desk)


def raising(error: BaseException) -> object:
    def probe(student: object, device: str) -> dict[str, object]:
        raise error

    return probe


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Stands for the context: fails at every wait once an error has been put in."""
    lost: list[Exception] = []

    def synchronize() -> None:
        if lost:
            raise lost[0]

    monkeypatch.setattr(torch.cuda, "synchronize", synchronize)
    return lost


def test_an_ordinary_exception_leaves_the_worker_of_use(context: list[Exception]) -> None:
    """The student's own mistake has nothing to do with the card."""
    reply = answered(raising(ValueError("no")))
    assert isinstance(reply, Raised)
    assert not reply.spent


def test_memory_that_ran_out_uses_a_worker_up(context: list[Exception]) -> None:
    """What the module holds goes back with its process."""
    reply = answered(raising(torch.OutOfMemoryError("CUDA out of memory.")))
    assert isinstance(reply, Raised)
    assert reply.spent


def test_a_lost_context_uses_a_worker_up(context: list[Exception]) -> None:
    """Whatever the exception was that showed it."""
    context.append(RuntimeError("CUDA error: device-side assert triggered"))
    reply = answered(raising(IndexError("elsewhere")))
    assert isinstance(reply, Raised)
    assert reply.spent


def test_an_error_that_comes_late_belongs_to_its_call(context: list[Exception]) -> None:
    """Kernels run on behind the program: a call is answered when all that it started has ended well."""
    context.append(RuntimeError("CUDA error: an illegal memory access was encountered"))
    reply = answered(lambda student, device: {"y": 1.0})
    assert isinstance(reply, Raised)
    assert (reply.spent, reply.message) == (True, "CUDA error: an illegal memory access was encountered")


def test_nothing_is_waited_for_on_the_cpu(context: list[Exception]) -> None:
    """Where there is no card, CUDA is not even asked."""
    context.append(RuntimeError("asked"))
    assert isinstance(answered(lambda student, device: {"y": 1.0}, "cpu"), Answered)
    refused = answered(raising(torch.OutOfMemoryError("as if")), "cpu")
    assert isinstance(refused, Raised)
    assert not refused.spent


def test_parts_start_with_the_same_settings() -> None:
    """What one part has changed, the next does not see."""
    torch.set_default_dtype(torch.float64)
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.set_grad_enabled(False)
    try:
        cuda.steady()
        assert torch.ones(1).dtype is torch.float32
        assert torch.is_grad_enabled()
        assert not torch.backends.cuda.matmul.allow_tf32
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.deterministic = False
        torch.set_grad_enabled(True)


def test_a_card_that_does_not_start_is_the_graders_trouble() -> None:
    """An exception, which becomes the report of a wall that could not be built."""
    from grader.sandbox.device import Device

    if torch.version.cuda is not None:
        pytest.skip("this PyTorch is built for CUDA")
    with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
        worker.start_card(Device(kind="cuda", card="none"), Limits())
