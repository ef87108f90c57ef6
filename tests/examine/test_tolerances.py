"""The rounding bound: right answers are within, work in a smaller precision is not."""

import numpy as np
import pytest

from grader.examine.tolerances import OTHER, SAFETY, UNIT_ROUNDOFF, Expected, allowed_error, gamma


def inner_products(dtype: str, length: int) -> tuple[np.ndarray, Expected]:
    """200 inner products of normal float32 vectors, rounded to `dtype` after every operation."""
    draw = np.random.default_rng(7)
    left, right = draw.standard_normal((2, length, 200), dtype=np.float32)
    total = np.zeros(200, dtype)
    for a, b in zip(left.astype(dtype), right.astype(dtype), strict=True):
        total = (total + a * b).astype(dtype)
    exact, scale = np.float64(left) * right, abs(np.float64(left) * right)
    return total, Expected(exact.sum(0), scale.sum(0), terms=length)


@pytest.mark.parametrize(("dtype", "digits"), [("float16", 11), ("float32", 24), ("float64", 53)])
def test_unit_roundoff_is_half_the_gap_after_one(dtype: str, digits: int) -> None:
    """The table agrees with NumPy's types."""
    assert UNIT_ROUNDOFF[dtype] == float(np.finfo(dtype).eps) / 2 == 2.0**-digits


def test_gamma_is_highams() -> None:
    """gamma(n) = n·u / (1 - n·u)."""
    assert gamma(4, 0.125) == 1.0


def test_gamma_says_where_there_is_no_bound() -> None:
    """Where n·u reaches 1 nothing is promised."""
    with pytest.raises(ValueError, match="no error bound for 8 terms"):
        gamma(8, 0.125)


@pytest.mark.parametrize("length", [1, 7, 100, 1000])
def test_float32_sums_are_within_the_bound(length: int) -> None:
    """Recursive summation, the least accurate order, stays within the bound."""
    total, expected = inner_products("float32", length)
    assert (abs(total - expected.value) <= allowed_error(expected)).all()


@pytest.mark.parametrize("length", [1, 7, 28, 100])
def test_float16_sums_are_not(length: int) -> None:
    """What was computed in float16 exceeds the bound in most of the elements."""
    total, expected = inner_products("float16", length)
    assert (abs(total - expected.value) > allowed_error(expected)).mean() > 0.5


def test_the_bound_is_the_stated_one() -> None:
    """SAFETY · gamma(n + OTHER) · scale, but for the oracle's own error."""
    allowed = allowed_error(Expected(np.zeros(3), np.array([0.0, 1.0, 2.0]), terms=5))
    unit = SAFETY * gamma(5 + OTHER, 2.0**-24)
    np.testing.assert_allclose(allowed, [0, unit, 2 * unit], rtol=1e-7, atol=1e-30)


def test_one_scale_serves_all_elements() -> None:
    """A single number as the scale holds for every element."""
    allowed = allowed_error(Expected(np.zeros((2, 3)), 1.0, terms=2))
    assert allowed.shape == (2, 3)
    assert (allowed == allowed[0, 0]).all()


def test_results_that_underflow_may_be_flushed_to_zero() -> None:
    """Below the smallest normal number zero is as good."""
    expected = Expected(np.array(1e-39), np.array(1e-39), terms=1)
    assert allowed_error(expected) >= 1e-39


def test_exact_values_allow_nothing() -> None:
    """Where numbers are only moved about no error is allowed."""
    expected = Expected.exact(np.array([1, 2.5], np.float32))
    assert (allowed_error(expected) == 0).all()
    assert expected.dtype == "float32"


def test_integers_allow_nothing() -> None:
    """Integers do not round, whatever the scale."""
    assert (allowed_error(Expected(np.array([3]), 10.0, terms=4, dtype="int64")) == 0).all()


def test_a_function_is_given_what_its_device_needs() -> None:
    """One unit in the last place for each on the CPU, two on a GPU; where the device is not told, the wider."""
    once, none = Expected(np.array(1.0), 1.0, terms=1, functions=1), Expected(np.array(1.0), 1.0, terms=1)
    cpu, cuda, untold = (float(allowed_error(once, device)) for device in ("cpu", "cuda", None))
    plain = float(allowed_error(none))
    unit = SAFETY * UNIT_ROUNDOFF["float32"]
    assert cpu - plain == pytest.approx(2 * unit, rel=1e-4)
    assert cuda - plain == pytest.approx(4 * unit, rel=1e-4)
    assert untold == cuda


def test_sums_are_given_the_same_on_every_device() -> None:
    """An IEEE operation is rounded alike everywhere, and the bound holds for every order."""
    expected = Expected(np.array(1.0), 1.0, terms=50)
    assert allowed_error(expected, "cpu") == allowed_error(expected, "cuda")
