"""`grade check` needs nothing that only POSIX has: run where the grader does not find it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.check.homework import Homework

ROOT = Path(__file__).parents[2]

SITE = f"""
import sys
sys.path.append({str(ROOT)!r})
from tests.check.without_posix import install
install()
"""

LIES = "import os\n\nassert not hasattr(os, 'fork'), 'the test does not test'\n"


@pytest.fixture
def poor(tmp_path: Path) -> dict[str, str]:
    """The environment of a system without POSIX, for a program and its children."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SITE)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]), "PYTHONIOENCODING": "cp1252"}


def run(program: list[str], cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program],
        cwd=cwd, env=environment, capture_output=True, text=True, encoding="cp1252", timeout=100, check=False,
    )  # fmt: skip


def test_grade_check_runs_without_posix(homework: Homework, poor: dict[str, str]) -> None:
    """No call and no import of it on the way, neither in the examiner nor in the child.

    The module's names are made while it runs: its statements are run in turn, and no alarm ends one that takes long.
    """
    homework.write(homework.right + "\nexec('later = 2')\n")
    done = run(["-m", "grader.cli", "check"], homework.folder, poor)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "public checks: 3 of 3 pass; hidden tests are run at grading" in done.stdout


def test_watching_runs_without_posix(homework: Homework, poor: dict[str, str]) -> None:
    """At first and after a save, until it is ended."""
    homework.write(homework.right.replace("return x + x", "return x + 1"))
    command = [sys.executable, "-m", "grader.cli", "check", "--watch"]
    environment = {**poor, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=homework.folder, env=environment, stdout=subprocess.PIPE, text=True, encoding="cp1252"
    ) as watching:
        assert watching.stdout is not None
        first = told_until_it_waits(watching.stdout)
        homework.write(homework.right)
        second = told_until_it_waits(watching.stdout)
        watching.terminate()
    assert "public checks: 1 of 3 pass" in first
    assert "public checks: 3 of 3 pass" in second


def told_until_it_waits(lines: Iterable[str]) -> str:
    return "".join(itertools.takewhile(lambda line: "Waiting for the next save" not in line, lines))


def test_a_notebooks_cell_is_checked_without_posix(homework: Homework, poor: dict[str, str]) -> None:
    """`check("...")` answers in the kernel itself, and prints in whatever encoding there is."""
    homework.write(f'{homework.right}\nfrom grader.check import check\ncheck("double")\n', "cell.py")
    done = run(["cell.py"], homework.folder, poor)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "double: all examples are right (1 of 1)" in done.stdout


@pytest.mark.slow
def test_a_timeout_is_told_without_posix(homework: Homework, poor: dict[str, str]) -> None:
    """The child is ended and the next check gets a fresh one."""
    homework.write(homework.right.replace("return x + x", "while True: pass"))
    done = run(["-m", "grader.cli", "check"], homework.folder, poor)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "did not come back" in done.stdout
    assert "public checks: 1 of 3 pass" in done.stdout


def test_the_poorer_system_is_one(poor: dict[str, str], tmp_path: Path) -> None:
    """A module of the grader really finds no `os.fork` there, or the tests above would prove nothing."""
    package = tmp_path / "site" / "grader_like"
    package.mkdir()
    (package / "__init__.py").write_text(LIES)
    done = run(["-c", "import grader_like"], tmp_path, poor)
    assert done.returncode == 0, done.stderr


def test_every_command_can_be_listed_without_posix(homework: Homework, poor: dict[str, str]) -> None:
    """Importing the rest of the command line does no harm."""
    done = run(["-m", "grader.cli", "--help"], homework.folder, poor)
    assert done.returncode == 0, done.stderr
    assert "check" in done.stdout
