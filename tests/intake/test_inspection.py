"""`grade inspect`: what was read, found, missing, used and not allowed, without running anything."""

from __future__ import annotations

from pathlib import Path

from grader.intake import Contract, inspect_submission
from grader.sandbox.protocol import ForbiddenRule
from tests.intake.handins import lay_out, notebook

RULE = ForbiddenRule(names=("torch.nn.Linear",), instead="x @ A.T + b")


def test_what_is_inspected(tmp_path: Path, contract: Contract) -> None:
    """The file, the cells, the names, the hits, the files beside it."""
    book = notebook(
        "from torch import nn", "class Linear(nn.Linear): pass", "open('/tmp/ran', 'w')", "def f(:"
    )
    folder = lay_out(tmp_path / "ada", {"hw8.ipynb": book, "data.csv": "123"})
    seen = inspect_submission(folder, contract, [(("Linear",), (RULE,)), (("CNN",), (RULE,))])
    assert seen.message is None
    assert seen.reading is not None
    assert [cell.use for cell in seen.reading.cells] == ["used", "used", "skipped", "unparsable"]
    assert (seen.reading.file, seen.reading.found[0], seen.reading.missing[0]) == (
        "hw8.ipynb",
        "Linear",
        "to_tensor",
    )
    assert [(hit.file, hit.line) for hit in seen.hits] == [("cell 2", 1)]
    assert seen.files == {"data.csv": 3}


def test_what_cannot_be_read(tmp_path: Path, contract: Contract) -> None:
    """Says why."""
    seen = inspect_submission(lay_out(tmp_path / "ada", {"hw8.pdf": "x"}), contract)
    assert seen.message is not None
    assert "PDF" in seen.message


def test_nothing_is_run(tmp_path: Path, contract: Contract) -> None:
    """Not even what is needed."""
    mark = tmp_path / "ran"
    text = f"open({str(mark)!r}, 'w').close()\nLinear = open({str(mark)!r}, 'w')\n"
    inspect_submission(lay_out(tmp_path / "ada", {"hw8.py": text}), contract)
    assert not mark.exists()
