"""The jobs of a batch, as the batch sees them: started, fed, heard, and buried when they die."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

import grader
from grader.batch import messages
from grader.batch.messages import Collected, Done, FromJob, Inbox, Ready, Start, Task, Trouble
from grader.errors import GraderError, UsageError
from grader.gradebook import Suite
from grader.sandbox import cgroups
from grader.sandbox.client import ending
from grader.sandbox.launch import ZygoteProcess
from grader.sandbox.protocol import ForbiddenRule, SourceFile

FAREWELL_SECONDS = 10.0
CHUNK = 1 << 20


class Lost(msgspec.Struct, frozen=True):
    """A job is gone: how it ended, in words, and what it had been sent and not done.  `elsewhere`: its whole machine
    is gone, by no doing of the submission's as far as can be seen."""

    why: str
    task: Task | None
    ready: bool
    elsewhere: bool = False


class Worker(Protocol):
    """Somebody who examines submissions one after the other."""

    ready: bool

    def give(self, task: Task, seconds: float) -> None:
        """Have it examine a submission, and come to an end within so many seconds."""


class Staff(Protocol):
    """Who examines a batch: jobs on this machine, or on others.  As a context manager all are sent home at last."""

    def __enter__(self) -> Staff: ...

    def __exit__(self, kind: object, *_: object) -> None: ...

    def suite(self, jobs: int) -> Suite:
        """Hear from one of them which tests there are."""

    def elsewhere(self) -> dict[str, str]:
        """Facts of the environment that are other than this machine's, since others compute."""

    def staff(self, wanted: int) -> None:
        """See that so many submissions can be examined at a time, or as many as can be."""

    def able(self) -> bool:
        """Whether any of them is ready, or may have work."""

    def idle(self) -> Sequence[Worker]:
        """Those that can be given a submission."""

    def running(self) -> list[str]:
        """The submissions that are being examined."""

    def listen(self, seconds: float) -> Iterator[tuple[Worker, FromJob | Lost]]:
        """What they say within so many seconds, as soon as any says something."""


class Job:
    """One job process.  `task` is what it was sent last and has not done yet."""

    def __init__(self, start: Start, line: socket.socket | None) -> None:
        """Start it; `line` goes to the zygote, where there is one."""
        self.task: Task | None = None
        self.ready = False
        self.deadline: float | None = None
        self._inbox = Inbox()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the job is buried
        self.channel, theirs = socket.socketpair()
        with theirs, line or contextlib.nullcontext():
            descriptors = [theirs.fileno(), *([line.fileno()] if line is not None else [])]
            self._process = subprocess.Popen(
                command(descriptors),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=descriptors,
                start_new_session=True,  # Ctrl-C is the batch's to handle
            )
        self._send(start)

    def give(self, task: Task, seconds: float) -> None:
        """Have it examine a submission, and come to an end within so many seconds."""
        self.task = task
        self.deadline = time.monotonic() + seconds
        self._send(task)

    def hear(self) -> list[FromJob] | None:
        """What it has said since; None when it is gone."""
        try:
            data = self.channel.recv(CHUNK)
        except OSError:
            return None
        heard = self._inbox.add(data)
        for message in heard:
            self.ready = self.ready or isinstance(message, Ready)
            if isinstance(message, Done):
                self.task = self.deadline = None
        return heard if data else None

    def overdue(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def hang_up(self) -> None:
        """Tell it that there is nothing more to do."""
        with contextlib.suppress(OSError):
            self.channel.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        """End it with everything that it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def bury(self, seconds: float) -> str:
        """Wait until it is gone, killing it after so long; how it ended, in words."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        self.channel.close()
        with self._log:
            return ": ".join(filter(None, [ending(code), self._last_line()]))

    def _last_line(self) -> str:
        """The last line that it wrote: where it raised, what it comes down to."""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - 4000))
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip()[:400] if lines else ""

    def _send(self, message: Start | Task) -> None:
        with contextlib.suppress(OSError):  # that it is gone is heard when it is listened to
            messages.send(self.channel, message)


def command(descriptors: Sequence[int]) -> list[str]:
    """The job's Python: modules are found where ours are, never in the folder that we happen to stand in."""
    folder = str(Path(grader.__file__).parent.parent)
    program = f"import sys; sys.path.append({folder!r}); from grader.batch.job import main; main()"
    return [sys.executable, "-P", "-c", program, *map(str, descriptors)]


