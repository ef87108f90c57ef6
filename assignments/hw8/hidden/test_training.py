"""Part `training`: gradient descent."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import oracles_training as oracles
import pytest
from inputs import Floats, normal

from grader.examine import Expected
from grader.examine.answer import Answer, Student
from grader.examine.comparison import values_fault

Exhibit = Callable[[str, dict[str, Any]], None]

SHAPES = ((4, 3), (4,), (), (2, 3, 2, 2), (5, 1))
SIZES = (7, 7, 7, 5)
EPOCHS = 7

fitting = pytest.mark.stand_ins("Linear", "mse_loss", "sgd_step", "train", "to_tensor")


# ------------------------------------------------------------------------------------------- sgd_step


@pytest.mark.exercise("sgd_step")
@pytest.mark.points(2)
def test_step(student: Student, draw: np.random.Generator) -> None:
    """One step moves every parameter of a list against its gradient: p - lr·∂L/∂p."""
    values, gradients = tensors(draw), tensors(draw)
    answer = student.sgd_step("sgd_step(parameters, lr=0.37)", values=values, gradients=[gradients], lr=0.37)
    for index, (value, gradient) in enumerate(zip(values, gradients, strict=True)):
        answer[f"parameter {index}"].matches(oracles.sgd_step(value, [gradient], 0.37))


@pytest.mark.exercise("sgd_step")
@pytest.mark.points(1)
def test_step_on_a_generator(student: Student, draw: np.random.Generator) -> None:
    """The parameters may come from a generator, as `model.parameters()` does."""
    values, gradients = tensors(draw), tensors(draw)
    answer = student.sgd_step(
        "sgd_step(generator, lr=0.05)", values=values, gradients=[gradients], lr=0.05, generator=True
    )
    for index, (value, gradient) in enumerate(zip(values, gradients, strict=True)):
        answer[f"parameter {index}"].matches(oracles.sgd_step(value, [gradient], 0.05))


@pytest.mark.exercise("sgd_step")
@pytest.mark.points(1)
def test_step_without_a_gradient(student: Student, draw: np.random.Generator) -> None:
    """A parameter whose `grad` is None stays as it is; the others take their step."""
    values, gradients = tensors(draw), tensors(draw)
    given = [gradients[0], gradients[1], None, gradients[3], None]
    answer = student.sgd_step(
        "sgd_step(parameters, lr=0.2), some without a gradient", values=values, gradients=[given], lr=0.2
    )
    for index, gradient in enumerate(given):
        stays = Expected.exact(values[index])
        moves = oracles.sgd_step(values[index], [gradients[index]], 0.2)
        answer[f"parameter {index}"].matches(stays if gradient is None else moves)


@pytest.mark.exercise("sgd_step")
@pytest.mark.points(1)
def test_step_leaves_no_trace(student: Student, draw: np.random.Generator) -> None:
    """The gradients stay as they are, and nothing is recorded for autograd."""
    values, gradients = tensors(draw), tensors(draw)
    answer = student.sgd_step(
        "sgd_step(parameters, lr=0.3), afterwards", values=values, gradients=[gradients], lr=0.3
    )
    for index, (value, gradient) in enumerate(zip(values, gradients, strict=True)):
        answer[f"gradient {index}"].matches(Expected.exact(gradient))
        answer[f"parameter {index}"].parameter(value.shape)
        assert answer[f"leaf {index}"].flag(), "sgd_step was recorded: a parameter is no leaf any more"
        assert not np.array_equal(answer[f"parameter {index}"].tensor(value.shape), value), (
            "sgd_step did not move a parameter that has a gradient"
        )


@pytest.mark.exercise("sgd_step")
@pytest.mark.points(1)
def test_two_steps(student: Student, draw: np.random.Generator) -> None:
    """Two steps with two gradients add up."""
    values, first, second = tensors(draw), tensors(draw), tensors(draw)
    answer = student.sgd_step(
        "sgd_step(parameters, lr=0.15), twice", values=values, gradients=[first, second], lr=0.15
    )
    for index, (value, *gradients) in enumerate(zip(values, first, second, strict=True)):
        answer[f"parameter {index}"].matches(oracles.sgd_step(value, gradients, 0.15))


def tensors(draw: np.random.Generator) -> list[Floats]:
    """One array of each shape."""
    return [np.asarray(normal(draw, *shape)) for shape in SHAPES]


# ---------------------------------------------------------------------------------------------- train


@dataclass(frozen=True)
class Case:
    """What `train` is called with."""

    weight: Floats
    bias: Floats
    xs: list[Floats]
    ys: list[Floats]
    lr: float
    epochs: int

    def ask(self, student: Student, called: str, **options: object) -> Answer:
        """Have the student's `train` do it."""
        given: dict[str, Any] = {**vars(self), **options}
        return student.train(called, **given)

    def expected(self, loss: oracles.Loss) -> oracles.Training:
        """What it must do."""
        batches = list(zip(self.xs, self.ys, strict=True))
        return oracles.train(self.weight, self.bias, batches, loss, self.lr, self.epochs)


