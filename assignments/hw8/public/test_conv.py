"""Public checks of part `conv`: the cross-correlation that deep learning calls convolution."""

import math

import numpy as np
import pytest

from grader.check.examples import agrees, whole
from grader.examine.answer import Student

pytestmark = pytest.mark.exercise("Conv2d")

IMAGE = whole([[[[3, 1, 4], [1, 0, 9], [2, 6, 5]]]])
KERNEL = {"weight": whole([[[[1, 2], [0, -1]]]]), "bias": whole([100])}


def test_parameters(student: Student) -> None:
    """`Conv2d(2, 3, 4)` has the parameters `weight` (3, 2, 4, 4) and `bias` (3,)."""
    answer = student.conv_parameters("Conv2d(2, 3, 4)", in_channels=2, out_channels=3, kernel_size=4)
    answer["weight"].parameter((3, 2, 4, 4))
    answer["bias"].parameter((3,))
    names = sorted(answer["parameters"].texts())
    assert names == ["bias", "weight"], (
        "Conv2d(2, 3, 4) should have the parameters weight and bias, no others"
    )


def test_initial_values(student: Student) -> None:
    """Weight and bias are drawn between -s and s, s = 1/sqrt(in * k * k)."""
    answer = student.conv_parameters("Conv2d(9, 120, 2)", in_channels=9, out_channels=120, kernel_size=2)
    bound = 1 / math.sqrt(9 * 2 * 2)
    for name, shape in (("weight", (120, 9, 2, 2)), ("bias", (120,))):
        values = answer[name].tensor(shape)
        assert np.abs(values).max() <= bound * (1 + 1e-6), f"some values of the {name} are larger than 1/6"
        assert values.std() > bound / 3, f"the {name} varies too little: is it drawn from U(-1/6, 1/6)?"


def test_one_channel(student: Student) -> None:
    """With a 2 x 2 kernel each output is 1·here + 2·right - 1·diagonal, plus the bias."""
    answer = student.conv_forward("Conv2d(1, 1, 2)(x) with x (1, 1, 3, 3)", x=IMAGE, **KERNEL)
    agrees(answer["y"], [[[[105, 100], [95, 113]]]])


def test_channels(student: Student) -> None:
    """Input channels are added up; each output channel has its own kernels and bias."""
    x = whole([[[[1, 2], [3, 4]], [[10, 20], [30, 40]]]])
    weight, bias = whole([[[[1]], [[1]]], [[[2]], [[0]]], [[[0]], [[-1]]]]), whole([0, 5, 7])
    answer = student.conv_forward("Conv2d(2, 3, 1)(x) with x (1, 2, 2, 2)", x=x, weight=weight, bias=bias)
    agrees(answer["y"], [[[[11, 22], [33, 44]], [[7, 9], [11, 13]], [[-3, -13], [-23, -33]]]])


def test_stride(student: Student) -> None:
    """With stride 2 the window moves by two pixels; what does not fill a window is left out."""
    x = whole([[[[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]]])
    answer = student.conv_forward("Conv2d(1, 1, 2, stride=2)(x) with x (1, 1, 2, 5)", x=x, stride=2, **KERNEL)
    agrees(answer["y"], [[[[98, 102]]]])


def test_padding(student: Student) -> None:
    """With padding 1 the image has a frame of zeros."""
    x = whole([[[[1, 2]]]])
    answer = student.conv_forward(
        "Conv2d(1, 1, 2, padding=1)(x) with x (1, 1, 1, 2)", x=x, padding=1, **KERNEL
    )
    agrees(answer["y"], [[[[99, 98, 100], [102, 105, 102]]]])


def test_gradients(student: Student) -> None:
    """The gradients of the sum of the outputs in the input, the weight and the bias."""
    ones = whole([[[[1, 1], [1, 1]]]])
    answer = student.conv_backward("Conv2d(1, 1, 2)(x) with x (1, 1, 3, 3)", x=IMAGE, factors=ones, **KERNEL)
    agrees(answer["x.grad"], [[[[1, 3, 2], [1, 2, 1], [0, -1, -1]]]])
    agrees(answer["weight.grad"], [[[[5, 14], [9, 20]]]])
    agrees(answer["bias.grad"], [4])
