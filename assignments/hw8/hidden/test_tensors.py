"""Part `tensors`: NumPy arrays to float32 tensors and back."""

from typing import Any

import numpy as np
import oracles
import pytest
from inputs import normal

from grader.examine import Expected
from grader.examine.answer import Student

GREATEST = 2**62
"""So that an integer of any dtype fits int64, by way of which a student may go."""

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


@pytest.mark.points(1)
@pytest.mark.exercise("to_tensor")
def test_to_tensor_of_every_dtype(student: Student, draw: np.random.Generator) -> None:
    """`to_tensor` gives a float32 tensor of a floating-point, integer or boolean array, with its values."""
    real = draw.standard_normal((3, 5))
    arrays = [(100 * real).astype(dtype) for dtype in ("float64", "float32", "float16")]
    arrays += [of_whole_range(draw, dtype) for dtype in INTEGERS]
    arrays += [real > 0, draw.integers(0, 128, (3, 5)) * 2**21 + 1]
    answers = student.each("to_tensor", "to_tensor(array)", [{"array": array} for array in arrays])
    for array, answer in zip(arrays, answers, strict=True):
        answer.where(f"the array has dtype {array.dtype}")["tensor"].matches(oracles.converted(array))


def of_whole_range(draw: np.random.Generator, dtype: str) -> oracles.Given:
    """Integers from the least to the greatest that the dtype has."""
    least, greatest = np.iinfo(dtype).min, min(np.iinfo(dtype).max, GREATEST)
    return draw.integers(least, greatest, (3, 5), dtype=dtype, endpoint=True)


@pytest.mark.points(0.5)
@pytest.mark.exercise("to_tensor")
def test_to_tensor_of_every_shape(student: Student, draw: np.random.Generator) -> None:
    """`to_tensor` keeps the shape: 0-d, empty, one element, many dimensions."""
    arrays = [normal(draw, *shape) for shape in ((), (0,), (2, 0, 3), (1,), (1, 1), (2, 1, 3, 4))]
    answers = student.each("to_tensor", "to_tensor(array)", [{"array": array} for array in arrays])
    for array, answer in zip(arrays, answers, strict=True):
        answer.where(f"the array has shape {array.shape}")["tensor"].matches(oracles.converted(array))


@pytest.mark.points(0.5)
@pytest.mark.exercise("to_tensor")
def test_to_tensor_of_every_layout(student: Student, draw: np.random.Generator) -> None:
    """`to_tensor` takes arrays that are transposed, reversed, with gaps in memory or read-only."""
    layouts = ("transposed", "reversed", "with gaps", "read-only")
    cases: list[dict[str, Any]] = [
        {"array": normal(draw, 3, 4).astype(dtype), "layout": layout}
        for layout in layouts
        for dtype in ("float32", "float64")
    ]
    answers = student.each("to_tensor", "to_tensor(array)", cases)
    for case, answer in zip(cases, answers, strict=True):
        answer.where(f"the array is {case['layout']}")["tensor"].matches(oracles.converted(case["array"]))


@pytest.mark.points(1)
@pytest.mark.exercise("to_tensor")
def test_to_tensor_copies(student: Student, draw: np.random.Generator) -> None:
    """Writing to the array after `to_tensor` leaves the tensor as it is."""
    arrays = [normal(draw, 3, 4).astype(dtype) for dtype in ("float32", "float64")]
    called = "array[...] = 0 after to_tensor(array)"
    answers = student.each("to_tensor_then_write", called, [{"array": array} for array in arrays])
    for array, answer in zip(arrays, answers, strict=True):
        answer.where(f"the array has dtype {array.dtype}")["tensor"].matches(oracles.converted(array))


@pytest.mark.points(0.5)
@pytest.mark.exercise("to_tensor")
@pytest.mark.lands("tensor")
def test_to_tensor_puts_it_on_the_device(student: Student, draw: np.random.Generator, device: str) -> None:
    """`to_tensor` puts the tensor on the device given as a text or a `torch.device`, else on the CPU."""
    array = normal(draw, 2, 3)
    wanted = {"text": device, "object": device, "default": "cpu"}
    cases = [{"array": array, "where": where} for where in wanted]
    answers = student.each("to_tensor", "to_tensor(array, device=...)", cases)
    for where, answer in zip(wanted, answers, strict=True):
        answer["tensor"].matches(oracles.converted(array))
        answer["tensor"].on(wanted[where])


@pytest.mark.points(0.5)
@pytest.mark.exercise("to_tensor")
def test_to_tensor_requires_no_gradient(student: Student, draw: np.random.Generator) -> None:
    """The tensor of `to_tensor` requires no gradient."""
    array = normal(draw, 2, 3)
    answer = student.to_tensor("to_tensor(array)", array=array)
    answer["tensor"].matches(oracles.converted(array))
    answer["tensor"].requires_grad(False)


@pytest.mark.points(1)
@pytest.mark.exercise("to_numpy")
def test_to_numpy_keeps_dtype_and_shape(student: Student, draw: np.random.Generator) -> None:
    """`to_numpy` gives a NumPy array with the tensor's dtype, shape and values; 0-d and empty ones too."""
    real, whole = 100 * draw.standard_normal((2, 3)), draw.integers(0, 128, (2, 3))
    floats = [real.astype(dtype) for dtype in ("float32", "float64", "float16")]
    integers = [whole.astype(dtype) for dtype in ("int64", "int32", "int16", "int8", "uint8", "bool")]
    shapes = [normal(draw, *shape) for shape in ((), (0,), (2, 0), (1,), (2, 1, 3, 2))]
    arrays = floats + integers + shapes + [np.array([2**62 + 1, -(2**53) - 1])]
    answers = student.each("to_numpy", "to_numpy(tensor)", [{"array": array} for array in arrays])
    for array, answer in zip(arrays, answers, strict=True):
        about = answer.where(f"the tensor has dtype {array.dtype} and shape {array.shape}")
        about["array"].matches(Expected.exact(array, kind="ndarray"))


@pytest.mark.points(0.5)
@pytest.mark.exercise("to_numpy")
def test_to_numpy_of_a_tensor_with_gradient(student: Student, draw: np.random.Generator) -> None:
    """`to_numpy` takes a tensor that requires a gradient, itself a parameter or computed from one."""
    arrays = [normal(draw, 2, 3), normal(draw), normal(draw, 4).astype("float64")]
    cases: list[dict[str, Any]] = [
        {"array": array, "requires_grad": True, "computed": computed}
        for array in arrays
        for computed in (False, True)
    ]
    answers = student.each("to_numpy", "to_numpy(tensor that requires a gradient)", cases)
    for case, answer in zip(cases, answers, strict=True):
        answer["array"].matches(Expected.exact(case["array"], kind="ndarray"))


@pytest.mark.points(0.5)
@pytest.mark.exercise("to_numpy")
def test_to_numpy_of_a_non_contiguous_tensor(student: Student, draw: np.random.Generator) -> None:
    """`to_numpy` takes tensors that are not contiguous."""
    arrays: list[oracles.Given] = [normal(draw, 3, 4), normal(draw, 5)]
    arrays.append(draw.integers(0, 256, (2, 3, 4), dtype=np.uint8))
    cases = [{"array": array, "strided": True} for array in arrays]
    for array, answer in zip(arrays, student.each("to_numpy", "to_numpy(tensor)", cases), strict=True):
        about = answer.where(f"the tensor of shape {array.shape} is not contiguous")
        about["array"].matches(Expected.exact(array, kind="ndarray"))
