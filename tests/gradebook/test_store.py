"""The gradebook: what was recorded is there, whatever happens to the process, the disk or the clock."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from grader.errors import GraderError, UsageError
from grader.gradebook import FILE, connection, open_gradebook, open_to_change, open_to_read
from grader.model import Outcome, Status
from tests.fixtures.kept_results import FAILED, PASSED, SUITE, attempt, environment, found, record, result


def test_a_result_comes_back_as_it_was_recorded(tmp_path: Path) -> None:
    """Nothing of a result is lost: reading, exhibits, hints, what was printed, the circumstances."""
    with open_gradebook(tmp_path, "tiny") as book:
        (number,) = record(book, tmp_path, result("ada"))
        assert book.result(number) == result("ada")


def test_what_could_not_be_checked_comes_back_without_a_score(tmp_path: Path) -> None:
    """An unchecked test keeps its score None, never 0."""
    unchecked = msgspec.structs.replace(PASSED, score=None, outcome=Outcome.UNCHECKED, message="no wall")
    given = result("ada", unchecked, FAILED, status=Status.UNCHECKED)
    with open_gradebook(tmp_path, "tiny") as book:
        (number,) = record(book, tmp_path, given)
        assert book.result(number) == given
        assert [row.score for row in book.grades(10.0)] == [None]


def test_every_attempt_is_kept_and_the_last_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A regrade adds an attempt; the last recorded one is the result even where the clock has gone back."""
    better = result("ada", PASSED, msgspec.structs.replace(FAILED, score=6.0, outcome=Outcome.PASSED))
    with open_gradebook(tmp_path, "tiny") as book:
        record(book, tmp_path, result("ada"))
        monkeypatch.setattr("grader.gradebook.store.now", lambda: "1999-12-31T23:59:59+00:00")
        record(book, tmp_path, better)
        assert [row.score for row in book.grades(10.0)] == [10.0]
    with closing(sqlite3.connect(tmp_path / FILE)) as plain:
        assert plain.execute("SELECT count(*) FROM attempts").fetchone() == (2,)


def test_only_what_lies_in_the_folder_and_counts_has_a_row(tmp_path: Path) -> None:
    """A submission that is gone, and a student's earlier attempt, are kept but are not graded work any more."""
    with open_gradebook(tmp_path, "tiny") as book:
        record(book, tmp_path, result("ada"), result("bob"), result("cleo"))
        book.see(tmp_path, [found("ada", tmp_path), found("bob", tmp_path, counts=False)])
        assert [row.submission for row in book.grades(10.0)] == ["ada"]
        assert book.put_aside() == ["bob", "cleo"]


def test_another_folders_submissions_stay(tmp_path: Path) -> None:
    """Late work graded from a folder of its own joins the others."""
    with open_gradebook(tmp_path, "tiny") as book:
        record(book, tmp_path / "on time", result("ada"))
        record(book, tmp_path / "late", result("bob"))
        assert [row.submission for row in book.grades(10.0)] == ["ada", "bob"]


def test_a_test_that_changed_gives_the_suite_a_new_row_and_the_others_keep_theirs(tmp_path: Path) -> None:
    """Suites share the tests that they have in common, so that what is the same can be seen to be."""
    edited = msgspec.structs.replace(SUITE.tests[0], digest="values 2")
    with open_gradebook(tmp_path, "tiny") as book:
        first = book.keep_suite(SUITE)
        second = book.keep_suite(
            msgspec.structs.replace(SUITE, digest="suite 2", tests=(edited, SUITE.tests[1]))
        )
        assert first.tests[1].id == second.tests[1].id
        assert first.tests[0].id != second.tests[0].id


def test_a_second_writer_is_refused_by_name(tmp_path: Path) -> None:
    """Two batches on one folder: the second one is told who is at work, and may come back later."""
    taken = pytest.raises(UsageError, match=f"process {os.getpid()} is grading into this folder")
    with open_gradebook(tmp_path, "tiny"):
        with taken, open_gradebook(tmp_path, "tiny"):
            pass
        with open_to_read(tmp_path) as reader:
            assert list(reader.grades(10.0)) == []
    with open_gradebook(tmp_path, "tiny"):
        pass


