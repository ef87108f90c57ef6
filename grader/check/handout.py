"""The handout on a student's disk: where its checks are, and what they are about.

A handout is a folder with `assignment.toml` and `public/`.  An assignment's own folder is one too.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grader.assignment import Assignment, Part, Specification, check, decode
from grader.errors import UsageError

SPECIFICATION = "assignment.toml"
PUBLIC = "public"


class Checks(Assignment, frozen=True, kw_only=True):
    """An assignment whose suite is the public one."""

    @property
    def hidden(self) -> Path:
        """The suite's folder, wherever the examiner asks for it: here it is not hidden."""
        return self.folder / PUBLIC

    @property
    def solution(self) -> Path | None:
        """None: a student has none."""
        return None


def find_checks(start: Path) -> Checks:
    """The handout that `start` lies in, else UsageError that says where it was looked for."""
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / SPECIFICATION).is_file() and (folder / PUBLIC).is_dir():
            return load_checks(folder)
    raise UsageError(
        f"{start}: this is not in a handout: no folder from here upwards holds {SPECIFICATION} and {PUBLIC}/. "
        "Go to the handout's folder first, or name it: `grade check FOLDER`."
    )


def load_checks(folder: Path) -> Checks:
    """The checks of a handout; UsageError where its assignment.toml is broken."""
    file = folder / SPECIFICATION
    try:
        spec = decode(file.read_bytes(), Specification, file)
    except OSError as error:
        raise UsageError(f"{file}: can't be read: {error.strerror}.") from None
    check(spec, file)
    return Checks(folder=folder, spec=spec)


def chosen_part(checks: Checks, name: str) -> Part:
    """The part of this name, or with an exercise of this name; UsageError lists what there is."""
    for part in checks.parts:
        if name == part.name or name in part.exercises:
            return part
    raise UsageError(f"There is no part and no exercise called {name!r}. Parts: {listed(checks.parts)}.")


def listed(parts: Iterable[Part]) -> str:
    return ", ".join(f"{part.name} ({', '.join(part.exercises)})" for part in parts)
