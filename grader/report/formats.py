"""A result in the forms that people, CI systems and programs read: `--format NAME` of `grade run` and `grade check`.

Each form is a pure function of a `Sheet` in a file of its own.  Whatever a student's code or files said is hostile to
every one of them, and is escaped there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from grader.errors import UsageError
from grader.report.formats_badge import badge
from grader.report.formats_github import github
from grader.report.formats_junit import junit
from grader.report.formats_markdown import markdown
from grader.report.formats_sheet import Sheet


def json(sheet: Sheet) -> str:
    """The result itself, schema 1."""
    return msgspec.json.format(msgspec.json.encode(sheet.result), indent=2).decode() + "\n"


FORMATS: Final[Mapping[str, Callable[[Sheet], str]]] = {
    "github": github,
    "junit": junit,
    "json": json,
    "markdown": markdown,
    "badge": badge,
}
"""Those that are plain text; "table" is for the terminal and is drawn there."""

TABLE: Final = "table"


def formatted(name: str, sheet: Sheet) -> str:
    """The sheet in the format of this name; UsageError lists what there is."""
    check_format(name)
    return FORMATS[name](sheet)


def check_format(name: str) -> None:
    if name not in FORMATS and name != TABLE:
        raise UsageError(f"There is no format called {name!r}. Choose one of {', '.join((TABLE, *FORMATS))}.")
