"""assignment.toml -> Assignment: what is asked, what it is worth, what is not allowed, what it may use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from grader.errors import UsageError
from grader.sandbox.limits import Limits
from grader.sandbox.protocol import ForbiddenRule, SourceFile
from grader.score.rules import LateRule, VoidTest

PROBES = "probes*.py"
STAND_INS = "stand_ins.py"
SEARCH_VARIABLE = "GRADE_ASSIGNMENTS"


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A graded section: `name` is also its suite file's (`test_<name>.py`), `points` what its tests add up to."""

    name: str
    points: float
    exercises: tuple[str, ...]
    title: str = ""
    forbidden: tuple[ForbiddenRule, ...] = ()


class Specification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of assignment.toml."""

    name: str
    parts: tuple[Part, ...]
    title: str = ""
    solution: str | None = None
    packages: tuple[str, ...] = ()
    limits: Limits = Limits()
    late: LateRule | None = None
    void: tuple[VoidTest, ...] = ()


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """An assignment's folder and what its assignment.toml says."""

    folder: Path
    spec: Specification

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.spec.parts

    @property
    def limits(self) -> Limits:
        return self.spec.limits

    @property
    def hidden(self) -> Path:
        return self.folder / "hidden"

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of the contract, in order."""
        return tuple(name for part in self.parts for name in part.exercises)

    @property
    def max_score(self) -> float:
        return sum(part.points for part in self.parts)

    @property
    def solution(self) -> Path | None:
        """The folder of the master and the known submissions, where there is one."""
        if self.spec.solution is None:
            return None
        folder = (self.folder / self.spec.solution).resolve()
        return folder if folder.is_dir() else None

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)

    @property
    def forbidden(self) -> tuple[ForbiddenRule, ...]:
        """What any part forbids."""
        return tuple(rule for part in self.parts for rule in part.forbidden)

    def rules(self) -> tuple[tuple[ForbiddenRule, ...], ...]:
        """Every set of rules that holds at some time: each part's, and all together."""
        return (*(part.forbidden for part in self.parts), self.forbidden)

    def probes(self) -> list[SourceFile]:
        """The probes, to be sent to the zygote; UsageError where there are none."""
        files = sorted(self.hidden.glob(PROBES))
        if not files:
            raise UsageError(f"{self.hidden}: there is no {PROBES}; the suite can't reach a submission.")
        return [SourceFile(name=file.name, source=file.read_text(encoding="utf-8")) for file in files]

    def stand_ins(self) -> str | None:
        file = self.hidden / STAND_INS
        return file.read_text(encoding="utf-8") if file.is_file() else None


def find_assignment(name: str) -> Assignment:
    """By path, else by name under ./assignments, $GRADE_ASSIGNMENTS or the source checkout."""
    candidates = [Path(name), *(root / name for root in roots())]
    for folder in candidates:
        if (folder / "assignment.toml").is_file():
            return load_assignment(folder)
    if Path(name).is_dir():
        raise UsageError(f"{name or 'The current folder'}: the folder holds no assignment.toml.")
    known = sorted({found.parent.name for root in roots() for found in root.glob("*/assignment.toml")})
    listed = f" Known here: {', '.join(known)}." if known else ""
    raise UsageError(f"There is no assignment called {name!r}.{listed} Give its name or its folder's path.")


def roots() -> list[Path]:
    """Where assignments are looked for, in order."""
    named = os.environ.get(SEARCH_VARIABLE)
    checkout = Path(__file__).resolve().parent.parent / "assignments"
    places = [Path("assignments"), *([Path(named)] if named else []), checkout]
    return [place for place in places if place.is_dir()]


def load_assignment(folder: Path) -> Assignment:
    """Read and check it; UsageError names the file, the key and what was expected."""
    file = folder / "assignment.toml"
    try:
        spec = decode(file.read_bytes(), Specification, file)
    except OSError as error:
        raise UsageError(f"{file}: can't be read: {error.strerror}.") from None
    check(spec, file)
    assignment = Assignment(folder=folder.resolve(), spec=spec)
    if not assignment.hidden.is_dir():
        raise UsageError(f"{folder}: the hidden suite's folder {assignment.hidden.name}/ is missing.")
    return assignment


_T = TypeVar("_T")


def decode(content: bytes, kind: type[_T], file: Path) -> _T:
    """TOML -> `kind`; UsageError names the file and the key."""
    try:
        return msgspec.toml.decode(content, type=kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        key = where.strip("`").removeprefix("$").removeprefix(".") or "the top level"
        raise UsageError(f"{file}: {key}: {what}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: this is not TOML: {error}.") from None


def check(spec: Specification, file: Path) -> None:
    """What the types can't say."""
    names = [part.name for part in spec.parts]
    if not names:
        raise UsageError(f"{file}: parts: there is none; expected at least one [[parts]].")
    for index, part in enumerate(spec.parts):
        if part.name in names[:index]:
            raise UsageError(f"{file}: parts[{index}].name: {part.name!r} is there twice.")
        if not part.name.isidentifier():
            raise UsageError(f"{file}: parts[{index}].name: {part.name!r} is not an identifier.")
        if part.points <= 0:
            raise UsageError(f"{file}: parts[{index}].points: {part.points:g}; expected more than 0.")
        if not part.exercises:
            raise UsageError(f"{file}: parts[{index}].exercises: empty; expected the names students define.")
    if not spec.name.isidentifier():
        raise UsageError(f"{file}: name: {spec.name!r} is not an identifier; it is the module's name too.")
    for index, void in enumerate(spec.void):
        if void.test.partition("::")[0] not in names or "::" not in void.test:
            raise UsageError(f"{file}: void[{index}].test: {void.test!r}; expected part::test_name.")
    for key in spec.limits.__struct_fields__:
        if getattr(spec.limits, key) <= 0:
            raise UsageError(f"{file}: limits.{key}: expected more than 0.")
