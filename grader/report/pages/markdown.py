"""Students' prose and code as HTML that does nothing: no scripts, styles, links, pictures or forms."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters.html import HtmlFormatter

from grader.report.pages.lexer import QuickPythonLexer

ALLOWED: Final = {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "table", "thead", "tbody",
    "tr", "th", "td", "h4", "h5", "h6",
}  # fmt: skip
DEEPEST: Final = 6
BELOW: Final = 3
"""A student's first-level heading stands below ours, which go down to the third level."""

MAX_HIGHLIGHTED: Final = 60_000
MAX_LINE: Final = 2_000
"""Characters of code that are coloured, and of the longest line in it: colouring takes time."""

DEFINITION: Final = re.compile(r"^(?:class|def|async def)\s+(\w+)|^(\w+)\s*=", re.MULTILINE)


def rendered(text: str) -> Markup:
    """Markdown as HTML without anything that acts or loads; links keep their words."""
    return Markup(nh3.clean(renderer().render(text), tags=ALLOWED, attributes={}, link_rel=None))


@cache
def renderer() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.core.ruler.push("lower headings", lower_headings)
    return markdown


def lower_headings(state: object) -> None:
    for token in state.tokens:  # type: ignore[attr-defined] # its StateCore is not exported with types
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(DEEPEST, int(token.tag[1:]) + BELOW)}"


def coloured(code: str) -> list[Markup]:
    """Lines of Python, escaped, their words in spans by kind."""
    code = code.rstrip("\n")
    if len(code) > MAX_HIGHLIGHTED or max(map(len, code.splitlines()), default=0) > MAX_LINE:
        return [escape(line) for line in code.split("\n")]
    html = highlight(code, QuickPythonLexer(stripnl=False, ensurenl=False), formatter())
    return [Markup(line) for line in html.rstrip("\n").split("\n")]


def ticked(text: str) -> Markup:
    """A sentence whose words between backticks are code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if at % 2 else escape(piece)
        for at, piece in enumerate(pieces)
    )


@cache
def formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, classprefix="k-")


def defined_at(code: str) -> dict[str, int]:
    """In which line, counted from 1, each name at the top level is defined last."""
    return {
        match[1] or match[2]: code.count("\n", 0, match.start()) + 1 for match in DEFINITION.finditer(code)
    }
