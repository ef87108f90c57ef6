"""What becomes of submissions whose jobs fail: tried again once, then unchecked, never a zero, nothing lost."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from grader.assignment import Assignment
from grader.batch import crew
from grader.batch.crew import Crew
from grader.batch.examining import Examining
from grader.batch.messages import Start
from grader.batch.publish import Publisher
from grader.batch.recording import Recorder
from grader.batch.records import Circumstances, Decision
from grader.errors import UsageError
from grader.gradebook import Gradebook, Row, open_gradebook
from grader.model import Result, Status
from tests.fixtures.kept_results import SEED, SUITE, environment, found
from tests.fixtures.tiny_assignment import make

ROOT = Path(__file__).parents[2]


class Heard:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.results: list[str] = []
        self.troubles: list[tuple[str | None, str]] = []

    def begin(self, total: int, kept: int) -> None: ...

    def running(self, ids: list[str]) -> None: ...

    def finished(self, result: Result) -> None:
        self.results.append(result.submission)

    def trouble(self, submission: str | None, what: str) -> None:
        self.troubles.append((submission, what))


class Desk:
    """A gradebook, and jobs that do what the submissions' names say."""

    def __init__(self, book: Gradebook, assignment: Assignment, folder: Path) -> None:
        self.book = book
        self.assignment = assignment
        self.folder = folder
        self.heard = Heard()

    def grade(self, *ids: str, jobs: int = 1) -> dict[str, Row]:
        circumstances = Circumstances(
            suite=self.book.suite(SUITE.digest) or self.book.keep_suite(SUITE),
            environment=self.book.keep_environment(environment()),
            seed=SEED,
        )
        self.book.see(self.folder, [found(one, self.folder) for one in ids])
        run = self.book.begin(self.folder, SEED, jobs)
        publisher = Publisher(self.book)
        recorder = Recorder(self.assignment, self.book, run, circumstances, publisher, self.heard)
        start = Start(assignment=self.assignment.folder, seed=SEED, sandbox="process")
        with Crew(start, [0]) as staff:
            examining = Examining(staff, recorder, self.heard, jobs=jobs, limits=self.assignment.limits)
            examining.examine(
                [
                    Decision(found=found(one, self.folder), action="run", why="new", content="content")
                    for one in ids
                ]
            )
        return {row.submission: row for row in self.book.grades(10.0)}

    def asked(self) -> list[str]:
        """Each task that a job was given: the submission and the tests."""
        return [line.strip() for line in (self.folder / "asked").read_text().splitlines()]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    def command(descriptors: Sequence[int]) -> list[str]:
        program = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path; "
            "from tests.fixtures.scripted_job import main; main(Path(sys.argv[1]), int(sys.argv[2]))"
        )
        return [sys.executable, "-c", program, str(tmp_path), str(descriptors[0])]

    monkeypatch.setattr(crew, "command", command)
    assignment = make(tmp_path)
    with open_gradebook(tmp_path / "out", "tiny") as book:
        yield Desk(book, assignment, tmp_path)


def test_every_submission_gets_a_result_and_is_announced_once(desk: Desk) -> None:
    """As many results as submissions, whatever the number of jobs."""
    ids = [f"ok{number}" for number in range(9)]
    rows = desk.grade(*ids, jobs=2)
    assert sorted(rows) == ids
    assert sorted(desk.heard.results) == ids
    assert {row.score for row in rows.values()} == {4.0}


def test_a_job_that_dies_costs_nobody_anything(desk: Desk) -> None:
    """Its submission is given to another job, the other submissions go on."""
    rows = desk.grade("ok1", "once", "ok2")
    assert [row.status for row in rows.values()] == [Status.GRADED] * 3
    assert desk.heard.troubles == [("once", "Its examiner is gone: it was killed by SIGKILL.")]


def test_a_reason_that_is_a_sentence_ends_in_one_stop(desk: Desk) -> None:
    """As the sandbox tells its own."""
    desk.grade("complains")
    assert desk.heard.troubles[0] == ("complains", "Its examiner is gone: The sandbox has ended.")


def test_a_submission_whose_jobs_die_twice_is_unchecked(desk: Desk) -> None:
    """No score rather than a zero, with the reason at every test; the others have theirs."""
    rows = desk.grade("dies", "ok")
    assert (rows["dies"].status, rows["dies"].score) == (Status.UNCHECKED, None)
    assert rows["ok"].score == 4.0
    (number,) = [number for number, submission in desk.book.current() if submission == "dies"]
    messages = {test.message for test in desk.book.result(number).tests}
    assert messages == {"The grader could not check this: it was killed by SIGKILL"}
    assert desk.asked().count("dies") == 2


def test_what_could_not_be_checked_is_tried_again_and_nothing_else(desk: Desk) -> None:
    """Of a submission with one unchecked test that test alone is asked for again."""
    rows = desk.grade("shaky")
    assert (rows["shaky"].status, rows["shaky"].score) == (Status.GRADED, 4.0)
    assert desk.asked() == ["shaky", "shaky layers::test_scale"]


def test_what_can_never_be_checked_is_withheld(desk: Desk) -> None:
    """The parts that could be checked have their scores, the total has none."""
    row = desk.grade("unsure")["unsure"]
    assert (row.status, row.score, row.parts) == (Status.UNCHECKED, None, (4.0, None))


def test_where_no_job_starts_everything_is_unchecked(desk: Desk) -> None:
    """A wall that can't be built grades nobody, and the reason is told; it is not tried for each submission."""
    (desk.folder / "no start").touch()
    rows = desk.grade("ok1", "ok2", "ok3")
    assert {(row.status, row.score) for row in rows.values()} == {(Status.UNCHECKED, None)}
    assert len(desk.heard.troubles) == 2
    assert "no wall here" in desk.heard.troubles[0][1]


def test_a_wall_that_dies_with_all_jobs_is_built_again(desk: Desk) -> None:
    """What the jobs share ends them all before they were ready: that is one failure, and the next ones grade."""
    (desk.folder / "first wall").write_text("2")
    rows = desk.grade("ok1", "ok2", "ok3", jobs=2)
    assert {row.score for row in rows.values()} == {4.0}
    assert 2 <= len(desk.heard.troubles) <= 3


def test_a_broken_suite_stops_the_batch(desk: Desk) -> None:
    """It is the instructor's to repair: a usage error, and nothing is recorded."""
    with pytest.raises(UsageError, match="no points"):
        desk.grade("broken")
    assert desk.heard.results == []


def test_an_examiner_that_hangs_is_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond every limit together a job is taken to hang: killed, tried again, unchecked."""
    monkeypatch.setattr("grader.batch.examining.patience", lambda limits: 0.2)
    row = desk.grade("hangs")["hangs"]
    assert row.status is Status.UNCHECKED
    assert "did not come to an end" in desk.heard.troubles[0][1]
