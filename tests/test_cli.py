"""The command line: every command's sentence and exit status, run as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from grader.model import Result
from grader.sandbox.gpu import torch_build
from tests.fixtures.tiny_assignment import RIGHT, TEST_LAYERS, TOML, WRONG_DOUBLE, make


def grade(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `grade` as a process; no terminal."""
    command = [sys.executable, "-m", "grader.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False, cwd=cwd)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit status 2, one sentence with these words, and no traceback."""
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr + done.stdout
    for word in words:
        assert word in done.stderr


def test_help_names_every_command_and_imports_neither_torch_nor_pytest() -> None:
    """`grade --help` is quick because it imports nothing heavy."""
    program = (
        "import sys; sys.argv = ['grade', '--help']\n"
        "from grader.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'numpy', 'pytest', 'pandas', 'nbformat', 'rich.console'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    for command in ("run", "inspect", "doctor"):
        assert command in done.stdout


def test_a_sandbox_is_started_without_numpy() -> None:
    """What imports it would keep the sandbox waiting, and torch in it takes longest of all."""
    program = "import sys, grader.cli\nfrom grader.sandbox import gpu, launch, tiers\nassert 'numpy' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_run_prints_a_table_and_writes_the_result(tmp_path: Path) -> None:
    """`grade run` prints every test with its points and what was wrong, and writes schema 1 where asked."""
    assignment = make(tmp_path)
    (tmp_path / "ada.py").write_text(WRONG_DOUBLE)
    done = grade(
        "run", tmp_path / "ada.py", "-a", assignment.folder, "--json", tmp_path / "r.json", "--seed", "s"
    )
    assert done.returncode == 0, done.stderr
    for words in (
        "━━━━━━━━━━ 1/4 1 of 2 tests passed",
        "12 of 12 elements",
        "PyTorch's in their place counted",
        "ada: 7 of 10 points",
    ):
        assert words in " ".join(done.stdout.split())
    result = msgspec.json.decode((tmp_path / "r.json").read_bytes(), type=Result)
    assert (result.schema, result.submission, result.score, result.run.seed) == (1, "ada", 7.0, "s")
    assert result.run.sandbox == "strict"


def test_process_sandbox_is_said_to_be_no_protection(tmp_path: Path) -> None:
    """`--sandbox process` grades the same way and says plainly what it is not."""
    assignment = make(tmp_path)
    (tmp_path / "ada.py").write_text(RIGHT)
    done = grade("run", tmp_path / "ada.py", "-a", assignment.folder, "--sandbox", "process")
    assert done.returncode == 0, done.stderr
    assert "protects nobody" in done.stderr
    assert "ada: 10 of 10 points" in done.stdout


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The path is named."""
    refused(grade("run", tmp_path / "nobody.py", "-a", make(tmp_path).folder), "nobody.py", "no such file")


def test_an_unknown_assignment_lists_the_known_ones(tmp_path: Path) -> None:
    """A slip in the name costs one look."""
    refused(grade("run", "x.py", "-a", "hw9"), "'hw9'", "hw8")


def test_an_unknown_sandbox(tmp_path: Path) -> None:
    """What can be chosen is said."""
    (tmp_path / "a.py").write_text(RIGHT)
    done = grade("run", tmp_path / "a.py", "-a", make(tmp_path).folder, "--sandbox", "none")
    refused(done, "'none'", "strict or contained or process")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("points = 4", 'points = "four"', ("parts[0].points", "Expected `float`, got `str`")),
        ("points = 4", "point = 4", ("parts[0]", "point")),
        ('name = "tiny"', "", ("missing required field `name`",)),
        ("test_seconds = 3", "test_seconds = -3", ("limits.test_seconds", "more than 0")),
        ("test_seconds = 3", "test_second = 3", ("limits", "test_second")),
        ('exercises = ["double"]', "exercises = []", ("parts[0].exercises", "empty")),
        ('name = "layers"', 'name = "basics"', ("parts[1].name", "twice")),
        ("[limits]", "[limits", ("not TOML",)),
    ],
)
def test_a_broken_assignment_names_the_key(
    tmp_path: Path, old: str, new: str, words: tuple[str, ...]
) -> None:
    """assignment.toml: which key, and what was expected."""
    folder = make(tmp_path).folder
    (folder / "assignment.toml").write_text(TOML.replace(old, new, 1))
    refused(grade("run", "x.py", "-a", folder), "assignment.toml", *words)


def test_points_that_do_not_add_up(tmp_path: Path) -> None:
    """The suite's points must be the part's."""
    assignment = make(tmp_path, TEST_LAYERS=TEST_LAYERS.replace("points(4)", "points(5)"))
    (tmp_path / "a.py").write_text(RIGHT)
    done = grade("run", tmp_path / "a.py", "-a", assignment.folder)
    refused(done, "test_layers.py", "worth 7 points together", "says 6")


def test_a_suite_that_does_not_import(tmp_path: Path) -> None:
    """A suite that can't be collected is told with pytest's own words."""
    assignment = make(tmp_path, TEST_LAYERS="import nonsense\n")
    (tmp_path / "a.py").write_text(RIGHT)
    refused(grade("run", tmp_path / "a.py", "-a", assignment.folder), "can't be collected", "nonsense")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.py", "", "defines none"),
        ("other.py", "x = 1\n", "defines none of the 3 names"),
        ("broken.py", "def double(:\n", "line 1"),
        ("broken.ipynb", "{", "notebook"),
    ],
)
def test_nothing_to_run_is_a_zero_that_says_why(tmp_path: Path, name: str, content: str, words: str) -> None:
    """A submission without a single known name gets a graded zero and a sentence."""
    (tmp_path / name).write_text(content)
    done = grade("run", tmp_path / name, "-a", make(tmp_path).folder)
    assert done.returncode == 0, done.stderr
    assert words in " ".join(done.stdout.split())
    assert "0 of 10 points" in done.stdout


def test_inspect_runs_nothing(tmp_path: Path) -> None:
    """`grade inspect` tells what was read, without running any of it."""
    canary = tmp_path / "canary"
    (tmp_path / "a.py").write_text(
        f"open({str(canary)!r}, 'w')\n" + RIGHT.replace("return x + x", "return x.mul(2)")
    )
    done = grade("inspect", tmp_path / "a.py", "-a", make(tmp_path).folder)
    assert done.returncode == 0, done.stderr
    assert "found: double, Scale, use_double" in " ".join(done.stdout.split())
    assert not canary.exists()


def test_plain_pytest_grades_too(tmp_path: Path) -> None:
    """`pytest --submission PATH hidden` reports the same verdicts as pytest's own."""
    assignment = make(tmp_path)
    (tmp_path / "ada.py").write_text(WRONG_DOUBLE)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--submission",
        str(tmp_path / "ada.py"),
        str(assignment.hidden),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "ada: 7 of 10 points" in done.stdout
    assert "1 failed, 3 passed" in done.stdout


@pytest.mark.parametrize("command", ["run", "batch", "check", "doctor"])
def test_a_device_that_there_is_not_is_refused(command: str, tmp_path: Path) -> None:
    """Bad values and a GPU that can't be had: a sentence with the remedy, and nothing is graded elsewhere instead."""
    assignment = make(tmp_path)
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.py").write_text(RIGHT)
    arguments: dict[str, tuple[str | Path, ...]] = {
        "run": (tmp_path / "class" / "ada.py", "-a", assignment.folder),
        "batch": (tmp_path / "class", "-a", assignment.folder, "-o", tmp_path / "out"),
        "check": (tmp_path / "class" / "ada.py",),
        "doctor": (),
    }
    refused(grade(command, *arguments[command], "--device", "gpu"), "--device gpu: expected auto, cpu, cuda")
    if torch_build().cuda is None:
        without = grade(command, *arguments[command], "--device", "cuda")
        refused(without, "built without CUDA", "Install PyTorch as built for CUDA")
    assert not (tmp_path / "out").exists()


def test_the_device_is_in_the_result(tmp_path: Path) -> None:
    """`run.device` of the JSON, and the last line on the screen; the CPU where there is no card that works."""
    assignment = make(tmp_path)
    (tmp_path / "ada.py").write_text(RIGHT)
    arguments = ("run", tmp_path / "ada.py", "-a", assignment.folder, "--json", tmp_path / "r.json")
    done = grade(*arguments, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "cpu, sandbox" in done.stdout
    assert msgspec.json.decode((tmp_path / "r.json").read_bytes(), type=Result).run.device == "cpu"
