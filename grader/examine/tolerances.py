"""How far a right answer may be from the exact value: rounding-error analysis, not taste.

Let `u` be the unit roundoff of a floating-point type.  Every operation on it returns the exact result
times (1 + δ), |δ| <= u, and a product of n such factors differs from 1 by at most

    gamma(n) = n·u / (1 - n·u)                                            (Higham, lemma 3.1)

so an inner product of length n, added up in any order, with or without fused multiply-add, differs from
the exact one by at most gamma(n) · Σ|a_i·b_i| (Higham, section 3.1; section 4.2 for the orders).  A matrix
product, a convolution, a mean and their gradients are such sums.  With `scale` = Σ|a_i·b_i|, element by
element, and `terms` = n, an answer is right where

    |answer - value|  <=  (SAFETY · gamma(n + OTHER) + gamma64(n + OTHER)) · scale  +  n · tiny

OTHER and SAFETY, explained below, make room for algorithms that do not simply add up these terms.  The
second summand is the float64 oracle's own error.  The third is underflow: a result below the smallest
normal number `tiny` has no relative accuracy, and a GPU may flush it to zero.

What differs from device to device.  Sums, products, quotients and square roots do not: on a GPU they are rounded
as IEEE 754 asks (PyTorch is compiled without fast-math), in another order and with fused multiply-adds, and the
bound above holds for every order and with fewer roundings.  That takes TF32 and reduced-precision sums to be off
(TF32 keeps 11 significant bits of a float32 and is worth no more than a float16), which the worker sees to.
Elementary functions do: exp, log, sin, tanh, erf are within one unit in the last place in the CPU's vector
library, within two in CUDA's.  Of these an oracle declares how many an element goes through, as `functions`, and
each counts as so many roundings as FUNCTION_ROUNDINGS says.

Reference: N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., SIAM 2002, chapters 3,
4 and 24.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

UNIT_ROUNDOFF: Final = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}
"""Half the gap between 1 and the next greater number.  Other dtypes hold integers, which are exact."""

SMALLEST_NORMAL: Final = {
    "float16": 2.0**-14, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022
}  # fmt: skip

OTHER: Final = 8
"""Roundings of an element besides those of its sum: the rounded 1/n of a mean, a factor from upstream in a
gradient, a conversion, the depth of a transform (an FFT of length m has log2 m levels)."""

FUNCTION_ROUNDINGS: Final = {"cpu": 2, "cuda": 4}
"""What an elementary function's error amounts to, in roundings: a unit in the last place is two of them."""

SAFETY: Final = 4
"""Why gamma is multiplied by 4.

gamma is for the sum as it is defined.  A right answer may come from other sums, whose bounds have the same
form with larger constants: an FFT (Higham, theorem 24.2), Winograd's scheme.  On 300 random convolutions in
float32 the greatest error was 0.12 of gamma(n + OTHER) · max Σ|a_i·b_i| for direct sums, 0.4 for an FFT and
1.9 for Winograd's F(4x4, 3x3).  In float16 or TF32 `u` is 8192 times as large: a factor of 4 hides nothing.
"""


@dataclass(frozen=True, eq=False)
class Expected:
    """What an oracle expects: `value`, and what the rounding bound needs.

    `value`: the exact result in float64, any shape (in its own dtype where nothing is computed).  `scale`:
    the sum of the absolute values of the terms that were added up, of `value`'s shape or broadcasting to
    it.  `terms`: how many they were.  `dtype` and `kind` are what the student must return.  `functions`: how many
    elementary functions (exp, log, tanh) one element goes through, one after the other.
    """

    value: NDArray[Any]
    scale: NDArray[Any] | float
    terms: int
    dtype: str = "float32"
    kind: Literal["tensor", "ndarray"] = "tensor"
    functions: int = 0

    @classmethod
    def exact(cls, values: NDArray[Any], kind: Literal["tensor", "ndarray"] = "tensor") -> Expected:
        """Expect these very values in their own dtype: for what only moves numbers about."""
        return cls(values, scale=0.0, terms=0, dtype=values.dtype.name, kind=kind)


def gamma(terms: int, unit: float) -> float:
    """Higham's n·u / (1 - n·u); ValueError where n·u >= 1 and there is no bound."""
    if terms * unit >= 1:
        raise ValueError(f"no error bound for {terms} terms with unit roundoff {unit}")
    return terms * unit / (1 - terms * unit)


def allowed_error(expected: Expected, device: str | None = None) -> NDArray[np.float64]:
    """How far each element of an answer may be from `expected.value`: float64, of its shape.

    `device` is "cpu" or "cuda"; where it is not told, the wider bound holds.
    """
    scale = np.asarray(expected.scale, dtype=np.float64)
    if scale.shape != expected.value.shape:
        scale = np.broadcast_to(scale, expected.value.shape)
    if expected.dtype not in UNIT_ROUNDOFF:
        return np.zeros_like(scale)
    each = FUNCTION_ROUNDINGS[device] if device is not None else max(FUNCTION_ROUNDINGS.values())
    roundings = expected.terms + OTHER + each * expected.functions
    answer = SAFETY * gamma(roundings, UNIT_ROUNDOFF[expected.dtype])
    oracle = gamma(roundings, UNIT_ROUNDOFF["float64"])
    return np.asarray((answer + oracle) * scale + expected.terms * SMALLEST_NORMAL[expected.dtype])
