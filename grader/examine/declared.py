"""What a hidden test declares of itself, by its file, its docstring and its markers."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from grader.assignment import Assignment, Part
from grader.errors import UsageError

MARKERS = (
    "points(value): what the test is worth",
    "exercise(name): the exercise that the test is about",
    "time_limit(seconds): wall time of the whole test, instead of the assignment's default",
    "lands(*names): of what comes back, these have to be on the device that was asked for",
    "without_device: nothing is tried out for a GPU; the exercise has no device, or others run the same lines",
    "stand_ins(*names): if not passed, run again with these names PyTorch's own; the better counts",
)


@dataclass(frozen=True)
class Declared:
    """Read once of each test: a batch asks for it again with every submission."""

    name: str
    """Unique in the assignment: the part and the test's own name with its parameters."""
    part: Part
    title: str
    points: float
    exercises: tuple[str, ...]
    """As marked; () where the test says nothing of it."""
    stand_ins: tuple[str, ...]
    """The student's names that PyTorch's own pieces may take the place of."""
    seconds: float
    takes_long: bool
    """Whether the time limit is its own."""
    lands: tuple[str, ...]
    without_device: bool

    @property
    def about(self) -> tuple[str, ...]:
        """The exercises that it is about: all of its part's where it does not say."""
        return self.exercises or self.part.exercises


def declared_by(item: pytest.Function, assignment: Assignment) -> Declared:
    """All that a test declares; UsageError where it has no points, or its file belongs to no part."""
    limit = item.get_closest_marker("time_limit")
    return Declared(
        name=name_of(item),
        part=part_of(item, assignment),
        title=_title(item),
        points=_points(item),
        exercises=exercises_of(item),
        stand_ins=tuple(sorted(set(_names(item, "stand_ins")))),
        seconds=float(limit.args[0]) if limit is not None else assignment.limits.test_seconds,
        takes_long=limit is not None,
        lands=_names(item, "lands"),
        without_device=item.get_closest_marker("without_device") is not None,
    )


def name_of(item: pytest.Item) -> str:
    """Unique in the assignment: the part and the test's own name with its parameters."""
    return f"{item.path.stem.removeprefix('test_')}::{item.name}"


def part_of(item: pytest.Item, assignment: Assignment) -> Part:
    """The part that its file is named after; UsageError where there is none."""
    name = item.path.stem.removeprefix("test_")
    for part in assignment.parts:
        if part.name == name:
            return part
    known = ", ".join(part.name for part in assignment.parts)
    raise UsageError(f"{item.path}: there is no part {name!r} in assignment.toml (parts: {known}).")


def exercises_of(item: pytest.Function) -> tuple[str, ...]:
    marker = item.get_closest_marker("exercise")
    return tuple(marker.args) if marker is not None else ()


def _title(item: pytest.Function) -> str:
    """The docstring's first paragraph on one line; else the name in words."""
    text = (item.function.__doc__ or "").strip().split("\n\n")[0]
    return " ".join(text.split()) or item.name.removeprefix("test_").replace("_", " ")


def _points(item: pytest.Function) -> float:
    marker = item.get_closest_marker("points")
    if marker is None or len(marker.args) != 1 or not isinstance(marker.args[0], int | float):
        raise UsageError(f"{item.nodeid}: expected a marker @pytest.mark.points(NUMBER).")
    return float(marker.args[0])


def _names(item: pytest.Function, marker: str) -> tuple[str, ...]:
    return tuple(name for marked in item.iter_markers(marker) for name in marked.args)
