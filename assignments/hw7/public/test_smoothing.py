"""Public checks of part `smoothing`: examples that can be followed by hand."""

import numpy as np
import pytest

from grader.check.examples import agrees
from grader.examine.answer import Student

LN2 = float(np.log(2))


@pytest.mark.exercise("gaussian_kernel")
def test_gaussian_kernel(student: Student) -> None:
    """With 2σ² = 1 / ln 2 a step halves the weight: 1, 1/2 beside it and 1/4 in the corners, over their sum 4."""
    sigma = float(np.sqrt(1 / (2 * LN2)))
    answer = student.gaussian_kernel("gaussian_kernel(3, 0.849...)", size=3, sigma=sigma)
    agrees(answer["array"], np.array([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16)


@pytest.mark.exercise("smooth")
def test_smooth(student: Student) -> None:
    """Weights 1/4, 1/2, 1/4 along a single row, whose edge pixels are repeated."""
    sigma = float(np.sqrt(1 / (2 * LN2)))
    answer = student.smooth("smooth(image, 3, 0.849...)", image=np.array([[8, 0, 4]]), size=3, sigma=sigma)
    agrees(answer["array"], np.array([[6.0, 3.0, 3.0]]))
