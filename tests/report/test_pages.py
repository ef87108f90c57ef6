"""The pages without a browser: what they say, that only what changed is made, that nothing half-made is left."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from grader.batch.command import show_pages
from grader.cli import app
from grader.errors import GraderError, UsageError
from grader.gradebook import Attempt, Gradebook, open_gradebook
from grader.intake.records import Found
from grader.model import Exhibit, Outcome, Result
from grader.report.pages import make_pages
from grader.report.pages.charts import figures_of
from grader.report.pages.handed import read_handed
from grader.report.pages.markdown import coloured, rendered, ticked
from grader.report.pages.statistics import correlation
from grader.score.rules import Override
from tests.report.books import ENVIRONMENT, handed_in, make_book, real_book, real_results, suite_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of six real submissions."""
    folder = tmp_path_factory.mktemp("class")
    out = real_book(folder / "out", folder / "in")
    assert make_pages(out, 1).troubles == ()
    return out


def text_of(page: Path) -> str:
    """The words on a page, without tags."""
    body = re.sub(r"<(style|script)\b.*?</\1>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&#39;", "'")


# ------------------------------------------------------------------------------------ a student's page


def test_says_score_parts_and_tests_in_words(made: Path) -> None:
    """Points in all and by part, and the sentence of each test rather than the name of its function."""
    said = text_of(made / "feedback/blaise/index.html")
    assert "84.5 of 100 points" in said
    assert "The fully-connected layer 7 / 16 5 of 13 passed" in said
    assert "A batch of 5 inputs with 7 features gives 4 outputs each" in said
    assert "test_batch" not in said


def test_says_what_was_wrong_by_how_much_and_why(made: Path) -> None:
    """The message with the difference, the hint once, and where in the code."""
    said = text_of(made / "feedback/blaise/index.html")
    assert "the greatest difference is 1.66 at index (2, 1), where 3.1e-05 is allowed" in said
    assert said.count("Hint: The bias is not added.") == 1
    assert "as in the test above" in said
    assert "Linear, line 18" in said


def test_begins_with_the_first_loss_in_the_order_of_the_course(made: Path) -> None:
    """What next: the first test that lost points, with its hint and how many more have the same cause."""
    said = text_of(made / "feedback/blaise/index.html")
    (step,) = re.findall(r"What next (?:✕ )?wrong .*? Points by part", said)
    assert "A batch of 5 inputs" in step
    assert "The bias is not added" in step
    assert "7 other tests of 13 that lost points have the same cause" in step


def test_shows_what_was_recorded_as_figures(made: Path) -> None:
    """Every kind of exhibit that hw8 records is drawn."""
    said = text_of(made / "feedback/blaise/index.html")
    for title in (
        "Loss curve", "The line on its data", "Weights versus MSE", "Accuracy on unseen digits",
        "Accuracy by digit", "Confusion matrix, digit by digit", "What your network got wrong",
    ):  # fmt: skip
        assert title in said


def test_links_lead_somewhere(made: Path) -> None:
    """Every link of every page leads to a file and a place that are there."""
    for page in sorted(made.rglob("*.html")):
        for address in re.findall(r'href="([^"]*)"', page.read_text(encoding="utf-8")):
            if address.startswith("data:"):
                continue
            file, _, anchor = address.partition("#")
            target = page.parent / file if file else page
            assert target.is_file(), (page, address)
            assert not anchor or f'id="{anchor}"' in target.read_text(encoding="utf-8"), (page, address)


def test_cells_carry_the_tests_that_lead_to_them(made: Path) -> None:
    """Beside the code: how each cell was used, and the tests that were lost because of it."""
    notebook = text_of(made / "feedback/carl/handed-in.html")
    assert "Cell 5 used defines Linear" in notebook
    module = (made / "feedback/blaise/handed-in.html").read_text(encoding="utf-8")
    mark = module.index("Tests that lead here")
    assert mark < module.index('id="line-18"', mark)
    assert "index.html#test-" in module[mark : mark + 600]


