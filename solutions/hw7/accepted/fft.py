"""Products of spectra."""

import numpy as np


def convolve2d(image, kernel):
    shape = [n + k - 1 for n, k in zip(image.shape, kernel.shape)]
    spectrum = np.fft.rfft2(image, shape) * np.fft.rfft2(kernel, shape)
    full = np.fft.irfft2(spectrum, shape)
    top, left = kernel.shape[0] // 2, kernel.shape[1] // 2
    return full[top : top + image.shape[0], left : left + image.shape[1]].copy()


def correlate2d(image, kernel):
    turned = np.flip(kernel)
    shape = [n + k - 1 for n, k in zip(image.shape, kernel.shape)]
    full = np.fft.ifft2(np.fft.fft2(image, shape) * np.fft.fft2(turned, shape)).real
    top, left = (kernel.shape[0] - 1) // 2, (kernel.shape[1] - 1) // 2
    return np.ascontiguousarray(full[top : top + image.shape[0], left : left + image.shape[1]])


def gaussian_kernel(size, sigma):
    x = np.linspace(-(size - 1) / 2, (size - 1) / 2, size)
    line = np.exp(-0.5 * (x / sigma) ** 2)
    line /= line.sum()
    return np.outer(line, line)


def repeated(function, image, r):
    return function(np.pad(image.astype(float), r, "edge"))[r:-r, r:-r] if r else function(image.astype(float))


def smooth(image, size, sigma):
    return repeated(lambda bigger: convolve2d(bigger, gaussian_kernel(size, sigma)), image, size // 2)


def derivative(image, axis):
    kernel = np.array([[0.5, 0.0, -0.5]])
    return repeated(lambda bigger: convolve2d(bigger, kernel.T if axis == 0 else kernel), image, 1)


def sobel_magnitude(image):
    kernel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    gx = repeated(lambda bigger: convolve2d(bigger, kernel), image, 1)
    gy = repeated(lambda bigger: convolve2d(bigger, kernel.T), image, 1)
    return abs(gx + 1j * gy)
