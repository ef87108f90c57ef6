"""`grade check` as a student uses it: messages, exit statuses, formats, watching, and plain pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from grader.check.handout import find_checks
from grader.check.watching import changes
from grader.errors import UsageError
from grader.model import Result
from tests.check.homework import Homework

ROOT = Path(__file__).parents[2]


def run(*program: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, program)],
        cwd=cwd, capture_output=True, text=True, timeout=100, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
    )  # fmt: skip


def check(homework: Homework, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run("-m", "grader.cli", "check", *arguments, cwd=homework.folder)


def test_what_is_wrong_and_what_is_to_do_in_every_format(homework: Homework) -> None:
    """One run gives the table and every other format; its last line claims no more than it knows."""
    wrong = homework.right.replace("return x + x", "return x + 1")
    homework.write(
        wrong.replace("return double(double(x))", 'raise NotImplementedError("use_double: twice")')
    )
    done = check(
        homework, "--format", "table", "--format", "github=github.txt", "--format", "junit=junit.xml",
        "--format", "markdown=summary.md", "--format", "json=result.json", "--format", "badge=badge.svg",
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    for words in (
        "`double` doubles.",
        "y is wrong in 1 of 2 elements",
        "yours:   [ 2. -1.]",
        "example: [ 2. -4.]",
        "to do        use_double: twice (1 test waits for it)",
    ):
        assert words in done.stdout, done.stdout
    last = "public checks: 1 of 3 pass; hidden tests are run at grading"
    assert done.stdout.rstrip().splitlines()[-1] == last
    texts = {file.name: file.read_text("utf-8") for file in homework.folder.iterdir() if file.is_file()}
    annotations = texts["github.txt"].splitlines()
    assert annotations[0].startswith(
        "::error file=tiny.py,line=5,title=Doubling%3A wrong::`double` doubles.%0A"
    )
    assert annotations[1].startswith(
        "::warning file=tiny.py,line=19,title=Scaling%3A still to do::use_double"
    )
    assert annotations[2] == f"::notice title=tiny::{last}"
    assert ElementTree.fromstring(texts["junit.xml"]).get("failures") == "2"
    assert "still to do" in texts["summary.md"]
    assert "1 of 3" in texts["badge.svg"]
    result = msgspec.json.decode(texts["result.json"].encode(), type=Result)
    assert (result.score, result.max_score, result.run.sandbox, result.message) == (1.0, 3.0, "process", last)


def test_one_part_of_a_notebook(homework: Homework, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--part` takes a part or an exercise; a notebook is read as at grading."""
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(homework.right)])  # type: ignore[no-untyped-call]
    nbformat.write(notebook, homework.folder / "tiny.ipynb")  # type: ignore[no-untyped-call]
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    done = check(homework, "tiny.ipynb", "--part", "Scale", "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "public checks of Scale: 1 of 1 pass; hidden tests are run at grading" in done.stdout
    assert "`Scale(3)` triples." in done.stdout
    assert "doubles" not in done.stdout
    assert list(place.glob("grade-*")) == [], "a worker, ended or never used, leaves no folder behind"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.py"], ("nowhere.py", "no such file")),
        (["--part", "nonsense"], ("'nonsense'", "basics (double)", "layers (Scale, use_double)")),
        (["--format", "xml"], ("'xml'", "junit")),
        (["--format", "junit", "--format", "json", "--output", "x"], ("which format",)),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(
    homework: Homework, arguments: list[str], words: tuple[str, ...]
) -> None:
    homework.write(homework.right)
    done = check(homework, *arguments)
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_outside_of_a_handout_the_way_in_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no folder from here upwards holds assignment\.toml and public/"):
        find_checks(tmp_path)


def test_a_handout_is_found_from_a_folder_inside(homework: Homework) -> None:
    (homework.folder / "data" / "deep").mkdir(parents=True)
    assert find_checks(homework.folder / "data" / "deep").folder == homework.folder.resolve()


def test_a_homework_that_can_not_be_read(homework: Homework) -> None:
    """The reason is told, nothing is counted, and a JUnit reader does not take it for success."""
    homework.write("def double(:\n")
    done = check(homework, "--format", "table", "--format", "junit=junit.xml", "--format", "github=g.txt")
    assert done.returncode == 3, done
    assert "line 1" in done.stdout
    assert "public checks: none could be run" in done.stdout
    assert ElementTree.parse(homework.folder / "junit.xml").getroot().get("failures") == "1"
    assert "::error file=tiny.py,line=1,title=grade::" in (homework.folder / "g.txt").read_text("utf-8")


@pytest.mark.slow
def test_plain_pytest_gives_the_same_verdicts(homework: Homework) -> None:
    """In a handout `pytest` alone runs the public tests on the homework."""
    homework.write(homework.right.replace("return x + x", "return x + 1"))
    done = run("-m", "pytest", "-q", cwd=homework.folder)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 failed, 1 passed" in done.stdout
    assert "failed: double(x) with x (2,): y is wrong in 1 of 2 elements" in done.stdout


def test_a_save_is_noticed_once_it_is_complete(homework: Homework) -> None:
    """At first and after each save the checks run, not while an editor is still writing."""
    homework.write(homework.right)
    saves = changes(homework.folder, look_every=0.01)
    next(saves)
    homework.write(homework.right + "\n# one more line\n")
    next(saves)
    homework.write("x = 1\n", "helper/layers.py")
    next(saves)
