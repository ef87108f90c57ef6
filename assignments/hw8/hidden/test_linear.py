"""Part `linear`: the fully-connected layer."""

import math

import numpy as np
import oracles
import pytest
from drawn import assert_drawn_uniformly
from inputs import normal

from grader.examine import Expected
from grader.examine.answer import Student

pytestmark = pytest.mark.exercise("Linear")


@pytest.mark.without_device
@pytest.mark.points(2)
def test_parameters(student: Student) -> None:
    """`Linear(7, 4)` has the parameters `weight` (4, 7) and `bias` (4,)."""
    answer = student.linear_parameters("Linear(7, 4)", in_features=7, out_features=4)
    answer["weight"].parameter((4, 7))
    answer["bias"].parameter((4,))
    names = answer["parameters"].texts()
    assert "weight" in names, "Linear(7, 4).named_parameters() does not have weight"
    assert "bias" in names, "Linear(7, 4).named_parameters() does not have bias"


@pytest.mark.without_device
@pytest.mark.points(1.5)
def test_initial_weight(student: Student) -> None:
    """The weight starts with values drawn from U(-1/sqrt(in), 1/sqrt(in)), other ones in each layer."""
    answer = student.linear_parameters("Linear(25, 1000)", in_features=25, out_features=1000)
    weight = answer["weight"].tensor((1000, 25))
    assert_drawn_uniformly("the weight of Linear(25, 1000)", weight, 1 / math.sqrt(25))
    another = answer["another weight"].tensor((1000, 25))
    assert not np.array_equal(weight, another), "two layers start with the same weight"


@pytest.mark.without_device
@pytest.mark.points(1)
def test_initial_bias(student: Student) -> None:
    """The bias starts with values drawn from U(-1/sqrt(in), 1/sqrt(in)), too."""
    answer = student.linear_parameters("Linear(9, 4000)", in_features=9, out_features=4000)
    assert_drawn_uniformly("the bias of Linear(9, 4000)", answer["bias"].tensor((4000,)), 1 / math.sqrt(9))


UNLIKE = np.float32(4096)
"""How many times larger than the weight an input is where formulas that add them before they multiply lose digits."""


@pytest.mark.points(2.5)
def test_batch(student: Student, draw: np.random.Generator) -> None:
    """A batch of 5 inputs with 7 features gives 4 outputs each: y = x Aᵀ + b."""
    x, weight, bias = normal(draw, 5, 7), normal(draw, 4, 7), normal(draw, 4)
    lopsided = {"x": UNLIKE * x, "weight": weight / UNLIKE, "bias": bias}
    cases = [{"x": x, "weight": weight, "bias": bias}, lopsided]
    answers = student.each("linear_forward", "Linear(7, 4)(x) with x (5, 7)", cases)
    answers[0]["y"].matches(oracles.linear(x, weight, bias))
    answers[1].where("x is large and the weight small")["y"].matches(oracles.linear(**lopsided))


@pytest.mark.points(1)
def test_sizes_of_one(student: Student, draw: np.random.Generator) -> None:
    """A batch of one, one feature, one output: the dimensions stay."""
    cases = [
        {"x": normal(draw, n, i), "weight": normal(draw, o, i), "bias": normal(draw, o)}
        for n, i, o in ((1, 3, 5), (4, 1, 3), (4, 3, 1), (1, 1, 1))
    ]
    answers = student.each("linear_forward", "Linear(in, out)(x)", cases)
    for case, answer in zip(cases, answers, strict=True):
        about = answer.where(f"x has shape {case['x'].shape} and weight {case['weight'].shape}")
        about["y"].matches(oracles.linear(**case))


