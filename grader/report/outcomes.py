"""The word that people read for each outcome of a test: the same on a terminal, in a log and on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from grader.model import Outcome

WORDS: Final[Mapping[Outcome, str]] = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "wrong",
    Outcome.ERROR: "error",
    Outcome.TIMEOUT: "too slow",
    Outcome.CRASHED: "crashed",
    Outcome.FORBIDDEN: "not allowed",
    Outcome.MISSING: "missing",
    Outcome.UNCHECKED: "unchecked",
}
