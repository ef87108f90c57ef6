"""Which file counts, and that the choice is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.intake import Contract, Submission, Unreadable, read_submission
from tests.intake.handins import lay_out, make_zip, notebook

LINEAR = "class Linear:\n    pass\n"
MORE = LINEAR + "class CNN:\n    pass\n"


def chosen(path: Path, contract: Contract) -> str:
    """The path of the file that was read."""
    read = read_submission(path, contract)
    assert read.reading is not None, read
    return read.reading.file


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"hw8.py": LINEAR, "HW8.py": MORE, "hw8_final.py": MORE}, "hw8.py"),
        ({"HW8.py": LINEAR, "hw8 (1).py": MORE, "x.py": MORE}, "HW8.py"),
        ({"hw8 (1).py": LINEAR, "x.py": MORE}, "hw8 (1).py"),
        ({"hw8 (1).py": LINEAR, "hw8 (10).py": LINEAR, "hw8 (9).py": LINEAR}, "hw8 (10).py"),
        ({"hw8_utils.py": "x = 1", "hw8_final.py": LINEAR}, "hw8_final.py"),
        ({"solution.py": LINEAR}, "solution.py"),
        ({"solution.py": LINEAR, "helpers.py": "x = 1"}, "solution.py"),
        ({"hw8.py": LINEAR, "old/hw8.py": MORE}, "hw8.py"),
        ({"a/b/hw8.py": LINEAR}, "a/b/hw8.py"),
        ({"hw8.ipynb": notebook(LINEAR), "hw8.py": LINEAR}, "hw8.ipynb"),
        ({"hw8.ipynb": notebook(LINEAR), "hw8.py": MORE}, "hw8.py"),
        ({"analysis.ipynb": notebook(MORE), "hw8.py": LINEAR}, "analysis.ipynb"),
        ({"hw8.ipynb": notebook("from hw8 import *\nLinear()"), "hw8.py": LINEAR}, "hw8.py"),
        ({"hw8.ipynb": notebook(LINEAR)[:50], "hw8.py": LINEAR}, "hw8.py"),
        ({".ipynb_checkpoints/hw8.ipynb": notebook(MORE), "x.ipynb": notebook(LINEAR)}, "x.ipynb"),
        ({"__MACOSX/hw8.py": MORE, "__pycache__/hw8.py": MORE, "x.py": LINEAR}, "x.py"),
    ],
)
def test_the_rule(files: dict[str, str], expected: str, tmp_path: Path, contract: Contract) -> None:
    """The contract's name, then how alike; of a notebook and a module the one with more of the names."""
    assert chosen(lay_out(tmp_path / "ada", files), contract) == expected
    assert chosen(make_zip(tmp_path / "bob.zip", files), contract) == expected


def test_the_newest_counts_among_equals(tmp_path: Path, contract: Contract) -> None:
    """Of files as well named and with as many names, the one changed last."""
    folder = lay_out(tmp_path / "ada", {"hw8_a.py": LINEAR, "hw8_b.py": LINEAR})
    os.utime(folder / "hw8_a.py", (2e9, 2e9))
    assert chosen(folder, contract) == "hw8_a.py"


@pytest.mark.parametrize("name", ["hw8.py", "HW8.ipynb", "any thing.py", "-rf.py", "ü.ipynb"])
def test_a_single_file_of_any_name_counts(name: str, tmp_path: Path, contract: Contract) -> None:
    """And the id is its name without the suffix."""
    path = tmp_path / name
    path.write_text(notebook(LINEAR) if name.endswith("ipynb") else LINEAR)
    read = read_submission(path, contract)
    assert isinstance(read, Submission)
    assert read.id == path.stem
    assert read.reading.file == name


def test_helper_modules_beside_it_are_carried(tmp_path: Path, contract: Contract) -> None:
    """Those that are imported, and all data, by path from the chosen file; no others."""
    files = {
        "sub/hw8.py": "from tools.layers import Base\nimport shapes\nclass Linear(Base): s = shapes.S\n",
        "sub/tools/__init__.py": "",
        "sub/tools/layers.py": "from .deep import Base",
        "sub/tools/deep.py": "class Base: pass",
        "sub/shapes.py": "S = open('data/x.csv').read()",
        "sub/data/x.csv": "1,2",
        "sub/conftest.py": "raise SystemExit",
        "sub/unused.py": "raise SystemExit",
        "sub/torch/__init__.py": "raise SystemExit",
        "elsewhere/y.csv": "3",
    }
    read = read_submission(lay_out(tmp_path / "ada", files), contract)
    assert isinstance(read, Submission)
    assert sorted(read.files) == [
        "data/x.csv",
        "shapes.py",
        "tools/__init__.py",
        "tools/deep.py",
        "tools/layers.py",
    ]


