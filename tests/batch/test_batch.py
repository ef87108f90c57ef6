"""A whole class through real jobs and the real sandbox, as a teaching assistant runs it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from benchmarks.kill_storm import Classroom, family, gradebook_of, left_over, one_round
from grader.batch import Order, command, grade_class, plan_only
from grader.gradebook import FILE, open_to_change, open_to_read
from grader.model import Result, Status
from grader.report.progress import plan_lines, summary_lines
from grader.sandbox.launch import early
from grader.score.rules import Override

SIZE = 6


class Silent:
    """A watcher that only counts."""

    def __init__(self) -> None:
        self.finished_ids: list[str] = []

    def begin(self, total: int, kept: int) -> None: ...

    def running(self, ids: list[str]) -> None: ...

    def finished(self, result: Result) -> None:
        self.finished_ids.append(result.submission)

    def trouble(self, submission: str | None, what: str) -> None: ...


@pytest.fixture
def classroom(tmp_path: Path) -> Classroom:
    return Classroom(tmp_path, SIZE)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The gradebook of a run that nobody disturbs, with one job."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert Classroom(folder, SIZE).run(folder / "out").returncode == 0
    return gradebook_of(folder / "out")


def order_of(classroom: Classroom, out: Path) -> Order:
    from grader.assignment import load_assignment

    return Order(
        folder=classroom.submissions, assignment=load_assignment(classroom.folder / "tiny"), out=out, jobs=1
    )


def test_a_class_is_graded_once_and_then_only_what_changed(classroom: Classroom, tmp_path: Path) -> None:
    """Every submission gets a result; a rerun runs nothing; an edited test runs alone and `diff` tells of it."""
    out = tmp_path / "out"
    first = Silent()
    summary = grade_class(order_of(classroom, out), first)
    assert sorted(first.finished_ids) == [f"s{number:03}" for number in range(SIZE)]
    assert summary.statuses == {Status.GRADED: 3, Status.UNREADABLE: 3}
    scores = {name: result["score"] for name, result in gradebook_of(out)["results"].items()}
    assert scores["s000.json"] == 10.0
    assert scores["s001.json"] < 10.0
    again = Silent()
    assert grade_class(order_of(classroom, out), again).kept == SIZE
    assert again.finished_ids == []
    basics = classroom.folder / "tiny" / "hidden" / "test_basics.py"
    basics.write_text(basics.read_text().replace("oracles.times(x, 2)", "oracles.times(x, 3)"))
    (ada, *_) = plan_only(order_of(classroom, out)).work
    assert (ada.tests, ada.why) == (("basics::test_values",), "basics::test_values changed")
    grade_class(order_of(classroom, out), Silent())
    with open_to_read(out) as book:
        (change, *_) = book.changes()
    assert (change.submission, change.before, change.after) == ("s000", 10.0, 7.0)
    assert [test.name for test in change.tests] == ["test_values"]
    assert attempts_by_test(out, "s000") == {
        "test_values": 2,
        "test_empty": 1,
        "test_scale": 1,
        "test_use_double": 1,
    }


def test_a_file_that_can_no_longer_be_read_costs_nobody_their_points(
    classroom: Classroom, tmp_path: Path
) -> None:
    """It is gone when its turn comes, as on a disk of the network: unchecked, and graded once it is back."""

    class Removing(Silent):
        def begin(self, total: int, kept: int) -> None:
            file.rename(tmp_path / file.name)

    out, file = tmp_path / "out", classroom.submissions / "s000.py"
    assert grade_class(order_of(classroom, out), Removing()).unchecked == ("s000",)
    assert gradebook_of(out)["results"]["s000.json"]["score"] is None
    (tmp_path / file.name).rename(file)
    again = Silent()
    assert grade_class(order_of(classroom, out), again).unchecked == ()
    assert again.finished_ids == ["s000"]
    assert gradebook_of(out)["results"]["s000.json"]["score"] == 10.0


def attempts_by_test(out: Path, submission: str) -> dict[str, int]:
    """How often each test really ran."""
    with closing(sqlite3.connect(out / FILE)) as plain:
        return dict(
            plain.execute(
                "SELECT name, count(DISTINCT made_in) FROM outcomes JOIN attempts ON attempts.id = attempt "
                "JOIN tests ON tests.id = test WHERE submission = ? GROUP BY name",
                (submission,),
            ).fetchall()
        )


def done(out: Path, count: int) -> Callable[[], bool]:
    """Whether so many results are there."""
    return lambda: (out / "results").is_dir() and len(list((out / "results").glob("*.json"))) >= count


@pytest.mark.parametrize(
    ("victim", "after"), [("batch", 0), ("batch", 3), ("examiner", 1), ("zygote", 2), ("batch", 5)]
)
def test_killed_and_run_again(
    classroom: Classroom, tmp_path: Path, undisturbed: dict[str, Any], victim: str, after: int
) -> None:
    """`kill -9` of any process at any moment: nothing runs on, and a rerun ends as if nothing had happened."""
    one_round(classroom, tmp_path / "out", victim, done(tmp_path / "out", after))
    assert gradebook_of(tmp_path / "out") == undisturbed


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C: exit status 130, a sentence on how to go on, nothing left running, and a rerun goes on."""
    size = 5 * SIZE  # enough that it is not over before it is interrupted
    classroom, out = Classroom(tmp_path, size), tmp_path / "out"
    with classroom.start(out) as batch:
        while not done(out, 2)():
            time.sleep(0.01)
        running = family(batch.pid)
        batch.send_signal(signal.SIGINT)
        _, said = batch.communicate(timeout=60)
    assert batch.returncode == 130
    assert "run the same command again to go on" in said
    assert not left_over(running)
    assert (out / "grades.csv").read_text().count("\n") >= 3
    again = classroom.run(out)
    assert again.returncode == 0
    assert gradebook_of(out)["integrity"] == "ok"
    assert attempts(out) == size


