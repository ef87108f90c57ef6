"""`grade similar`: from a graded class to pages, saying plainly what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from grader.cli import app
from grader.errors import UsageError
from grader.gradebook import open_gradebook
from tests.fixtures import kept_results, tiny_assignment

OWN = """
import torch


def double(x):
    total = torch.zeros_like(x)
    for step in range(2):
        total = total + x.clone().reshape(x.shape)
    return total


class Scale(torch.nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return torch.einsum("...,->...", x, torch.tensor(self.factor).to(x.dtype))


def use_double(x):
    return torch.stack([double(row) for row in double(x).unbind()]) if x.dim() else double(double(x))
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """ada and bob share work under other names; cy has his own; dan's file is gone from the folder."""
    folder = tmp_path / "class"
    folder.mkdir()
    sources = {"ada": OWN, "bob": "# my own work\n" + OWN.replace("total", "summe").replace("row", "zeile")}
    sources["cy"] = tiny_assignment.RIGHT
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    tiny_assignment.make(tmp_path)
    with open_gradebook(tmp_path / "out", "tiny") as book:
        kept_results.record(book, folder, *map(kept_results.result, [*sources, "dan"]))
    return tmp_path / "out"


def grade(out: Path, *arguments: str | Path) -> Any:
    done = CliRunner().invoke(
        app, ["similar", str(out), "-a", str(out.parent / "tiny"), "-j1", *map(str, arguments)]
    )
    if done.exception is not None:
        raise done.exception
    return done


def test_alike_submissions_are_listed_with_pages(out: Path) -> None:
    """The pair on top, a page for it, the caveat on every page and in the terminal; a rerun leaves no old page."""
    (out / "similar").mkdir()
    (out / "similar" / "pair-0999.html").write_text("old")
    said = grade(out).output
    assert "ada  bob" in said.splitlines()[0]
    assert "A lead, not a verdict." in said
    pages = sorted(file.name for file in (out / "similar").iterdir())
    assert pages[:2] == ["index.html", "pair-0001.html"]
    assert "pair-0999.html" not in pages
    page = (out / "similar" / "pair-0001.html").read_text()
    assert "summe" in page
    assert "total" in page


def test_the_stub_can_be_given(out: Path, tmp_path: Path) -> None:
    """What stands in it is nobody's copy."""
    (tmp_path / "stub.py").write_text(OWN)
    assert "0 submissions compared" in grade(out, "--stub", tmp_path / "stub.py").output


def test_submissions_that_moved_are_asked_for(out: Path, tmp_path: Path) -> None:
    """The gradebook holds results, not the students' files."""
    (tmp_path / "class").rename(tmp_path / "moved")
    with pytest.raises(UsageError, match="can't be read"):
        grade(out)
    assert "ada  bob" in grade(out, "--folder", tmp_path / "moved").output
    with pytest.raises(UsageError, match="say where they are: --folder"):
        grade(out, "--folder", tmp_path / "tiny")
