"""Public checks of part `mse`."""

import pytest

from grader.check.examples import agrees, whole
from grader.examine.answer import Student

on_loss = pytest.mark.exercise("mse_loss")
on_surface = pytest.mark.exercise("mse_surface")


@on_loss
def test_loss(student: Student) -> None:
    """Errors of 1, -2 and 3 have the mean square 14/3."""
    answer = student.loss(
        "mse_loss([1, 2, 3], [0, 4, 0])", prediction=whole([1, 2, 3]), target=whole([0, 4, 0])
    )
    agrees(answer["loss"], 14 / 3)


@on_loss
def test_loss_of_a_matrix(student: Student) -> None:
    """The mean is over all elements: of a (2, 2) matrix over four."""
    prediction, target = whole([[1, 1], [1, 1]]), whole([[0, 1], [3, 4]])
    answer = student.loss("mse_loss of (2, 2)", prediction=prediction, target=target)
    agrees(answer["loss"], 3.5)


@on_loss
def test_loss_gradient(student: Student) -> None:
    """The gradient in the prediction is 2 (prediction - target) / n."""
    answer = student.mse_backward("mse_loss([3, 5], [1, 6])", prediction=whole([3, 5]), target=whole([1, 6]))
    agrees(answer["loss"], 2.5)
    agrees(answer["prediction.grad"], [2, -1])


@on_loss
def test_loss_of_different_shapes(student: Student) -> None:
    """(3,) against (3, 1) is a `ValueError`: nothing is broadcast."""
    answer = student.mse_refusal("mse_loss", prediction=whole([1, 2, 3]), target=whole([[1], [2], [3]]))
    assert answer["raised"].raw == "ValueError", "mse_loss raises no ValueError for shapes (3,) and (3, 1)"


@on_surface
def test_surface(student: Student) -> None:
    """Entry [i, j] is the MSE of the line slopes[i]·x + intercepts[j]: on (0, 1) and (1, 3), by hand."""
    answer = student.surface(
        "mse_surface with 2 slopes and 3 intercepts",
        x=whole([0, 1]), y=whole([1, 3]), slopes=whole([0, 2]), intercepts=whole([0, 1, 3]),
    )  # fmt: skip
    agrees(answer["surface"], [[5, 2, 2], [1, 0, 4]])
