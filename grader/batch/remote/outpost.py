"""The part of a batch that runs on a node: the local jobs with their one zygote, fed and heard over Ray.

All jobs are started by one thread that lives as long as the outpost: a job dies with the thread that started it.
"""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from contextlib import suppress

import msgspec

from grader.assignment import load_assignment
from grader.batch.crew import Crew, Lost
from grader.batch.examining import FALSE_STARTS
from grader.batch.messages import Collected, Done, FromJob, Ready, Start
from grader.batch.remote.baggage import private_folder, unpack
from grader.batch.remote.facts import device_here, facts_here
from grader.batch.remote.messages import FILES, OPENING, ORDER, FromOutpost, Gone, Opening, Order, encode
from grader.errors import GraderError, UsageError
from grader.sandbox.device import CPU

GLANCE_SECONDS = 0.05
PAUSE_SECONDS = 0.5
FAREWELL_SECONDS = 30.0


class Outpost:
    """The actor: Ray calls its methods from the driver, several at a time."""

    def __init__(self) -> None:
        self._outbox: queue.Queue[FromOutpost] = queue.Queue()
        self._inbox: queue.Queue[Order] = queue.Queue()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._device = CPU

    def facts(self, sandbox: str, kind: str) -> bytes:
        """What this machine is, with the device of this kind that it will use."""
        trouble = ""
        try:
            self._device = device_here(kind, sandbox)
        except UsageError as error:
            trouble = f"has no such device: {error}"
        return encode(facts_here(sandbox, self._device, trouble))

    def open(self, opening: bytes, files: bytes) -> None:
        """Start the jobs; what comes of it is heard."""
        self._thread = threading.Thread(
            target=self._work, args=(OPENING.decode(opening), FILES.decode(files)), daemon=True
        )
        self._thread.start()

    def give(self, order: bytes) -> None:
        self._inbox.put(ORDER.decode(order))

    def hear(self, seconds: float) -> bytes:
        """What there is to tell, as soon as there is anything, at the latest after so many seconds."""
        heard: list[FromOutpost] = []
        with suppress(queue.Empty):
            heard.append(self._outbox.get(timeout=seconds))
            while True:
                heard.append(self._outbox.get_nowait())
        return encode(heard)

    def close(self) -> None:
        """End the jobs and remove what was unpacked."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(FAREWELL_SECONDS)

    def _work(self, opening: Opening, files: dict[str, bytes]) -> None:
        try:
            with private_folder() as folder:
                root, solution = unpack(files, folder, opening.start.assignment.name)
                start = msgspec.structs.replace(
                    opening.start, assignment=root, solution=solution, device=self._device
                )
                Shift(start, opening.jobs, self._inbox, self._outbox, self._ending).work()
        except (GraderError, UsageError, OSError) as error:
            self._outbox.put(Gone(why=str(error), submission=None, ready=False))
            self._outbox.put(Gone(why=str(error), submission=None, ready=False))


class Shift:
    """The jobs of one outpost at work."""

    def __init__(
        self,
        start: Start,
        jobs: int,
        inbox: queue.Queue[Order],
        outbox: queue.Queue[FromOutpost],
        ending: threading.Event,
    ) -> None:
        self._start = start
        self._jobs = jobs
        self._inbox = inbox
        self._outbox = outbox
        self._ending = ending
        self._waiting: deque[Order] = deque()
        self._false_starts = 0

    def work(self) -> None:
        """Until it is to end, or no job can be started here."""
        every = sorted(os.sched_getaffinity(0))
        cores: list[int | None] = (
            [*every] if self._jobs >= len(every) else [None]
        )  # others may have the rest: the kernel decides
        assignment = load_assignment(self._start.assignment)
        with Crew(self._start, cores, assignment.probes(), assignment.rules()) as crew:
            try:
                crew.hire(describe=self._start.describe)
                while not self._ending.is_set() and self._false_starts < FALSE_STARTS * self._jobs:
                    crew.staff(self._jobs)
                    self._feed(crew)
                    self._listen(crew)
            finally:
                for job in crew.jobs:
                    job.kill()

    def _feed(self, crew: Crew) -> None:
        idle = crew.idle()
        if len(idle) == len(crew.jobs) and not self._waiting:
            with suppress(queue.Empty):  # nothing at all to do: wait until there is
                self._waiting.append(self._inbox.get(timeout=PAUSE_SECONDS))
        with suppress(queue.Empty):
            while True:
                self._waiting.append(self._inbox.get_nowait())
        for job in idle:
            if self._waiting:
                order = self._waiting.popleft()
                job.give(order.task, order.seconds)

    def _listen(self, crew: Crew) -> None:
        seconds = PAUSE_SECONDS if not crew.idle() else GLANCE_SECONDS
        for _, message in crew.listen(seconds):
            if isinstance(message, Lost):
                self._false_starts += not message.ready
                lost = message.task.found.id if message.task is not None else None
                self._outbox.put(Gone(why=message.why, submission=lost, ready=message.ready))
            else:
                self._tell(message)
                if isinstance(message, Done):
                    self._feed(crew)

    def _tell(self, message: FromJob) -> None:
        if isinstance(message, Ready):
            self._false_starts = 0
        if isinstance(message, Collected) and not self._start.describe:
            message = msgspec.structs.replace(message, suite=None)
        self._outbox.put(message)
