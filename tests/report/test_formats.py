"""The formats of a result: well formed whatever a student's code said, at the student's own lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.model import Outcome, PartResult, Reading, Result, RunInfo, Status, TestResult
from grader.report.formats import FORMATS, check_format, formatted
from grader.report.formats_sheet import Places, Sheet
from tests.fixtures.tiny_assignment import WRONG_DOUBLE, make

HOSTILE = (
    "]]><script>alert(1)</script></pre>\r\n::error::forged\n::set-output name=x::y\n\n"
    "| a | b |\n# heading @everyone ![x](http://evil) `code` \x00\x1b[31m\ud800 %0A::stop"
)


def failing(**changed: object) -> TestResult:
    told: dict[str, object] = {
        "name": "test_double", "part": "basics", "title": "`double` doubles.", "score": 0.0, "max_score": 3.0,
        "outcome": Outcome.FAILED, "message": "double(x): y is wrong",
    }  # fmt: skip
    return TestResult(**{**told, **changed})  # type: ignore[arg-type]


def sheet_of(*tests: TestResult, path: Path = Path("ada.py"), file: str = "ada.py") -> Sheet:
    result = Result(
        submission="ada", assignment="tiny", status=Status.GRADED, message=None, score=1.0, max_score=10.0,
        parts=(PartResult(name="basics", score=0.0, max_score=4.0),), tests=tests,
        run=RunInfo(seed="s", device="cpu", torch="2", grader="0", sandbox="strict"),
        reading=Reading(file=file, why="the only module there"),
    )  # fmt: skip
    titles, exercises = {"basics": "Doubling, or: twice"}, {"basics": ("double", "Scale")}
    return Sheet(result=result, summary="ada: 1 of 10 points", titles=titles, exercises=exercises, path=path)


# ----------------------------------------------------------------------------------------------- github


def commands_in(text: str) -> list[str]:
    """The lines that GitHub's runner takes for commands, by the rule of its source: trimmed, they begin with `::`."""
    return [line for line in text.replace("\r", "\n").split("\n") if line.lstrip().startswith("::")]


@given(st.text(max_size=200), st.sampled_from(list(Outcome)))
def test_a_student_gives_no_workflow_command(said: str, outcome: Outcome) -> None:
    """One command for each fault and one with the summary, whatever the message, the title or the file's name."""
    sheet = sheet_of(failing(message=f"x {said}", title=said, outcome=outcome), file=said)
    text = formatted("github", sheet)
    count = 1 + (outcome is not Outcome.PASSED)
    assert len(text.splitlines()) == len(commands_in(text)) == count


def test_properties_can_not_be_added_to() -> None:
    """A comma or a colon in a title ends neither the title nor the properties."""
    text = formatted("github", sheet_of(failing(message=HOSTILE)))
    assert text.startswith("::error title=Doubling%2C or%3A twice%3A wrong::`double` doubles.%0A]]><script>")
    assert "%250A" in text, "a percent sign of the student's stays one"


# ------------------------------------------------------------------------------------------------ junit


@given(st.text(max_size=200))
def test_junit_is_xml_whatever_was_printed(said: str) -> None:
    """Also with characters that XML can't hold."""
    text = formatted("junit", sheet_of(failing(message=said, printed=said, title=said or "x")))
    root = ElementTree.fromstring(text)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("1", "1", "0")


def test_junit_tells_the_graders_trouble_apart() -> None:
    """Failures are the student's, errors the grader's; what passed has no child."""
    tests = (
        failing(outcome=Outcome.PASSED, message=None),
        failing(outcome=Outcome.TIMEOUT),
        failing(outcome=Outcome.UNCHECKED, score=None),
    )
    suite = ElementTree.fromstring(formatted("junit", sheet_of(*tests)))[0]
    assert [len(case) for case in suite] == [0, 1, 1]
    assert [case[0].tag for case in suite[1:]] == ["failure", "error"]
    assert (suite.get("name"), suite[1].get("classname")) == ("tiny.basics", "tiny.basics")


# --------------------------------------------------------------------------------------------- markdown


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)


def test_markdown_of_a_student_means_nothing() -> None:
    """No tag, no heading, no link, no mention: punctuation is written as entities, messages stand in <pre>."""
    text = formatted("markdown", sheet_of(failing(message=HOSTILE, title=HOSTILE), file=HOSTILE))
    assert Tags(text).tags == {"pre"}
    outside = [part.partition("</pre>")[2] for part in text.split("<pre>")[1:]]
    prose = text.partition("<pre>")[0] + "".join(outside)
    assert "@everyone" not in prose
    assert "](" not in prose
    assert [line for line in prose.splitlines() if line.startswith("#")] == [prose.splitlines()[0]]
    inside = text.partition("<pre>")[2].partition("</pre>")[0]
    assert "\n\n" not in inside, "an empty line would end the block"


@given(st.text(max_size=100))
def test_a_table_row_keeps_its_columns(said: str) -> None:
    sheet = sheet_of(failing())
    odd = msgspec.structs.replace(sheet.result, parts=(PartResult(name="basics", score=0.0, max_score=4.0),))
    text = formatted("markdown", Sheet(odd, said, {"basics": said}, {}, sheet.path))
    (row,) = [line for line in text.split("\n") if line.startswith("|") and "❌" in line]
    assert row.count("|") == 4


