"""The stream page in a real browser: decisions as they come, and nothing that jumps; paused; one of them opened."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from data.books import Book
from model.report import numbers
from model.scoring.stream.live_store import find_decision
from tests.browser.conftest import Visit, photograph, settled, unfold, violations
from tests.browser.server import Server, serving
from tests.browser.test_look import SHIFTS, SIZES, THEMES, WIDER, Theme
from tests.support.watched import WatchedStream

pytestmark = pytest.mark.browser

WATCHED_SECONDS = 12
MOST_SHIFT = 0.001  # of all that time; a move of a lever may cost twenty times as much
EVERY, EACH = 0.1, 3  # seconds between two batches, and how many applications in one
PLACES = """
() => [...document.querySelectorAll(
    ".st-key-stream :is(.wi-number, .wi-sentence, .stPlotlyChart, .stPageLink, .stButton, .stExpander, h3)")]
  .map((each) => [each.className.split(" ")[0], each.getBoundingClientRect()])
  .filter(([, box]) => box.width)
  .map(([name, box]) => [name, ...[box.x, box.y, name === "stPageLink" ? 0 : box.width, box.height].map(Math.round)])
  .map((each) => each.join(" "))
"""
WATCH = """
() => {
  const seen = window.calm = { faded: [], waiting: 0, moved: [], places: {} };
  const places = eval(PLACES);
  let text = document.querySelector(".wi-headline").innerText;
  const look = () => {
    seen.waiting += document.querySelectorAll("[data-testid=stSkeleton], [data-testid=stSpinner]").length;
    for (const each of document.querySelectorAll(".st-key-stream .stElementContainer"))
      if (getComputedStyle(each).opacity < 0.99) seen.faded.push(each.className);
    const now = document.querySelector(".wi-headline")?.innerText ?? "";
    if (now !== text) { seen.moved.push(performance.now()); text = now; }
    seen.places[places().join("; ")] = true;
    requestAnimationFrame(look);
  };
  window.shifts = [];
  look();
}
""".replace("PLACES", repr(PLACES.strip()))


@pytest.fixture(scope="module")
def live_home(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of these tests' own."""
    place = tmp_path_factory.mktemp("stream") / "home"
    return shutil.copytree(home, place, ignore=shutil.ignore_patterns("record.sqlite*"))


@pytest.fixture(scope="module")
def streamed(live_home: Path) -> Iterator[Server]:
    """The dashboard where a stream is configured."""
    with serving(live_home, live_home.parent, settings={"WHATIF_STREAM_BROKERS": "127.0.0.1:9092"}) as running:
        yield running


@contextmanager
def feeding(home: Path, book: Book) -> Iterator[WatchedStream]:
    """A process that decides records of the book at random, some a second, and has done so for half an hour."""
    stream, end, random = WatchedStream(home, book), threading.Event(), np.random.default_rng(4)

    def some(count: int, name: str, before: int = 0) -> None:
        raw = np.ascontiguousarray(book.raw[:, random.integers(0, len(book), count)])
        bad = [b"{"] if name.endswith("7") else []
        stream.decide(raw, name, before, bad)

    def go_on() -> None:
        k = 0
        while not end.wait(EVERY):
            some(EACH, f"S-{k}")
            k += 1
            if k % 10 == 0:
                stream.live()

    for minute in range(30, 0, -1):
        some(60, f"M-{minute}", minute)
    stream.live()
    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield stream
    finally:
        end.set()
        thread.join()
        stream.close()


@pytest.fixture(scope="module")
def fed(live_home: Path, book: Book) -> Iterator[WatchedStream]:
    with feeding(live_home, book) as stream:
        yield stream


def stands(page: Page) -> None:
    """Until the numbers, the charts and the list stand."""
    expect(page.locator(".wi-number")).to_have_count(7)
    for key in ("arrivals", "granted", "pd", "drift"):
        expect(page.locator(f".st-key-stream-{key} svg").first).to_be_visible()
    expect(page.locator(".st-key-stream_list .stPageLink")).to_have_count(10)
    settled(page)


