"""A script in the percent format as a notebook: always the same bytes for the same text."""

from __future__ import annotations

from typing import Final

import jupytext  # type: ignore[import-untyped]
import nbformat

METADATA: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook(script: str) -> str:
    """The notebook of a script, as JSON: nbformat 4.5, no outputs, cells named by their place."""
    content = jupytext.reads(script, fmt="py:percent")
    content.nbformat, content.nbformat_minor = 4, 5
    content.metadata = nbformat.NotebookNode(METADATA)  # type: ignore[no-untyped-call]
    for place, cell in enumerate(content.cells, 1):
        cell.id = f"cell-{place:03}"
        cell.metadata = nbformat.NotebookNode()  # type: ignore[no-untyped-call]
    nbformat.validate(content)
    return str(nbformat.writes(content)) + "\n"  # type: ignore[no-untyped-call]
