"""Gradebooks for the tests and the benchmark of the pages, made of results of real submissions.

`real_results.json` holds one result a line.  `python -m tests.report.books OUT` takes them anew from a folder
in which `grade batch solutions/hw8/sample_class -a hw8 -o OUT` was run.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from grader.batch.fingerprints import content_digest
from grader.gradebook import Attempt, Environment, Suite, SuitePart, SuiteTest, open_gradebook, open_to_read
from grader.intake import find_submissions
from grader.intake.records import Contract, Found
from grader.model import Result

KEPT = Path(__file__).with_name("real_results.json")
CLASS = Path(__file__).resolve().parents[2] / "solutions" / "hw8" / "sample_class"
NAMES = ("blaise", "carl", "henri", "karl", "lucky", "maryam")
PARTS = {
    "tensors": "NumPy and PyTorch",
    "linear": "The fully-connected layer",
    "conv": "The convolutional layer",
    "activations": "ReLU, max pooling, flatten",
    "mse": "Mean squared error",
    "training": "Gradient descent",
    "cnn": "The provided network",
}
ENVIRONMENT = Environment(
    digest="here", facts={"device": "cpu", "torch": "2.13.0", "grader": "0.1.0", "sandbox": "strict"}
)


def real_results() -> list[Result]:
    """What six submissions of the sample class got."""
    return [msgspec.json.decode(line, type=Result) for line in KEPT.read_bytes().splitlines()]


def suite_of(result: Result) -> Suite:
    """The suite that a result came from, as far as the pages need it."""
    return Suite(
        digest="suite",
        parts=tuple(
            SuitePart(name=part.name, title=PARTS.get(part.name, ""), max_score=part.max_score)
            for part in result.parts
        ),
        tests=tuple(
            SuiteTest(
                part=one.part, name=one.name, title=one.title, max_score=one.max_score, digest="d", hints=""
            )
            for one in result.tests
        ),
    )


def handed_in(folder: Path, names: Iterable[str] = NAMES) -> dict[str, Found]:
    """The real submissions of these names, copied to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (file,) = CLASS.glob(f"{name}.*")
        shutil.copy(file, folder)
    return {one.id: one for one in find_submissions(folder)}


def renamed(found: Found, identity: str, name: str | None) -> Found:
    """The same hand-in by somebody else."""
    return msgspec.structs.replace(found, id=identity, student=identity, name=name)


def make_book(
    out: Path, folder: Path, handed: Sequence[tuple[Found, Result]], suite: Suite | None = None
) -> Path:
    """A gradebook that holds these hand-ins with these results; returns its folder."""
    with open_gradebook(out, "hw8") as book:
        wanted = suite or suite_of(max((one for _, one in handed), key=lambda one: len(one.tests)))
        kept = book.suite(wanted.digest) or book.keep_suite(wanted)
        where = book.keep_environment(ENVIRONMENT)
        book.see(folder, [found for found, _ in handed])
        run = book.begin(folder, "5eed", 1)
        for found, result in handed:
            content = content_digest(found, Contract(names=()))
            own = msgspec.structs.replace(result, submission=found.id)
            book.record(run, kept, where, Attempt(result=own, content=content, digest=content, seconds=1.0))
        book.end(run, "complete")
    return out


def real_book(out: Path, folder: Path) -> Path:
    """The six real submissions with their results."""
    found = handed_in(folder)
    return make_book(out, folder, [(found[one.submission], one) for one in real_results()])


def main(out: Path) -> None:
    """Take the results anew."""
    with open_to_read(out) as book:
        kept = [book.recorded(attempt) for attempt, name in book.current() if name in NAMES]
    KEPT.write_bytes(b"".join(msgspec.json.encode(result) + b"\n" for result in kept))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
