"""`grade check` as a sequence: find the handout, read the homework, run the public suite on it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec

from grader import __version__
from grader.check.handout import Checks, chosen_part, find_checks
from grader.check.session import SEED, examine_own
from grader.errors import UsageError
from grader.intake import Unreadable, read_submission
from grader.model import Outcome, Result, RunInfo
from grader.pipeline import contract_of, forbidden_calls, open_sandbox, run_info
from grader.report.formats_sheet import Sheet, sheet
from grader.sandbox.device import CPU, Device
from grader.score.scoring import unreadable


@dataclass(frozen=True)
class Checked:
    """What came of it: the handout, a result whose points are numbers of checks, and the one line that sums it up."""

    checks: Checks
    result: Result
    summary: str

    @property
    def all_pass(self) -> bool:
        return bool(self.result.tests) and all(test.outcome is Outcome.PASSED for test in self.result.tests)


def check_path(path: Path, only: str | None = None, device: Device = CPU) -> Checked:
    """Check the notebook or module at `path` (a file, or a folder that holds one).

    `only` is a part or an exercise.  UsageError where there is no handout around `path` or nothing by that name.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder.")
    checks = find_checks(path if path.is_dir() else path.parent)
    if only is not None:
        chosen_part(checks, only)
    result = examine_path(path.resolve(), checks, only, device)
    line = summary(result, only)
    return Checked(checks, msgspec.structs.replace(result, message=result.message or line), line)


def examine_path(path: Path, checks: Checks, only: str | None, device: Device) -> Result:
    read = read_submission(path, contract_of(checks))
    if isinstance(read, Unreadable):
        nothing_run = RunInfo(
            seed=SEED, device=str(device), torch=version("torch"), grader=__version__, sandbox="process"
        )
        return unreadable(checks, read.id, read.message, nothing_run, read.reading)
    with open_sandbox(checks, "process", device=device) as workers:
        hits = forbidden_calls(read, checks)
        return examine_own(checks, workers, read, hits, only, run_info(workers, SEED, device))


def summary(result: Result, only: str | None = None) -> str:
    """All that a public suite can tell: how many of its own checks pass, of those that were asked for."""
    what = f"public checks of {only}" if only else "public checks"
    if not result.tests:
        return f"{what}: none could be run; hidden tests are run at grading"
    passed = sum(test.outcome is Outcome.PASSED for test in result.tests)
    return f"{what}: {passed} of {len(result.tests)} pass; hidden tests are run at grading"


def sheet_of(checked: Checked, path: Path) -> Sheet:
    """For the formats."""
    return sheet(checked.checks, checked.result, path, checked.summary)
