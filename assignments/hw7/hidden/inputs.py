"""Inputs for the hidden tests, drawn from the batch's secret seed: never square, never symmetric."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def normal(draw: np.random.Generator, *shape: int) -> Floats:
    """Standard normal values, float64."""
    return np.asarray(draw.standard_normal(shape))


def photograph(draw: np.random.Generator, *shape: int) -> NDArray[np.uint8]:
    """Pixels from 0 to 255, uint8: dark and bright ones side by side, so that sums and differences overflow."""
    return draw.integers(0, 256, shape, dtype=np.uint8)
