"""The pages in a real browser: what clicks do, that nothing hostile acts, that everybody can use them."""

from __future__ import annotations

import base64
import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader.intake.records import Found
from grader.model import CellUse, Exhibit, Outcome, Reading, Result
from grader.report.pages import make_pages
from grader.report.pages.classroom import class_view
from grader.report.pages.source import read_class, read_sheets
from grader.report.pages.templates import page as rendered
from tests.report.books import make_book, real_book, real_results

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium in the PATH: apt-get install chromium (Debian) brings it"
)

PAGES = (
    "index.html", "feedback/blaise/index.html", "feedback/blaise/handed-in.html", "feedback/carl/index.html",
    "feedback/carl/handed-in.html", "feedback/karl/index.html", "feedback/henri/index.html",
)  # fmt: skip


class Visit:
    """A page that is open, with everything that it asked for, complained of or tried."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self.dialog)

    def dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def go(self, file: Path, anchor: str = "") -> Visit:
        self.page.goto(file.as_uri() + anchor)
        return self

    def foreign(self) -> list[str]:
        """What was asked for besides files and what is within the page."""
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]

    def files(self) -> list[str]:
        return [url for url in self.requests if url.startswith("file:")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1180, "height": 900})
    yield Visit(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of six real submissions."""
    folder = tmp_path_factory.mktemp("class")
    out = real_book(folder / "out", folder / "in")
    assert make_pages(out, 1).troubles == ()
    return out


# ----------------------------------------------------------------------------------------- quiet and fit


@pytest.mark.parametrize("page", PAGES)
def test_opens_quietly_and_alone(visit: Visit, made: Path, page: str) -> None:
    """No errors, no complaints, and nothing is asked for but the page itself."""
    visit.go(made / page)
    assert visit.complaints == []
    assert visit.foreign() == []
    assert visit.files() == [(made / page).as_uri()]


