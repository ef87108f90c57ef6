"""Four nested loops, and lists before arrays."""

import math

import numpy as np


def pixel(image, i, j):
    inside = 0 <= i < image.shape[0] and 0 <= j < image.shape[1]
    return float(image[i, j]) if inside else 0.0


def filtered(image, kernel, sign):
    out = np.zeros(image.shape)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            for a in range(kernel.shape[0]):
                for b in range(kernel.shape[1]):
                    row = i + sign * (a - kernel.shape[0] // 2)
                    column = j + sign * (b - kernel.shape[1] // 2)
                    out[i, j] += float(kernel[a, b]) * pixel(image, row, column)
    return out


def correlate2d(image, kernel):
    return filtered(image, kernel, 1)


def convolve2d(image, kernel):
    return filtered(image, kernel, -1)


def gaussian_kernel(size, sigma):
    middle = size // 2
    rows = []
    for y in range(size):
        rows.append([math.exp(-((x - middle) ** 2 + (y - middle) ** 2) / (2 * sigma * sigma)) for x in range(size)])
    total = sum(sum(row) for row in rows)
    return np.array([[value / total for value in row] for row in rows])


def clipped(image, i, j):
    i = min(max(i, 0), image.shape[0] - 1)
    j = min(max(j, 0), image.shape[1] - 1)
    return float(image[i, j])


def smooth(image, size, sigma):
    kernel, r = gaussian_kernel(size, sigma), size // 2
    out = np.empty(image.shape)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            near = [(a, b) for a in range(size) for b in range(size)]
            out[i, j] = sum(kernel[a, b] * clipped(image, i + a - r, j + b - r) for a, b in near)
    return out


def derivative(image, axis):
    di, dj = (1, 0) if axis == 0 else (0, 1)
    out = np.empty(image.shape)
    for i, j in np.ndindex(image.shape):
        out[i, j] = 0.5 * clipped(image, i + di, j + dj) - 0.5 * clipped(image, i - di, j - dj)
    return out


def sobel_magnitude(image):
    out = np.empty(image.shape)
    for i, j in np.ndindex(image.shape):
        gx = gy = 0.0
        for step, weight in ((-1, 1), (0, 2), (1, 1)):
            gx += weight * (clipped(image, i + step, j + 1) - clipped(image, i + step, j - 1))
            gy += weight * (clipped(image, i + 1, j + step) - clipped(image, i - 1, j + step))
        out[i, j] = math.hypot(gx, gy)
    return out
