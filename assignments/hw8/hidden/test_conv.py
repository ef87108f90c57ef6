"""Part `conv`: the convolutional layer."""

import math
from typing import Any

import numpy as np
import oracles
import pytest
from drawn import assert_drawn_uniformly
from inputs import normal

from grader.examine import Expected
from grader.examine.answer import Answer, Student

pytestmark = pytest.mark.exercise("Conv2d")

Case = dict[str, Any]

PLURALS = {"x": "xs", "weight": "weights", "bias": "biases"}


def case(
    draw: np.random.Generator,
    shape: tuple[int, int, int, int],
    outputs: int,
    size: int,
    **options: int,
) -> Case:
    """A normal input of this shape and parameters that fit it, with the options of the layer."""
    weight = normal(draw, outputs, shape[1], size, size)
    return {"x": normal(draw, *shape), "weight": weight, "bias": normal(draw, outputs), **options}


def judge(student: Student, cases: list[Case], **flags: bool) -> None:
    """Ask for the output of each case and compare it with the definition."""
    answers = student.each("conv_forward", "Conv2d", [{**each, **flags} for each in cases])
    for each, answer in zip(cases, answers, strict=True):
        about(answer, each)["y"].matches(oracles.conv2d(**each))


def about(answer: Answer, each: Case) -> Answer:
    """The answer, its verdicts telling which layer was called on which shape."""
    outputs, inputs, size, _ = each["weight"].shape
    options = "".join(f", {name}={each[name]}" for name in ("stride", "padding") if name in each)
    called = f"Conv2d({inputs}, {outputs}, {size}{options})(x) with x {each['x'].shape}"
    return Answer(called, answer.values)


@pytest.mark.without_device
@pytest.mark.points(1.5)
def test_parameters(student: Student) -> None:
    """`Conv2d(3, 5, 2)` has the parameters `weight` (5, 3, 2, 2) and `bias` (5,)."""
    answer = student.conv_parameters("Conv2d(3, 5, 2)", in_channels=3, out_channels=5, kernel_size=2)
    answer["weight"].parameter((5, 3, 2, 2))
    answer["bias"].parameter((5,))
    names = answer["parameters"].texts()
    assert "weight" in names, "Conv2d(3, 5, 2).named_parameters() does not have weight"
    assert "bias" in names, "Conv2d(3, 5, 2).named_parameters() does not have bias"


@pytest.mark.without_device
@pytest.mark.points(1.5)
def test_initial_weight(student: Student) -> None:
    """The weight starts with values drawn from U(-s, s), s = 1/sqrt(in * k * k), other ones in each layer."""
    answer = student.conv_parameters("Conv2d(4, 200, 5)", in_channels=4, out_channels=200, kernel_size=5)
    weight = answer["weight"].tensor((200, 4, 5, 5))
    assert_drawn_uniformly("the weight of Conv2d(4, 200, 5)", weight, 1 / math.sqrt(4 * 5 * 5))
    another = answer["another weight"].tensor((200, 4, 5, 5))
    assert not np.array_equal(weight, another), "two layers start with the same weight"


@pytest.mark.without_device
@pytest.mark.points(1)
def test_initial_bias(student: Student) -> None:
    """The bias starts with values drawn from U(-s, s), s = 1/sqrt(in * k * k), too."""
    answer = student.conv_parameters("Conv2d(2, 4000, 3)", in_channels=2, out_channels=4000, kernel_size=3)
    bias = answer["bias"].tensor((4000,))
    assert_drawn_uniformly("the bias of Conv2d(2, 4000, 3)", bias, 1 / math.sqrt(2 * 3 * 3))


@pytest.mark.points(2)
def test_one_channel(student: Student, draw: np.random.Generator) -> None:
    """One image, one channel, one 3 x 3 filter, stride 1, no padding: a cross-correlation plus the bias."""
    judge(student, [case(draw, (1, 1, 5, 7), outputs=1, size=3)])


@pytest.mark.points(2.5)
def test_channels(student: Student, draw: np.random.Generator) -> None:
    """A batch with several channels in and out, an odd or even kernel, an image that is not square."""
    judge(
        student,
        [
            case(draw, (3, 2, 6, 9), outputs=4, size=3),
            case(draw, (2, 3, 9, 6), outputs=2, size=2),
            case(draw, (2, 4, 6, 7), outputs=5, size=4),
            case(draw, (2, 3, 4, 5), outputs=3, size=2),
        ],
    )


@pytest.mark.points(2)
def test_stride(student: Student, draw: np.random.Generator) -> None:
    """The window moves by the stride, from the first pixel on; what does not fill a window is left out."""
    judge(
        student,
        [
            case(draw, (2, 2, 9, 7), outputs=3, size=3, stride=2),
            case(draw, (2, 3, 8, 11), outputs=2, size=3, stride=2),
            case(draw, (2, 2, 9, 12), outputs=3, size=2, stride=3),
            case(draw, (1, 2, 10, 7), outputs=3, size=4, stride=3),
        ],
    )


