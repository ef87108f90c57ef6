"""What is generated from a master, and the folder that students get."""

from __future__ import annotations

import ast
import io
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from grader.errors import UsageError
from grader.release import build, release
from grader.release.handout import generated, handout
from grader.release.master import telling_lines

ROOT = Path(__file__).parents[2]
HW8 = ROOT / "assignments" / "hw8"
SOLUTION = ROOT / "solutions" / "hw8"
TEMPLATE = ROOT / "student_template"

TOML = """\
name = "hw1"
title = "Squares"

[[parts]]
name = "squares"
points = 1
exercises = ["square"]
"""

MASTER = """\
# %% [markdown]
# # Squares

# %%
def square(x):
    # BEGIN SOLUTION: x²
    the_square_of_x = x * x
    return the_square_of_x
    # END SOLUTION
"""


class Course:
    """A small course on disk: an assignment, its solution, a template and a place for the handout."""

    def __init__(self, folder: Path) -> None:
        self.assignment = folder / "assignments" / "hw1"
        self.solution = folder / "solutions" / "hw1"
        self.template = folder / "template"
        self.out = folder / "out"
        self.write(self.assignment / "assignment.toml", TOML)
        self.write(self.assignment / "hidden" / "test_square.py", "assert square(3) == 9  # hidden\n")
        self.write(self.assignment / "public" / "test_square.py", "assert square(2) == 4\n")
        self.write(self.assignment / "data" / "numbers.txt", "1 2 3\n")
        self.write(self.solution / "hw1.py", MASTER)
        self.write(self.template / "README.md", "# @NAME@: @TITLE@\n--part @PART@, @EXERCISE@\n")
        self.write(self.template / ".github" / "check.yml", "run: grade check ${{ x }}\n")

    def write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def release(self) -> list[str]:
        return [str(path) for path in release(self.assignment, self.solution, self.template, self.out)]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_build_writes_stub_and_notebooks_and_says_which(course: Course) -> None:
    changed = build(course.assignment, course.solution)
    assert [path.name for path in changed] == ["hw1.py", "hw1.ipynb", "hw1.ipynb"]
    assert 'raise NotImplementedError("square: x²")' in (course.assignment / "hw1.py").read_text("utf-8")
    assert "the_square_of_x" in (course.solution / "hw1.ipynb").read_text("utf-8")


def test_building_again_changes_nothing(course: Course) -> None:
    build(course.assignment, course.solution)
    assert build(course.assignment, course.solution) == []


def test_a_missing_master_is_named(course: Course) -> None:
    (course.solution / "hw1.py").unlink()
    with pytest.raises(UsageError, match=r"solutions.hw1.hw1\.py does not exist"):
        course.release()


def test_a_handout_is_stubs_data_public_and_template_and_nothing_else(course: Course) -> None:
    written = course.release()
    expected = [
        ".github/check.yml",
        "README.md",
        "assignment.toml",
        "data/numbers.txt",
        "hw1.ipynb",
        "hw1.py",
        "public/test_square.py",
    ]
    assert written == expected
    assert list(contents(course.out)) == expected


def test_the_template_gets_the_assignments_words(course: Course) -> None:
    """Its name, its title, and its first part and exercise as an example: nothing of another assignment."""
    course.release()
    assert (course.out / "README.md").read_text() == "# hw1: Squares\n--part squares, square\n"
    assert (course.out / ".github" / "check.yml").read_text() == "run: grade check ${{ x }}\n"


def test_a_handout_built_twice_is_the_same_byte_by_byte(course: Course) -> None:
    course.release()
    before = contents(course.out)
    course.release()
    assert contents(course.out) == before


def test_a_line_of_the_solution_in_a_public_file_is_refused(course: Course) -> None:
    course.write(course.assignment / "public" / "hints.md", "Try\n\n    the_square_of_x = x * x\n")
    with pytest.raises(UsageError, match=r"public.hints\.md would hand out a line of the solution"):
        course.release()
    assert not course.out.exists()


def test_a_line_of_the_solution_in_a_public_notebook_is_refused(course: Course) -> None:
    build(course.assignment, course.solution)
    leak = (course.solution / "hw1.ipynb").read_text("utf-8")
    course.write(course.assignment / "public" / "tour.ipynb", leak)
    with pytest.raises(UsageError, match=r"public.tour\.ipynb would hand out"):
        course.release()


def test_a_folder_with_other_files_is_refused_and_left_alone(course: Course) -> None:
    course.write(course.out / "old_solution.py", "x = 1\n")
    with pytest.raises(UsageError, match=r"holds old_solution\.py, which is not part of the handout"):
        course.release()
    assert list(contents(course.out)) == ["old_solution.py"]


def test_links_and_what_tools_leave_behind_are_not_handed_out(course: Course) -> None:
    course.write(course.assignment / "public" / "__pycache__" / "test_square.pyc", "x")
    course.write(course.assignment / "public" / ".mypy_cache" / "3.11" / "test_square.data.json", "{}")
    (course.assignment / "data" / "link.txt").symlink_to(course.assignment / "hidden" / "test_square.py")
    assert [path for path in course.release() if "cache" in path or "link" in path] == []


def test_a_template_that_would_be_overwritten_is_refused(course: Course) -> None:
    course.write(course.template / "hw1.py", "x = 1\n")
    with pytest.raises(UsageError, match=r"hw1\.py is in the template and in the assignment"):
        course.release()


def test_a_missing_folder_is_named(course: Course) -> None:
    (course.template / "README.md").unlink()
    (course.template / ".github" / "check.yml").unlink()
    (course.template / ".github").rmdir()
    course.template.rmdir()
    with pytest.raises(UsageError, match=r"template is not a folder"):
        course.release()


# ------------------------------------------------------------------------------------------------ hw8