def test_unreadable_submission_gets_a_page(made: Path) -> None:
    """Why nothing could be run is said first; there are no tests to show."""
    said = text_of(made / "feedback/karl/index.html")
    assert "breaks off in the middle" in said
    assert "Hand in a file that can be run" in said


def test_the_seed_is_not_told_to_students(made: Path) -> None:
    """The questions' seed is on the class page alone."""
    assert "5eed" in text_of(made / "index.html")
    assert not any("5eed" in text_of(page) for page in made.glob("feedback/*/*.html"))


def test_changes_to_the_points_are_shown(tmp_path: Path) -> None:
    """A change by hand makes the page anew, and stands there with its author, its reason and both scores."""
    out = real_book(tmp_path / "out", tmp_path / "in")
    make_pages(out, 1)
    with open_gradebook(out, "hw8") as book:
        (attempt,) = [number for number, name in book.current() if name == "blaise"]
        change = Override(
            id=0, submission="blaise", part="mse", test=None, kind="add", points=3.0, why="a good idea",
            author="tina", made_at="2026-01-02T03:04:05+00:00", attempt=attempt, old=5.5,
        )  # fmt: skip
        book.add_override(change)
    assert make_pages(out, 1).renewed == 1
    said = text_of(out / "feedback/blaise/index.html")
    assert "Mean squared error: changed by tina, 5.5 → 8.5. a good idea" in said
    assert "87.5 of 100 points" in said
    assert "graded, changed" in text_of(out / "index.html")


# ----------------------------------------------------------------------------------------- only changes


def test_only_what_changed_is_made_again(tmp_path: Path) -> None:
    """Nothing the second time; after a regrade of one submission its page and the class page."""
    folder, out = tmp_path / "in", tmp_path / "out"
    found = handed_in(folder, ("henri", "karl"))
    results = {one.submission: one for one in real_results()}
    book = [(found[name], results[name]) for name in ("henri", "karl")]
    make_book(out, folder, book)
    assert make_pages(out, 1).renewed == 2
    assert make_pages(out, 1).renewed == 0
    before = (out / "index.html").read_bytes()
    with open_gradebook(out, "hw8") as gradebook:
        regrade(gradebook, better(results["henri"]))
    assert make_pages(out, 1).renewed == 1
    assert (out / "index.html").read_bytes() != before
    assert make_pages(out, 1, force=True).renewed == 2


def regrade(book: Gradebook, result: Result) -> None:
    """Another attempt at what was handed in before."""
    latest, suite = book.latest(result.submission), book.suite("suite")
    assert latest is not None
    assert suite is not None
    run, where = book.begin(Path("in"), "5eed", 1), book.keep_environment(ENVIRONMENT)
    book.record(run, suite, where, Attempt(result=result, content=latest.content, digest="d", seconds=1.0))


def better(result: Result) -> Result:
    """The same with one test passed that was not."""
    at = next(at for at, one in enumerate(result.tests) if one.outcome is not Outcome.PASSED)
    test = result.tests[at]
    passed = msgspec.structs.replace(test, outcome=Outcome.PASSED, score=test.max_score, message=None)
    tests = (*result.tests[:at], passed, *result.tests[at + 1 :])
    return msgspec.structs.replace(result, tests=tests, score=(result.score or 0) + test.max_score)


def test_a_page_that_was_removed_is_made_again(tmp_path: Path) -> None:
    """Nothing but the gradebook is needed: what is gone comes back."""
    out = real_book(tmp_path / "out", tmp_path / "in")
    make_pages(out, 1)
    (out / "feedback/karl/index.html").unlink()
    (out / "index.html").unlink()
    assert make_pages(out, 1).renewed == 1
    assert (out / "index.html").is_file()