@pytest.mark.points(1.5)
def test_leading_dimensions(student: Student, draw: np.random.Generator) -> None:
    """Any number of leading dimensions, none included: (..., in) gives (..., out)."""
    weight, bias = normal(draw, 3, 6), normal(draw, 3)
    inputs = [normal(draw, *leading, 6) for leading in ((), (2, 5), (2, 1, 4), (2, 3, 1, 2))]
    cases = [{"x": x, "weight": weight, "bias": bias} for x in inputs]
    for x, answer in zip(inputs, student.each("linear_forward", "Linear(6, 3)(x)", cases), strict=True):
        answer.where(f"x has shape {x.shape}")["y"].matches(oracles.linear(x, weight, bias))


@pytest.mark.points(1)
def test_non_contiguous_input(student: Student, draw: np.random.Generator) -> None:
    """Inputs may be non-contiguous: transposed and with gaps in memory."""
    weight, bias = normal(draw, 4, 3), normal(draw, 4)
    inputs = [normal(draw, 5, 3), normal(draw, 2, 5, 3)]
    cases = [{"x": x, "weight": weight, "bias": bias, "strided": True} for x in inputs]
    for x, answer in zip(inputs, student.each("linear_forward", "Linear(3, 4)(x)", cases), strict=True):
        about = answer.where(f"x of shape {x.shape} is not contiguous")
        about["y"].matches(oracles.linear(x, weight, bias))


def gradients(student: Student, draw: np.random.Generator, leading: tuple[int, ...], *names: str) -> None:
    """Judge the gradients in the input or in the parameters."""
    weight, bias = normal(draw, 4, 7), normal(draw, 4)
    x, upstream = normal(draw, *leading, 7), normal(draw, *leading, 4)
    called = f"Linear(7, 4)(x) with x {x.shape}"
    answer = student.linear_backward(called, x=x, weight=weight, bias=bias, upstream=upstream)
    answer["y"].tensor(upstream.shape)
    answer["y"].requires_grad(True)
    expected = oracles.linear_gradients(x, weight, upstream)
    for name in names:
        answer[name].matches(expected[name])


@pytest.mark.points(1)
def test_gradient_in_the_input(student: Student, draw: np.random.Generator) -> None:
    """The gradient in the input is right."""
    gradients(student, draw, (5,), "x.grad")


@pytest.mark.points(1.5)
def test_gradient_in_the_weight(student: Student, draw: np.random.Generator) -> None:
    """The gradient in the weight is right."""
    gradients(student, draw, (5,), "weight.grad")


@pytest.mark.points(1)
def test_gradient_in_the_bias(student: Student, draw: np.random.Generator) -> None:
    """The gradient in the bias is right."""
    gradients(student, draw, (5,), "bias.grad")


@pytest.mark.points(0.5)
def test_gradients_with_leading_dimensions(student: Student, draw: np.random.Generator) -> None:
    """With several leading dimensions the gradients in the input, the weight and the bias are right, too."""
    gradients(student, draw, (2, 3), "x.grad", "weight.grad", "bias.grad")


@pytest.mark.points(0.5)
def test_unchanged_input(student: Student, draw: np.random.Generator) -> None:
    """The layer leaves its input as it is."""
    x, weight, bias = normal(draw, 5, 4), normal(draw, 4, 4), normal(draw, 4)
    answer = student.linear_forward("Linear(4, 4)(x)", x=x, weight=weight, bias=bias)
    answer["y"].matches(oracles.linear(x, weight, bias))
    answer["x afterwards"].matches(Expected.exact(x))


@pytest.mark.without_device
@pytest.mark.points(1)
def test_changed_parameters(student: Student, draw: np.random.Generator) -> None:
    """Each call uses the input given and the parameters as they are then, not those of an earlier call."""
    xs = [normal(draw, n, 5) for n in (3, 3, 4)]
    weights, biases = [normal(draw, 2, 5) for _ in xs], [normal(draw, 2) for _ in xs]
    called = "one Linear(5, 2), called again with another x, weight and bias"
    answer = student.linear_repeated(called, xs=xs, weights=weights, biases=biases)
    for turn, case in enumerate(zip(xs, weights, biases, strict=True), start=1):
        answer[f"y of call {turn}"].matches(oracles.linear(*case))
