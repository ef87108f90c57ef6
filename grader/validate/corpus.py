"""All that a suite is tried with: the master, the stub, and the known submissions beside the master.

A folder `accepted/` holds submissions that must get all points.  The other folders hold an
`expect.toml` with a table for each submission: what each part must get, where it isn't all points:

    ["no_bias.py"]
    linear = "less"     # or "some": neither none nor all; or a number of points

    ["photo.zip"]
    status = "unreadable"

A folder in a folder that has an `expect.toml` of its own is a group of submissions, not one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from grader.assignment import Assignment
from grader.errors import UsageError
from grader.model import Record
from grader.validate.records import Bound, Kind, Known

EXPECTATIONS = "expect.toml"
FOLDERS: tuple[Kind, ...] = ("accepted", "partial", "wrong", "hostile", "sample_class")
WORDS: dict[str, Bound] = {"all": "all", "less": "less", "some": "some"}
UNREADABLE = "unreadable"


class Expectation(Record, frozen=True):
    """What a table of `expect.toml` says."""

    readable: bool
    parts: dict[str, Bound]


NOTHING_SAID = Expectation(readable=True, parts={})


def known_submissions(assignment: Assignment) -> list[Known]:
    """The master, the stub and everything in the solution's folders; UsageError where there is no solution."""
    folder = assignment.solution
    if folder is None:
        raise UsageError(f"{assignment.folder}: nothing to validate with: assignment.toml names no solution.")
    return [*master_and_stub(assignment, folder), *in_folders(assignment, folder)]


def master_and_stub(assignment: Assignment, folder: Path) -> Iterator[Known]:
    if not (folder / f"{assignment.name}.py").is_file():
        raise UsageError(f"{folder}: the master {assignment.name}.py is missing.")
    nothing: dict[str, Bound] = {part.name: 0.0 for part in assignment.parts}
    for suffix in (".py", ".ipynb"):
        master, stub = folder / f"{assignment.name}{suffix}", assignment.folder / f"{assignment.name}{suffix}"
        if master.is_file():
            yield Known(name=master.name, kind="master", path=master)
        if stub.is_file():
            yield Known(name=stub.name, kind="stub", path=stub, expected=nothing)


def in_folders(assignment: Assignment, folder: Path) -> Iterator[Known]:
    """Everything under the folders that say what their submissions must get, groups within them too."""
    for kind in FOLDERS:
        for group in groups(folder / kind):
            for known in in_group(assignment, group, kind):
                name = known.path.relative_to(folder / kind).as_posix()
                yield msgspec.structs.replace(known, name=name)


def groups(folder: Path) -> list[Path]:
    """A folder of submissions, and those within it that have expectations of their own."""
    if not folder.is_dir():
        return []
    return [folder, *sorted(inner for inner in folder.iterdir() if (inner / EXPECTATIONS).is_file())]


def in_group(assignment: Assignment, folder: Path, kind: Kind) -> Iterator[Known]:
    expected = expectations(assignment, folder / EXPECTATIONS)
    submissions = sorted(path for path in folder.iterdir() if is_submission(path))
    strangers = expected.keys() - {path.name for path in submissions}
    if strangers:
        raise UsageError(f"{folder / EXPECTATIONS}: {min(strangers)}: there is no such submission.")
    for path in submissions:
        if kind != "accepted" and path.name not in expected:
            raise UsageError(f"{folder / EXPECTATIONS}: {path.name}: what must it get? Add a table for it.")
        told = expected.get(path.name, NOTHING_SAID)
        yield Known(name=path.name, kind=kind, path=path, expected=told.parts, readable=told.readable)


def is_submission(path: Path) -> bool:
    named = path.suffix not in (".toml", ".md") and not path.name.startswith((".", "__"))
    return named and not (path / EXPECTATIONS).is_file()


def expectations(assignment: Assignment, file: Path) -> dict[str, Expectation]:
    """By submission and part; UsageError names the key that can't be."""
    if not file.is_file():
        return {}
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: this is not TOML: {error}.") from None
    return {name: expectation(assignment, table, f"{file}: {name}") for name, table in told.items()}


def expectation(assignment: Assignment, table: Any, place: str) -> Expectation:
    if not isinstance(table, dict):
        raise UsageError(f"{place}: expected a table with a key for each part.")
    names = [part.name for part in assignment.parts]
    if "status" in table:
        if table != {"status": UNREADABLE}:
            raise UsageError(f'{place}.status: expected "{UNREADABLE}", and no parts beside it.')
        return Expectation(readable=False, parts=dict.fromkeys(names, 0.0))
    for part in table:
        if part not in names:
            raise UsageError(f"{place}.{part}: there is no such part.")
    return Expectation(
        readable=True, parts={part: bound(told, f"{place}.{part}") for part, told in table.items()}
    )


def bound(told: Any, place: str) -> Bound:
    """What one part must get."""
    if isinstance(told, str) and told in WORDS:
        return WORDS[told]
    if isinstance(told, int | float) and not isinstance(told, bool):
        return float(told)
    raise UsageError(f'{place}: {told!r}; expected a number of points, "less", "some" or "all".')
