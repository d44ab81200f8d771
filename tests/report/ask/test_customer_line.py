"""One record asked in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contract import Contract
from model.report.ask.book import book_example, read_book_line
from model.report.ask.customer import customer_example, customer_line, customer_vocabulary, read_customer_line
from model.report.ask.policy import policy_example, read_policy_line
from model.report.ask.reading import AskReading
from model.report.customer.words import change_chips
from model.whatif.book.scenario import BookScenario
from model.whatif.customer.scenario import CustomerScenario, apply, base_record
from model.whatif.policy.scenario import PolicyScenario
from tests.report.ask.scenarios import customer_scenarios, every_contract, shipped, small_book

CARDS = shipped("cards")
NOBODY = CustomerScenario()
POINTS = {"safe": 7, "in trouble": 9}


def read(line: str, scenario: CustomerScenario, contract: Contract = CARDS) -> AskReading[CustomerScenario]:
    book = small_book(contract)
    return read_customer_line(
        book, scenario, line, starting_points=POINTS, standing=lambda asked: base_record(book, asked)
    )


def labels(contract: Contract) -> list[str]:
    """What levers, fields that are none, and assumptions are called."""
    levers = {each.name for each in contract.levers}
    fields = [each for each in contract.record if each.name not in levers and each.mutability != "never"]
    own = [each.label for each in contract.levers] + [each.label for each in contract.assumptions]
    return own + [each.label for each in fields]


@given(st.data())
def test_what_is_changed_of_a_record_reads_back_to_it(data: st.DataObject):
    """To the last decimal; and as the chips of the page have it, where those tell things apart."""
    contract = data.draw(st.sampled_from(every_contract()))
    scenario = data.draw(customer_scenarios(contract))
    line = customer_line(contract, scenario)
    found = read(line, NOBODY, contract)
    assert (found.after, found.puzzles) == (scenario, ()), line
    if len(set(labels(contract))) < len(labels(contract)):
        return  # a chip does not tell a lever from a field that is called the same
    chips = "; ".join(change_chips(contract, scenario).values())
    told = read(chips, CustomerScenario(scenario.customer), contract)
    assert (told.after, told.puzzles) == (scenario, ()), chips


@given(st.data())
def test_whatever_is_typed_about_a_record_changes_nothing_that_is_not_shown(data: st.DataObject):
    contract = data.draw(st.sampled_from(every_contract()))
    scenario = data.draw(st.one_of(st.just(NOBODY), customer_scenarios(contract)))
    names = [name for item in customer_vocabulary(contract, (1, 50), ()).items for name in item.names]
    piece = st.one_of(st.sampled_from(names), st.text(max_size=8), st.integers(-999, 999).map(str), st.just("; by"))
    line = data.draw(st.lists(piece, max_size=8).map(" ".join))
    found = read(line, scenario, contract)
    old, new = (
        {"customer": each.customer, **dict((*each.edits, *each.assumptions))} for each in (scenario, found.after)
    )
    assert {each.name for each in found.chips} == {n for n in old.keys() | new.keys() if old.get(n) != new.get(n)}
    if found.after.chosen:
        apply(contract, base_record(small_book(contract), found.after), found.after.edits)


@pytest.mark.parametrize(
    ("line", "edits", "assumptions"),
    [
        ("balances -20", {"balances": -20}, {}),
        ("credit limit 80k; 2 months late now", {"limit": 80_000, "late": 2}, {}),
        ("pays 10; cut-off 534", {"pays": 10}, {"cutoff": 534}),
        ("status september 2 months late", {"status_1": 2}, {}),
        ("bill august 12,000", {"bill_2": 12_000}, {}),
        ("lgd 90 %", {}, {"lgd": 0.9}),
        ("cut-off by 14", {}, {"cutoff": 534}),
    ],
)
def test_a_line_about_a_record_is_read(line: str, edits: dict[str, float], assumptions: dict[str, float]):
    found = read(line, CustomerScenario(1))
    assert found.puzzles == ()
    assert (dict(found.after.edits), dict(found.after.assumptions)) == (edits, assumptions)


def test_a_line_names_who_is_looked_at():
    assert read("customer 12", NOBODY).after == CustomerScenario(12)
    assert read("in trouble; balances 10", NOBODY).after == CustomerScenario(9, edits=(("balances", 10.0),))
    kept = CustomerScenario(12, edits=(("balances", 10.0),), assumptions=(("lgd", 0.9),))
    found = read("customer 13", kept)
    assert found.after == CustomerScenario(13, assumptions=(("lgd", 0.9),))
    assert [(each.label, each.back) for each in found.chips] == [
        ("Customer 13", False),
        ("Balances +10\N{NO-BREAK SPACE}%", True),
    ]
    assert "Customer: 1 to 50 can be set" in read("customer 99", NOBODY).puzzles[0].why
    assert "No customer is looked at." in read("balances 10", NOBODY).puzzles[0].why


def test_asked_for_what_a_lever_shows_the_lever_is_put_where_it_is_so():
    book, asked = small_book(CARDS), CustomerScenario(3)
    found = read("utilisation 60", asked)
    assert [each.name for each in found.chips] == ["balances"]
    record = apply(CARDS, base_record(book, asked), found.after.edits)
    use = [each.name for each in CARDS.inputs].index("use_now")
    assert CARDS.derive(record)[use, 0] == pytest.approx(0.60, abs=1e-3)
    assert read("utilisation 900", asked).after == asked
    assert "Balances alone does not bring this customer there." in read("utilisation 900", asked).puzzles[0].why


def test_edits_that_cannot_stand_together_are_told():
    found = read("status september 8 months late; status august card not used", CustomerScenario(1))
    assert found.after == CustomerScenario(1)
    assert "cannot worsen by more than four months" in found.puzzles[0].why


def test_what_is_missing_moves_by_nothing():
    book = small_book(CARDS)
    assert not np.isnan(book.raw).any()
    found = read("bill august by 10 %", NOBODY)
    assert "stands nowhere yet" in found.puzzles[0].why


def test_the_example_of_every_page_is_understood():
    for contract in every_contract()[:3]:
        book = small_book(contract)
        assert read(customer_example(book), NOBODY, contract).puzzles == ()
        assert read_policy_line(contract, PolicyScenario(), policy_example(contract)).puzzles == ()
        for example in book_example(contract).split("  or  "):
            assert read_book_line(contract, BookScenario(), example).puzzles == ()
