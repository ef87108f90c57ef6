"""What of an assignment.toml students get: what their own check needs to know, key by key, and nothing else.

Whatever else an assignment.toml says now or later (where the solution is, which tests are void) stays with the staff.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

TOP: Final = ("name", "title", "packages")
PART: Final = ("name", "title", "points", "exercises")
RULE: Final = ("names", "operations", "instead")

HEAD: Final = (
    "# What the checks in public/ are about: read by `grade check`. Nothing is to be changed here.\n"
)


def public_specification(spec: Mapping[str, Any]) -> str:
    """The text of the handout's assignment.toml: always the same for the same content."""
    return HEAD + "\n".join(lines(spec)) + "\n"


def lines(spec: Mapping[str, Any]) -> Iterator[str]:
    yield from pairs(spec, TOP)
    if "limits" in spec:
        yield "\n[limits]"
        yield from pairs(spec["limits"], tuple(spec["limits"]))
    for part in spec.get("parts", ()):
        yield "\n[[parts]]"
        yield from pairs(part, PART)
        for rule in part.get("forbidden", ()):
            yield "\n[[parts.forbidden]]"
            yield from pairs(rule, RULE)


def pairs(table: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    """Texts, numbers and lists of texts are written in JSON as in TOML."""
    for key in keys:
        if key in table:
            yield f"{key} = {json.dumps(table[key], ensure_ascii=False)}"