@pytest.mark.parametrize("page", PAGES)
def test_fits_a_telephone(browser: Any, made: Path, page: str) -> None:
    """At 360 pixels nothing sticks out and no words stand one letter a line."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    visit = Visit(context.new_page()).go(made / page)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
    narrow = visit.page.evaluate(
        "[...document.querySelectorAll('td, th, .what')].filter(one => one.checkVisibility()"
        " && one.textContent.trim().length > 12 && one.getBoundingClientRect().width < 48)"
        ".map(one => one.textContent)"
    )
    assert narrow == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["index.html", "feedback/blaise/index.html", "feedback/carl/handed-in.html"])
def test_is_accessible(browser: Any, made: Path, page: str, scheme: str) -> None:
    """axe-core finds nothing serious or critical, with everything unfolded."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is missing"
    )
    context = browser.new_context(
        viewport={"width": 1180, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    opened = context.new_page()
    opened.goto((made / page).as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = axe.Axe().run(opened, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [
        (one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")
    ]
    assert serious == []
    context.close()


def test_prints_everything(visit: Visit, made: Path) -> None:
    """On paper the passed tests are unfolded and the navigation is gone."""
    visit.page.emulate_media(media="print")
    visit.go(made / "feedback/blaise/index.html")
    assert not visit.page.locator("nav").is_visible()
    assert visit.page.locator("details.passed li").first.is_visible()
    assert len(visit.page.pdf()) > 20_000


# ---------------------------------------------------------------------------------------- finding one's way


def test_from_the_next_step_to_the_code_and_back(visit: Visit, made: Path) -> None:
    """What next, its place in the code, and from there back to the test."""
    visit.go(made / "feedback/blaise/index.html")
    visit.page.locator("#next").get_by_role("link", name="Linear, line 18").click()
    visit.page.wait_for_url("**/handed-in.html#line-18")
    assert "class Linear" in visit.page.locator("#line-18").inner_text()
    visit.page.get_by_role("link", name="A batch of 5 inputs").click()
    visit.page.wait_for_url("**/index.html#test-*")
    assert visit.page.locator(".test:target").is_visible()
    assert visit.complaints == []


def test_the_keyboard_reaches_the_content(visit: Visit, made: Path) -> None:
    """The first stop skips to the content, and every stop can be seen."""
    visit.go(made / "feedback/blaise/index.html")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("document.activeElement.id") == "main"
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def names(visit: Visit) -> list[str]:
    return [text.strip() for text in visit.page.locator("#box tbody th").all_inner_texts()]


def test_the_table_sorts(visit: Visit, made: Path) -> None:
    """By points from the greatest, and the other way round the second time; told to screen readers."""
    visit.go(made / "index.html")
    button = visit.page.get_by_role("button", name="Points")
    button.click()
    first = names(visit)
    assert first[0] == "carl"
    assert visit.page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    button.press("Enter")
    assert names(visit)[-1] == "carl"
    assert visit.page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"


def test_the_table_filters(visit: Visit, made: Path) -> None:
    """By name, status, a test not passed and who needs a look; the count says so."""
    visit.go(made / "index.html")
    visit.page.get_by_label("Name or id").fill("ARL")
    assert names(visit) == ["carl", "karl"]
    assert visit.page.locator("#count").inner_text() == "2 of 6 rows"
    visit.page.get_by_label("Status").select_option("unreadable")
    assert names(visit) == ["karl"]
    visit.page.get_by_label("Name or id").fill("")
    visit.page.get_by_label("Status").select_option("")
    test = visit.page.locator("#filter-test option", has_text="is mean((target - prediction)²)").inner_text()
    visit.page.get_by_label("Did not pass").select_option(label=test)
    assert names(visit) == ["blaise", "lucky"]
    visit.page.get_by_role("checkbox", name="Needs a look").check()
    assert names(visit) == ["lucky"]
    assert visit.complaints == []


def test_the_table_leads_to_the_pages(visit: Visit, made: Path) -> None:
    visit.go(made / "index.html")
    visit.page.locator("#rows").get_by_role("link", name="henri").click()
    visit.page.wait_for_url("**/feedback/henri/index.html")
    assert visit.page.get_by_role("heading", level=1).inner_text() == "henri"


def test_the_table_is_there_without_scripts(browser: Any, made: Path) -> None:
    """Where scripts are off, the table is plain and complete, and no filter pretends to work."""
    context = browser.new_context(java_script_enabled=False)
    visit = Visit(context.new_page()).go(made / "index.html")
    assert names(visit) == ["blaise", "carl", "henri", "karl", "lucky", "maryam"]
    assert not visit.page.locator("#filters").is_visible()
    context.close()


def test_thousands_of_rows_are_few_elements(visit: Visit, made: Path, tmp_path: Path) -> None:
    """Only the rows in view are made; scrolling to the end shows the last."""
    record = read_class(made, read_sheets(made))
    one = record.standings[0]
    many = tuple(msgspec.structs.replace(one, submission=f"s{at:04}", sheet=None) for at in range(3000))
    view = class_view(msgspec.structs.replace(record, standings=many))
    file = tmp_path / "index.html"
    file.write_bytes(rendered("class.html", ("base.css", "class.css"), "class.js", view=view))
    visit.go(file)
    assert visit.page.locator("#rows tr").count() < 80
    visit.page.locator("#box").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    visit.page.locator("#rows").get_by_text("s2999").wait_for()
    assert visit.page.locator("#roll").get_attribute("aria-rowcount") == "3001"


# --------------------------------------------------------------------------------------- hostile material

EVIL = (
    "<script>window.pwned=1</script><img src=http://127.0.0.1:9/a onerror=window.pwned=2>"
    '"\'><svg onload=window.pwned=3><a href="javascript:window.pwned=4">x</a></title></style></script>'
    "<script src=http://127.0.0.1:9/b></script><iframe src=http://127.0.0.1:9/c></iframe>--><!--<script>"
    "{{ 7*7 }}{% raw %}<link rel=stylesheet href=http://127.0.0.1:9/d><style>@import'http://127.0.0.1:9/e'</style>"
    "<base href=http://127.0.0.1:9/><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/f'>`\u202e\u2028"
)


def evil_notebook(file: Path) -> None:
    """Everything that a notebook can carry, with something bad in it."""
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + EVIL.encode()).decode()
    rich = {
        "text/html": EVIL, "image/svg+xml": EVIL, "application/javascript": "window.pwned=5", "text/plain": EVIL,
        "text/latex": EVIL, "text/markdown": EVIL,
    }  # fmt: skip
    outputs: list[dict[str, object]] = [
        {"output_type": "display_data", "data": rich},
        {"output_type": "execute_result", "data": {"image/png": png}},
        {"output_type": "display_data", "data": {"image/jpeg": 'x" onerror="window.pwned=6'}},
        {"output_type": "stream", "name": "stdout", "text": EVIL},
        {"output_type": "error", "ename": EVIL, "evalue": EVIL, "traceback": [EVIL]},
    ]
    cells = [
        {"cell_type": "markdown", "source": EVIL, "attachments": {"a.svg": {"image/svg+xml": EVIL}}},
        {
            "cell_type": "markdown",
            "source": f"[a](javascript:window.pwned=7)\n\n![{EVIL}](http://127.0.0.1:9/g)",
        },
        {"cell_type": "markdown", "source": "<http://127.0.0.1:9/h>\n\n[r]: http://127.0.0.1:9/i\n\n![x][r]"},
        {"cell_type": "raw", "source": EVIL},
        {"cell_type": "code", "source": f"class Linear:\n    x = '''{EVIL}'''\n# {EVIL}", "outputs": outputs},
    ]
    file.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def evil_result(result: Result, file: str) -> Result:
    """A result in which every text that a student can influence is bad."""
    tests = tuple(
        msgspec.structs.replace(
            one, title=f"{one.title} {EVIL}", outcome=Outcome.ERROR, score=0.0, message=f"Linear {EVIL}",
            hint=EVIL, printed=EVIL, own=Outcome.CRASHED,
            exhibits=(
                *one.exhibits,
                Exhibit(kind="loss_curve", data={"losses": [1.0, 2.0], "what": EVIL}),
                Exhibit(kind="confusion", data={"of": EVIL, "counts": [[1]]}),
            ),
        )
        for one in result.tests[:12]
    )  # fmt: skip
    reading = Reading(
        file=file, why=EVIL, notes=(EVIL,), found=("Linear", EVIL), missing=(EVIL,),
        cells=(CellUse(cell=1, use="used", reason=f"defines Linear; {EVIL}"),),
    )  # fmt: skip
    return msgspec.structs.replace(result, tests=tests, message=EVIL, reading=reading)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a submission that tries whatever it can."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "in").mkdir()
    evil_notebook(folder / "in" / "eve.ipynb")
    found = Found(id="eve", student=EVIL, name=EVIL, path=folder / "in" / "eve.ipynb", layout="plain")
    result = evil_result(real_results()[0], "eve.ipynb")
    out = make_book(folder / "out", folder / "in", [(found, result)])
    assert make_pages(out, 1).troubles == ()
    return out


@pytest.mark.parametrize("page", ["index.html", "feedback/eve/index.html", "feedback/eve/handed-in.html"])
def test_nothing_hostile_acts(visit: Visit, hostile: Path, page: str) -> None:
    """Nothing runs, nothing is asked for, and the policy had nothing to stop: it was text all along."""
    visit.go(hostile / page)
    visit.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    visit.page.mouse.wheel(0, 5000)
    visit.page.wait_for_timeout(200)
    assert visit.page.evaluate("window.pwned") is None
    assert visit.foreign() == []
    assert visit.complaints == []
    assert visit.files() == [(hostile / page).as_uri()]
    alive = "script[src], iframe, object, embed, link[rel=stylesheet], base, a[href^='javascript'], [onload], [onerror]"
    assert visit.page.locator(alive).count() == 0
    scripts = visit.page.evaluate(
        "[...document.scripts].filter(one => one.type !== 'application/json').length"
    )
    assert scripts == (1 if page == "index.html" else 0)
    assert "window.pwned=1" in visit.page.locator("body").inner_text()


def asked_of(server: socket.socket) -> bytes:
    """All that was sent to a server; a browser may open a connection for a frame before it refuses to use it."""
    asked = b""
    while True:
        try:
            connection, _ = server.accept()
        except BlockingIOError:
            return asked
        with connection:
            connection.settimeout(0.2)
            try:
                asked += connection.recv(1000)
            except TimeoutError:
                continue


@pytest.mark.parametrize(
    "page", ["index.html", "feedback/blaise/index.html", "feedback/blaise/handed-in.html"]
)
def test_the_policy_would_stop_what_slipped_through(
    visit: Visit, made: Path, tmp_path: Path, page: str
) -> None:
    """Were something left unescaped, the browser would still refuse to run it or to fetch anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        there = f"http://127.0.0.1:{server.getsockname()[1]}"
        bad = (
            f"<script>window.pwned=1</script><img src={there}/a onerror=window.pwned=2>"
            f"<iframe src={there}/b></iframe><link rel=stylesheet href={there}/c>"
            f"<p style='background:url({there}/d)'>x</p><script src={there}/e></script>"
        )
        copy = tmp_path / "page.html"
        text = (made / page).read_text(encoding="utf-8")
        copy.write_text(text.replace("<main", f"{bad}<main"), encoding="utf-8")
        visit.go(copy)
        visit.page.wait_for_timeout(300)
        assert visit.page.evaluate("window.pwned") is None
        assert sum("Content Security Policy" in one for one in visit.complaints) >= 5
        assert asked_of(server) == b""
