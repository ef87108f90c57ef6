"""A million random and mutated frames through the decoder on the trusted side.

    python benchmarks/fuzz_protocol.py [FRAMES] [SEED]

Promised: no exception but `ProtocolError`, what decodes is a reply of the protocol that encodes again, and memory stays
within a bound, which the kernel enforces here.  Exit status 1 and the frame in hexadecimal where one of these fails.
"""

from __future__ import annotations

import random
import resource
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable

import msgspec
import numpy as np

from grader.sandbox import protocol
from grader.sandbox.protocol import (
    Absent,
    Answered,
    Array,
    Exited,
    Forked,
    Frame,
    Loaded,
    Mapping,
    Opaque,
    ProtocolError,
    Raised,
    Refused,
    Reply,
    Scalar,
    Sequence,
    Value,
)

MEMORY_MB = 256
"""How much more than at the start the process may take: a frame of fuzz is a few kilobytes."""

Maker = Callable[[random.Random], bytes]


def reply(draw: random.Random) -> Reply:
    """A well-formed reply of some kind."""
    number, text = draw.randrange(100), "".join(map(chr, draw.sample(range(32, 1000), 5)))
    choices: tuple[Callable[[], Reply], ...] = (
        lambda: Loaded(names={text: "class"}, troubles=[text], printed=text),
        Forked,
        lambda: Exited(status=-number),
        lambda: Answered(id=number, cases=[{text: value(draw, 3)} for _ in range(draw.randrange(3))]),
        lambda: Raised(id=number, type=text, message=text, frames=[Frame(file=text, line=number)]),
        lambda: Absent(id=number, name=text),
        lambda: Refused(id=number, operation=text, instead=text),
    )
    return draw.choice(choices)()


def value(draw: random.Random, depth: int) -> Value:
    """A value of the protocol, containers up to a depth."""
    kinds = 7 if depth == 0 else 9
    match draw.randrange(kinds):
        case 0:
            return None
        case 1:
            return draw.randrange(-(2**63), 2**63)
        case 2:
            return draw.gauss(0, 1e300)
        case 3:
            return str(draw.random())
        case 4:
            return Scalar(type="float32", value=draw.random())
        case 5:
            return Opaque(type="Liar", reason="it lies")
        case 6:
            shape = tuple(draw.randrange(4) for _ in range(draw.randrange(4)))
            return protocol.array_of(np.zeros(shape, draw.choice(sorted(protocol.DTYPES))))
        case 7:
            return Sequence(type="list", items=[value(draw, depth - 1) for _ in range(draw.randrange(4))])
    return Mapping(items={str(i): value(draw, depth - 1) for i in range(draw.randrange(4))})


def noise(draw: random.Random) -> bytes:
    """Bytes without any sense."""
    return draw.randbytes(draw.randrange(200))


def mutated(draw: random.Random) -> bytes:
    """A good frame with bytes changed, cut out or put in."""
    body = bytearray(msgspec.msgpack.encode(reply(draw)))
    for _ in range(draw.randrange(1, 6)):
        at = draw.randrange(len(body) + 1)
        body[at : at + draw.randrange(4)] = draw.randbytes(draw.randrange(4))
    return bytes(body)


def lying_array(draw: random.Random) -> bytes:
    """A field of an array that does not fit the others."""
    fields: dict[str, object] = {
        "is": "array", "kind": "tensor", "dtype": "float32", "shape": [2, 3], "data": bytes(24),
    }  # fmt: skip
    lies: dict[str, tuple[object, ...]] = {
        "kind": ("pickle", 3, None, "x" * 1000),
        "dtype": ("object", "float128", "O", "V8", "<f4", "datetime64", 7, "float32,float32"),
        "shape": ([2**62, 2**62], [-1], [0] * 40, [2**80 % 2**64], [1.5], "ab", [[2]], [2**31, 2**33, 0]),
        "data": (b"", bytes(23), "text", None, [1], bytes(4096)),
        "device": (1, None, "\x00" * 100),
        "requires_grad": ("yes", 2),
        "more": (1,),
    }
    for key in draw.sample(sorted(lies), draw.randrange(1, 3)):
        fields[key] = draw.choice(lies[key])
    return msgspec.msgpack.encode({"is": "answered", "id": 1, "cases": [{"y": fields}]})


