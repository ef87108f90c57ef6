"""What a batch is asked for, what it plans, and what it tells."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, Protocol

from grader.assignment import Assignment
from grader.gradebook import Environment, Suite
from grader.intake.records import Found
from grader.model import Record, Result, Status
from grader.sandbox.device import CPU, Device

SHARED_BY: Final = 4
"""How many jobs share a card of a cluster where nothing else is asked for."""


class Remote(Record, frozen=True):
    """Examine on a cluster of Ray's: at its `address`, else on one of this machine's own.

    `jobs` are the most of a node, None for as many as it has processors; `gpu_jobs` how many share a card.
    """

    address: str | None = None
    jobs: int | None = None
    gpu_jobs: int = SHARED_BY


class Order(Record, frozen=True):
    """What a batch is asked for.

    `only` is a pattern of submissions' ids, `force` runs everything again, `seed` None stands for the folder's
    own.  `max_points_row` adds a line with the greatest scores to grades.csv.  `remote` None examines here.
    """

    folder: Path
    assignment: Assignment
    out: Path
    jobs: int
    seed: str | None = None
    only: str | None = None
    force: bool = False
    roster: Path | None = None
    extensions: Path | None = None
    max_points_row: bool = False
    sandbox: str = "strict"
    device: Device = CPU
    remote: Remote | None = None


class Circumstances(Record, frozen=True):
    """What all submissions of a batch have in common."""

    suite: Suite
    environment: Environment
    seed: str


class Decision(Record, frozen=True):
    """What is to be done about one submission, and why.

    `keep`: nothing.  `score`: put the tests of the last attempt together anew, none has to run.  `run`: run
    `tests` where the submission still reads as `known`, all where it doesn't.  `attempt` is the last one.
    """

    found: Found
    action: Literal["keep", "score", "run"]
    why: str
    content: str
    known: str | None = None
    tests: tuple[str, ...] = ()
    attempt: int | None = None


class Plan(Record, frozen=True):
    """Every submission's decision.  `seen` are all that lie in the folder, `passed_over` the files of nobody's."""

    circumstances: Circumstances
    seen: tuple[Found, ...]
    decisions: tuple[Decision, ...]
    passed_over: tuple[str, ...] = ()

    @property
    def work(self) -> tuple[Decision, ...]:
        return tuple(one for one in self.decisions if one.action != "keep")


class Summary(Record, frozen=True):
    """How a batch ended: all rows of grades.csv by status, the submissions that could not be checked, those to which
    the late rule could not be applied, the files that were nobody's, and the submissions that were changed by hand and
    count no more."""

    statuses: dict[Status, int]
    ran: int
    kept: int
    seed: str
    unchecked: tuple[str, ...]
    untimed: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    without_effect: tuple[str, ...] = ()


class Watcher(Protocol):
    """Who is told how a batch gets on."""

    def begin(self, total: int, kept: int) -> None:
        """So many submissions in all, of which so many keep their results."""

    def running(self, ids: list[str]) -> None:
        """These are being examined now; said often."""

    def finished(self, result: Result) -> None:
        """This one has a result, and it is on the disk."""

    def trouble(self, submission: str | None, what: str) -> None:
        """The grader itself was in trouble."""
