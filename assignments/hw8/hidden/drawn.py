"""Judging whether parameters are drawn from U(-s, s)."""

import math

import numpy as np
from numpy.typing import NDArray

FALSE_ALARM = 1e-9
"""Greatest probability with which values that are drawn as they should be are called wrong."""

MOST_REPEATED = 0.01
"""Share of values that may be repetitions.

`torch.rand` has 2^24 different float32 values, so among n = 50,000 draws about n²/2^25 = 75 pairs agree,
0.15 %; 500 or more of them (Poisson) have a probability below 1e-200.
"""


def assert_drawn_uniformly(name: str, values: NDArray[np.float32], bound: float) -> None:
    """Assert that `values`, any shape, look like independent draws from U(-bound, bound).

    None may lie outside (by more than rounding), and the distribution function of the n values may differ
    from the uniform one nowhere by more than ε = sqrt(ln(2 / FALSE_ALARM) / (2n)): for true draws this
    happens with probability <= 2·exp(-2nε²) = FALSE_ALARM (Dvoretzky, Kiefer and Wolfowitz 1956, the
    constant by Massart 1990).  That covers mean, variance and shape at once.
    """
    assert np.isfinite(values).all(), f"{name} has values that are not finite"
    ordered = np.sort(values, axis=None).astype(np.float64)
    assert abs(ordered).max() <= bound * (1 + 1e-6), f"{name} has values outside its interval"
    repeated = 1 - len(np.unique(ordered)) / ordered.size
    assert repeated <= MOST_REPEATED, f"{name} repeats values: {100 * repeated:.0f} % of them"
    allowed = math.sqrt(math.log(2 / FALSE_ALARM) / (2 * ordered.size))
    assert _distance_from_uniform(ordered, bound) <= allowed, (
        f"{name} is not drawn uniformly: its mean is {ordered.mean():.3g}, its s.d. {ordered.std():.3g}"
    )


def _distance_from_uniform(ordered: NDArray[np.float64], bound: float) -> float:
    """The Kolmogorov-Smirnov distance between sorted values and U(-bound, bound)."""
    uniform = (ordered + bound) / (2 * bound)
    below = np.arange(ordered.size) / ordered.size
    return float(np.maximum(uniform - below, below + 1 / ordered.size - uniform).max())
