"""Public checks of part `filtering`: examples that can be followed by hand."""

import numpy as np
import pytest

from grader.check.examples import agrees
from grader.examine.answer import Student

IMAGE = np.array([[1, 2, 3], [4, 5, 6]])
CORNER = np.array([[0, 0, 0], [0, 0, 0], [0, 10, 1]])


@pytest.mark.exercise("correlate2d")
def test_correlate2d(student: Student) -> None:
    """Ten times the pixel below plus the one to the right of that."""
    answer = student.correlate2d("correlate2d(image, kernel)", image=IMAGE, kernel=CORNER)
    agrees(answer["array"], np.array([[45.0, 56.0, 60.0], [0.0, 0.0, 0.0]]))


@pytest.mark.exercise("correlate2d")
def test_correlate2d_even_kernel(student: Student) -> None:
    """In a kernel (1, 2) the second element meets the pixel itself, the first its left neighbour."""
    answer = student.correlate2d("correlate2d(image, kernel)", image=IMAGE, kernel=np.array([[100, 1]]))
    agrees(answer["array"], np.array([[1.0, 102.0, 203.0], [4.0, 405.0, 506.0]]))


@pytest.mark.exercise("convolve2d")
def test_convolve2d(student: Student) -> None:
    """Ten times the pixel above plus the one to the left of that."""
    answer = student.convolve2d("convolve2d(image, kernel)", image=IMAGE, kernel=CORNER)
    agrees(answer["array"], np.array([[0.0, 0.0, 0.0], [10.0, 21.0, 32.0]]))