@pytest.mark.points(2)
def test_padding(student: Student, draw: np.random.Generator) -> None:
    """`padding` rows and columns of zeros are added on each of the four sides."""
    judge(
        student,
        [
            case(draw, (2, 2, 5, 7), outputs=3, size=3, padding=1),
            case(draw, (2, 3, 6, 4), outputs=2, size=3, padding=2),
            case(draw, (2, 2, 4, 6), outputs=3, size=2, padding=3),
        ],
    )


@pytest.mark.points(1.5)
def test_stride_and_padding(student: Student, draw: np.random.Generator) -> None:
    """Stride and padding together: H' = (H + 2 padding - k) // stride + 1."""
    judge(
        student,
        [
            case(draw, (2, 2, 8, 7), outputs=3, size=3, stride=2, padding=1),
            case(draw, (2, 3, 6, 9), outputs=2, size=4, stride=3, padding=2),
            case(draw, (2, 2, 7, 10), outputs=4, size=2, stride=4, padding=1),
        ],
    )


@pytest.mark.points(1)
def test_extreme_kernels(student: Student, draw: np.random.Generator) -> None:
    """A 1 x 1 kernel, and one as large as the image or the padded image."""
    judge(
        student,
        [
            case(draw, (2, 3, 4, 5), outputs=2, size=1),
            case(draw, (2, 3, 1, 5), outputs=2, size=1),
            case(draw, (2, 3, 4, 5), outputs=2, size=1, stride=2, padding=1),
            case(draw, (2, 3, 4, 4), outputs=2, size=4),
            case(draw, (1, 2, 3, 5), outputs=3, size=5, padding=1),
        ],
    )


@pytest.mark.points(1)
def test_non_contiguous_input(student: Student, draw: np.random.Generator) -> None:
    """Inputs may be non-contiguous: transposed or with gaps in memory."""
    cases = [
        case(draw, (2, 3, 5, 6), outputs=2, size=3),
        case(draw, (2, 2, 7, 5), outputs=3, size=2, stride=2, padding=1),
    ]
    judge(student, cases, strided=True)


def gradients(student: Student, draw: np.random.Generator, name: str) -> None:
    """Judge the gradients in the input or in a parameter, for four layers."""
    cases = [
        case(draw, (2, 3, 6, 5), outputs=2, size=3),
        case(draw, (2, 2, 8, 7), outputs=3, size=3, stride=2, padding=1),
        case(draw, (1, 2, 7, 5), outputs=3, size=2, stride=3),
        case(draw, (3, 1, 4, 5), outputs=2, size=2, padding=2),
    ]
    for each in cases:
        each["upstream"] = normal(draw, *oracles.conv2d(**each).value.shape)
    for each, answer in zip(cases, student.each("conv_backward", "Conv2d", cases), strict=True):
        told = about(answer, each)
        told["y"].tensor(each["upstream"].shape)
        told["y"].requires_grad(True)
        given = {key: value for key, value in each.items() if key != "bias"}
        told[name].matches(oracles.conv2d_gradients(**given)[name])


@pytest.mark.points(1)
def test_gradient_in_the_input(student: Student, draw: np.random.Generator) -> None:
    """The gradient in the input is right, with stride and padding too."""
    gradients(student, draw, "x.grad")


@pytest.mark.points(1)
def test_gradient_in_the_weight(student: Student, draw: np.random.Generator) -> None:
    """The gradient in the weight is right, with stride and padding too."""
    gradients(student, draw, "weight.grad")


@pytest.mark.points(1)
def test_gradient_in_the_bias(student: Student, draw: np.random.Generator) -> None:
    """The gradient in the bias is right, with stride and padding too."""
    gradients(student, draw, "bias.grad")


@pytest.mark.points(0.5)
def test_unchanged_input(student: Student, draw: np.random.Generator) -> None:
    """The layer leaves its input as it is."""
    given = case(draw, (2, 2, 5, 6), outputs=3, size=3, padding=1)
    answer = student.conv_forward("Conv2d(2, 3, 3, padding=1)(x)", **given)
    answer["y"].matches(oracles.conv2d(**given))
    answer["x afterwards"].matches(Expected.exact(given["x"]))


@pytest.mark.without_device
@pytest.mark.points(0.5)
def test_changed_parameters(student: Student, draw: np.random.Generator) -> None:
    """Each call uses the input given and the parameters as they are then, not those of an earlier call."""
    shapes = ((2, 2, 5, 6), (2, 2, 5, 6), (1, 2, 7, 8))
    cases = [case(draw, shape, outputs=3, size=2) for shape in shapes]
    listed = {plural: [each[name] for each in cases] for name, plural in PLURALS.items()}
    called = "one Conv2d(2, 3, 2), called again with another x, weight and bias"
    answer = student.conv_repeated(called, **listed)
    for turn, each in enumerate(cases, start=1):
        answer[f"y of call {turn}"].matches(oracles.conv2d(**each))
