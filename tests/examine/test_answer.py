"""What a hidden test sees of a claim: plain data or a judgement, never anything else."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from grader.errors import Judgement
from grader.examine.answer import Answer, Item
from grader.examine.tolerances import Expected
from grader.model import Outcome
from grader.sandbox.protocol import Array, Mapping, Opaque, Scalar, Sequence, Value, array_of

WHOLE = Expected(np.array([1.0, 2.0]), 1.0, terms=1)


def item(value: Value) -> Item:
    return Answer("f(x)", {"y": value})["y"]


def tensor(values: object, kind: str = "tensor", dtype: str = "float32", **more: object) -> Array:
    plain = array_of(np.array(values, dtype))
    return Array(kind=kind, dtype=dtype, shape=plain.shape, data=plain.data, **more)  # type: ignore[arg-type]


def verdict(judge: Callable[[], object]) -> str:
    """The sentence of the judgement that `judge` ends with."""
    with pytest.raises(Judgement) as caught:
        judge()
    assert caught.value.outcome is Outcome.FAILED
    return caught.value.message


def test_a_key_that_is_missing() -> None:
    """A missing key is a wrong answer, not a KeyError."""
    assert verdict(lambda: Answer("f(x)", {})["y"]) == "f(x): y is missing"


def test_matching_tensor() -> None:
    """A tensor within the bound passes; a parameter is a tensor too."""
    item(tensor([1, 2])).matches(WHOLE)
    item(tensor([1, 2], kind="parameter")).matches(WHOLE)


def test_values_that_do_not_match() -> None:
    """The sentence says what was called, what came back, and how it differs."""
    assert verdict(lambda: item(tensor([1, 2.5])).matches(WHOLE)) == (
        "f(x): y is wrong in 1 of 2 elements (50.0 %); "
        "the greatest difference is 0.5 at index (1,), where 2.1e-06 is allowed"
    )


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "f(x): y is None, expected a tensor"),
        (array_of(np.zeros(2, np.float32)), "f(x): y is a NumPy array, expected a tensor"),
        (1.5, "f(x): y is a Python float, expected a tensor"),
        (tensor([1, 2], dtype="float64"), "f(x): y has dtype float64, expected float32"),
        (tensor([[1, 2]]), "f(x): y has shape (1, 2), expected (2,)"),
        (tensor([[1], [2]]), "f(x): y has shape (2, 1), expected (2,)"),
        (tensor(1), "f(x): y has shape (), expected (2,)"),
    ],
)
def test_form_comes_before_values(value: Value, sentence: str) -> None:
    """Type, dtype and shape are judged first; nothing is broadcast."""
    assert verdict(lambda: item(value).matches(WHOLE)) == sentence


def test_an_array_where_a_numpy_array_is_expected() -> None:
    """`kind` decides between tensor and NumPy array."""
    expected = Expected.exact(np.array([1, 2]), kind="ndarray")
    item(array_of(np.array([1, 2]))).matches(expected)
    sentence = verdict(lambda: item(tensor([1, 2], dtype="int64")).matches(expected))
    assert sentence == "f(x): y is a tensor, expected a NumPy array"


def test_the_values_of_a_tensor_or_array() -> None:
    """`tensor` and `array` give the values once the form is right."""
    assert item(tensor([1, 2])).tensor((2,)).tolist() == [1, 2]
    assert item(array_of(np.array([3]))).array((1,), "int64").tolist() == [3]
    assert verdict(lambda: item(tensor([1])).array((1,), "float32")).endswith("expected a NumPy array")


def test_a_parameter_must_be_one_and_require_a_gradient() -> None:
    """A plain tensor is no parameter, nor is a frozen one."""
    frozen, free = (tensor([1], kind="parameter", requires_grad=wanted) for wanted in (False, True))
    assert item(free).parameter((1,)).tolist() == [1]
    assert (
        verdict(lambda: item(tensor([1])).parameter((1,))) == "f(x): y is a tensor, expected an nn.Parameter"
    )
    assert verdict(lambda: item(frozen).parameter((1,))) == "f(x): y does not require a gradient"


def test_whether_a_gradient_is_required() -> None:
    """Both ways have their sentence."""
    item(tensor([1])).requires_grad(False)
    assert verdict(lambda: item(tensor([1])).requires_grad(True)) == "f(x): y does not require a gradient"
    free = tensor([1], requires_grad=True)
    assert verdict(lambda: item(free).requires_grad(False)) == "f(x): y requires a gradient"


def test_the_device() -> None:
    """A card's number does not matter; the kind of device does."""
    item(tensor([1], device="cuda:0")).on("cuda")
    assert verdict(lambda: item(tensor([1])).on("cuda")) == "f(x): y is on the device cpu, expected cuda"
    assert len(verdict(lambda: item(tensor([1], device="x" * 1000)).on("cuda"))) < 120


@pytest.mark.parametrize("value", [2, 2.0, Scalar(type="float32", value=2.0), Scalar(type="int64", value=2)])
def test_a_number(value: Value) -> None:
    """Python numbers and NumPy scalars are numbers."""
    assert item(value).number() == 2.0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (tensor(2.0), "a tensor"),
        (array_of(np.array(2.0)), "a NumPy array"),
        (True, "a Python bool"),
        (Scalar(type="bool", value=True), "a NumPy scalar of type bool"),
        ("2", "a Python str"),
        (None, "None"),
    ],
)
def test_no_number(value: Value, words: str) -> None:
    """A tensor won't do where a Python number is promised."""
    assert verdict(lambda: item(value).number()) == f"f(x): y is {words}, expected a Python number"