def test_a_gradebook_belongs_to_one_assignment(tmp_path: Path) -> None:
    """Grading another assignment into the same folder is a mistake that is stopped."""
    with open_gradebook(tmp_path, "tiny"):
        pass
    with pytest.raises(UsageError, match="gradebook of tiny, not of huge"), open_gradebook(tmp_path, "huge"):
        pass


def test_a_file_that_is_no_gradebook_is_left_alone(tmp_path: Path) -> None:
    """Garbage under the gradebook's name is named, not overwritten."""
    (tmp_path / FILE).write_bytes(b"something else entirely" * 100)
    with (
        pytest.raises(UsageError, match="not a gradebook, or it is damaged"),
        open_gradebook(tmp_path, "tiny"),
    ):
        pass
    assert (tmp_path / FILE).read_bytes().startswith(b"something else")


def test_a_damaged_page_is_told_when_it_is_read(tmp_path: Path) -> None:
    """What lies behind a good first page: a sentence, and no defect of the grader."""
    with open_gradebook(tmp_path, "tiny") as book:
        record(book, tmp_path, result("ada"))
    with closing(sqlite3.connect(tmp_path / FILE)) as plain:
        (page,) = plain.execute("SELECT rootpage FROM sqlite_master WHERE name = 'outcomes'").fetchone()
        (size,) = plain.execute("PRAGMA page_size").fetchone()
    with (tmp_path / FILE).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
    damaged = pytest.raises(UsageError, match="it is damaged")
    with damaged, open_to_read(tmp_path) as book:
        book.result(1)
    with damaged, open_to_change(tmp_path) as book:
        book.result(1)
    with damaged, open_gradebook(tmp_path, "tiny") as book:
        book.result(1)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    """Neither read nor given tables, whatever its own are called."""
    with closing(sqlite3.connect(tmp_path / FILE)) as other, other:
        other.execute("CREATE TABLE bookmarks (address TEXT)")
    before = (tmp_path / FILE).read_bytes()
    anothers = pytest.raises(UsageError, match="another program's database")
    with anothers, open_gradebook(tmp_path, "tiny"):
        pass
    with anothers, open_to_read(tmp_path):
        pass
    assert (tmp_path / FILE).read_bytes() == before


def test_a_batch_that_was_killed_at_once_is_told_from_other_files(tmp_path: Path) -> None:
    """It left a file without a table: a reader is told to run it again, and the next batch fills it."""
    (tmp_path / FILE).touch()
    with pytest.raises(UsageError, match="Run `grade batch` again"), open_to_read(tmp_path):
        pass
    with open_gradebook(tmp_path, "tiny"):
        pass
    with open_to_read(tmp_path) as book:
        assert list(book.grades(10.0)) == []


