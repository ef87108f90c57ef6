"""What is tried, what it must get, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from grader.examine.misconceptions import Misconception
from grader.model import Record

Kind = Literal["master", "stub", "accepted", "misconception", "partial", "wrong", "hostile", "sample_class"]
Bound = float | Literal["all", "less", "some"]
"""What a part must get: exactly this many points, all of them, not all, or neither none nor all."""


class Known(Record, frozen=True):
    """A submission of which it is known what it must get: part by part, all points where nothing is said.

    `readable`: whether there is anything to run; where there isn't, the result must say so.
    """

    name: str
    kind: Kind
    path: Path
    expected: dict[str, Bound] = msgspec.field(default_factory=dict)
    readable: bool = True
    misconception: Misconception | None = None


class Fault(Record, frozen=True):
    """One part that did not come out as it must (`part` "": the submission as a whole).

    "rejected": it lost points that it should have; "accepted": it kept points that it should have lost;
    "unchecked": the grader could not tell.
    """

    kind: Literal["rejected", "accepted", "unchecked"]
    part: str
    message: str


class Trial(Record, frozen=True):
    """One known submission, graded with one seed.

    `right` and `wrong` are how many parts had to keep all points and how many had to lose some.  `hinted` is whether
    a misconception was shown its own hint on a failed test (None for other kinds); `own_hints` of the `hints` that
    were shown on all its failed tests were its own.  `left_out` are tests that take long and were not run.
    """

    name: str
    kind: Kind
    seed: str
    score: float | None
    right: int
    wrong: int
    faults: tuple[Fault, ...] = ()
    hinted: bool | None = None
    hints: int = 0
    own_hints: int = 0
    left_out: tuple[str, ...] = ()
    seconds: float = 0.0


class Report(Record, frozen=True):
    """All trials of a validation."""

    assignment: str
    seeds: tuple[str, ...]
    trials: tuple[Trial, ...]

    @property
    def submissions(self) -> int:
        return len({(trial.kind, trial.name) for trial in self.trials})

    @property
    def left_out(self) -> tuple[str, ...]:
        """The tests that were not run for some submissions."""
        return tuple(sorted({test for trial in self.trials for test in trial.left_out}))

    def faults(self, kind: str) -> int:
        return sum(fault.kind == kind for trial in self.trials for fault in trial.faults)

    @property
    def false_rejections(self) -> int:
        """How many times a part lost points that it should have kept."""
        return self.faults("rejected")

    @property
    def false_acceptances(self) -> int:
        """How many times a part kept points that it should have lost."""
        return self.faults("accepted")

    @property
    def sound(self) -> bool:
        """Whether everything came out as it must; hints are not part of it."""
        return not any(trial.faults for trial in self.trials)

    @property
    def hint_accuracy(self) -> float | None:
        """The share of misconceptions, seed by seed, that were shown their own hint; None where there are none."""
        told = [trial.hinted for trial in self.trials if trial.hinted is not None]
        return sum(told) / len(told) if told else None
