"""A server, a Chromium, and visitors whose every request and console line is watched."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Download,
    Locator,
    Page,
    TimeoutError,
    expect,
    sync_playwright,
)

from data.books import Book
from model.deployed.desk import DeployedModels
from model.deployed.saved import base_query, measured
from model.engine.scorer import TableScorer
from model.record.database import engine
from model.record.scenarios import ScenarioStore
from model.report import numbers
from model.security.people import LOCAL
from model.settings import settings
from model.whatif.customer.scenario import CustomerScenario, base_record
from model.whatif.customer.sensitivity import sweep
from model.whatif.saved import SavedScenario
from tests.browser.server import Server, chromium, serving
from tests.support import second_book
from tests.support.kept import KeptReleases

LIMIT = 60_000  # ms within which what is expected must show, however busy the machine: only a fault takes so long
PRESS_NOTICED = 20_000  # ms within which a press of a button must have been told to the server
QUIET = 50  # ms without a message, so that a run asked for on top of another one is not overlooked
RUNS = (Path(__file__).parent / "runs.js").read_text("utf-8")
WINDOW = (1280, 720)
OWN_SCHEMES = ("http", "https", "ws", "wss")

expect.set_options(timeout=LIMIT)


@dataclass
class Watched:
    """What one visitor's browser asked for and complained of."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def foreign(self, host: str) -> list[str]:
        """Requests that went to another host than the server."""
        parts = [(urlsplit(each), each) for each in self.requests]
        return [each for part, each in parts if part.scheme in OWN_SCHEMES and part.netloc != host]


T = TypeVar("T")
Visit = Callable[..., Page]
Start = Callable[[Path], Server]


