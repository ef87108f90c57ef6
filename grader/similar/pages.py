"""The pairs as pages: a list, and for each pair the two side by side, the passages that both have marked.

Everything of a student's is escaped, and the pages hold no script: the policy in their head forbids any.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from grader.similar.marking import Spot, mark
from grader.similar.records import Comparison, Pair, Print, Work

CAVEAT: Final = (
    "A lead, not a verdict. The exercises are short and their interface is given, so honest work can look alike, and "
    "work done together may have been allowed. Read the two side by side, compare with the other pairs, and hear the "
    "students before you conclude anything."
)
MOST_LINES: Final = 5_000
COLOURS: Final = 6

STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 1rem auto; max-width: 90rem; padding: 0 1rem; }
.caveat { border-left: .4rem solid #b58900; padding: .2rem 1rem; }
table { border-collapse: collapse; } th, td { padding: .2rem .8rem; text-align: left; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; }
.side { min-width: 0; } pre { overflow-x: auto; font: 13px/1.45 ui-monospace, monospace; }
pre span { display: block; min-height: 1.45em; padding-left: 3.5em; text-indent: -3.5em; white-space: pre; }
pre b { display: inline-block; width: 3em; text-indent: 0; margin-right: .5em; text-align: right; font-weight: bold; }
.p0 { background: #ffd60055; } .p1 { background: #00b4d855; } .p2 { background: #80ed9966; }
.p3 { background: #ff99c855; } .p4 { background: #cdb4db77; } .p5 { background: #ff9f1c55; }
""".strip()


def policy() -> str:
    """The Content-Security-Policy: nothing but our own style."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def document(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy())}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def page_name(number: int) -> str:
    return f"pair-{number:04}.html"


def index_page(comparison: Comparison, assignment: str) -> str:
    """All pairs, best first."""
    rows = "\n".join(index_row(number, pair) for number, pair in enumerate(comparison.pairs, 1))
    left_out = ", ".join(map(escape, comparison.too_little))
    body = (
        f"<h1>{escape(assignment)}: submissions that are alike</h1>\n"
        f'<p class="caveat">{CAVEAT}</p>\n'
        f"<p>{comparison.compared} submissions were compared; the typical pair scores {comparison.typical:.2f} of 1. "
        "A passage that many have counts little, one that only two have counts most; names, comments and layout don't "
        "count, nor does what stands in the handout.</p>\n"
        + (f"<p>Too little of their own to compare: {left_out}.</p>\n" if left_out else "")
        + '<table>\n<thead><tr><th scope="col" class="number">Score</th><th scope="col">Submissions</th>'
        '<th scope="col" class="number">Fingerprints in common</th>'
        '<th scope="col" class="number">that nobody else has</th></tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>"
    )
    return document(f"{assignment}: alike", body)


def index_row(number: int, pair: Pair) -> str:
    return (
        f'<tr><td class="number">{pair.score:.2f}</td>'
        f'<td><a href="{page_name(number)}">{escape(pair.first)} and {escape(pair.second)}</a></td>'
        f'<td class="number">{pair.shared}</td><td class="number">{pair.rare}</td></tr>'
    )


def pair_page(pair: Pair, works: Mapping[str, Work], prints: Mapping[str, Print]) -> str:
    """The two side by side; a passage has the same number and colour on both sides."""
    marks = mark(prints[pair.first], prints[pair.second])
    title = f"{pair.first} and {pair.second}"
    body = (
        f'<p><a href="index.html">All pairs</a></p>\n<h1>{escape(title)}</h1>\n<p class="caveat">{CAVEAT}</p>\n'
        f"<p>Score {pair.score:.2f} of 1; {marks.passages} passages in common, numbered alike on both sides.</p>\n"
        f'<div class="sides">\n{side(works[pair.first], marks.first)}\n{side(works[pair.second], marks.second)}\n</div>'
    )
    return document(title, body)


def side(work: Work, marks: Mapping[Spot, int]) -> str:
    parts = [f'<section class="side">\n<h2>{escape(work.id)}</h2>']
    left = MOST_LINES
    for number, page in enumerate(work.pages):
        lines = page.source.splitlines()[:left]
        left -= len(lines)
        parts.append(f"<h3>{escape(page.name)}</h3>\n<pre>{''.join(marked(lines, number, marks))}</pre>")
    return "\n".join([*parts, "</section>"])


def marked(lines: Sequence[str], page: int, marks: Mapping[Spot, int]) -> Iterator[str]:
    """Each line; the first of a passage bears its number.  Lines that were not read are one line with a dot."""
    before, blank = 0, False
    for at, line in enumerate(lines):
        passage = marks.get((page, at), 0)
        if not line.strip() and not passage:
            if not blank:
                yield "<span></span>"
            blank = True
            continue
        blank = False
        label = f"<b>{passage}</b>" if passage and passage != before else "<b></b>"
        colour = f' class="p{passage % COLOURS}"' if passage else ""
        yield f"<span{colour}>{label}{escape(line)}</span>"
        before = passage or before
