"""A folder of a class into its hand-ins: downloads of Canvas, Gradescope and Moodle, cloned repositories of a
class, or plainly a file or folder per student.

Each entry is recognised by its own name, so a folder may mix them.  Names are believed no further than to
label a submission; nothing of a repository is run, git neither.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml  # type: ignore[import-untyped]

from grader.errors import UsageError
from grader.intake.naming import ignored, safe_id, shown
from grader.intake.records import Found

METADATA: Final = "submission_metadata.yml"
PLAIN_SUFFIXES: Final = (".py", ".ipynb", ".zip", ".7z", ".rar", ".tgz", ".tar", ".gz")

_CANVAS: Final = re.compile(
    r"(?P<name>.+?)_(?:(?P<late>late)_)?(?P<user>\d+)_(?P<file>\d+)_(?P<original>.+)",
    re.IGNORECASE | re.DOTALL,
)
_AGAIN: Final = re.compile(r"(?P<stem>.*)-(?P<times>\d{1,3})(?P<suffix>\.[A-Za-z0-9]+)", re.DOTALL)
_MOODLE: Final = re.compile(
    r"(?P<name>.+)_(?P<user>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<original>.*)", re.DOTALL
)


def find_submissions(folder: Path) -> tuple[Found, ...]:
    """All hand-ins in a folder, sorted by id; of each student the latest attempt `counts`.

    UsageError where the folder isn't one or can't be read.
    """
    names = _entries(folder)
    if METADATA in names:
        found = _gradescope(folder)
    else:
        canvas, others = _split(names, _CANVAS)
        moodle, others = _split(others, _MOODLE)
        found = [*_canvas(folder, canvas), *_moodle(folder, moodle), *_plain(folder, others)]
    return tuple(sorted(_distinct(_counted(found)), key=lambda one: one.id))


def passed_over(folder: Path) -> tuple[str, ...]:
    """The files that are nobody's hand-in by their kind, as they can be printed: a class list, a picture, a notebook
    that was saved as `.txt`.

    UsageError where the folder isn't one or can't be read.
    """
    names = _entries(folder)
    if METADATA in names:
        return ()
    for pattern in (_CANVAS, _MOODLE):
        _, names = _split(names, pattern)
    return tuple(shown(name) for name in names if not _is_plain(folder / name))


def _entries(folder: Path) -> list[str]:
    try:
        names = sorted(path.name for path in folder.iterdir())
    except (OSError, ValueError) as error:
        raise UsageError(f"The folder {folder} can't be read: {error}.") from None
    return [name for name in names if not ignored(name) and not ignored(f"{name}/x")]


def _split(names: Iterable[str], pattern: re.Pattern[str]) -> tuple[list[re.Match[str]], list[str]]:
    matches: list[re.Match[str]] = []
    others: list[str] = []
    for name in names:
        match = pattern.fullmatch(name)
        if match is None:
            others.append(name)
        else:
            matches.append(match)
    return matches, others


# --------------------------------------------------------------------------------------------- Canvas


def _canvas(folder: Path, matches: Sequence[re.Match[str]]) -> list[Found]:
    """`name_[late_]userid_fileid_original.ext`: a student's files of different names are one attempt; Canvas
    tells the same name handed in again by `-1`, `-2` behind the stem."""
    students: defaultdict[str, list[re.Match[str]]] = defaultdict(list)
    for match in matches:
        students[match["user"]].append(match)
    return [
        _canvas_attempt(folder, attempt, number)
        for files in students.values()
        for number, attempt in enumerate(_canvas_attempts(files), 1)
    ]


def _canvas_attempts(files: Sequence[re.Match[str]]) -> list[list[re.Match[str]]]:
    """The files of each attempt, the latest last: it has the last version of each."""
    versions: defaultdict[str, list[tuple[int, int, re.Match[str]]]] = defaultdict(list)
    stems = {match["original"] for match in files}
    for match in files:
        again = _AGAIN.fullmatch(match["original"])
        first = again["stem"] + again["suffix"] if again else ""
        times = int(again["times"]) if again and first in stems else 0
        versions[first if times else match["original"]].append((times, int(match["file"]), match))
    for version in versions.values():
        version.sort(key=lambda one: one[:2])
    count = max(len(version) for version in versions.values())
    return [
        [version[at - count][2] for version in versions.values() if len(version) >= count - at]
        for at in range(count)
    ]


def _canvas_attempt(folder: Path, files: Sequence[re.Match[str]], number: int) -> Found:
    main = max(files, key=lambda match: match["original"].lower().endswith((".ipynb", ".py", ".zip")))
    members = {match["original"]: folder / match.string for match in files} if len(files) > 1 else {}
    return Found(
        id=safe_id(folder / main.string),
        student=main["user"],
        name=main["name"],
        path=folder / main.string,
        layout="canvas",
        attempt=number,
        late=any(match["late"] for match in files),
        members=members,
    )


# --------------------------------------------------------------------------------------------- Moodle


def _moodle(folder: Path, matches: Sequence[re.Match[str]]) -> list[Found]:
    """`Name_id_assignsubmission_file_`: a folder for each student, or the file's own name behind it."""
    students: defaultdict[str, list[re.Match[str]]] = defaultdict(list)
    for match in matches:
        if match["kind"] == "file":
            students[match["user"]].append(match)
    return [_moodle_student(folder, user, files) for user, files in students.items()]


