"""Make the README's pictures of real output: what the terminal shows, a feedback page and a class page.

python scripts/pictures.py            all of them
python scripts/pictures.py --from OUT the pages of a folder that `grade batch` wrote, rather than grading anew
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from grader.assignment import find_assignment
from grader.pipeline import grade_one
from grader.report.pages import make_pages
from grader.report.terminal import show

ROOT: Final = Path(__file__).resolve().parent.parent
IMAGES: Final = ROOT / "docs" / "images"
CLASS: Final = ROOT / "solutions" / "hw8" / "sample_class"
SHARP: Final = 2
"""Pixels of the picture for one of the page."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the README's pictures.")
    parser.add_argument("--from", dest="out", type=Path, help="a folder that `grade batch` wrote")
    chosen = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    if chosen.out is not None:
        photograph_pages(chosen.out.resolve())
        return
    draw_terminal()
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        command = [sys.executable, "-m", "grader.cli", "batch", CLASS, "-a", "hw8", "-o", out]
        subprocess.run(list(map(str, command)), check=True, cwd=ROOT)
        photograph_pages(out)


def draw_terminal() -> None:
    """`grade run` of a submission that lost some points."""
    assignment = find_assignment(str(ROOT / "assignments" / "hw8"))
    submission = CLASS / "blaise.py"
    result = grade_one(submission, assignment, seed="picture")
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=110, file=nowhere, force_terminal=True)
        show(console, result, {part.name: part.title for part in assignment.parts})
    target = IMAGES / "run.svg"
    console.save_svg(str(target), title=f"grade run {submission.name} -a {assignment.name}")
    say(target)


def photograph_pages(out: Path) -> None:
    """The first screens of a feedback page, of its figures, and of the class page."""
    from playwright.sync_api import sync_playwright

    make_pages(out, 1)
    feedback = out / "feedback" / "blaise" / "index.html"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        photograph(browser, feedback, "feedback.png", height=1000)
        photograph(browser, feedback, "feedback-dark.png", height=1000, at="#part-cnn", scheme="dark")
        photograph(browser, out / "index.html", "class.png", height=1000)
        photograph(browser, out / "index.html", "class-table.png", height=760, at="section:has(#table-title)")
        browser.close()


def photograph(
    browser: Any, page: Path, name: str, *, height: int, at: str | None = None, scheme: str = "light"
) -> None:
    """A page from the top, or from an element on, as it stands in a window of this height."""
    context = browser.new_context(
        viewport={"width": 1180, "height": height}, device_scale_factor=SHARP, color_scheme=scheme
    )
    opened = context.new_page()
    opened.goto(page.as_uri())
    if at is not None:
        opened.locator(at).evaluate("element => element.scrollIntoView()")
    opened.screenshot(path=str(IMAGES / name))
    context.close()
    say(IMAGES / name)


def say(target: Path) -> None:
    sys.stdout.write(f"{target.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
