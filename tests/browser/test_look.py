"""What everybody must be able to see and use: accessibility, both themes, both sizes, nothing that jumps."""

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

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
    violations,
    waterfall,
)

pytestmark = pytest.mark.browser

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
SIZES = ((1280, 720), (1920, 1080))
MOST_SHIFT = 0.02
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


def opened(visit: Visit, name: str, customer: int, theme: Theme, window: tuple[int, int]) -> Page:
    """A page with all that it can show at once."""
    if name == "trust":
        page = visit("/trust", theme=theme, window=window)
        trust(page)
        return page
    if name == "operations":
        page = visit("/operations", theme=theme, window=window)
        operations_ready(page)
        return page
    if name == "book":
        page = visit(f"/?{STRESSED}", theme=theme, window=window)
        book_ready(page)
        return page
    if name == "policy":
        page = visit("/policy?cutoff=531", theme=theme, window=window)
        policy_ready(page)
        return page
    if name == "start":
        page = visit("/applicant", theme=theme, window=window)
        expect(page.locator(".wi-invitation")).to_be_visible()
        settled(page)
        return page
    page = visit(f"/applicant?customer={customer}&balances=-50", theme=theme, window=window)
    ready(page)
    waterfall(page)
    return page


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["book", "start", "customer", "policy", "trust", "operations"])
def test_axe_finds_nothing(visit: Visit, customer: int, name: str, theme: Theme) -> None:
    page = opened(visit, name, customer=customer, theme=theme, window=SIZES[0])
    assert violations(page) == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["book", "customer", "policy", "operations"])
def test_axe_finds_nothing_with_every_panel_open(visit: Visit, customer: int, name: str, theme: Theme) -> None:
    page = opened(visit, name, customer=customer, theme=theme, window=SIZES[1])
    unfold(page)
    assert [each for each in violations(page) if (name, each) != ("operations", STREAMLITS_OWN)] == []


@pytest.mark.parametrize("window", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", THEMES)
def test_operations_with_every_panel_open_fit_and_show_all_their_text(
    visit: Visit, customer: int, theme: Theme, window: tuple[int, int]
) -> None:
    page = opened(visit, "operations", customer=customer, theme=theme, window=window)
    unfold(page)
    expect(page.get_by_role("heading", name="Releases")).to_be_visible()
    expect(page.get_by_test_id("stFileUploader")).to_be_visible()
    settled(page)
    photograph(page, f"operations-open-{theme}-{window[0]}x{window[1]}")
    assert page.evaluate(WIDER) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(TRUNCATED) == []


@pytest.mark.parametrize("window", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["book", "start", "customer", "policy", "trust", "operations"])
def test_nothing_is_wider_than_the_window(
    visit: Visit, customer: int, name: str, theme: Theme, window: tuple[int, int]
) -> None:
    page = opened(visit, name, customer=customer, theme=theme, window=window)
    photograph(page, f"{name}-{theme}-{window[0]}x{window[1]}")
    assert page.evaluate(WIDER) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


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