def _moodle_student(folder: Path, user: str, files: Sequence[re.Match[str]]) -> Found:
    first = files[0]
    members = {match["original"] or match.string: folder / match.string for match in files}
    return Found(
        id=safe_id(folder / first.string.rstrip("_")),
        student=user,
        name=first["name"],
        path=folder / first.string,
        layout="moodle",
        members=members if len(files) > 1 else {},
    )


# ----------------------------------------------------------------------------------------- Gradescope


def _gradescope(folder: Path) -> list[Found]:
    """`submission_metadata.yml` names each folder's students and times."""
    found = [
        _gradescope_one(folder / str(name), entry, submitter)
        for name, entry in _metadata(folder / METADATA).items()
        if isinstance(entry, dict)
        for submitter in _list(entry.get(":submitters"))
        if isinstance(submitter, dict)
    ]
    return _attempts_by_time(found)


def _metadata(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(
            path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} can't be read as Gradescope's metadata: {error}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path} can't be read as Gradescope's metadata: it isn't a mapping.")
    return content


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _gradescope_one(path: Path, entry: dict[str, Any], submitter: dict[str, Any]) -> Found:
    email = submitter.get(":email")
    student = str(submitter.get(":sid") or email or submitter.get(":name") or path.name)
    several = len(_list(entry.get(":submitters"))) > 1
    return Found(
        id=safe_id(path.parent / (f"{path.name}-{student}" if several else path.name)),
        student=student,
        name=_text(submitter.get(":name")),
        aliases=(str(email),) if email else (),
        path=path,
        layout="gradescope",
        submitted_at=_utc(entry.get(":created_at")),
        late=entry.get(":late") if isinstance(entry.get(":late"), bool) else None,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _utc(value: object) -> str | None:
    """A time of YAML (its times without a zone are UTC) or in text, as ISO 8601 in UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment.isoformat(timespec="seconds")


def _attempts_by_time(found: Sequence[Found]) -> list[Found]:
    students: defaultdict[str, list[Found]] = defaultdict(list)
    for one in found:
        students[one.student].append(one)
    return [
        msgspec.structs.replace(one, attempt=number)
        for attempts in students.values()
        for number, one in enumerate(sorted(attempts, key=lambda one: (one.submitted_at or "", one.id)), 1)
    ]


# ---------------------------------------------------------------------------- repositories, and plainly


def _plain(folder: Path, names: Sequence[str]) -> list[Found]:
    """A file or folder per student; folders with a repository in them bear the class's prefix."""
    prefix = _common_prefix([name for name in names if _is_repository(folder / name)])
    return [_plain_one(folder / name, prefix) for name in names if _is_plain(folder / name)]


def _is_plain(path: Path) -> bool:
    """Whether it may be somebody's: a folder, or a file of a kind that can be read, or was meant to."""
    return path.name.lower().endswith(PLAIN_SUFFIXES) or not path.is_file()


def _plain_one(path: Path, prefix: str) -> Found:
    identity = safe_id(path)
    if _is_repository(path):
        return Found(id=identity, student=path.name.removeprefix(prefix), path=path, layout="github")
    return Found(id=identity, student=identity, path=path, layout="plain")


def _is_repository(path: Path) -> bool:
    return not path.is_symlink() and ((path / ".git").exists() or (path / ".github").exists())


def _common_prefix(names: Sequence[str]) -> str:
    """What the class's repositories begin with: `hw8-` of `hw8-ada` and `hw8-bob`."""
    if len(names) < 2:
        return ""
    first, last = min(names), max(names)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[: first.rfind("-", 0, same) + 1]


# ------------------------------------------------------------------------------------------ all alike


def _counted(found: Sequence[Found]) -> list[Found]:
    """The same, each student's latest attempt marked as the one that counts."""
    latest: dict[tuple[str, str], int] = {}
    for one in found:
        key = (one.layout, one.student)
        latest[key] = max(latest.get(key, 0), one.attempt)
    return [
        msgspec.structs.replace(one, counts=one.attempt == latest[one.layout, one.student]) for one in found
    ]


def _distinct(found: Sequence[Found]) -> list[Found]:
    """The same with ids that differ even where capitals don't matter (a result is a file by that name)."""
    taken: set[str] = set()
    distinct = []
    for one in sorted(found, key=lambda one: str(one.path)):
        identity, number = one.id, 2
        while identity.casefold() in taken:
            identity, number = f"{one.id}~{number}", number + 1
        taken.add(identity.casefold())
        distinct.append(msgspec.structs.replace(one, id=identity))
    return distinct
