"""The run, as one short sequence of the stages of a submission's life."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from grader import __version__
from grader.assignment import Assignment, Part
from grader.errors import UsageError
from grader.intake import Inspection, inspect_submission, read_submission
from grader.intake.forbidden import code_of, find_forbidden
from grader.intake.records import Contract, Hit, Submission, Unreadable, UnreadableError
from grader.model import Result, RunInfo, TestResult
from grader.sandbox.device import CPU, Device
from grader.sandbox.protocol import SourceFile
from grader.sandbox.tiers import tier_of
from grader.score.scoring import score_submission, unreadable

if TYPE_CHECKING:
    from grader.sandbox.client import Sandbox
    from grader.sandbox.launch import ZygoteProcess


def grade_one(
    path: Path,
    assignment: Assignment,
    *,
    seed: str | None = None,
    sandbox: str = "strict",
    device: Device = CPU,
    started: ZygoteProcess | None = None,
) -> Result:
    """Read one submission, examine it behind the wall, score it."""
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder.")
    seed = seed or draw_seed()
    with open_sandbox(assignment, sandbox, started=started, device=device) as workers:
        read = read_submission(path, contract_of(assignment))
        if isinstance(read, Unreadable):
            return unreadable(
                assignment, read.id, read.message, run_info(workers, seed, device), read.reading
            )
        results = examine_all([read], assignment, workers, seed, device.kind)
        return score_submission(
            assignment, read.id, results[0], run_info(workers, seed, device), read.reading
        )


def inspect_one(path: Path, assignment: Assignment) -> Inspection:
    """What the grader would read of a submission; nothing of it is run."""
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder.")
    rules = [(part.exercises, part.forbidden) for part in assignment.parts]
    return inspect_submission(path, contract_of(assignment), rules)


def examine_all(
    submissions: Iterable[Submission], assignment: Assignment, workers: Sandbox, seed: str, device: str
) -> list[list[TestResult]]:
    """The tests' results, submission by submission."""
    from grader.examine.suite import examine

    collected: list[list[TestResult]] = []
    checked = ((submission, forbidden_calls(submission, assignment)) for submission in submissions)
    examine(
        assignment,
        workers,
        checked,
        lambda _, tests: collected.append(tests),
        seed=seed,
        device=device,
        solution=solution_pieces(assignment),
    )
    return collected


def draw_seed() -> str:
    """A fresh secret: 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def contract_of(assignment: Assignment) -> Contract:
    return Contract(names=assignment.names, module=assignment.name, packages=assignment.spec.packages)


def forbidden_calls(submission: Submission, assignment: Assignment) -> list[Hit]:
    """What the source of each exercise calls though its part does not allow it."""
    try:
        code = code_of(submission, contract_of(assignment))
        return [
            hit for part in assignment.parts for hit in find_forbidden(code, part.exercises, part.forbidden)
        ]
    except UnreadableError:  # what can't be followed can't be found to be allowed
        return [hit for part in assignment.parts if part.forbidden for hit in not_followed(part)]


def not_followed(part: Part) -> list[Hit]:
    """Code in which too much depends on too much, as a call that none of the part's exercises is allowed."""
    return [
        Hit(
            exercise=exercise, operation="code that can't be followed", file="your module", line=1, text="",
            instead="definitions that depend on less of each other",
        )
        for exercise in part.exercises
    ]  # fmt: skip


def solution_pieces(assignment: Assignment) -> tuple[SourceFile, ...]:
    """The solution as a submission's pieces, for finding out which mistake was made; () where there is none."""
    if assignment.solution is None:
        return ()
    read = read_submission(assignment.solution / f"{assignment.name}.py", contract_of(assignment))
    return read.pieces if isinstance(read, Submission) else ()


@contextmanager
def open_sandbox(
    assignment: Assignment, name: str, *, started: ZygoteProcess | None = None, device: Device = CPU
) -> Iterator[Sandbox]:
    """Start the sandbox; it gets ready while the caller goes on.  `started`: where its zygote is under way already, for
    this device."""
    tier = started.tier if started is not None else tier_of(name)
    if tier == "process":
        from grader.sandbox.process import ChildProcesses

        workers: Sandbox = ChildProcesses(assignment.probes(), device)
    else:
        from grader.sandbox.client import start_zygote
        from grader.sandbox.launch import ZygoteProcess

        workers = start_zygote(
            assignment.probes(), started or ZygoteProcess(tier, device), assignment.rules()
        )
    try:
        yield workers
    finally:
        workers.close()


def run_info(workers: Sandbox, seed: str, device: Device | str) -> RunInfo:
    workers.wait()
    return RunInfo(
        seed=seed, device=str(device), torch=workers.torch, grader=__version__, sandbox=workers.tier
    )
