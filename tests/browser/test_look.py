"""What everybody must be able to see and use: accessibility, both themes, both sizes, nothing that jumps."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import (
    STREAMLITS_OWN,
    Visit,
    book_ready,
    lever,
    operations_ready,
    photograph,
    policy_ready,
    press,
    ready,
    sentence,
    settled,
    trust,
    unfold,
    until,
    violations,
    visiting,
    waterfall,
)
from tests.browser.server import Server

pytestmark = pytest.mark.browser

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
SIZES = ((1280, 720), (1920, 1080))
WITH_PANELS = ("book", "customer", "policy", "operations")
VIEWS = [(name, theme) for name in (*WITH_PANELS, "start", "trust") for theme in THEMES]
MOST_SHIFT = 0.02
TAKEN = 20_000  # ms within which the charts have taken the width of the window
STRESSED = "preset=fed_2026_severely_adverse&severity=50&balances=20"
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((each) => each.value)))
  .observe({ type: "layout-shift", buffered: true });
"""
WIDER = """
() => [...document.querySelectorAll("body *")]
  .filter((each) => each.getClientRects().length && getComputedStyle(each).visibility === "visible")
  .filter((each) => !each.closest("[aria-hidden=true], svg"))
  .map((each) => [each, each.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.height > 1 && (box.right > innerWidth + 1 || box.left < -1))
  .map(([each, box]) => `${each.tagName} ${each.className} ${box.left}..${box.right}`)
"""
TRUNCATED = """
() => [...document.querySelectorAll("[data-testid=stMain] *")]
  .filter((each) => each.getClientRects().length && getComputedStyle(each).visibility === "visible")
  .filter((each) => !each.closest("[aria-hidden=true], svg, canvas, [data-testid=stDataFrame]"))
  .filter((each) => [...each.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()))
  .filter((each) => getComputedStyle(each).overflowX !== "visible" && each.clientWidth > 1)
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => `${each.tagName} ${each.className}: ${each.textContent}`)
"""


class View(NamedTuple):
    """A page with all that it can show at once, opened once for all tests that look at it."""

    name: str
    theme: Theme
    page: Page

    def fits(self, window: tuple[int, int], name: str) -> list[str]:
        """What is wider than a window of this size, once the charts have taken it."""
        self.page.set_viewport_size({"width": window[0], "height": window[1]})
        settled(self.page)
        wide = until(self.page, lambda: _wider(self.page), lambda found: not found, limit=TAKEN)
        photograph(self.page, f"{name}-{self.theme}-{window[0]}x{window[1]}")
        return wide


def _wider(page: Page) -> list[str]:
    found: list[str] = page.evaluate(WIDER)
    scrolls = not page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return [*found, "the document"] if scrolls else found


@pytest.fixture(scope="module")
def view(browser: Browser, server: Server, customer: int, request: pytest.FixtureRequest) -> Iterator[View]:
    """A page by its name, in a theme, its panels closed until a test opens them: those that do stand last."""
    name, theme = request.param
    with visiting(browser, lambda: server) as visit:
        yield View(name, theme, opened(visit, name, customer, theme))


def opened(visit: Visit, name: str, customer: int, theme: Theme) -> Page:
    """A page with all that it can show at once."""
    address, stands = {
        "trust": ("/trust", trust),
        "operations": ("/operations", operations_ready),
        "book": (f"/?{STRESSED}", book_ready),
        "policy": ("/policy?cutoff=531", policy_ready),
        "start": ("/applicant", invited),
        "customer": (f"/applicant?customer={customer}&balances=-50", explained),
    }[name]
    page = visit(address, theme=theme, window=SIZES[0])
    stands(page)
    return page


def invited(page: Page) -> None:
    """Until a customer can be picked."""
    expect(page.locator(".wi-invitation")).to_be_visible()
    settled(page)


def explained(page: Page) -> None:
    """Until the answer stands, with what changed beside the reasons."""
    ready(page)
    waterfall(page)


@pytest.mark.parametrize("view", VIEWS, ids="-".join, indirect=True, scope="module")
def test_axe_finds_nothing(view: View) -> None:
    assert violations(view.page) == []


@pytest.mark.parametrize("view", VIEWS, ids="-".join, indirect=True, scope="module")
def test_nothing_is_wider_than_the_window(view: View) -> None:
    assert {window: wide for window in SIZES if (wide := view.fits(window, view.name))} == {}


