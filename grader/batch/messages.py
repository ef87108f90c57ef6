"""What a batch and its jobs say to each other: frames of typed records over a socket of their own.

Both ends are the grader's own code; what students' workers claim has been judged before it gets here.
"""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import Final

import msgspec

from grader.gradebook import Suite
from grader.intake.records import Carried, Found
from grader.model import Reading, TestResult
from grader.sandbox.device import CPU, Device

HEADER: Final = struct.Struct(">I")


class Start(msgspec.Struct, frozen=True, tag="start"):
    """Sent once.  `describe`: say which tests there are, with their digests.  `sandbox` None: nothing but that.
    `core` pins workers to one processor.  `solution`: the folder where it lies here, if not where the assignment
    says."""

    assignment: Path
    seed: str
    sandbox: str | None
    device: Device = CPU
    core: int | None = None
    describe: bool = False
    solution: Path | None = None


class Task(msgspec.Struct, frozen=True, tag="task"):
    """Examine one submission.  Where it reads as `known` did, the `tests` by these keys are enough; else all.

    `carried` are its files, where they are not on this machine.
    """

    found: Found
    known: str | None
    tests: tuple[str, ...]
    carried: Carried | None = None


class Collected(msgspec.Struct, frozen=True, tag="collected"):
    """The suite is loaded: its digest, and where it was asked for, which tests there are."""

    digest: str
    suite: Suite | None


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The sandbox has started."""


class Done(msgspec.Struct, frozen=True, tag="done"):
    """A submission has been examined: what was read, and the tests that ran.

    `digest` is the submission's as it was read, None where it is unreadable; `message` then says why, and
    `out_of_reach` whether the system is to blame.  `complete`: all tests ran, for it reads otherwise than what was
    known.
    """

    id: str
    content: str
    digest: str | None
    message: str | None
    reading: Reading | None
    tests: tuple[TestResult, ...]
    complete: bool
    seconds: float
    out_of_reach: bool = False


class Trouble(msgspec.Struct, frozen=True, tag="trouble"):
    """The job can't go on.  `usage`: the assignment is at fault, not the machine."""

    reason: str
    usage: bool


ToJob = Start | Task
FromJob = Collected | Ready | Done | Trouble


def to_path(kind: type[Path], value: bytes) -> Path:
    """Paths travel as bytes: a file's name need not be text."""
    return kind(os.fsdecode(value))


_TO_JOB: Final[msgspec.msgpack.Decoder[ToJob]] = msgspec.msgpack.Decoder(ToJob, dec_hook=to_path)
_FROM_JOB: Final[msgspec.msgpack.Decoder[FromJob]] = msgspec.msgpack.Decoder(FromJob)


def send(channel: socket.socket, message: ToJob | FromJob) -> None:
    """Send one message; OSError where the other side is gone."""
    body = msgspec.msgpack.encode(message, enc_hook=os.fsencode)
    channel.sendall(HEADER.pack(len(body)) + body)


def receive_task(channel: socket.socket) -> ToJob | None:
    """What the batch says next; None when it has nothing more to say."""
    header = receive_exactly(channel, HEADER.size)
    body = receive_exactly(channel, HEADER.unpack(header)[0]) if header else b""
    return _TO_JOB.decode(body) if body else None


def receive_exactly(channel: socket.socket, length: int) -> bytes:
    """That many bytes; none where the other side has hung up."""
    body = bytearray()
    while len(body) < length:
        chunk = channel.recv(length - len(body))
        if not chunk:
            return b""
        body += chunk
    return bytes(body)


class Inbox:
    """What a job has sent so far, cut into messages as they become whole."""

    def __init__(self) -> None:
        self._held = bytearray()

    def add(self, data: bytes) -> list[FromJob]:
        """The messages that are complete with `data`."""
        self._held += data
        messages: list[FromJob] = []
        while len(self._held) >= HEADER.size:
            end = HEADER.size + HEADER.unpack_from(self._held)[0]
            if len(self._held) < end:
                break
            messages.append(_FROM_JOB.decode(bytes(self._held[HEADER.size : end])))
            del self._held[:end]
        return messages
