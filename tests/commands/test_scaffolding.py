"""`grade new`: what it writes is an assignment that holds, and nothing is ever overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader.assignment import load_assignment
from grader.cli import app
from grader.commands.scaffolding import SCAFFOLD, check_name, files, scaffold
from grader.errors import UsageError
from grader.validate import validate


def test_what_it_writes_validates_at_once(tmp_path: Path) -> None:
    """Solution all points, stub none, each misconception caught with its own hint, without a change by hand."""
    scaffold("hw9", tmp_path)
    report = validate(load_assignment(tmp_path / "assignments" / "hw9"), ["new"])
    assert report.sound, [trial for trial in report.trials if trial.faults]
    assert report.hint_accuracy == 1.0
    assert {trial.kind for trial in report.trials} == {"master", "stub", "accepted", "misconception", "wrong"}


def test_the_command_says_what_it_wrote_and_what_to_do_next(tmp_path: Path) -> None:
    """Every path, and the command that proves the suite."""
    result = CliRunner().invoke(app, ["new", "hw9", "-o", str(tmp_path)])
    assert result.exit_code == 0
    written = sorted(str(path) for path in tmp_path.rglob("*") if path.is_file())
    assert result.stdout.splitlines()[: len(written)] == written
    assert result.stdout.endswith(f"Now: grade validate {tmp_path / 'assignments' / 'hw9'}\n")


@pytest.mark.parametrize("place", ["assignments", "solutions"])
def test_it_refuses_to_overwrite(tmp_path: Path, place: str) -> None:
    """Where either folder is there already nothing at all is written."""
    mine = tmp_path / place / "hw9" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("kept", encoding="utf-8")
    with pytest.raises(UsageError, match="exists"):
        scaffold("hw9", tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]


@pytest.mark.parametrize("name", ["", "9hw", "hw-9", "../hw9", "class", "torch", "json", "höhe"])
def test_a_name_that_no_module_can_have_is_refused(name: str) -> None:
    """Before anything is written."""
    with pytest.raises(UsageError, match="name"):
        check_name(name)


def test_no_placeholder_is_left(tmp_path: Path) -> None:
    """Each template has its place, and the name is filled in."""
    written = dict(files("hw9"))
    assert len(written) == len([path for path in SCAFFOLD.rglob("*") if path.is_file()])
    assert not [path for path, text in written.items() if "@" + "NAME" in text or path.suffix == ".template"]
