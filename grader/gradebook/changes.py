"""Whose score a regrade changed, and by which tests."""

from __future__ import annotations

import sqlite3
from typing import Final

from grader.gradebook.records import Change, TestChange
from grader.model import Status

BASE: Final = """
SELECT coalesce(max(id), 0) FROM runs
WHERE ending IN ('complete', 'incomplete')
  AND id < (SELECT max(run) FROM attempts)"""
"""The last run that came to its end before the one that recorded last: a run that was interrupted, and the one
that went on after it, are one regrade."""

CHANGED: Final = """
SELECT later.submission, earlier.id, later.id, earlier.status, later.status, earlier.score, later.score
FROM attempts AS later
JOIN submissions ON submissions.id = later.submission AND present AND counts
JOIN attempts AS earlier ON earlier.submission = later.submission
WHERE later.id = (SELECT max(id) FROM attempts WHERE submission = later.submission)
  AND earlier.id = (SELECT max(id) FROM attempts WHERE submission = later.submission AND run <= ?)
  AND (later.score IS NOT earlier.score OR later.status <> earlier.status)
ORDER BY later.submission"""

SCORES: Final = """
SELECT part, name, score FROM outcomes JOIN tests ON tests.id = test WHERE attempt = ? ORDER BY tests.id"""


def read_changes(connection: sqlite3.Connection) -> tuple[Change, ...]:
    """Each present submission whose score or status differs from what it was before the last regrade."""
    (base,) = connection.execute(BASE).fetchone()
    return tuple(
        Change(
            submission=submission, status_before=Status(was), status_after=Status(now),
            before=before, after=after, tests=changed_tests(connection, earlier, later),
        )
        for submission, earlier, later, was, now, before, after
        in connection.execute(CHANGED, (base,)).fetchall()
    )  # fmt: skip


def changed_tests(connection: sqlite3.Connection, earlier: int, later: int) -> tuple[TestChange, ...]:
    """The tests whose score differs, those that are there no more last."""
    before = scores(connection, earlier)
    after = scores(connection, later)
    keys = dict.fromkeys([*after, *before])
    return tuple(
        TestChange(part=key[0], name=key[1], before=before.get(key), after=after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    )


def scores(connection: sqlite3.Connection, attempt: int) -> dict[tuple[str, str], float | None]:
    return {(part, name): score for part, name, score in connection.execute(SCORES, (attempt,))}
