"""The upload: laid out as Gradescope documents it, deterministic, and it grades a submission as it would there."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from grader.assignment import Assignment, find_assignment, load_assignment
from grader.cli import app
from grader.errors import UsageError
from grader.exchange.gradescope_zip import build_zip
from tests.fixtures import ordinary_container, tiny_assignment

VOID = '\n[[void]]\ntest = "layers::test_use_double"\nwhy = "unclear"\n'


def entries(content: bytes) -> dict[str, zipfile.ZipInfo]:
    return {entry.filename: entry for entry in zipfile.ZipFile(io.BytesIO(content)).infolist()}


def with_solution(folder: Path) -> Assignment:
    """The tiny assignment with a solution where hw8 has its own."""
    made = tiny_assignment.make(
        folder / "assignments", TOML='solution = "../../solutions/tiny"\n' + tiny_assignment.TOML + VOID
    )
    (folder / "solutions" / "tiny").mkdir(parents=True)
    (folder / "solutions" / "tiny" / "tiny.py").write_text(tiny_assignment.RIGHT)
    return load_assignment(made.folder)


def autograder(folder: Path, assignment: Assignment, submission: str | None) -> Path:
    """What the platform lays out: the zip unpacked, the submission beside it, an empty folder for results."""
    root = folder / "autograder"
    for name in ("source", "submission", "results"):
        (root / name).mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(build_zip(assignment, visibility="after_published"))) as archive:
        archive.extractall(root / "source")
    if submission is not None:
        (root / "submission" / "tiny.py").write_text(submission)
    return root


def run(root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`run_autograder` as there, with this Python in place of the one that setup.sh would make."""
    return subprocess.run(
        ["bash", str(root / "source" / "run_autograder")],
        env={**os.environ, "AUTOGRADER_ROOT": str(root), "AUTOGRADER_PYTHON": sys.executable,
             "PYTHONPATH": str(root / "source" / "grader"), **environment},
        cwd=root, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip


def results(root: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((root / "results" / "results.json").read_text())
    return content


def test_it_grades_as_it_would_there(tmp_path: Path) -> None:
    """The same suite with its points, void tests given, the tier told, and visible when it was said to be."""
    root = autograder(tmp_path, with_solution(tmp_path / "course"), tiny_assignment.WRONG_DOUBLE)
    done = run(root)
    assert done.returncode == 0, done.stderr
    content = results(root)
    assert content["score"] == 7.0
    assert {test["name"]: test["score"] for test in content["tests"]}["`double(x)` is twice x."] == 0.0
    assert content["output"].splitlines()[0].startswith("Graded behind the sandbox's tier 'strict'") or (
        "'contained'" in content["output"]
    )
    assert "unclear" in content["output"]
    assert content["visibility"] == "after_published"


@pytest.mark.slow
@pytest.mark.skipif(ordinary_container.available() != "", reason=ordinary_container.available() or "-")
@pytest.mark.timeout(300)
def test_it_grades_in_a_container_laid_out_as_there(tmp_path: Path) -> None:
    """/autograder at the root, root with a container's usual rights and no namespaces: the second tier grades."""
    root = autograder(tmp_path, with_solution(tmp_path / "course"), tiny_assignment.WRONG_DOUBLE)
    tmp_path.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    done = ordinary_container.run(
        ["/autograder/run_autograder"],
        home,
        program="/bin/bash",
        shown={"/autograder": laid_out(root)},
        environment={"AUTOGRADER_PYTHON": sys.executable, "PYTHONPATH": "/autograder/source/grader"},
    )
    assert done.returncode == 0, done.stderr
    assert results(root)["score"] == 7.0
    assert results(root)["output"].startswith("Graded behind the sandbox's tier 'contained'")


def laid_out(root: Path) -> Path:
    """The platform runs a copy of `run_autograder` at the top."""
    script = root / "run_autograder"
    script.write_bytes((root / "source" / "run_autograder").read_bytes())
    script.chmod(0o755)
    return root


def test_nothing_handed_in_is_a_result_with_a_reason(tmp_path: Path) -> None:
    """Zero points, and the student reads why."""
    root = autograder(tmp_path, tiny_assignment.make(tmp_path / "course"), None)
    done = run(root)
    assert done.returncode == 0, done.stderr
    assert results(root)["score"] == 0.0
    assert len(results(root)["output"].splitlines()) == 2


def test_without_a_wall_there_is_no_result(tmp_path: Path) -> None:
    """Where no sandbox can be had, nothing is run and no zero is written: the staff sees the reason."""
    root = autograder(tmp_path, tiny_assignment.make(tmp_path / "course"), tiny_assignment.RIGHT)
    (root / "source" / "grader" / "grader" / "sandbox" / "tiers.py").write_text(
        "from grader.errors import SandboxUnavailableError\nSANDBOXES = ()\n"
        "def tier_of(sandbox):\n    raise SandboxUnavailableError('No wall here.', 'Get one.')\n"
    )
    done = run(root)
    assert done.returncode == 1
    assert "No wall here." in done.stderr
    assert not (root / "results" / "results.json").exists()


def test_the_scripts_are_at_the_root_and_can_be_executed() -> None:
    """And the zip holds what is needed, no cache and no other solution."""
    content = entries(build_zip(find_assignment("hw8")))
    for name in ("setup.sh", "run_autograder"):
        assert stat.S_IMODE(content[name].external_attr >> 16) == 0o755
    needed = {
        "settings.json", "assignments/hw8/assignment.toml", "assignments/hw8/hidden/test_mse.py",
        "solutions/hw8/hw8.py", "grader/pyproject.toml", "grader/README.md", "grader/LICENSE", "grader/grader/cli.py",
    }  # fmt: skip
    assert needed <= set(content)
    assert not [
        name for name in content if "__pycache__" in name or name.startswith("solutions/hw8/accepted")
    ]


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    """Whenever and wherever it is built; a seed of the content's own, unless one is given."""
    made = with_solution(tmp_path)
    first = build_zip(made)
    for file in made.folder.rglob("*"):
        os.utime(file, (1, 1))
    assert build_zip(made) == first
    assert build_zip(made, seed="another") != first
    (made.folder / "hidden" / "oracles.py").write_text("# changed\n")
    seeds = {zipfile.ZipFile(io.BytesIO(one)).read("settings.json") for one in (first, build_zip(made))}
    assert len(seeds) == 2


def test_setup_is_a_script_that_bash_can_read(tmp_path: Path) -> None:
    """And further arguments for pip can't become commands."""
    content = build_zip(
        tiny_assignment.make(tmp_path), pip="--index-url https://example.org/simple '; rm -rf /'"
    )
    script = zipfile.ZipFile(io.BytesIO(content)).read("setup.sh").decode()
    assert "--index-url https://example.org/simple '; rm -rf /' \"$source/grader\"" in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=10)


def test_the_command_writes_the_zip(tmp_path: Path) -> None:
    """`grade gradescope-zip hw8 -o autograder.zip`."""
    target = tmp_path / "autograder.zip"
    done = CliRunner().invoke(app, ["gradescope-zip", "hw8", "-o", str(target)])
    assert done.exception is None
    assert "to be uploaded" in done.output
    assert "run_autograder" in entries(target.read_bytes())


@pytest.mark.parametrize("far", [True, False])
def test_a_solution_out_of_reach_is_refused(tmp_path: Path, far: bool) -> None:
    """It can't be laid out there as it is here."""
    solution = "../../../far" if far else str(tmp_path / "far")
    (tmp_path / "far").mkdir()
    toml = f'solution = "{solution}"\n{tiny_assignment.TOML}'
    made = tiny_assignment.make(tmp_path / "a" / "b", TOML=toml)
    with pytest.raises(UsageError, match="too far"):
        build_zip(made)
