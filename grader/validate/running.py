"""The run of a validation: all known submissions, for each seed, in one or several processes."""

from __future__ import annotations

import functools
import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from grader.assignment import Assignment
from grader.errors import UsageError
from grader.examine.misconceptions import read_misconceptions
from grader.examine.suite import examine
from grader.pipeline import open_sandbox, solution_pieces
from grader.processes import pool
from grader.sandbox.client import Sandbox
from grader.validate.corpus import known_submissions
from grader.validate.records import Known, Report, Trial
from grader.validate.sitting import Chunk, Sitting, Tell
from grader.validate.substitution import substituted

CHUNK = 24
"""Submissions that one process tries in a row: few enough to spread, many enough to be worth a start."""


def everything(known: Known) -> bool:
    """Choose all."""
    return True


def unheard(trial: Trial) -> None:
    """Nobody listens."""


def validate(
    assignment: Assignment,
    seeds: Sequence[str],
    *,
    jobs: int = 1,
    sandbox: str = "strict",
    thorough: bool = False,
    only: Callable[[Known], bool] = everything,
    tell: Tell = unheard,
) -> Report:
    """Try every known submission and every misconception with every seed.

    `thorough`: the tests that take long are run for all submissions, not only for those that are about them.
    `only` chooses submissions, `tell` hears of each trial as it is done.  Raises UsageError where there is no
    solution or an expectation is broken, GraderError where the grader itself is in trouble.
    """
    with tempfile.TemporaryDirectory(prefix="grade-validate-") as folder:
        known = [one for one in corpus(assignment, Path(folder)) if only(one)]
        if not known:
            raise UsageError(
                f"{assignment.name}: nothing was chosen, so nothing is proved. Names are like wrong/no_bias.py."
            )
        chunks = [
            Chunk(assignment=assignment, group=group, seed=seed, thorough=thorough)
            for seed in seeds
            for group in batched(known, CHUNK if jobs > 1 else len(known))
        ]
        trials = tuple(run_chunks(chunks, sandbox, jobs, tell))
    return Report(assignment=assignment.name, seeds=tuple(seeds), trials=trials)


def corpus(assignment: Assignment, folder: Path) -> list[Known]:
    """All known submissions, and each misconception written out as one."""
    return [*known_submissions(assignment), *misconceptions(assignment, folder)]


def misconceptions(assignment: Assignment, folder: Path) -> Iterator[Known]:
    assert assignment.solution is not None
    master = (assignment.solution / f"{assignment.name}.py").read_text(encoding="utf-8")
    for one in read_misconceptions(assignment.hidden):
        part = next((part for part in assignment.parts if one.exercise in part.exercises), None)
        if part is None:
            raise UsageError(f"misconception {one.name}: {one.exercise} is no exercise of the assignment.")
        path = folder / f"{one.name}.py"
        path.write_text(substituted(master, assignment.hidden, one), encoding="utf-8")
        yield Known(
            name=one.name, kind="misconception", path=path, expected={part.name: "less"}, misconception=one
        )


def batched(group: Sequence[Known], size: int) -> Iterator[tuple[Known, ...]]:
    left = iter(group)
    while part := tuple(itertools.islice(left, size)):
        yield part


def run_chunks(chunks: Sequence[Chunk], sandbox: str, jobs: int, tell: Tell) -> Iterator[Trial]:
    """The trials of all chunks, in order."""
    if not chunks:
        return
    if jobs <= 1:
        with open_sandbox(chunks[0].assignment, sandbox) as workers:
            for chunk in chunks:
                yield from seated(chunk, workers, tell)
        return
    with pool(jobs) as processes:
        for trials in processes.map(functools.partial(run_alone, sandbox=sandbox), chunks):
            for trial in trials:
                tell(trial)
                yield trial


def run_alone(chunk: Chunk, sandbox: str) -> list[Trial]:
    """A chunk in a process of its own, with a sandbox of its own."""
    with open_sandbox(chunk.assignment, sandbox) as workers:
        return seated(chunk, workers, unheard)


def seated(chunk: Chunk, workers: Sandbox, tell: Tell) -> list[Trial]:
    """One session of the suite for all submissions of a chunk."""
    sitting = Sitting(chunk, workers, tell)
    examine(
        chunk.assignment,
        workers,
        sitting.submissions(),
        sitting.deliver,
        seed=chunk.seed,
        solution=solution_pieces(chunk.assignment),
        announce=sitting.announce,
        choose=sitting.choose,
    )
    return sitting.trials
