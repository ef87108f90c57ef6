"""hw8's suite on the CPU and on a GPU side by side: how long it takes, and how near right work comes to its bounds.

    python benchmarks/devices.py [--rounds N] [--seeds N] [--write docs/performance.md]

Graded is `accepted/plain.py`, behind the wall, on each device that this machine has.  The error is that of every array
that a hidden test judged, as a share of what was allowed there; the greatest of each exercise is told.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.assignment import Assignment, load_assignment
from grader.errors import UsageError
from grader.examine import answer, comparison
from grader.examine.declared import exercises_of
from grader.examine.suite import Session, run_pytest
from grader.examine.tolerances import Expected, allowed_error
from grader.intake import read_submission
from grader.intake.records import Submission
from grader.model import Outcome, TestResult
from grader.pipeline import contract_of, grade_one, open_sandbox
from grader.sandbox.device import CPU, Device
from grader.sandbox.gpu import choose, torch_build
from grader.sandbox.protocol import Load
from grader.sandbox.tiers import tier_of

ROOT = Path(__file__).resolve().parent.parent
SUBMISSION = ROOT / "solutions" / "hw8" / "accepted" / "plain.py"
HW8 = ROOT / "assignments" / "hw8"
NONE = "no GPU was to be had"
START_SECONDS = 120.0

Shares = dict[str, float]


class Recording(Session):
    """An examiner that knows whose turn it is, so that what is compared can be booked."""

    exercise = ""

    def run(self, item: pytest.Function, *rest: Any, **named: Any) -> TestResult:
        Recording.exercise = (exercises_of(item) or ("",))[0]
        return super().run(item, *rest, **named)


def devices() -> dict[str, Device | None]:
    """The CPU, and a GPU if there is one that works; None where not."""
    try:
        return {"CPU": CPU, "GPU": choose("cuda", tier_of("strict")).device}
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return {"CPU": CPU, "GPU": None}


# -------------------------------------------------------------------------------------------- time


def timed(device: Device, assignment: Assignment) -> dict[str, float]:
    """Seconds of one submission: in all, and the tests of each part."""
    started = time.perf_counter()
    result = grade_one(SUBMISSION, assignment, seed="devices", device=device)
    seconds = {"the whole, from start to result": time.perf_counter() - started}
    seconds["of that, the start of a worker"] = worker_start(device, assignment)
    for part in assignment.parts:
        seconds[f"part {part.name}"] = sum(test.seconds for test in result.tests if test.part == part.name)
    lost = [test.name for test in result.tests if test.outcome is not Outcome.PASSED]
    if lost:
        raise SystemExit(f"{device}: right work loses {lost}")
    return seconds


def worker_start(device: Device, assignment: Assignment) -> float:
    """Of one that loads nothing; on a GPU with the start of CUDA, which a submission pays once."""
    with open_sandbox(assignment, "strict", device=device) as workers:
        workers.wait()
        started = time.perf_counter()
        worker = workers.open(assignment.limits)
        worker.load(Load(module="nothing", pieces=[]), START_SECONDS)
        taken = time.perf_counter() - started
        worker.close()
    return taken


def medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


# ------------------------------------------------------------------------------------------- error


def errors(device: Device, assignment: Assignment, seeds: int) -> Shares:
    """The greatest error of each exercise as a share of what was allowed, over so many sets of questions."""
    read = read_submission(SUBMISSION, contract_of(assignment))
    assert isinstance(read, Submission)
    greatest: Shares = defaultdict(float)
    judge = comparison.values_fault

    def booked(actual: NDArray[Any], expected: Expected, where: str | None = None) -> str | None:
        share = share_of(actual, expected, device.kind)
        greatest[Recording.exercise] = max(greatest[Recording.exercise], share)
        return judge(actual, expected, where)

    with pytest.MonkeyPatch.context() as patch, open_sandbox(assignment, "strict", device=device) as workers:
        patch.setattr(answer, "values_fault", booked)
        patch.setattr(comparison, "values_fault", booked)
        for number in range(seeds):
            run_pytest(
                Recording(
                    assignment, workers, [(read, [])], lambda *_: None, f"error-{number}", device.kind, None,
                    lambda _: None, lambda _: None,
                )
            )  # fmt: skip
    return dict(greatest)


def share_of(actual: NDArray[Any], expected: Expected, device: str) -> float:
    allowed = np.asarray(allowed_error(expected, device))
    error = np.abs(actual.astype(np.float64) - expected.value.astype(np.float64))
    shares = np.divide(error, allowed, out=np.zeros_like(error), where=allowed > 0)
    return float(np.max(shares, initial=0.0))


# ------------------------------------------------------------------------------------------- table


def table(
    found: dict[str, Device | None], rows: dict[str, dict[str, float]], head: str, form: str
) -> list[str]:
    names = list(found)
    lines = [f"| {head} | {' | '.join(names)} |", f"| --- |{' --: |' * len(names)}"]
    for row in rows["CPU"]:
        cells = [format(rows[name][row], form) if name in rows else "" for name in names]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return lines


def measured(rounds: int, seeds: int) -> str:
    assignment, found = load_assignment(HW8), devices()
    there = {name: device for name, device in found.items() if device is not None}
    seconds = {
        name: medians([timed(device, assignment) for _ in range(rounds)]) for name, device in there.items()
    }
    shares = {name: errors(device, assignment, seeds) for name, device in there.items()}
    kept = [exercise for exercise, share in shares["CPU"].items() if share > 0]
    inexact = {name: {exercise: all_of[exercise] for exercise in kept} for name, all_of in shares.items()}
    told = ", ".join(f"{name}: {device or NONE}" for name, device in found.items())
    built = f"PyTorch {torch_build().torch}, Python {platform.python_version()}, {os.cpu_count()} cores"
    lines = [f"{told}; {built}; median of {rounds}, errors over {seeds} sets of questions.", ""]
    lines += table(found, seconds, "seconds", ".2f")
    lines += ["", *table(found, inexact, "greatest error, as a share of the bound", ".3f")]
    return "\n".join(lines)


def write(file: Path, text: str) -> None:
    """Put the tables between their markers."""
    begin, end = "<!-- devices -->", "<!-- end of devices -->"
    before, _, rest = file.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    file.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--write", type=Path)
    chosen = options.parse_args()
    text = measured(chosen.rounds, chosen.seeds)
    sys.stdout.write(text + "\n")
    if chosen.write is not None:
        write(chosen.write, text)


if __name__ == "__main__":
    main()
