"""Part `filtering`: cross-correlation and convolution with a given kernel."""

from collections.abc import Callable
from typing import Any

import numpy as np
import oracles
import pytest
from inputs import normal, photograph

from grader.examine import Expected
from grader.examine.answer import Answer, Student

Case = dict[str, Any]
Shape = tuple[int, int]

ODD = [((6, 9), (3, 3)), ((7, 4), (5, 5))]
OBLONG = [((6, 9), (3, 5)), ((8, 5), (1, 3)), ((5, 8), (5, 1))]
EVEN = [((6, 9), (2, 2)), ((5, 7), (4, 2)), ((7, 6), (1, 4)), ((4, 7), (3, 2))]


def cases(draw: np.random.Generator, shapes: list[tuple[Shape, Shape]]) -> list[Case]:
    """A drawn image and a drawn kernel of each pair of shapes."""
    return [{"image": normal(draw, *image), "kernel": normal(draw, *kernel)} for image, kernel in shapes]


def judge(student: Student, probe: str, oracle: Callable[..., Expected], asked: list[Case]) -> None:
    """Ask for each case and compare with the definition."""
    for case, answer in zip(asked, student.each(probe, oracle.__name__, asked), strict=True):
        image, kernel = case["image"], case["kernel"]
        called = (
            f"{oracle.__name__}(image, kernel) with image {image.shape} {image.dtype}, kernel {kernel.shape}"
        )
        Answer(called, answer.values)["result"].matches(oracle(image, kernel))


@pytest.mark.exercise("correlate2d")
@pytest.mark.points(6)
def test_correlate_square_kernels(student: Student, draw: np.random.Generator) -> None:
    """Cross-correlation with 3 x 3 and 5 x 5 kernels: the result has the image's shape, 0 lies beyond the border."""
    judge(student, "correlate", oracles.correlate2d, cases(draw, ODD))


@pytest.mark.exercise("correlate2d")
@pytest.mark.points(5)
def test_correlate_oblong_kernels(student: Student, draw: np.random.Generator) -> None:
    """Cross-correlation with kernels that are wider than high, or higher than wide."""
    judge(student, "correlate", oracles.correlate2d, cases(draw, OBLONG))


@pytest.mark.exercise("correlate2d")
@pytest.mark.points(4)
def test_correlate_even_kernels(student: Student, draw: np.random.Generator) -> None:
    """Cross-correlation with kernels of even height or width: element (kh // 2, kw // 2) meets the pixel itself."""
    judge(student, "correlate", oracles.correlate2d, cases(draw, EVEN))


@pytest.mark.exercise("correlate2d")
@pytest.mark.points(3)
def test_correlate_kernel_larger_than_the_image(student: Student, draw: np.random.Generator) -> None:
    """Cross-correlation with a kernel that is larger than the image."""
    judge(student, "correlate", oracles.correlate2d, cases(draw, [((2, 3), (5, 7)), ((1, 4), (3, 3))]))


@pytest.mark.exercise("correlate2d")
@pytest.mark.points(3)
def test_correlate_whole_numbers(student: Student, draw: np.random.Generator) -> None:
    """A photograph of uint8 pixels gives a float64 result that neither overflows nor loses its sign."""
    case = {"image": photograph(draw, 5, 8), "kernel": draw.integers(-3, 4, (3, 3))}
    judge(student, "correlate", oracles.correlate2d, [case])


@pytest.mark.exercise("correlate2d")
@pytest.mark.points(1)
def test_correlate_leaves_its_arguments_alone(student: Student, draw: np.random.Generator) -> None:
    """The caller's image and kernel are the same after the call as before."""
    (case,) = cases(draw, [((5, 6), (3, 3))])
    after = student.correlate_and_look_back("after correlate2d(image, kernel)", **case)
    for name, values in case.items():
        after[name].matches(Expected.exact(values, kind="ndarray"))


@pytest.mark.exercise("convolve2d")
@pytest.mark.stand_ins("correlate2d")
@pytest.mark.points(6)
def test_convolve_square_kernels(student: Student, draw: np.random.Generator) -> None:
    """Convolution with 3 x 3 and 5 x 5 kernels: the result has the image's shape, 0 lies beyond the border."""
    judge(student, "convolve", oracles.convolve2d, cases(draw, ODD))


@pytest.mark.exercise("convolve2d")
@pytest.mark.stand_ins("correlate2d")
@pytest.mark.points(5)
def test_convolve_oblong_kernels(student: Student, draw: np.random.Generator) -> None:
    """Convolution with kernels that are wider than high, or higher than wide."""
    judge(student, "convolve", oracles.convolve2d, cases(draw, OBLONG))


@pytest.mark.exercise("convolve2d")
@pytest.mark.stand_ins("correlate2d")
@pytest.mark.points(4)
def test_convolve_even_kernels(student: Student, draw: np.random.Generator) -> None:
    """Convolution with kernels of even height or width: element (kh // 2, kw // 2) meets the pixel itself."""
    judge(student, "convolve", oracles.convolve2d, cases(draw, EVEN))


@pytest.mark.exercise("convolve2d")
@pytest.mark.stand_ins("correlate2d")
@pytest.mark.points(3)
def test_convolve_whole_numbers(student: Student, draw: np.random.Generator) -> None:
    """A photograph of uint8 pixels gives a float64 result that neither overflows nor loses its sign."""
    case = {"image": photograph(draw, 5, 8), "kernel": draw.integers(-3, 4, (3, 3))}
    judge(student, "convolve", oracles.convolve2d, [case])