@pytest.mark.exercise("train")
@pytest.mark.points(3)
def test_trajectory(student: Student, draw: np.random.Generator) -> None:
    """Every one of 28 steps on batches of unequal sizes leads where plain gradient descent leads."""
    case = training_case(draw, lr=0.3)
    answer = case.ask(student, "train with a mean of squares, 7 epochs of 4 batches", loss="squares")
    assert_follows(answer, case.expected(oracles.SQUARES))


@pytest.mark.exercise("train")
@pytest.mark.points(1)
def test_another_loss(student: Student, draw: np.random.Generator) -> None:
    """It is `loss_fn` that is made smaller, whatever function that is; `device` may be left out."""
    case = training_case(draw, lr=0.8)
    answer = case.ask(
        student, "train with another loss_fn, 7 epochs of 4 batches", loss="hypotenuses", default_device=True
    )
    assert_follows(answer, case.expected(oracles.HYPOTENUSES))


@pytest.mark.exercise("train")
@pytest.mark.points(1)
def test_batches_without_a_length(student: Student, draw: np.random.Generator) -> None:
    """The batches are gone through once an epoch, in their order, even if all one can do is to iterate."""
    case = training_case(draw, lr=0.2)
    answer = case.ask(
        student, "train on batches without a length, 7 epochs of 4", loss="squares", stream=True
    )
    assert_follows(answer, case.expected(oracles.SQUARES))


@pytest.mark.exercise("train")
@pytest.mark.points(2)
def test_losses(student: Student, draw: np.random.Generator, exhibit: Exhibit) -> None:
    """The list has each epoch's mean loss per sample, before the steps, as Python floats."""
    case = training_case(draw, lr=0.1)
    answer = case.ask(student, "train, 7 epochs of batches of 7, 7, 7 and 5", loss="squares")
    losses = answer["losses"].numbers(case.epochs)
    expected = case.expected(oracles.SQUARES).losses
    what = "mean loss per sample, epoch by epoch"
    exhibit("loss_curve", {"losses": losses, "reference": expected.value.tolist(), "what": what})
    fault = values_fault(np.array(losses), expected)
    assert fault is None, f"the list that train returns {fault}"


@pytest.mark.exercise("train")
@pytest.mark.points(1)
def test_training_mode(student: Student, draw: np.random.Generator) -> None:
    """A model that comes in evaluation mode is trained in training mode."""
    case = training_case(draw, lr=0.1)
    signs = {
        mode: draw.choice(np.float32([-1, 1]), size=case.xs[0].shape[1]) for mode in ("training", "other")
    }
    answer = case.ask(student, "train on a model in evaluation mode", loss="squares", signs=signs)
    modes = answer["modes"].mapping()
    assert modes["calls"].number() > 0, "train did not call the model with gradients enabled"
    assert modes["training"].number() == modes["calls"].number(), "the model was called in evaluation mode"
    assert_follows(answer, turned(case, signs["training"]).expected(oracles.SQUARES))


def turned(case: Case, signs: Floats) -> Case:
    """The case as a model sees it that turns the signs of some features: ±1 is exact, so the bound is the same."""
    return replace(case, xs=[x * signs for x in case.xs])


