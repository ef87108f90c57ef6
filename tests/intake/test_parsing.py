"""Text that no parser should be given is refused in a sentence; messages point at the student's own line."""

from __future__ import annotations

import ast
import time

import pytest

from grader.intake.parsing import Fault, parse


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "[" * 199 + "]" * 199,
        "x = " + "-" * 100_000 + "1",
        "x = " + "not " * 100_000 + "1",
        "a" + ".b" * 50_000,
        "a" + "()" * 30_000,
        "lambda: " * 20_000 + "1",
        "x = 1" + " + 1" * 20_000,
        "if a:\n    1\n" + "elif a:\n    1\n" * 5000,
        "x\n" * 200_000,
        "x = [" + "[]," * 500_000 + "]",
        "#" * 5_000_000,
        "f'{" * 10_000,
        "x = '\\ud800' + '\ud800'",
        "x = '\0'",
        "\n".join(" " * depth + "if 1:" for depth in range(150)),
    ],
    ids=range(16),
)
def test_hostile_text_is_refused_in_time(text: str) -> None:
    """Deep, endless and impossible text: a `Fault` with a message, within two seconds."""
    start = time.process_time()
    fault = parse(text)
    assert isinstance(fault, Fault)
    assert fault.message
    assert time.process_time() - start < 2


def test_the_caret_stands_under_the_mistake() -> None:
    """The message shows the line, with tabs as one space, and points at the column."""
    fault = parse("x = 1\n\ty = = 2\n".replace("\t", ""))
    assert isinstance(fault, Fault)
    assert fault.line == 2
    assert fault.message == "line 2: invalid syntax\n    y = = 2\n        ^"


def test_a_long_line_is_shown_around_the_mistake() -> None:
    """Not the whole of it."""
    fault = parse("x = " + "1 + " * 500 + "= 2")
    assert isinstance(fault, Fault)
    assert len(fault.message) < 400
    shown, caret = fault.message.split("\n")[1:]
    assert shown[len(caret) - 1] == "="


@pytest.mark.parametrize("text", ["x = '\\d'", "1 is 1", "assert (1, 'x')"])
def test_warnings_of_the_parser_are_silent(text: str) -> None:
    """They are the student's, not the grader's (warnings are errors in these tests)."""
    assert isinstance(parse(text), ast.Module)


@pytest.mark.parametrize("text", ["return 1", "break", "def f(a, a): pass", "def f():\n    nonlocal x"])
def test_what_only_the_compiler_refuses_is_refused_too(text: str) -> None:
    """So that a piece that was accepted can be run."""
    assert isinstance(parse(text), Fault)


def test_top_level_await_is_taken_as_notebooks_do() -> None:
    """IPython runs it."""
    assert isinstance(parse("await something()"), ast.Module)
