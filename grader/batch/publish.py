"""The files beside the gradebook: results/<submission>.json and grades.csv, each written whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from grader import __version__
from grader.assignment import Assignment
from grader.errors import GraderError
from grader.exchange.csv import grades_csv
from grader.gradebook import Gradebook
from grader.model import Result
from grader.processes import apart

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

    def finish(
        self, assignment: Assignment, *, max_points_row: bool, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """grades.csv; and that the results' files need not be written again.  `meanwhile` is done beside."""
        self._book.set(max_points_row="yes" if max_points_row else "no")
        self._finish({part.name: part.points for part in assignment.parts}, meanwhile)

    def renew(self) -> None:
        """The files whose results count differently now, and grades.csv, as the last batch was asked to write it."""
        self.catch_up()
        self._finish({part.name: part.max_score for part in self._book.parts()})

    def _finish(self, parts: Mapping[str, float], meanwhile: Callable[[], None] = lambda: None) -> None:
        if self._written:
            self._book.mark_published(self._written)
            self._written.clear()
        rows = list(self._book.grades(sum(parts.values())))
        with_points = self._book.setting("max_points_row") == "yes"
        file = self._book.folder / GRADES
        told = msgspec.json.encode([__version__, rows, list(parts.items()), with_points])
        if self._book.setting("grades") == made_of(told, file):
            return  # it is there as it should be, and pandas takes a while to import
        try:
            table = apart(grades_csv, rows, list(parts), list(parts.values()), max_points_row=with_points)
            meanwhile()
            content = table()
        except ChildProcessError as error:
            raise GraderError(
                f"{file}: can't be made: {error}, for lack of memory perhaps. The gradebook has every result; "
                "run the same command again."
            ) from None
        replace(file, content)
        self._book.set(grades=made_of(told, file))


def made_of(told: bytes, file: Path) -> str:
    """A digest of what a file tells and of what is in it; "" where there is none that can be read."""
    try:
        return hashlib.sha256(hashlib.sha256(told).digest() + file.read_bytes()).hexdigest()
    except OSError:
        return ""


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
