"""A job: one process with one session of the hidden suite and one sandbox, for as many submissions as it is sent.

The batch starts it, sends it tasks and hears what they gave.  A job keeps nothing: where it dies, at any moment,
the batch hands its submission to another.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing
from typing import TYPE_CHECKING

import msgspec

from grader.assignment import Assignment, load_assignment
from grader.batch import messages
from grader.batch.fingerprints import content_digest, suite_digest
from grader.batch.messages import Collected, Done, Ready, Start, Task, Trouble
from grader.errors import GraderError, UsageError
from grader.intake import read_submission
from grader.intake.records import Hit, Submission, Unreadable
from grader.model import Outcome, TestResult
from grader.pipeline import contract_of, forbidden_calls, open_sandbox, solution_pieces
from grader.sandbox import linux
from grader.sandbox.client import Sandbox, Zygote

if TYPE_CHECKING:
    import pytest

SELDOM = 20_000
"""How many objects are made from one collection of garbage to the next."""


def main() -> None:
    """Serve the batch on the descriptor that the first argument names, until it hangs up; the second, if there is one,
    names the line to the zygote that all jobs share."""
    if sys.platform == "linux":
        linux.die_with_parent()
    gc.disable()  # until all is imported, which stays: looking for garbage there takes a tenth of the time
    channel = socket.socket(fileno=int(sys.argv[1]))
    start = messages.receive_task(channel)
    if not isinstance(start, Start):
        return
    try:
        serve(channel, start)
    except (GraderError, UsageError) as error:
        messages.send(channel, Trouble(reason=str(error), usage=isinstance(error, UsageError)))
    sys.stderr.flush()
    os._exit(0)  # there is nothing to tidy up, and who waits for the grades would wait for it


def serve(channel: socket.socket, start: Start) -> None:
    from grader.examine.suite import collect, examine

    assignment = assignment_of(start)
    desk = Desk(channel, assignment, describe=start.describe)
    if start.sandbox is None:
        collect(assignment, desk.announce)
        return
    with sandbox_of(start, assignment) as workers:
        examine(
            assignment,
            workers,
            desk.submissions(workers),
            desk.deliver,
            seed=start.seed,
            device=start.device.kind,
            solution=solution_pieces(assignment),
            announce=desk.announce,
            choose=desk.choose,
        )


def assignment_of(start: Start) -> Assignment:
    """The assignment, with its solution where it lies here."""
    assignment = load_assignment(start.assignment)
    if start.solution is None:
        return assignment
    spec = msgspec.structs.replace(assignment.spec, solution=str(start.solution))
    return msgspec.structs.replace(assignment, spec=spec)


def sandbox_of(start: Start, assignment: Assignment) -> AbstractContextManager[Sandbox]:
    """Where workers come from: the zygote at the end of our line, or a sandbox of our own."""
    if start.sandbox in (None, "process"):
        return open_sandbox(assignment, "process", device=start.device)
    return closing(Zygote(socket.socket(fileno=int(sys.argv[2])), tier=str(start.sandbox), core=start.core))


class Desk:
    """Submissions on their way through one job, one at a time."""

    def __init__(self, channel: socket.socket, assignment: Assignment, *, describe: bool) -> None:
        self._channel = channel
        self._assignment = assignment
        self._describe = describe
        self._digest = suite_digest(assignment)  # before it is loaded: an edit meanwhile shows
        self._contract = contract_of(assignment)
        self._task: Task | None = None
        self._workers: Sandbox | None = None
        self._content = ""
        self._started = 0.0

    def announce(self, items: Sequence[pytest.Function]) -> None:
        """Tell that the suite is loaded, and if asked, which tests there are."""
        from grader.batch.suite_tests import described

        suite = described(items, self._assignment, self._digest) if self._describe else None
        messages.send(self._channel, Collected(digest=self._digest, suite=suite))
        gc.freeze()
        gc.set_threshold(SELDOM)  # a submission's syntax trees alone would have it look some dozen times
        gc.enable()

    def submissions(self, workers: Sandbox) -> Iterator[tuple[Submission, list[Hit]]]:
        """Those that can be read, each with its forbidden calls; of the others it is told at once."""
        self._workers = workers
        workers.wait()
        messages.send(self._channel, Ready())
        while (task := messages.receive_task(self._channel)) is not None:
            assert isinstance(task, Task)
            read = self._begin(task)
            if isinstance(read, Submission):
                yield read, forbidden_calls(read, self._assignment)
            else:
                self._tell(read, [])

    def _begin(self, task: Task) -> Submission | Unreadable:
        self._task = task
        self._started = time.monotonic()
        self._content = content_digest(task.found, self._contract, task.carried)
        return read_submission(task.found, self._contract, task.carried)

    def choose(self, submission: Submission) -> frozenset[str] | None:
        """The tests to run: all, unless the submission reads as it did before."""
        assert self._task is not None
        return frozenset(self._task.tests) if submission.digest == self._task.known else None

    def deliver(self, submission: Submission, tests: list[TestResult]) -> None:
        """Tell what came of it; GraderError where the sandbox is gone, so that another job tries it again."""
        assert self._workers is not None
        if not self._workers.lives() and any(test.outcome is Outcome.UNCHECKED for test in tests):
            raise GraderError("The sandbox has ended.")
        self._tell(submission, tests)

    def _tell(self, read: Submission | Unreadable, tests: list[TestResult]) -> None:
        assert self._task is not None
        digest = read.digest if isinstance(read, Submission) else None
        done = Done(
            id=read.id,
            content=self._content,
            digest=digest,
            message=read.message if isinstance(read, Unreadable) else None,
            reading=read.reading,
            tests=tuple(tests),
            complete=digest is None or digest != self._task.known,
            seconds=round(time.monotonic() - self._started, 4),
            out_of_reach=isinstance(read, Unreadable) and read.out_of_reach,
        )
        messages.send(self._channel, done)


if __name__ == "__main__":
    main()
