"""Public checks of part `training`."""

import numpy as np
import pytest

from grader.check.examples import agrees, numbers_agree, whole
from grader.examine.answer import Answer, Student

TRAINED = "train on f(x) = w·x from w = 1, 2 epochs of 2 batches"


@pytest.mark.exercise("sgd_step")
def test_step(student: Student) -> None:
    """Every parameter moves against its gradient: p - lr·grad."""
    values, gradients = [whole([1, 2]), whole([[3]])], [whole([4, -8]), whole([[2]])]
    answer = student.step("sgd_step(parameters, lr=0.5)", values=values, gradients=gradients, lr=0.5)
    agrees(answer["parameter 0"], [-1, 6])
    agrees(answer["parameter 1"], [[2]])


@pytest.mark.exercise("sgd_step")
def test_step_without_a_gradient(student: Student) -> None:
    """A parameter whose `grad` is None stays, and the gradients of the others are left as they are."""
    values, gradients = [whole([7]), whole([1])], [None, whole([3])]
    answer = student.step("sgd_step(parameters, lr=2)", values=values, gradients=gradients, lr=2.0)
    agrees(answer["parameter 0"], [7])
    agrees(answer["parameter 1"], [-5])
    agrees(answer["gradient 1"], [3])


def trained(student: Student) -> Answer:
    """Batches x = 1, y = 3 and x = (1, 1), y = (2, 2); a step is w - 0.25 · 2 (w - y), half of the way to y."""
    xs, ys = [whole([1]), whole([1, 1])], [whole([3]), whole([2, 2])]
    return student.training(TRAINED, start=1.0, xs=xs, ys=ys, lr=0.25, epochs=2)


@pytest.mark.exercise("train")
def test_train(student: Student) -> None:
    """Every step goes half of the way to the batch's y: w = 1, 2, 2, 2.5, 2.25."""
    agrees(trained(student)["w"], 2.25)


@pytest.mark.exercise("train")
def test_losses(student: Student) -> None:
    """Each epoch's loss per sample counts every sample once: (4 + 0 + 0)/3, then (1 + 2 · 0.25)/3."""
    numbers_agree(trained(student)["losses"], [4 / 3, 0.5])


@pytest.mark.exercise("train")
def test_training_mode(student: Student) -> None:
    """A model that comes in evaluation mode is trained in training mode."""
    training = trained(student)["every call was in training mode"].flag()
    assert training, "train called the model in evaluation mode"


@pytest.mark.exercise("fit_line")
@pytest.mark.stand_ins("Linear", "mse_loss")
def test_fit_line(student: Student) -> None:
    """On points of the line -2x + 1 it finds the slope -2 and the intercept 1, as Python floats."""
    x = np.linspace(-1.5, 1.5, 12, dtype=np.float32)
    answer = student.fitted_line("fit_line(x, y)", x=x, y=-2 * x + 1)
    numbers_agree(answer["(m, b)"], [-2, 1], within=1e-3)
