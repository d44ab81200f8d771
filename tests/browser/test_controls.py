"""Every control shows the value in use, whichever page one comes from."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from data import books
from data.books import Book
from data.contract import Contract
from model.engine.scorer import TableScorer
from model.release.store import Store
from model.report.book.words import number_of
from model.whatif.book import scenario as book_scenario
from model.whatif.customer.scenario import CUTOFF, CustomerScenario, apply
from model.whatif.customer.sensitivity import position
from model.whatif.customer.stressed import standing_record
from model.whatif.policy import scenario as policy_scenario
from tests.browser.conftest import Visit, settled
from tests.browser.server import Server
from tests.support.second_book import NAME

pytestmark = pytest.mark.browser

BOOKS = ("cards", NAME)
PAGES = ("book", "policy", "customer", "trust", "operations")
PATHS = {"book": "", "customer": "applicant"}
PART = {
    "book": "where",
    "policy": "strategy",
    "customer": "sweep",
    "trust": "reliability",
    "operations": "operations",
}
PANELS = {
    "book": ("_who", "_overlay", "_limits", "_book_assumptions"),
    "customer": ("_statement", "_assumptions"),
    "trust": ("_bands",),
}
SHOWN = """
() => Object.fromEntries([...document.querySelectorAll(".stMain .stElementContainer[class*=st-key-]")].map((each) => {
  const key = [...each.classList].find((name) => name.startsWith("st-key-")).slice("st-key-".length);
  const range = each.querySelector("input[type=range]"), number = each.querySelector(".stNumberInput input");
  const text = each.querySelector(".stSelectbox input, .stTextInput input, .stDateInput input");
  const chosen = each.querySelectorAll("[data-testid$=Active], input:checked");
  const label = each.querySelector("[data-testid=stWidgetLabel]")?.innerText ?? "";
  if (range || number) return [key, [(range ?? number).value, label]];
  if (text) return [key, [text.value, label]];
  return [key, chosen.length ? [[...chosen].map((one) => one.innerText || one.value).join(), label] : null];
}).filter(([_, value]) => value))
"""
FILL = """
(each) => {
  const track = each.closest(".stSlider").querySelector("[role=group] > div");
  const style = getComputedStyle(track, "::after"), width = track.clientWidth;
  const place = (each.value - each.min) / (each.max - each.min);
  return [parseFloat(style.left), width - parseFloat(style.right), place * width, width];
}
"""
Controls: TypeAlias = dict[str, list[str]]  # by the class their keys come to: the value shown, and the label


def every_way() -> Iterator[str]:
    """A walk from the first page that goes from every page to every other once, and ends where it began."""
    ways = {one: [other for other in PAGES if other != one] for one in PAGES}
    found, path = [], [PAGES[0]]
    while path:  # Hierholzer's walk
        if ways[path[-1]]:
            path.append(ways[path[-1]].pop())
        else:
            found.append(path.pop())
    return reversed(found)


def test_the_walk_goes_every_way() -> None:
    walked = list(every_way())
    assert {*pairwise(walked)} == {(a, b) for a in PAGES for b in PAGES if a != b}
    assert len(walked) == 21


class Champion(NamedTuple):
    """A book and the model that is deployed for it."""

    book: Book
    scorer: TableScorer


@pytest.fixture(params=BOOKS)
def champion(request: pytest.FixtureRequest, home_of_both: Path) -> Champion:
    """The champion of either book."""
    return Champion(books.read_book(request.param, home_of_both), Store(home_of_both, request.param).load().scorer)


def address(page: Page) -> dict[str, str]:
    """What the address says but for the book."""
    return {name: value for name, value in parse_qsl(urlsplit(page.url).query) if name != "book"}


def in_use(champion: Champion, name: str, given: Mapping[str, str]) -> dict[str, float]:
    """What an address makes the model use, by the names of what a page can move, in the units of its controls."""
    contract = champion.scorer.contract
    percent = {each.name for each in contract.assumptions if each.unit == "%"}
    return {each: 100 * value if each in percent else value for each, value in _used(champion, contract, name, given)}


def _used(champion: Champion, contract: Contract, name: str, given: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    names = [each.name for each in contract.assumptions]
    if name == "book":
        found, _ = book_scenario.BookScenario.from_query(contract, given)
        levers = [each.name for each in (*contract.shocks, *contract.economy)]
        yield from ((each, number_of(contract, found, each)) for each in (*levers, *names))
        yield from ((each, found.number(contract, each)) for each in (book_scenario.OVERLAY_PD, book_scenario.SHARE))
    elif name == "policy":
        judged, _ = policy_scenario.PolicyScenario.from_query(contract, given)
        yield CUTOFF, judged.at(contract)
        yield from ((each, judged.stress(contract).number(contract, each)) for each in names)
    elif name == "customer":
        scenario, _ = CustomerScenario.from_query(champion.book, given)
        if scenario.chosen:
            base = standing_record(champion.scorer, champion.book, scenario, date.today())
            edits = dict(scenario.edits)
            yield from ((each.name, position(champion.scorer, base, edits, each.name)) for each in contract.levers)
            yield from scenario.values(contract).items()
            record = apply(contract, base, edits)[:, 0]
            levers = {each.name for each in contract.levers}
            coded = {field.name for field in contract.record if field.codes}
            yield from ((each, record[k]) for each, k in contract.row.items() if each not in levers | coded)


def shown(page: Page, name: str) -> Controls:
    """Every control of a page once it stands, with the panels of its controls open."""
    expect(page.locator(".wi-badge")).to_be_visible()
    expect(page.locator(f".st-key-{PART[name]}")).to_be_visible()
    settled(page)
    for panel in PANELS.get(name, ()):
        found = page.locator(f".st-key-{panel} details")
        if found.get_attribute("open") is None:
            found.locator("summary").press("Enter")
            expect(found).to_have_attribute("open", "")
            expect(found.locator(".stElementContainer").first).to_be_visible()
            settled(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)  # a first of its kind is fetched from the server
    controls: Controls = page.evaluate(SHOWN)
    return controls


def held(page: Page, champion: Champion, name: str) -> Controls:
    """The controls, each of which is found to show what is in use; those of sliders say so in their label, too."""
    controls, prefix = shown(page, name), "" if champion.book.contract.book.name == BOOKS[0] else f"{NAME}-"
    used = in_use(champion, name, address(page))
    numbers = {each: controls.get(f"{prefix}{name}-{each}") for each in used}
    told = {each: float(found[0]) for each, found in numbers.items() if found is not None}
    assert told == pytest.approx({each: used[each] for each in told})
    assert told or name in ("trust", "operations")
    for value, label in controls.values():
        if " · " in label:
            at = re.search(r"[−+]?[\d,.]+", label.rsplit(" · ", 1)[1])
            assert at is not None
            assert float(at[0].replace("−", "-").replace(",", "")) == pytest.approx(float(value)), label
    return controls


def link(page: Page, name: str, person: str) -> Locator:
    """The tab of a page."""
    title = person.capitalize() if name == "customer" else name.capitalize()
    return page.get_by_role("navigation").get_by_role("link", name=title, exact=True)


def go(page: Page, name: str, person: str) -> None:
    """To another page, by the navigation."""
    link(page, name, person).click()
    expect(page).to_have_url(re.compile(rf"//[^/]*/{PATHS.get(name, name)}(\?|$)"))


def stands(page: Page, urls: Mapping[str, str]) -> str:
    """The page that a step through the history led to, once it stands at the address it was left at."""
    name = next(each for each in PAGES if PATHS.get(each, each) == urlsplit(page.url).path.strip("/"))
    expect(page).to_have_url(urls[name])
    return name


def moved(page: Page) -> None:
    """Every slider one step from where it stands, or back where it stands at the end."""
    for thumb in page.locator(".stMain input[type=range]").all():
        before = page.url
        thumb.focus()
        thumb.press("ArrowLeft" if thumb.get_attribute("value") == thumb.get_attribute("max") else "ArrowRight")
        expect(page).not_to_have_url(before)
        settled(page)


def test_each_control_shows_the_value_in_use_whichever_page_one_comes_from(
    visit: Visit, both: Server, champion: Champion
) -> None:
    contract = champion.book.contract
    other = "" if contract.book.name == BOOKS[0] else f"book={NAME}&"
    page = visit(f"/applicant?{other}customer=3", to=both)
    held(page, champion, "customer")
    moved(page)
    go(page, "policy", contract.book.record)
    held(page, champion, "policy")
    field = page.locator(".stNumberInput").filter(has_text=contract.assumption("ccf").label).get_by_role("spinbutton")
    field.fill("47.25")
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"ccf=0\.4725"))
    go(page, "book", contract.book.record)
    shown(page, "book")
    moved(page)
    last: dict[str, tuple[str, Controls]] = {"book": (page.url, held(page, champion, "book"))}
    for name in list(every_way())[1:]:
        go(page, name, contract.book.record)
        controls = held(page, champion, name)
        assert last.get(name, ("", controls))[1] == controls
        last[name] = page.url, controls
    for leave in (page.go_back, page.go_back, page.go_forward, page.reload):
        leave()
        name = stands(page, {each: url for each, (url, _) in last.items()})
        assert held(page, champion, name) == last[name][1]
    for name, (url, controls) in last.items():
        assert held(visit(url.removeprefix(both.url), to=both), champion, name) == controls


def test_a_typed_value_is_moved_from_by_the_step_without_losing_the_keyboard(visit: Visit) -> None:
    page = visit("/")
    field = page.locator(".st-key-book-balances-typed").get_by_role("spinbutton")
    field.fill("-17.255")
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"balances=-17\.255"))
    settled(page)
    slider = page.locator(".st-key-book-balances").get_by_role("slider")
    expect(slider).to_have_value("-17.255")
    slider.focus()
    for at in ("-12.255", "-7.255", "-2.255", "2.745"):
        page.keyboard.press("ArrowRight")
        expect(page).to_have_url(re.compile(rf"balances={re.escape(at)}(&|$)"))
        settled(page)
        expect(field).to_have_value(at)
    expect(slider).to_be_focused()
    start, end, thumb, width = slider.evaluate(FILL)
    assert start == pytest.approx(width / 2, abs=1)  # from zero to the thumb
    assert end == pytest.approx(thumb, abs=1)
