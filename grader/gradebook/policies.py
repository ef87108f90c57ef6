"""What the gradebook keeps of policy: the rules, the changes by hand, and who handed in when."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from grader.gradebook.records import Person
from grader.gradebook.rows import printable
from grader.intake.records import Found
from grader.score.rules import HandIn, Override, Policy

OVERRIDE_COLUMNS: Final = (
    "id, submission, part, test, kind, points, why, author, made_at, attempt, old, undone_at, undone_by"
)
NEW_OVERRIDE: Final = """
INSERT INTO overrides (submission, part, test, kind, points, why, author, made_at, attempt, old)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
HAND_INS: Final = """
SELECT id, student, submitted_at, late, modified_at FROM submissions
LEFT JOIN file_times ON file_times.submission = submissions.id
WHERE CASE WHEN :submission IS NULL THEN present AND counts ELSE id = :submission END"""
ALIASES: Final = """
SELECT submission, alias FROM aliases
WHERE :submission IS NULL OR submission = :submission ORDER BY submission, alias"""


def read_policy(connection: sqlite3.Connection) -> Policy:
    """The rules as of the last batch; none where there was no batch yet."""
    found = connection.execute("SELECT value FROM settings WHERE name = 'policy'").fetchone()
    return Policy() if found is None else msgspec.json.decode(found[0], type=Policy)


def encode_policy(policy: Policy) -> str:
    """The rules as the setting's text, the same for the same rules."""
    return msgspec.json.encode(policy, order="deterministic").decode()


def read_overrides(connection: sqlite3.Connection, submission: str | None = None) -> list[Override]:
    """The changes by hand of one submission, or all, in the order in which they were made."""
    where, values = ("", ()) if submission is None else ("WHERE submission = ?", (submission,))
    rows = connection.execute(f"SELECT {OVERRIDE_COLUMNS} FROM overrides {where} ORDER BY id", values)
    return [override_of(row) for row in rows]


def override_of(row: tuple[Any, ...]) -> Override:
    names = OVERRIDE_COLUMNS.split(", ")
    return msgspec.convert(dict(zip(names, row, strict=True)), Override)


def override_row(one: Override) -> tuple[Any, ...]:
    return (
        one.submission, one.part, one.test, one.kind, one.points, one.why, one.author, one.made_at,
        one.attempt, one.old,
    )  # fmt: skip


def read_hand_ins(
    connection: sqlite3.Connection, policy: Policy, submission: str | None = None
) -> dict[str, HandIn]:
    """Of one submission, or each that is present and counts, who handed it in and when.

    The LMS's word counts; where it has none, the file's time, but only if the rule says so.
    """
    from_file = policy.late is not None and policy.late.times == "file"
    aliases = read_aliases(connection, submission)
    hand_ins = {}
    for identity, student, submitted_at, late, modified_at in connection.execute(
        HAND_INS, {"submission": submission}
    ):
        moment = submitted_at or (modified_at if from_file else None)
        hand_ins[identity] = HandIn(
            known_as=(student, identity, *aliases.get(identity, ())),
            submitted_at=None if moment is None else datetime.fromisoformat(moment),
            late=None if late is None else bool(late),
        )
    return hand_ins


def read_people(connection: sqlite3.Connection) -> list[Person]:
    """Whose the present submissions are, in the order of their ids."""
    aliases = read_aliases(connection)
    rows = connection.execute(
        "SELECT id, student, name, layout FROM submissions WHERE present AND counts ORDER BY id"
    )
    return [
        Person(
            submission=identity, student=student, name=name, layout=layout, aliases=aliases.get(identity, ())
        )
        for identity, student, name, layout in rows
    ]


def read_aliases(connection: sqlite3.Connection, submission: str | None = None) -> dict[str, tuple[str, ...]]:
    aliases: dict[str, tuple[str, ...]] = {}
    for one, alias in connection.execute(ALIASES, {"submission": submission}):
        aliases[one] = (*aliases.get(one, ()), alias)
    return aliases


def write_aliases(connection: sqlite3.Connection, found: Iterable[Found]) -> None:
    """The other ids of those who are in a folder now."""
    for one in found:
        connection.execute("DELETE FROM aliases WHERE submission = ?", (one.id,))
        connection.executemany(
            "INSERT OR IGNORE INTO aliases VALUES (?, ?)",
            ((one.id, printable(alias)) for alias in one.aliases),
        )


def write_file_times(connection: sqlite3.Connection, times: Mapping[str, float]) -> None:
    """When each submission's files were last changed, in seconds since 1970."""
    connection.executemany(
        "INSERT INTO file_times VALUES (?, ?) "
        "ON CONFLICT (submission) DO UPDATE SET modified_at = excluded.modified_at",
        ((one, datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")) for one, at in times.items()),
    )
