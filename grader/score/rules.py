"""What a course decides about scores besides the tests: lateness, void tests, changes by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from grader.model import Record

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class LateRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[late]` in assignment.toml.

    `due` has a zone.  Until `grace_minutes` after it nothing is lost; later, each day that has begun since
    `due` costs `per_day` of the score that was earned, at most `cap` of it (shares, 0 to 1).  `times` tells
    whose word counts: the LMS's, or else the file's own time of change.  `extensions` names a CSV file in the
    assignment's folder.
    """

    due: Moment
    per_day: Share
    grace_minutes: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    cap: Share = 1.0
    times: Literal["lms", "file"] = "lms"
    extensions: str | None = None


class VoidTest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[void]]` in assignment.toml: a test that does not count, by its key `part::name`, and why."""

    test: str
    why: str


class Policy(Record, frozen=True):
    """All of it, as the gradebook keeps it.  `extensions`: until when, by the student's id in small letters."""

    late: LateRule | None = None
    void: tuple[VoidTest, ...] = ()
    extensions: dict[str, Moment] = msgspec.field(default_factory=dict)


class HandIn(Record, frozen=True):
    """Who handed a submission in, and when.

    `known_as`: every id of the student.  `submitted_at` is None where nobody told; `late` is the LMS's own word,
    None where it has none.
    """

    known_as: tuple[str, ...] = ()
    submitted_at: Moment | None = None
    late: bool | None = None


class Override(Record, frozen=True):
    """A change by hand: `add` points to a part or a test (fewer, where negative), or `set` its score.

    `old` is what the part or test had before, None where that was withheld; `attempt` the one that its author
    looked at.  `undone_at` and `undone_by` are set once it has been taken back.
    """

    id: int
    submission: str
    part: str
    test: str | None
    kind: Literal["add", "set"]
    points: float
    why: str
    author: str
    made_at: str
    attempt: int
    old: float | None
    undone_at: str | None = None
    undone_by: str | None = None
