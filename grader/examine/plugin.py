"""The examiner: a pytest plugin that gives hidden tests their fixtures and turns what they do into verdicts.

It is the same plugin under `grade` (many submissions over one collection, no terminal report) and under plain
`pytest --submission PATH assignments/hw8/hidden`.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pytest

from grader.assignment import Assignment
from grader.errors import GraderError, Judgement
from grader.examine.declared import MARKERS, Declared, declared_by
from grader.examine.devices import device_hint, finding, rehearsal
from grader.examine.fixtures import Questions, fixtures_of
from grader.examine.hints import Hints
from grader.examine.redaction import presentable
from grader.examine.session import Examination, Question, Transcript, forbidden
from grader.intake.records import Hit
from grader.model import Exhibit, Outcome, TestResult
from grader.sandbox.protocol import Answered, Call


class Trial:
    """One run of one test against one submission: what the fixtures gather and the verdict is made of."""

    def __init__(self, examination: Examination, question: Question, banned: Judgement | None) -> None:
        self.examination = examination
        self.question = question
        self.banned = banned
        self.transcript = Transcript()
        self.exhibits: list[Exhibit] = []
        self.fraction = 1.0
        self.earned = ""
        self.error: BaseException | None = None

    def credit(self, fraction: float, message: str) -> None:
        """Grant part of the points, and say for what."""
        self.fraction, self.earned = min(1.0, max(0.0, float(fraction))), message

    def exhibit(self, kind: str, data: dict[str, Any]) -> None:
        """Keep plain data for the feedback page."""
        self.exhibits.append(Exhibit(kind=kind, data=data))


GENEROUS = 10.0
"""How many times the solution's own time on the same machine everybody is given at least."""

CERTAIN = frozenset({Outcome.PASSED, Outcome.TIMEOUT, Outcome.UNCHECKED})
"""What is taken as it is even in a process that other parts have used; a limit that was hit has cost enough."""


