"""Right pieces for the second grading: a fault in them costs their own tests only."""

import numpy as np


def correlate2d(image, kernel):  # noqa: ANN001, ANN201 - as a student writes it
    up, left = (extent // 2 for extent in kernel.shape)
    rows, columns = image.shape
    frame = [(extent, extent) for extent in kernel.shape]
    padded = np.pad(np.asarray(image, dtype=np.float64), frame)
    result = np.zeros(image.shape)
    for (i, j), weight in np.ndenumerate(kernel):
        top, start = kernel.shape[0] + i - up, kernel.shape[1] + j - left
        result += weight * padded[top : top + rows, start : start + columns]
    return result


def convolve2d(image, kernel):  # noqa: ANN001, ANN201
    in_front = [(1 - extent % 2, 0) for extent in kernel.shape]
    return correlate2d(image, np.pad(kernel[::-1, ::-1], in_front))


def gaussian_kernel(size, sigma):  # noqa: ANN001, ANN201
    offsets = np.arange(size) - size // 2
    profile = np.exp(-(offsets**2) / (2 * sigma**2))
    kernel = np.outer(profile, profile)
    return kernel / kernel.sum()
