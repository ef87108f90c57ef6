"""What the grader reads of a submission, for `grade inspect`: nothing is run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from grader.intake.forbidden import code_of, find_forbidden
from grader.intake.reading import read_submission
from grader.intake.records import Contract, Found, Hit, Unreadable
from grader.model import Reading, Record
from grader.plain import plain_record
from grader.sandbox.protocol import ForbiddenRule


class Inspection(Record, frozen=True):
    """What was read; `message` says why there is nothing to run, None where there is something.

    `files` are the submission's other files that go with it, with their sizes in bytes; `dynamic` is true
    where all cells have to be run because names are made while running.
    """

    id: str
    message: str | None
    reading: Reading | None
    hits: tuple[Hit, ...] = ()
    files: Mapping[str, int] = {}
    dynamic: bool = False


def inspect_submission(
    handed: Path | Found,
    contract: Contract,
    forbidden: Iterable[tuple[Sequence[str], Sequence[ForbiddenRule]]] = (),
) -> Inspection:
    """What the grader reads; `forbidden` are each part's exercises with the rules for them."""
    read = read_submission(handed, contract)
    if isinstance(read, Unreadable):
        return Inspection(id=read.id, message=read.message, reading=read.reading)
    code = code_of(read, contract)
    return Inspection(
        id=read.id,
        message=None,
        reading=read.reading,
        hits=tuple(
            plain_record(hit)
            for exercises, rules in forbidden
            for hit in find_forbidden(code, exercises, rules)
        ),
        files={path: len(data) for path, data in read.files.items()},
        dynamic=read.dynamic,
    )
