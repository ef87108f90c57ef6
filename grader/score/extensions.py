"""Who may hand in later: assignment.toml and a CSV file -> the policy."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from grader.assignment import Assignment
from grader.errors import UsageError
from grader.score.rules import LateRule, Policy

COLUMNS = "student,due or student,days"


def policy_of(assignment: Assignment, extensions: Path | None = None) -> Policy:
    """What the assignment says, with the extensions of the file given here, else of the one it names.

    UsageError where the file can't be read, or there are extensions and nothing that they extend.
    """
    rule = assignment.spec.late
    if extensions is None and rule is not None and rule.extensions is not None:
        extensions = assignment.folder / rule.extensions
    if extensions is None:
        return Policy(late=rule, void=assignment.spec.void)
    if rule is None:
        raise UsageError(f"{extensions}: {assignment.name} has no [late] in its assignment.toml to extend.")
    return Policy(late=rule, void=assignment.spec.void, extensions=read_extensions(extensions, rule))


def read_extensions(file: Path, rule: LateRule) -> dict[str, datetime]:
    """Until when each student may hand in, by the id in small letters; UsageError names the line that is wrong."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: can't be read: {error}.") from None
    lines = text.splitlines()
    delimiter = max(",;\t", key=lines[0].count) if lines else ","
    reader = csv.DictReader(lines, delimiter=delimiter)
    if "student" not in (names := reader.fieldnames or ()) or not {"due", "days"} & set(names):
        raise UsageError(f"{file}: the first line names no columns {COLUMNS}.")
    until: dict[str, datetime] = {}
    for number, row in enumerate(reader, 2):
        student = (row["student"] or "").strip().casefold()
        if not student or student in until:
            raise UsageError(
                f"{file}, line {number}: {'twice the same' if student else 'there is no'} student."
            )
        until[student] = extended(row, rule, f"{file}, line {number}")
    return until


def extended(row: Mapping[str, str | None], rule: LateRule, where: str) -> datetime:
    """The later of the times that a line gives: `due` itself, or so many `days` after everybody's."""
    due, days = ((row.get(column) or "").strip() for column in ("due", "days"))
    try:
        until = datetime.fromisoformat(due) if due else rule.due + timedelta(days=number(days))
    except (ValueError, OverflowError):
        raise UsageError(
            f"{where}: {due or days!r}; expected a time like {rule.due} or a number of days."
        ) from None
    if until.tzinfo is None:
        raise UsageError(f"{where}: {due} has no zone; write it like {rule.due}.")
    return until


def number(text: str) -> float:
    """ValueError where it is none that is finite and not negative."""
    value = float(text)
    if not math.isfinite(value) or value < 0:
        raise ValueError(text)
    return value
