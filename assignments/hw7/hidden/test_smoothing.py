"""Part `smoothing`: the Gaussian kernel, and an image smoothed with it."""

import numpy as np
import oracles
import pytest
from inputs import normal, photograph
from numpy.typing import NDArray

from grader.examine.answer import Student

Image = NDArray[np.generic]

PIECES = ("correlate2d", "convolve2d", "gaussian_kernel")


def judge(student: Student, image: Image, size: int, sigma: float) -> None:
    called = f"smooth(image, {size}, {sigma:.3g}) with image {image.shape} {image.dtype}"
    answer = student.smooth(called, image=image, size=size, sigma=sigma)
    answer["result"].matches(oracles.smooth(image, size, sigma))


@pytest.mark.exercise("gaussian_kernel")
@pytest.mark.points(8)
def test_gaussian_kernel(student: Student, draw: np.random.Generator) -> None:
    """The kernel has the values of the formula, the greatest in the middle, and adds up to 1."""
    for size, widest in ((3, 1.0), (5, 1.5), (9, 6.0)):
        sigma = float(draw.uniform(0.6, 0.9)) * widest
        called = f"gaussian_kernel({size}, {sigma:.3g})"
        answer = student.gaussian(called, size=size, sigma=sigma)
        answer["kernel"].matches(oracles.gaussian_kernel(size, sigma))


@pytest.mark.exercise("gaussian_kernel")
@pytest.mark.points(2)
def test_gaussian_kernel_of_one_element(student: Student) -> None:
    """A kernel of size 1 is [[1.0]]."""
    answer = student.gaussian("gaussian_kernel(1, 2.5)", size=1, sigma=2.5)
    answer["kernel"].matches(oracles.gaussian_kernel(1, 2.5))


@pytest.mark.exercise("smooth")
@pytest.mark.stand_ins(*PIECES)
@pytest.mark.points(10)
def test_smooth(student: Student, draw: np.random.Generator) -> None:
    """Each pixel becomes the weighted mean of its neighbourhood, in an image that isn't square."""
    for shape, size in (((8, 13), 3), ((11, 7), 5)):
        judge(student, normal(draw, *shape), size, float(draw.uniform(0.7, 1.6)))


@pytest.mark.exercise("smooth")
@pytest.mark.stand_ins(*PIECES)
@pytest.mark.points(5)
def test_smooth_keeps_an_even_grey(student: Student, draw: np.random.Generator) -> None:
    """An image of one grey stays as it is, up to its border: beyond it the edge pixels are repeated."""
    judge(student, np.full((4, 9), float(draw.uniform(10, 200))), 7, 2.0)


@pytest.mark.exercise("smooth")
@pytest.mark.stand_ins(*PIECES)
@pytest.mark.points(5)
def test_smooth_whole_numbers(student: Student, draw: np.random.Generator) -> None:
    """A photograph of uint8 pixels gives a float64 result with the fractions kept."""
    judge(student, photograph(draw, 6, 10), 3, 0.8)
