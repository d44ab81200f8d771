"""A value is shown as it is used, to its last decimal: by its control, in its label, in the sentence, as a chip, in the
bridge and in the address."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from data.books import read_book
from data.contract import Assumption, Lever, Shock, Variable
from model.report import numbers
from model.whatif.book.scenario import BETA, FACTOR, LIMIT, METHOD, OVERLAY_LGD, OVERLAY_PD, SEVERITY, SHARE, WEIGHT
from model.whatif.policy.scenario import assumed
from tests.pages.conftest import Open, address, figure, markup, opened, sentence

CONTRACT = read_book("cards").contract
FED = "fed_2026_severely_adverse"
SIGNED = {"owner": "The board", "reason": "Judgement", "until": "2099-12-31"}
OWNED = {f"overlay_{name}": value for name, value in SIGNED.items()}


def off_step(part: Assumption | Lever | Shock | Variable) -> float:
    """A value between two steps of a part, two and a half of them above its lower end, or of the cents where it has
    no fraction of a step."""
    step = part.step / 2 + part.step / 100 if part.step < 1 else part.step / 2 + 0.25
    return round(part.minimum + 2 * part.step + step, 9)


def told(value: float) -> str:
    """A value as it is told, without sign and unit."""
    return numbers.exactly(abs(value))


def control(at: AppTest, name: str) -> float:
    """Where the slider or the field of a name stands; a lever's field stands where its slider does."""
    found = [each for each in (*at.slider, *at.number_input) if each.key == name]
    assert len(found) == 1, name
    beside = [each.value for each in at.number_input if each.key == f"{name}.typed"]
    assert beside == ([found[0].value] if found[0].type == "slider" else [])
    return float(found[0].value)


def label(at: AppTest, name: str) -> str:
    """What a slider says of itself."""
    return str(next(each.label for each in at.slider if each.key == name))


def chips(at: AppTest) -> list[str]:
    """What was changed, as the row of chips tells it."""
    return [str(each) for group in at.button_group for each in group.options]


# ---- the book -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part", [*CONTRACT.shocks, *CONTRACT.economy, *CONTRACT.assumptions], ids=lambda part: part.name
)
def test_what_is_assumed_of_the_book_is_shown_as_used(open_app: Open, part: Shock | Variable | Assumption) -> None:
    value = off_step(part)
    coefficient = {f"{BETA}{part.name}": 0.0725} if isinstance(part, Variable) else {}
    at = open_app("book", ["_book_assumptions", "_coefficients"], **{part.name: f"{value:.12g}"}, **coefficient)
    shown = 100 * value if part in CONTRACT.assumptions and part.unit == "%" else value
    assert control(at, f"book.{part.name}") == pytest.approx(shown, abs=1e-9)
    assert address(at)[part.name] == f"{value:.12g}"
    assert told(shown) in sentence(at)
    assert any(told(shown) in each for each in chips(at))
    sliders = [each.key for each in at.slider]
    if f"book.{part.name}" in sliders:
        assert told(shown) in label(at, f"book.{part.name}").split(" · ")[1]
    assert told(shown) in json.dumps(figure(at, "bridge")["data"][0]["y"], ensure_ascii=False)


@pytest.mark.parametrize(
    ("name", "value", "more", "panel"),
    [
        (OVERLAY_PD, 17.5, OWNED, "_overlay"),
        (OVERLAY_LGD, -2.25, OWNED, "_overlay"),
        (SHARE, 12.5, {"balances": 20}, "_who"),
        (SEVERITY, 37.5, {"preset": FED}, "_path"),
        (FACTOR, -1.25, {METHOD: FACTOR}, "_path"),
        (f"{WEIGHT}{FED}", 12.5, {}, "_weighted"),
        (f"{BETA}unemployment", 0.0725, {}, "_coefficients"),
    ],
)
def test_what_else_can_be_set_of_the_book_is_shown_as_used(
    open_app: Open, name: str, value: float, more: dict[str, object], panel: str
) -> None:
    at = open_app("book", [panel], **{name: value}, **more)
    assert control(at, f"book.{name}") == value
    assert address(at)[name] == f"{value:.12g}"
    if not name.startswith(WEIGHT):  # of which the panel itself tells
        assert any(told(value) in each for each in chips(at))
    if not name.startswith((WEIGHT, BETA)):
        assert told(value) in sentence(at)


@pytest.mark.parametrize("limit", CONTRACT.appetite, ids=lambda each: each.measure)
def test_limits_are_shown_as_used(open_app: Open, limit: object) -> None:
    measure = limit.measure  # type: ignore[attr-defined]
    factor = {"pd": 0.01, "return_on_capital": 0.01, "loss_bps": 1.0}.get(measure, 1e6)
    at = open_app("book", ["_limits"], **{f"{LIMIT}{measure}": f"{17.375 * factor:.12g}"})
    assert control(at, f"book.{LIMIT}{measure}") == 17.375
    assert any("17.375" in each for each in chips(at))
    assert "limit" in markup(at)
    assert "17.375" in markup(at) or measure == "loss_bps"  # which is told under the loss, without its limit