def test_names_from_helper_modules_are_found(tmp_path: Path, contract: Contract) -> None:
    """By `from layers import Linear` and by a star import, which is followed into the helper."""
    files = {"hw8.py": "from layers import *\nfrom nets import CNN", "layers.py": LINEAR, "nets.py": MORE}
    read = read_submission(lay_out(tmp_path / "ada", files), contract)
    assert isinstance(read, Submission)
    assert read.reading.found == ("Linear", "CNN")


def test_a_written_file_is_a_helper(tmp_path: Path, contract: Contract) -> None:
    """`%%writefile layers.py` gives a module beside the notebook, `%%writefile hw8.py` the code itself."""
    path = tmp_path / "ada.ipynb"
    path.write_text(
        notebook(
            "%%writefile layers.py\nclass Linear: pass",
            "from layers import *",
            "%%writefile hw8.py\nclass CNN: pass",
        )
    )
    read = read_submission(path, contract)
    assert isinstance(read, Submission)
    assert read.files == {"layers.py": b"class Linear: pass"}
    assert read.reading.found == ("Linear", "CNN")


def test_the_digest_changes_with_what_decides_and_only_with_that(tmp_path: Path, contract: Contract) -> None:
    """Code and data count, the place of the file doesn't."""
    digests = []
    for place, files in enumerate(
        [
            {"hw8.py": LINEAR},
            {"hw8.py": LINEAR},
            {"hw8.py": MORE},
            {"hw8.py": LINEAR, "data.csv": "1"},
            {"hw8.py": LINEAR, "data.csv": "2"},
        ]
    ):
        read = read_submission(lay_out(tmp_path / str(place), files), contract)
        assert isinstance(read, Submission)
        digests.append(read.digest)
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


def test_more_than_can_be_carried_is_left_out_and_told(tmp_path: Path) -> None:
    """Modules first, then small files."""
    contract = Contract(names=("Linear",), carried_bytes=100)
    files = {"hw8.py": "import a\nLinear = a.x", "a.py": "x = 1", "big.bin": "1" * 200}
    read = read_submission(lay_out(tmp_path / "ada", files), contract)
    assert isinstance(read, Submission)
    assert list(read.files) == ["a.py"]
    assert "1 files beside it were left out" in " ".join(read.reading.notes)


def test_nothing_there_is_said(tmp_path: Path, contract: Contract) -> None:
    """A path that does not exist is unreadable, not an exception."""
    read = read_submission(tmp_path / "nobody", contract)
    assert isinstance(read, Unreadable)
    assert "no such file" in read.message


def test_an_untouched_handout_beside_the_work_does_not_count(tmp_path: Path, contract: Contract) -> None:
    """Who solves the module and hands in the whole handout has handed in the module, not the notebook's holes."""
    handout = Path(__file__).parents[2] / "assignments" / "hw8"
    solved = Path(__file__).parents[2] / "solutions" / "hw8" / "accepted" / "plain.py"
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "hw8.ipynb").write_bytes((handout / "hw8.ipynb").read_bytes())
    (tmp_path / "ada" / "hw8.py").write_bytes(solved.read_bytes())
    names = ("Linear", "Conv2d", "mse_loss", "train", "CNN")
    read = read_submission(tmp_path / "ada", Contract(names=names))
    assert isinstance(read, Submission)
    assert read.reading.file == "hw8.py"


@pytest.mark.parametrize(
    "cells",
    [
        ["%%writefile a\nx", "%%writefile a/b\nx"],
        ["%%writefile " + "\N{GRINNING FACE}" * 150 + "\nx"],
        ["%%writefile " + "d/" * 60 + "x.txt\nx"],
    ],
)
def test_files_that_no_folder_can_hold_are_left_out(
    cells: list[str], tmp_path: Path, contract: Contract
) -> None:
    """And told of: the sandbox is never asked to lay out what can't lie on a disk."""
    folder = lay_out(tmp_path / "ada", {"hw8.ipynb": notebook(LINEAR, *cells)})
    read = read_submission(folder, contract)
    assert isinstance(read, Submission)
    assert read.reading is not None
    for path in read.files:
        assert all(len(name.encode()) <= 255 for name in path.split("/"))
        assert not any(other.startswith(f"{path}/") for other in read.files)
    assert any("left out" in note for note in read.reading.notes), read.reading.notes
