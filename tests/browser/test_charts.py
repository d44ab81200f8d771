"""Charts taken along in the dark theme, from a phone where nothing hovers, too: the file is black on white."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visit, book_ready, downloaded, policy_ready, ready, trust
from tests.support.pictures import picture_breaches

pytestmark = pytest.mark.browser

READY = {
    "/?preset=fed_2026_severely_adverse&severity=50&balances=20": (book_ready, 2),
    "/applicant?customer=17&balances=-20": (ready, 2),
    "/policy?cutoff=531": (policy_ready, 2),
    "/trust": (trust, 2),
}
PHONE = (390, 844)
COVERED = """
() => {
  const boxes = [...document.querySelectorAll("text")].map((each) => [each.textContent, each.getBoundingClientRect()]);
  const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  const wide = document.documentElement.getBoundingClientRect();
  const found = boxes.filter(([, box]) => box.right > wide.right + 1 || box.left < wide.left - 1).map(([text]) => text);
  boxes.forEach(([text, box], k) => boxes.slice(0, k).forEach(([other, own]) => {
    if (over(box, own)) found.push(`${other} / ${text}`);
  }));
  return found;
}
"""


def taken(page: Page, place: Path) -> list[Path]:
    """The charts of a page, each pressed for under *Take along*."""
    page.get_by_role("button", name="Take along").click()
    buttons = page.locator("[class*=st-key-_download_taken_chart_] button")
    buttons.first.wait_for()
    found = []
    for k in range(buttons.count()):
        given = downloaded(buttons.nth(k))
        found.append(place / given.suggested_filename)
        given.save_as(found[-1])
    return found


@pytest.mark.parametrize("address", READY)
def test_every_chart_of_a_page_is_taken_along_and_read_alone(visit: Visit, address: str, tmp_path: Path):
    wait, least = READY[address]
    page = visit(address, theme="dark", window=(1440, 900) if wait is book_ready else PHONE)  # which has no map
    wait(page)
    files = taken(page, tmp_path)
    assert len(files) >= least
    alone = page.context.new_page()
    for each in files:
        assert re.fullmatch(r"cards_chart-[a-z-]+(_[a-z0-9-]+)?_\d{4}-\d\d-\d\d\.svg", each.name)
        assert picture_breaches(each.read_bytes(), "Taiwan credit cards", "Release ") == []
        alone.goto(each.as_uri())
        assert alone.evaluate(COVERED) == []
    assert page.locator(".modebar-btn").count() == 0
