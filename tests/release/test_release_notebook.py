"""From a script to a notebook."""

from __future__ import annotations

import json

import nbformat

from grader.release.notebook import notebook

SCRIPT = "# %% [markdown]\n# # A title\n#\n# $y = Ax + b$\n\n# %%\nimport math\n\n\n# %%\nmath.pi\n"


def test_a_script_becomes_a_valid_notebook_cell_by_cell() -> None:
    content = nbformat.reads(notebook(SCRIPT), as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(content)
    assert [(cell.cell_type, cell.source) for cell in content.cells] == [
        ("markdown", "# A title\n\n$y = Ax + b$"),
        ("code", "import math"),
        ("code", "math.pi"),
    ]


def test_the_same_script_gives_the_same_bytes() -> None:
    assert notebook(SCRIPT) == notebook(SCRIPT)


def test_cells_are_named_by_their_place_so_that_stub_and_solution_agree() -> None:
    assert [cell["id"] for cell in json.loads(notebook(SCRIPT))["cells"]] == [
        "cell-001",
        "cell-002",
        "cell-003",
    ]


def test_a_notebook_holds_no_outputs_and_nothing_of_the_tool_that_made_it() -> None:
    content = json.loads(notebook(SCRIPT))
    assert all(cell.get("outputs", []) == [] for cell in content["cells"])
    assert set(content["metadata"]) == {"kernelspec", "language_info"}
