"""The examination of what a plan says: tasks to jobs, results to the recorder, trouble tried again once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from grader.batch.crew import Lost, Staff, Worker
from grader.batch.messages import Collected, Done, FromJob, Task, Trouble
from grader.batch.recording import Recorder
from grader.batch.records import Decision, Watcher
from grader.errors import UsageError
from grader.gradebook import key_of
from grader.model import Outcome
from grader.sandbox.limits import Limits

TRIES = 2
FALSE_STARTS = 2
"""How often in a row all jobs may end before they were ready until the machine is taken to be unable: where what they
share has died, they all end, and the next ones get another."""

LISTEN_SECONDS = 0.5
MOVES = 5
"""How often a submission may lose its machine until that counts as a try: it may be what brings machines down."""


@dataclass(frozen=True)
class Case:
    """One submission on its way: what is asked for now, how often it was asked, how often its machine went away
    meanwhile, what an earlier try gave."""

    decision: Decision
    task: Task
    tries: int = 0
    moves: int = 0
    earlier: Done | None = None


def case_of(decision: Decision) -> Case:
    return Case(decision, Task(found=decision.found, known=decision.known, tests=decision.tests))


class Examining:
    """Keeps the jobs busy until every case has its result."""

    def __init__(
        self,
        crew: Staff,
        recorder: Recorder,
        watcher: Watcher,
        *,
        jobs: int,
        limits: Limits,
    ) -> None:
        self._crew = crew
        self._recorder = recorder
        self._watcher = watcher
        self._jobs = jobs
        self._patience = patience(limits)
        self._queue: deque[Case] = deque()
        self._out: dict[str, Case] = {}
        self._reasons: dict[Worker, str] = {}
        self._false_starts = 0

    def examine(self, decisions: Sequence[Decision], meanwhile: Callable[[], None] = lambda: None) -> None:
        """All of them; UsageError where the suite turns out to be broken.  `meanwhile` is done while jobs get ready,
        where any are needed."""
        self._queue.extend(map(case_of, decisions))
        if self._queue:
            self._staff()
            meanwhile()
        while self._queue or self._out:
            self._staff()
            self._feed()
            self._watcher.running(self._crew.running())
            for job, message in self._crew.listen(LISTEN_SECONDS):
                self._hear(job, message)

    def _staff(self) -> None:
        """As many jobs as there is work for."""
        self._crew.staff(self._wanted())

    def _wanted(self) -> int:
        return min(self._jobs, len(self._queue) + len(self._out))

    def _feed(self) -> None:
        for job in self._crew.idle():
            if self._queue:
                case = self._queue.popleft()
                self._out[case.task.found.id] = case
                job.give(case.task, self._patience)

    def _hear(self, job: Worker, message: FromJob | Lost) -> None:
        if isinstance(message, Collected):
            self._recorder.check(message.digest)
        elif isinstance(message, Done):
            case = self._out.pop(message.id)
            self._feed()  # before anything is written: the job need not wait for the disk
            self._settle(case, message)
        elif isinstance(message, Trouble):
            if message.usage:
                raise UsageError(message.reason)
            self._reasons[job] = message.reason
        elif isinstance(message, Lost):
            self._mourn(message, self._reasons.pop(job, message.why))
        else:
            self._false_starts = 0

    def _settle(self, case: Case, done: Done) -> None:
        """Record what came back, or have tried again what could not be checked."""
        if done.out_of_reach and done.message:
            self._tell(done.id, done.message)
            self._try_again(case, done.message)
            return
        both = together(case.earlier, done)
        unchecked = [test for test in done.tests if test.outcome is Outcome.UNCHECKED]
        if not unchecked or case.tries + 1 >= TRIES:
            self._recorder.examined(case.decision, both)
            return
        self._tell(done.id, unchecked[0].message or "A test could not be checked.")
        keys = tuple(key_of(test.part, test.name) for test in unchecked)
        task = Task(found=case.task.found, known=done.digest, tests=keys)
        self._queue.append(replace(case, task=task, tries=case.tries + 1, earlier=both))

    def _mourn(self, lost: Lost, why: str) -> None:
        """A job is gone: its submission is tried again by another, the second time it is unchecked."""
        if not lost.ready:
            self._false_starts += 1
            self._tell(None, f"A job did not start: {why}")
        if lost.task is not None:
            self._tell(lost.task.found.id, f"Its examiner is gone: {why.removesuffix('.')}.")
            case = self._out.pop(lost.task.found.id)
            if lost.elsewhere and case.moves < MOVES:
                self._queue.appendleft(replace(case, moves=case.moves + 1))
            else:
                self._try_again(case, why)
        if self._false_starts >= FALSE_STARTS * self._wanted() and not self._crew.able():
            self._give_up(why)

    def _try_again(self, case: Case, why: str) -> None:
        """Nothing came of it: it is the next one's, the second time it is unchecked."""
        if case.tries + 1 < TRIES:
            self._queue.append(replace(case, tries=case.tries + 1))
        else:
            self._recorder.unchecked(case.decision, case.earlier, why)

    def _give_up(self, why: str) -> None:
        """No job can be started here: nothing that is left can be checked."""
        while self._queue:
            case = self._queue.popleft()
            self._recorder.unchecked(case.decision, case.earlier, why)

    def _tell(self, submission: str | None, what: str) -> None:
        self._recorder.trouble(submission, what)
        self._watcher.trouble(submission, what)


def patience(limits: Limits) -> float:
    """Seconds after which an examiner that has not come to an end is taken to hang: far beyond what all limits,
    with a second grading and the search for hints, add up to."""
    return 4 * (limits.load_seconds + limits.total_seconds) + 60


def together(earlier: Done | None, done: Done) -> Done:
    """What two tries gave: of each test the later outcome."""
    if earlier is None or done.complete:
        return done
    later = {(test.part, test.name): test for test in done.tests}
    tests = tuple(later.get((test.part, test.name), test) for test in earlier.tests)
    return Done(
        id=done.id, content=done.content, digest=done.digest, message=done.message, reading=done.reading,
        tests=tests, complete=earlier.complete, seconds=earlier.seconds + done.seconds,
    )  # fmt: skip
