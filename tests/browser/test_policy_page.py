"""The policy page in a real browser: how far can I go, what does it earn, who is swapped in."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    Visit,
    drawn,
    follow,
    photograph,
    policy_ready,
    press,
    ready,
    redrawn,
    sentence,
    settled,
)

pytestmark = pytest.mark.browser


def test_hold_the_bad_rate_at_fifteen_percent(visit: Visit) -> None:
    page = visit("/policy")
    policy_ready(page)
    photograph(page, "policy-1-today")
    goal = page.get_by_role("spinbutton", name="at most (%)")
    goal.fill("15")
    goal.press("Enter")
    answer = page.get_by_text(re.compile(r"Bad rate of at most 15\.0.%: at a cut-off of \d+"))
    expect(answer).to_be_visible()
    cutoff = re.search(r"a cut-off of (\d+)", answer.inner_text())
    assert cutoff is not None
    page.get_by_role("button", name="Go there").click()
    expect(page).to_have_url(re.compile(rf"cutoff={cutoff[1]}$"))
    expect(sentence(page)).to_have_text(re.compile(f"^At a cut-off of {cutoff[1]}, "))
    policy_ready(page)
    assert float(page.locator(".wi-number .wi-value").nth(1).inner_text().split("\xa0")[0]) <= 15.0
    earned = page.locator(".wi-number .wi-value").nth(3).inner_text()
    assert earned in sentence(page).inner_text()
    photograph(page, "policy-2-goal")

    page.locator(".st-key-_swap summary").click()
    expect(page.locator(".st-key-swap svg").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"[\d,]+ swapped in, observed of them"))).to_be_visible()
    settled(page)
    photograph(page, "policy-3-swap")
    number = follow(page.locator(".st-key-_swap [data-testid=stPageLink] a"))
    ready(page)
    expect(page).to_have_url(re.compile(rf"/applicant\?customer={number}$"))
    page.go_back()
    policy_ready(page)
    expect(sentence(page)).to_have_text(re.compile(f"^At a cut-off of {cutoff[1]}, "))


def test_a_key_on_the_cutoff_moves_numbers_curve_and_address(visit: Visit) -> None:
    page = visit("/policy?cutoff=530")
    policy_ready(page)
    before, curve = page.locator(".wi-number .wi-value").first.inner_text(), drawn(page, "strategy")
    press(page, "Cut-off", "ArrowRight")
    expect(page.locator(".wi-number .wi-value").first).not_to_have_text(before)
    expect(page).to_have_url(re.compile("cutoff=531$"))
    settled(page)
    assert redrawn(page, "strategy", curve) != curve