def test_pages_of_withdrawn_submissions_go(tmp_path: Path) -> None:
    """A submission that lies there no more has no page either."""
    out = real_book(tmp_path / "out", tmp_path / "in")
    make_pages(out, 1)
    with open_gradebook(out, "hw8") as book:
        book.see(tmp_path / "in", [])
    assert make_pages(out, 1).pages == 0
    assert not (out / "feedback/blaise").exists()


def test_a_file_that_changed_since_is_not_shown(tmp_path: Path) -> None:
    """Marks beside another file than the one graded would mislead."""
    out = real_book(tmp_path / "out", tmp_path / "in")
    make_pages(out, 1)
    assert (out / "feedback/blaise/handed-in.html").is_file()
    (tmp_path / "in/blaise.py").write_text("x = 1\n")
    make_pages(out, 1)
    assert not (out / "feedback/blaise/handed-in.html").exists()
    assert "so it is not shown" in text_of(out / "feedback/blaise/index.html")


def test_other_processes_make_the_same_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes at work give what one gives, byte for byte."""
    monkeypatch.setattr("grader.report.pages.make.FEW", 1)
    out = real_book(tmp_path / "out", tmp_path / "in")
    make_pages(out, 2)
    parallel = {page: page.read_bytes() for page in out.rglob("*.html")}
    assert make_pages(out, 1, force=True).renewed == 6
    assert parallel == {page: page.read_bytes() for page in out.rglob("*.html")}


def test_one_page_that_fails_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and tried again the next time."""
    out = real_book(tmp_path / "out", tmp_path / "in")

    def fails(found: Found, file: str) -> None:
        if found.id == "carl":
            raise RecursionError("too deep")

    with monkeypatch.context() as patched:
        patched.setattr("grader.report.pages.make.read_handed", fails)
        made = make_pages(out, 1)
    assert made.troubles == ("the page of carl could not be made: RecursionError: too deep",)
    assert made.renewed == 5
    assert not list(out.rglob("*.unfinished"))
    assert make_pages(out, 1).renewed == 1