def wrong_types(draw: random.Random) -> bytes:
    """A reply whose fields hold values of any type."""
    anything: tuple[object, ...] = (
        None,
        True,
        -1,
        2**63,
        1e308,
        float("nan"),
        "x",
        b"x",
        [],
        {},
        [[]],
        {"is": "loaded"},
        {"is": 1},
    )
    tags = (
        "loaded",
        "forked",
        "exited",
        "answered",
        "raised",
        "absent",
        "refused",
        "call",
        "array",
        "",
        None,
    )
    fields = ("id", "cases", "names", "status", "type", "message", "frames", "printed", "operation", "score")
    message = {name: draw.choice(anything) for name in draw.sample(fields, draw.randrange(6))}
    return msgspec.msgpack.encode({"is": draw.choice(tags), **message})


def announced(draw: random.Random) -> bytes:
    """Containers and texts that announce up to 2³² items and hold none, within or without a good frame's beginning."""
    head = draw.choice((b"\xdd", b"\xdf", b"\xc6", b"\xdb", b"\xc9")) + struct.pack(
        ">I", draw.randrange(2**32)
    )
    start = msgspec.msgpack.encode(reply(draw))
    return start[: draw.randrange(len(start))] + head + draw.randbytes(draw.randrange(8))


def nested(draw: random.Random) -> bytes:
    """Lists, dictionaries or sequences of the protocol's own, within each other up to a hundred thousand times."""
    depth = draw.choice((5, 50, 500, 2000, 100_000 if draw.random() < 0.01 else 100))
    opening = draw.choice((b"\x91", b"\x81\xa1a", b"\x83\xa2is\xa8sequence\xa4type\xa4list\xa5items\x91"))
    return b"\x83\xa2is\xa8answered\xa2id\x01\xa5cases\x91\x81\xa1y" + opening * depth + b"\xc0"


MAKERS: tuple[Maker, ...] = (noise, mutated, mutated, mutated, lying_array, wrong_types, announced, nested)


def decodes(body: bytes) -> bool:
    """Whether it is a reply; anything else than ProtocolError goes up."""
    try:
        arrived = protocol.decode_reply(body)
    except ProtocolError:
        return False
    if not isinstance(arrived, Reply):
        raise TypeError(f"it decodes to a {type(arrived).__name__}")
    for array in arrays(arrived):
        array.numpy()
    protocol.encode(arrived)
    return True


def arrays(arrived: Reply) -> list[Array]:
    """The arrays that lie directly under the keys of an answer."""
    cases = arrived.cases if isinstance(arrived, Answered) else []
    return [item for case in cases for item in case.values() if isinstance(item, Array)]


def limit_memory() -> None:
    """What the process takes from now on is bounded by the kernel; a decoder that wants more gets MemoryError."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (used + MEMORY_MB * 2**20,) * 2)


def fuzz(frames: int, seed: int) -> Counter[str]:
    """How many frames of each kind were made, and how many decoded ("... decoded")."""
    draw, counts = random.Random(seed), Counter[str]()
    for _ in range(frames):
        maker = draw.choice(MAKERS)
        body = maker(draw)
        try:
            decoded = decodes(body)
        except BaseException:
            print(f"{maker.__name__}: {body[:4000].hex()}")  # noqa: T201 - a script
            raise
        counts[maker.__name__] += 1
        counts[f"{maker.__name__}, decoded"] += decoded
    return counts


def main() -> None:
    frames, seed = (int(text) for text in [*sys.argv[1:], *("1000000", "0")[len(sys.argv) - 1 :]])
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    limit_memory()
    counts = fuzz(frames, seed)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    for name, count in sorted(counts.items()):
        print(f"{count:9,d}  {name}")  # noqa: T201 - a script
    took = time.monotonic() - started
    print(f"{frames:,} frames, seed {seed}, {took:.0f} s: only ProtocolError; grown by {grown:.0f} MB.")  # noqa: T201


if __name__ == "__main__":
    main()
