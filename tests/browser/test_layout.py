"""At every width of a window, from a phone's to a large screen's: nothing is cut off, nothing lies over another."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as Late

from tests.browser.conftest import Visit, photograph, settled, unfold
from tests.browser.server import Server
from tests.support.second_book import NAME

pytestmark = pytest.mark.browser

TAKEN = 20_000  # ms within which the charts have taken the width of the window
WIDTHS = (390, 640, 820, 911, 1024, 1280, 1366, 1920)  # 911: a window of 1,366 at 150 %
CARDS = {
    "book": ("/?preset=fed_2026_severely_adverse&severity=50&balances=20", "where"),
    "customer": ("/applicant?customer=3&balances=-50&limit=200000&late=2", "sweep"),
    "policy": ("/policy?cutoff=531", "profits"),
    "trust": ("/trust", "roc"),
    "operations": ("/operations", "operations"),
}
SECOND = {
    "book": ("/?balances=20", "where"),
    "customer": ("/applicant?customer=3&limit=1000&balances=50", "sweep"),
    "policy": ("/policy?cutoff=520", "profits"),
    "trust": ("/trust", "roc"),
    "operations": ("/operations", "operations"),
}
PARTS = (
    ".wi-number, .wi-sentence, .wi-below, .wi-findings h3, .wi-about, .wi-frame, .wi-things, .wi-table, .stPlotlyChart,"
    " .stDataFrame, .stSlider, .stNumberInput, .stSelectbox, .stTextInput, .stButton, .stButtonGroup, .stCaption,"
    " .stExpander > details > summary"
)
TEXTS = ".wi-number, .wi-findings h3, .wi-sentence, .wi-about, .wi-here, .wi-table :is(td, th), .stButton button"
TROUBLE = """
([parts, texts]) => {
  const shown = (each) => each.getClientRects().length && getComputedStyle(each).visibility === "visible"
    && !each.closest("[aria-hidden=true], [data-testid=stSidebar], [data-testid=stTooltipContent]");
  const named = (each) => `${each.className?.baseVal ?? each.className} "${each.textContent.trim().slice(0, 40)}"`;
  const over = (one, other) => {
    const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    return [wide, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
  };
  const pairs = (found) => found.flatMap((one, k) => found.slice(k + 1).map((other) => [one, other]));
  const trouble = [];
  for (const each of document.querySelectorAll("body *")) {
    const box = each.getBoundingClientRect();
    if (shown(each) && !each.closest("svg, input[type=range], .stDataFrame") && box.width > 1 && box.height > 1
        && (box.right > innerWidth + 1 || box.left < -1))
      trouble.push(`outside: ${named(each)}`);
  }
  for (const [one, other] of pairs([...document.querySelectorAll(parts)].filter(shown))) {
    const [wide, high] = over(one, other);
    if (wide > 1 && high > 4 && !one.contains(other) && !other.contains(one))
      trouble.push(`over each other: ${named(one)} and ${named(other)}`);
  }
  for (const each of [...document.querySelectorAll(texts)].filter(shown)) {
    const range = document.createRange();
    range.selectNodeContents(each);
    const end = each.getBoundingClientRect().right + 2;
    if (range.getBoundingClientRect().right > end) trouble.push(`cut: ${named(each)}`);
  }
  for (const chart of [...document.querySelectorAll(".stPlotlyChart")].filter(shown)) {
    const frame = chart.getBoundingClientRect();
    const labels = [...chart.querySelectorAll("svg text")].filter((each) => shown(each) && each.textContent.trim());
    for (const each of labels) {
      const box = each.getBoundingClientRect();
      if (box.left < frame.left - 2 || box.right > frame.right + 2) trouble.push(`cut in a chart: ${named(each)}`);
    }
    const level = labels.filter((each) => Math.abs(each.getCTM().b) < 0.01);  // a slanted one is wider than it looks
    for (const [one, other] of pairs(level)) {
      const [wide, high] = over(one, other);
      if (wide > 3 && high > 4) trouble.push(`over each other in a chart: ${named(one)} and ${named(other)}`);
    }
  }
  return trouble;
}
"""


def untroubled(page: Page) -> list[str]:
    """What is wrong once the charts have taken the width of the window: nothing, or what stays wrong."""
    try:
        page.wait_for_function(f"(given) => ({TROUBLE})(given).length === 0", arg=[PARTS, TEXTS], timeout=TAKEN)
    except Late:
        found: list[str] = page.evaluate(TROUBLE, [PARTS, TEXTS])
        return found
    return []


@pytest.mark.parametrize(("theme", "panels"), [("light", "closed"), ("dark", "open")])
@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("book", ["cards", NAME])
def test_at_every_width_nothing_is_cut_off_and_nothing_lies_over_something_else(
    visit: Visit, both: Server, book: str, name: str, theme: Literal["light", "dark"], panels: str
) -> None:
    address, last = (CARDS if book == "cards" else SECOND)[name]
    if book != "cards":
        address += f"{'&' if '?' in address else '?'}book={book}"
    page = visit(address, to=both, theme=theme)
    expect(page.locator(f".st-key-{last}")).to_be_visible()
    settled(page)
    if panels == "open":
        unfold(page)
    trouble = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        trouble[width] = untroubled(page)
        photograph(page, f"{name}-{book}-{theme}-{panels}-{width}")
    assert {width: found for width, found in trouble.items() if found} == {}


@pytest.mark.parametrize("slide", range(4))
def test_on_every_screen_that_is_no_phone_a_presentation_is_whole(visit: Visit, both: Server, slide: int) -> None:
    page = visit(CARDS["book"][0], to=both)
    expect(page.locator(".st-key-where")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Present").click()
    expect(page.get_by_role("button", name="Leave")).to_be_visible()
    for _ in range(slide):
        page.get_by_role("button", name="Next").click()
        settled(page)
    trouble = {}
    for width in WIDTHS[2:]:
        page.set_viewport_size({"width": width, "height": 900})
        trouble[width] = untroubled(page)
        photograph(page, f"present-{slide}-{width}")
    assert {width: found for width, found in trouble.items() if found} == {}
