"""Public checks of part `linear`: y = x Aᵀ + b."""

import math

import numpy as np
import pytest

from grader.check.examples import agrees, whole
from grader.examine.answer import Student

pytestmark = pytest.mark.exercise("Linear")

LAYER = {"weight": whole([[1, -2], [0, 3], [4, 5]]), "bias": whole([10, 20, 30])}


def test_parameters(student: Student) -> None:
    """`Linear(2, 3)` has the parameters `weight` (3, 2) and `bias` (3,)."""
    answer = student.linear_parameters("Linear(2, 3)", in_features=2, out_features=3)
    answer["weight"].parameter((3, 2))
    answer["bias"].parameter((3,))
    names = sorted(answer["parameters"].texts())
    assert names == ["bias", "weight"], "Linear(2, 3) should have the parameters weight and bias, no others"


def test_initial_values(student: Student) -> None:
    """Weight and bias are drawn between -1/sqrt(in) and 1/sqrt(in), anew for each layer."""
    answer = student.linear_parameters("Linear(16, 300)", in_features=16, out_features=300)
    weight, bias = answer["weight"].tensor((300, 16)), answer["bias"].tensor((300,))
    bound = 1 / math.sqrt(16)
    for name, values in (("weight", weight), ("bias", bias)):
        assert np.abs(values).max() <= bound * (1 + 1e-6), f"some values of the {name} are larger than 1/4"
        assert values.std() > bound / 3, f"the {name} varies too little: is it drawn from U(-1/4, 1/4)?"
    twin = answer["weight of a twin"].tensor((300, 16))
    assert not np.array_equal(weight, twin), "two layers start with the same weight"


def test_one_input(student: Student) -> None:
    """One input (2,) gives (3,): each output is a row of the weight times x, plus its bias."""
    answer = student.linear_forward("Linear(2, 3)(x) with x (2,)", x=whole([1, 2]), **LAYER)
    agrees(answer["y"], [7, 26, 44])


def test_batch(student: Student) -> None:
    """A batch holds one input per row."""
    x = whole([[1, 2], [0, 1], [1, 0], [-1, 1]])
    answer = student.linear_forward("Linear(2, 3)(x) with x (4, 2)", x=x, **LAYER)
    agrees(answer["y"], [[7, 26, 44], [8, 23, 35], [11, 20, 34], [7, 23, 31]])


def test_leading_dimensions(student: Student) -> None:
    """Any number of leading dimensions: (2, 1, 2) gives (2, 1, 3)."""
    answer = student.linear_forward(
        "Linear(2, 3)(x) with x (2, 1, 2)", x=whole([[[1, 2]], [[0, 1]]]), **LAYER
    )
    agrees(answer["y"], [[[7, 26, 44]], [[8, 23, 35]]])


def test_gradients(student: Student) -> None:
    """The gradients of 1·y0 + 0·y1 - 1·y2 in the input, the weight and the bias."""
    answer = student.linear_backward(
        "Linear(2, 3)(x) with x (1, 2)", x=whole([[1, 2]]), factors=whole([[1, 0, -1]]), **LAYER
    )
    agrees(answer["y"], [[7, 26, 44]])
    agrees(answer["x.grad"], [[-3, -7]])
    agrees(answer["weight.grad"], [[1, 2], [0, 0], [-1, -2]])
    agrees(answer["bias.grad"], [1, 0, -1])
