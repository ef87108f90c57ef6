"""What has to run and why: whatever was examined before under the same digests is not examined again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from grader.batch.fingerprints import content_digest
from grader.batch.records import Circumstances, Decision, Order, Plan
from grader.gradebook import Gradebook, Latest, PastOutcome, SuiteTest
from grader.intake import passed_over
from grader.intake.records import Contract, Found
from grader.model import Outcome, Status
from grader.pipeline import contract_of


def plan(order: Order, book: Gradebook | None, found: Sequence[Found], circumstances: Circumstances) -> Plan:
    """Decide about every submission that counts; `book` None where there is no gradebook yet."""
    contract = contract_of(order.assignment)
    wanted = [one for one in found if one.counts and matches(one, order.only)]
    planner = Planner(book, circumstances, contract, force=order.force)
    return Plan(
        circumstances=circumstances,
        seen=tuple(found),
        decisions=tuple(planner.decide(one) for one in wanted),
        passed_over=passed_over(order.folder),
    )


def matches(found: Found, pattern: str | None) -> bool:
    return pattern is None or fnmatchcase(found.id, pattern)


class Planner:
    """Decides about submissions one by one."""

    def __init__(
        self, book: Gradebook | None, circumstances: Circumstances, contract: Contract, *, force: bool
    ) -> None:
        self._book = book
        self._suite = circumstances.suite
        self._environment = circumstances.environment
        self._seed = circumstances.seed
        self._contract = contract
        self._force = force

    def decide(self, found: Found) -> Decision:
        content = content_digest(found, self._contract)
        latest = self._book.latest(found.id) if self._book is not None else None
        reason = self._reason_for_all(latest)
        if latest is None or reason is not None:
            return Decision(found=found, action="run", why=reason or "new", content=content)
        if latest.content == content and latest.digest is None:
            return self._unread(found, content, latest)
        changed = self._changed(latest)
        if changed or latest.content != content:
            anew = [why_anew(latest)] if latest.content != content else []
            return Decision(
                found=found,
                action="run",
                why="; ".join(anew + (reasons(changed) if latest.digest else [])),
                content=content,
                known=latest.digest,
                tests=tuple(test.key for test, _ in changed),
                attempt=latest.attempt,
            )
        same = latest.suite == self._suite.digest
        return Decision(
            found=found,
            action="keep" if same else "score",
            why="unchanged" if same else "the suite changed, but none of its tests",
            content=content,
            known=latest.digest,
            attempt=latest.attempt,
        )

    def _reason_for_all(self, latest: Latest | None) -> str | None:
        """Why nothing of the last attempt can be used, if so."""
        if latest is None:
            return "new"
        if self._force:
            return "asked for by --force"
        if latest.seed != self._seed:
            return "the seed changed"
        if latest.environment != self._environment.digest:
            return f"the environment changed: {self._difference(latest)}"
        return None

    def _difference(self, latest: Latest) -> str:
        assert self._book is not None
        before, now = self._book.environment_by_digest(latest.environment).facts, self._environment.facts
        names = [name for name in now if before.get(name) != now[name]]
        shown = [
            "the grader's code" if name == "code" else f"{name} {before.get(name, 'unknown')} -> {now[name]}"
            for name in names
        ]
        return ", ".join(shown)

    def _unread(self, found: Found, content: str, latest: Latest) -> Decision:
        """What could not be read, and is the same, can't be read now; what could not be checked is tried again."""
        if latest.status is Status.UNCHECKED:
            return Decision(found=found, action="run", why="could not be checked before", content=content)
        same = latest.suite == self._suite.digest
        return Decision(
            found=found,
            action="keep" if same else "run",
            why="unchanged" if same else "the suite changed",
            content=content,
            attempt=latest.attempt,
        )

    def _changed(self, latest: Latest) -> list[tuple[SuiteTest, str]]:
        """The tests that have to run though the submission is the same, each with the reason."""
        if latest.suite == self._suite.digest and latest.status is Status.GRADED:
            return []
        assert self._book is not None
        past = self._book.past_outcomes(latest.attempt)
        judged = ((test, reason(test, past.get(test.key))) for test in self._suite.tests)
        return [(test, why) for test, why in judged if why is not None]


def why_anew(latest: Latest) -> str:
    """Whether a file with other bytes means other code is known when it is read."""
    return "handed in anew" if latest.digest is None else "handed in anew: all tests if it reads differently"


def reason(test: SuiteTest, past: PastOutcome | None) -> str | None:
    """Why a test has to run again; None where its last outcome still holds."""
    if past is None:
        return "is new"
    if past.digest != test.digest:
        return "changed"
    if past.outcome is Outcome.UNCHECKED:
        return "could not be checked before"
    if past.hints != test.hints and past.outcome in (Outcome.FAILED, Outcome.ERROR):
        return "has other hints"
    return None


def reasons(changed: Iterable[tuple[SuiteTest, str]], shown: int = 3) -> list[str]:
    """In words, by reason: which tests."""
    by_reason: dict[str, list[str]] = {}
    for test, why in changed:
        by_reason.setdefault(why, []).append(test.key)
    return [
        f"{', '.join(keys[:shown])}{f' and {len(keys) - shown} more' if len(keys) > shown else ''} {why}"
        for why, keys in by_reason.items()
    ]
