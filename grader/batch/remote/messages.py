"""What the driver and its outposts say to each other besides what a batch and its jobs do: msgpack, never a pickle."""

from __future__ import annotations

import os
from typing import Final

import msgspec

from grader.batch.messages import Collected, Done, Ready, Start, Task, Trouble, to_path


class Facts(msgspec.Struct, frozen=True):
    """What a machine is, as far as results depend on it.  `trouble`: what it can't do,
    why, and the remedy."""

    host: str
    versions: dict[str, str]
    trouble: str = ""


class Opening(msgspec.Struct, frozen=True):
    """What an outpost starts with, besides the suite's files.  Of the assignment's folder only the name counts."""

    start: Start
    jobs: int


class Order(msgspec.Struct, frozen=True):
    """Examine one submission, within so many seconds."""

    task: Task
    seconds: float


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """A job of the outpost is gone, and with it what it did for the submission of this id."""

    why: str
    submission: str | None
    ready: bool


FromOutpost = Collected | Ready | Done | Trouble | Gone

FACTS: Final = msgspec.msgpack.Decoder(Facts)
OPENING: Final = msgspec.msgpack.Decoder(Opening, dec_hook=to_path)
FILES: Final = msgspec.msgpack.Decoder(dict[str, bytes])
ORDER: Final = msgspec.msgpack.Decoder(Order, dec_hook=to_path)
HEARD: Final[msgspec.msgpack.Decoder[list[FromOutpost]]] = msgspec.msgpack.Decoder(list[FromOutpost])


def encode(message: Facts | Opening | Order | list[FromOutpost]) -> bytes:
    return msgspec.msgpack.encode(message, enc_hook=os.fsencode)
