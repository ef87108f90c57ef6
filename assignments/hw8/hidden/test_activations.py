"""Part `activations`: ReLU, max pooling, flatten."""

from typing import Any

import numpy as np
import oracles
import pytest
from inputs import distinct, normal

from grader.examine import Expected
from grader.examine.answer import Answer, Student

relu = pytest.mark.exercise("ReLU")
max_pool = pytest.mark.exercise("MaxPool2d")
flatten = pytest.mark.exercise("Flatten")


@relu
@pytest.mark.points(1)
def test_relu(student: Student, draw: np.random.Generator) -> None:
    """ReLU is max(x, 0) for every element, whatever the shape."""
    inputs = [normal(draw, *shape) for shape in ((2, 3, 4, 5), (4, 9), (12,), ())]
    inputs += [-abs(inputs[0]), abs(inputs[0]), 50 * inputs[1], inputs[1] / np.float32(1000)]
    answers = student.each("relu_forward", "ReLU()(x)", [{"x": x} for x in inputs])
    for x, answer in zip(inputs, answers, strict=True):
        answer.where(f"x has shape {x.shape}")["y"].matches(oracles.relu(x))


@relu
@pytest.mark.points(0.25)
def test_relu_of_a_non_contiguous_input(student: Student, draw: np.random.Generator) -> None:
    """ReLU takes inputs that are not contiguous."""
    inputs = [normal(draw, 3, 5), normal(draw, 2, 3, 4, 5), normal(draw, 7)]
    answers = student.each("relu_forward", "ReLU()(x)", [{"x": x, "strided": True} for x in inputs])
    for x, answer in zip(inputs, answers, strict=True):
        answer.where(f"x of shape {x.shape} is not contiguous")["y"].matches(oracles.relu(x))


@relu
@pytest.mark.points(1)
def test_relu_gradient(student: Student, draw: np.random.Generator) -> None:
    """The gradient of ReLU is right where x is not 0."""
    x, upstream = distinct(draw, 2, 3, 4), normal(draw, 2, 3, 4)
    answer = student.relu_backward("ReLU()(x) with x (2, 3, 4)", x=x, upstream=upstream)
    answer["y"].tensor(x.shape)
    answer["y"].requires_grad(True)
    answer["x.grad"].matches(oracles.relu_gradient(x, upstream))


@relu
@pytest.mark.points(0.5)
def test_relu_leaves_its_input_unchanged(student: Student, draw: np.random.Generator) -> None:
    """ReLU leaves its input as it is."""
    x = normal(draw, 4, 5)
    answer = student.relu_forward("ReLU()(x) with x (4, 5)", x=x)
    answer["y"].matches(oracles.relu(x))
    answer["x afterwards"].matches(Expected.exact(x))


@relu
@pytest.mark.without_device
@pytest.mark.points(0.25)
def test_relu_called_again(student: Student, draw: np.random.Generator) -> None:
    """Each call of the same ReLU is about the input given then, not an earlier one."""
    xs = [normal(draw, 4, 5), normal(draw, 4, 5), normal(draw, 2, 3)]
    answer = student.relu_repeated("one ReLU(), called again with another x", xs=xs)
    judge_calls(answer, [oracles.relu(x) for x in xs])


def judge_calls(answer: Answer, expected: list[Expected]) -> None:
    """Judge what one layer gave in calls in turn."""
    for turn, each in enumerate(expected, start=1):
        answer[f"y of call {turn}"].matches(each)


def pooled(
    student: Student,
    inputs: list[oracles.Given],
    sizes: list[tuple[int, int | None]],
    *,
    strided: bool = False,
) -> None:
    """Judge MaxPool2d(kernel_size, stride) on each input."""
    cases = [
        {"x": x, "kernel_size": size, "stride": stride, "strided": strided}
        for x, (size, stride) in zip(inputs, sizes, strict=True)
    ]
    answers = student.each("pool_forward", "MaxPool2d", cases)
    for x, (size, stride), answer in zip(inputs, sizes, answers, strict=True):
        about = Answer(pooling(x, size, stride), answer.values)
        about["y"].matches(oracles.max_pool(x, size, stride or size))


def pooling(x: oracles.Given, size: int, stride: int | None) -> str:
    """What is called on what, in words."""
    option = "" if stride is None else f", stride={stride}"
    return f"MaxPool2d({size}{option})(x) with x {x.shape}"


@max_pool
@pytest.mark.points(1)
def test_max_pool(student: Student, draw: np.random.Generator) -> None:
    """`MaxPool2d(k)` takes the greatest value of each k x k window, window beside window, in each channel."""
    inputs = [normal(draw, *shape) for shape in ((2, 3, 4, 6), (1, 2, 9, 6), (1, 1, 4, 4), (2, 2, 3, 2))]
    pooled(student, list(inputs), [(2, None), (3, None), (4, None), (1, None)])


@max_pool
@pytest.mark.points(1)
def test_max_pool_stride(student: Student, draw: np.random.Generator) -> None:
    """With `stride` given, windows overlap or leave gaps."""
    inputs = [normal(draw, *shape) for shape in ((2, 2, 7, 9), (2, 3, 5, 6), (1, 2, 8, 11), (2, 2, 4, 7))]
    pooled(student, list(inputs), [(3, 2), (2, 1), (2, 3), (1, 3)])


