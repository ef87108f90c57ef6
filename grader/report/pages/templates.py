"""The templates, the style sheets and the policy under which a browser shows a page."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.report.pages import markdown, words

FOLDER: Final = Path(__file__).parent / "templates"
NOTHING_ELSE: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:"


@cache
def environment() -> Environment:
    """Jinja with escaping always on; an unknown name is an error, not an empty place."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "coloured": markdown.coloured,
        "ticked": markdown.ticked,
        "points": words.points,
        "moment": words.moment,
    }
    made.globals |= {"plural": words.plural}
    return made


def get_ready() -> None:
    """Have every template compiled."""
    for name in environment().list_templates(extensions=["html"]):
        environment().get_template(name)


def page(template: str, styles: tuple[str, ...], script: str | None = None, **values: Any) -> bytes:
    """A page that loads nothing: its style sheets and its script are in it, and only they are allowed."""
    css = "\n".join(text_of(name) for name in styles)
    code = text_of(script) if script else ""
    rendered = (
        environment()
        .get_template(template)
        .render(css=Markup(css), script=Markup(code), policy=policy(css, code), **values)
    )
    return rendered.encode("utf-8", "replace")


@cache
def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def policy(css: str, script: str) -> str:
    """The Content-Security-Policy: everything is forbidden but these two texts and pictures within the page."""
    scripts = f"script-src {hashed(script)}; require-trusted-types-for 'script'" if script else ""
    return "; ".join(filter(None, (NOTHING_ELSE, f"style-src {hashed(css)}", scripts)))


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
