"""What students' code returns is taken apart into plain values, whatever it is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

from grader.sandbox import packing
from grader.sandbox.protocol import Answered, Array, Mapping, Opaque, Scalar, Sequence, encode


class Liar(torch.Tensor):
    """A tensor whose every override lies."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError("asked for it")

    @property
    def shape(self) -> Any:  # type: ignore[override]
        return (1000,)


class Line(NamedTuple):
    m: float
    b: float


class LyingList(list[float]):
    """A list whose every override raises."""

    def __len__(self) -> int:
        raise SystemExit(0)

    def __getitem__(self, key: Any) -> Any:
        raise SystemExit(0)

    def __iter__(self) -> Any:
        raise SystemExit(0)


class Deceiver:
    """An object that raises wherever it is looked at."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise KeyboardInterrupt

    def __repr__(self) -> str:
        raise SystemExit(0)

    def __len__(self) -> int:
        raise RecursionError


def generator() -> Any:
    yield 1


def test_tensors_travel_with_all_they_claim() -> None:
    """Kind, dtype, shape, device and whether a gradient is required come along with the values."""
    packed = packing.pack(torch.nn.Parameter(torch.tensor([[1.0, 2.0]])))
    assert isinstance(packed, Array)
    assert (packed.kind, packed.dtype, packed.shape, packed.device, packed.requires_grad) == (
        "parameter", "float32", (1, 2), "cpu", True,
    )  # fmt: skip
    np.testing.assert_array_equal(packed.numpy(), [[1.0, 2.0]])


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: torch.ones(3).to_sparse(), "sparse"),
        (lambda: torch.ones(3, device="meta"), "meta"),
        (lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), "nested"),
        (lambda: torch.ones(3, dtype=torch.bfloat16), "bfloat16"),
        (lambda: torch.ones(1).expand(10_000, 10_000, 100), "elements"),
    ],
    ids=["sparse", "meta", "nested", "bfloat16", "40 GB by expand"],
)
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_tensors_that_cannot_travel_say_why(make: Callable[[], torch.Tensor], word: str) -> None:
    """A tensor without plain values, or too large to be right, travels as a name and a reason."""
    packed = packing.pack(make())
    assert isinstance(packed, Opaque)
    assert word in packed.reason


ANYTHING: list[Callable[[], Any]] = [
    lambda: None,
    lambda: True,
    lambda: 2**70,
    lambda: float("nan"),
    lambda: "\ud800",
    lambda: "x" * 10_000_000,
    lambda: b"bytes",
    lambda: 1j,
    lambda: {1: 2},
    lambda: {"a": {"b": [1, (2,)]}},
    lambda: [torch.ones(2), np.ones(2)],
    lambda: [[[[[[[[[[[1]]]]]]]]]]],
    lambda: list(range(200_000)),
    generator,
    Deceiver,
    lambda: type,
    lambda: print,
    lambda: np.float32(1.5),
    lambda: np.bool_(True),
    lambda: np.datetime64("2026-01-01"),
    lambda: np.array(["text"]),
    lambda: np.array([object()], dtype=object),
    lambda: torch.tensor(1 + 2j).conj(),
    lambda: torch.arange(6).reshape(2, 3).t(),
    lambda: torch.ones(2).as_subclass(Liar),
    lambda: torch.ones(2).half(),
    lambda: torch.empty(2**31, 2**31, 0),
    lambda: torch.ones((1,) * 40),
    lambda: np.empty((2**40, 0), np.float32),
]


@pytest.mark.parametrize("number", range(len(ANYTHING)))
def test_anything_at_all_can_be_packed(number: int) -> None:
    """Packing never raises, and what it gives can be sent."""
    encode(Answered(id=1, cases=[{"x": packing.pack(ANYTHING[number]())}]))


def test_a_subclass_is_read_with_its_overrides_off() -> None:
    """A tensor subclass that lies about itself is read as the tensor it is."""
    packed = packing.pack(torch.ones(2).as_subclass(Liar))
    assert isinstance(packed, Array)
    assert packed.shape == (2,)


class Sly(np.float64):
    """A number that would say another one, and would run code of its own."""

    dtype = property(lambda self: sys.exit(0))

    def item(self, *given: object) -> float:
        return 42.0


class Deceiving(np.ndarray[Any, Any]):
    """An array that would run code of its own for each thing it is asked."""

    dtype = shape = nbytes = size = property(lambda self: sys.exit(0))


class Elsewhere(TorchFunctionMode):
    """A mode that says of every tensor that it is on a card."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        asked = func == torch.Tensor.device.__get__
        return torch.device("cuda:0") if asked else func(*args, **(kwargs or {}))


def test_a_mode_that_was_left_on_has_no_say_in_where_a_tensor_is() -> None:
    with Elsewhere():
        assert str(torch.ones(2).device) == "cuda:0"
        packed = packing.pack(torch.ones(2))
    assert isinstance(packed, Array)
    assert packed.device == "cpu"


def test_numpys_subclasses_are_read_with_their_overrides_off() -> None:
    """What the watch does not look at, since it is the grader's own reading, is no student's code."""
    assert packing.pack(Sly(1.5)) == Scalar(type="float64", value=1.5)
    packed = packing.pack(np.ones(2).view(Deceiving))
    assert isinstance(packed, Array)
    assert packed.numpy().tolist() == [1, 1]


def test_a_named_tuple_is_a_tuple_and_a_list_that_lies_is_a_list() -> None:
    """Subclasses of list and tuple travel as what they hold, whatever they override."""
    assert packing.pack(Line(1.0, 2.0)) == Sequence(type="tuple", items=[1.0, 2.0])
    assert packing.pack(LyingList([1.0, 2.0])) == Sequence(type="list", items=[1.0, 2.0])


def test_numpy_scalars_keep_their_type() -> None:
    """A NumPy scalar is told from a Python number and from a 0-d array."""
    assert packing.pack(np.float32(1.5)) == Scalar(type="float32", value=1.5)
    assert isinstance(packing.pack(np.array(1.5)), Array)


def test_containers_keep_their_type() -> None:
    """Lists and tuples are told apart; dictionaries need text keys."""
    assert packing.pack([1, (2.0,)]) == Sequence(type="list", items=[1, Sequence(type="tuple", items=[2.0])])
    assert packing.pack({"a": None}) == Mapping(items={"a": None})
    assert isinstance(packing.pack({1: None}), Opaque)


def test_a_probe_gets_what_the_examiner_sent() -> None:
    """Arrays arrive writable and as copies, numbers and texts as they are."""
    from grader.sandbox.protocol import array_of

    given = packing.unpack(array_of(np.ones((2, 2), np.float32)))
    given[0, 0] = 5
    assert given.dtype == np.float32
    nested = Mapping(items={"a": Sequence(type="tuple", items=[1, "x"])})
    assert packing.unpack(msgspec.convert(nested, Mapping)) == {"a": (1, "x")}
