"""Texts that a student's code made, harmless to look at and without the paths of the machine that graded it.

A worker sees the Python environment under its own path, so warnings and tracebacks that students' code prints name it.
It is nobody's business; and two machines that grade the same work should say the same.
"""

from __future__ import annotations

import functools
import re
import sys
import sysconfig
from pathlib import Path

from grader.plain import plain

ENVIRONMENT = "<python>"
SHORTEST = 5
"""Characters: "/usr" is on every machine and tells nothing."""


def without_host_paths(text: str | None) -> str | None:
    """The text with the folders of the Python environment and of the grader called <python>."""
    return None if text is None else _folders().sub(ENVIRONMENT, text)


def presentable(text: str | None) -> str | None:
    """The same, and nothing in it that a terminal or a page would obey."""
    return None if text is None else plain(without_host_paths(text) or "")


@functools.cache
def _folders() -> re.Pattern[str]:
    paths = sysconfig.get_paths()
    known = {sys.prefix, sys.base_prefix, sys.exec_prefix, paths["purelib"], paths["stdlib"]}
    known |= {str(Path(sys.executable).resolve().parent.parent), str(Path(__file__).resolve().parents[2])}
    longest_first = sorted((path for path in known if len(path) >= SHORTEST), key=len, reverse=True)
    return re.compile("|".join(re.escape(path) for path in longest_first) or "(?!)")
