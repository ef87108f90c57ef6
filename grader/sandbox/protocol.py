"""The one language that examiner and worker speak: length-bounded frames of typed, plain data.

A frame is a four-byte big-endian length and that many bytes of MessagePack, decoded by msgspec into the
records below.  An array travels as its raw bytes with dtype and shape.  Nothing here can carry code:
there is no pickle, no import and no evaluation on either side, and whatever does not fit the records, or
exceeds a bound, is a `ProtocolError`.

This module is loaded on both sides of the wall, so it imports neither torch nor the rest of the grader; and NumPy only
where there is an array, since who starts a sandbox has none.
What a worker sends are *claims*: they are checked for form here and judged for truth by the examiner.
"""

from __future__ import annotations

import functools
import math
import struct
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_FRAME: Final = 64 * 2**20
"""Greatest length of one frame's body in bytes, either way."""

MAX_DIMENSIONS: Final = 32
MAX_DEPTH: Final = 8
"""How deep lists and dictionaries of a value may nest."""

HEADER: Final = struct.Struct(">I")

DTYPES: Final = {
    "bool": 1, "uint8": 1, "int8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8, "uint64": 8,
    "float16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16,
}  # fmt: skip
"""The dtypes whose values can travel, as their bytes do, and the size of one in bytes; tensors of another dtype travel
as `Opaque`."""


class ProtocolError(Exception):
    """What arrived is not a frame of this protocol."""


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="is"):
    """Base of everything that travels."""


# ---------------------------------------------------------------------------------------------- values


class Array(Message, frozen=True, tag="array"):
    """An array or tensor: `data` are its elements in C order, little-endian.

    `kind` is "ndarray", "tensor" or "parameter"; `dtype` the torch or NumPy name without its prefix;
    `shape` in elements; `device` as torch prints it, "cpu" for NumPy.
    """

    kind: str
    dtype: str
    shape: tuple[int, ...]
    data: bytes
    device: str = "cpu"
    requires_grad: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ("ndarray", "tensor", "parameter"):
            raise ValueError(f"an array of unknown kind {self.kind[:40]!r}")
        if self.dtype not in DTYPES:
            raise ValueError(f"an array of unknown dtype {self.dtype[:40]!r}")
        if not is_possible(self.shape):
            raise ValueError("an array with an impossible shape")
        if math.prod(self.shape) * DTYPES[self.dtype] != len(self.data):
            raise ValueError("an array whose bytes do not fit its shape and dtype")

    def numpy(self) -> NDArray[np.generic]:
        """The array itself, read-only, sharing memory with `data`."""
        import numpy as np

        return np.frombuffer(self.data, dtype=little_endian(self.dtype)).reshape(self.shape)


def is_possible(shape: tuple[int, ...]) -> bool:
    """Whether NumPy can make an array of this shape, which an empty one of huge dimensions is not."""
    if not shape:
        return True
    fits = len(shape) <= MAX_DIMENSIONS and min(shape) >= 0 and max(shape) <= MAX_FRAME
    return fits and math.prod(size or 1 for size in shape) <= MAX_FRAME


class Scalar(Message, frozen=True, tag="scalar"):
    """A NumPy scalar: `type` is e.g. "float32", `value` what it is as a Python number."""

    type: str
    value: bool | int | float


class Opaque(Message, frozen=True, tag="opaque"):
    """Something that does not travel: its type's name and why it was left behind."""

    type: str
    reason: str = ""


class Sequence(Message, frozen=True, tag="sequence"):
    """A list or tuple (`type` says which)."""

    type: str
    items: list[Value]


class Mapping(Message, frozen=True, tag="mapping"):
    """A dictionary with text keys."""

    items: dict[str, Value]


Value = None | bool | int | float | str | Array | Scalar | Opaque | Sequence | Mapping


def array_of(values: NDArray[np.generic]) -> Array:
    """Wrap a NumPy array for the wire; ValueError where its dtype can't travel."""
    import numpy as np

    plain = np.asarray(values)
    name = name_of(plain.dtype)
    if name not in DTYPES:
        raise ValueError(f"an array of unknown dtype {name[:40]!r}")
    little = np.ascontiguousarray(plain, dtype=little_endian(name))
    return Array(kind="ndarray", dtype=name, shape=plain.shape, data=little.tobytes())


@functools.lru_cache(maxsize=64)
def name_of(dtype: np.dtype[Any]) -> str:
    """NumPy works a dtype's name out anew whenever it is asked."""
    return dtype.name


@functools.lru_cache(maxsize=64)
def little_endian(name: str) -> np.dtype[Any]:
    """The dtype of this name as it travels."""
    import numpy as np

    return np.dtype(name).newbyteorder("<")


# ------------------------------------------------------------------------------- examiner to worker


class SourceFile(Message, frozen=True):
    """One piece of Python to execute: `name` is what tracebacks show ("hw8.py", "cell 7")."""

    name: str
    source: str


class ForbiddenRule(Message, frozen=True):
    """Operations a part does not allow and what to use instead.

    `names` are qualified Python names, `fnmatch` patterns allowed ("torch.nn.Conv*");
    `operations` are names of ATen operators, patterns too ("aten::conv*").
    """

    names: tuple[str, ...]
    instead: str
    operations: tuple[str, ...] = ()


