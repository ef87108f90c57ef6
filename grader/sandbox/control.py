"""What the trusted side says to its zygote, and hears back: a socket of their own, apart from the worker's.

Both ends run the grader's own code; no student's process ever holds this socket.
"""

from __future__ import annotations

import socket
from typing import Final

import msgspec

from grader.sandbox.device import CPU, Device
from grader.sandbox.limits import Limits
from grader.sandbox.protocol import ForbiddenRule, SourceFile

MAX_MESSAGE: Final = 4 * 2**20


class Contained(msgspec.Struct, frozen=True):
    """What workers of the second tier get instead of namespaces: what they may read, the folders of which they may read
    the names, `users` user ids from `first_user` on, and places of their own in `folder`."""

    readable: tuple[str, ...]
    listable: tuple[str, ...]
    first_user: int
    users: int
    folder: str


class Prepare(msgspec.Struct, frozen=True, tag="prepare"):
    """Sent once: what every worker will hold, and its user id inside and outside of the wall; `contained` where it is
    the second tier's.  `rules`: the sets of rules that calls will come under, looked up before the first fork.
    `many`: there will be so many workers that forking them is worth a preparation.  Where `device` is a card,
    `starting_filter` takes the place of the filter while its driver starts."""

    probes: list[SourceFile]
    system_call_filter: bytes
    inside_uid: int
    outside_uid: int
    contained: Contained | None = None
    rules: tuple[tuple[ForbiddenRule, ...], ...] = ()
    many: bool = False
    device: Device = CPU
    starting_filter: bytes = b""


class Connect(msgspec.Struct, frozen=True, tag="connect"):
    """Serve one more who wants workers.  The line to them comes with it; what is said on it first is Ready."""


class Open(msgspec.Struct, frozen=True, tag="open"):
    """Make a worker.  Two descriptors come with it: the worker's socket, and a pipe for the warden's report;
    a third where the worker has a control group: what is written there brings one in.
    `core` pins it to one processor."""

    limits: Limits
    core: int | None = None


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The zygote has imported torch and holds the probes."""

    torch: str


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """The worker is there.  A pidfd of its warden comes with it: when that ends, everything has."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The wall could not be built: which step, and what the system said."""

    reason: str


Message = Prepare | Connect | Open | Ready | Opened | Failed
_DECODER: Final[msgspec.msgpack.Decoder[Message]] = msgspec.msgpack.Decoder(Message)


def send(channel: socket.socket, message: Message, descriptors: tuple[int, ...] = ()) -> None:
    socket.send_fds(channel, [msgspec.msgpack.encode(message)], list(descriptors))


def receive(channel: socket.socket) -> tuple[Message | None, list[int]]:
    """The next message with its descriptors; (None, []) when the other side is gone."""
    body, descriptors, _, _ = socket.recv_fds(channel, MAX_MESSAGE, 3)
    return (_DECODER.decode(body), descriptors) if body else (None, [])


Hello = tuple[Prepare, Limits]
_HELLO: Final[msgspec.msgpack.Decoder[Hello]] = msgspec.msgpack.Decoder(Hello)


def encode_hello(prepare: Prepare, limits: Limits) -> bytes:
    """What a worker without a zygote is told at its start."""
    return msgspec.msgpack.encode((prepare, limits))


def decode_hello(body: bytes) -> Hello:
    return _HELLO.decode(body)
