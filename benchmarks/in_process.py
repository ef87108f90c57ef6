"""The same suite without a wall: student's code, probes and tests in one process, as most autograders do it.

It is what `benchmarks/batch.py` compares with, and how the student code's own time is measured.

    python benchmarks/in_process.py ASSIGNMENT SUBMISSION     prints the seconds spent in the student's code
"""

from __future__ import annotations

import gc
import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from grader.assignment import load_assignment
from grader.examine.suite import examine
from grader.intake import Submission, read_submission
from grader.pipeline import contract_of
from grader.sandbox import worker
from grader.sandbox.client import Sandbox
from grader.sandbox.limits import Limits
from grader.sandbox.protocol import (
    Absent,
    Answered,
    Call,
    ForbiddenRule,
    Load,
    Loaded,
    Raised,
    Refused,
    SourceFile,
    decode_reply,
)
from grader.sandbox.watch import get_ready, look_up


class InProcess:
    """A sandbox that is none.  `seconds` adds up what the student's code takes."""

    tier = "none"
    torch = "the same process's"

    def __init__(self, probes: list[SourceFile], rules: Iterable[tuple[ForbiddenRule, ...]]) -> None:
        # what comes before a worker is forked is nobody's time here either; that the grader does without torch's
        # compiler is its own gain, which others don't have
        worker.touch_everything()
        worker.seed_everything(0)
        get_ready()
        for each in rules:
            look_up(each)
        self.probes = worker.load_probes(probes)
        self.seconds = 0.0

    def wait(self) -> None: ...

    def lives(self) -> bool:
        return True

    def open(self, limits: Limits) -> InProcessWorker:
        return InProcessWorker(self)

    def close(self) -> None: ...


class InProcessWorker:
    """Answers probes where it stands."""

    def __init__(self, sandbox: InProcess) -> None:
        self._sandbox = sandbox
        self._desk: worker.Desk | None = None
        self.open = True

    def load(self, load: Load, seconds: float) -> Loaded | Raised:
        started = time.perf_counter()
        outputs = sys.stdout, sys.stderr
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._desk = worker.prepare_desk(theirs, load, self._sandbox.probes, Limits())
            frame = worker.receive_frame(ours)
        sys.stdout, sys.stderr = outputs
        self._sandbox.seconds += time.perf_counter() - started
        reply = decode_reply(frame or b"")
        assert isinstance(reply, Loaded | Raised)
        return reply

    def call(self, call: Call, seconds: float) -> Answered | Raised | Absent | Refused:
        assert self._desk is not None
        started = time.perf_counter()
        reply = worker.answer(call, self._desk)
        self._sandbox.seconds += time.perf_counter() - started
        assert isinstance(reply, Answered | Raised | Absent | Refused)
        return reply

    def finish_fork(self, seconds: float = 0.0) -> None: ...

    def close(self) -> None: ...


def main() -> None:
    assignment = load_assignment(Path(sys.argv[1]))
    read = read_submission(Path(sys.argv[2]), contract_of(assignment))
    assert isinstance(read, Submission)
    sandbox = InProcess(assignment.probes(), assignment.rules())
    scores: list[float] = []
    gc.freeze()  # nor is it the student's time when all that was loaded is looked through for garbage
    examine(
        assignment,
        cast(Sandbox, sandbox),  # its workers have neither socket nor process
        [(read, [])],
        lambda _, tests: scores.append(sum(test.score or 0.0 for test in tests)),
        seed="benchmark",
    )
    print(sandbox.seconds, scores[0])  # noqa: T201 - what the benchmark reads


if __name__ == "__main__":
    main()