def test_a_gradebook_that_another_program_keeps_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's `sqlite3` with a transaction left open: a sentence, and no defect of the grader."""
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.1)
    with open_gradebook(tmp_path, "tiny") as book, closing(sqlite3.connect(tmp_path / FILE)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(GraderError, match="another program keeps it"):
            book.set(seed="1")


READ = """
import os, sys
from pathlib import Path
from grader.gradebook import FILE, connection, open_gradebook, open_to_change, open_to_read
from tests.fixtures.kept_results import record, result
folder = Path(sys.argv[1])
with open_gradebook(folder, "tiny") as book:
    record(book, folder, result("ada"))
assert os.system(f"mount -o remount,ro {folder}") == 0
with open_to_read(folder) as book:
    print(*(row.submission for row in book.grades(10.0)), sorted(os.listdir(folder)))
"""


def test_a_gradebook_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    """Of a course that is kept on a read-only medium, or that is another's."""
    (line,) = on_a_file_system_of_its_own(tmp_path, "size=2m", READ)
    assert line == f"ada ['.lock', '{FILE}']"


def test_reading_where_there_is_no_gradebook_says_how_one_is_made(tmp_path: Path) -> None:
    """`grade diff` on a wrong folder tells what to run."""
    with pytest.raises(UsageError, match="grade batch"), open_to_read(tmp_path):
        pass


FILL = """
import sys
from pathlib import Path
from grader.errors import GraderError
from grader.gradebook import open_gradebook
from tests.fixtures.kept_results import record, result
folder = Path(sys.argv[1])
with open_gradebook(folder, "tiny") as book:
    try:
        for number in range(10_000):
            record(book, folder / str(number), result(f"s{number}"))
            print(number, flush=True)
    except GraderError as error:
        print("refused:", error)
with open_gradebook(folder, "tiny") as book:
    print("kept:", sum(1 for _ in book.grades(10.0)))
    print("integrity:", *book._connection.execute("PRAGMA integrity_check").fetchone())
"""

OPEN = """
import sys
from pathlib import Path
from grader.errors import GraderError, UsageError
from grader.gradebook import open_gradebook
try:
    with open_gradebook(Path(sys.argv[1]), "tiny"):
        print("opened")
except UsageError as error:
    print("refused:", error)
"""


def on_a_file_system_of_its_own(folder: Path, options: str, program: str) -> list[str]:
    """What a program prints that runs where `folder` is a tmpfs mounted with these options."""
    mount = f"mount -t tmpfs -o {options} tmpfs {folder} && exec {sys.executable} -c {program!r} {folder}"
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mount.replace("\\n", "'\"\n\"'")],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if "unshare" in done.stderr:
        pytest.skip(f"no mounts of one's own here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_full_disk_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    """Where the disk is full the grader says so; all that it had announced is there, the file is whole."""
    *announced, refused, kept, integrity = on_a_file_system_of_its_own(tmp_path, "size=700k", FILL)
    assert "disk is full" in refused
    assert "run the same command again" in refused
    assert len(announced) > 3
    assert kept == f"kept: {len(announced)}"
    assert integrity == "integrity: ok"


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A read-only output folder is the caller's mistake, in a sentence."""
    (line,) = on_a_file_system_of_its_own(tmp_path, "ro", OPEN)
    assert line.startswith("refused:")
    assert "can't be written to" in line


def test_killed_while_recording(tmp_path: Path) -> None:
    """`kill -9` between any two instructions: what was announced is there, the file is whole."""
    with subprocess.Popen(
        [sys.executable, "-c", FILL, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        announced = [writer.stdout.readline() for _ in range(5)]
        writer.send_signal(signal.SIGKILL)
        announced += writer.stdout.readlines()
    with open_gradebook(tmp_path, "tiny") as book:
        there = {row.submission for row in book.grades(10.0)}
    assert {f"s{line.strip()}" for line in announced} <= there
    with closing(sqlite3.connect(tmp_path / FILE)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_environment_is_kept_once(tmp_path: Path) -> None:
    """The same facts are the same environment; one fact changed is another."""
    with open_gradebook(tmp_path, "tiny") as book:
        first = book.keep_environment(environment())
        assert book.keep_environment(environment()) == first
        assert book.keep_environment(environment(torch="2.14.0")).id != first.id


def test_an_attempt_that_reuses_outcomes_says_where_they_were_made(tmp_path: Path) -> None:
    """`made_in` of a test that did not run again is the attempt that it did run in."""
    with open_gradebook(tmp_path, "tiny") as book:
        (first,) = record(book, tmp_path, result("ada"))
        suite, where = book.keep_suite(msgspec.structs.replace(SUITE, digest="2")), environment()
        again = msgspec.structs.replace(attempt(result("ada")), made_in={"basics::test_values": first})
        run = book.begin(tmp_path, "5eed", 1)
        second = book.record(run, suite, book.keep_environment(where), again)
        assert book.made_in(second) == {"basics::test_values": first, "layers::test_scale": second}
