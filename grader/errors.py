"""Whose fault an error is.

Three families and no more.  `UsageError`: somebody's input is wrong, and a sentence tells which file, key
or test, and what to do next (exit status 2).  `GraderError`: the grader or its machine is in trouble; a
student never pays for it (outcome `unchecked`, exit status 1).  What a student's code does wrong is not an
exception at all but an outcome, except inside a hidden test, where `Judgement` ends the test.
"""

from __future__ import annotations

from grader.model import Outcome


class UsageError(Exception):
    """Bad input: the message says what happened, where, and what to do next."""


class GraderError(Exception):
    """The grader's own trouble: a worker that can't be started, a suite that is broken, a full disk."""


class SandboxUnavailableError(GraderError):
    """The host can't give the isolation asked for; `remedy` says what would make it so."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}\n{remedy}")
        self.reason = reason
        self.remedy = remedy


class Judgement(AssertionError):  # noqa: N818 - a verdict, not an error of the program
    """Ends a hidden test with an outcome other than `passed`, and the sentence a student reads."""

    def __init__(
        self, outcome: Outcome, message: str, *, hint: str | None = None, printed: str | None = None
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
        self.hint = hint
        self.printed = printed
