"""The page of those compared, driven through its native controls."""

from functools import partial

import pytest

from model.report.numbers import NBSP
from model.whatif.book.scored import ScoredBook
from tests.pages.conftest import Open, address, markup, sentence
from tests.support.records import numbers_of, stressed

FED = "fed_2026_severely_adverse"


@pytest.fixture
def open_app(open_app: Open) -> Open:
    """Opens the page at an address."""
    return partial(open_app, "compare")


def test_scenarios_are_added_ordered_weighted_and_taken_out_and_stand_in_the_address(
    open_app: Open, whole: ScoredBook
) -> None:
    at = open_app()
    assert "Add two or more" in markup(at)
    next(each for each in at.button if each.label == "As the book stands").click().run()
    at.number_input(key="_compare_severe").set_value(50.0).run()
    next(each for each in at.button if each.label == "Add this scenario").click().run()
    assert not at.exception
    name = "Fed 2026, severely adverse, Severity 50 %"
    assert address(at) == {"of": "book", "1": "As the book stands", "2": name, "2.preset": FED, "2.severity": "50"}
    loss = whole.losses([numbers_of(stressed(preset=FED, severity=50))])[0]
    assert f"NT${NBSP}{loss / 1e6:,.0f}{NBSP}m" in sentence(at)
    at.text_input(key="compare.2").set_value("Half").run()
    at.number_input(key="compare.weight.1").set_value(70.0).run()
    assert any("they sum to 70 %" in each.value for each in at.warning)
    at.number_input(key="compare.weight.2").set_value(30.0).run()
    assert "Weighted expected loss over one month" in markup(at)
    at.button(key="_up_2").click().run()
    assert (address(at)["1"], address(at)["2"], address(at)["weight.1"]) == ("Half", "As the book stands", "30")
    at.button(key="_out_1").click().run()
    assert "Add one more" in markup(at)
    next(each for each in at.button if each.label == "Undo").click().run()
    assert address(at)["1"] == "Half"
    assert not at.exception


def test_a_link_opens_what_was_compared_and_tells_what_cannot_be(open_app: Open) -> None:
    at = open_app(of="policy", **{"1": "Today's", "2.cutoff": "540", "3.cutoff": "9999"})
    assert "Of 2 cut-offs compared" in sentence(at)
    assert any("9,999 was given" in each.value for each in at.warning)
    at = open_app(of="customer", **{"1": "One", "1.customer": "12345", "2.customer": "12345", "2.balances": "-20"})
    assert "Of 2 customers compared" in sentence(at)
    assert not at.exception


def test_what_a_page_shows_is_put_beside_as_it_stands_without_changes(open_app: Open) -> None:
    at = open_app.func("book", balances=20)  # type: ignore[attr-defined]
    at.button(key="_compare_book").click().run()
    assert not at.exception
    kept = at.session_state["_compare_value"]
    assert [each.scenario for each in kept.members] == [stressed(), stressed(balances=20)]
