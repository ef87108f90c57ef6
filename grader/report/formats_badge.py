"""A badge: a small SVG that says how many tests pass.  It holds nothing but numbers, so there is nothing to escape."""

from __future__ import annotations

from typing import Final

from grader.model import Outcome
from grader.report.formats_sheet import Sheet

ALL: Final = "#2da44e"
SOME: Final = "#bf8700"
NONE: Final = "#cf222e"
LETTER: Final = 6.6
"""Width of a letter of 11 pixels in the fonts named below, generously."""

TEMPLATE: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {value}">
  <title>{label}: {value}</title>
  <rect width="{width}" height="20" rx="3" fill="#24292f"/>
  <rect x="{left}" width="{right}" height="20" rx="3" fill="{colour}"/>
  <g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
    <text x="{label_at}" y="14">{label}</text>
    <text x="{value_at}" y="14">{value}</text>
  </g>
</svg>
"""


def badge(sheet: Sheet) -> str:
    tests = sheet.result.tests
    passed = sum(test.outcome is Outcome.PASSED for test in tests)
    colour = ALL if tests and passed == len(tests) else SOME if passed else NONE
    label, value = "checks", f"{passed} of {len(tests)}"
    left, right = (round(len(text) * LETTER + 10) for text in (label, value))
    return TEMPLATE.format(
        label=label, value=value, colour=colour, left=left, right=right, width=left + right,
        label_at=left / 2, value_at=left + right / 2,
    )  # fmt: skip
