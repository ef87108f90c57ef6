"""A student's own check, at home: the public suite on their own machine, in the terminal or in a notebook.

`from grader.check import check` and `check("conv")` in a notebook's cell; `grade check` in a terminal.
"""

from __future__ import annotations

from grader.check.notebook import check

__all__ = ["check"]
