"""The customer page in a real browser: what a visitor does, and what must then stand on the screen."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from data.books import Book
from tests.browser.conftest import (
    Visit,
    answer,
    answered,
    drawn,
    lever,
    press,
    probability,
    ready,
    redrawn,
    sentence,
    settled,
    trust,
    visiting,
    waterfall,
)
from tests.browser.server import Server

pytestmark = pytest.mark.browser

LOWER = re.compile(r"[?&]balances=-5(&|$)")


def edited(page: Page) -> None:
    """Lower the balances by one step and wait until the page says so."""
    ready(page)
    press(page, "Balances", "ArrowLeft")
    expect(sentence(page)).to_have_text(re.compile("^With balances 5\\s% lower"))
    expect(page).to_have_url(LOWER)
    waterfall(page)
    settled(page)


def test_an_edit_changes_the_number_both_charts_and_the_address(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}")
    ready(page)
    before, number = answer(page), probability(page).inner_text()
    assert "%" in number
    edited(page)
    expect(probability(page)).not_to_have_text(number)
    assert redrawn(page, "sweep", before["sweep"]) != before["sweep"]
    assert redrawn(page, "why", before["why"]) != before["why"]
    expect(page).to_have_url(re.compile(f"customer={customer}"))


def test_a_reload_keeps_the_what_if(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}")
    edited(page)
    before = answer(page)
    page.reload()
    ready(page)
    expect(sentence(page)).to_have_text(re.compile("^With balances"))
    assert answered(page, before) == before
    expect(page).to_have_url(LOWER)


def test_a_copied_address_shows_another_visitor_the_same(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}")
    edited(page)
    other = visit("/?" + page.url.partition("?")[2])
    ready(other)
    told = answer(page)
    assert answered(other, told) == told


def test_the_browsers_back_button_goes_back_to_the_what_if_before(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}")
    edited(page)
    number = probability(page).inner_text()
    press(page, "Balances", "ArrowLeft")
    expect(page).to_have_url(re.compile("balances=-10"))
    expect(probability(page)).not_to_have_text(number)
    settled(page)
    page.go_back()
    expect(probability(page)).to_have_text(number)
    expect(page).to_have_url(LOWER)
    expect(lever(page, "Balances")).to_have_value("-5")


@pytest.fixture(scope="module")
def plain(browser: Browser, server: Server, customer: int) -> dict[str, str]:
    """The answer at an address that says nothing but the customer."""
    with visiting(browser, lambda: server) as visit:
        page = visit(f"/applicant?customer={customer}")
        ready(page)
        return answer(page)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("&balances=7000", "7,000"),
        ("&balances=abc", "'abc'"),
        ("&late=1.5", "steps"),
        ("&sex=1", "sex"),
        ("&nonsense=1", "nonsense"),
        ("&lgd=9", "9"),
    ],
)
def test_a_bad_value_in_the_address_is_left_out_and_told(
    visit: Visit, customer: int, plain: dict[str, str], more: str, told: str
) -> None:
    page = visit(f"/applicant?customer={customer}{more}")
    ready(page)
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(told)
    assert answered(page, plain) == plain


@pytest.mark.parametrize("query", ["customer=abc", "customer=99999999", "customer=-1", "customer="])
def test_an_address_without_a_known_customer_says_so_and_invites(visit: Visit, query: str) -> None:
    page = visit(f"/?{query}")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".wi-invitation")).to_be_visible()
    expect(page.locator(".wi-number")).to_have_count(0)


def test_a_good_value_beside_a_bad_one_still_counts(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}&balances=-5&nonsense=1")
    ready(page)
    expect(sentence(page)).to_have_text(re.compile("^With balances"))
    expect(page.get_by_role("alert")).to_contain_text("nonsense")


def test_two_sessions_do_not_share_a_what_if(visit: Visit, customer: int) -> None:
    one, two = visit(f"/applicant?customer={customer}"), visit(f"/applicant?customer={customer}")
    ready(one)
    ready(two)
    untouched = answer(two)
    edited(one)
    two.get_by_role("button", name="Link").click()
    expect(two.get_by_text("This address opens the same what-if.")).to_be_visible()
    settled(two)
    assert answered(two, untouched) == untouched
    expect(two).not_to_have_url(re.compile("balances"))


def test_switching_to_trust_and_back_keeps_the_what_if(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}")
    edited(page)
    before = answer(page)
    page.get_by_role("link", name="Trust").click()
    trust(page)
    page.get_by_role("link", name="Customer").click()
    ready(page)
    expect(sentence(page)).to_have_text(re.compile("^With balances"))
    expect(page).to_have_url(LOWER)
    settled(page)
    assert answered(page, before) == before


def test_reset_all_is_the_base_to_the_letter_and_undo_returns_to_the_edit(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}")
    ready(page)
    base = answer(page)
    edited(page)
    changed = answer(page)
    assert changed != base
    page.get_by_role("button", name="Reset").click()
    expect(sentence(page)).not_to_have_text(re.compile("^With"))
    expect(page).not_to_have_url(LOWER)
    ready(page)
    waterfall(page, there=False)
    assert answered(page, base) == base
    page.get_by_role("button", name="Undo").click()
    expect(sentence(page)).to_have_text(re.compile("^With balances"))
    waterfall(page)
    ready(page)
    assert answered(page, changed) == changed
    expect(page).to_have_url(LOWER)


def test_a_chip_takes_one_edit_back_and_leaves_the_other(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}&limit=110000")
    ready(page)
    one = answer(page)
    press(page, "Balances", "ArrowLeft")
    expect(page).to_have_url(LOWER)
    page.get_by_test_id("stButtonGroup").get_by_text(re.compile(r"^Balances .5")).click()
    expect(page).not_to_have_url(LOWER)
    expect(sentence(page)).not_to_contain_text("balances")
    ready(page)
    assert answered(page, one) == one
    expect(page).to_have_url(re.compile("limit=110000"))
    expect(lever(page, "Balances")).to_have_value("0")


def test_ones_own_record_is_answered_only_once_it_is_complete(visit: Visit, book: Book) -> None:
    record = [f"{value:.12g}" for value in book.raw[:, 0]]
    page = visit(f"/?own={','.join(record[:-1])},")
    expect(page.locator(".wi-invitation")).to_contain_text("1 of 19 values are still missing")
    expect(page.locator(".wi-number")).to_have_count(0)
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(0)
    shown = page.locator(".st-key-answers")
    expect(shown).not_to_contain_text("%")
    last = page.locator(f".st-key-customer-own-{book.contract.record[-1].name}").get_by_role("spinbutton")
    last.fill(record[-1])
    last.press("Enter")
    ready(page)
    expect(probability(page)).to_contain_text("%")
    expect(page.locator(".wi-invitation")).to_have_count(0)


def test_an_empty_record_of_ones_own_invites_and_shows_no_number(visit: Visit) -> None:
    page = visit(f"/applicant?own={',' * 18}")
    expect(page.locator(".wi-invitation")).to_contain_text("19 of 19 values are still missing")
    expect(page.locator(".wi-number")).to_have_count(0)
    shown = page.locator(".st-key-answers")
    expect(shown).not_to_contain_text("%")


@pytest.mark.parametrize("name", ["safe", "borderline", "in trouble", "random"])
def test_a_starting_point_opens_a_customer(visit: Visit, name: str) -> None:
    page = visit("/applicant")
    expect(page.locator(".wi-invitation")).to_be_visible()
    page.get_by_text(name, exact=True).click()
    ready(page)
    expect(page).to_have_url(re.compile(r"customer=\d+"))


def test_the_keyboard_alone_reaches_a_lever_and_moves_it(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}")
    ready(page)
    number = probability(page).inner_text()
    focused = lever(page, "Balances")
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused.evaluate("(thumb) => thumb === document.activeElement"):
            break
    expect(focused).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(probability(page)).not_to_have_text(number)
    expect(focused).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("balances=-10"))


def test_a_sweep_follows_the_input_that_is_chosen(visit: Visit, customer: int) -> None:
    page = visit(f"/applicant?customer={customer}")
    ready(page)
    before, number = drawn(page, "sweep"), probability(page).inner_text()
    choice = page.get_by_role("combobox", name="One input at a time")
    choice.scroll_into_view_if_needed()
    settled(page)  # a list that is opened while the page still scrolls closes again
    choice.click()
    page.get_by_role("option", name="Balances", exact=True).click()
    expect(page.locator(".wi-findings").last).to_contain_text("Balances")
    settled(page)
    assert redrawn(page, "sweep", before) != before
    expect(probability(page)).to_have_text(number)
