"""Examining a submission: the trusted side, where answers are judged.

`Expected` is what an assignment's oracles return.
"""

from __future__ import annotations

from grader.examine.tolerances import Expected

__all__ = ["Expected"]