# ---- the customer, and the policy -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lever", CONTRACT.levers, ids=lambda lever: lever.name)
def test_a_lever_of_a_customer_is_shown_as_used(open_app: Open, lever: Lever) -> None:
    if CONTRACT.coded(lever):  # which stands on its steps alone
        return
    value = off_step(lever)
    at = open_app("applicant", customer=12345, **{lever.name: f"{value:.12g}"})
    assert control(at, f"customer.{lever.name}") == value
    assert told(value) in label(at, f"customer.{lever.name}")
    assert told(value) in sentence(at)
    assert any(told(value) in each for each in chips(at))
    assert address(at)[lever.name] == f"{value:.12g}"


@pytest.mark.parametrize("name", [name for name in CONTRACT.row if not CONTRACT.record[CONTRACT.row[name]].codes])
def test_a_field_of_a_record_is_shown_as_used(open_app: Open, name: str) -> None:
    field = CONTRACT.record[CONTRACT.row[name]]
    if field.mutability == "never":
        return
    levers = {each.name for each in CONTRACT.levers}
    at = open_app("applicant", ["_statement"], customer=12345, **{name: 12345.75})
    assert control(at, f"customer.{name}") == 12345.75
    assert any("12,345.75" in each for each in chips(at))
    assert "12,345.75" in sentence(at) or name in levers


@pytest.mark.parametrize("page", ["applicant", "policy"])
@pytest.mark.parametrize("part", [CONTRACT.assumption(name) for name in assumed(CONTRACT)], ids=lambda part: part.name)
def test_an_assumption_is_shown_as_used(open_app: Open, page: str, part: Assumption) -> None:
    if page == "applicant" and part.name not in CONTRACT.exposed_to:
        return
    value = off_step(part)
    at = open_app(page, **{part.name: f"{value:.12g}"}, **({"customer": 7} if page == "applicant" else {}))
    at = opened(at, "_assumptions")
    shown = 100 * value if part.unit == "%" else value
    assert control(at, f"{'customer' if page == 'applicant' else page}.{part.name}") == pytest.approx(shown, abs=1e-9)
    assert address(at)[part.name] == f"{value:.12g}"
    if page == "applicant":
        assert any(told(shown) in each for each in chips(at))


def test_a_cutoff_between_two_points_is_shown_as_used(open_app: Open) -> None:
    at = open_app("applicant", ["_assumptions"], customer=7, cutoff=600.25)
    assert control(at, "customer.cutoff") == 600.25
    assert any("600.25" in each for each in chips(at))


# ---- sliders ------------------------------------------------------------------------------------------------------


def test_a_slider_moves_by_its_step_from_wherever_its_value_stands(open_app: Open) -> None:
    at = open_app("book", balances=-17.25)
    slider = at.slider("book.balances")
    assert (slider.value, slider.step) == (-17.25, 5)
    assert (slider.value - slider.min) % slider.step == 0
    shape = slider.min, slider.max
    slider.set_value(-12.25).run()
    slider = at.slider("book.balances")
    assert (slider.min, slider.max, slider.step) == (*shape, 5)  # another slider would lose the key pressed next
    assert control(at, "book.balances") == -12.25


def test_what_is_typed_is_used_and_a_slider_put_beyond_an_end_goes_to_it(open_app: Open) -> None:
    at = open_app("book")
    at.number_input("book.balances.typed").set_value(17.375).run()
    assert control(at, "book.balances") == 17.375
    assert address(at)["balances"] == "17.375"
    assert "balances 17.375 % higher" in sentence(at).replace(numbers.NBSP, " ")
    slider = at.slider("book.balances")
    assert -slider.min == pytest.approx(slider.max, abs=slider.step)  # zero in the middle, though balances go to −50
    slider.set_value(-90.0).run()
    assert control(at, "book.balances") == -50
    at.number_input("book.balances.typed").set_value(0.0).run()
    assert "balances" not in address(at)


def test_the_levers_of_a_customer_and_a_cutoff_can_be_typed(open_app: Open) -> None:
    at = open_app("applicant", customer=12345)
    at.number_input("customer.balances.typed").set_value(-12.125).run()
    assert control(at, "customer.balances") == -12.125
    assert address(at)["balances"] == "-12.125"
    assert isinstance(at.number_input("customer.late.typed").value, int)  # a code: no decimals
    at.number_input("customer.late.typed").set_value(2).run()
    assert control(at, "customer.late") == 2
    at = open_app("policy")
    at.number_input("policy.cutoff.typed").set_value(547).run()
    assert control(at, "policy.cutoff") == 547
    assert address(at)["cutoff"] == "547"


@given(st.decimals(-1000, 1000, places=6))
def test_every_decimal_of_a_number_that_was_set_is_told(value: float) -> None:
    shown = numbers.exactly(float(value))
    assert float(shown.replace(",", "").replace(numbers.MINUS, "-")) == float(value)
    assert not (shown.endswith("0") and "." in shown)