class Examiner:
    """The plugin.  One collection of the suite serves any number of submissions."""

    def __init__(self, assignment: Assignment, seed: str, device: str, hints: Hints | None = None) -> None:
        self.assignment = assignment
        self.hints = hints
        self.seed = seed
        self.device = device
        self.source = Questions(seed)
        self.trial: Trial | None = None
        self.unanswered: Call | None = None
        self.collection_errors: list[str] = []
        self._declared: dict[pytest.Function, Declared] = {}

    def declared(self, item: pytest.Function) -> Declared:
        if item not in self._declared:
            self._declared[item] = declared_by(item, self.assignment)
        return self._declared[item]

    def current(self) -> Trial:
        """The trial that a fixture belongs to; GraderError outside of one."""
        if self.trial is None:
            raise GraderError("a hidden test ran outside of an examination")
        return self.trial

    # --------------------------------------------------------------------------------------- hooks

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(fixtures_of(self), "grader-fixtures")
        for marker in MARKERS:
            config.addinivalue_line("markers", marker)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.collection_errors.append(str(report.longrepr))

    # ------------------------------------------------------------------------------------ examining

    def examine(
        self, items: Sequence[pytest.Function], examination: Examination, hits: Sequence[Hit]
    ) -> Iterator[TestResult]:
        """Run every test against one submission; a result as each is known.

        The last is followed by the first, the next submission's: what is set up for a session stays so.
        """
        for item, following in zip(items, [*items[1:], items[0]], strict=True):
            yield self.examine_one(item, following if following is not item else None, examination, hits)

    def examine_one(
        self,
        item: pytest.Function,
        following: pytest.Function | None,
        examination: Examination,
        hits: Sequence[Hit],
    ) -> TestResult:
        """The better of the student's own pieces and the stand-ins.

        Where one of the pieces to be replaced is known not to come back, the stand-ins go first: if they get full
        marks, nobody waits for the time limit of each test that builds on it.
        """
        declared = self.declared(item)
        replace = declared.stand_ins
        if examination.stalled.intersection(replace):
            lent = self.run(item, following, examination, hits, replace)
            if lent.outcome is Outcome.PASSED:
                return msgspec.structs.replace(lent, own=Outcome.TIMEOUT)
        own = self.run_patiently(item, following, examination, hits)
        if own.outcome is Outcome.TIMEOUT:
            examination.stalled.update(declared.exercises)
        if not replace or own.outcome in (Outcome.PASSED, Outcome.UNCHECKED):
            return own
        lent = self.run(item, following, examination, hits, replace)
        return better(own, lent)

    def run_patiently(
        self,
        item: pytest.Function,
        following: pytest.Function | None,
        examination: Examination,
        hits: Sequence[Hit],
    ) -> TestResult:
        """With a time limit that is generous on this machine: once more with `GENEROUS` times what the solution takes
        here, where the limit was less than that.  A timeout tells how much longer than the solution it was given."""
        limit = self.declared(item).seconds
        result = self.run(item, following, examination, hits, ())
        reference = self.reference_seconds(limit) if result.outcome is Outcome.TIMEOUT else None
        if reference is not None and GENEROUS * reference > limit:
            limit = float(math.ceil(GENEROUS * reference))
            result = self.run(item, following, examination, hits, (), limit)
        if reference is None or result.outcome is not Outcome.TIMEOUT:
            return result
        told = f"{result.message} That is more than {multiple(limit / reference)} times what the solution takes here."
        return msgspec.structs.replace(result, message=told)

    def reference_seconds(self, patience: float) -> float | None:
        """What the solution takes for the call that has just run into its limit."""
        if self.hints is None or self.unanswered is None:
            return None
        return self.hints.reference_seconds(self.unanswered, patience)

    def run(
        self,
        item: pytest.Function,
        following: pytest.Function | None,
        examination: Examination,
        hits: Sequence[Hit],
        replace: tuple[str, ...],
        limit: float | None = None,
    ) -> TestResult:
        """One grading.  Parts share a process as long as all goes well; where a test goes wrong in one that others
        have used, its part begins again in one of its own, and that counts: no part pays for what another changed.
        A test with a time limit of its own, which is long, gets one from the start."""
        declared = self.declared(item)
        seconds = limit or declared.seconds
        banned = ban(declared, hits)
        question = self.question(item, seconds, replace)
        shared = banned is None and examination.shared(question)
        if shared and declared.takes_long:
            examination.start_afresh(question)
            shared = False
        trial, result = self.attempt(item, following, Trial(examination, question, banned))
        if shared and result.outcome not in CERTAIN:
            self.begin_again(item, examination, question)
            trial = Trial(examination, self.question(item, seconds, replace), None)
            trial, result = self.attempt(item, following, trial)
        elif shared:
            examination.sharing[replace].append(item)
        return self.rehearsed(self.hinted(result, item, trial), item, trial)

    def question(self, item: pytest.Function, seconds: float, replace: tuple[str, ...]) -> Question:
        declared = self.declared(item)
        return Question(
            test=declared.name,
            part=declared.part,
            seed=self.source.number(f"worker|{declared.name}"),
            seconds=seconds,
            deadline=time.monotonic() + seconds,
            replace=replace,
        )

    def begin_again(self, item: pytest.Function, examination: Examination, question: Question) -> None:
        """A process of its own for the test's part, in which its earlier tests have been run again: what they leave
        behind is its own doing.  They have passed, and stay so."""
        earlier = [one for one in examination.sharing[question.replace] if one.path == item.path]
        examination.start_afresh(question)
        for one, following in itertools.pairwise([*earlier, item]):
            asked = self.question(one, self.declared(one).seconds, question.replace)
            self.attempt(one, following, Trial(examination, asked, None))

    def attempt(
        self, item: pytest.Function, following: pytest.Function | None, trial: Trial
    ) -> tuple[Trial, TestResult]:
        """Run the test once, and say what became of it."""
        self.trial = trial
        started = time.monotonic()
        trial.error = carried_out(item, following)
        self.trial = None
        self.unanswered = trial.transcript.unanswered
        return trial, verdict(item.name, self.declared(item), trial, time.monotonic() - started)

    def hinted(self, result: TestResult, item: pytest.Function, trial: Trial) -> TestResult:
        """With the misconception that explains the failure, where one is found.  A test that may take long by
        itself would take long for each misconception: it is left to its own messages."""
        explicable = result.outcome in (Outcome.FAILED, Outcome.ERROR) and result.hint is None
        if not explicable:
            return result
        exchanges = trial.transcript.exchanges
        found = None
        declared = self.declared(item)
        if self.hints is not None and not declared.takes_long:
            found = self.hints.find(declared.about, exchanges)
        hint = found or device_hint((reply for _, reply in exchanges), self.assignment.limits, self.device)
        return msgspec.structs.replace(result, hint=hint)

    def rehearsed(self, result: TestResult, item: pytest.Function, trial: Trial) -> TestResult:
        """With a hint where a passed test would fail on a GPU: each probe is tried once a submission, at its first
        test that passes.  With PyTorch's pieces in place of the student's there is nothing to be told."""
        if self.device != "cpu" or result.outcome is not Outcome.PASSED or trial.question.replace:
            return result
        declared = self.declared(item)
        if declared.without_device:
            return result
        for call, reply in trial.transcript.exchanges:
            key = call.probe, declared.lands
            if isinstance(reply, Answered) and key not in trial.examination.rehearsed:
                trial.examination.rehearsed.add(key)
                shown = trial.examination.try_out(trial.question, rehearsal(call))
                hint = finding(shown, declared.lands)
                if hint is not None:
                    return msgspec.structs.replace(result, hint=hint)
        return result


