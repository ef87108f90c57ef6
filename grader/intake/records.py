"""The records of intake: what it's asked for, what it found, what it read."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from grader.model import Reading, Record
from grader.sandbox.protocol import SourceFile


class Contract(Record, frozen=True):
    """What an assignment asks for: the module's name, the names in it, and how much is read.

    `packages` may be imported though they aren't installed.  Limits are in bytes and numbers of files,
    counted after unpacking.  `carried_bytes` bounds what goes to the worker besides the code: it has to
    fit one frame of the protocol.
    """

    names: tuple[str, ...]
    module: str = "hw8"
    packages: tuple[str, ...] = ()
    file_bytes: int = 20 * 2**20
    total_bytes: int = 100 * 2**20
    file_count: int = 2000
    carried_bytes: int = 48 * 2**20


class Submission(Record, frozen=True):
    """A submission that can be run.

    `pieces` are executed in order in one namespace; statements that nothing needs are blanked, so line
    numbers are the student's own.  `files` are the submission's other files by their path relative to
    the chosen notebook or module.  Where `dynamic` is true, the pieces are whole: slicing could not tell
    what makes a name, so each piece is to be run in turn, errors recorded, going on after them.
    `digest` is a SHA-256 over all that decides a result.
    """

    id: str
    path: Path
    pieces: tuple[SourceFile, ...]
    files: dict[str, bytes]
    reading: Reading
    digest: str
    dynamic: bool = False


class Unreadable(Record, frozen=True):
    """A submission with nothing to run; `message` tells the student why, in sentences.  `out_of_reach`: it was the
    system that refused to read it."""

    id: str
    path: Path
    message: str
    reading: Reading | None = None
    out_of_reach: bool = False


class HandedFile(Record, frozen=True):
    """One file of a submission: a POSIX path relative to it, the content, the time of its last change."""

    path: str
    data: bytes
    modified: float = 0.0


class Holding(Record, frozen=True):
    """All that a submission holds, within the limits; `notes` tell what was passed over and why."""

    files: tuple[HandedFile, ...]
    notes: tuple[str, ...] = ()


class Carried(Record, frozen=True):
    """What was gathered on another machine: all that a submission holds, or why there is nothing to read of it."""

    holding: Holding | None = None
    unreadable: str = ""
    out_of_reach: bool = False


Layout = Literal["canvas", "gradescope", "moodle", "github", "plain"]


class Found(Record, frozen=True):
    """One hand-in found in a folder of a class.

    `id` is unique in the folder and a safe file name; `student` is who handed it in, as the layout tells.
    `attempt` counts from 1; `submitted_at` is ISO 8601 in UTC, None where the layout doesn't tell.  `late`
    is None where it isn't known.  `counts` is true of each student's latest attempt alone.  `members` are
    the files of an attempt of several files, by the names that the student gave them.
    """

    id: str
    student: str
    path: Path
    layout: Layout
    attempt: int = 1
    submitted_at: str | None = None
    late: bool | None = None
    counts: bool = True
    name: str | None = None
    aliases: tuple[str, ...] = ()
    members: dict[str, Path] = msgspec.field(default_factory=dict)


class Enrolled(Record, frozen=True):
    """One line of a roster: the student's id as the LMS gives it, the name, and other ids that fit."""

    student: str
    name: str | None = None
    aliases: tuple[str, ...] = ()


class Hit(Record, frozen=True):
    """One use of an operation that an exercise does not allow: where, and what to use instead."""

    exercise: str
    operation: str
    instead: str
    file: str
    line: int
    text: str


class UnreadableError(Exception):
    """Nothing can be read of a submission; the message is for the student."""


class OutOfReachError(UnreadableError):
    """A file of a submission is there and the system does not let us read it, or it has gone meanwhile: a right that is
    missing, a disk or a network that fails.  Who handed it in can't help that."""