def test_grades_stand_where_pages_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`grade batch` tells that the pages could not be made and how to try again, and goes on."""

    def fails(out: Path, jobs: int) -> None:
        raise RuntimeError("no room.")

    monkeypatch.setattr("grader.report.pages.make_pages", fails)
    said: list[str] = []
    show_pages(tmp_path, 1, said.append)
    assert said == [f"The pages could not be made: no room. `grade report {tmp_path}` tries again."]


def test_the_command_says_what_it_made(tmp_path: Path) -> None:
    """How many pages, how many of them now, and where to begin."""
    out = real_book(tmp_path / "out", tmp_path / "in")
    done = CliRunner().invoke(app, ["report", str(out), "--jobs", "1"])
    assert done.exit_code == 0
    assert done.output == f"6 feedback pages, 6 of them made now. Open {out}/index.html\n"


def test_without_a_gradebook_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no gradebook\.sqlite"):
        make_pages(tmp_path, 1)


# ------------------------------------------------------------------------------------------ class page


def test_class_page_tells_who_needs_a_look(made: Path) -> None:
    """Unreadable, forbidden and crashed ones, by reason."""
    said = text_of(made / "index.html")
    assert "Nothing could be run 1 karl" in said
    assert "Calls that are not allowed 2 henri The fully-connected layer (13 tests)" in said
    assert "Crashed 1 lucky" in said


def test_class_page_counts_mistakes(made: Path) -> None:
    """How many were told the same, out of those that could be run."""
    assert "1 of 5 This is the sum of the squared errors, not their mean." in text_of(made / "index.html")


def test_class_table_holds_everybody(made: Path) -> None:
    """The script's data have a row for each submission, with a link that leads to its page."""
    page = (made / "index.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    rows = json.loads(data)["rows"]
    assert [row[0] for row in rows] == ["blaise", "carl", "henri", "karl", "lucky", "maryam"]
    assert all((made / row[2]).is_file() for row in rows)


def test_discrimination_is_the_correlation_with_the_rest() -> None:
    """1 for what goes along, -1 for what goes against, none where nothing varies or there are few."""
    line = [float(at) for at in range(12)]
    assert correlation(line, line) == pytest.approx(1)
    assert correlation(line, line[::-1]) == pytest.approx(-1)
    assert correlation([1.0] * 12, line) is None
    assert correlation(line[:9], line[:9]) is None


# ------------------------------------------------------------------------------------- hostile material


@pytest.mark.parametrize("kind", ["loss_curve", "line", "surface", "accuracy", "confusion", "class_accuracy"])
def test_figures_bear_numbers_that_are_none(kind: str) -> None:
    """Missing, huge and equal numbers are drawn or left out, and never raise."""
    for number in (None, 1e308, -1e308, 0.0, 5.0):
        data = {
            "losses": [number, 1.0, number], "reference": [1.0, 1.0], "what": "w", "x": [number, 1.0],
            "y": [1.0, number], "m": number, "b": number, "values": [[number, 1.0], [2.0, number]],
            "slopes": [0.0, 1.0], "intercepts": [0.0, 1.0], "of": "<x>", "none": 0.5, "full": 0.9,
            "accuracy": number if kind == "accuracy" else [0.5, 1.0], "counts": [[0, 0], [0, 3]],
        }  # fmt: skip
        if kind == "line":
            data["reference"] = [1.0, 2.0]
        for figure in figures_of([Exhibit(kind=kind, data=data)]):
            assert "nan" not in figure.body
            assert "<x>" not in figure.body


@pytest.mark.parametrize("data", [{}, {"losses": "x"}, {"losses": [[1]]}, {"values": [[1], [1, 2]]}])
def test_exhibits_of_another_form_are_left_out(data: dict[str, object]) -> None:
    """An assignment may record what it likes; what can't be drawn is no trouble."""
    kinds = ("loss_curve", "line", "surface", "accuracy", "class_accuracy", "confusion", "mistaken_images")
    assert figures_of([Exhibit(kind=kind, data=data) for kind in (*kinds, "another")]) == []


@pytest.mark.parametrize(
    ("prose", "never"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("[x](javascript:alert(1))", "href"),
        ("![x](http://example.org/x.png)", "<img"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("# <svg onload=alert(1)>", "<svg"),
        ("<style>*{}</style>", "<style"),
    ],
)
def test_prose_is_tame(prose: str, never: str) -> None:
    """Markdown keeps its words and loses whatever acts or loads."""
    assert never not in rendered(prose)


def test_prose_headings_stand_below_ours() -> None:
    """A student's heading is not taken for one of the page's."""
    assert rendered("# A\n\n## B") == "<h4>A</h4>\n<h5>B</h5>\n"


def test_code_is_escaped_line_by_line() -> None:
    """Each line stands alone, its spans closed, whatever is in it."""
    lines = coloured('x = """<b>\n</b>"""\n')
    assert len(lines) == 2
    assert all("<b>" not in line and line.count("<span") == line.count("</span>") for line in lines)


def test_long_code_is_shown_plain() -> None:
    """Colouring takes time; code without end is shown all the same, escaped."""
    assert coloured("<" * 100_000) == ["&lt;" * 100_000]


def test_words_between_backticks_are_code() -> None:
    """A lonely backtick is only a backtick."""
    assert ticked("`a<b` is") == "<code>a&lt;b</code> is"
    assert ticked("a ` b") == "a ` b"


def notebook_with(output: Mapping[str, object], folder: Path) -> Found:
    """A notebook whose one cell has this output."""
    cell = {"cell_type": "code", "source": "x = 1", "outputs": [output], "metadata": {}}
    file = folder / "ada.ipynb"
    file.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return Found(id="ada", student="ada", path=file, layout="plain")


def test_outputs_are_pictures_or_text(tmp_path: Path) -> None:
    """HTML and SVG outputs are shown by their text; pictures only where they are what they claim to be."""
    html = {
        "output_type": "display_data",
        "data": {
            "text/html": "<script>1</script>",
            "image/svg+xml": "<svg/>",
            "image/png": base64.b64encode(b"<svg onload=alert(1)>").decode(),
            "text/plain": ["a ", "frame"],
        },
    }
    shown = read_handed(notebook_with(html, tmp_path), "ada.ipynb")
    assert shown is not None
    (output,) = shown.cells[0].outputs
    assert (output.text, output.picture) == ("a frame", "")
    png = base64.b64encode(b"\x89PNG\r\n\x1a\nrest").decode()
    shown = read_handed(
        notebook_with({"output_type": "display_data", "data": {"image/png": png}}, tmp_path), "ada.ipynb"
    )
    assert shown is not None
    assert shown.cells[0].outputs[0].picture == f"data:image/png;base64,{png}"


def test_endless_outputs_are_cut(tmp_path: Path) -> None:
    """A page stays a page however much a cell printed."""
    printed = {"output_type": "stream", "text": "x" * 10_000_000}
    shown = read_handed(notebook_with(printed, tmp_path), "ada.ipynb")
    assert shown is not None
    assert len(shown.cells[0].outputs[0].text) < 5_000


def test_a_notebook_without_end_is_cut(tmp_path: Path) -> None:
    """However many cells print however much: the page says that not all of it is shown."""
    cell = {
        "cell_type": "code",
        "source": "x = 1",
        "outputs": [{"output_type": "stream", "text": "y" * 3000}] * 9,
    }
    file = tmp_path / "long.ipynb"
    file.write_text(json.dumps({"cells": [cell] * 500, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    shown = read_handed(Found(id="long", student="long", path=file, layout="plain"), "long.ipynb")
    assert shown is not None
    assert shown.cut == "Not all of it is shown: too many cells and outputs."
    assert sum(len(output.text) for one in shown.cells for output in one.outputs) == 300_000


def test_a_page_is_whole_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full in the middle of a page leaves the old one and nothing half-written."""
    out = real_book(tmp_path / "out", tmp_path / "in")
    make_pages(out, 1)
    before = {page: page.read_bytes() for page in out.rglob("*.html")}

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(GraderError, match="No space left on device"):
            make_pages(out, 1, force=True)
    assert before == {page: page.read_bytes() for page in out.rglob("*.html")}
    assert not list(out.rglob("*.unfinished"))


def test_notebooks_of_old_form_show_their_code(tmp_path: Path) -> None:
    """Version 3 keeps cells in worksheets: the code is shown, its outputs are not."""
    cell = {"cell_type": "code", "input": "x = 1", "outputs": [], "language": "python"}
    file = tmp_path / "old.ipynb"
    file.write_text(json.dumps({"worksheets": [{"cells": [cell]}], "nbformat": 3, "nbformat_minor": 0}))
    shown = read_handed(Found(id="old", student="old", path=file, layout="plain"), "old.ipynb")
    assert shown is not None
    assert [cell.code for cell in shown.cells] == ["x = 1"]


def test_policy_allows_exactly_what_is_on_the_page(made: Path) -> None:
    """The policy names the page's own style sheet and script by their hashes, and no other source."""
    for page in sorted(made.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
        policy = policy.replace("&#39;", "'")
        for tag, directive in (("style", "style-src"), ("script", "script-src")):
            for content in re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL):
                digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
                assert f"{directive} 'sha256-{digest}'" in policy
        assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:;")
        assert ("script-src" in policy) == (page == made / "index.html")
        assert "unsafe" not in policy
        assert "style=" not in re.sub(r"<(style|script)\b.*?</\1>", "", text, flags=re.DOTALL)


def test_suite_of_a_result_names_its_parts() -> None:
    """What the tests of this file rely on."""
    assert suite_of(real_results()[0]).parts[0].title == "NumPy and PyTorch"