class Load(Message, frozen=True, tag="load"):
    """Load a student's module: execute `pieces` in order in one namespace named `module`.

    `files` are the submission's own files by relative path, laid out read-only as the working
    directory.  `stand_ins` is the source of pieces that take the place of the student's own, under
    `replace`.  `stubs` are packages that may be imported though they are not there.  `tolerant`: go on
    after a piece that raises or takes longer than `PIECE_SECONDS`.  `misconceptions` is the source of wrong ways
    that a call may ask for; it is sent with the solution, never with a student's module.  `forbidden` is what any part
    forbids: closed in the process that has loaded, until a fork of it is asked under its part's own rules.
    """

    module: str
    pieces: list[SourceFile]
    files: dict[str, bytes] = {}
    stand_ins: str | None = None
    replace: tuple[str, ...] = ()
    stubs: tuple[str, ...] = ()
    tolerant: bool = False
    misconceptions: str | None = None
    forbidden: tuple[ForbiddenRule, ...] = ()


class Fork(Message, frozen=True, tag="fork"):
    """Fork the loaded module; the child answers the probes that follow, until `Finish`."""


class Finish(Message, frozen=True, tag="finish"):
    """End the fork (the parent answers `Exited`)."""


class Call(Message, frozen=True, tag="call"):
    """Run one probe on each case in turn; the first case that raises ends the call.

    `seed` (below 2**63) is set before each case.  `misconceptions` are applied meanwhile, innermost first.  `pretend`:
    on the CPU, as if `device` were there; each tensor that comes back then says where it would be."""

    id: int
    probe: str
    cases: list[dict[str, Value]]
    device: str = "cpu"
    forbidden: tuple[ForbiddenRule, ...] = ()
    seed: int = 0
    misconceptions: tuple[str, ...] = ()
    pretend: bool = False


Request = Load | Fork | Finish | Call

# ------------------------------------------------------------------------------- worker to examiner


class Frame(Message, frozen=True):
    """One line of a traceback, in the student's own code: file or cell, line number, text."""

    file: str
    line: int
    text: str = ""


class Loaded(Message, frozen=True, tag="loaded"):
    """The module is loaded; `names` are its public names with the kind of each ("class", "function").
    `troubles` are what pieces raised where the load was tolerant."""

    names: dict[str, str]
    troubles: list[str] = []
    printed: str = ""


class Forked(Message, frozen=True, tag="forked"):
    """The fork is there and waits for probes."""


class Exited(Message, frozen=True, tag="exited"):
    """The fork ended; `status` as `os.waitpid` reports it, turned into an exit code (negative: signal)."""

    status: int


class Answered(Message, frozen=True, tag="answered"):
    """What a probe gave back, case by case."""

    id: int
    cases: list[dict[str, Value]]
    printed: str = ""


class Raised(Message, frozen=True, tag="raised"):
    """The student's code raised (while loading: `id` 0).  `spent`: its process can answer nothing more, as after an
    error of the card's."""

    id: int
    type: str
    message: str
    frames: list[Frame] = []
    case: int = 0
    printed: str = ""
    spent: bool = False


class Absent(Message, frozen=True, tag="absent"):
    """The module lacks what the probe asked for."""

    id: int
    name: str
    why: str = ""


class Refused(Message, frozen=True, tag="refused"):
    """A call that the part does not allow was made."""

    id: int
    operation: str
    instead: str
    frames: list[Frame] = []


Reply = Loaded | Forked | Exited | Answered | Raised | Absent | Refused

_REQUESTS: Final[msgspec.msgpack.Decoder[Request]] = msgspec.msgpack.Decoder(Request)
_REPLIES: Final[msgspec.msgpack.Decoder[Reply]] = msgspec.msgpack.Decoder(Reply)


def encode(message: Request | Reply) -> bytes:
    """A whole frame, header included; ProtocolError where it would be longer than `MAX_FRAME`."""
    return frame(msgspec.msgpack.encode(message))


def frame(body: bytes) -> bytes:
    """A body with its header; ProtocolError where it is longer than `MAX_FRAME`."""
    if len(body) > MAX_FRAME:
        raise ProtocolError(f"a frame of {len(body)} bytes, the limit is {MAX_FRAME}")
    return HEADER.pack(len(body)) + body


def body_length(header: bytes, limit: int = MAX_FRAME) -> int:
    """The length that a frame's header announces; ProtocolError where it exceeds `limit`."""
    (length,) = HEADER.unpack(header)
    if length > limit:
        raise ProtocolError(f"a frame of {length} bytes, the limit is {limit}")
    return int(length)


def decode_request(body: bytes) -> Request:
    """The examiner's message; ProtocolError where it is none."""
    return _decode(_REQUESTS, body)


def decode_reply(body: bytes) -> Reply:
    """The worker's message; ProtocolError where it is none.  Trusts nothing."""
    return _decode(_REPLIES, body)


_T = TypeVar("_T")


def _decode(decoder: msgspec.msgpack.Decoder[_T], body: bytes) -> _T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, OverflowError) as error:
        raise ProtocolError(f"not a message of this protocol: {error}") from None
    except RecursionError:
        raise ProtocolError("a message nested too deeply") from None
