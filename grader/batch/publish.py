"""The files beside the gradebook: results/<submission>.json and grades.csv, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from grader.assignment import Assignment
from grader.errors import GraderError
from grader.exchange.csv import grades_csv
from grader.gradebook import Gradebook
from grader.model import Result

RESULTS = "results"
GRADES = "grades.csv"
UNFINISHED = ".unfinished"


class Publisher:
    """Writes the files of one gradebook."""

    def __init__(self, book: Gradebook) -> None:
        self._book = book
        self._folder = book.folder / RESULTS
        self._written: list[int] = []
        with explained(self._folder):
            self._folder.mkdir(exist_ok=True)

    def write(self, attempt: int, result: Result) -> None:
        """One result's file."""
        replace(self._folder / f"{result.submission}.json", json_of(result))
        self._written.append(attempt)

    def catch_up(self) -> None:
        """The files that an interrupted batch did not come to write, or that somebody removed; and none that is put
        aside."""
        there = {file.name for file in self._folder.iterdir()}
        for name in there & {f"{submission}.json" for submission in self._book.put_aside()}:
            with explained(self._folder / name):
                (self._folder / name).unlink()
        lacking = [one for one in self._book.current() if f"{one[1]}.json" not in there]
        for attempt, _ in {*lacking, *self._book.unpublished()}:
            self.write(attempt, self._book.result(attempt))

    def finish(self, assignment: Assignment, *, max_points_row: bool) -> None:
        """grades.csv; and that the results' files need not be written again."""
        self._book.set(max_points_row="yes" if max_points_row else "no")
        self._finish({part.name: part.points for part in assignment.parts})

    def renew(self) -> None:
        """The files whose results count differently now, and grades.csv, as the last batch was asked to write it."""
        self.catch_up()
        self._finish({part.name: part.max_score for part in self._book.parts()})

    def _finish(self, parts: Mapping[str, float]) -> None:
        if self._written:
            self._book.mark_published(self._written)
            self._written.clear()
        rows = self._book.grades(sum(parts.values()))
        with_points = self._book.setting("max_points_row") == "yes"
        content = grades_csv(rows, list(parts), list(parts.values()), max_points_row=with_points)
        file = self._book.folder / GRADES
        if not holds(file, content):
            replace(file, content)


def holds(file: Path, content: bytes) -> bool:
    """Whether that is what a file holds; it does not where it can't be read."""
    try:
        return file.read_bytes() == content
    except OSError:
        return False


def json_of(result: Result) -> bytes:
    """A result as people and other programs read it: JSON, indented."""
    return msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n"


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """The system's errors in words: what is recorded stays recorded."""
    try:
        yield
    except OSError as error:
        raise GraderError(
            f"{file}: can't be written: {error.strerror}. The gradebook has every result that was announced; "
            "run the same command again to have the files too."
        ) from None


def replace(file: Path, content: bytes) -> None:
    """Write a file so that it is either the old one or the new one, whatever happens meanwhile."""
    unfinished = file.parent / UNFINISHED
    with explained(file):
        unfinished.write_bytes(content)
        unfinished.replace(file)
