"""What the tests of intake hand in: real notebooks (by nbformat), modules, folders and zips."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.intake import Contract, Submission, read_submission
from tests.intake.handins import ReadCells, notebook

NAMES = ("to_tensor", "Linear", "Conv2d", "mse_loss", "train", "CNN", "accuracy")


@pytest.fixture
def contract() -> Contract:
    """A small assignment."""
    return Contract(names=NAMES, module="hw8", packages=("matplotlib", "tqdm"))


@pytest.fixture
def read_cells(tmp_path: Path, contract: Contract) -> ReadCells:
    """Hand in a notebook of these cells and read it."""

    def read(*cells: str) -> Submission:
        path = tmp_path / "hw8.ipynb"
        path.write_text(notebook(*cells), encoding="utf-8")
        submission = read_submission(path, contract)
        assert isinstance(submission, Submission), submission
        return submission

    return read


@pytest.fixture
def read_module(tmp_path: Path, contract: Contract) -> ReadCells:
    """Hand in a module of this text and read it."""

    def read(text: str) -> Submission:
        path = tmp_path / "hw8.py"
        path.write_text(text, encoding="utf-8")
        submission = read_submission(path, contract)
        assert isinstance(submission, Submission), submission
        return submission

    return read
