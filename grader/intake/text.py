"""Bytes of source code into text: byte order marks, coding declarations, and what to say otherwise."""

from __future__ import annotations

import codecs
import re
from typing import Final

from grader.intake.records import UnreadableError
from grader.model import Record

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""UTF-32's mark begins with UTF-16's, so it is looked for first."""

DECLARATION: Final = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
PLAIN_ENCODINGS: Final = re.compile(
    r"ascii|utf-(8|16|32)(-[bl]e)?|iso8859-\d+|cp\d+|mac-\w+|koi8-[rut]|gbk|gb2312|gb18030|big5(hkscs)?"
    r"|shift_jis|euc_(jp|kr)|tis-620"
)
"""What a declaration may name: character sets, not Python's other codecs (some take quadratic time)."""


class Text(Record, frozen=True):
    """Source code as text, lines ended by a line feed, and what there is to say about the decoding."""

    text: str
    notes: tuple[str, ...] = ()


def decode_source(data: bytes, file: str) -> Text:
    """The text of Python source; UnreadableError where its encoding is not known or a NUL byte is in it."""
    encoding = _encoding_by_mark(data) or _encoding_by_zeros(data)
    if encoding is not None:
        text = _decoded(data, encoding, file)
        return Text(text=_plain_lines(text, file), notes=_encoding_note(file, encoding))
    declared = _declared_encoding(data, file)
    if declared is not None:
        return Text(text=_plain_lines(_decoded(data, declared, file), file))
    return _undeclared(data, file)


def _encoding_by_mark(data: bytes) -> str | None:
    return next((encoding for mark, encoding in MARKS if data.startswith(mark)), None)


def _encoding_by_zeros(data: bytes) -> str | None:
    """UTF-16 without a mark: nearly every second byte of program text is zero then."""
    sample = data[:4096]
    if len(sample) < 8:
        return None
    half = len(sample) // 2
    if sample[1::2].count(0) > 0.8 * half and sample[0::2].count(0) < 0.2 * half:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.8 * half and sample[1::2].count(0) < 0.2 * half:
        return "utf-16-be"
    return None


def _encoding_note(file: str, encoding: str) -> tuple[str, ...]:
    if encoding == "utf-8":
        return ()
    return (f"{file} was read as {encoding.upper()}; Python itself wants UTF-8.",)


def _declared_encoding(data: bytes, file: str) -> str | None:
    """What a `# coding:` line among the first two says (PEP 263)."""
    for line in data[:1000].splitlines()[:2]:
        match = DECLARATION.match(line)
        if match is not None:
            return _known_encoding(match.group(1).decode("ascii"), file)
    return None


def _known_encoding(declared: str, file: str) -> str:
    try:
        name = codecs.lookup(declared).name
    except (LookupError, UnicodeError):
        name = ""
    if PLAIN_ENCODINGS.fullmatch(name) is None:
        raise UnreadableError(
            f"{file} declares the encoding '{declared[:40]}', which is not read. Save it as UTF-8."
        )
    return name


def _undeclared(data: bytes, file: str) -> Text:
    try:
        return Text(text=_plain_lines(data.decode("utf-8"), file))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        note = (
            f"{file} is not UTF-8 (line {line}) and declares no encoding: it was read as Latin-1. "
            "Python itself would refuse it; save it as UTF-8."
        )
    return Text(text=_plain_lines(data.decode("latin-1"), file), notes=(note,))


def _decoded(data: bytes, encoding: str, file: str) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeError:
        raise UnreadableError(
            f"{file} says that it is {encoding.upper()}, but its bytes are not. Save it as UTF-8."
        ) from None


def _plain_lines(text: str, file: str) -> str:
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableError(
            f"{file} holds NUL bytes (the first in line {line}), which no program text has: "
            "the file is damaged or is not a program."
        )
    return plain_newlines(text)


def plain_newlines(text: str) -> str:
    """The text with every line ended by a line feed, as Python itself reads it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
