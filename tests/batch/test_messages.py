"""What batch and jobs say to each other arrives as it was sent."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import msgspec

from grader.batch import messages
from grader.batch.messages import Done, Inbox, Ready, Task
from grader.intake.records import Found
from tests.fixtures.kept_results import FAILED, PASSED, READING, found

DONE = Done(
    id="ada",
    content="c",
    digest="d",
    message=None,
    reading=READING,
    tests=(PASSED, FAILED),
    complete=True,
    seconds=1.0,
)


def test_a_task_arrives_whole() -> None:
    """Paths too, whatever bytes their names are made of."""
    odd = Path(os.fsdecode(b"/class/caf\xe9.py"))
    sent = Task(
        found=msgspec.structs.replace(found("ada", Path("/class")), path=odd), known="d", tests=("a",)
    )
    ours, theirs = socket.socketpair()
    with ours, theirs:
        messages.send(ours, sent)
        assert messages.receive_task(theirs) == sent


def test_hanging_up_is_heard() -> None:
    """No more tasks is no task, not an error."""
    ours, theirs = socket.socketpair()
    with theirs:
        ours.close()
        assert messages.receive_task(theirs) is None


def test_messages_are_cut_where_they_end() -> None:
    """However the stream is chopped, whole messages come out, in order."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for message in (Ready(), DONE, Ready()):
            messages.send(ours, message)
        stream = theirs.recv(1 << 20)
    inbox = Inbox()
    assert [one for byte in stream for one in inbox.add(bytes([byte]))] == [Ready(), DONE, Ready()]


def test_members_of_an_attempt_travel_too() -> None:
    """An attempt of several files keeps the names that the student gave them."""
    members = {"hw8.py": Path("/x/ada_1_2_hw8.py")}
    one = Found(id="ada", student="1", path=Path("/x"), layout="canvas", members=members)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        messages.send(ours, Task(found=one, known=None, tests=()))
        received = messages.receive_task(theirs)
    assert isinstance(received, Task)
    assert received.found.members == members