class Crew:
    """All jobs of a batch, and the zygote that their workers are forked from."""

    def __init__(
        self,
        start: Start,
        cores: Sequence[int | None],
        probes: Sequence[SourceFile] = (),
        rules: Sequence[tuple[ForbiddenRule, ...]] = (),
        started: ZygoteProcess | None = None,
    ) -> None:
        """A core None pins to none; `started` is the zygote, where it is under way already."""
        self.jobs: list[Job] = []
        self._probes = list(probes)
        self._rules = rules
        self._started = started
        self._zygote: ZygoteProcess | None = None
        self._groups: cgroups.Home | None = None
        self._start = start
        self._cores = list(cores)
        self._selector = selectors.DefaultSelector()
        self._core_of: dict[Job, int | None] = {}

    def __enter__(self) -> Crew:
        if self._start.sandbox not in (None, "process"):
            self._groups = cgroups.enter()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Send all home; where the batch was cut short, at once."""
        for job in self.jobs:
            job.hang_up() if kind is None else job.kill()
        for job in self.jobs:
            job.bury(FAREWELL_SECONDS)
        if self._zygote is not None:
            self._zygote.close()
        if self._groups is not None:
            self._groups.leave()
        self._selector.close()

    def hire(self, *, describe: bool = False) -> None:
        """Start one more job, with a core of its own while there are enough."""
        taken = list(self._core_of.values())
        core = min(self._cores, key=taken.count)
        job = Job(msgspec.structs.replace(self._start, core=core, describe=describe), self._line())
        self._core_of[job] = core
        self.jobs.append(job)
        self._selector.register(job.channel, selectors.EVENT_READ, job)

    def _line(self) -> socket.socket | None:
        """To the zygote, a new one where there is none or the last has died; None where no wall is asked for."""
        if self._start.sandbox in (None, "process"):
            return None
        if self._zygote is None or not self._zygote.lives():
            if self._zygote is not None:
                self._zygote.close()
            self._zygote = self._started or ZygoteProcess(str(self._start.sandbox), self._start.device)
            self._started = None
            self._zygote.prepare(self._probes, self._rules, many=True)
        return self._zygote.connect()

    def suite(self, jobs: int) -> Suite:
        """Start the jobs, and hear from the first which tests there are.

        Only as many as leave a processor to the zygote, which takes longest: the others come when there is work.
        UsageError where the suite can't be collected, GraderError where no job lives to tell.
        """
        for number in range(max(1, min(jobs, len(self._cores) - 1))):
            self.hire(describe=number == 0)
        while True:
            for _, message in self.listen(FAREWELL_SECONDS):
                if isinstance(message, Collected) and message.suite is not None:
                    return message.suite
                if isinstance(message, Trouble):
                    raise UsageError(message.reason) if message.usage else GraderError(message.reason)
                if isinstance(message, Lost):
                    raise GraderError(f"A job did not start: {message.why}.")

    def elsewhere(self) -> dict[str, str]:
        return {}

    def staff(self, wanted: int) -> None:
        """As many jobs as are wanted."""
        while len(self.jobs) < wanted:
            self.hire()

    def able(self) -> bool:
        return any(job.ready for job in self.jobs)

    def idle(self) -> list[Job]:
        """Those that are ready and have nothing to do."""
        return [job for job in self.jobs if job.ready and job.task is None]

    def running(self) -> list[str]:
        """The submissions that are being examined."""
        return [job.task.found.id for job in self.jobs if job.task is not None]

    def listen(self, seconds: float) -> Iterator[tuple[Job, FromJob | Lost]]:
        """What the jobs say within so many seconds, as soon as any says something."""
        for key, _ in self._selector.select(seconds):
            job: Job = key.data
            heard = job.hear()
            for message in heard or ():
                yield job, self._explained(message)
            if heard is None:
                yield job, self._lose(job, 1.0, "")
        for job in [job for job in self.jobs if job.overdue()]:
            job.kill()
            yield job, self._lose(job, FAREWELL_SECONDS, "it did not come to an end")

    def _explained(self, message: FromJob) -> FromJob:
        """Where the zygote has died a job knows no more than that; what it said at the end is heard here."""
        if isinstance(message, Trouble) and self._zygote is not None and not self._zygote.lives():
            return Trouble(reason=f"The sandbox has ended: {self._zygote.complaint()}", usage=False)
        return message

    def _lose(self, job: Job, seconds: float, why: str) -> Lost:
        self._selector.unregister(job.channel)
        self.jobs.remove(job)
        del self._core_of[job]
        ended = job.bury(seconds)
        return Lost(why=why or ended, task=job.task, ready=job.ready)
