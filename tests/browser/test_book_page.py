"""The book page in a real browser: the demo meeting from the first glance to the presentation."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import (
    Visit,
    book_ready,
    drawn,
    follow,
    photograph,
    press,
    ready,
    redrawn,
    sentence,
    settled,
    until,
)

pytestmark = pytest.mark.browser

STRESSED = "/?preset=fed_2026_severely_adverse&severity=50&balances=20"


def loss(page: Page) -> Locator:
    """The expected loss, the third of the numbers."""
    return page.locator(".wi-number .wi-value").nth(2)


def tiles(page: Page) -> Locator:
    """The map's tiles."""
    return page.locator(".st-key-where g.slice")


def test_the_demo_journey(visit: Visit) -> None:
    page = visit("/")
    book_ready(page)
    expect(sentence(page)).to_have_text(re.compile("^As the book stands"))
    photograph(page, "book-1-open")

    page.get_by_role("combobox", name="Regulator's scenario").click()
    page.get_by_role("option", name="Fed 2026, severely adverse").click()
    expect(sentence(page)).to_have_text(re.compile("^Under the Fed's 2026 severely adverse scenario, expected loss"))
    book_ready(page)
    told = sentence(page).inner_text()
    assert loss(page).inner_text() in told
    amount = loss(page).inner_text().removeprefix("NT$").strip()
    assert amount in until(page, lambda: drawn(page, "bridge"), lambda data: amount in data)
    photograph(page, "book-2-preset")
    stressed = page.url

    before = tiles(page).all_inner_texts()
    tiles(page).filter(has_text="200,000").last.click()
    expect(page.locator(".wi-crumb")).to_have_text("Credit limit: NT$ 100,000 to 200,000")
    expect(sentence(page)).to_contain_text("on customers with credit limit NT$ 100,000 to 200,000")
    expect(tiles(page).filter(has_text="minimum paid")).to_be_visible()
    assert until(page, tiles(page).all_inner_texts, lambda now: now != before) != before
    expect(page).to_have_url(re.compile(r"within=limit_band%3A2"))
    photograph(page, "book-3-segment")
    page.get_by_role("button", name="The whole book").click()
    expect(page.locator(".wi-crumb")).to_have_count(0)
    expect(sentence(page)).to_have_text(told)
    book_ready(page)

    page.locator(".st-key-_cells summary").click()
    grid = page.locator(".st-key-_cells [data-testid='data-grid-canvas']")
    expect(grid).to_be_visible()
    grid.focus()
    for key in ("ArrowDown", "ArrowDown", "Shift+Space"):
        page.keyboard.press(key)
    expect(page.locator(".wi-crumb")).to_have_text("Credit limit: NT$ 100,000 to 200,000")
    expect(page).to_have_url(re.compile(r"within=limit_band%3A2"))
    page.get_by_role("button", name="The whole book").click()
    expect(sentence(page)).to_have_text(told)
    book_ready(page)

    page.locator(".st-key-_movers summary").click()
    links = page.locator("[class*='st-key-_mover_'] a")
    expect(links.first).to_be_visible()
    photograph(page, "book-4-movers")
    number = follow(links)
    ready(page)
    expect(page).to_have_url(re.compile(rf"/applicant\?customer={number}&under\.preset="))
    expect(sentence(page)).to_have_text(re.compile("^Under the Fed's 2026 .* this customer would score"))
    photograph(page, "book-5-customer")

    page.go_back()
    book_ready(page)
    expect(sentence(page)).to_have_text(told)
    expect(page).to_have_url(stressed)

    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Leave")).to_be_visible()
    expect(page.get_by_role("slider")).to_have_count(0)
    expect(sentence(page)).to_have_text(told)
    settled(page)
    photograph(page, "book-6-present")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".st-key-where svg").first).to_be_visible()
    settled(page)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".st-key-migration svg").first).to_be_visible()
    settled(page)
    photograph(page, "book-7-present-migration")
    page.keyboard.press("Escape")
    book_ready(page)
    expect(page.get_by_role("slider", name="Balances")).to_be_visible()
    expect(sentence(page)).to_have_text(told)


def test_coming_back_by_the_navigation_keeps_the_scenario(visit: Visit) -> None:
    page = visit(STRESSED)
    book_ready(page)
    told, address = sentence(page).inner_text(), page.url
    page.get_by_role("link", name="Customer").click()
    expect(page.locator(".wi-invitation")).to_be_visible()
    settled(page)
    page.get_by_role("link", name="Book", exact=True).click()
    book_ready(page)
    expect(sentence(page)).to_have_text(told)
    assert sorted(page.url.partition("?")[2].split("&")) == sorted(address.partition("?")[2].split("&"))


def test_a_reload_and_a_copied_link_show_the_same(visit: Visit) -> None:
    page = visit(STRESSED)
    book_ready(page)
    told, chart = sentence(page).inner_text(), drawn(page, "bridge")
    page.reload()
    book_ready(page)
    expect(sentence(page)).to_have_text(told)
    page.get_by_role("button", name="Link").click()
    settled(page)
    link = page.get_by_test_id("stCode").first.inner_text().strip()  # the second is the what-if in words
    other = visit("/?" + link.partition("?")[2])
    book_ready(other)
    expect(sentence(other)).to_have_text(told)
    assert until(other, lambda: drawn(other, "bridge"), lambda data: data == chart) == chart


def test_a_key_on_a_lever_moves_numbers_bridge_and_address(visit: Visit) -> None:
    page = visit("/?balances=5")
    book_ready(page)
    before, chart = loss(page).inner_text(), drawn(page, "bridge")
    press(page, "Balances", "ArrowRight")
    expect(loss(page)).not_to_have_text(before)
    expect(page).to_have_url(re.compile(r"\?balances=10$"))
    settled(page)
    assert redrawn(page, "bridge", chart) != chart


def test_two_visitors_do_not_share_a_scenario(visit: Visit) -> None:
    one, two = visit("/"), visit("/")
    book_ready(one)
    book_ready(two)
    before = loss(two).inner_text()
    for _ in range(4):
        press(one, "Unemployment", "ArrowRight")
        press(two, "Payments", "ArrowLeft")
    expect(sentence(one)).to_have_text(re.compile("unemployment"))
    expect(sentence(two)).to_have_text(re.compile("payments 20"))
    settled(one)
    settled(two)
    expect(sentence(one)).not_to_contain_text("payments")
    expect(sentence(two)).not_to_contain_text("unemployment")
    expect(loss(two)).not_to_have_text(before)


def test_letters_typed_into_a_field_do_not_start_the_presentation(visit: Visit) -> None:
    page = visit("/?overlay_pd=10")
    book_ready(page)
    page.locator(".st-key-_overlay summary").click()
    settled(page)
    field = page.get_by_label("Owner of the overlay")
    field.fill("")
    field.press_sequentially("pp chief")
    expect(field).to_have_value("pp chief")
    expect(page.get_by_role("button", name="Leave")).to_have_count(0)
