"""`check("...")` in a cell: the kernel's own definitions, the same verdicts, and nothing of the kernel disturbed."""

from __future__ import annotations

import random
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grader.check import check, notebook
from grader.check.live import LiveWorker
from grader.check.notebook import as_html, as_text, check_live
from grader.model import Outcome
from grader.sandbox.limits import Limits
from tests.check.homework import Homework
from tests.check.table import names_of

ROOT = Path(__file__).parents[2]
HW8 = ROOT / "assignments" / "hw8"
SOLUTIONS = ROOT / "solutions" / "hw8"


def defined(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(source, names)
    return names


def test_it_checks_what_is_defined_now(homework: Homework) -> None:
    """A cell run again is checked as it is now, without saving anything."""
    names = defined(homework.right)
    assert as_text(check_live(names, homework.folder, "double"), "double") == (
        "double: all examples are right (1 of 1); the grading goes further."
    )
    names["double"] = lambda x: x
    assert "double: not right yet. 0 of 1" in as_text(check_live(names, homework.folder, "double"), "double")


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)


def test_what_the_code_says_is_escaped(homework: Homework) -> None:
    """An exception's text can't become a part of the page."""
    hostile = "raise ValueError('<script>alert(1)</script></pre><img src=x onerror=y>')"
    names = defined(homework.right.replace("return x + x", hostile))
    page = as_html(check_live(names, homework.folder, "basics"), "<b>name</b>")
    assert Tags(page).tags == {"p", "b", "table", "tr", "td", "pre"}
    assert "&lt;script&gt;" in page
    assert "<b>name</b>" not in page


def test_the_kernel_is_left_as_it_was(homework: Homework) -> None:
    """Random numbers, threads, operators and names: what comes after a check does not depend on it."""
    names = defined(homework.right)
    torch.manual_seed(5)
    np.random.seed(5)
    random.seed(5)
    before = torch.rand(1).item(), np.random.rand(), random.random(), torch.get_num_threads()
    torch.manual_seed(5)
    np.random.seed(5)
    random.seed(5)
    own = names["double"]
    check_live(names, homework.folder, None)
    assert (torch.rand(1).item(), np.random.rand(), random.random(), torch.get_num_threads()) == before
    assert names["double"] is own
    assert torch.mul(torch.ones(2), 3).tolist() == [3, 3], "what a part does not allow is allowed again"


def test_a_call_that_is_not_allowed_is_seen(homework: Homework) -> None:
    names = defined(homework.right.replace("return x + x", "return torch.mul(x, 2)"))
    (result,) = check_live(names, homework.folder, "double").tests
    assert result.outcome is Outcome.FORBIDDEN
    assert "`torch.mul` is not allowed in this part; use a sum." in (result.message or "")


def test_an_interrupt_reaches_the_student(homework: Homework) -> None:
    """Interrupting the kernel ends the check: it is not a wrong answer."""
    names = defined(homework.right.replace("return x + x", "raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        check_live(names, homework.folder, "double")


def test_without_a_notebook_it_prints(
    homework: Homework, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a plain program the same is told as text; what can't be done is a sentence, not a traceback."""
    monkeypatch.chdir(homework.folder)
    monkeypatch.setattr(notebook, "live_names", lambda: defined(homework.right))
    monkeypatch.setattr(notebook, "ipython", lambda: None)
    check("Scale")
    assert capsys.readouterr().out.startswith("Scale: all examples are right")
    check("nonsense")
    assert "no part and no exercise called 'nonsense'" in capsys.readouterr().out


def test_it_may_stand_where_the_notebooks_own_check_stands(
    homework: Homework, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`@check("double")` above a cell's own examples runs them too."""
    monkeypatch.chdir(homework.folder)
    monkeypatch.setattr(notebook, "live_names", lambda: defined(homework.right))
    ran: list[int] = []

    @check("double")
    def examples() -> None:
        ran.append(1)

    assert ran == [1]


def test_a_live_worker_has_nothing_to_end() -> None:
    worker = LiveWorker({}, defined_module(), Limits())
    worker.finish_fork()
    worker.close()
    assert not worker.open


def defined_module() -> Any:
    import types

    return types.ModuleType("probes")


def cells(source: str) -> dict[str, str]:
    """The check cells of hw8's master, by exercise: a cell has one or several."""
    found: dict[str, str] = {}
    for cell in source.split("\n# %%"):
        for block in cell.split('\n@check("')[1:]:
            name, _, body = block.partition('")\n')
            found[name] = f'@check("{name}")\n{body}'
    return found


@pytest.mark.parametrize(
    ("file", "exercise", "right"),
    [
        ("accepted/plain.py", "Linear", True),
        ("wrong/scalar_bias.py", "Linear", False),
        ("accepted/plain.py", "Conv2d", True),
        ("wrong/flipped_kernel.py", "Conv2d", False),
        ("wrong/sum_of_squares.py", "mse_loss", False),
        ("accepted/plain.py", "sgd_step", True),
        ("wrong/accuracy_in_percent.py", "accuracy", False),
    ],
)
def test_the_notebooks_own_check_cells_agree(
    file: str, exercise: str, right: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both say of an exercise that its examples are right, or both that they are not."""
    master = (SOLUTIONS / "hw8.py").read_text("utf-8")
    helpers = master[master.index("def check(exercise)") : master.index("# %% [markdown]\n# The data are")]
    conv = master[master.index("def conv_with(") : master.index('@check("Conv2d")')]
    preamble = "import math\nimport numpy as np\nimport torch\nfrom torch import nn\ndevice = 'cpu'\n"
    names = names_of(SOLUTIONS / file)
    exec(preamble + helpers + conv + cells(master)[exercise], names)
    said = capsys.readouterr().out
    assert said.startswith(
        f"{exercise}: all examples are right" if right else f"{exercise}: not right yet"
    ), said
    mine = as_text(check_live(names, HW8, exercise), exercise)
    assert mine.startswith(f"{exercise}: all examples are right" if right else f"{exercise}: not right yet")


@pytest.mark.slow
def test_in_a_kernel_it_shows_a_table(homework: Homework) -> None:
    """The page is shown once, with the text for front ends that have no pages."""
    import nbformat
    from nbclient import NotebookClient

    sources = [homework.right, 'from grader.check import check\ncheck("double")']
    cells = [nbformat.v4.new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
    book = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    NotebookClient(book, timeout=60, resources={"metadata": {"path": str(homework.folder)}}).execute()
    (shown,) = book.cells[1].outputs
    assert "<table>" in shown.data["text/html"]
    assert shown.data["text/plain"].startswith("double: all examples are right")