def test_an_integer_too_great_for_a_float() -> None:
    """It is infinite, and no error."""
    assert item(10**400).number() == float("inf")
    assert item(-(10**400)).number() == float("-inf")


def test_numbers() -> None:
    """A list or a tuple of the right length, of numbers only."""
    assert item(Sequence(type="tuple", items=[1, 2.5])).numbers(2) == [1.0, 2.5]
    assert verdict(lambda: item(Sequence(type="list", items=[1])).numbers(2)) == (
        "f(x): y has 1 elements, expected 2"
    )
    assert verdict(lambda: item(Sequence(type="list", items=[1, None])).numbers(2)) == (
        "f(x): y[1] is None, expected a Python number"
    )
    assert verdict(lambda: item(7).numbers(2)) == "f(x): y is a Python int, expected a list of 2 numbers"


def test_flags_texts_mappings_and_none() -> None:
    """The other plain things, each with its refusal."""
    assert item(True).flag() is True
    assert item(Scalar(type="bool", value=False)).flag() is False
    assert verdict(lambda: item(1).flag()) == "f(x): y is a Python int, expected True or False"
    assert item("abc").text() == "abc"
    assert verdict(lambda: item(None).text()) == "f(x): y is None, expected a text"
    assert item(Sequence(type="list", items=["a", "b"])).texts() == ["a", "b"]
    assert verdict(lambda: item(Sequence(type="list", items=["a", 1])).texts()).endswith("a list of texts")
    item(None).is_none()
    assert verdict(lambda: item(0).is_none()) == "f(x): y is a Python int, expected None"


def test_a_mapping_is_an_answer_of_its_own() -> None:
    """Entries of a dictionary are judged like those of an answer, and named by both keys."""
    inner = item(Mapping(items={"weight": 3})).mapping()
    assert inner.keys() == {"weight"}
    assert inner["weight"].number() == 3
    assert verdict(lambda: inner["bias"]) == "f(x), y: bias is missing"
    assert verdict(lambda: item(3).mapping()) == "f(x): y is a Python int, expected a dictionary"


def test_where_says_more_of_what_was_called() -> None:
    """One of several cases is told apart in the sentence."""
    answer = Answer("f(x)", {"y": 1}).where("x has shape (1, 3)")
    assert verdict(lambda: answer["y"].text()).startswith("f(x), where x has shape (1, 3): y is a Python int")


def test_a_difference_is_told_to_three_digits() -> None:
    """Who answers 0 learns one expected value's size, far too coarsely to answer right."""
    secret = Expected(np.array([123.456789, 2.0]), 1.0, terms=1)
    assert "the greatest difference is 123 at index (0,)" in verdict(
        lambda: item(tensor([0, 0])).matches(secret)
    )


ARRAYS = some.builds(
    lambda kind, dtype, shape, fill: Array(
        kind=kind,
        dtype=dtype,
        shape=tuple(shape),
        data=fill * (int(np.prod(shape)) * np.dtype(dtype).itemsize),
        requires_grad=True,
    ),
    some.sampled_from(["tensor", "parameter", "ndarray"]),
    some.sampled_from(["float32", "float64", "float16", "int64", "bool", "complex64"]),
    some.lists(some.integers(0, 3), max_size=3),
    some.sampled_from([b"\x00", b"\xff", b"\x7f", b"\xa0", b"\x01"]),
)
LEAVES = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text()
    | some.builds(Scalar, type=some.text(), value=some.booleans() | some.integers() | some.floats())
    | some.builds(Opaque, type=some.text(), reason=some.text())
    | ARRAYS
)
VALUES = some.recursive(
    LEAVES,
    lambda inner: (
        some.builds(Sequence, type=some.text(), items=some.lists(inner, max_size=3))
        | some.builds(Mapping, items=some.dictionaries(some.text(), inner, max_size=3))
    ),
    max_leaves=5,
)
METHODS: list[Callable[[Item], object]] = [
    lambda it: it.matches(WHOLE),
    lambda it: it.matches(Expected(np.array(1.0), 1.0, terms=1)),
    lambda it: it.matches(Expected.exact(np.ones(2, bool), kind="ndarray")),
    lambda it: it.tensor((2,)),
    lambda it: it.parameter((1,)),
    lambda it: it.array((3,), "int64"),
    lambda it: it.requires_grad(False),
    lambda it: it.on("cuda"),
    lambda it: it.number(),
    lambda it: it.numbers(2),
    lambda it: it.flag(),
    lambda it: it.text(),
    lambda it: it.texts(),
    lambda it: it.mapping()["y"],
    lambda it: it.is_none(),
]


@given(VALUES)
def test_nothing_that_can_be_sent_raises_anything_but_a_judgement(value: Value) -> None:
    """Whatever a worker claims, a hidden test gets data or a judgement with a bounded sentence."""
    for method in METHODS:
        try:
            method(item(value))
        except Judgement as judgement:
            assert len(judgement.message) < 400  # noqa: PT017 - most values raise nothing for some method