@pytest.fixture(scope="session")
def server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The dashboard with a release, shared by the session's tests."""
    with serving(home, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def home_of_both(home: Path, kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a champion of the cards and one of the made-up loans."""
    place = tmp_path_factory.mktemp("both") / "home"
    shutil.copytree(home, place, ignore=shutil.ignore_patterns("record.sqlite*"))
    second_book.lay_down(place)
    kept.champion(place, second_book.NAME)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHATIF_HOME", str(place))
        for book in ("cards", second_book.NAME):
            save_two(book)
    return place


def save_two(book: str) -> None:
    """Two scenarios under a name, in the home of the environment: a base of a long name, and a variant of it."""
    model, opened = DeployedModels().model(book), engine(settings())
    assert model is not None
    store = ScenarioStore(opened)
    name, base = "Board's base for the autumn, as the risk committee asked", ""
    for called, query in ((name, {"balances": "20"}), ("Variant", {"balances": "20", "unemployment": "3"})):
        note = "What the committee of September asked to be shown beside the regulator's own."
        draft = SavedScenario(
            called, book, "book", (), "Ada Moore", note=note, tags=("board", "autumn"), stands_on=base
        )
        below = base_query(model, store.find, base)
        base = store.save(measured(model, draft, query, date(2026, 9, 30), below), LOCAL).id
    opened.dispose()


@pytest.fixture(scope="session")
def both(home_of_both: Path) -> Iterator[Server]:
    """The dashboard with both books."""
    with serving(home_of_both, home_of_both.parent) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as playwright:
        running = chromium(playwright)
        yield running
        running.close()


def newcomer(browser: Browser, to: Server | None = None, **how: Any) -> BrowserContext:
    """A browser of somebody who has not been here yet, in whose pages `settled` knows what is under way; who has opened
    the link that a server printed, if it is one ``to`` come to."""
    context = browser.new_context(**how)
    if to is not None and to.link:
        assert context.request.get(to.link, max_redirects=0).status == 303
    context.set_default_timeout(LIMIT)
    context.add_init_script(RUNS)
    return context


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server of the test's own on a home folder; it stops once the test's visitors have left."""
    with ExitStack() as running:
        yield lambda home: running.enter_context(serving(home, tmp_path))


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest, start: Start) -> Iterator[Visit]:
    """Opens an address as a new visitor. At the end: nothing left the machine, nothing of ours in the console."""
    with visiting(browser, lambda: request.getfixturevalue("server")) as go:
        yield go


@contextmanager
def visiting(browser: Browser, server: Callable[[], Server]) -> Iterator[Visit]:
    """As ``visit``, for as long as one likes, of a ``server`` unless one goes ``to`` another."""
    opened: list[tuple[BrowserContext, Server, Watched]] = []

    def go(
        address: str,
        to: Server | None = None,
        theme: Literal["light", "dark"] = "light",
        window: tuple[int, int] = WINDOW,
        script: str = "",
    ) -> Page:
        at = to or server()
        size: Any = {"width": window[0], "height": window[1]}
        context = newcomer(browser, at, color_scheme=theme, viewport=size, reduced_motion="reduce")
        watched = Watched()
        opened.append((context, at, watched))
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("request", lambda sent: watched.requests.append(sent.url))
        page.on("websocket", lambda socket: watched.requests.append(socket.url))
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        page.on("console", lambda message: _note(watched, message))
        page.goto(at.url + address)
        return page

    yield go
    for context, at, watched in opened:
        context.close()
        assert watched.requests
        assert watched.foreign(at.host) == []
        assert watched.complaints == []


def _note(watched: Watched, message: ConsoleMessage) -> None:
    """Errors and warnings, but for Streamlit's own: on a deep link its client first looks for the server's health and
    host configuration below the page's path, and Chromium reports the two 404 answers."""
    if message.type not in ("error", "warning"):
        return
    source = urlsplit(str(message.location.get("url", ""))).path
    probing = source.endswith(("/_stcore/health", "/_stcore/host-config")) and not source.startswith("/_stcore")
    if not (probing and "404" in message.text):
        watched.complaints.append(f"{message.type}: {message.text} ({source})")


@pytest.fixture(scope="session")
def customer(book: Book, scorer: TableScorer) -> int:
    """A customer whose probability as shown is another at balances 5 % and 10 % lower."""
    for number in book.ids:
        curve = sweep(
            scorer, book, base=base_record(book, CustomerScenario(int(number))), edits={}, name="balances", cutoff=600.0
        )
        shown = {float(x): numbers.percent(float(pd)) for x, pd in zip(curve.x, curve.pd, strict=True)}
        if len({shown[0.0], shown[-5.0], shown[-10.0]}) == 3:
            return int(number)
    raise AssertionError("No customer of the book has three probabilities at balances 0, -5 and -10 %.")


# ---- what a visitor sees and does -----------------------------------------------------------------------------------


def probability(page: Page) -> Locator:
    """The probability of default, the first of the numbers."""
    return page.locator(".wi-number .wi-value").first


def sentence(page: Page) -> Locator:
    """The sentence on top of the answer, of the page that was come to: for a moment the one left stands below it."""
    return page.locator(".wi-sentence:not([data-stale=true] *)")


def lever(page: Page, label: str) -> Locator:
    """A lever's thumb, which takes the keyboard."""
    return page.get_by_role("slider", name=label)


def press(page: Page, label: str, key: str) -> None:
    """Press a key on a lever."""
    thumb = lever(page, label)
    thumb.focus()
    thumb.press(key)


def ready(page: Page) -> None:
    """Until the answer and the charts stand and the last run is over."""
    expect(page.locator(".wi-number")).to_have_count(5)
    expect(page.locator(".st-key-sweep svg").first).to_be_visible()
    settled(page)


def book_ready(page: Page, narrow: bool = False) -> None:
    """Until the book's numbers and both charts stand and the last run is over; in a ``narrow`` window the map is a
    list, and before anything is assumed regulators' scenarios stand in place of the bridge."""
    expect(page.locator(".wi-number")).to_have_count(6)
    expect(page.locator(".wi-listed" if narrow else ".st-key-where svg").first).to_be_visible()
    expect(page.locator(".st-key-bridge svg, .st-key-starts button").first).to_be_visible()
    settled(page)


def policy_ready(page: Page) -> None:
    """Until the policy's numbers and both charts stand and the last run is over."""
    expect(page.locator(".wi-number")).to_have_count(5)
    expect(page.locator(".st-key-strategy svg").first).to_be_visible()
    expect(page.locator(".st-key-profits svg").first).to_be_visible()
    settled(page)


def settled(page: Page) -> None:
    """Until every run of the script that was asked for is over, and the browser has drawn what it brought.

    What is read of a page after a click, a key or a step through the history is read after this, or waited for by
    ``expect``: the server answers when it gets to it, and the browser draws when it gets to it.
    """
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    try:
        page.wait_for_function("(quiet) => window.whatif.settled(quiet)", arg=QUIET, polling=QUIET)
    except TimeoutError as error:
        pending = page.evaluate("window.whatif.pending()") or "messages or drawing that did not end"
        raise AssertionError(f"The page did not settle. It waits for: {pending}. {unrest(page)}") from error


def unrest(page: Page) -> str:
    """What goes on in a page within a second: messages, what changes most often, whether the browser has idle time."""
    found = page.evaluate(
        """() => new Promise((done) => {
          const [before, changed] = [window.whatif.messages, new Map()];
          const note = ({ target }) => changed.set(target.className, (changed.get(target.className) ?? 0) + 1);
          const watch = new MutationObserver((records) => records.forEach(note));
          watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
          let idle = 0;
          const again = () => { idle += 1; requestIdleCallback(again); };
          requestIdleCallback(again);
          const said = () => [
            `${window.whatif.messages - before} messages, ${idle} idle moments`,
            ...[...changed].sort((one, other) => other[1] - one[1]).slice(0, 3).map((each) => each.join(" changed ")),
          ];
          setTimeout(() => done(said().join(", ")), 1000);
        })"""
    )
    return f"Within a second: {found}."


def until(page: Page, read: Callable[[], T], holds: Callable[[T], object], limit: int = LIMIT) -> T:
    """What is read last, for a test to assert: again and again until it ``holds``, for charts that the browser is still
    drawing and whatever else ``expect`` cannot read; for ``limit`` ms at most."""
    end = time.monotonic() + limit / 1000
    while not holds(found := read()) and time.monotonic() < end:
        page.wait_for_timeout(QUIET)
    return found


def downloaded(button: Locator) -> Download:
    """The file that a button brings. It is pressed a second time only where nothing at all came of the first press, as
    if the browser had lost it; what was asked of the server and brings no file is a fault."""
    page, came = button.page, list[Download]()
    page.on("download", lambda file: came.append(file))
    before = messages(page)
    button.click()
    if not until(page, lambda: came or messages(page) > before, bool, limit=PRESS_NOTICED):
        button.click()
    until(page, lambda: came, bool)
    said = f"{messages(page) - before} messages passed; the button says {button.inner_text()!r}"
    assert came, f"No file came. {said}; around it stands {button.locator('xpath=../..').inner_text()!r}."
    return came[0]


def messages(page: Page) -> int:
    """How many messages have passed between the page and the server."""
    return int(page.evaluate("window.whatif.messages"))


def follow(links: Locator) -> int:
    """Follow the first of the ``links`` to a record; its number. The browser draws a row of links in any order, so the
    one that was read is held by its address."""
    expect(links.first).to_be_visible()
    settled(links.page)
    address = str(links.first.get_attribute("href"))
    links.and_(links.page.locator(f'[href="{address}"]')).click()
    return int(dict(parse_qsl(urlsplit(address).query))["customer"])


def unfold(page: Page) -> None:
    """Open every collapsed panel, from the last to the first: what opens above does not move what is clicked next."""
    panels = page.locator(".stExpander details")
    for k in reversed(range(panels.count())):
        panels.nth(k).locator("summary").click()
        expect(panels.nth(k)).to_have_attribute("open", "")
        inside = panels.nth(k).locator(".stElementContainer")
        expect(inside.locator("visible=true").first).to_be_visible()
        settled(page)


def trust(page: Page) -> None:
    """Until the trust page stands: its numbers, and predicted against observed."""
    expect(page.locator(".wi-number")).to_have_count(6)
    expect(page.locator(".st-key-reliability svg").first).to_be_visible()
    settled(page)


def operations_ready(page: Page) -> None:
    """Until the operations page stands: its sentence, the numbers, the checks, what is deployed."""
    expect(page.locator(".wi-number")).to_have_count(4)
    expect(page.locator(".wi-table")).to_have_count(2)
    settled(page)


Violation = tuple[str, list[list[str]]]
STREAMLITS_OWN: Violation = ("presentation-role-conflict", [["section"]])  # its drop zone can be reached, is nothing


def violations(page: Page) -> list[Violation]:
    """Which rules of accessibility a page breaks as it stands, and where."""
    found = Axe().run(page).response["violations"]
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]


