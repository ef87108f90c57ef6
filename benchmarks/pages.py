"""How long the pages take: to make for a class, and to be usable in a browser.

    python benchmarks/pages.py                     500 submissions on 2 cores, a class page of 5,000 rows
    python benchmarks/pages.py --no-browser

The submissions are real ones with their real results (tests/report/real_results.json), handed in again and
again under other names.  The browser is Debian's chromium, headless; times are the browser's own clock, from the
start of the navigation, or from the click, to the end of the frame that shows it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from grader.report.pages import make_pages
from grader.report.pages.classroom import class_view
from grader.report.pages.source import ClassRecord, Standing, read_class, read_sheets
from grader.report.pages.templates import page
from tests.report.books import handed_in, make_book, real_results, renamed

FRAME: Final = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
SORT: Final = f"""async () => {{
    const started = performance.now();
    [...document.querySelectorAll('.sorter')].find(one => one.textContent === 'Points').click();
    return await {FRAME} - started;
}}"""
FILTER: Final = f"""async () => {{
    const started = performance.now(), field = document.getElementById('filter-text');
    field.value = '7';
    field.dispatchEvent(new Event('input', {{bubbles: true}}));
    return await {FRAME} - started;
}}"""
SCROLL: Final = f"""async () => {{
    const started = performance.now(), box = document.getElementById('box');
    box.scrollTop = box.scrollHeight / 2;
    return await {FRAME} - started;
}}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=500)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--times", type=int, default=5, help="how often the browser opens the page")
    parser.add_argument("--no-browser", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        out = build(folder, chosen.submissions)
        say("what", "seconds")
        say(
            f"all pages of {chosen.submissions} submissions, {chosen.jobs} processes",
            seconds(out, chosen.jobs),
        )
        say("again, nothing changed", seconds(out, chosen.jobs))
        if not chosen.no_browser:
            measure_browser(folder, out, chosen.rows, chosen.times)
    say("load of this machine meanwhile, 1 min", f"{os.getloadavg()[0]:.1f}")


def build(folder: Path, count: int) -> Path:
    """A gradebook of so many submissions."""
    found = handed_in(folder / "in")
    results = real_results()
    handed = []
    for at in range(count):
        result = results[at % len(results)]
        handed.append((renamed(found[result.submission], f"student{at:04}", f"Student Number {at}"), result))
    return make_book(folder / "out", folder / "in", handed)


def seconds(out: Path, jobs: int) -> str:
    started = time.perf_counter()
    made = make_pages(out, jobs)
    if made.troubles:
        raise SystemExit("\n".join(made.troubles))
    return f"{time.perf_counter() - started:.1f}"


def measure_browser(folder: Path, out: Path, rows: int, times: int) -> None:
    """The class page of many rows in a browser: the median and the worst of some visits."""
    from playwright.sync_api import sync_playwright

    started = time.perf_counter()
    file = folder / "class.html"
    view = class_view(enlarged(read_class(out, read_sheets(out)), rows))
    file.write_bytes(page("class.html", ("base.css", "class.css"), "class.js", view=view))
    say(f"class page of {rows} rows made", f"{time.perf_counter() - started:.1f}")
    say("its size in MB", f"{file.stat().st_size / 1e6:.1f}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        visits = [visit(browser, file) for _ in range(times)]
        browser.close()
    for what in visits[0]:
        taken = [one[what] / 1000 for one in visits]
        say(f"{what}: median (worst) of {times}", f"{statistics.median(taken):.2f} ({max(taken):.2f})")


def enlarged(record: ClassRecord, rows: int) -> ClassRecord:
    """The same class many times over, each row with a name of its own."""
    first = record.standings

    def row(at: int) -> Standing:
        return msgspec.structs.replace(first[at % len(first)], submission=f"row{at:05}")

    return msgspec.structs.replace(record, standings=tuple(row(at) for at in range(rows)))


def visit(browser: Any, file: Path) -> dict[str, float]:
    """Milliseconds until the table is there, sorted, filtered, and scrolled to its middle."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    opened = context.new_page()
    opened.goto(file.as_uri())
    taken: dict[str, Callable[[], float]] = {
        "from navigation to a usable table": lambda: opened.evaluate(f"async () => await {FRAME}"),
        "a sort by points": lambda: opened.evaluate(SORT),
        "a scroll to the middle": lambda: opened.evaluate(SCROLL),
        "a filter by name": lambda: opened.evaluate(FILTER),
    }
    measured = {what: take() for what, take in taken.items()}
    assert opened.locator("#roll[data-ready=yes]").count() == 1
    context.close()
    return measured


def say(what: str, value: str) -> None:
    sys.stdout.write(f"{what:<60} {value:>12}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