@pytest.mark.parametrize("view", VIEWS[: 2 * len(WITH_PANELS)], ids="-".join, indirect=True, scope="module")
def test_with_every_panel_open_axe_finds_nothing_and_operations_show_all_their_text(view: View) -> None:
    view.page.set_viewport_size({"width": SIZES[1][0], "height": SIZES[1][1]})
    unfold(view.page)
    assert [each for each in violations(view.page) if (view.name, each) != ("operations", STREAMLITS_OWN)] == []
    if view.name == "operations":
        expect(view.page.get_by_role("heading", name="Releases")).to_be_visible()
        expect(view.page.get_by_test_id("stFileUploader")).to_be_visible()
        for window in SIZES:
            assert view.fits(window, "operations-open") == []
            assert view.page.evaluate(TRUNCATED) == []


def test_a_move_of_a_lever_shifts_nothing(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}&balances=-5", script=SHIFTS)
    ready(page)
    waterfall(page)
    page.evaluate("window.shifts = []")
    for step in ("10", "15", "20"):
        press(page, "Balances", "ArrowLeft")
        expect(sentence(page)).to_have_text(re.compile(rf"^With balances {step}\s% lower"))
        settled(page)
    assert sum(page.evaluate("window.shifts")) < MOST_SHIFT


@pytest.mark.parametrize(
    ("address", "label", "key"),
    [
        (f"/?{STRESSED}", "Balances", "ArrowRight"),
        ("/applicant?customer=3&balances=-5", "Balances", "ArrowLeft"),
        ("/policy?cutoff=525", "Cut-off", "ArrowRight"),
    ],
)
def test_at_five_sizes_a_move_of_a_lever_shifts_nothing(visit: Visit, address: str, label: str, key: str) -> None:
    page = visit(address, script=SHIFTS)
    expect(page.locator(".stPlotlyChart svg").last).to_be_visible()
    settled(page)
    shifts = {}
    for width, height in ((1920, 1080), (1280, 720), (1024, 768), (820, 1180), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        if page.locator(".wi-sheet:not([open]) summary").is_visible():
            page.locator(".wi-sheet summary").click()
        lever(page, label).focus()
        page.wait_for_timeout(500)  # the charts take the new width
        page.evaluate("window.shifts = []")
        for _ in range(2):
            before = sentence(page).inner_text()
            press(page, label, key)
            expect(sentence(page)).not_to_have_text(before)
            settled(page)
        shifts[width] = sum(page.evaluate("window.shifts"))
    assert {width: shift for width, shift in shifts.items() if shift > MOST_SHIFT} == {}


def test_the_first_move_of_a_lever_shifts_nothing(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}", script=SHIFTS)
    ready(page)
    page.evaluate("window.shifts = []")
    press(page, "Balances", "ArrowLeft")
    waterfall(page)
    settled(page)
    assert sum(page.evaluate("window.shifts")) < MOST_SHIFT


def test_a_move_of_a_lever_of_the_book_shifts_nothing(visit: Visit) -> None:
    page = visit(f"/?{STRESSED}", script=SHIFTS)
    book_ready(page)
    page.evaluate("window.shifts = []")
    for step in ("25", "30", "35"):
        press(page, "Balances", "ArrowRight")
        expect(sentence(page)).to_have_text(re.compile(rf"balances {step}\s% higher"))
        settled(page)
    assert sum(page.evaluate("window.shifts")) < MOST_SHIFT


def test_everything_that_matters_stands_above_the_fold(visit: Visit) -> None:
    page = visit(f"/?{STRESSED}")
    book_ready(page)
    for found in (
        sentence(page),
        page.locator(".wi-numbers"),
        page.locator(".st-key-bridge"),
        page.get_by_role("slider", name="Loss given default"),
        page.get_by_role("button", name="Present"),
    ):
        box = found.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= SIZES[0][1]


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_a_presentation(visit: Visit, theme: Theme) -> None:
    page = visit(f"/?{STRESSED}", theme=theme)
    book_ready(page)
    page.get_by_role("button", name="Present").click()
    found = []
    for _ in range(4):
        expect(page.get_by_role("button", name="Leave")).to_be_visible()
        settled(page)
        violations = Axe().run(page).response["violations"]
        found += [(each["id"], [node["target"] for node in each["nodes"]]) for each in violations]
        page.get_by_role("button", name="Next").click()
    assert found == []
