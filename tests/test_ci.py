"""The workflows that students and courses get: they are valid, they hold apart what must be, and their steps work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml  # type: ignore[import-untyped]

from grader.exchange.gradescope_zip import RUN, SETUP
from grader.release.handout import handout
from tests.check.homework import Homework, make

ROOT = Path(__file__).parents[1]
COURSE = ROOT / "course_template"

ZIZMOR = """
rules:
  unpinned-uses:
    config:
      policies:
        actions/*: ref-pin
"""
"""GitHub's own actions may be named by their version, which dependency bots keep; anybody else's not."""


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The handout's CI files, filled in, with the course's beside them."""
    folder = tmp_path_factory.mktemp("ci")
    hw8 = ROOT / "assignments" / "hw8"
    files = handout(hw8, ROOT / "solutions" / "hw8", ROOT / "student_template")
    for path, content in files.items():
        if path.suffix in (".yml", ".toml"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    return folder


def workflow(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def checking(student: Path) -> dict[str, Any]:
    return workflow(student / ".github" / "workflows" / "check.yml")


@pytest.fixture(scope="module")
def grading() -> dict[str, Any]:
    return workflow(COURSE / ".github" / "workflows" / "grade.yml")


def ran(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=100, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


# ------------------------------------------------------------------------------------------------ lints


def test_workflows_follow_their_schemas(student: Path) -> None:
    """GitHub's schema for its workflows, GitLab's for its own."""
    pytest.importorskip("check_jsonschema")
    lint = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    files = [student / ".github" / "workflows" / "check.yml", COURSE / ".github" / "workflows" / "grade.yml"]
    ran(*lint, "vendor.github-workflows", *files)
    ran(*lint, "vendor.gitlab-ci", "--data-transform", "gitlab-ci", student / ".gitlab-ci.yml")


def test_a_linter_for_security_finds_nothing(student: Path, tmp_path: Path) -> None:
    """No text of an event in a script, no credentials left behind, no permission that a job doesn't need."""
    (tmp_path / "zizmor.yml").write_text(ZIZMOR)
    options = ("--offline", "--no-progress", "--config", tmp_path / "zizmor.yml")
    ran(tool("zizmor"), *options, student / ".github" / "workflows", COURSE / ".github" / "workflows")


def tool(name: str) -> Path:
    """A program that the extra `dev` installs beside Python, where there is one for this machine."""
    program = Path(sys.executable).with_name(name)
    if not program.exists():
        pytest.skip(f"{name} is not installed")
    return program


def actionlint(*files: Path) -> subprocess.CompletedProcess[str]:
    """What it says of workflows, and what shellcheck says of the scripts in them."""
    options = ("-oneline", "-no-color", "-shellcheck", tool("shellcheck"), "-pyflakes=")
    command = [tool("actionlint"), *options, *files]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=100, check=False)


def test_actionlint_finds_nothing(student: Path) -> None:
    """Expressions, events, runners, inputs of actions, actions that GitHub no longer runs, and the steps' scripts."""
    done = actionlint(
        student / ".github" / "workflows" / "check.yml", COURSE / ".github" / "workflows" / "grade.yml"
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("vars.GRADER_SOURCE", "varz.GRADER_SOURCE", "undefined variable"),
        ("ubuntu-latest", "ubuntu-newest", "label"),
        ("cd badge", "cd $PLACE", "shellcheck"),
        ("actions/checkout@v6", "actions/checkout@v4", "node20"),
    ],
)
def test_actionlint_is_a_linter(student: Path, tmp_path: Path, right: str, wrong: str, words: str) -> None:
    """What is wrong in an expression, a runner, a script or an action is seen."""
    text = (student / ".github" / "workflows" / "check.yml").read_text("utf-8")
    assert right in text
    (tmp_path / "check.yml").write_text(text.replace(right, wrong), encoding="utf-8")
    done = actionlint(tmp_path / "check.yml")
    assert done.returncode == 1
    assert words in done.stdout


def test_shellcheck_finds_nothing(student: Path, tmp_path: Path) -> None:
    """In the project's own scripts, the job for Slurm, those of GitLab's job, and in what the Gradescope zip brings."""
    job = yaml.safe_load((student / ".gitlab-ci.yml").read_text("utf-8"))["check"]
    written = {"gitlab": "\n".join(["#!/bin/sh", *job["script"], ""]), "setup": SETUP, "run": RUN}
    for name, text in written.items():
        (tmp_path / f"{name}.sh").write_text(text)
    scripts = [ROOT / "demo", ROOT / "test", ROOT / ".ci" / "run", ROOT / "docs" / "cluster" / "slurm.sh"]
    scripts += (ROOT / "scripts").glob("*.sh")
    ran(tool("shellcheck"), "--external-sources", *scripts, *tmp_path.glob("*.sh"), cwd=ROOT)


# ------------------------------------------------------------------------------------- who holds what


def test_the_job_that_runs_a_students_homework_may_only_read(checking: dict[str, Any]) -> None:
    """The one that may write runs nothing of it: no checkout, no grader."""
    assert checking["permissions"] == {}
    assert checking["jobs"]["check"]["permissions"] == {"contents": "read"}
    badge = checking["jobs"]["badge"]
    assert badge["permissions"] == {"contents": "write"}
    assert [step["uses"] for step in badge["steps"] if "uses" in step] == ["actions/download-artifact@v7"]
    assert "grade " not in "".join(step.get("run", "") for step in badge["steps"])


def test_the_job_that_runs_students_code_holds_no_secret(grading: dict[str, Any]) -> None:
    """Nor may it write, and what its checkout needed is gone."""
    job = grading["jobs"]["grade"]
    assert job["permissions"] == {"contents": "read"}
    assert "environment" not in job
    assert "secrets." not in yaml.safe_dump(job)
    assert "github.token" not in yaml.safe_dump(job)
    (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout")]
    assert checkout["with"]["persist-credentials"] is False
    assert "--sandbox strict" in script(job, "Grade")
    names = [step.get("name") for step in job["steps"]]
    assert names.index("Try the wall") < names.index("Grade")


def test_jobs_with_a_token_run_nothing_of_a_students(grading: dict[str, Any]) -> None:
    """They neither install nor call the grader, and the hidden suite is not checked out there."""
    assert grading["permissions"] == {}
    fetch, publish = grading["jobs"]["fetch"], grading["jobs"]["publish"]
    assert fetch["steps"][0]["with"]["sparse-checkout"].split() == ["submissions.csv", "fetch.py"]
    assert [step["uses"] for step in publish["steps"] if "uses" in step] == ["actions/download-artifact@v7"]
    for job in (fetch, publish):
        scripts = "".join(step.get("run", "") for step in job["steps"])
        assert "grade " not in scripts
        assert "pip " not in scripts


def test_students_can_not_start_the_grading(grading: dict[str, Any]) -> None:
    """It runs on a schedule and by hand: nothing that is pushed elsewhere starts or changes it."""
    triggers = {str(key): value for key, value in grading.items()}["True"]  # YAML 1.1 reads `on` as true
    assert triggers.keys() == {"schedule", "workflow_dispatch"}


# ------------------------------------------------------------------------------------- the steps, run


def script(job: dict[str, Any], name: str) -> str:
    (found,) = [step["run"] for step in job["steps"] if step.get("name") == name]
    return str(found)


def shell(text: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """As a runner does: a file given to bash, stopping at the first failure; `grade` is the one under test."""
    tools = cwd.parent / "tools"
    tools.mkdir(exist_ok=True)
    grade = tools / "grade"
    grade.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m grader.cli "$@"\n')
    grade.chmod(0o755)
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
        cwd=cwd, capture_output=True, text=True, timeout=110, check=False,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip


@pytest.fixture
def homework(tmp_path: Path) -> Homework:
    return make(tmp_path)


def test_the_students_steps_run(homework: Homework, checking: dict[str, Any], tmp_path: Path) -> None:
    """A wrong homework fails the job, and annotations, summary, JUnit and badge are there all the same."""
    homework.write(homework.right.replace("return x + x", "return x + 1"))
    job = checking["jobs"]["check"]
    done = shell(script(job, "Check hw8"), homework.folder)
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith("::error file=tiny.py,line=5,title=Doubling%3A wrong::")
    summary = tmp_path / "summary"
    shown = shell(script(job, "Summary"), homework.folder, GITHUB_STEP_SUMMARY=str(summary))
    assert shown.returncode == 0, shown.stderr
    assert "1 of 3 pass" in summary.read_text("utf-8")
    assert ElementTree.parse(homework.folder / "junit.xml").getroot().get("tests") == "3"
    badge(checking, homework.folder, tmp_path)


def badge(checking: dict[str, Any], folder: Path, tmp_path: Path) -> None:
    """The second job's step, against a server that is a folder."""
    target = tmp_path / "server" / "ada" / "hw8.git"
    ran("git", "init", "--quiet", "--bare", target)
    place = tmp_path / "publishing"
    place.mkdir()
    shutil.copy(folder / "checks.svg", place)
    text = script(checking["jobs"]["badge"], "Publish the badge")
    done = shell(text, place, TOKEN="t", REPOSITORY="ada/hw8", SERVER=f"file://{tmp_path}/server")
    assert done.returncode == 0, done.stderr
    told = ran("git", "-C", target, "show", "badges:checks.svg").stdout
    assert "1 of 3" in told


def test_a_missing_variable_is_told(checking: dict[str, Any], tmp_path: Path) -> None:
    """In a sentence that GitHub shows as an annotation, before anything is installed."""
    (tmp_path / "x").mkdir()
    done = shell(script(checking["jobs"]["check"], "Install the grader"), tmp_path / "x", GRADER_SOURCE="")
    assert done.returncode == 1
    assert done.stdout == "::error::The variable GRADER_SOURCE is not set.\n"


def test_gitlabs_step_gives_the_same(student: Path, checking: dict[str, Any]) -> None:
    """The command is GitHub's but for the annotations; what it writes is kept as artefacts."""
    job = yaml.safe_load((student / ".gitlab-ci.yml").read_text("utf-8"))["check"]
    command = script(checking["jobs"]["check"], "Check hw8").strip()
    assert job["script"][-1] == command.replace("--format github", "--format table")
    assert job["artifacts"]["reports"]["junit"] == "junit.xml"
    assert job["artifacts"]["when"] == "always"


def repository(folder: Path, files: dict[str, str]) -> None:
    """A student's repository on a server that is a folder, with a link and a hook that must not come along."""
    work = folder.parent / f"{folder.name}-work"
    ran("git", "init", "--quiet", work)
    for name, text in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    (work / "link.py").symlink_to("/etc/passwd")
    ran("git", "-C", work, "add", "--all")
    who = ("-c", "user.name=x", "-c", "user.email=x@localhost")
    ran("git", "-C", work, *who, "commit", "--quiet", "--message", "x")
    ran("git", "clone", "--quiet", "--bare", work, folder)


def test_fetching_copies_plain_files_and_goes_on(tmp_path: Path) -> None:
    """A link stays behind, a repository that is not there is told, ids that are paths are refused."""
    server = tmp_path / "server"
    (server / "course").mkdir(parents=True)
    repository(server / "course" / "hw8-ada.git", {"hw8.py": "x = 1\n", "lib/layers.py": "y = 2\n"})
    lines = "id,repository\nada,course/hw8-ada\ngrace,course/nowhere\n../../evil,course/hw8-ada\n"
    (tmp_path / "submissions.csv").write_text(lines)
    done = subprocess.run(
        [sys.executable, COURSE / "fetch.py", "submissions.csv", "out", f"file://{server}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "grace: it can't be fetched" in done.stderr
    assert "../../evil: the id or the repository's name is not one" in done.stderr
    found = [
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    ]
    assert sorted(found) == ["ada/hw8.py", "ada/lib/layers.py"]


@pytest.mark.slow
def test_the_courses_steps_run_one_after_the_other(grading: dict[str, Any], tmp_path: Path) -> None:
    """Submissions are graded behind the wall, and the results are on a branch of their own."""
    from tests.fixtures.tiny_assignment import RIGHT, WRONG_DOUBLE
    from tests.fixtures.tiny_assignment import make as make_assignment

    runner = tmp_path / "runner"
    for name, text in (("ada", RIGHT), ("grace", WRONG_DOUBLE)):
        (runner / "submissions" / name).mkdir(parents=True)
        (runner / "submissions" / name / "tiny.py").write_text(text)
    make_assignment(runner / "assignments")
    done = shell(script(grading["jobs"]["grade"], "Grade"), runner, ASSIGNMENT="tiny")
    assert done.returncode == 0, done.stderr
    target = tmp_path / "server" / "course" / "private.git"
    ran("git", "init", "--quiet", "--bare", target)
    given = {"ASSIGNMENT": "tiny", "TOKEN": "t", "REPOSITORY": "course/private"}
    text = script(grading["jobs"]["publish"], "Publish on the branch grades")
    done = shell(text, runner, SERVER=f"file://{tmp_path}/server", **given)
    assert done.returncode == 0, done.stderr
    grades = ran("git", "-C", target, "show", "grades:tiny/grades.csv").stdout
    assert "ada,graded,10" in grades
    assert "grace,graded,7" in grades