@pytest.fixture(scope="module")
def hw8() -> dict[str, bytes]:
    return {str(path): content for path, content in handout(HW8, SOLUTION, TEMPLATE).items()}


def test_what_is_generated_for_hw8_is_up_to_date() -> None:
    stale = [path for path, content in generated(HW8, SOLUTION).items() if path.read_bytes() != content]
    assert stale == [], "run `grade release hw8` and commit what it writes"


def test_the_handout_of_hw8_holds_no_line_of_the_solution(hw8: dict[str, bytes]) -> None:
    secret = telling_lines((SOLUTION / "hw8.py").read_text("utf-8"), "hw8.py")
    assert len(secret) > 40
    texts = {path: content.decode("utf-8", "replace") for path, content in hw8.items()}
    assert [(path, line) for path, text in texts.items() for line in secret if line in text] == []


def test_the_handout_of_hw8_holds_no_hidden_file(hw8: dict[str, bytes]) -> None:
    hidden = [path for path in (HW8 / "hidden").rglob("*") if path.is_file() and path.stat().st_size > 0]
    assert hidden
    assert [path.name for path in hidden if path.read_bytes() in hw8.values()] == []
    assert [path for path in hw8 if "hidden" in path or "solution" in path] == []


def test_the_public_suite_of_hw8_is_handed_out_whole(hw8: dict[str, bytes]) -> None:
    """Checks, probes and what they are about; and none of it is a copy of hidden code or tells a hidden answer."""
    public = {path.removeprefix("public/"): text for path, text in hw8.items() if path.startswith("public/")}
    parts = tomllib.loads(hw8["assignment.toml"].decode())["parts"]
    assert {f"test_{part['name']}.py" for part in parts} | {"probes.py"} <= public.keys()
    words = ("oracles", "misconception", "hidden", "questions(", "secret")
    assert [(path, word) for path, text in public.items() for word in words if word in text.decode()] == []


def test_the_public_suite_of_hw8_shares_no_function_with_the_hidden_one(hw8: dict[str, bytes]) -> None:
    """Function by function, doc strings and names left out: a probe with an answer could hide in a copy."""
    hidden = {body for file in (HW8 / "hidden").glob("*.py") for body in bodies(file.read_text("utf-8"))}
    public = [
        (path, body)
        for path, text in hw8.items()
        if path.startswith("public/")
        for body in bodies(text.decode())
    ]
    assert len(hidden) > 100
    assert len(public) > 50
    assert [(path, body) for path, body in public if body in hidden] == []


@pytest.mark.parametrize("assignment", ["hw7", "hw8"])
def test_a_handout_holds_no_line_of_an_oracle(assignment: str) -> None:
    """Nor of a misconception, nor of how the questions are drawn: line by line, imports and short ones left out."""
    folder = ROOT / "assignments" / assignment
    files = handout(folder, ROOT / "solutions" / assignment, TEMPLATE)
    shown = {line.strip() for text in files.values() for line in text.decode("utf-8", "replace").splitlines()}
    own = ("test_", "probes", "stand_ins")  # the public suite has its own, which call the same names
    hidden = [file for file in (folder / "hidden").glob("*.py") if not file.name.startswith(own)]
    lines = {line.strip() for file in hidden for line in file.read_text("utf-8").splitlines()}
    secret = {
        line
        for line in lines
        if len(line) >= 24 and not line.startswith(("import ", "from ", "def __", "# ----"))
    }
    assert len(secret) > 30
    assert secret & shown == set()


def bodies(source: str) -> list[str]:
    """The bodies of a module's functions, those of a line or two left out."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    texts = ["\n".join(map(ast.unparse, node.body[bool(ast.get_docstring(node)) :])) for node in functions]
    return [text for text in texts if len(text) > 120]


def test_the_handout_of_hw8_is_the_same_when_built_twice(hw8: dict[str, bytes]) -> None:
    again = handout(HW8, SOLUTION, TEMPLATE)
    assert {str(path): content for path, content in again.items()} == hw8


def test_a_third_of_the_digits_stays_with_the_staff(hw8: dict[str, bytes]) -> None:
    """The training split is handed out; the others, and their labels, are not."""
    with (
        np.load(io.BytesIO(hw8["data/digits_train.npz"])) as shown,
        np.load(HW8 / "hidden" / "digits.npz") as kept,
    ):
        assert {name: len(array) for name, array in shown.items()} == {"images": 1200, "labels": 1200}
        images = {image.tobytes() for image in shown["images"].astype(np.uint8)}
        arrays = [array for array in kept.values() if array.ndim >= 3]
        assert arrays
        held = {image.tobytes() for array in arrays for image in array.astype(np.uint8)}
    assert len(held - images) > 500


def test_the_handout_of_hw8_leaves_no_placeholder(hw8: dict[str, bytes]) -> None:
    assert [path for path, content in hw8.items() if re.search(rb"@[A-Z]+@", content)] == []


def test_every_exercise_of_hw8_is_a_hole_in_the_stub() -> None:
    spec = tomllib.loads((HW8 / "assignment.toml").read_text("utf-8"))
    stub = generated(HW8, SOLUTION)[HW8 / "hw8.py"].decode()
    definitions = {
        node.name: node for node in ast.parse(stub).body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    exercises = [name for part in spec["parts"] for name in part["exercises"]]
    assert [name for name in exercises if f'NotImplementedError("{name}' not in stub] == []
    assert [name for name in exercises if name not in definitions] == []


def test_an_assignment_may_have_no_data_and_no_public_checks(course: Course) -> None:
    """Then the handout is stubs and template alone."""
    shutil.rmtree(course.assignment / "public")
    shutil.rmtree(course.assignment / "data")
    assert not [path for path in course.release() if str(path).startswith(("public", "data"))]
