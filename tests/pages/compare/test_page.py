"""The page of those compared, driven through its native controls."""

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from data.regulators.presets import presets
from model.report.numbers import NBSP
from model.whatif.book.scored import ScoredBook
from tests.pages.conftest import Open, address, begin, markup, sentence
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


def press(at: AppTest, label: str) -> AppTest:
    next(each for each in at.button if each.label == label).click().run()
    assert not at.exception
    return at


def test_cut_offs_and_customers_are_added_by_their_numbers_and_all_is_reset(open_app: Open) -> None:
    at = open_app()
    at.segmented_control(key="compare.of").set_value("policy").run()
    for cutoff in (500, 560):
        at.number_input(key="_compare_cut").set_value(cutoff).run()
        press(at, "Add this cut-off")
    at_500 = {"2": "Cut-off 500", "2.cutoff": "500", "3": "Cut-off 560", "3.cutoff": "560"}
    assert address(at) == {"of": "policy", "1": "Cut-off 520", **at_500}
    assert "Of 3 cut-offs compared" in sentence(at)
    at.session_state["_compare_link"] = True
    at.run()
    assert "of=policy&1=Cut-off+520&2=Cut-off+500&2.cutoff=500" in at.code[0].value
    at.segmented_control(key="compare.of").set_value("customer").run()
    for number in (12345, 7):
        at.number_input(key="_compare_who").set_value(number).run()
        press(at, "Add this customer")
    assert {k: v for k, v in address(at).items() if "." in k} == {"1.customer": "12345", "2.customer": "7"}
    assert "Of 2 customers compared" in sentence(at)
    press(at, "Reset")
    assert address(at) == {"of": "customer"}
    press(at, "Undo")
    assert "Of 2 customers compared" in sentence(at)


def test_a_regulators_scenario_is_chosen_and_what_cannot_be_is_refused(open_app: Open) -> None:
    at = open_app()
    press(at, "As the book stands")
    chosen = at.selectbox(key="_compare_preset")
    other = next(each for each in (preset.name for preset in presets()) if each != chosen.value)
    chosen.set_value(other).run()
    press(at, "Add this scenario")
    assert address(at)["2.preset"] == other
    at.text_input(key="compare.2").set_value(" ").run()
    assert any("A name takes 1 to 100" in each.value for each in at.warning)
    for severity in (10.0, 20.0, 30.0):
        at.number_input(key="_compare_severe").set_value(severity).run()
        press(at, "Add this scenario")
    assert "Of 5 scenarios compared" in sentence(at)
    assert not [each for each in at.button if each.label == "Add this scenario"]
    assert any("as many as can be compared" in each.value for each in at.caption)


@pytest.mark.parametrize(
    ("page", "assumed", "label", "carried"),
    [
        ("book", {"balances": 20}, "As on the Book page", {"balances": "20"}),
        ("policy", {"cutoff": 540}, "As on the Policy page", {"cutoff": "540"}),
        (
            "applicant",
            {"customer": 7, "balances": -20},
            "As on the Customer page",
            {"customer": "7", "balances": "-20"},
        ),
    ],
)
def test_what_stands_on_another_page_is_added_from_here(
    open_app: Open, page: str, assumed: dict[str, int], label: str, carried: dict[str, str]
) -> None:
    at = open_app.func(page, **assumed)  # type: ignore[attr-defined]
    at.query_params.clear()
    begin(at, "compare").run()
    subject = "customer" if page == "applicant" else page
    at.segmented_control(key="compare.of").set_value(subject).run()
    press(at, label)
    assert {k[2:]: v for k, v in address(at).items() if k.startswith("2.")} == carried


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
