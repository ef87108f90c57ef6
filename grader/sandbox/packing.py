"""Worker's side: what a student's code returned, taken apart into plain protocol values.

Student objects are hostile even to their own process: a tensor subclass may lie, a `__len__` may raise, a
shape may promise 10 GB.  So only exact built-in types are looked into, tensors are read with torch's
overrides off, sizes are checked before anything is copied, and everything else travels as `Opaque`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch

from grader.sandbox import protocol
from grader.sandbox.protocol import Array, Mapping, Opaque, Scalar, Sequence, Value

MAX_BYTES: Final = 16 * 2**20
"""Greatest size of one array, in bytes; a larger one travels as `Opaque`."""

MAX_ITEMS: Final = 100_000
MAX_TEXT: Final = 65_536
_INT64: Final = 2**63

_INT_TYPES: Final = (bool, int, float)

PlaceOf = Callable[[torch.Tensor], str]


def device_of(tensor: torch.Tensor) -> str:
    return str(tensor.device)


def pack(value: Any, depth: int = 0, place_of: PlaceOf = device_of) -> Value:
    """The value as the protocol knows it; never raises for what a student can build.

    `place_of` says on which device a tensor is taken to be.
    """
    kind = type(value)  # not isinstance, which asks the object itself
    if value is None or kind in (bool, float):
        return value  # type: ignore[no-any-return]
    if kind is int:
        return value if -_INT64 <= value < _INT64 else Opaque(type="int", reason="it needs more than 64 bits")
    if kind is str:
        return plain_text(value)
    if issubclass(kind, torch.Tensor):
        return pack_tensor(value, place_of)
    if issubclass(kind, np.ndarray):
        return pack_array(value)
    if issubclass(kind, np.generic):
        return pack_scalar(value)
    if (kind is dict or issubclass(kind, (list, tuple))) and depth >= protocol.MAX_DEPTH:
        return Opaque(type=type_name(value), reason="it is nested too deeply")
    for plain in (list, tuple):
        if issubclass(kind, plain):
            return pack_sequence(value, plain, depth, place_of)
    if kind is dict:
        return pack_mapping(value, depth, place_of)
    return Opaque(type=type_name(value))


def pack_tensor(tensor: torch.Tensor, place_of: PlaceOf) -> Array | Opaque:
    with torch._C.DisableTorchFunction():
        name = type_name(tensor)
        if tensor.layout is not torch.strided or tensor.is_meta or tensor.is_nested or tensor.is_quantized:
            return Opaque(type=name, reason="it is a sparse, nested, quantized or meta tensor")
        dtype = str(tensor.dtype).removeprefix("torch.")
        if dtype not in protocol.DTYPES:
            return Opaque(type=name, reason=f"its dtype is {dtype}")
        if tensor.numel() * tensor.element_size() > MAX_BYTES:
            return Opaque(type=name, reason=f"it has {tensor.numel()} elements, too many to be right")
        if not protocol.is_possible(tuple(tensor.shape)):
            return Opaque(type=name, reason="it has too many dimensions, or too large ones")
        plain = torch.Tensor.detach(tensor).cpu().resolve_conj().resolve_neg().contiguous()
        return Array(
            kind="parameter" if issubclass(type(tensor), torch.nn.Parameter) else "tensor",
            dtype=dtype,
            shape=tuple(plain.shape),
            data=plain.numpy().tobytes(),
            device=place_of(tensor),
            requires_grad=bool(tensor.requires_grad),
        )


def pack_array(array: np.ndarray[Any, Any]) -> Array | Opaque:
    name, plain = type_name(array), np.asarray(array)  # of a subclass, a view without its overrides
    if plain.dtype.name not in protocol.DTYPES:
        return Opaque(type=name, reason=f"its dtype is {str(plain.dtype)[:40]}")
    if not protocol.is_possible(plain.shape):
        return Opaque(type=name, reason="it has too many dimensions, or too large ones")
    if plain.nbytes > MAX_BYTES:
        return Opaque(type=name, reason=f"it has {plain.size} elements, too many to be right")
    return protocol.array_of(plain)


def pack_scalar(scalar: np.generic) -> Scalar | Opaque:
    plain = np.generic.item(scalar)  # a subclass may have an `item` of its own
    if type(plain) in _INT_TYPES and (type(plain) is not int or -_INT64 <= plain < _INT64):
        return Scalar(type=np.generic.dtype.__get__(scalar).name, value=plain)
    return Opaque(type=type_name(scalar))


def pack_sequence(
    items: Any, plain: type[list[Any]] | type[tuple[Any, ...]], depth: int, place_of: PlaceOf
) -> Sequence | Opaque:
    """A list, a tuple or an instance of a subclass, such as a NamedTuple, read with its overrides off."""
    count = plain.__len__(items)
    if count > MAX_ITEMS:
        return Opaque(type=plain.__name__, reason=f"it has {count} items, too many to be right")
    held = plain.__getitem__(items, slice(None))
    return Sequence(type=plain.__name__, items=[pack(item, depth + 1, place_of) for item in held])


def pack_mapping(items: dict[Any, Any], depth: int, place_of: PlaceOf) -> Mapping | Opaque:
    if len(items) > MAX_ITEMS:
        return Opaque(type="dict", reason=f"it has {len(items)} items, too many to be right")
    if not all(type(key) is str for key in items):
        return Opaque(type="dict", reason="its keys are not texts")
    return Mapping(items={plain_text(key): pack(item, depth + 1, place_of) for key, item in items.items()})


def plain_text(text: str, limit: int = MAX_TEXT) -> str:
    """Bounded, and encodable: a lone surrogate becomes a question mark."""
    return text[:limit].encode("utf-8", "replace").decode("utf-8")


def type_name(value: object) -> str:
    """The type's name, whatever its metaclass says."""
    name = type.__getattribute__(type(value), "__name__")
    return plain_text(name, 80) if type(name) is str else "object"


def unpack(value: Value) -> Any:
    """What the examiner sent, as NumPy arrays (writable copies) and built-in types."""
    if isinstance(value, Array):
        return value.numpy().astype(np.dtype(value.dtype), copy=True)
    if isinstance(value, Scalar):
        return np.dtype(value.type).type(value.value)
    if isinstance(value, Sequence):
        items = [unpack(item) for item in value.items]
        return tuple(items) if value.type == "tuple" else items
    if isinstance(value, Mapping):
        return {key: unpack(item) for key, item in value.items.items()}
    return value
