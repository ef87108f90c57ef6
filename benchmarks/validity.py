"""How often the suite is wrong about people, and how often the usual way is: docs/validity.md is made by this command.

    python benchmarks/validity.py [--seeds N] [--jobs N] [--only PATTERN]

Every submission of which it is known what it must get (`solutions/hw8`) and every misconception, written out as a
submission, is judged three times: by `grade validate`'s own run of the hidden suite, behind the wall; and by
`usual_suite`, in pytest's own process, with one random input a test and `torch.allclose`'s defaults, and with inputs of
ones.  A part falsely rejected lost points (there: failed a test) that it should have kept; a part falsely accepted kept
all that it should have lost some of.  Hostile submissions are left to benchmarks/attacks.py.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import torch

from grader.assignment import Assignment, find_assignment
from grader.intake import Submission, read_submission
from grader.model import Record
from grader.pipeline import contract_of
from grader.validate import validate
from grader.validate.records import Known, Report
from grader.validate.running import corpus

ROOT = Path(__file__).resolve().parents[1]
USUAL = ROOT / "benchmarks" / "usual_suite" / "test_hw8.py"
DIGITS = ROOT / "assignments" / "hw8" / "data" / "digits_train.npz"
PAGE = ROOT / "docs" / "validity.md"
BEGIN, END = "<!-- validity -->", "<!-- end of validity -->"
KINDS = ("master", "stub", "accepted", "misconception", "partial", "wrong", "sample_class")
SECONDS = 180
TRAINS = "train_classifier"


class Verdict(Record, frozen=True):
    """Of one way to judge: how many parts were to be kept and were not, were to lose points and did not."""

    way: str
    right: int
    rejected: int
    wrong: int
    accepted: int

    def line(self) -> str:
        return (
            f"| {self.way} | {self.rejected} of {self.right} ({share(self.rejected, self.right)}) "
            f"| {self.accepted} of {self.wrong} ({share(self.accepted, self.wrong)}) |"
        )


def share(count: int, total: int) -> str:
    return f"{100 * count / total:.1f} %" if total else "-"


# ------------------------------------------------------------------------------------------ the usual way


def judged_usually(known: Sequence[Known], assignment: Assignment, inputs: str) -> Verdict:
    """Every submission by the usual suite, each in a fork of this process."""
    way = f"usual suite, inputs of {inputs}" if inputs == "ones" else "usual suite, random inputs"
    counts = {"right": 0, "rejected": 0, "wrong": 0, "accepted": 0}
    for one in known:
        failed = failed_parts(one, assignment, inputs)
        for part in assignment.parts:
            right = one.expected.get(part.name, "all") == "all"
            counts["right" if right else "wrong"] += 1
            if right and part.name in failed:
                counts["rejected"] += 1
            if not right and part.name not in failed:
                counts["accepted"] += 1
    return Verdict(way=way, **counts)


def failed_parts(one: Known, assignment: Assignment, inputs: str) -> set[str]:
    """The parts of which a test does not pass; all of them where there is no answer."""
    parts = {part.name for part in assignment.parts}
    source = source_of(one, assignment)
    if source is None:
        return parts
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "hw8.py").write_text(source, encoding="utf-8")
        (Path(folder) / USUAL.name).write_text(USUAL.read_text(encoding="utf-8"), encoding="utf-8")
        passed, failed = in_a_fork(Path(folder), inputs, trains=concerns_training(one))
    return failed if passed else parts


def source_of(one: Known, assignment: Assignment) -> str | None:
    """As one module, which is generous: the usual way can't read a notebook that stops in the middle."""
    read = read_submission(one.path, contract_of(assignment))
    return "\n\n".join(piece.source for piece in read.pieces) if isinstance(read, Submission) else None


def concerns_training(one: Known) -> bool:
    """Whether the test that trains is worth its time: only where it could find something."""
    return one.misconception is not None and one.misconception.exercise == TRAINS


