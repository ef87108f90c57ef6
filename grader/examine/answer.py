"""What a probe gave back, as a hidden test sees it: claims, to be checked one by one.

Nothing here trusts a claim.  A method either returns plain data of the form that was asked for or raises
`Judgement` with the outcome `failed`; nothing that a worker can send makes it raise anything else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Cases
from typing import Any, NoReturn, Protocol

from numpy.typing import NDArray

from grader.errors import Judgement
from grader.examine.comparison import WORDS, form_fault, kind_of, shown, values_fault, will_do
from grader.examine.tolerances import Expected
from grader.model import Outcome
from grader.sandbox import protocol

Shape = tuple[int, ...]


class Student(Protocol):
    """The fixture `student`: each probe is a method, and what it gives back an `Answer`."""

    def each(self, probe: str, called: str, cases: Cases[Mapping[str, Any]]) -> list[Answer]:
        """Run one probe on each case in turn, in one round trip."""
        ...

    def __getattr__(self, probe: str) -> Callable[..., Answer]:
        """`student.PROBE(called, **case)`: run a probe; `called` says in words what is called, on what."""
        ...


class Answer:
    """What came back from one run of a probe, or one dictionary within it."""

    def __init__(self, called: str, values: Mapping[str, protocol.Value], device: str | None = None) -> None:
        """`device` is where the examiner had it computed; None where that is not told."""
        self.called = called
        self.values = values
        self.device = device

    def __getitem__(self, key: str) -> Item:
        """The claim under `key`; Judgement where there is none."""
        if key not in self.values:
            raise Judgement(Outcome.FAILED, f"{self.called}: {key} is missing")
        return Item(self.called, key, self.values[key], self.device)

    def where(self, detail: str) -> Answer:
        """The same answer, its verdicts saying more of what was called: "..., where the batch is 1"."""
        return Answer(f"{self.called}, where {detail}", self.values, self.device)

    def keys(self) -> frozenset[str]:
        """The keys that came back, chosen by the worker: compare them, do not show them."""
        return frozenset(self.values)


class Item:
    """One claim: `raw` is the protocol's value, `called` and `name` say in words what it is."""

    def __init__(self, called: str, name: str, raw: protocol.Value, device: str | None = None) -> None:
        self.called = called
        self.name = name
        self.raw = raw
        self.device = device

    def matches(self, expected: Expected) -> None:
        """Judge type, dtype, shape and values, in this order; nothing is broadcast."""
        actual = self._array(expected.kind, expected.dtype, expected.value.shape)
        self._judge(values_fault(actual, expected, self.device))

    def tensor(self, shape: Shape, dtype: str = "float32") -> NDArray[Any]:
        """The values of a tensor (or parameter) of this shape and dtype, read-only."""
        return self._array("tensor", dtype, shape)

    def parameter(self, shape: Shape, dtype: str = "float32") -> NDArray[Any]:
        """The values of an `nn.Parameter` of this shape and dtype that requires a gradient, read-only."""
        values = self._array("parameter", dtype, shape)
        self.requires_grad(True)
        return values

    def array(self, shape: Shape, dtype: str) -> NDArray[Any]:
        """The values of a NumPy array of this shape and dtype, read-only."""
        return self._array("ndarray", dtype, shape)

    def requires_grad(self, wanted: bool) -> None:
        """Judge whether a tensor requires a gradient."""
        if self._claim("tensor").requires_grad != wanted:
            self._fail("does not require a gradient" if wanted else "requires a gradient")

    def on(self, device: str) -> None:
        """Judge the kind of device that a tensor is on: "cpu" or "cuda"."""
        actual = self._claim("tensor").device
        if actual.partition(":")[0] != device:
            self._fail(f"is on the device {shown(actual)}, expected {device}")

    def number(self) -> float:
        """A Python float or int or a NumPy scalar of these kinds, as a float; may be NaN or infinite."""
        return self._number(self.raw, self.name)

    def numbers(self, count: int) -> list[float]:
        """A list or tuple of `count` numbers, as floats."""
        if not isinstance(self.raw, protocol.Sequence):
            self._fail(f"is {kind_of(self.raw)}, expected a list of {count} numbers")
        if len(self.raw.items) != count:
            self._fail(f"has {len(self.raw.items)} elements, expected {count}")
        return [self._number(item, f"{self.name}[{i}]") for i, item in enumerate(self.raw.items)]

    def flag(self) -> bool:
        """A Python bool or a NumPy one."""
        value = self.raw.value if isinstance(self.raw, protocol.Scalar) else self.raw
        if not isinstance(value, bool):
            self._fail(f"is {kind_of(self.raw)}, expected True or False")
        return value

    def text(self) -> str:
        """A text of any length and content: compare it, show it only through `comparison.shown`."""
        if not isinstance(self.raw, str):
            self._fail(f"is {kind_of(self.raw)}, expected a text")
        return self.raw

    def texts(self) -> list[str]:
        """A list or tuple of texts, of any length."""
        items = self.raw.items if isinstance(self.raw, protocol.Sequence) else None
        if items is None or not all(isinstance(item, str) for item in items):
            self._fail(f"is {kind_of(self.raw)}, expected a list of texts")
        return [item for item in items if isinstance(item, str)]

    def mapping(self) -> Answer:
        """A dictionary, its entries to be judged like an answer's."""
        if not isinstance(self.raw, protocol.Mapping):
            self._fail(f"is {kind_of(self.raw)}, expected a dictionary")
        return Answer(f"{self.called}, {self.name}", self.raw.items, self.device)

    def is_none(self) -> None:
        """Judge that it is None."""
        if self.raw is not None:
            self._fail(f"is {kind_of(self.raw)}, expected None")

    def _array(self, kind: str, dtype: str, shape: Shape) -> NDArray[Any]:
        claim = self._claim(kind)
        self._judge(form_fault(claim, dtype, shape))
        return claim.numpy()

    def _claim(self, kind: str) -> protocol.Array:
        if not isinstance(self.raw, protocol.Array) or not will_do(self.raw.kind, kind):
            self._fail(f"is {kind_of(self.raw)}, expected {WORDS[kind]}")
        return self.raw

    def _number(self, value: protocol.Value, name: str) -> float:
        plain = value.value if isinstance(value, protocol.Scalar) else value
        if isinstance(plain, bool) or not isinstance(plain, int | float):
            self._fail(f"is {kind_of(value)}, expected a Python number", name)
        try:
            return float(plain)
        except OverflowError:
            return math.inf if plain > 0 else -math.inf

    def _judge(self, fault: str | None) -> None:
        if fault is not None:
            self._fail(fault)

    def _fail(self, fault: str, name: str | None = None) -> NoReturn:
        raise Judgement(Outcome.FAILED, f"{self.called}: {name or self.name} {fault}")