def test_interrupted_while_the_pages_are_made(
    classroom: Classroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C then, too, has the exit status 130 and the sentence on how to go on."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "show_pages", interrupted)
    said: list[str] = []
    with pytest.raises(SystemExit) as end:
        command.run_batch(order_of(classroom, tmp_path / "out"), said.append)
    assert end.value.code == 130
    assert said[-1].endswith("run the same command again to go on.")


def attempts(out: Path) -> int:
    with closing(sqlite3.connect(out / FILE)) as plain:
        (count,) = plain.execute("SELECT count(*) FROM attempts").fetchone()
    return int(count)


def test_order_jobs_and_neighbours_change_nothing(
    classroom: Classroom, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    """Two jobs, or one submission by itself: with the same seed the same results."""
    classroom.jobs = 2
    assert classroom.run(tmp_path / "two").returncode == 0
    assert gradebook_of(tmp_path / "two") == undisturbed
    alone = [*classroom.command(tmp_path / "alone"), "--only", "s001"]
    assert subprocess.run(alone, capture_output=True, check=False, timeout=100).returncode == 0
    results = gradebook_of(tmp_path / "alone")["results"]
    assert results == {"s001.json": undisturbed["results"]["s001.json"]}


def refused(arguments: list[str], *words: str) -> None:
    """Exit status 2, a sentence, and nothing that would look like an answer."""
    run = subprocess.run(
        [sys.executable, "-m", "grader.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 2, run.stderr
    assert run.stdout == ""
    for word in words:
        assert word in run.stderr


def test_wrong_usage_is_told(classroom: Classroom, tmp_path: Path) -> None:
    """No submissions, no folder, results among the submissions: exit status 2, what to do, and no old table."""
    tiny = str(classroom.folder / "tiny")
    (tmp_path / "empty").mkdir()
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "grades.csv").write_text("submission,status,score,max_score\nada,graded,1,1\n")
    refused(
        ["batch", str(tmp_path / "empty"), "-a", tiny, "-o", str(tmp_path / "o")],
        "no submission in this folder",
    )
    refused(["batch", str(tmp_path / "nowhere"), "-a", tiny, "-o", str(tmp_path / "o")], "can't be read")
    same = str(classroom.submissions)
    refused(["batch", same, "-a", tiny, "-o", same], "can't go into the folder of the submissions")
    refused(["diff", str(tmp_path / "empty")], "grade batch")


def zygotes_of(process: psutil.Process) -> list[int]:
    return [one.pid for one in process.children() if "grader.sandbox.zygote" in " ".join(one.cmdline())]


@pytest.mark.parametrize("killed", [False, True])
def test_a_sandbox_that_is_under_way_is_the_one_that_is_used(
    classroom: Classroom, tmp_path: Path, killed: bool
) -> None:
    """Its zygote serves the whole batch, and is ended with it; where it has died meanwhile there is another."""
    seen: set[int] = set()

    class Looking(Silent):
        def finished(self, result: Result) -> None:
            seen.update(zygotes_of(psutil.Process()))

    with early("strict") as started:
        assert started is not None
        (known,) = zygotes_of(psutil.Process())
        if killed:
            within = psutil.Process(known).children(recursive=True)
            while not within:
                within = psutil.Process(known).children(recursive=True)
            for process in (*within, psutil.Process(known)):
                process.kill()
            while started.lives():
                time.sleep(0.01)
        summary = grade_class(order_of(classroom, tmp_path / "out"), Looking(), started)
        assert not started.lives()
    assert summary.statuses == {Status.GRADED: 3, Status.UNREADABLE: 3}
    assert (seen != {known}) is killed
    assert len(seen) == 1
    assert zygotes_of(psutil.Process()) == []


def test_a_dry_run_writes_nothing(classroom: Classroom, tmp_path: Path) -> None:
    """It says what would run and why, and makes no folder."""
    run = subprocess.run(
        [*classroom.command(tmp_path / "out"), "--dry-run"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert "s000: all tests (new)" in run.stdout
    assert not (tmp_path / "out").exists()


def test_the_working_folder_is_no_place_for_modules(classroom: Classroom, tmp_path: Path) -> None:
    """A student's `random.py` in the folder that the grader is started in is never imported by it."""
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("random", "socket", "numpy", "pytest", "oracles"):
        (trap / f"{name}.py").write_text("raise SystemExit('trapped')", encoding="utf-8")
    grade = Path(sys.executable).with_name("grade")
    run = subprocess.run(
        [grade, *classroom.command(tmp_path / "out")[3:]], cwd=trap, capture_output=True, text=True, check=False,
        timeout=100, env={**os.environ, "PYTHONSAFEPATH": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr


def test_grades_csv_is_written_anew_only_where_it_is_not_as_it_should_be(
    classroom: Classroom, tmp_path: Path
) -> None:
    """A rerun with nothing changed leaves it alone; one that somebody edited or removed is put right."""
    out = tmp_path / "out"
    grade_class(order_of(classroom, out), Silent())
    file = out / "grades.csv"
    told, written = file.read_bytes(), file.stat().st_mtime_ns
    grade_class(order_of(classroom, out), Silent())
    assert file.stat().st_mtime_ns == written
    file.write_text("edited", encoding="utf-8")
    grade_class(order_of(classroom, out), Silent())
    assert file.read_bytes() == told
    file.unlink()
    grade_class(order_of(classroom, out), Silent())
    assert file.read_bytes() == told


def test_something_can_be_done_while_jobs_get_ready(classroom: Classroom, tmp_path: Path) -> None:
    """Once, and not at all where nothing has to run."""
    done: list[str] = []
    for _ in range(2):
        grade_class(order_of(classroom, tmp_path / "out"), Silent(), meanwhile=lambda: done.append("once"))
    assert done == ["once"]


def test_results_are_those_of_the_class_as_it_is(classroom: Classroom, tmp_path: Path) -> None:
    """What was taken out of the folder has no file in `results`; put back, it has the one it had, and nothing runs."""
    out, one = tmp_path / "out", classroom.submissions / "s001.py"
    grade_class(order_of(classroom, out), Silent())
    file = out / "results" / "s001.json"
    told = file.read_bytes()
    one.rename(tmp_path / one.name)
    grade_class(order_of(classroom, out), Silent())
    assert not file.exists()
    assert len(list((out / "results").glob("*.json"))) == SIZE - 1
    (tmp_path / one.name).rename(one)
    again = Silent()
    grade_class(order_of(classroom, out), again)
    assert again.finished_ids == []
    assert file.read_bytes() == told


def test_files_that_are_nobodys_are_told(classroom: Classroom, tmp_path: Path) -> None:
    """Before and after: a notebook that was saved as text has no line, and is not silently left out."""
    (classroom.submissions / "ada.ipynb.txt").touch()
    order = order_of(classroom, tmp_path / "out")
    told = "Passed over, as nobody's by their kind: ada.ipynb.txt."
    assert plan_lines(plan_only(order))[-1] == told
    assert summary_lines(grade_class(order, Silent()))[-1] == told


def test_changes_by_hand_that_have_no_effect_any_more_are_told(classroom: Classroom, tmp_path: Path) -> None:
    """A neighbour with the same name gives `s001` another id: whoever changed its score hears that it is as it was."""
    out = tmp_path / "out"
    grade_class(order_of(classroom, out), Silent())
    with open_to_change(out) as book:
        (attempt,) = [number for number, submission in book.current() if submission == "s001"]
        change = Override(
            id=0, submission="s001", part="basics", test=None, kind="add", points=1.0, old=None,
            why="a hint was wrong", author="Tom", attempt=attempt, made_at="2026-03-01T00:00:00+00:00",
        )  # fmt: skip
        book.add_override(change)
    assert grade_class(order_of(classroom, out), Silent()).without_effect == ()
    (classroom.submissions / "S001.py").write_text("", encoding="utf-8")
    summary = grade_class(order_of(classroom, out), Silent())
    assert summary.without_effect == ("s001",)
    assert "counts no more: s001. `grade override OUT --list`" in summary_lines(summary)[-1]