def in_a_fork(folder: Path, inputs: str, *, trains: bool) -> tuple[set[str], set[str]]:
    """Parts with a test that passed, and with one that failed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            run_here(folder, inputs, trains, writing)
        finally:
            os._exit(0)
    os.close(writing)
    ended = wait(pid)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    if not ended or not told:
        return set(), set()
    outcomes: dict[str, bool] = json.loads(told)
    parts = {
        name: {test.split("_")[1] for test, good in outcomes.items() if good is name}
        for name in (True, False)
    }
    return parts[True], parts[False]


def wait(pid: int) -> bool:
    """Whether it came to an end in time."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return True
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


class Outcomes:
    """Which tests passed."""

    def __init__(self) -> None:
        self.passed: dict[str, bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.location[2]
        self.passed[name] = self.passed.get(name, True) and not report.failed


def run_here(folder: Path, inputs: str, trains: bool, writing: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.environ.update(USUAL_INPUTS=inputs, USUAL_DIGITS=str(DIGITS) if trains else "")
    os.chdir(folder)
    torch.manual_seed(0)
    sys.dont_write_bytecode = True
    outcomes = Outcomes()
    plain = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:grader", "-c", os.devnull]
    pytest.main(["-q", *plain, f"--rootdir={folder}", USUAL.name], plugins=[outcomes])
    os.write(writing, json.dumps(outcomes.passed).encode())


# ------------------------------------------------------------------------------------------------ ours


def ours(report: Report) -> Verdict:
    return Verdict(
        way=f"this suite, {len(report.seeds)} seed{'s' if len(report.seeds) > 1 else ''}",
        right=sum(trial.right for trial in report.trials),
        rejected=report.false_rejections,
        wrong=sum(trial.wrong for trial in report.trials),
        accepted=report.false_acceptances,
    )


def page(report: Report, verdicts: Sequence[Verdict]) -> Iterator[str]:
    kinds = {kind: len({trial.name for trial in report.trials if trial.kind == kind}) for kind in KINDS}
    yield (
        f"{report.submissions} submissions: "
        + ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        + "."
    )
    yield "\n| judged by | right parts rejected | wrong parts accepted |\n| --- | --- | --- |"
    yield from (verdict.line() for verdict in verdicts)
    told = [trial for trial in report.trials if trial.hinted is not None]
    if told:
        yield (
            f"\nHints: {sum(bool(trial.hinted) for trial in told)} of {len(told)} misconceptions "
            f"({100 * (report.hint_accuracy or 0):.1f} %) were shown their own hint on a failed test."
        )
        others = sorted({trial.name for trial in told if not trial.hinted})
        if others:
            yield "\nShown another: " + ", ".join(f"`{name}`" for name in others) + "."
    for trial in report.trials:
        for fault in trial.faults:
            yield f"\n- {fault.kind}: `{trial.kind}/{trial.name}`, {fault.part}, seed {trial.seed}: {fault.message}"


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--only", default="*")
    chosen = options.parse_args()
    assignment = find_assignment("hw8")
    torch.set_num_threads(1)  # the forks inherit it; with more, torch does not survive a fork

    def wanted(known: Known) -> bool:
        return known.kind in KINDS and fnmatchcase(f"{known.kind}/{known.name}", chosen.only)

    with tempfile.TemporaryDirectory() as folder:
        known = [one for one in corpus(assignment, Path(folder)) if wanted(one)]
        usual = [judged_usually(known, assignment, inputs) for inputs in ("random", "ones")]
    seeds = [f"validity-{number}" for number in range(chosen.seeds)]
    report = validate(assignment, seeds, jobs=chosen.jobs, only=wanted)
    text = "\n".join(page(report, [ours(report), *usual]))
    sys.stdout.write(text + "\n")
    if chosen.only == "*" and PAGE.is_file():
        before = PAGE.read_text(encoding="utf-8")
        between = f"{BEGIN}\n{text}\n{END}"
        PAGE.write_text(
            re.sub(f"{BEGIN}.*{END}", lambda _: between, before, flags=re.DOTALL), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
