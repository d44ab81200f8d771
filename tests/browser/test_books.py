"""Two books in one dashboard, in a real browser: picked, bookmarked, reloaded, left and come back to."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, book_ready, follow, lever, press, probability, ready, sentence, settled, until
from tests.browser.server import Server
from tests.support.second_book import NAME, TITLE

pytestmark = pytest.mark.browser

CARDS = "Taiwan credit cards"


def picker(page: Page) -> Locator:
    """The book picker in the frame."""
    return page.get_by_role("combobox", name="Book", exact=True)


def pick(page: Page, title: str) -> None:
    """Pick a book as a visitor does."""
    picker(page).click()
    page.get_by_role("option", name=title).click()
    expect(page.locator(".wi-about")).to_contain_text(title)
    settled(page)


def test_a_book_is_picked_bookmarked_reloaded_and_left(visit: Visit, both: Server) -> None:
    page = visit("/applicant?customer=3&balances=-20", to=both)
    ready(page)
    frame = page.locator(".st-key-frame")
    box = frame.bounding_box()
    pick(page, TITLE)
    expect(page).to_have_url(re.compile(rf"/applicant\?book={NAME}$"))
    expect(page.locator(".wi-invitation")).to_be_visible()
    assert until(page, frame.bounding_box, lambda now: now == box) == box
    number = page.get_by_role("spinbutton", name="Loan number")
    number.fill("3")
    number.press("Enter")
    ready(page)
    press(page, "Still owed", "ArrowRight")
    expect(page).to_have_url(re.compile(rf"/applicant\?book={NAME}&customer=3&balances=5$"))
    expect(sentence(page)).to_have_text(re.compile("^With 5"))
    settled(page)
    loan = sentence(page).inner_text()

    page.reload()
    ready(page)
    expect(picker(page)).to_have_value(TITLE)
    expect(sentence(page)).to_have_text(loan)

    page.get_by_role("link", name="Trust").click()
    expect(page).to_have_url(re.compile(rf"/trust\?book={NAME}$"))
    expect(page.locator(".wi-about")).to_contain_text(TITLE)
    expect(page.get_by_role("link", name="Customer")).to_have_count(0)
    page.get_by_role("link", name="Loan").click()
    ready(page)
    expect(sentence(page)).to_have_text(loan)

    pick(page, CARDS)
    expect(page).to_have_url(re.compile("/applicant$"))
    expect(page.get_by_role("link", name="Customer")).to_be_visible()
    expect(page.locator(".wi-invitation")).to_be_visible()  # what an address of the loans cannot hold is gone by reload


def test_switching_keeps_each_books_what_if_and_back_leads_to_the_one_before(visit: Visit, both: Server) -> None:
    page = visit("/applicant?customer=3", to=both)
    ready(page)
    press(page, "Balances", "ArrowLeft")
    expect(sentence(page)).to_have_text(re.compile("^With balances"))
    settled(page)
    cards, told = page.url, sentence(page).inner_text()
    pick(page, TITLE)
    expect(page).to_have_url(re.compile(rf"\?book={NAME}$"))
    pick(page, CARDS)
    ready(page)
    expect(sentence(page)).to_have_text(told)
    expect(page).to_have_url(cards)
    pick(page, TITLE)
    expect(page.locator(".wi-invitation")).to_be_visible()
    page.go_back()
    ready(page)
    expect(picker(page)).to_have_value(CARDS)
    expect(sentence(page)).to_have_text(told)
    expect(page).to_have_url(cards)


def test_two_visitors_on_two_books_see_their_own(visit: Visit, both: Server) -> None:
    one, other = visit("/applicant?customer=3", to=both), visit(f"/applicant?book={NAME}&customer=3", to=both)
    for page in (one, other):
        ready(page)
    for key in ("ArrowLeft", "ArrowRight"):
        press(one, "Balances", key)
        press(other, "Still owed", key)
    for page in (one, other):
        expect(page).to_have_url(re.compile(r"customer=3$"))
        settled(page)
    for page, name in ((one, "?customer=3"), (other, f"?book={NAME}&customer=3")):
        fresh = visit(f"/applicant{name}", to=both)
        ready(fresh)
        expect(sentence(page)).to_have_text(sentence(fresh).inner_text())
        expect(probability(page)).to_have_text(probability(fresh).inner_text())
    expect(lever(one, "Still owed")).to_have_count(0)
    expect(lever(other, "Balances")).to_have_count(0)


def test_a_link_to_a_mover_leads_to_a_record_of_the_same_book(visit: Visit, both: Server) -> None:
    page = visit(f"/?book={NAME}&balances=20", to=both)
    book_ready(page)
    page.locator(".st-key-_movers summary").click()
    number = follow(page.locator("[class*='st-key-_mover_'] a"))
    ready(page)
    expect(page).to_have_url(re.compile(rf"/applicant\?book={NAME}&customer={number}&under\.balances=20$"))
    expect(page.locator(".wi-about")).to_contain_text(TITLE)


def test_an_unknown_book_is_told_and_the_default_shown(visit: Visit, both: Server) -> None:
    page = visit("/?book=mortgages&balances=20", to=both)
    book_ready(page)
    expect(page.get_by_text("There is no book 'mortgages' here")).to_be_visible()
    expect(page).to_have_url(re.compile("/$"))
    expect(picker(page)).to_have_value(CARDS)
