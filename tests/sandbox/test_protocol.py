"""The decoder on the trusted side takes anything at all for what it is, and nothing for more."""

from __future__ import annotations

import contextlib
import struct

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.sandbox import protocol
from grader.sandbox.protocol import Answered, Array, Loaded, Mapping, ProtocolError, Sequence, Value

VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: Sequence(type="list", items=items))
        | st.dictionaries(st.text(max_size=5), inner, max_size=4).map(lambda items: Mapping(items=items))
    ),
    max_leaves=10,
)


def body_of(frame: bytes) -> bytes:
    return frame[protocol.HEADER.size :]


@given(VALUES)
def test_what_was_sent_arrives(value: Value) -> None:
    """Every value of the protocol comes out as it went in."""
    sent = Answered(id=1, cases=[{"x": value}])
    arrived = protocol.decode_reply(body_of(protocol.encode(sent)))
    assert msgspec.msgpack.encode(arrived) == msgspec.msgpack.encode(sent)


@pytest.mark.parametrize("dtype", sorted(protocol.DTYPES))
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_arrays_arrive_with_dtype_and_shape(dtype: str, shape: tuple[int, ...]) -> None:
    """An array of every dtype and shape arrives bit for bit, also where it was not contiguous."""
    array = np.arange(int(np.prod(shape)) * 2).astype(dtype).reshape(*shape, 2)[..., 0]
    sent = Answered(id=1, cases=[{"x": protocol.array_of(array)}])
    arrived = protocol.decode_reply(body_of(protocol.encode(sent)))
    assert isinstance(arrived, Answered)
    value = arrived.cases[0]["x"]
    assert isinstance(value, Array)
    assert value.dtype == dtype
    np.testing.assert_array_equal(value.numpy(), array, strict=True)


@settings(max_examples=500)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(body: bytes) -> None:
    """Bytes that are no message raise ProtocolError and nothing else."""
    with contextlib.suppress(ProtocolError):
        protocol.decode_reply(body)


@settings(max_examples=500)
@given(VALUES, st.data())
def test_mutated_frames_are_refused_or_plain(value: Value, data: st.DataObject) -> None:
    """A frame with bytes changed, cut or added decodes to a record of the protocol or raises ProtocolError."""
    body = bytearray(body_of(protocol.encode(Answered(id=1, cases=[{"x": value}]))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    try:
        arrived = protocol.decode_reply(bytes(body))
    except ProtocolError:
        return
    assert isinstance(arrived, protocol.Reply)


def test_deep_nesting_is_refused() -> None:
    """A message nested beyond any use is refused, not recursed into."""
    deep = b"\x91" * 100_000 + b"\xc0"
    with pytest.raises(ProtocolError):
        protocol.decode_reply(deep)


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": (3,)},
        {"shape": (-1, -2)},
        {"shape": (2**62, 2**62)},
        {"shape": (1,) * 33},
        {"shape": (2**31, 2**33, 0), "data": b""},
        {"dtype": "object"},
        {"dtype": "float128"},
        {"dtype": "V8"},
        {"kind": "pickle"},
    ],
)
def test_arrays_that_lie_are_refused(changes: dict[str, object]) -> None:
    """Bytes that do not fit the shape and dtype they come with, or object arrays, are refused."""
    honest = {"is": "array", "kind": "ndarray", "dtype": "float32", "shape": (2,), "data": bytes(8)}
    message = {"is": "answered", "id": 1, "cases": [{"x": honest | changes}]}
    with pytest.raises(ProtocolError):
        protocol.decode_reply(msgspec.msgpack.encode(message))


def test_unknown_fields_are_refused() -> None:
    """A record with a field too many is refused."""
    with pytest.raises(ProtocolError):
        protocol.decode_reply(msgspec.msgpack.encode({"is": "forked", "score": 100}))


def test_requests_are_no_replies() -> None:
    """A worker can't speak as the examiner does."""
    with pytest.raises(ProtocolError):
        protocol.decode_reply(body_of(protocol.encode(protocol.Fork())))


def test_the_length_is_bounded_before_anything_is_read() -> None:
    """A header that announces more than the limit is refused by itself."""
    with pytest.raises(ProtocolError, match="limit"):
        protocol.body_length(struct.pack(">I", protocol.MAX_FRAME + 1))


def test_too_long_a_message_is_not_sent() -> None:
    """A message beyond the limit is refused where it is made."""
    with pytest.raises(ProtocolError, match="limit"):
        protocol.encode(Loaded(names={}, printed="x" * (protocol.MAX_FRAME + 1)))