# --------------------------------------------------------------------------------------- json and badge


def test_json_is_the_result() -> None:
    sheet = sheet_of(failing())
    assert msgspec.json.decode(formatted("json", sheet).encode(), type=Result) == sheet.result
    assert json.loads(formatted("json", sheet))["schema"] == 1


def test_a_badge_is_a_picture_of_two_numbers() -> None:
    text = formatted("badge", sheet_of(failing(), failing(outcome=Outcome.PASSED, message=None)))
    root = ElementTree.fromstring(text)
    assert root.get("aria-label") == "checks: 1 of 2"


def test_an_unknown_format_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="table, github, junit, json, markdown, badge"):
        check_format("yaml")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_of_a_homework_that_can_not_be_read(name: str) -> None:
    """Nothing was run, which no reader may take for success."""
    text = formatted(name, sheet_of())
    assert 'failures="1"' in text if name == "junit" else text


# ----------------------------------------------------------------------------------------------- places


def place_of(folder: Path, file: str, message: str) -> tuple[str, int] | None:
    place = Places(sheet_of(path=folder, file=file)).of(failing(message=message))
    return None if place is None else (place.file, place.line)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").mkdir()
    return Path("work")


def test_the_line_that_raised_else_the_definition(folder: Path) -> None:
    (folder / "hw.py").write_text("x = 1\n\n\ndef double(x):\n    return x\n\n\nclass Scale:\n    pass\n")
    (folder / "layers.py").write_text("pass\n")
    assert place_of(folder, "hw.py", "double(x) raised E: no\n  hw.py, line 5: return x") == ("work/hw.py", 5)
    assert place_of(folder, "hw.py", "double(x) raised E\n  layers.py, line 1: pass") == ("work/layers.py", 1)
    assert place_of(folder, "hw.py", "double(x): y is wrong") == ("work/hw.py", 4)
    assert Places(sheet_of(path=folder, file="hw.py")).of(failing(title="`Scale(3)`")).line == 8  # type: ignore[union-attr]


@pytest.mark.parametrize("forged", ["../secret.py", "/etc/passwd", "nowhere.py", "cell 9", "cell 1"])
def test_a_place_outside_of_the_students_files_is_not_believed(folder: Path, forged: str) -> None:
    """An exception's text may name any file; the definition is told instead."""
    (folder / "hw.py").write_text("def double(x): ...\n")
    Path("secret.py").write_text("pass\n")
    assert place_of(folder, "hw.py", f"raised E\n  {forged}, line 1: x") == ("work/hw.py", 1)


def test_a_notebooks_lines_are_those_of_its_file(folder: Path) -> None:
    """Annotations point into the JSON: at the very line of the source, outputs and markdown passed over."""
    cells = [
        nbformat.v4.new_markdown_cell("# A title\ndef double(x):"),  # type: ignore[no-untyped-call]
        nbformat.v4.new_code_cell("import math\n%matplotlib inline"),  # type: ignore[no-untyped-call]
        nbformat.v4.new_code_cell('"""Ünïcode."""\ndef double(x):\n    return "twice" + x\n'),  # type: ignore[no-untyped-call]
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "hw.ipynb")  # type: ignore[no-untyped-call]
    rows = (folder / "hw.ipynb").read_text("utf-8").splitlines()
    raised = place_of(folder, "hw.ipynb", 'double raised E\n  cell 2, line 3: return "twice" + x')
    assert raised is not None
    assert 'return \\"twice\\" + x' in rows[raised[1] - 1]
    wrong = place_of(folder, "hw.ipynb", "double: y is wrong")
    assert wrong is not None
    assert rows[wrong[1] - 1].strip() == '"def double(x):\\n",'
    assert wrong[1] > 10, "the markdown's line is not the code's"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', '{"cells": [1, {"source": [2]}]}', "\ud800"])
def test_a_damaged_notebook_has_a_first_line(folder: Path, text: str) -> None:
    (folder / "hw.ipynb").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert place_of(folder, "hw.ipynb", "raised\n  cell 1, line 1: x") == ("work/hw.ipynb", 1)


def test_what_was_in_a_zip_has_no_place(folder: Path) -> None:
    assert place_of(folder, "inside.py", "wrong") is None


# ---------------------------------------------------------------------------------------------- command


def test_grade_run_gives_them_too(tmp_path: Path) -> None:
    """`grade run --format junit --output FILE`, and annotations at the lines of the submission."""
    assignment = make(tmp_path)
    (tmp_path / "ada.py").write_text(WRONG_DOUBLE)
    done = subprocess.run(
        [
            sys.executable, "-m", "grader.cli", "run", "ada.py", "-a", str(assignment.folder), "--sandbox", "process",
            "--format", "github", "--format", "junit=j.xml", "--format", "table=t.txt", "--json", "r.json",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "::error file=ada.py,line=5,title=Doubling%3A wrong::" in done.stdout
    assert "::notice title=tiny::ada: 7 of 10 points" in done.stdout
    assert ElementTree.parse(tmp_path / "j.xml").getroot().get("tests") == "4"
    assert "ada: 7 of 10 points" in (tmp_path / "t.txt").read_text("utf-8")
    assert msgspec.json.decode((tmp_path / "r.json").read_bytes(), type=Result).score == 7.0
