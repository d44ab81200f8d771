"""At every width of a window, from a phone's to a large screen's: nothing is cut off, nothing lies over another."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as Late

from tests.browser.conftest import (
    QUIET,
    STREAMLITS_OWN,
    Visit,
    book_ready,
    lever,
    photograph,
    press,
    probability,
    settled,
    unfold,
    until,
    violations,
)
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
    "scenarios": ("/scenarios", "answers"),
    "compare": (
        "/compare?of=book&1=As+it+stands&2=Half+of+the+Fed's&2.preset=fed_2026_severely_adverse&2.severity=50"
        "&3=Balances&3.balances=20&4=Limits+cut&4.limits=-20",
        "answers",
    ),
}
SECOND = {
    "book": ("/?balances=20", "where"),
    "customer": ("/applicant?customer=3&limit=1000&balances=50", "sweep"),
    "policy": ("/policy?cutoff=520", "profits"),
    "trust": ("/trust", "roc"),
    "operations": ("/operations", "operations"),
    "scenarios": ("/scenarios", "answers"),
    "compare": ("/compare?of=customer&1.customer=3&2.customer=3&2.balances=50&3.customer=5", "answers"),
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
  const laidOver = (found, wide, high) => {  // pairs of which one lies over the other by more than so many pixels
    const boxes = found.map((each) => each.getBoundingClientRect()), pairs = [];
    for (const [k, a] of boxes.entries())
      for (let m = k + 1; m < boxes.length; m++) {
        const b = boxes[m];
        if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > wide
            && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > high) pairs.push([found[k], found[m]]);
      }
    return pairs;
  };
  const trouble = [];
  for (const each of document.querySelectorAll("body *")) {
    const box = each.getBoundingClientRect();
    const scrolls = "svg, input[type=range], .stDataFrame, .wi-scroll, .st-key-changed";
    const outside = box.width > 1 && box.height > 1 && (box.right > innerWidth + 1 || box.left < -1);
    if (outside && shown(each) && !each.closest(scrolls))
      trouble.push(`outside: ${named(each)}`);
  }
  for (const [one, other] of laidOver([...document.querySelectorAll(parts)].filter(shown), 1, 4)) {
    if (!one.contains(other) && !other.contains(one))
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
    for (const [one, other] of laidOver(level, 3, 4))
      trouble.push(`over each other in a chart: ${named(one)} and ${named(other)}`);
  }
  return trouble;
}
"""


OVER_IT = """
() => {
  const box = document.querySelector(".wi-stays > div").getBoundingClientRect();
  return document.elementsFromPoint(box.left + 5, box.top + 5).some((each) => each.matches(".wi-sentence"));
}
"""
UNDER_IT = """
() => {
  const bar = document.querySelector(".wi-stays > div"), under = [];
  const seen = (each) => each.checkVisibility() && !each.closest(".st-key-levers, header, .stSidebar");
  const all = [...document.querySelectorAll(".stMain :is(button, input, summary, [role=slider], a)")].filter(seen);
  for (const each of all.reverse()) {  // backwards, so that each comes in from above
    each.focus();
    const box = each.getBoundingClientRect(), edge = bar.getBoundingClientRect();
    if (document.activeElement === each && box.left < edge.right && box.right > edge.left
        && box.top < edge.bottom - 1 && box.bottom > edge.top) under.push(each.outerHTML.slice(0, 120));
  }
  return under;
}
"""


def untroubled(page: Page) -> list[str]:
    """What is wrong once the charts have taken the width of the window: nothing, or what stays wrong."""
    try:
        free = f"(given) => ({TROUBLE})(given).length === 0"
        page.wait_for_function(free, arg=[PARTS, TEXTS], timeout=TAKEN, polling=QUIET)
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
    assert [each for each in violations(page) if each != STREAMLITS_OWN] == []


def test_on_a_narrow_screen_the_levers_are_a_sheet_that_keys_and_fingers_open_without_the_server(
    visit: Visit, both: Server
) -> None:
    page = visit("/?balances=20", to=both, window=(390, 844))
    book_ready(page, narrow=True)
    sheet, balances = page.locator(".wi-sheet summary"), lever(page, "Balances")
    expect(balances).to_be_hidden()
    before = page.evaluate("whatif.messages")
    sheet.focus()
    page.keyboard.press("Enter")
    expect(balances).to_be_visible()
    page.keyboard.press("Escape")
    expect(balances).to_be_hidden()
    expect(sheet).to_be_focused()
    sheet.click()
    assert page.evaluate("whatif.messages") == before  # the browser alone
    number = probability(page).inner_text()
    press(page, "Balances", "ArrowRight")
    expect(probability(page)).not_to_have_text(number)
    settled(page)
    expect(balances).to_be_visible()
    expect(balances).to_be_focused()
    top = page.evaluate("document.querySelector('.st-key-levers').getBoundingClientRect().top")
    assert top > 0.3 * 844  # and what the lever moves is in sight above it
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(balances).to_be_hidden()
    assert untroubled(page) == []


@pytest.mark.parametrize("name", ["book", "customer", "policy", "trust"])
def test_sentence_and_main_number_stay_in_sight_and_cover_nothing_that_has_the_focus(
    visit: Visit, both: Server, name: str
) -> None:
    page = visit(CARDS[name][0], to=both)
    expect(page.locator(".stExpander").last).to_be_visible()
    settled(page)
    kept = page.locator(".wi-stays > div")
    for width, height in ((390, 844), (640, 360), (1280, 720)):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("() => document.querySelector('.stMain').scrollTo(0, 0)")
        assert until(page, lambda: page.evaluate(OVER_IT), bool), width  # the sentence covers what stays of it
        page.evaluate("() => document.querySelector('.stMain').scrollTo(0, 500)")
        assert not until(page, lambda: page.evaluate(OVER_IT), lambda found: not found), width
        assert page.evaluate(UNDER_IT) == [], width
    assert kept.locator("b").inner_text() in page.locator(".wi-number .wi-value").all_inner_texts()
    assert kept.locator("p").last.inner_text() == page.locator(".wi-sentence").inner_text()


def test_on_every_screen_that_is_no_phone_a_presentation_is_whole(visit: Visit, both: Server) -> None:
    page = visit(CARDS["book"][0], to=both)
    expect(page.locator(".st-key-where")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Present").click()
    expect(page.get_by_role("button", name="Leave")).to_be_visible()
    end = "document.querySelector('.st-key-slides').getBoundingClientRect().bottom"
    trouble = {}
    for slide in range(4):
        expect(page.locator(".st-key-slides")).to_contain_text(f"{slide + 1} of 4")
        settled(page)
        page.mouse.move(1, 1)  # nothing is hovered
        for width in WIDTHS[2:]:
            page.set_viewport_size({"width": width, "height": 900})
            trouble[slide, width] = untroubled(page)
            photograph(page, f"present-{slide}-{width}")
        page.set_viewport_size({"width": 1920, "height": 1080})
        reached = until(page, lambda: page.evaluate(end), lambda found: 1020 < found <= 1080)
        assert 1020 < reached <= 1080, slide  # it fills it
        page.get_by_role("button", name="Next").click()
    assert {where: found for where, found in trouble.items() if found} == {}
