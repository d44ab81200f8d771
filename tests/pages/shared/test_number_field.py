"""What is typed into a lever's field is what is used, told, linked and read back; its slider stands there, too."""

from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.books import SHIPPED
from data.contract import Assumption, Contract, Lever, Shock, Variable, load_contract
from model.report import language, numbers
from model.report.book import words as book_words
from model.report.customer import words as customer_words
from model.whatif.book.scenario import BookScenario
from model.whatif.customer.scenario import CUTOFF, CUTOFF_RANGE, CustomerScenario
from model.whatif.policy.scenario import PolicyScenario
from model.whatif.ranges import LeverRange, book_range, lever_range
from pages.book.state import widget_scale
from pages.shared.number_field import slots
from pages.shared.page_state import Touched
from tests.support import contracts

WORDLESS = "made_up"  # whose contract is filled in by those who read it
CONTRACTS = [load_contract(SHIPPED / name / "contract.toml") for name in ("cards", "small_business")] + [
    load_contract(folder / "contract.toml")
    for folder in sorted(contracts.BOOKS.iterdir())
    if folder.name != WORDLESS and (folder / "contract.toml").is_file()
]


def movable(contract: Contract) -> list[Shock | Variable | Assumption]:
    """What can be moved of a book."""
    return [*contract.shocks, *contract.economy, *contract.assumptions]


OF_BOOKS = [
    pytest.param(contract, part, id=f"{contract.book.name}-{part.name}")
    for contract in CONTRACTS
    for part in movable(contract)
]
OF_RECORDS = [
    pytest.param(contract, lever, id=f"{contract.book.name}-{lever.name}")
    for contract in CONTRACTS
    for lever in contract.levers
]


def typed(data: st.DataObject, within: LeverRange) -> float:
    """A number typed into the field of a lever, as it is taken."""
    if within.whole:
        return float(data.draw(st.integers(round(within.low), round(within.high))))
    fine = 10 ** data.draw(st.integers(1, 6))
    taken = Touched("lever").taken(data.draw(st.integers(ceil(within.low * fine), floor(within.high * fine))) / fine)
    assert isinstance(taken, float)
    return taken


@pytest.mark.parametrize(("contract", "part"), OF_BOOKS)
@settings(max_examples=25)  # of each of a hundred parts
@given(data=st.data())
def test_what_is_typed_of_a_book_is_told_and_read_back(
    contract: Contract, part: Shock | Variable | Assumption, data: st.DataObject
) -> None:
    scale = widget_scale(contract, part.name)
    value = typed(data, book_range(part, scale))
    scenario = BookScenario().with_value(contract, part.name, round(value * scale, 12))
    back, complaints = BookScenario.from_query(contract, scenario.to_query())
    assert complaints == []
    assert back == scenario
    assert round(back.number(contract, part.name) / scale, 6) == value
    assert numbers.exactly(abs(value)) in book_words.position(contract, back, part.name)


@pytest.mark.parametrize(("contract", "lever"), OF_RECORDS)
@settings(max_examples=25)
@given(data=st.data())
def test_what_is_typed_of_a_record_is_told_and_read_back(contract: Contract, lever: Lever, data: st.DataObject) -> None:
    value = typed(data, lever_range(contract, lever))
    scenario = CustomerScenario().edited(contract, lever.name, value)
    assert float(scenario.to_query()[lever.name]) == value
    chip = customer_words.edit_chip(contract, lever.name, value)
    assert (f"{value:.0f}" if lever.unit == "year" else numbers.exactly(abs(value))) in chip


@given(st.integers(*map(int, CUTOFF_RANGE)))
def test_what_is_typed_of_a_policy_is_read_back(cutoff: int) -> None:
    policy = PolicyScenario().with_value(CONTRACTS[0], CUTOFF, cutoff)
    assert PolicyScenario.from_query(CONTRACTS[0], policy.to_query())[0].at(CONTRACTS[0]) == cutoff


@given(data=st.data(), low=st.integers(-100, 50), wide=st.integers(1, 200), step=st.sampled_from([0.005, 0.1, 1, 5]))
def test_a_slider_stands_at_the_value_and_moves_by_the_step(
    data: st.DataObject, low: int, wide: int, step: float
) -> None:
    within = LeverRange(low, low + wide, step)
    value = typed(data, within)
    start, end, moves = slots(within, value)
    assert moves == step or numbers.decimals(value) > numbers.decimals(step) + 1
    assert (value - start) / moves == pytest.approx(round((value - start) / moves), abs=1e-6)
    assert start <= low
    assert end >= low + wide
    first, last = within.middled
    assert first - start < step
    assert end - last < step


@pytest.mark.parametrize("value", [0.0, 2.3e-7, 0.000003])
def test_a_slider_has_a_step_where_its_range_is_finer_than_what_is_shown(value: float) -> None:
    start, end, moves = slots(LeverRange(-3e-7, 3e-7, 1e-8), value)
    assert start < end
    assert moves == 1e-6


def test_the_unit_stands_in_the_label_once_and_the_ends_without_it() -> None:
    assert language.unit_label("Credit limits", "±%") == "Credit limits (%)"
    assert language.unit_label("Months late now", "months") == "Months late now"
    assert language.unit_label("Year built", "year") == "Year built"
    assert language.range_ends(LeverRange(-50, 100, 5)) == ("−50", "+100")
    assert language.range_ends(LeverRange(5000, 2_000_000, 5000)) == ("5,000", "2,000,000")
