"""What a student is told about devices, and what becomes of a worker that a card has used up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grader.errors import GraderError, Judgement
from grader.examine.devices import device_hint, finding, rehearsal
from grader.examine.session import Examination, Question, Transcript
from grader.intake import read_submission
from grader.intake.records import Submission
from grader.pipeline import contract_of
from grader.sandbox.client import WorkerError
from grader.sandbox.limits import Limits
from grader.sandbox.protocol import Answered, Array, Call, Frame, Load, Loaded, Mapping, Raised, array_of
from grader.sandbox.protocol import Sequence as ValueSequence
from tests.fixtures import tiny_assignment

LIMITS = Limits(gpu_memory_mb=768)


def hint(message: str, kind: str = "RuntimeError", device: str = "cuda") -> str:
    return device_hint([Raised(id=1, type=kind, message=message)], LIMITS, device) or ""


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Torch not compiled with CUDA enabled", "asks for a GPU by name"),
        ("No CUDA GPUs are available", "asks for a GPU by name"),
        ("Cannot access accelerator device when none is available.", "asks for a GPU by name"),
        (
            "Cannot get CUDA generator without ATen_cuda library. PyTorch splits its backend",
            "asks for a GPU by name",
        ),
        ("Tried to instantiate dummy base class CUDAGraph", "asks for a GPU by name"),
        ("module 'torch._C' has no attribute '_cuda_setDevice'", "asks for a GPU by name"),
        ("PyTorch is not linked with support for mps devices", "does not have here"),
        ("Torch not compiled with XPU enabled", "does not have here"),
        (
            "Could not run 'aten::empty.memory_format' with arguments from the 'MPS' backend.",
            "does not have here",
        ),
        (
            "Expected one of cpu, cuda, ipu, xpu, mkldnn device type at start of device string: gpu",
            "does not have",
        ),
        ("Invalid device string: 'cuda0'", "does not have here"),
        (
            "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
            ".to(device)",
        ),
        ("indices should be either on cpu or on the same device as the indexed tensor (cpu)", ".to(device)"),
        (
            "Input type (torch.FloatTensor) and weight type (torch.cuda.FloatTensor) should be the same or input "
            "should be a MKLDNN tensor and weight is a dense tensor",
            ".to(device)",
        ),
        ("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy", ".cpu().numpy()"),
        (
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False.",
            "map_location",
        ),
        ("CUDA out of memory. Tried to allocate 2.00 GiB.", "may take 768 MB"),
        ("CUDA error: device-side assert triggered", "out of range"),
        ("CUDA error: an illegal memory access was encountered", "A kernel on the GPU failed"),
        ("CUDA error: invalid device ordinal", "names one GPU by its number"),
        ("Cannot re-initialize CUDA in forked subprocess.", "num_workers=0"),
    ],
)
def test_what_pytorch_says_is_explained(message: str, told: str) -> None:
    """D01 to D07 and D13 of the usual mistakes, and what a card may say besides."""
    assert told in hint(message)


@pytest.mark.parametrize(
    "message", ["mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)", "", "invalid argument"]
)
def test_other_exceptions_are_left_alone(message: str) -> None:
    """They have nothing to do with devices."""
    assert hint(message) == hint(message, device="cpu") == ""


@pytest.mark.parametrize(
    "asked",
    [
        lambda: torch.ones(1).cuda(),
        lambda: torch.ones(1).to("cuda"),
        lambda: torch.ones(1).to(0),
        lambda: torch.ones(1, device=0),
        lambda: torch.device(0),
        lambda: torch.nn.Linear(1, 1).cuda(),
        lambda: torch.nn.Linear(1, 1, device="cuda:0"),
        lambda: torch.Generator(device="cuda"),
        lambda: torch.ones(1).type("torch.cuda.FloatTensor"),
        lambda: torch.cuda.set_device(0),
        lambda: torch.cuda.CUDAGraph(),
    ],
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_every_spelling_of_a_gpu_is_explained(asked: Callable[[], object]) -> None:
    """In what this very PyTorch says where there is none."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - of many types
        asked()
    assert "asks for a GPU by name" in hint(str(raised.value), device="cpu")


def test_on_the_cpu_whoever_asks_for_a_gpu_is_in_a_fork() -> None:
    """PyTorch as built for CUDA complains of the fork, not of the GPU that is missing; nobody used a DataLoader."""
    message = "Cannot re-initialize CUDA in forked subprocess."
    assert "asks for a GPU by name" in hint(message, device="cpu")


def test_a_rehearsal_asks_for_less() -> None:
    """Two cases, of each the first 16 samples, with a card that is pretended."""
    many = array_of(np.arange(200, dtype=np.float32).reshape(100, 2))
    call = Call(id=7, probe="p", cases=[{"x": many, "n": 3}] * 5, seed=3)
    asked = rehearsal(call)
    assert (asked.device, asked.pretend, len(asked.cases), asked.seed) == ("cuda", True, 2, 3)
    shortened = asked.cases[0]["x"]
    assert isinstance(shortened, Array)
    np.testing.assert_array_equal(shortened.numpy(), many.numpy()[:16])
    assert asked.cases[0]["n"] == 3


