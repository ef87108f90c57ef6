"""Source -> the tokens that a copier would have to rethink: no comments, docstrings, layout or names of one's own."""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from grader.similar.records import Page, Token

MOST_TOKENS: Final = 50_000
"""Of one submission; what comes after them is not compared."""

SKIPPED: Final = frozenset(
    {
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
)  # fmt: skip
STARTS: Final = frozenset(
    {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.NL}
)
PUNCTUATION: Final = frozenset("(),")
OWN: Final = "own"
_NAME: Final = re.compile(r"[^\W\d]\w*")
TEXT: Final = "text"


def tokens_of(pages: Sequence[Page], given: frozenset[str]) -> tuple[Token, ...]:
    """The tokens of all pages in order, at most 50,000.

    A name that the student bound anywhere becomes `own`, unless it is `given` by the assignment; those of libraries
    stay.  A text becomes `text`, a number its value; parentheses and commas, of which a copier can add as many as he
    likes, are left out.  A page that is no Python counts as far as it can be read.
    """
    own = frozenset(name for page in pages for name in bound_in(page.source)) - given
    found: list[Token] = []
    for number, page in enumerate(pages):
        for kind, text, line in significant(page.source):
            if len(found) == MOST_TOKENS:
                return tuple(found)
            if text in PUNCTUATION:
                continue
            found.append(Token(text=plain(kind, text, own), page=number, line=line - 1))
    return tuple(found)


def plain(kind: int, text: str, own: frozenset[str]) -> str:
    if kind == tokenize.NAME and text in own:
        return OWN
    if kind == tokenize.NUMBER:
        return value_of(text)
    return TEXT if kind == tokenize.STRING else text


def value_of(number: str) -> str:
    """1e-2 is 0.01; what is too long to be worth converting stays."""
    try:
        return repr(float(number))
    except (ValueError, OverflowError):
        return number


def significant(source: str) -> Iterator[tuple[int, str, int]]:
    """Kind, text and line (from 1) of each token that means something; docstrings don't."""
    before = tokenize.ENCODING
    held: tuple[int, str, int] | None = None
    for token in readable(source):
        if held is not None and token.type not in (tokenize.NEWLINE, tokenize.COMMENT):
            yield held
        if token.type != tokenize.COMMENT:
            held = None
        if token.type == tokenize.STRING and before in STARTS:
            held = (token.type, token.string, token.start[0])
        elif token.type not in SKIPPED:
            yield token.type, token.string, token.start[0]
        if token.type != tokenize.COMMENT:
            before = token.type


def readable(source: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens up to where the source stops being Python."""
    stream = tokenize.generate_tokens(io.StringIO(source).readline)
    while True:
        try:
            yield next(stream)
        except (StopIteration, tokenize.TokenError, SyntaxError, ValueError):
            return


def bound_in(source: str) -> set[str]:
    """Every name that a source binds: variables, arguments, functions, classes, attributes set, imports' aliases."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {name for name in _NAME.findall(source) if not keyword.iskeyword(name)}
    return {name for node in nodes for name in bound_by(node)}


def bound_by(node: ast.AST) -> Iterable[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.arg(arg=name) | ast.alias(asname=str(name)):
            return [name]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            return [name]
    return []
