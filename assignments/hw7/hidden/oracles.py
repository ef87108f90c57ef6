"""What is right, in float64 NumPy from the definitions; see docs/writing-an-assignment.md.

In each `Expected`, `scale` adds up the absolute values of the very terms that `value` adds up.  Students return
float64 NumPy arrays.
"""

import numpy as np
from numpy.typing import NDArray

from grader.examine import Expected

Array = NDArray[np.float64]
Given = NDArray[np.generic]

SOBEL_X = np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0])


def wide(values: Given) -> Array:
    """The same values in float64."""
    return values.astype(np.float64)


def correlate2d(image: Given, kernel: Given) -> Expected:
    """out[i, j] = sum of kernel[a, b] * image[i + a - kh // 2, j + b - kw // 2], 0 outside of the image."""
    return _filtered(wide(image), wide(kernel), sign=1)


def convolve2d(image: Given, kernel: Given) -> Expected:
    """out[i, j] = sum of kernel[a, b] * image[i - a + kh // 2, j - b + kw // 2], 0 outside of the image."""
    return _filtered(wide(image), wide(kernel), sign=-1)


def gaussian_kernel(size: int, sigma: float) -> Expected:
    """exp(-(x² + y²) / 2σ²) at whole x and y from the centre, divided by its sum.

    The bound: an error of the exponent counts as often as the exponent is large (the condition of exp), in an
    element and, weighted, in the sum; the sum has size² positive terms.
    """
    offsets = np.arange(size, dtype=np.float64) - size // 2
    exponent = (offsets[:, None] ** 2 + offsets**2) / (2 * sigma**2)
    bells = np.exp(-exponent)
    value = bells / bells.sum()
    scale = value * (1 + exponent + (value * exponent).sum())
    return _array(value, scale, terms=size**2)


def smooth(image: Given, size: int, sigma: float) -> Expected:
    """The image weighted with the Gaussian kernel, its edge pixels repeated beyond the border.

    The bound: the kernel's own, and that of a sum of size² products.
    """
    kernel, radius = gaussian_kernel(size, sigma), size // 2
    bigger = np.pad(wide(image), radius, mode="edge")
    value, _ = _taps(bigger, kernel.value, sign=1)
    _, scale = _taps(bigger, np.asarray(kernel.scale), sign=1)
    inner = slice(radius, -radius or None)
    return _evenly(value[inner, inner], scale[inner, inner], terms=2 * size**2)


def derivative(image: Given, axis: int) -> Expected:
    """Half the difference of the two neighbours along an axis, edge pixels repeated beyond the border."""
    ahead, behind = _neighbours(wide(image), axis)
    return _array((ahead - behind) / 2, (abs(ahead) + abs(behind)) / 2, terms=2)


def sobel_magnitude(image: Given) -> Expected:
    """sqrt(gx² + gy²) of both Sobel filters' answers, edge pixels repeated beyond the border.

    The bound: the magnitude moves by no more than both answers' errors together; each is a sum of 6 terms.
    """
    bigger = np.pad(wide(image), 1, mode="edge")
    along_x, scale_x = (each[1:-1, 1:-1] for each in _taps(bigger, SOBEL_X, sign=1))
    along_y, scale_y = (each[1:-1, 1:-1] for each in _taps(bigger, SOBEL_X.T, sign=1))
    return _evenly(np.hypot(along_x, along_y), scale_x + scale_y, terms=6)


def _neighbours(image: Array, axis: int) -> tuple[Array, Array]:
    """The next and the previous pixel along an axis; at the border the pixel itself."""
    last = image.shape[axis] - 1
    places = np.arange(last + 1)
    ahead, behind = np.minimum(places + 1, last), np.maximum(places - 1, 0)
    return np.take(image, ahead, axis), np.take(image, behind, axis)


def _filtered(image: Array, kernel: Array, sign: int) -> Expected:
    return _evenly(*_taps(image, kernel, sign), terms=kernel.size)


def _taps(image: Array, kernel: Array, sign: int) -> tuple[Array, Array]:
    """The weighted sum of shifted images, and the sum of the terms' absolute values."""
    rows, columns = image.shape
    height, width = kernel.shape
    padded = np.pad(image, [(height, height), (width, width)])
    value, scale = np.zeros(image.shape), np.zeros(image.shape)
    for (a, b), weight in np.ndenumerate(kernel):
        top, left = height + sign * (a - height // 2), width + sign * (b - width // 2)
        term = weight * padded[top : top + rows, left : left + columns]
        value, scale = value + term, scale + abs(term)
    return value, scale


def _evenly(value: Array, scale: Array, terms: int) -> Expected:
    """The bound of the greatest sum for every element: an FFT spreads its errors evenly."""
    return _array(value, float(scale.max()), terms)


def _array(value: Array, scale: Array | float, terms: int) -> Expected:
    return Expected(value, scale, terms, dtype="float64", kind="ndarray")
