"""`check("conv")` in a notebook's cell: the public checks of a part or an exercise on the kernel's own definitions.

What is checked is what the kernel has defined, saved or not; `grade check` reads the saved file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.model import Result, TestResult


def check(name: str | None = None) -> Shown:
    """Run the public checks of the part or the exercise `name` (of all, if there is none) and show what they say.

    It may be called as the handout's notebook calls the function of this name, as a decorator of a cell's
    own examples: they are run after the public checks.
    """
    from grader.errors import GraderError, UsageError

    try:
        result = check_live(live_names(), Path(), name)
    except (UsageError, GraderError) as error:
        text, page = str(error), f"<p>{escape(str(error))}</p>"
    else:
        text, page = as_text(result, name), as_html(result, name)
    show(text, page)
    return Shown(text)


class Shown:
    """What `check` gives back: it has been shown already."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _ipython_display_(self) -> None:
        """Not again, where `check(...)` is a cell's last line."""

    def __call__(self, examples: Callable[[], object]) -> Callable[[], object]:
        """Run a cell's own examples; their AssertionError or NotImplementedError is the cell's."""
        examples()
        return examples


def check_live(names: dict[str, Any], here: Path, only: str | None) -> Result:
    """The public checks on a namespace; `here` is in the handout."""
    from grader.check.handout import chosen_part, find_checks
    from grader.check.live import LiveWorkers
    from grader.check.session import SEED, examine_own
    from grader.intake.records import Submission
    from grader.model import Reading
    from grader.pipeline import run_info

    checks = find_checks(here)
    if only is not None:
        chosen_part(checks, only)
    found = tuple(name for name in checks.names if name in names)
    reading = Reading(file="this notebook", why="as the kernel has it now", found=found)
    live = Submission(id="live", path=here, pieces=(), files={}, reading=reading, digest="")
    workers = LiveWorkers(names, checks.probes())
    return examine_own(checks, workers, live, (), only, run_info(workers, SEED, "cpu"))


def live_names() -> dict[str, Any]:
    """What the running notebook or program has defined."""
    kernel = ipython()
    return kernel.user_ns if kernel is not None else sys.modules["__main__"].__dict__


def ipython() -> Any:
    """The running IPython; None where there is none."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def show(text: str, page: str) -> None:
    """As a page where the front end can show one, else as text."""
    if ipython() is None:
        sys.stdout.write(text + "\n")
        return
    from IPython.display import display

    display({"text/html": page, "text/plain": text}, raw=True)  # type: ignore[no-untyped-call]


# ----------------------------------------------------------------------------------------------- words


def headline(result: Result, name: str | None) -> str:
    """The first line, in the words of the notebook's own check cells."""
    from grader.report.formats_sheet import hole

    what = name or "everything"
    tests = result.tests
    passed = sum(test.outcome.value == "passed" for test in tests)
    if passed == len(tests):
        return f"{what}: all examples are right ({passed} of {passed}); the grading goes further."
    if all(hole(test) for test in tests):
        return f"{what}: still to do."
    return f"{what}: not right yet. {passed} of {len(tests)} examples are right."


def as_text(result: Result, name: str | None) -> str:
    from grader.report.formats_sheet import grouped, hole, not_passed, words_of

    lines = [headline(result, name)]
    for test, _ in grouped(not_passed(result)):
        to_do = hole(test)
        said = [f"still to do: {to_do}"] if to_do else [test.title, *words_of(test).splitlines()]
        lines += [f"- {said[0]}", *(f"    {line}" for line in said[1:])]
    return "\n".join(lines)


def as_html(result: Result, name: str | None) -> str:
    """A table of the checks; whatever a student's code said is escaped."""
    from grader.report.formats_sheet import grouped

    rows = "".join(row(test) for test, _ in grouped(result.tests))
    return f"<p><b>{escape(headline(result, name))}</b></p><table>{rows}</table>"


def row(test: TestResult) -> str:
    from grader.report.formats_sheet import hole, words_of

    to_do = hole(test)
    if to_do:
        sign, told = "…", f"still to do: {escape(to_do)}"
    elif test.outcome.value == "passed":
        sign, told = "✓", escape(test.title)
    else:
        sign, said = "✗", escape(words_of(test))
        told = f'{escape(test.title)}<pre style="white-space:pre-wrap;margin:0">{said}</pre>'
    return f'<tr><td style="vertical-align:top">{sign}</td><td style="text-align:left">{told}</td></tr>'
