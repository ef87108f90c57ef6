"""`grade export`: from a gradebook to the files that courses and programs take."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pandas  # type: ignore[import-untyped]
import pytest
from typer.testing import CliRunner

from grader.cli import app
from grader.errors import GraderError, UsageError
from grader.gradebook import open_gradebook
from grader.model import Outcome, Status, TestResult
from tests.fixtures import kept_results

CANVAS = "Student,ID,SIS User ID,SIS Login ID,Section,tiny (7)\r\n    Points Possible,,,,,10\r\n"
UNCHECKED = TestResult(
    name="test_scale", part="layers", title="Scaled.", score=None, max_score=6.0, outcome=Outcome.UNCHECKED
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """ada has 4 of 10, =bob too, cy's score is withheld."""
    with open_gradebook(tmp_path / "out", "tiny") as book:
        cy = kept_results.result("cy", kept_results.PASSED, UNCHECKED, status=Status.UNCHECKED)
        kept_results.record(book, tmp_path, kept_results.result("ada"), kept_results.result("=bob"), cy)
        aliases = msgspec.structs.replace(kept_results.found("ada", tmp_path), aliases=("ada@example.edu",))
        others = [kept_results.found(name, tmp_path) for name in ("=bob", "cy")]
        book.see(tmp_path, [aliases, *others])
    return tmp_path / "out"


def grade(out: Path, *arguments: str | Path) -> Any:
    done = CliRunner().invoke(app, ["export", str(out), *map(str, arguments)])
    if isinstance(done.exception, UsageError):
        raise done.exception
    return done


def course(folder: Path, *logins: str) -> Path:
    file = folder / "course.csv"
    lines = [f'"Name, {login}",{at},S{at},{login},CS 1,\r\n' for at, login in enumerate(logins, 11)]
    file.write_text(CANVAS + "".join(lines), newline="")
    return file


def test_canvas_by_an_alias(out: Path, tmp_path: Path) -> None:
    """The address that the LMS's download told; the course's own file is left alone."""
    file = course(tmp_path, "ada@example.edu", "zoe")
    before = file.read_bytes()
    grade(out, "--to", "canvas", "--course-file", file)
    assert (out / "export/canvas.csv").read_bytes() == before.replace(b"edu,CS 1,", b"edu,CS 1,4")
    assert file.read_bytes() == before


def test_who_is_not_matched_is_listed_and_the_status_tells(out: Path, tmp_path: Path) -> None:
    """Exit status 1 by way of GraderError; a list beside the file, without formulas; gone once all are matched."""
    done = grade(
        out, "--to", "canvas", "--course-file", course(tmp_path, "ada", "cy"), "-o", tmp_path / "x.csv"
    )
    assert isinstance(done.exception, GraderError)
    assert "2 scores went nowhere" in str(done.exception)
    assert "=bob is not in the course's file" in str(done.exception)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "x.unmatched.csv").read_text())))
    assert [(row["submission"], row["reason"][:12]) for row in rows] == [
        ("'=bob", "is not in th"),
        ("cy", "has no score"),
    ]


def test_moodle(out: Path, tmp_path: Path) -> None:
    """The worksheet's Grade by the address."""
    file = tmp_path / "sheet.csv"
    file.write_text("Identifier,Email address,Grade,Maximum Grade\nParticipant 5,ada@example.edu,,10.00\n")
    grade(out, "--to", "moodle", "--course-file", file)
    assert (out / "export/moodle.csv").read_text().endswith("Participant 5,ada@example.edu,4,10.00\n")


def test_gradescope(out: Path) -> None:
    """A folder with a results.json for each score; the withheld one is named and not written."""
    done = grade(out, "--to", "gradescope", "--visibility", "after_published")
    assert "not written: cy" in str(done.exception)
    folder = out / "export/gradescope"
    assert sorted(file.parent.name for file in folder.rglob("results.json")) == ["=bob", "ada"]
    content = json.loads((folder / "ada/results.json").read_text())
    assert (content["score"], content["visibility"]) == (4.0, "after_published")


def test_csv_for_excel(out: Path) -> None:
    """A byte order mark and the greatest points on request; formulas are harmless; empty is withheld."""
    grade(out, "--to", "csv", "--bom", "--max-points-row")
    data = (out / "export/scores.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [(row["submission"], row["score"], row["basics"]) for row in rows] == [
        ("max points", "10.0", "4.0"),
        ("'=bob", "4.0", "4.0"),
        ("ada", "4.0", "4.0"),
        ("cy", "", "4.0"),
    ]


def test_parquet(out: Path) -> None:
    """Numbers are numbers, a withheld score is null, ids are what they are."""
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    grade(out, "--to", "parquet")
    table = pandas.read_parquet(out / "export/scores.parquet")
    assert list(table.columns) == ["submission", "status", "score", "max_score", "basics", "layers"]
    assert list(table["submission"]) == ["=bob", "ada", "cy"]
    assert table["score"].dtype == "float64"
    assert table["score"].isna().tolist() == [False, False, True]


def test_parquet_without_pyarrow(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'forgeproof-grader\[parquet\]'"):
        grade(out, "--to", "parquet")


def test_junit(out: Path) -> None:
    """One file with a suite for each submission."""
    grade(out, "--to", "junit")
    assert (out / "export/junit.xml").read_text().count("<testsuite ") == 3


def test_wrong_usage(out: Path, tmp_path: Path) -> None:
    """No course file, or one that would be overwritten."""
    with pytest.raises(UsageError, match=r"--course-file: needed for canvas: .*Grades > Export"):
        grade(out, "--to", "canvas")
    file = course(tmp_path, "ada")
    with pytest.raises(UsageError, match="stays as it is"):
        grade(out, "--to", "canvas", "--course-file", file, "-o", file)
