"""What runs beside the student's code.  No answer is in here.

A probe is called as `probe(student, device, **case)`; the device plays no part, all is NumPy.
"""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]
Result = dict[str, object]


def correlate(student: ModuleType, device: str, *, image: Array, kernel: Array) -> Result:
    return {"result": student.correlate2d(image, kernel)}


def convolve(student: ModuleType, device: str, *, image: Array, kernel: Array) -> Result:
    return {"result": student.convolve2d(image, kernel)}


def correlate_and_look_back(student: ModuleType, device: str, *, image: Array, kernel: Array) -> Result:
    """What the caller's own arrays hold after the call."""
    student.correlate2d(image, kernel)
    return {"image": image, "kernel": kernel}


def gaussian(student: ModuleType, device: str, *, size: int, sigma: float) -> Result:
    return {"kernel": student.gaussian_kernel(size, sigma)}


def smooth(student: ModuleType, device: str, *, image: Array, size: int, sigma: float) -> Result:
    return {"result": student.smooth(image, size, sigma)}


def derivative(student: ModuleType, device: str, *, image: Array, axis: int) -> Result:
    return {"result": student.derivative(image, axis)}


def sobel(student: ModuleType, device: str, *, image: Array) -> Result:
    return {"result": student.sobel_magnitude(image)}
