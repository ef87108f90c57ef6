"""Gradescope: one results.json for each submission.

The keys are those of Gradescope's documentation, "Autograder Specifications", output format: `score`,
`execution_time`, `output`, `visibility`, `stdout_visibility`, `tests` with `score`, `max_score`, `status`, `name`,
`output`, `visibility`, `tags`; all texts are of the format `text`, which Gradescope shows without interpreting them.
"""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

import msgspec

from grader.exchange.csv import in_words
from grader.model import Outcome, Result, TestResult

Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]
VISIBILITIES: Final[tuple[str, ...]] = get_args(Visibility)
MOST_CHARACTERS: Final = 10_000
"""Of one text: what a student printed is not endless."""


def results_json(result: Result, visibility: Visibility = "visible", notes: tuple[str, ...] = ()) -> bytes:
    """A graded submission's results.json; ValueError where the score is withheld, since there is none to post.

    `visibility` holds for the submission and all its tests; `notes` are lines for the student before the tests.
    What the grader itself printed stays hidden.
    """
    if result.score is None:
        raise ValueError(f"{result.submission} has no score")
    lines = [*notes, *([result.message] if result.message else []), *map(in_words, result.adjustments)]
    content: dict[str, Any] = {
        "score": result.score,
        "execution_time": round(sum(test.seconds for test in result.tests), 3),
        "output": bounded("\n".join(lines)),
        "output_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "tests": [test_json(test, visibility) for test in result.tests],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def test_json(test: TestResult, visibility: Visibility) -> dict[str, Any]:
    """One test; a score that is unknown (its part was judged by hand) is left out."""
    told = [test.message, f"Hint: {test.hint}" if test.hint else None, printed(test)]
    passed = test.outcome is Outcome.PASSED and test.score == test.max_score
    entry: dict[str, Any] = {
        "name": bounded(test.title or test.name),
        "name_format": "text",
        "max_score": test.max_score,
        "status": "passed" if passed else "failed",
        "output": bounded("\n".join(line for line in told if line)),
        "output_format": "text",
        "tags": [test.part],
        "visibility": visibility,
    }
    return entry if test.score is None else {"score": test.score, **entry}


def printed(test: TestResult) -> str | None:
    return f"It printed:\n{test.printed}" if test.printed else None


def bounded(text: str) -> str:
    """At most 10,000 characters, none of which steers a terminal."""
    plain = "".join(letter if letter.isprintable() or letter in "\n\t" else "?" for letter in text)
    return plain if len(plain) <= MOST_CHARACTERS else f"{plain[:MOST_CHARACTERS]}\n..."
