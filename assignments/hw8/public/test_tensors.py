"""Public checks of part `tensors`."""

import numpy as np
import pytest

from grader.check.examples import agrees, whole
from grader.examine.answer import Student


@pytest.mark.exercise("to_tensor")
def test_to_tensor(student: Student) -> None:
    """`to_tensor` turns bytes into a float32 tensor with the same values and shape."""
    array = np.array([[[0, 128], [255, 7]]], dtype=np.uint8)
    answer = student.tensor_of("to_tensor(array of uint8, shape (1, 2, 2))", array=array)
    agrees(answer["tensor"], [[[0, 128], [255, 7]]])


@pytest.mark.exercise("to_tensor")
def test_to_tensor_requires_no_gradient(student: Student, device: str) -> None:
    """`to_tensor` of a float64 array is float32 too, on the device given, and requires no gradient."""
    answer = student.tensor_of("to_tensor(array of float64, shape (3,))", array=np.array([0.5, -2.0, 1e6]))
    agrees(answer["tensor"], [0.5, -2, 1e6])
    answer["tensor"].requires_grad(False)
    answer["tensor"].on(device)


@pytest.mark.exercise("to_tensor")
def test_to_tensor_copies(student: Student) -> None:
    """Writing to the array after `to_tensor` leaves the tensor as it is."""
    array = np.array([4, 5, 6, 7, 8, 9], dtype=np.float32)
    answer = student.to_tensor_then_write("array[...] = -1 after to_tensor(array)", array=array)
    agrees(answer["tensor"], [4, 5, 6, 7, 8, 9])


@pytest.mark.exercise("to_numpy")
def test_to_numpy(student: Student) -> None:
    """`to_numpy` keeps the dtype and the shape."""
    answer = student.array_of("to_numpy(tensor of int64, shape (3, 1))", array=np.array([[2], [-3], [2**40]]))
    agrees(answer["array"], np.array([[2], [-3], [2**40]]))


@pytest.mark.exercise("to_numpy")
def test_to_numpy_of_a_tensor_with_gradient(student: Student) -> None:
    """`to_numpy` takes a tensor that was computed from one that requires a gradient."""
    answer = student.array_of(
        "to_numpy(6 numbers with gradient)", array=whole([8, -9, 0, 1, 2, 3]), with_gradient=True
    )
    agrees(answer["array"], whole([8, -9, 0, 1, 2, 3]))
