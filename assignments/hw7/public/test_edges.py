"""Public checks of part `edges`: examples that can be followed by hand."""

import numpy as np
import pytest

from grader.check.examples import agrees
from grader.examine.answer import Student

IMAGE = np.array([[1, 5, 2], [1, 9, 0]], dtype=np.uint8)


@pytest.mark.exercise("derivative")
def test_derivative(student: Student) -> None:
    """Half the difference of the neighbours; at the border one of them is the pixel itself."""
    along_x = student.derivative("derivative(image, axis=1)", image=IMAGE, axis=1)
    agrees(along_x["array"], np.array([[2.0, 0.5, -1.5], [4.0, -0.5, -4.5]]))
    along_y = student.derivative("derivative(image, axis=0)", image=IMAGE, axis=0)
    agrees(along_y["array"], np.array([[0.0, 2.0, -1.0], [0.0, 2.0, -1.0]]))


@pytest.mark.exercise("sobel_magnitude")
def test_sobel_magnitude(student: Student) -> None:
    """gy is 4 · 4 everywhere; gx is 4 · 6 in the middle column and 4 · 3 at both sides."""
    image = np.array([[0, 3, 6], [4, 7, 10]])
    answer = student.sobel_magnitude("sobel_magnitude(image)", image=image)
    middle = float(np.sqrt(16.0**2 + 24.0**2))
    agrees(answer["array"], np.array([[20.0, middle, 20.0], [20.0, middle, 20.0]]))