@max_pool
@pytest.mark.points(0.5)
def test_max_pool_drops_windows_that_do_not_fit(student: Student, draw: np.random.Generator) -> None:
    """Windows that do not fit whole are dropped."""
    inputs = [normal(draw, *shape) for shape in ((2, 2, 5, 7), (2, 3, 8, 10), (1, 2, 6, 8), (1, 2, 7, 5))]
    pooled(student, list(inputs), [(2, None), (3, None), (3, 2), (2, 4)])


@max_pool
@pytest.mark.points(1)
def test_max_pool_of_negative_values(student: Student, draw: np.random.Generator) -> None:
    """Where all values are negative the greatest of them is still right."""
    inputs = [-abs(normal(draw, *shape)) - 0.5 for shape in ((2, 2, 4, 6), (1, 2, 6, 3), (1, 3, 5, 4))]
    inputs[2] *= np.float32(1e6)
    pooled(student, list(inputs), [(2, None), (3, None), (2, None)])


@max_pool
@pytest.mark.points(0.25)
def test_max_pool_of_a_non_contiguous_input(student: Student, draw: np.random.Generator) -> None:
    """MaxPool2d takes inputs that are not contiguous."""
    inputs = [normal(draw, *shape) for shape in ((2, 3, 4, 6), (2, 2, 6, 3))]
    pooled(student, list(inputs), [(2, None), (3, None)], strided=True)


@max_pool
@pytest.mark.without_device
@pytest.mark.points(0.25)
def test_max_pool_called_again(student: Student, draw: np.random.Generator) -> None:
    """Each call of the same MaxPool2d is about the input given then, not an earlier one."""
    xs = [normal(draw, 2, 3, 4, 6), normal(draw, 2, 3, 4, 6), normal(draw, 1, 2, 6, 4)]
    answer = student.pool_repeated("one MaxPool2d(2), called again with another x", xs=xs, kernel_size=2)
    judge_calls(answer, [oracles.max_pool(x, 2, 2) for x in xs])


@max_pool
@pytest.mark.points(1)
def test_max_pool_gradient(student: Student, draw: np.random.Generator) -> None:
    """The gradient of MaxPool2d is right where no two values are equal; windows may overlap."""
    sizes: list[tuple[int, int | None]] = [(2, None), (3, 2), (2, 1)]
    inputs = [distinct(draw, *shape) for shape in ((2, 3, 4, 6), (2, 2, 7, 8), (1, 2, 5, 4))]
    shapes = [oracles.max_pool(x, k, s or k).value.shape for x, (k, s) in zip(inputs, sizes, strict=True)]
    cases: list[dict[str, Any]] = [
        {"x": x, "kernel_size": size, "stride": stride, "upstream": normal(draw, *shape)}
        for x, (size, stride), shape in zip(inputs, sizes, shapes, strict=True)
    ]
    for case, answer in zip(cases, student.each("pool_backward", "MaxPool2d", cases), strict=True):
        x, size, stride = case["x"], case["kernel_size"], case["stride"]
        about = Answer(pooling(x, size, stride), answer.values)
        about["y"].tensor(case["upstream"].shape)
        about["y"].requires_grad(True)
        about["x.grad"].matches(oracles.max_pool_gradient(x, case["upstream"], size, stride or size))


@flatten
@pytest.mark.points(1)
def test_flatten(student: Student, draw: np.random.Generator) -> None:
    """Flatten keeps the batch and lays out everything else in order: (N, ...) to (N, everything else)."""
    inputs = [normal(draw, *shape) for shape in ((3, 2, 4, 5), (1, 2, 3, 4), (2, 1, 1, 1), (4, 6), (2, 3, 5))]
    answers = student.each("flatten_forward", "Flatten()(x)", [{"x": x} for x in inputs])
    for x, answer in zip(inputs, answers, strict=True):
        answer.where(f"x has shape {x.shape}")["y"].matches(oracles.flatten(x))


@flatten
@pytest.mark.points(0.25)
def test_flatten_of_a_non_contiguous_input(student: Student, draw: np.random.Generator) -> None:
    """Flatten takes inputs that are not contiguous."""
    inputs = [normal(draw, *shape) for shape in ((3, 2, 4, 5), (2, 3, 4), (3, 5))]
    answers = student.each("flatten_forward", "Flatten()(x)", [{"x": x, "strided": True} for x in inputs])
    for x, answer in zip(inputs, answers, strict=True):
        answer.where(f"x of shape {x.shape} is not contiguous")["y"].matches(oracles.flatten(x))


@flatten
@pytest.mark.without_device
@pytest.mark.points(0.25)
def test_flatten_called_again(student: Student, draw: np.random.Generator) -> None:
    """Each call of the same Flatten is about the input given then, not an earlier one."""
    xs = [normal(draw, 3, 2, 4), normal(draw, 3, 2, 4), normal(draw, 2, 5, 3, 2)]
    answer = student.flatten_repeated("one Flatten(), called again with another x", xs=xs)
    judge_calls(answer, [oracles.flatten(x) for x in xs])


@flatten
@pytest.mark.points(0.5)
def test_flatten_gradient(student: Student, draw: np.random.Generator) -> None:
    """The gradient of Flatten is right."""
    x, upstream = normal(draw, 3, 2, 4, 5), normal(draw, 3, 40)
    answer = student.flatten_backward("Flatten()(x) with x (3, 2, 4, 5)", x=x, upstream=upstream)
    answer["y"].tensor((3, 40))
    answer["y"].requires_grad(True)
    answer["x.grad"].matches(Expected.exact(upstream.reshape(x.shape)))