def test_numbers_move_at_most_once_a_second_and_nothing_else_does(
    visit: Visit, streamed: Server, fed: WatchedStream
) -> None:
    page = visit("/stream", streamed, script=SHIFTS)
    stands(page)
    first = "; ".join(page.evaluate(PLACES))
    page.evaluate(WATCH)
    page.wait_for_timeout(1000 * WATCHED_SECONDS)
    seen: dict[str, Any] = page.evaluate("window.calm")
    gaps = np.diff(seen["moved"])
    assert len(seen["moved"]) >= WATCHED_SECONDS / 3
    assert gaps.mean() >= 950
    assert (gaps >= 500).all()  # the browser is given some a little late, never more of them
    assert seen["waiting"] == 0
    assert seen["faded"] == []
    assert list(seen["places"]) == [first]
    assert sum(page.evaluate("window.shifts")) < MOST_SHIFT


def test_paused_it_stands_still_and_a_decision_opens_with_its_numbers(
    visit: Visit, streamed: Server, fed: WatchedStream
) -> None:
    page = visit("/stream", streamed)
    stands(page)
    places = page.evaluate(PLACES)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused at ")).to_be_visible()
    settled(page)
    assert [each for each in page.evaluate(PLACES) if "stButton" not in each] == [
        each for each in places if "stButton" not in each
    ]
    stood = page.locator(".st-key-stream").inner_text()
    page.wait_for_timeout(6500)
    assert page.locator(".st-key-stream").inner_text() == stood
    link = page.locator(".st-key-stream_list .stPageLink a").nth(4)
    identity = link.inner_text()
    link.click()
    expect(page.get_by_text(f"Application {identity}, decided ")).to_be_visible()
    expect(page.locator(".wi-number")).to_have_count(5)
    settled(page)
    assert page.url.endswith(f"/applicant?decision={identity}")
    found = find_decision(fed.engine, "cards", identity)
    assert found is not None
    expect(page.locator(".wi-value").first).to_have_text(numbers.percent(found.pd))
    expect(page.locator(".wi-value").nth(1)).to_have_text(str(found.score))
    photograph(page, "stream-decision")
    page.reload()
    expect(page.locator(".wi-value").first).to_have_text(numbers.percent(found.pd))
    page.get_by_role("link", name="Stream").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()  # a new visit moves


@pytest.mark.parametrize("window", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    visit: Visit, streamed: Server, fed: WatchedStream, theme: Theme, window: tuple[int, int]
) -> None:
    page = visit("/stream", streamed, theme=theme, window=window)
    stands(page)
    photograph(page, f"stream-{theme}-{window[0]}")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused at ")).to_be_visible()
    settled(page)
    unfold(page)
    assert violations(page) == []
    assert page.evaluate(WIDER) == []


@pytest.fixture
def untold_home(home: Path, tmp_path: Path) -> Path:
    """A home in which no stream ever ran."""
    return shutil.copytree(home, tmp_path / "own", ignore=shutil.ignore_patterns("record.sqlite*"))


@pytest.fixture
def untold(untold_home: Path, tmp_path: Path) -> Iterator[Server]:
    """The dashboard on it."""
    with serving(untold_home, tmp_path, settings={"WHATIF_STREAM_BROKERS": "127.0.0.1:9092"}) as running:
        yield running


def test_an_invitation_becomes_the_page_once_a_first_process_is_heard_of(
    untold: Server, visit: Visit, untold_home: Path, book: Book
) -> None:
    page = visit("/stream", untold)
    expect(page.get_by_text("No stream of this book has run yet.")).to_be_visible()
    with feeding(untold_home, book):
        stands(page)
    expect(page.get_by_text("No stream process has been heard of for")).to_be_visible()
    expect(page.locator(".wi-number.wi-grey")).to_have_count(7)
