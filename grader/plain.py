"""Texts that come from students, made harmless to look at: in a terminal, on a page, in a log.

A terminal obeys escape sequences: they could clear the screen, paint another score over the true one, or hide a link.
Marks that turn the direction of writing make code look like other code than it is.
"""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec

_SEQUENCE: Final = re.compile(
    "\x1b\\[[0-9;:?<=>]*[ -/]*[@-~]|\x1b[\\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\\\)|\x1b[ -/]*[0-~]"
)
"""What terminals obey (ECMA-48): control sequences, strings such as titles and links, and other escapes."""

_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
REPLACEMENT: Final = "\ufffd"

_T = TypeVar("_T")


def plain(text: str) -> str:
    """Without escape sequences; other controls, marks of direction and halves of characters are replaced."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub(REPLACEMENT, _SEQUENCE.sub("", lines))


def plain_record(record: _T) -> _T:
    """A record with every text in it, however deep, made harmless; None stays None."""
    if record is None:
        return record
    kind = type(record)
    return msgspec.convert(_plainly(msgspec.to_builtins(record)), kind)


def _plainly(value: object) -> object:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, list | tuple):
        return [_plainly(item) for item in value]
    if isinstance(value, dict):
        return {key: _plainly(item) for key, item in value.items()}
    return value