def carried_out(item: pytest.Function, following: pytest.Function | None) -> BaseException | None:
    """Set the test up, call it and tear it down, by the hooks of pytest's own protocol; what was raised first.

    Without that protocol's reports: nobody reads them, and making them takes longer than many a test.
    """
    hook = item.ihook
    item._initrequest()  # the item may have run before, for another submission
    error = raised_by(lambda: hook.pytest_runtest_setup(item=item))
    if error is None:
        error = raised_by(lambda: hook.pytest_runtest_call(item=item))
    late = raised_by(lambda: hook.pytest_runtest_teardown(item=item, nextitem=following))
    return late if error is None else error


def raised_by(step: Callable[[], object]) -> BaseException | None:
    """What it raised, unless the whole session is to end."""
    try:
        step()
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a test raises is its verdict
        return error
    return None


def multiple(ratio: float) -> int:
    """Rounded down to 1, 2 or 5 with zeros, so that it is the same whenever it is measured."""
    steps = [step * 10**power for power in range(7) for step in (1, 2, 5)]
    return max((step for step in steps if step <= ratio), default=1)


def better(own: TestResult, lent: TestResult) -> TestResult:
    """The better of the two gradings; `own` tells what the student's own pieces gave where they lost.

    Where the second could not be checked, the better is not known.
    """
    if lent.outcome is not Outcome.UNCHECKED and (lent.score or 0.0) <= (own.score or 0.0):
        return own
    return msgspec.structs.replace(lent, own=own.outcome)


def verdict(name: str, declared: Declared, trial: Trial, seconds: float) -> TestResult:
    """What one trial amounts to."""
    points = declared.points
    outcome, message, hint, printed = judged(trial)
    fraction = trial.fraction if outcome is Outcome.PASSED else 0.0
    if outcome is Outcome.PASSED and fraction < 1.0:
        outcome, message = Outcome.FAILED, trial.earned
    return TestResult(
        name=name,
        part=declared.part.name,
        title=declared.title,
        score=None if outcome is Outcome.UNCHECKED else round(points * fraction, 2),
        max_score=points,
        outcome=outcome,
        message=presentable(message or (trial.earned or None)),
        hint=hint,
        seconds=round(seconds, 4),
        printed=presentable(printed or trial.transcript.printed or None),
        exhibits=tuple(trial.exhibits),
    )


def judged(trial: Trial) -> tuple[Outcome, str | None, str | None, str | None]:
    """Outcome, message, hint, and what was printed, from what the test raised."""
    error = trial.error
    if error is None:
        return Outcome.PASSED, None, None, None
    if isinstance(error, Judgement):
        return error.outcome, error.message, error.hint, error.printed
    if isinstance(error, AssertionError):
        return Outcome.FAILED, said(error) or "The answer is wrong.", None, None
    return Outcome.UNCHECKED, f"The grader could not check this: {type(error).__name__}: {error}", None, None


def said(error: AssertionError) -> str:
    """The sentence of `assert condition, "sentence"`; a bare assert says nothing, its values are secret."""
    return str(error.args[0]) if error.args and isinstance(error.args[0], str) else ""


def ban(declared: Declared, hits: Sequence[Hit]) -> Judgement | None:
    """The forbidden call that the source of this test's exercise makes, if any."""
    for hit in hits:
        if hit.exercise in declared.about:
            place = f"\n  {hit.file}, line {hit.line}: {hit.text}"
            return forbidden(hit.operation, hit.instead, place)
    return None
