"""Inputs for the hidden tests: float32 arrays drawn from the batch's secret seed."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def normal(draw: np.random.Generator, *shape: int) -> Floats:
    """Standard normal values: both signs, never round numbers."""
    return np.asarray(draw.standard_normal(shape, dtype=np.float32))


def distinct(draw: np.random.Generator, *shape: int) -> Floats:
    """Values without ties, of both signs and all at least 1/16 from 0: safe places to ask for gradients."""
    count = int(np.prod(shape))
    steps = draw.permutation(count) - count // 2 + 0.5
    return (steps / 8).astype(np.float32).reshape(shape)
