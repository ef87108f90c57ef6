"""Examining a submission: the trusted side, where answers are judged.

`Expected` is what an assignment's oracles return, `remembered` makes them work out once what a class is asked.
"""

from __future__ import annotations

from grader.examine.remembering import remembered
from grader.examine.tolerances import Expected

__all__ = ["Expected", "remembered"]
