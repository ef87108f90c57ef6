"""Part `mse`: mean squared error, and its surface over the weights of a line."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import oracles
import pytest
from inputs import Floats, normal

from grader.examine.answer import Answer, Student

Exhibit = Callable[[str, dict[str, Any]], None]

mse_loss = pytest.mark.exercise("mse_loss")
mse_surface = pytest.mark.exercise("mse_surface")


def pair(draw: np.random.Generator, *shape: int) -> dict[str, Floats]:
    """Targets, and predictions that are off by 0.7 in the mean."""
    target = normal(draw, *shape)
    return {"prediction": np.asarray(target + normal(draw, *shape) + np.float32(0.7)), "target": target}


def losses(student: Student, pairs: list[dict[str, Floats]], *, strided: bool = False) -> None:
    """Judge the loss of each pair."""
    cases = [{**each, "strided": strided} for each in pairs]
    for each, answer in zip(
        pairs, student.each("mse_loss", "mse_loss(prediction, target)", cases), strict=True
    ):
        about = answer.where(f"both have shape {each['target'].shape}")
        about["loss"].matches(oracles.mse(**each))


@mse_loss
@pytest.mark.points(1.5)
def test_loss(student: Student, draw: np.random.Generator) -> None:
    """`mse_loss` is mean((target - prediction)²), a scalar tensor."""
    losses(student, [pair(draw, 9), pair(draw, 20), pair(draw, 1), pair(draw, 9)])


@mse_loss
@pytest.mark.points(1.5)
def test_loss_of_any_shape(student: Student, draw: np.random.Generator) -> None:
    """The mean is over all elements, whatever the shape: (N, 1), (N, D), images, a single number."""
    losses(student, [pair(draw, *shape) for shape in ((8, 1), (5, 3), (2, 3, 4, 5), (1, 6), ())])


@mse_loss
@pytest.mark.points(0.5)
def test_loss_of_non_contiguous_tensors(student: Student, draw: np.random.Generator) -> None:
    """`mse_loss` takes tensors that are not contiguous."""
    losses(student, [pair(draw, 4, 5), pair(draw, 2, 3, 4), pair(draw, 7)], strided=True)


@mse_loss
@pytest.mark.points(1)
def test_loss_of_large_values(student: Student, draw: np.random.Generator) -> None:
    """Where values near 5000 differ by about 1 the loss is still accurate; of equal tensors it is 0."""
    near = [pair(draw, 12), pair(draw, 4, 3)]
    far = [{name: values + np.float32(5000) for name, values in each.items()} for each in near]
    target = normal(draw, 6)
    losses(student, [*far, {"prediction": target, "target": target}])


@mse_loss
@pytest.mark.points(2)
def test_loss_gradients(student: Student, draw: np.random.Generator) -> None:
    """The loss is differentiable in the prediction and in the target."""
    cases = [{**pair(draw, *shape), "upstream": normal(draw)} for shape in ((7,), (4, 3), (7,))]
    for case, answer in zip(
        cases, student.each("mse_backward", "mse_loss(prediction, target)", cases), strict=True
    ):
        about = answer.where(f"both have shape {case['target'].shape}")
        about["loss"].tensor(())
        about["loss"].requires_grad(True)
        for name, expected in oracles.mse_gradients(**case).items():
            about[name].matches(expected)


@mse_loss
@pytest.mark.without_device
@pytest.mark.points(1.5)
def test_loss_of_different_shapes(student: Student, draw: np.random.Generator) -> None:
    """Where the shapes differ `mse_loss` raises ValueError: nothing is broadcast."""
    shapes = [((6,), (6, 1)), ((6, 1), (6,)), ((1,), ()), ((4, 3), (3,)), ((4, 3), (4, 1)), ((1, 3), (4, 3))]
    shapes += [((2, 3), (3, 2)), ((5,), (4,)), ((4, 3), (4, 3)), ((6,), (6,))]
    cases = [{"prediction": normal(draw, *left), "target": normal(draw, *right)} for left, right in shapes]
    for case, answer in zip(
        cases, student.each("mse_refusal", "mse_loss(prediction, target)", cases), strict=True
    ):
        left, right = case["prediction"].shape, case["target"].shape
        if left == right:
            assert answer["raised"].raw is None, f"mse_loss raises a ValueError where both have shape {left}"
            assert_tells_loss(answer, **case)
        else:
            message = f"mse_loss raises no ValueError where prediction has shape {left} and target {right}"
            assert answer["raised"].raw == "ValueError", message


def assert_tells_loss(answer: Answer, prediction: Floats, target: Floats) -> None:
    """Judge that `mse_loss` has looked at the numbers: that one exception was raised and another was not, only the
    student's process knows, so it is believed from who also computes.  A forgotten mean or a half is another test's."""
    actual = float(answer["loss"].tensor(()))
    mean = float(oracles.mse(prediction, target).value)
    known = [mean, mean * prediction.size, mean / 2, mean**0.5]
    assert any(math.isclose(actual, one, rel_tol=1e-3) for one in known), (
        f"mse_loss(prediction, target), both of shape {prediction.shape}, is no loss of these two"
    )


def surfaces(student: Student, cases: list[dict[str, Floats]]) -> None:
    """Judge the surface of each case."""
    answers = student.each("mse_surface", "mse_surface(x, y, slopes, intercepts)", cases)
    for case, answer in zip(cases, answers, strict=True):
        about = answer.where(
            f"there are {len(case['slopes'])} slopes and {len(case['intercepts'])} intercepts"
        )
        about["surface"].matches(oracles.mse_surface(**case))


def grid(draw: np.random.Generator, points: int, slopes: int, intercepts: int) -> dict[str, Floats]:
    """Noisy points about a line and normal slopes and intercepts."""
    x = normal(draw, points)
    y = np.float32(1.5) * x - np.float32(0.7) + normal(draw, points)
    return {"x": x, "y": y, "slopes": normal(draw, slopes), "intercepts": normal(draw, intercepts)}


@mse_surface
@pytest.mark.points(2)
def test_surface(student: Student, draw: np.random.Generator, exhibit: Exhibit) -> None:
    """Entry [i, j] is the MSE of the line slopes[i]·x + intercepts[j]."""
    cases = [grid(draw, 11, 4, 6), grid(draw, 6, 5, 3), grid(draw, 11, 4, 6)]
    show_surface(student, exhibit, grid(draw, 12, 1, 1))
    surfaces(student, cases)


def show_surface(student: Student, exhibit: Exhibit, case: dict[str, Floats]) -> None:
    """The student's own surface over even steps, as a picture for the feedback page; judged like any other."""
    even = np.linspace(-3, 3, 15, dtype=np.float32)
    case |= {"slopes": even + np.float32(1), "intercepts": even}
    (answer,) = student.each("mse_surface", "mse_surface(x, y, slopes, intercepts)", [case])
    about = answer.where("there are 15 slopes and 15 intercepts")
    values = about["surface"].tensor((15, 15))
    shown = {name: case[name].tolist() for name in ("slopes", "intercepts")}
    exhibit("surface", {"values": values.tolist(), **shown})
    about["surface"].matches(oracles.mse_surface(**case))


@mse_surface
@pytest.mark.points(1)
def test_surface_of_equal_counts(student: Student, draw: np.random.Generator) -> None:
    """As many slopes as intercepts, or as points: rows are slopes, columns are intercepts."""
    surfaces(student, [grid(draw, 9, 4, 4), grid(draw, 5, 5, 5), grid(draw, 4, 4, 3), grid(draw, 3, 2, 3)])


@mse_surface
@pytest.mark.points(1)
def test_surface_of_few_lines(student: Student, draw: np.random.Generator) -> None:
    """One slope, one intercept, one point; whole numbers."""
    whole = grid(draw, 7, 3, 2)
    whole |= {"slopes": np.array([-2, 0, 3], np.float32), "intercepts": np.array([-1, 2], np.float32)}
    surfaces(student, [grid(draw, 8, 1, 5), grid(draw, 8, 4, 1), grid(draw, 1, 2, 3), whole])
