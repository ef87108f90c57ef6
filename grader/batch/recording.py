"""What became of a submission -> its result, on the disk and then announced."""

from __future__ import annotations

import time

from grader.assignment import Assignment
from grader.batch.messages import Done
from grader.batch.publish import Publisher
from grader.batch.records import Circumstances, Decision, Watcher
from grader.errors import GraderError, UsageError
from grader.gradebook import Attempt, Gradebook, Run, SuiteTest, key_of
from grader.model import Outcome, Reading, Result, RunInfo, TestResult
from grader.score.scoring import score_submission, unreadable

AGAIN_SECONDS = 2.0


class Recorder:
    """Turns what jobs give into results and keeps them."""

    def __init__(
        self,
        assignment: Assignment,
        book: Gradebook,
        run: Run,
        circumstances: Circumstances,
        publisher: Publisher,
        watcher: Watcher,
    ) -> None:
        self._assignment = assignment
        self._book = book
        self._run = run
        self._circumstances = circumstances
        self._publisher = publisher
        self._watcher = watcher
        facts = circumstances.environment.facts
        self._info = RunInfo(
            seed=circumstances.seed,
            device=facts["device"],
            torch=facts["torch"],
            grader=facts["grader"],
            sandbox=facts["sandbox"],
        )

    def check(self, digest: str) -> None:
        """A job must have collected the suite that was planned with."""
        if digest != self._circumstances.suite.digest:
            raise UsageError(
                f"{self._assignment.folder}: the assignment was edited while its submissions were graded. "
                "Run the same command again."
            )

    def examined(self, decision: Decision, done: Done) -> None:
        """Record what a job gave, with the outcomes that still hold from the last attempt."""
        if done.digest is None:
            message = done.message or "It can't be read."
            result = unreadable(self._assignment, done.id, message, self._info, done.reading)
            self._keep(Attempt(result=result, content=done.content, digest=None, seconds=done.seconds))
            return
        past = None if done.complete else decision.attempt
        fresh = {key_of(test.part, test.name): test for test in done.tests}
        tests, made_in = self._with_past(fresh, past)
        self._keep(
            Attempt(
                result=self._scored(done.id, tests, done.reading),
                content=done.content,
                digest=done.digest,
                seconds=done.seconds,
                made_in=made_in,
            )
        )

    def rescored(self, decision: Decision) -> None:
        """Nothing has to run: the last attempt's tests are put together anew."""
        assert decision.attempt is not None
        tests, made_in = self._with_past({}, decision.attempt)
        reading = self._book.recorded(decision.attempt).reading
        self._keep(
            Attempt(
                result=self._scored(decision.found.id, tests, reading),
                content=decision.content,
                digest=decision.known,
                seconds=0.0,
                made_in=made_in,
            )
        )

    def unchecked(self, decision: Decision, earlier: Done | None, why: str) -> None:
        """Nobody could check it, twice: no score, and the reason."""
        if earlier is not None:
            self.examined(decision, earlier)
            return
        tests = [unchecked_test(test, why) for test in self._circumstances.suite.tests]
        result = self._scored(decision.found.id, tests, None)
        self._keep(Attempt(result=result, content=decision.content, digest=None, seconds=0.0))

    def trouble(self, submission: str | None, what: str) -> None:
        self._book.note_trouble(self._run, submission, what)

    def _with_past(
        self, fresh: dict[str, TestResult], past: int | None
    ) -> tuple[list[TestResult], dict[str, int]]:
        """All tests of the suite in order, and in which attempt those were made that did not run now."""
        before = self._book.recorded(past).tests if past is not None else ()
        known = {key_of(test.part, test.name): test for test in before}
        origins = self._book.made_in(past) if past is not None else {}
        keys = [test.key for test in self._circumstances.suite.tests]
        lacking = [key for key in keys if key not in fresh and key not in known]
        if lacking:
            raise GraderError(f"{lacking[0]} was neither run nor known; run again with --force.")
        made_in = {key: origins[key] for key in keys if key not in fresh}
        return [fresh.get(key) or known[key] for key in keys], made_in

    def _scored(self, submission: str, tests: list[TestResult], reading: Reading | None) -> Result:
        return score_submission(self._assignment, submission, tests, self._info, reading)

    def _keep(self, attempt: Attempt) -> None:
        """On the disk, then in its file, then announced."""
        number = self._record(attempt)
        result = self._book.result(number)
        self._publisher.write(number, result)
        self._watcher.finished(result)

    def _record(self, attempt: Attempt) -> int:
        """Recorded; where the disk is in the way, once more after a moment."""
        suite, environment = self._circumstances.suite, self._circumstances.environment
        try:
            return self._book.record(self._run, suite, environment, attempt)
        except GraderError:
            time.sleep(AGAIN_SECONDS)
            return self._book.record(self._run, suite, environment, attempt)


def unchecked_test(test: SuiteTest, why: str) -> TestResult:
    return TestResult(
        name=test.name,
        part=test.part,
        title=test.title,
        score=None,
        max_score=test.max_score,
        outcome=Outcome.UNCHECKED,
        message=f"The grader could not check this: {why}",
    )
