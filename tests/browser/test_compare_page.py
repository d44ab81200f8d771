"""Those compared in a real browser: wide tables at every size, what is looked at without a pointer, both books."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Visit, photograph, sentence, settled
from tests.browser.server import Server
from tests.support.second_book import NAME

pytestmark = pytest.mark.browser

FIVE = "&".join(f"{k}=Number {k} of the board&{k}.cutoff={480 + 20 * k}" for k in range(1, 6))
ADDRESSES = {"cards": f"/compare?of=policy&{FIVE}", NAME: f"/compare?of=policy&{FIVE}&book={NAME}"}
BROKEN = """
() => [...document.querySelectorAll(".wi-table :is(td, th)")].flatMap((cell) => {
  const node = cell.firstChild, broken = [];
  for (const word of (node?.textContent ?? "").matchAll(/[^ ]+/g)) {
    const range = document.createRange();
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map((each) => each.top)).size > 1) broken.push(word[0]);
  }
  return broken;
})
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("book", ADDRESSES)
def test_wide_tables_break_no_word_and_scroll_in_their_own_box_by_key_too(
    visit: Visit, both: Server, book: str, theme: Literal["light", "dark"]
) -> None:
    page = visit(ADDRESSES[book], to=both, theme=theme)
    expect(sentence(page)).to_contain_text("Of 5 cut-offs compared")
    settled(page)
    for width in (1280, 820, 390):
        page.set_viewport_size({"width": width, "height": 900})
        settled(page)
        assert page.evaluate(BROKEN) == [], width
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        photograph(page, f"compare-{book}-{theme}-{width}")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    box = page.locator(".wi-scroll").first
    box.focus()
    row = box.locator("th").first
    left = row.evaluate("(each) => each.getBoundingClientRect().left")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.wi-scroll').scrollLeft > 0")
    assert row.evaluate("(each) => each.getBoundingClientRect().left") == left  # what a row is about stays in sight
