"""Minus the derivative."""

import numpy as np


def windows(image, kh, kw, top, left):
    h, w = image.shape
    padded = np.zeros((h + kh - 1, w + kw - 1))
    padded[top : top + h, left : left + w] = image
    down, right = padded.strides
    return np.lib.stride_tricks.as_strided(padded, (h, w, kh, kw), (down, right, down, right))


def correlate2d(image, kernel):
    kh, kw = kernel.shape
    seen = windows(image, kh, kw, kh // 2, kw // 2)
    return (seen.reshape(-1, kh * kw) @ kernel.reshape(-1).astype(float)).reshape(image.shape)


def convolve2d(image, kernel):
    kh, kw = kernel.shape
    seen = windows(image, kh, kw, kh - 1 - kh // 2, kw - 1 - kw // 2)
    return np.tensordot(seen, np.rot90(kernel, 2), axes=((2, 3), (0, 1)))


def profile(size, sigma):
    weights = np.exp(-(np.arange(-(size // 2), size // 2 + 1) ** 2) / (2.0 * sigma**2))
    return weights / weights.sum()


def gaussian_kernel(size, sigma):
    return profile(size, sigma)[:, None] * profile(size, sigma)[None, :]


def along(image, weights, axis):
    """Weights applied along one axis, edge pixels repeated."""
    image = np.moveaxis(np.asarray(image, np.float64), axis, 0)
    r = len(weights) // 2
    places = np.clip(np.arange(len(image))[:, None] + np.arange(-r, r + 1), 0, len(image) - 1)
    return np.moveaxis(np.einsum("ikj,k->ij", image[places], np.asarray(weights, float)), 0, axis)


def smooth(image, size, sigma):
    return along(along(image, profile(size, sigma), 0), profile(size, sigma), 1)


def derivative(image, axis):
    return along(image, [0.5, 0, -0.5], axis)


def sobel_magnitude(image):
    gx = along(along(image, [1, 2, 1], 0), [-1, 0, 1], 1)
    gy = along(along(image, [1, 2, 1], 1), [-1, 0, 1], 0)
    return np.hypot(gx, gy)