def test_a_rehearsal_of_a_loop_is_short() -> None:
    """Of arrays in a list, a loop's batches, the first two, wherever the list is; other lists are whole."""
    batches = [array_of(np.full(size, size, dtype=np.float32)) for size in (3, 20, 4)]
    listed, names = (
        ValueSequence(type="list", items=list(batches)),
        ValueSequence(type="list", items=["a", "b", "c"]),
    )
    call = Call(
        id=7, probe="p", cases=[{"xs": listed, "pairs": ValueSequence(type="tuple", items=[listed, names])}]
    )
    (asked,) = rehearsal(call).cases
    pairs = asked["pairs"]
    assert isinstance(pairs, ValueSequence)
    for value in (asked["xs"], pairs.items[0]):
        assert isinstance(value, ValueSequence)
        assert [one.shape for one in value.items if isinstance(one, Array)] == [(3,), (16,)]
    assert pairs.items[1] == names


def test_a_finding_names_the_line() -> None:
    """The student's own."""
    where = Frame(file="hw8.py", line=12, text="return x + self.one")
    told = finding(Raised(id=1, type="MixedDevicesError", message="...", frames=[where]), ())
    assert told is not None
    assert "passes on the CPU and would fail on a GPU, at hw8.py, line 12 (`return x + self.one`)" in told


@pytest.mark.parametrize("kind", ["AssertionError", "RuntimeError", "ValueError", "NotImplementedError"])
def test_what_the_pretence_itself_can_not_do_is_no_finding(kind: str) -> None:
    """Only its own exceptions count: a false alarm is worse than a miss."""
    assert finding(Raised(id=1, type=kind, message="Torch not compiled with CUDA enabled"), ()) is None
    assert finding(None, ("y",)) is None


def placed(*places: str) -> Answered:
    arrays = [Array(kind="tensor", dtype="float32", shape=(0,), data=b"", device=place) for place in places]
    return Answered(id=1, cases=[{"y": array, "m": Mapping(items={"z": array})} for array in arrays])


@pytest.mark.parametrize(
    ("places", "told"),
    [(("cpu",), True), (("cpu", "cpu"), True), (("cuda:0", "cpu"), False), (("",), False), ((), False)],
)
def test_a_result_that_stays_on_the_cpu(places: tuple[str, ...], told: bool) -> None:
    """In every case, and for certain; only where the test says that it has to land on the device."""
    for name in ("y", "z"):
        assert (finding(placed(*places), (name,)) is not None) == told
    assert finding(placed(*places), ()) is None


class SpentWorkers:
    """A sandbox whose workers are used up by the first call."""

    tier = "pretended"
    torch = "0"

    def __init__(self) -> None:
        self.opened = 0

    def wait(self) -> None: ...

    def lives(self) -> bool:
        return True

    def close(self) -> None: ...

    def open(self, limits: Limits) -> Any:
        self.opened += 1
        return SpentWorker()


class SpentWorker:
    def __init__(self) -> None:
        self.open = True

    def load(self, load: Load, seconds: float) -> Loaded:
        return Loaded(names={"double": "function"})

    def call(self, call: Call, seconds: float) -> Raised:
        assert self.open
        return Raised(
            id=call.id, type="AcceleratorError", message="CUDA error: unspecified launch failure", spent=True
        )

    def close(self) -> None:
        self.open = False


def test_a_worker_that_is_used_up_is_replaced(tmp_path: Path) -> None:
    """Its test is an error, as the exception was; the next test gets a fresh worker."""
    assignment = tiny_assignment.make(tmp_path)
    (tmp_path / "tiny.py").write_text(tiny_assignment.RIGHT)
    submission = read_submission(tmp_path / "tiny.py", contract_of(assignment))
    assert isinstance(submission, Submission)
    workers = SpentWorkers()
    question = Question(test="t", part=assignment.parts[0], seed=1, seconds=5, deadline=1e12)
    with Examination(assignment, submission, workers, "cuda") as examination:
        for turn in (1, 2):
            with pytest.raises(Judgement, match="unspecified launch failure"):
                examination.ask(question, Transcript(), "double", "double(x)", [{}])
            assert workers.opened == turn


class WalllessWorker(SpentWorker):
    def load(self, load: Load, seconds: float) -> Loaded:
        raise WorkerError("crashed", "wall RuntimeError: CUDA error: out of memory")


def test_a_card_that_does_not_start_is_nobodys_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's own start of CUDA comes before the student's code: what goes wrong there is the grader's trouble."""
    assignment = tiny_assignment.make(tmp_path)
    (tmp_path / "tiny.py").write_text(tiny_assignment.RIGHT)
    submission = read_submission(tmp_path / "tiny.py", contract_of(assignment))
    assert isinstance(submission, Submission)
    workers = SpentWorkers()
    monkeypatch.setattr(workers, "open", lambda limits: WalllessWorker())
    question = Question(test="t", part=assignment.parts[0], seed=1, seconds=5, deadline=1e12)
    with (
        Examination(assignment, submission, workers, "cuda") as examination,
        pytest.raises(GraderError, match="CUDA error: out of memory"),
    ):
        examination.ask(question, Transcript(), "double", "double(x)", [{}])
