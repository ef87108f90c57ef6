"""How outcomes, statuses and points are said and shown: the same on every page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from grader.model import Outcome, Status
from grader.report.outcomes import WORDS

OUTCOMES: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.PASSED: (WORDS[Outcome.PASSED], "good"),
    Outcome.FAILED: (WORDS[Outcome.FAILED], "poor"),
    Outcome.ERROR: (WORDS[Outcome.ERROR], "poor"),
    Outcome.TIMEOUT: (WORDS[Outcome.TIMEOUT], "fair"),
    Outcome.CRASHED: (WORDS[Outcome.CRASHED], "poor"),
    Outcome.FORBIDDEN: (WORDS[Outcome.FORBIDDEN], "odd"),
    Outcome.MISSING: (WORDS[Outcome.MISSING], "fair"),
    Outcome.UNCHECKED: (WORDS[Outcome.UNCHECKED], "odd"),
}
"""The word that people read for an outcome, and the kind of colour it has."""

PARTLY: Final = ("partly", "fair")
"""A test that was passed for some of its points."""

ATTENTION: Final[Mapping[Outcome, str]] = {
    Outcome.UNCHECKED: "Not checked, for reasons that are the grader's",
    Outcome.FORBIDDEN: "Calls that are not allowed",
    Outcome.CRASHED: "Crashed",
    Outcome.TIMEOUT: "Too slow",
}
"""The outcomes for which somebody should look at a submission, the most urgent first."""

STATUSES: Final[Mapping[Status, str]] = {
    Status.GRADED: "graded",
    Status.UNREADABLE: "unreadable",
    Status.UNCHECKED: "score withheld",
    Status.NOT_HANDED_IN: "not handed in",
}


def points(score: float | None) -> str:
    """Points without needless zeros; a question mark where they are withheld."""
    return "?" if score is None else f"{score:.6g}"


def bounded(text: str | None, most: int) -> str:
    """A student's text, not endless."""
    text = text or ""
    return text if len(text) <= most else f"{text[:most]} [...]"


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def moment(iso: str | None) -> str:
    """A time as people read it, to the minute, in UTC."""
    return "" if iso is None else f"{iso[:10]} {iso[11:16]} UTC"
