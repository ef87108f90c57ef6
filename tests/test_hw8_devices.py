"""hw8 without a GPU: who would fail on one hears of it, loses nothing, and nobody else is told anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from grader.assignment import find_assignment
from grader.examine.suite import examine
from grader.intake import read_submission
from grader.intake.records import Submission, Unreadable
from grader.model import Outcome, TestResult
from grader.pipeline import contract_of, open_sandbox
from grader.sandbox.client import Sandbox

ROOT = Path(__file__).resolve().parent.parent
HW8 = find_assignment(str(ROOT / "assignments" / "hw8"))
ACCEPTED = ROOT / "solutions" / "hw8" / "accepted"
PLAIN = (ACCEPTED / "plain.py").read_text(encoding="utf-8")
TRAINING = frozenset({"cnn::test_digits", "cnn::test_alphabet"})
QUICK = frozenset(
    {
        "tensors::test_to_tensor_of_every_dtype", "tensors::test_to_tensor_copies",
        "tensors::test_to_tensor_puts_it_on_the_device", "tensors::test_to_numpy_keeps_dtype_and_shape",
        "linear::test_parameters", "linear::test_batch", "linear::test_gradient_in_the_weight",
        "conv::test_parameters", "conv::test_channels", "conv::test_gradient_in_the_weight",
        "activations::test_relu", "activations::test_max_pool", "activations::test_flatten",
        "mse::test_loss", "mse::test_loss_gradients", "mse::test_surface",
        "training::test_step", "training::test_trajectory", "training::test_another_loss", "training::test_line",
        "cnn::test_parameters", "cnn::test_logits", "cnn::test_gradients", "cnn::test_share_of_right_answers",
    }
)  # fmt: skip

MOVES = "            x, y = x.to(device), y.to(device)\n            loss"
BOUND = "        bound = 1 / math.sqrt(in_features)"
FORWARD = "return x @ self.weight.T + self.bias"
MEETS = "A tensor on the CPU meets one on the GPU"
MISTAKES: Mapping[str, tuple[str, str, str, str]] = {
    "to_tensor ignores its device": (
        "dtype=torch.float32, device=device)", "dtype=torch.float32)",
        "test_to_tensor_puts_it_on_the_device", "The result stays on the CPU",
    ),
    "to_tensor keeps NumPy's memory where it is": (
        "torch.tensor(array.copy(), dtype=torch.float32, device=device)", "torch.from_numpy(array.astype('float32'))",
        "test_to_tensor_puts_it_on_the_device", "The result stays on the CPU",
    ),
    "to_numpy leaves it on the device": (
        ".detach().cpu().numpy()", ".detach().numpy()", "test_to_numpy_keeps_dtype_and_shape", "NumPy can't look",
    ),
    "Linear adds a new tensor": (FORWARD, FORWARD + " + torch.zeros(len(self.bias))", "test_batch", MEETS),
    "Linear keeps a constant as an attribute": (
        BOUND, f"{BOUND}\n        self.one = torch.ones(in_features)", "test_batch", MEETS,
    ),
    "ReLU compares with a tensor of its own": (
        "torch.clamp(x, min=0)", "torch.maximum(x, torch.zeros(x.shape))", "test_relu", MEETS,
    ),
    "train does not move the model": (
        "model.to(device)\n    model.train()\n    losses", "model.train()\n    losses", "test_trajectory", MEETS,
    ),
    "train does not move the batch": (MOVES, "            loss", "test_trajectory", MEETS),
    "train throws the moved batch away": (MOVES, MOVES.replace("x, y = ", ""), "test_trajectory", MEETS),
    "accuracy does not move the batch": ("model(x.to(device))", "model(x)", "test_share_of_right_answers", MEETS),
    "accuracy leaves the labels behind": ("y.to(device)).sum", "y).sum", "test_share_of_right_answers", MEETS),
    "train_classifier leaves its model behind": ("CNN().to(device)", "CNN()", "test_digits", MEETS),
}  # fmt: skip


@pytest.fixture(scope="module")
def workers() -> Iterator[Sandbox]:
    with open_sandbox(HW8, "strict") as opened:
        yield opened


def examined(workers: Sandbox, path: Path, tests: frozenset[str] | None) -> dict[str, TestResult]:
    read = read_submission(path, contract_of(HW8))
    assert not isinstance(read, Unreadable), read.message
    results: list[TestResult] = []

    def deliver(submission: Submission, tests: list[TestResult]) -> None:
        results.extend(tests)

    examine(HW8, workers, [(read, [])], deliver, seed="devices", choose=lambda submission: tests)
    return {test.name: test for test in results}


@pytest.mark.parametrize("name", MISTAKES)
def test_who_forgets_to_move_something_is_told(name: str, workers: Sandbox, tmp_path: Path) -> None:
    """At the test of the very exercise, which passes and keeps its points; a CPU has not seen it fail."""
    old, new, test, hint = MISTAKES[name]
    assert PLAIN.count(old) == 1, old
    path = tmp_path / "hw8.py"
    changed = PLAIN.replace(old, new)
    if "self.one" in new:
        changed = changed.replace(FORWARD, "return (x * self.one) @ self.weight.T + self.bias")
    path.write_text(changed, encoding="utf-8")
    result = examined(workers, path, TRAINING if test == "test_digits" else QUICK)[test]
    assert (result.outcome, result.score) == (Outcome.PASSED, result.max_score), result.message
    assert hint in (result.hint or "")


def test_a_gpu_by_name_is_named(workers: Sandbox, tmp_path: Path) -> None:
    """`.cuda()` fails where there is no GPU, and the hint says what to write instead (D02)."""
    path = tmp_path / "hw8.py"
    changed = PLAIN.replace("model.to(device)\n    model.train()", "model.cuda()\n    model.train()")
    path.write_text(changed, encoding="utf-8")
    result = examined(workers, path, QUICK)["test_trajectory"]
    assert result.outcome is Outcome.ERROR
    assert "asks for a GPU by name" in (result.hint or "")


CORPUS = sorted(path for path in ACCEPTED.iterdir() if path.suffix != ".toml")
SOME = ("plain.py", "foreach_step.py", "vmapped.py", "autograd_function.py", "lively_notebook.ipynb")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=() if path.name in SOME else pytest.mark.slow, id=path.name)
        for path in CORPUS
    ],
)
def test_right_work_gets_no_false_alarm(path: Path, workers: Sandbox) -> None:
    """In whatever style it is written."""
    tests = None if path.name not in SOME else QUICK
    assert {test.name: test.hint for test in examined(workers, path, tests).values() if test.hint} == {}


def test_the_handouts_own_device_is_no_mistake(workers: Sandbox, tmp_path: Path) -> None:
    """`device = "cuda" if torch.cuda.is_available() else "cpu"`, used in a forward pass, works on a GPU."""
    path = tmp_path / "hw8.py"
    idiom = 'device = "cuda" if torch.cuda.is_available() else "cpu"\n\n\nclass Linear('
    forward = "return torch.zeros(len(self.bias), device=device) + x @ self.weight.T + self.bias"
    path.write_text(PLAIN.replace("class Linear(", idiom, 1).replace(FORWARD, forward), encoding="utf-8")
    told = {test.name: test.hint for test in examined(workers, path, QUICK).values() if test.hint}
    assert told == {}
