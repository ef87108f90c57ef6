"""Pygments' lexer of Python, which finds the same in a third of the time.

It tries some fifty rules at each place, those for plain names and signs last.  Most of a program is plain names and
signs; so they are tried first, written so narrowly that no earlier rule could have matched there.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pygments.lexer import inherit
from pygments.lexers.python import PythonLexer
from pygments.token import Name, Operator, Punctuation, Text

LISTS: Final = ("keywords", "expr-keywords", "builtins", "magicfuncs", "magicvars")
"""Pygments' states that are lists of names of their own."""

OPENING: Final = r"(?:def|class|from|import|match|case|type|lazy|in|is|and|or|not)\b"
"""Words that rules of more than one word begin with."""


def listed(state: str) -> list[str]:
    """The patterns of a state, without what they want before them: after a dot, too, such a name is none of ours."""
    rules = [rule[0] for rule in PythonLexer.tokens[state] if isinstance(rule, tuple)]
    patterns = [rule if isinstance(rule, str) else rule.get() for rule in rules]
    return [pattern.replace(r"(?<!\.)", "") for pattern in patterns]


KNOWN: Final = "|".join([OPENING, *(f"(?:{pattern})" for state in LISTS for pattern in listed(state))])
PLAIN_NAME: Final = rf"(?!{KNOWN})[A-Za-z_][A-Za-z0-9_]*(?![A-Za-z0-9_\"'\x80-\U0010ffff])"
"""Of ASCII, no name that is listed, and no prefix of a string."""


class QuickPythonLexer(PythonLexer):
    """Gives the tokens that `PythonLexer` gives."""

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (PLAIN_NAME, Name),
            (r"(?<=[^\n])[^\S\n]+", Text),  # not what a line begins with: a docstring's rule takes it along
            (r"[\]{}(),;\[]|:(?!=)", Punctuation),
            (r"!=|==|<<|>>|:=|[-~+/*%=<>&^|]|\.(?!\d)", Operator),
            inherit,
        ]
    }
