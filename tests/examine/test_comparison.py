"""The words in which a wrong array is described."""

import warnings

import numpy as np
import pytest

from grader.examine.comparison import form_fault, kind_of, shown, values_fault
from grader.examine.tolerances import Expected
from grader.sandbox import protocol
from grader.sandbox.protocol import Array, Mapping, Opaque, Scalar, Sequence, Value, array_of


def expected(value: object) -> Expected:
    return Expected(np.array(value), 1.0, terms=1)


def fault(actual: object, wanted: Expected) -> str | None:
    return values_fault(np.array(actual, np.float32), wanted)


def test_right_values_have_no_fault() -> None:
    """Within the bound nothing is said."""
    assert fault([1.0, 2.0000002], expected([1, 2])) is None


def test_how_many_where_and_how_much() -> None:
    """Count, share, greatest difference, its index, and what is allowed there."""
    assert fault([[1, 2], [3.5, 3]], expected([[1, 2], [3, 5]])) == (
        "is wrong in 2 of 4 elements (50.0 %); "
        "the greatest difference is 2 at index (1, 1), where 2.1e-06 is allowed"
    )


def test_a_scalar_has_no_index() -> None:
    """A single value is wrong as a whole."""
    assert fault(1.25, expected(1)) == (
        "has a wrong value; the greatest difference is 0.25, where 2.1e-06 is allowed"
    )


def test_an_exact_value_allows_none() -> None:
    """Where no error is allowed the sentence says so."""
    assert fault([1, 3], Expected.exact(np.array([1, 2], np.float32))) == (
        "is wrong in 1 of 2 elements (50.0 %); the greatest difference is 1 at index (1,), where none is allowed"
    )


@pytest.mark.parametrize("strange", ["nan", "inf", "-inf"])
def test_a_value_that_is_not_finite_is_named(strange: str) -> None:
    """NaN and infinities come before any difference, however great."""
    assert fault([9e9, float(strange), 1], expected([1, 2, 3])) == (
        f"is wrong in 3 of 3 elements (100.0 %); it is {strange} at index (1,)"
    )


def test_a_finite_value_in_place_of_an_infinite_one() -> None:
    """An expected infinity or NaN is not given away."""
    for hidden in (np.inf, -np.inf, np.nan):
        message = fault([1, 2], Expected(np.array([hidden, 2]), 1.0, terms=1))
        assert message == "is wrong in 1 of 2 elements (50.0 %); the difference at index (0,) is not finite"


def test_expected_infinities_and_nans_are_right() -> None:
    """NaN where NaN is expected, and the same infinity, are right."""
    values = np.array([np.nan, np.inf, -np.inf, 1.0])
    assert values_fault(values.astype(np.float32), Expected(values, abs(values), terms=1)) is None


def test_the_other_infinity_is_wrong() -> None:
    """-inf is not inf."""
    assert fault([-np.inf], expected([np.inf])) == (
        "is wrong in 1 of 1 elements (100.0 %); it is -inf at index (0,)"
    )


def test_negative_zero_is_zero() -> None:
    """A sign of zero is nobody's fault."""
    assert fault([-0.0], Expected.exact(np.array([0.0], np.float32))) is None


def test_great_integers_are_compared_exactly() -> None:
    """Two integers that float64 can't tell apart are still different."""
    wanted = Expected.exact(np.array([2**62 + 1]))
    assert values_fault(np.array([2**62 + 1]), wanted) is None
    assert values_fault(np.array([2**62]), wanted) is not None


def test_empty_arrays_are_equal() -> None:
    """Nothing differs in nothing."""
    assert values_fault(np.zeros((0, 3), np.float32), Expected(np.zeros((0, 3)), 0.0, terms=1)) is None


def test_nothing_is_broadcast() -> None:
    """Arrays of different shapes are never compared, even where NumPy would."""
    with pytest.raises(ValueError, match=r"shapes \(3, 1\) and \(3,\) cannot be compared"):
        values_fault(np.zeros((3, 1)), Expected(np.zeros(3), 1.0, terms=1))


def test_signalling_nans_and_overflow_raise_no_warning() -> None:
    """No bit pattern makes NumPy warn, which a strict test session would take for an error."""
    signalling = np.array([0x7FA00000, 0xFFA00000], np.uint32).view(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert values_fault(signalling, expected([0, 0])) is not None
        assert values_fault(np.array([1e308]), Expected(np.array([-1e308]), 1.0, 1, "float64")) is not None


def test_the_dtype_comes_before_the_shape() -> None:
    """Form is judged in a fixed order, and in words."""
    claim = array_of(np.zeros((2, 3)))
    assert form_fault(claim, "float32", (3, 2)) == "has dtype float64, expected float32"
    assert form_fault(claim, "float64", (3, 2)) == "has shape (2, 3), expected (3, 2)"
    assert form_fault(claim, "float64", (2, 3)) is None


def test_an_absurd_shape_is_cut_short() -> None:
    """A shape that a worker made up does not fill the page."""
    claim = Array(kind="tensor", dtype="float32", shape=(0, *[1] * 31), data=b"")
    assert len(form_fault(claim, "float32", (1,)) or "") < 120


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (True, "a Python bool"),
        (3, "a Python int"),
        (0.5, "a Python float"),
        ("text", "a Python str"),
        (array_of(np.zeros(2)), "a NumPy array"),
        (Array(kind="tensor", dtype="float32", shape=(), data=bytes(4)), "a tensor"),
        (Array(kind="parameter", dtype="float32", shape=(), data=bytes(4)), "an nn.Parameter"),
        (Scalar(type="float64", value=1.0), "a NumPy scalar of type float64"),
        (Sequence(type="tuple", items=[1, 2]), "a tuple of 2"),
        (Mapping(items={}), "a dictionary"),
        (Opaque(type="Linear"), "an object of type Linear"),
        (
            Opaque(type="bfloat16 tensor", reason="no NumPy dtype"),
            "an object of type bfloat16 tensor (no NumPy dtype)",
        ),
    ],
)
def test_what_a_claim_is(value: Value, words: str) -> None:
    """Every kind of value has its words."""
    assert kind_of(value) == words


def test_a_students_text_is_tamed() -> None:
    """Control characters, line ends and surrogates are replaced, and the length is bounded."""
    assert shown("a\n\x1b[31m\ud800b") == "a??[31m?b"
    assert shown("x" * 1000) == "x" * 60 + "..."


def test_every_dtype_of_the_protocol_can_be_compared() -> None:
    """No real dtype that can travel makes the comparison raise."""
    for dtype in sorted(protocol.DTYPES.keys() - {"complex64", "complex128"}):
        values = np.ones(3, dtype)
        assert values_fault(values, Expected.exact(values)) is None
