"""Part `edges`: derivatives and the Sobel magnitude."""

import numpy as np
import oracles
import pytest
from inputs import normal, photograph
from numpy.typing import NDArray

from grader.examine.answer import Student

Image = NDArray[np.generic]

PIECES = ("correlate2d", "convolve2d", "derivative")


def judge_derivative(student: Student, image: Image, axis: int) -> None:
    called = f"derivative(image, axis={axis}) with image {image.shape} {image.dtype}"
    answer = student.derivative(called, image=image, axis=axis)
    answer["result"].matches(oracles.derivative(image, axis))


def judge_sobel(student: Student, image: Image) -> None:
    called = f"sobel_magnitude(image) with image {image.shape} {image.dtype}"
    student.sobel(called, image=image)["result"].matches(oracles.sobel_magnitude(image))


@pytest.mark.exercise("derivative")
@pytest.mark.stand_ins("correlate2d", "convolve2d")
@pytest.mark.points(6)
def test_derivative_along_rows(student: Student, draw: np.random.Generator) -> None:
    """With axis=1 the derivative goes from left to right, borders included."""
    judge_derivative(student, normal(draw, 6, 9), 1)


@pytest.mark.exercise("derivative")
@pytest.mark.stand_ins("correlate2d", "convolve2d")
@pytest.mark.points(6)
def test_derivative_along_columns(student: Student, draw: np.random.Generator) -> None:
    """With axis=0 the derivative goes from top to bottom, borders included."""
    judge_derivative(student, normal(draw, 9, 5), 0)


@pytest.mark.exercise("derivative")
@pytest.mark.stand_ins("correlate2d", "convolve2d")
@pytest.mark.points(4)
def test_derivative_of_whole_numbers(student: Student, draw: np.random.Generator) -> None:
    """A photograph of uint8 pixels gives a float64 result in which darker than before is negative."""
    for axis in (0, 1):
        judge_derivative(student, photograph(draw, 5, 7), axis)


@pytest.mark.exercise("sobel_magnitude")
@pytest.mark.stand_ins(*PIECES)
@pytest.mark.points(8)
def test_sobel_magnitude(student: Student, draw: np.random.Generator) -> None:
    """The magnitude of both Sobel filters' answers, borders included, in an image that isn't square."""
    judge_sobel(student, normal(draw, 7, 10))


@pytest.mark.exercise("sobel_magnitude")
@pytest.mark.stand_ins(*PIECES)
@pytest.mark.points(3)
def test_sobel_magnitude_of_whole_numbers(student: Student, draw: np.random.Generator) -> None:
    """A photograph of uint8 pixels gives a float64 result."""
    judge_sobel(student, photograph(draw, 6, 5))


@pytest.mark.exercise("sobel_magnitude")
@pytest.mark.stand_ins(*PIECES)
@pytest.mark.points(3)
def test_sobel_magnitude_of_one_row(student: Student, draw: np.random.Generator) -> None:
    """An image of a single row has edges from left to right only."""
    judge_sobel(student, normal(draw, 1, 8))