def photograph(page: Page, name: str) -> None:
    """A picture to be looked at, where WHATIF_SCREENS says."""
    folder = os.environ.get("WHATIF_SCREENS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")


def drawn(page: Page, key: str) -> str:
    """What a chart shows: Plotly's data where Plotly draws it, its markup otherwise; "" while there is none."""
    found = page.evaluate(
        """(key) => {
          const place = document.querySelector(`.st-key-${key}`);
          const plot = place?.querySelector(".js-plotly-plot");
          return plot ? JSON.stringify(plot.data) : place?.innerHTML ?? "";
        }""",
        key,
    )
    return str(found)


def redrawn(page: Page, key: str, before: str) -> str:
    """What a chart shows once it no longer shows what it did ``before``."""
    return until(page, lambda: drawn(page, key), lambda found: found != before)


def answer(page: Page) -> dict[str, str]:
    """Every text and chart of the answer: the numbers, the sentences, the data drawn."""
    texts = page.locator(".wi-sentence, .wi-numbers, .wi-below, .wi-findings").all_inner_texts()
    return {"texts": "\n".join(texts)} | {key: drawn(page, key) for key in ("why", "sweep")}


def answered(page: Page, wanted: dict[str, str]) -> dict[str, str]:
    """The answer once it is the ``wanted`` one."""
    return until(page, lambda: answer(page), lambda found: found == wanted)


def waterfall(page: Page, there: bool = True) -> None:
    """Until what changed is drawn beside the reasons, or no longer is."""
    page.wait_for_function(
        """(there) => {
          const plot = document.querySelector(".st-key-why .js-plotly-plot");
          return plot?._fullLayout && (plot.data.length > 1) === there;
        }""",
        arg=there,
    )
