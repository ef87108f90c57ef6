"""Code is coloured as Pygments colours it, sooner."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers.python import PythonLexer

from grader.report.pages.lexer import QuickPythonLexer

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
STANDARD = Path(sysconfig.get_paths()["stdlib"])
PIECES = (
    " ", "  ", "\n", "\t", "\\\n", "x", "self", "print", "def", "class ", "from ", "import ", "match", "case ", "_",
    "type ", "lambda", "not", "in ", "is", "None", "async ", "await", "yield from ", "lazy ", "é", "x·", "rb", "f", "u",
    "br", "'", '"', '"""', "'''", "{", "}", "(", ")", "[", "]", ":", ":=", ".", ".5", "5.", "0x1f", "1e3j", "@",
    "@x.y", "...", "->", "!=", "<<", "!", "?", "$", "#", "# x\n", "__init__", "__name__", "ValueError", "object.print",
    "\\", ";", ",", "=", "*", "0_1", "\x00",
)  # fmt: skip


def files() -> Iterator[Path]:
    yield from sorted(SOLUTIONS.rglob("*.py"))
    yield from sorted(STANDARD.glob("*.py"))[:60]


def both(text: str) -> tuple[list[tuple[object, str]], list[tuple[object, str]]]:
    lexers = PythonLexer(stripnl=False, ensurenl=False), QuickPythonLexer(stripnl=False, ensurenl=False)
    first, second = ([*lexer.get_tokens(text)] for lexer in lexers)
    return [*first], [*second]


def test_real_programs_have_the_same_tokens() -> None:
    """Every submission here, and modules of the standard library."""
    different = []
    for file in files():
        first, second = both(file.read_text(encoding="utf-8", errors="replace")[:30_000])
        different += [file] if first != second else []
    assert different == []


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_so_has_whatever_somebody_writes(text: str) -> None:
    """Pieces of Python in any order, unfinished strings and foreign letters among them."""
    first, second = both(text)
    assert first == second


@pytest.mark.parametrize(
    "text", ["object.print", "x.y", "print", "match x:", "match = 1", "rb'x'", "été", "x\u00b7"]
)
def test_names_that_are_special_somewhere(text: str) -> None:
    """After a dot, before a quote, with a letter that is not of ASCII."""
    first, second = both(text)
    assert first == second
