"""The pages that people read, and what stands in them: words, links, blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.release.handout import handout

ROOT: Final = Path(__file__).resolve().parents[2]
HANDOUT: Final = ROOT / "student_template" / "README.md"
PAGES: Final = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
ALL_PAGES: Final = [
    *PAGES, HANDOUT, ROOT / "course_template" / "README.md", ROOT / "solutions" / "hw8" / "README.md",
]  # fmt: skip
READER: Final = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Block:
    """A block of code; `language` is empty where it has none (or is indented)."""

    language: str
    text: str

    @property
    def commands(self) -> tuple[str, ...]:
        """Its lines without comments."""
        lines = (re.sub(r"\s+#.*$", "", line).strip() for line in self.text.splitlines())
        return tuple(line for line in lines if line and not line.startswith("#"))


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text_of(page: Path) -> str:
    """What the reader sees: of the handout's README, hw8's."""
    if page == HANDOUT:
        return handed_out()[Path("README.md")].decode()
    return page.read_text(encoding="utf-8")


def handed_out() -> dict[Path, bytes]:
    """The files of hw8's handout."""
    return handout(ROOT / "assignments" / "hw8", ROOT / "solutions" / "hw8", HANDOUT.parent)


def tokens(page: Path) -> Iterator[Token]:
    """All tokens of a page, those within lines too."""
    for token in READER.parse(text_of(page)):
        yield token
        yield from token.children or ()


def blocks(page: Path) -> list[Block]:
    """Its blocks of code, in order."""
    kinds = ("code_block", "fence")
    return [Block(token.info.strip(), token.content) for token in tokens(page) if token.type in kinds]


def commands(page: Path) -> list[str]:
    """The lines that a reader copies into a shell, in order."""
    return [line for block in blocks(page) if block.language == "sh" for line in block.commands]
