"""The documentation says what is true: its links lead somewhere, its commands exist, and it builds as a site."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml  # type: ignore[import-untyped]

from grader.cli import app
from tests.docs.reading import ALL_PAGES, PAGES, READER, ROOT, blocks, name, tokens


def links(page: Path) -> Iterator[str]:
    for token in tokens(page):
        target = token.attrGet("href") or token.attrGet("src")
        if target is not None:
            yield str(target)


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in links."""
    parsed = READER.parse(page.read_text(encoding="utf-8"))
    titles = [after.content for token, after in itertools.pairwise(parsed) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def broken(page: Path, link: str) -> bool:
    """Whether a link within the project leads nowhere; links to other places are not followed."""
    path, _, anchor = link.partition("#")
    if re.match(r"[a-z]+:", link):
        return False
    target = (page.parent / path).resolve() if path else page
    if not target.is_relative_to(ROOT) or not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Each relative link names a file of the project, and a heading in it where it says so."""
    assert [link for link in links(page) if broken(page, link)] == []


def test_a_broken_link_is_seen() -> None:
    """The checker above is one."""
    page = ROOT / "docs" / "policy.md"
    assert broken(page, "nowhere.md")
    assert broken(page, "#nothing")
    assert broken(page, "../../outside.md")
    assert not broken(page, "policy.md#late-work")


def test_every_picture_is_shown() -> None:
    """What `scripts/pictures.py` draws stands on some page."""
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    assert [file.name for file in (ROOT / "docs" / "images").iterdir() if file not in shown] == []


def command_lines(page: Path) -> Iterator[str]:
    """Lines of code blocks that begin with `grade`, whole commands."""
    for token in tokens(page):
        if token.type in ("code_block", "fence"):
            yield from (
                line.strip() for line in token.content.splitlines() if line.strip().startswith("grade ")
            )


def mentions(page: Path) -> Iterator[str]:
    """Commands within a sentence, which may leave out arguments."""
    for token in tokens(page):
        if token.type == "code_inline" and token.content.startswith("grade "):
            yield token.content


def fault(line: str, *, whole: bool) -> str | None:
    """Why `grade` would refuse a line; None where it would not. `[--option X]` in a line is checked, `...` is not."""
    _, *words = shlex.split(re.sub(r"\[|\]|\.\.\.", " ", line), comments=True)
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    if words[0].startswith("-") or words[0] == "COMMAND":
        return None
    if words[0] not in commands:
        return f"there is no command {words[0]}"
    arguments = [word for word in words[1:] if word != "--help"]
    if not arguments and not whole:
        return None
    try:
        commands[words[0]].make_context(words[0], arguments)
    except Exception as error:  # noqa: BLE001 - whatever the parser of the command line raises
        missing = type(error).__name__ == "MissingParameter"
        return None if missing and not whole else f"{type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_can_be_given(page: Path) -> None:
    """The command, its options and their values are what `grade` takes."""
    told = {line: fault(line, whole=True) for line in command_lines(page)}
    told |= {line: fault(line, whole=False) for line in mentions(page) if line not in told}
    assert {line: why for line, why in told.items() if why} == {}


@pytest.mark.parametrize(
    "line",
    ["grade nothing", "grade run x.py", "grade run x.py -a hw8 --quickly", "grade export OUT --to nobody"],
)
def test_a_wrong_command_is_seen(line: str) -> None:
    """An unknown command, a missing argument, an unknown option, a value that is none of the choices."""
    assert fault(line, whole=True)


def test_every_command_is_documented() -> None:
    """Each command that `grade --help` lists is used on some page."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    used = {line.split()[1] for page in PAGES for line in (*command_lines(page), *mentions(page))}
    assert [each for each, command in commands.items() if not command.hidden and each not in used] == []


@pytest.mark.parametrize("page", ALL_PAGES, ids=name)
def test_blocks_are_what_they_are_called(page: Path) -> None:
    """A block says what language it is in, and Python and TOML can be read as such."""
    for block in blocks(page):
        assert block.language in ("sh", "python", "toml", "text"), (
            f"a block without its language: {block.text}"
        )
        if block.language == "python":
            compile(block.text, str(page), "exec")
        if block.language == "toml":
            tomllib.loads(block.text)


# ------------------------------------------------------------------------------------------------ the site


def entries(navigation: object) -> Iterator[str]:
    """The pages that mkdocs.yml's `nav` names, at any depth."""
    if isinstance(navigation, str):
        yield navigation
    elif isinstance(navigation, dict | list):
        for entry in navigation.values() if isinstance(navigation, dict) else navigation:
            yield from entries(entry)


def test_every_page_is_in_the_sites_navigation() -> None:
    """mkdocs.yml's `nav` names each page under docs/ once, and no other."""
    named = sorted(entries(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]))
    there = sorted(page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md"))
    assert [page for page in there if page not in named] == [], "add these to `nav` in mkdocs.yml"
    assert named == there, "these are twice in `nav` of mkdocs.yml, or are no pages"


def test_the_site_builds(tmp_path: Path) -> None:
    """Without a warning: every link, heading and picture is there."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "site" / "students.html").is_file()
