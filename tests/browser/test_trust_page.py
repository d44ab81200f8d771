"""The trust page in a real browser: from a miss to the customer it is about, and a file held against the training."""

import re
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from data.books import Book
from tests.browser.conftest import Visit, drawn, follow, photograph, ready, redrawn, sentence, settled, trust, until

pytestmark = pytest.mark.browser
PANELS = ("_gates", "_misses", "_falls", "_moved", "_effects", "_bands")  # what opens above does not move what is next
CROSSING = """
(chart) => {
  const texts = [...document.querySelectorAll(`.st-key-${chart} svg text`)]
    .filter((each) => each.textContent.trim() && getComputedStyle(each).display !== "none")
    .map((each) => each.getBoundingClientRect()).filter((box) => box.width);
  const rings = [...document.querySelectorAll(`.st-key-${chart} svg .points path.point`)]
    .map((each) => each.getBoundingClientRect()).filter((box) => box.width < 20);
  const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return texts.flatMap((each, k) => texts.slice(k + 1).filter((other) => over(each, other)))
    .concat(texts.flatMap((each) => rings.filter((ring) => over(each, ring)))).length;
}
"""


def test_from_the_sentence_to_the_worst_miss_and_back(visit: Visit) -> None:
    page = visit("/trust")
    trust(page)
    expect(sentence(page)).to_have_text(
        re.compile(r"^Of 100 pairs it ranks \d\d correctly \(AUC 0\.\d{3}, 95.*to know before relying on it\.$")
    )
    photograph(page, "trust-1-first")
    page.locator(".st-key-_misses summary").click()
    links = page.locator(".st-key-_misses [data-testid=stPageLink] a")
    expect(links.first).to_be_visible()
    photograph(page, "trust-2-misses")
    number = follow(links)
    ready(page)
    expect(page).to_have_url(re.compile(rf"/applicant\?customer={number}$"))
    page.go_back()
    trust(page)


def test_a_file_is_held_against_the_training(visit: Visit, book: Book, tmp_path: Path) -> None:
    file = tmp_path / "later.csv"
    frame = pd.DataFrame(book.raw[:, :400].T, columns=[each.name for each in book.contract.record])
    frame.assign(limit=1_000_000).to_csv(file, index=False)
    page = visit("/trust")
    trust(page)
    panel = page.locator(".st-key-_moved")
    panel.locator("summary").click()
    panel.locator("input[type=file]").set_input_files(file)
    expect(panel.get_by_text("400 rows of later.csv compared, 0 refused.")).to_be_visible()
    expect(panel.get_by_role("heading", name=re.compile("inputs have moved by 0.10 or more"))).to_be_visible()
    expect(page.locator(".st-key-distribution svg").first).to_be_visible()
    settled(page)
    photograph(page, "trust-3-drift")


def test_every_panel_opens_and_stays_within_the_window(visit: Visit) -> None:
    page = visit("/trust")
    trust(page)
    for key in PANELS:
        panel = page.locator(f".st-key-{key}")
        panel.locator("summary").first.click()
        expect(panel.locator("details").first).to_have_attribute("open", "")
        settled(page)
    wide = page.evaluate(
        """() => [...document.querySelectorAll("[data-testid=stMain] *")]
          .filter((each) => !each.closest("svg, canvas, [data-testid=stDataFrame]"))
          .filter((each) => each.getBoundingClientRect().right > innerWidth + 1).length"""
    )
    assert wide == 0
    cut = page.evaluate(
        """() => [...document.querySelectorAll("[data-testid=stDataFrame] .dvn-scroller")]
          .filter((each) => each.scrollWidth > each.clientWidth + 1).length"""
    )
    assert cut == 0
    expect(page.get_by_test_id("stDataFrame").nth(1)).to_be_visible()


def test_a_link_to_what_is_looked_at_shows_a_colleague_the_same(visit: Visit) -> None:
    page = visit("/trust")
    trust(page)
    panel = page.locator(".st-key-_effects")
    panel.locator("summary").first.click()
    expect(panel.locator(".st-key-effect svg").first).to_be_visible()
    settled(page)
    expect(page).to_have_url(re.compile(r"/trust\?open=effects$"))
    before = drawn(page, "effect")
    choice = page.locator(".st-key-trust-input input")
    choice.scroll_into_view_if_needed()
    settled(page)  # a list that is opened while the page still scrolls closes again
    choice.click()
    page.get_by_role("option").nth(3).click()
    expect(page).to_have_url(re.compile(r"/trust\?open=effects&input=\w+$"))
    settled(page)
    other = visit(page.url[page.url.index("/trust") :])
    trust(other)
    expect(other.locator(".st-key-effect svg").first).to_be_visible()
    settled(other)
    chosen = redrawn(page, "effect", before)
    assert until(other, lambda: drawn(other, "effect"), lambda data: data == chosen) == chosen != before
    page.reload()
    trust(page)
    expect(page).to_have_url(re.compile(r"/trust\?open=effects&input=\w+$"))


def test_labels_of_the_scores_of_both_classes_do_not_lie_on_each_other(visit: Visit) -> None:
    page = visit("/trust?open=bands")
    trust(page)
    for chart in ("separation", "gains"):
        expect(page.locator(f".st-key-{chart} svg").first).to_be_visible()
        settled(page)
        crossing = until(page, partial(page.evaluate, CROSSING, chart), lambda count: count == 0)
        assert crossing == 0


def test_a_segment_redraws_the_charts_and_not_the_frame(visit: Visit) -> None:
    page = visit("/trust")
    trust(page)
    before = drawn(page, "reliability")
    page.locator(".st-key-trust-segment").click()
    page.get_by_role("option").nth(1).click()
    assert redrawn(page, "reliability", before) != before
    settled(page)
    expect(sentence(page)).to_have_text(re.compile(r"\(.*: .*\); "))
    photograph(page, "trust-4-segment")
