"""The commands of the documentation work: each is run as it stands, in order, where the page's reader would be.

A line of a `sh` block is given to a shell, and must end with status 0.  In the place of `grade`, `python` and `pytest`
stand those under test.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.check.table import pieces_of
from tests.docs.reading import ALL_PAGES, HANDOUT, ROOT, Block, blocks, commands, name
from tests.docs.stories import GRADED, MAY_BE_MISSING, NOT_RUN, SLOW, STORIES, a_class, a_handout

COMMAND: Final = re.compile(
    r"(grade|pytest|python3?|pip|jupyter|sqlite3|mkdocs|git|source|export|cd) |\./|\.venv/"
)
"""How lines begin that are to be copied into a shell."""

PROGRAMS: Final = {
    "grade": "-m grader.cli",
    "python": "",
    "pytest": "-m pytest",
}

SOLVED: Final = ROOT / "solutions" / "hw8" / "hw8.py"


class Shell:
    """A reader's shell."""

    def __init__(self, programs: Path) -> None:
        programs.mkdir()
        for program, arguments in PROGRAMS.items():
            file = programs / program
            file.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
            file.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }

    def start(self, command: str, folder: Path) -> subprocess.Popen[str]:
        output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(
            ["bash", "-c", command], cwd=folder, env=self.environment, start_new_session=True, **output
        )

    def run(self, command: str, folder: Path) -> None:
        with self.start(command, folder) as process:
            told = until_it_waits(process) if "--watch" in command else ""
            told += process.communicate()[0]
        assert process.returncode == 0, f"{command}\nended with status {process.returncode}:\n{told}"


def until_it_waits(process: subprocess.Popen[str]) -> str:
    """What a command says that goes on until Ctrl-C, which it is given then."""
    told = ""
    assert process.stdout is not None
    for line in process.stdout:
        told += line
        if "Ctrl-C ends it" in line:
            os.killpg(process.pid, signal.SIGINT)
            break
    return told


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("shell") / "programs")


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory, shell: Shell) -> Path:
    """A class that `grade batch` has graded once for all pages."""
    folder = tmp_path_factory.mktemp("docs") / "course"
    a_class(folder)
    shell.run("grade batch submissions/ -a hw8 -o OUT --roster roster.csv", folder)
    return folder


def runs() -> Iterator[Any]:
    """Each page without its slow lines; those that have some with all of them, too."""
    for page in ALL_PAGES:
        lines = [line for line in commands(page) if line not in NOT_RUN]
        quick = [line for line in lines if line not in SLOW]
        if quick:
            yield pytest.param(page, quick, id=name(page))
        if quick != lines:
            marks = (pytest.mark.slow, pytest.mark.timeout(1200))
            yield pytest.param(page, lines, marks=marks, id=f"{name(page)}-all")


@pytest.mark.parametrize(("page", "lines"), list(runs()))
def test_the_commands_of_a_page_work(
    page: Path, lines: list[str], shell: Shell, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """One after the other, each with exit status 0."""
    if missing := [
        program for program in MAY_BE_MISSING if needs(lines, program) and not shutil.which(program)
    ]:
        pytest.skip(f"{missing[0]} is not installed")
    story = STORIES.get(name(page))
    assert story is not None, f"tests/docs/stories.py does not say where the reader of {name(page)} is"
    if isinstance(story, str):
        assert story == GRADED
        shutil.copytree(request.getfixturevalue("graded"), tmp_path / "place")
    else:
        story(tmp_path / "place")
    for line in lines:
        shell.run(line, tmp_path / "place")


def needs(lines: list[str], program: str) -> bool:
    return any(line.split()[0] == program for line in lines)


def cells() -> Iterator[Any]:
    """The cells that a page tells students to write into their notebook."""
    for page in (ROOT / "docs" / "students.md", HANDOUT):
        for block in blocks(page):
            if block.language == "python":
                yield pytest.param(block, id=name(page))


@pytest.mark.parametrize("block", list(cells()))
def test_a_cell_of_a_page_works(block: Block, shell: Shell, tmp_path: Path) -> None:
    """Where the exercises are solved it says so."""
    a_handout(tmp_path / "place")
    (tmp_path / "place" / "cell.py").write_text("\n".join([*pieces_of(SOLVED), block.text]), encoding="utf-8")
    with shell.start("python cell.py", tmp_path / "place") as process:
        told = process.communicate()[0]
    assert process.returncode == 0, told
    assert "all examples are right" in told


@pytest.mark.parametrize("page", ALL_PAGES, ids=name)
def test_every_command_is_in_a_block_that_is_run(page: Path) -> None:
    """A line that looks like one stands in a `sh` block; those hold nothing else."""
    for block in blocks(page):
        looks = [line for line in block.commands if COMMAND.match(f"{line} ")]
        assert looks == (list(block.commands) if block.language == "sh" else []), block.text


def test_what_is_said_of_a_line_is_said_of_one_that_is_there() -> None:
    """Neither a reason nor a story outlives what it is about."""
    lines = {line for page in ALL_PAGES for line in commands(page)}
    assert lines >= NOT_RUN.keys() | SLOW
    assert {name(page) for page in ALL_PAGES if commands(page)} == STORIES.keys()


def test_a_line_that_fails_is_seen(shell: Shell, tmp_path: Path) -> None:
    """With what it said."""
    with pytest.raises(AssertionError, match=r"status 2:\s+grade: OUT: there is no gradebook"):
        shell.run("grade export OUT --to csv", tmp_path)
