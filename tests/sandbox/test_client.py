"""The examiner's end of a worker's socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from grader.sandbox import protocol
from grader.sandbox.client import Worker, WorkerError
from grader.sandbox.protocol import Answered, Array, Call, Exited, Forked

CALL = Call(id=1, probe="p", cases=[{}])
ANSWER = Answered(id=1, cases=[{"y": 1.5}])
LARGE = Answered(
    id=1, cases=[{"y": Array(kind="ndarray", dtype="uint8", shape=(3_000_000,), data=b"\1" * 3_000_000)}]
)


class Ended:
    """A process of which nothing is left to be said."""

    def end(self) -> str:
        return ""

    def last_words(self, seconds: float) -> str:
        return ""


def frames(*replies: protocol.Reply) -> bytes:
    return b"".join(protocol.encode(reply) for reply in replies)


@contextmanager
def spoken(*chunks: bytes) -> Iterator[Worker]:
    """A worker that says this, whatever it is asked."""
    ours, theirs = socket.socketpair()

    def speak() -> None:
        with theirs:
            for chunk in chunks:
                theirs.sendall(chunk)
            while theirs.recv(1 << 20):
                pass  # until the examiner hangs up

    threading.Thread(target=speak, daemon=True).start()
    with ours:
        yield Worker(ours, Ended())


def test_frames_that_come_together_are_read_one_by_one() -> None:
    with spoken(frames(Forked(), ANSWER, Exited(status=0))) as worker:
        assert worker.call(CALL, 5.0) == ANSWER
        worker.finish_fork()


@pytest.mark.parametrize("answer", [ANSWER, LARGE])
def test_a_frame_that_comes_in_pieces_is_put_together(answer: Answered) -> None:
    frame = protocol.encode(answer)
    with spoken(protocol.encode(Forked()), frame[:2], frame[2:9], frame[9:-1], frame[-1:]) as worker:
        assert worker.call(CALL, 5.0) == answer


def test_what_was_said_too_early_does_not_answer_the_next_question() -> None:
    with spoken(frames(Forked(), ANSWER, ANSWER)) as worker:
        worker.call(CALL, 5.0)
        with pytest.raises(WorkerError, match="garbled: it answered another question"):
            worker.call(Call(id=2, probe="p", cases=[{}]), 5.0)


def test_an_announced_length_beyond_the_bound_is_not_waited_for() -> None:
    too_much = protocol.HEADER.pack(protocol.MAX_FRAME + 1)
    with (
        spoken(protocol.encode(Forked()), too_much) as worker,
        pytest.raises(WorkerError, match="garbled: a frame of"),
    ):
        worker.call(CALL, 5.0)
