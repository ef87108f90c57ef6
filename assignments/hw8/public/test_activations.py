"""Public checks of part `activations`."""

import pytest

from grader.check.examples import agrees, whole
from grader.examine.answer import Student


@pytest.mark.exercise("ReLU")
def test_relu(student: Student) -> None:
    """`ReLU` is max(x, 0), element by element, and leaves its input unchanged."""
    x = whole([[-2, 0, 3], [0.5, -0.5, -100]])
    answer = student.relu_forward("ReLU()(x) with x (2, 3)", x=x)
    agrees(answer["y"], [[0, 0, 3], [0.5, 0, 0]])
    agrees(answer["x afterwards"], x)


@pytest.mark.exercise("ReLU")
def test_relu_gradient(student: Student) -> None:
    """The gradient of `ReLU` goes through where x is positive, and not where it is negative."""
    answer = student.relu_backward("ReLU()(x) with x (3,)", x=whole([5, -5, 1]), factors=whole([2, 3, 4]))
    agrees(answer["x.grad"], [2, 0, 4])


@pytest.mark.exercise("MaxPool2d")
def test_max_pool(student: Student) -> None:
    """`MaxPool2d(2)` takes the greatest of each 2 x 2 window; a row that is left over is dropped."""
    x = whole([[[[1, 2, 5, 3], [4, 0, 1, 1], [9, 9, 9, 9]]]])
    answer = student.pool_forward("MaxPool2d(2)(x) with x (1, 1, 3, 4)", x=x, kernel_size=2)
    agrees(answer["y"], [[[[4, 5]]]])


@pytest.mark.exercise("MaxPool2d")
def test_max_pool_stride(student: Student) -> None:
    """With stride 1 the windows overlap."""
    x = whole([[[[1, 2, 5, 3], [4, 0, 1, 1]]]])
    answer = student.pool_forward(
        "MaxPool2d(2, stride=1)(x) with x (1, 1, 2, 4)", x=x, kernel_size=2, stride=1
    )
    agrees(answer["y"], [[[[4, 5, 5]]]])


@pytest.mark.exercise("MaxPool2d")
def test_max_pool_of_negative_values(student: Student) -> None:
    """Where all values are negative the greatest of them counts, not 0."""
    x = whole([[[[-4, -1], [-3, -2]]]])
    answer = student.pool_forward("MaxPool2d(2)(x) with x (1, 1, 2, 2)", x=x, kernel_size=2)
    agrees(answer["y"], [[[[-1]]]])


@pytest.mark.exercise("Flatten")
def test_flatten(student: Student) -> None:
    """`Flatten` keeps the batch and lays out everything else in order."""
    x = whole([[[[1, 2], [3, 4]]], [[[5, 6], [7, 8]]]])
    answer = student.flatten_forward("Flatten()(x) with x (2, 1, 2, 2)", x=x)
    agrees(answer["y"], [[1, 2, 3, 4], [5, 6, 7, 8]])
