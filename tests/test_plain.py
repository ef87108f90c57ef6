"""What students' texts may not do: steer a terminal, hide, or look like something else."""

from __future__ import annotations

import pytest

from grader.model import CellUse, Reading
from grader.plain import plain, plain_record


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07kept", "kept"),
        ("\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1bcreset", "reset"),
        ("tab\tand\nlines\r\nand\rmore", "tab\tand\nlines\nand\nmore"),
        ("\u202eright to left", "\ufffdright to left"),
        ("two\u2028lines", "two\ufffdlines"),
        ("\x00\x07\x9b31m\ud800", "\ufffd\ufffd\ufffd31m\ufffd"),
        ("Grüße, 数学, 👩‍🔬", "Grüße, 数学, 👩‍🔬"),
    ],
)
def test_escape_sequences_go_and_other_controls_are_replaced(text: str, shown: str) -> None:
    """Letters of any language stay as they are."""
    assert plain(text) == shown


def test_a_title_without_an_end_takes_no_long_text_with_it() -> None:
    """And nothing is left that begins a sequence."""
    assert "\x1b" not in plain("\x1b]0;" + "x" * 100_000)


def test_every_text_in_a_record_is_made_harmless() -> None:
    """However deep; what is no text stays."""
    reading = Reading(
        file="a\x1b[2J.py", why="", cells=(CellUse(cell=3, use="used", reason="\x07"),), notes=("\u202e",)
    )
    read = plain_record(reading)
    assert (read.file, read.cells[0].cell, read.cells[0].reason, read.notes) == (
        "a.py",
        3,
        "\ufffd",
        ("\ufffd",),
    )