def training_case(draw: np.random.Generator, lr: float) -> Case:
    """Regression from 4 features to 3 outputs, with an unknown plane behind it and some noise."""
    truth = 1.5 * normal(draw, 3, 4)
    xs = [normal(draw, size, 4) for size in SIZES]
    ys = [(x @ truth.T + 1 + normal(draw, len(x), 3) / 4).astype(np.float32) for x in xs]
    return Case(normal(draw, 3, 4), normal(draw, 3), xs, ys, lr, EPOCHS)


def assert_follows(answer: Answer, expected: oracles.Training) -> None:
    """Judge the number of steps, then the parameters at every one of them."""
    steps = answer["steps"].number()
    assert steps == expected.steps, (
        f"{answer.called}: the parameters of the model moved {steps:g} times, expected {expected.steps}"
    )
    answer["weights"].matches(expected.weights)
    answer["biases"].matches(expected.biases)


# ------------------------------------------------------------------------------------------- fit_line


@fitting
@pytest.mark.without_device
@pytest.mark.exercise("fit_line")
@pytest.mark.points(2)
def test_line(student: Student, draw: np.random.Generator, exhibit: Exhibit) -> None:
    """200 epochs at a learning rate of 0.1 arrive at the line with the least mean squared error."""
    x, y = points(draw, count=40, slope=draw.uniform(1.5, 3), intercept=draw.uniform(-3, -1))
    answer = student.fit_line("fit_line(x, y)", x=x, y=y)
    line = answer["(m, b)"].numbers(2)
    best = oracles.least_squares(x, y)
    exhibit(
        "line", {"x": x.tolist(), "y": y.tolist(), "m": line[0], "b": line[1], "reference": best.tolist()}
    )
    assert_fits(answer, oracles.fitted_line(x, y, 0.1, 200))


@fitting
@pytest.mark.without_device
@pytest.mark.exercise("fit_line")
@pytest.mark.points(1)
def test_lopsided_line(student: Student, draw: np.random.Generator) -> None:
    """It fits points that lie mostly on one side of 0, given the epochs it needs by keyword."""
    x, y = points(draw, count=9, slope=draw.uniform(-4, -2), intercept=draw.uniform(1, 3))
    x = x * np.float32(0.75) + np.float32(0.5)
    answer = student.fit_line("fit_line(x, y, epochs=300)", x=x, y=y, epochs=300)
    assert_fits(answer, oracles.fitted_line(x, y, 0.1, 300))


@fitting
@pytest.mark.without_device
@pytest.mark.exercise("fit_line")
@pytest.mark.points(1)
def test_few_epochs(student: Student, draw: np.random.Generator) -> None:
    """Few epochs at a small learning rate get only part of the way, as far as gradient descent gets."""
    for turn in ("", ", then another line"):
        x, y = points(draw, count=30, slope=draw.uniform(500, 700), intercept=draw.uniform(-700, -500))
        answer = student.fit_line("fit_line(x, y, lr=0.02, epochs=20)" + turn, x=x, y=y, lr=0.02, epochs=20)
        assert_on_the_way(answer, x, y)


def assert_on_the_way(answer: Answer, x: Floats, y: Floats) -> None:
    """Judge that 20 steps lead to the line from a freshly drawn layer, not from one that was fitted before."""
    line = np.array(answer["(m, b)"].numbers(2))
    assert np.isfinite(line).all(), f"{answer.called}: m or b is not finite"
    start = oracles.start_of_fit(line, x, y, lr=0.02, epochs=20)
    assert np.abs(start).max() <= oracles.START, (
        f"{answer.called} is not where 20 steps of gradient descent on the mean squared error can lead from a "
        "freshly drawn layer"
    )


def points(draw: np.random.Generator, count: int, slope: float, intercept: float) -> tuple[Floats, Floats]:
    """Points near a line, the x of mean 0 and variance 1 so that gradient descent converges fast."""
    x = draw.standard_normal(count)
    x = (x - x.mean()) / x.std()
    y = slope * x + intercept + draw.normal(0, 0.3, count)
    return x.astype(np.float32), y.astype(np.float32)


def assert_fits(answer: Answer, expected: Expected) -> None:
    """Judge the slope and the intercept."""
    fault = values_fault(np.array(answer["(m, b)"].numbers(2)), expected)
    assert fault is None, f"{answer.called}: (m, b) {fault}"
