"""A scenario: what may be edited, what it makes of a record, and how an address carries it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.errors import BadInput, BookError, Impossible, Missing, NotEditable, OutOfRange
from model.engine.scorer import TableScorer
from model.whatif.book.scenario import NOTHING
from model.whatif.customer.decision import decide
from model.whatif.customer.scenario import CUTOFF, CustomerScenario, apply, base_record, editable
from tests.support.records import BOOK, CONTRACT, numbers, records, scenarios, within

LEVERS = [lever.name for lever in CONTRACT.levers]
LABEL = {name: editable(CONTRACT, name).label for name in (*LEVERS, *CONTRACT.row)}


def own(raw: Array) -> CustomerScenario:
    return CustomerScenario(own=tuple(raw[:, 0].tolist()))


# ---- the empty scenario --------------------------------------------------------------------------------------------


@given(numbers)
def test_empty_scenario_reproduces_the_customer_exactly(scorer: TableScorer, number: int):
    scenario = CustomerScenario(number)
    base = base_record(BOOK, scenario)
    assert base.tobytes() == BOOK.raw[:, number - 1].tobytes()
    assert apply(CONTRACT, base, scenario.edits).tobytes() == base.tobytes()
    now = decide(scorer, apply(CONTRACT, base, scenario.edits), scenario.values(CONTRACT))
    assert now == decide(scorer, base, CustomerScenario().values(CONTRACT))
    assert now.margin == scorer.margins(BOOK.raw[:, number - 1 : number])[0]


@given(records())
def test_record_typed_by_hand_is_scored_as_typed(raw: Array):
    assert own(raw).chosen
    assert base_record(BOOK, own(raw)).tobytes() == raw.tobytes()


def test_editing_does_not_change_the_book(book: Book):
    before = book.raw[:, 0].copy()
    base = base_record(book, CustomerScenario(1))
    base[:] = 0
    apply(book.contract, base_record(book, CustomerScenario(1)), {"limit": 500_000.0})
    np.testing.assert_array_equal(book.raw[:, 0], before)


def test_nobody_is_chosen_until_there_is_a_customer_or_a_whole_record():
    assert not CustomerScenario().chosen
    assert not CustomerScenario(own=(1.0, None)).chosen
    assert CustomerScenario(customer=1).chosen
    assert CustomerScenario(own=(1.0, 2.0)).chosen


def test_customer_that_does_not_exist_is_refused(book: Book):
    with pytest.raises(BookError, match="There is no customer 30,001"):
        base_record(book, CustomerScenario(30_001))


def test_record_typed_by_hand_that_is_incomplete_says_what_is_missing(book: Book):
    values = [None if name == "paid_2" else 0.0 for name in book.contract.row]
    with pytest.raises(Missing, match=rf"{LABEL['paid_2']} is missing\. Enter a value"):
        base_record(book, CustomerScenario(own=(10_000.0, *values[1:])))


def test_record_typed_by_hand_that_cannot_be_is_refused(book: Book):
    values = dict.fromkeys(book.contract.row, 0.0) | {"limit": 10_000.0, "status_1": 8.0}
    with pytest.raises(Impossible, match="cannot worsen by more than four months"):
        base_record(book, CustomerScenario(own=tuple(values.values())))


# ---- edits -----------------------------------------------------------------------------------------------------------


@given(scenarios(), st.data())
def test_edit_taken_back_leaves_the_scenario_exactly_as_before(scenario: CustomerScenario, data: st.DataObject):
    name = data.draw(st.sampled_from(sorted({*LEVERS, *CONTRACT.row} - dict(scenario.edits).keys())))
    value = data.draw(within(editable(CONTRACT, name)))
    edited = scenario.edited(CONTRACT, name, value)
    assert dict(edited.edits)[name] == value
    assert edited != scenario
    assert edited.edited(CONTRACT, name, None) == scenario
    assert hash(edited.edited(CONTRACT, name, None)) == hash(scenario)


@given(scenarios())
def test_scenario_reset_edit_by_edit_is_the_customer_exactly(scenario: CustomerScenario):
    for name, _ in (*scenario.edits,):
        scenario = scenario.edited(CONTRACT, name, None)
    for name, _ in (*scenario.assumptions,):
        scenario = scenario.assumed(CONTRACT, name, None)
    scenario = scenario.asked_under(CONTRACT, NOTHING)
    assert scenario == CustomerScenario(scenario.customer, scenario.own)


def test_order_in_which_edits_are_made_does_not_matter(contract: Contract):
    one = (
        CustomerScenario(1).edited(contract, "paid_1", 5.0).edited(contract, "late", 2.0).edited(contract, "limit", 3e4)
    )
    two = (
        CustomerScenario(1).edited(contract, "limit", 3e4).edited(contract, "paid_1", 5.0).edited(contract, "late", 2.0)
    )
    assert one == two
    assert [name for name, _ in one.edits] == ["limit", "late", "paid_1"]


def test_single_field_is_set_after_the_levers(contract: Contract, book: Book):
    edits = {"paid_1": 7.0, "pays": 100.0}
    found = apply(contract, book.raw[:, :1], edits)
    assert found[contract.rows["paid"], 0].tolist() == [7, 689, 0, 0, 0, 0]  # the bills before, and 7


@pytest.mark.parametrize("name", ["sex", "age", "missed_next_payment", "customer", "salary", "status", ""])
def test_protected_and_unknown_names_cannot_be_edited(contract: Contract, name: str):
    with pytest.raises(NotEditable, match="is not a field that can be edited"):
        CustomerScenario(1).edited(contract, name, 1.0)
    with pytest.raises(NotEditable):
        apply(contract, BOOK.raw[:, :1], {name: 1.0})


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("limit", 9_999.0, "must be 10,000 to 1,000,000 NT$; 9,999 was given."),
        ("balances", -91.0, "must be -90 to 100 "),
        ("paid_3", -1.0, "must be 0 to 1,700,000 NT$; -1 was given."),
        ("status_2", 9.0, "must be one of -2 (card not used)"),
        ("late", 2.5, "moves in steps of 1; 2.5 was given."),
        ("late", 9.0, "must be 0 to 8 months; 9 was given."),
        ("pays", np.inf, "must be 0 to 100 %; inf was given."),
    ],
)
def test_edit_outside_what_is_allowed_is_refused_in_words(contract: Contract, name: str, value: float, told: str):
    with pytest.raises(OutOfRange) as caught:
        CustomerScenario(1).edited(contract, name, value)
    assert str(caught.value).startswith(f"{LABEL[name]} {told}")


def test_edit_that_is_no_number_is_refused(contract: Contract):
    with pytest.raises(Missing, match=f"{LABEL['limit']} is missing"):
        CustomerScenario(1).edited(contract, "limit", float("nan"))


def test_edits_that_cannot_stand_together_are_refused(contract: Contract, book: Book):
    with pytest.raises(Impossible, match="cannot worsen by more than four months"):
        apply(contract, book.raw[:, :1], {"late": 8.0, "status_2": 0.0})


def test_edit_of_a_whole_book_gives_each_record_its_own_value(contract: Contract, book: Book):
    values = np.array([100.0, 200.0, 300.0])
    found = apply(contract, book.raw[:, :3], {"paid_1": values})
    np.testing.assert_array_equal(found[contract.row["paid_1"]], values)
    spread = apply(contract, book.raw[:, :1], {"paid_1": values})
    assert spread.shape == (len(contract.record), 3)
    np.testing.assert_array_equal(np.delete(spread, contract.row["paid_1"], 0)[:, 2], np.delete(book.raw[:, 0], 13))


# ---- assumptions -----------------------------------------------------------------------------------------------------


def test_assumption_set_to_the_contracts_own_value_is_no_edit(contract: Contract):
    for name in [CUTOFF, *(each.name for each in contract.assumptions)]:
        start = CustomerScenario(1)
        assert start.assumed(contract, name, start.standing(contract)[name]) == start


def test_every_assumption_has_a_value_the_contracts_where_none_is_set(contract: Contract):
    found = CustomerScenario(1).assumed(contract, "lgd", 0.5).assumed(contract, CUTOFF, 540.0).values(contract)
    horizons = {"margin_months": 36, "annual_default_rate": 0.05, "correlation": 0.04}
    assert found == {"lgd": 0.5, "ccf": 0.5, "apr": 0.2, "funding": 0.05, "opex": 600, "cutoff": 540} | horizons


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("lgd", 1.2, "Loss given default must be 0 to 1 (a fraction: 35 % is 0.35); 1.2 was given"),
        ("lgd", float("nan"), "Loss given default is missing"),
        ("cutoff", 299.0, "The cut-off must lie between 300 and 800 points; 299 was given"),
        ("cutoff", float("nan"), "The cut-off must lie between 300 and 800 points; nan was given"),
        ("growth", 1.0, "There is no assumption 'growth'. There are: lgd, ccf"),
    ],
)
def test_assumption_that_cannot_be_is_refused_in_words(contract: Contract, name: str, value: float, told: str):
    with pytest.raises(BadInput) as caught:
        CustomerScenario(1).assumed(contract, name, value)
    assert told in str(caught.value)


# ---- the address -----------------------------------------------------------------------------------------------------


@given(scenarios())
def test_scenario_survives_the_address(scenario: CustomerScenario):
    assert CustomerScenario.from_query(BOOK, scenario.to_query()) == (scenario, [])


@given(scenarios())
def test_address_without_edits_carries_the_customers_number_alone(scenario: CustomerScenario):
    query = scenario.to_query(edits=False)
    assert query == ({"customer": str(scenario.customer)} if scenario.customer else {})
    assert CustomerScenario.from_query(BOOK, scenario.to_query(), edits=False) == (
        CustomerScenario(scenario.customer),
        [],
    )


@given(scenarios())
def test_address_never_carries_a_protected_attribute(scenario: CustomerScenario):
    assert not {field.name for field in CONTRACT.observed} & set(scenario.to_query())


def test_empty_address_is_the_empty_scenario(book: Book):
    assert CustomerScenario.from_query(book, {}) == (CustomerScenario(), [])
    assert CustomerScenario().to_query() == {}


def test_address_reads_as_people_would_write_it(contract: Contract):
    scenario = CustomerScenario(7).edited(contract, "balances", -20.0).assumed(contract, "lgd", 0.75)
    assert scenario.to_query() == {"customer": "7", "balances": "-20", "lgd": "0.75"}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"salary": "5"}, "'salary' in the address is nothing that can be changed here; it was left out."),
        ({"sex": "1"}, "'sex' in the address is nothing that can be changed here; it was left out."),
        ({"age": "30"}, "'age' in the address is nothing that can be changed here; it was left out."),
        ({"missed_next_payment": "0"}, "'missed_next_payment' in the address is nothing that can be changed here"),
        ({"status": "0"}, "'status' in the address is nothing that can be changed here"),
        ({"limit": "much"}, "'much' in the address is not a number. The address was read without it."),
        ({"limit": ""}, "'' in the address is not a number."),
        ({"limit": "nan"}, f"{LABEL['limit']} is missing. Enter a value from 10,000 to 1,000,000 NT$."),
        ({"limit": "inf"}, f"{LABEL['limit']} must be 10,000 to 1,000,000 NT$; inf was given."),
        ({"limit": "-inf"}, f"{LABEL['limit']} must be 10,000 to 1,000,000 NT$; -inf was given."),
        ({"limit": "1e999"}, f"{LABEL['limit']} must be 10,000 to 1,000,000 NT$; inf was given."),
        (
            {"limit": "5"},
            f"{LABEL['limit']} must be 10,000 to 1,000,000 NT$; 5 was given. The address was read without it.",
        ),
        ({"late": "2.5"}, f"{LABEL['late']} moves in steps of 1; 2.5 was given."),
        ({"status_1": "0.5"}, f"{LABEL['status_1']} must be one of -2 (card not used)"),
        ({"paid_1": "-1"}, f"{LABEL['paid_1']} must be 0 to 1,700,000 NT$; -1 was given."),
        ({"lgd": "80"}, "Loss given default must be 0 to 1 (a fraction: 35 % is 0.35); 80 was given."),
        ({"lgd": "nan"}, "Loss given default is missing."),
        ({"cutoff": "1000"}, "The cut-off must lie between 300 and 800 points; 1,000 was given."),
        ({"cutoff": "nan"}, "The cut-off must lie between 300 and 800 points; nan was given."),
        ({"late": "8", "status_2": "0"}, "cannot worsen by more than four months"),
    ],
)
def test_bad_value_in_the_address_is_left_out_and_told(book: Book, query: dict[str, str], told: str):
    scenario, complaints = CustomerScenario.from_query(book, {"customer": "1"} | query)
    assert scenario == CustomerScenario(1)
    assert len(complaints) == 1
    assert told in complaints[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0", "There is no customer 0. Numbers run from 1 to 30,000."),
        ("30001", "There is no customer 30,001."),
        ("-5", "There is no customer -5."),
        ("many", "'many' in the address is no customer number."),
        ("", "'' in the address is no customer number."),
        ("1.5", "'1.5' in the address is no customer number."),
        ("nan", "'nan' in the address is no customer number."),
        ("9" * 5000, "in the address is no customer number."),
    ],
)
def test_unknown_customer_in_the_address_is_told(book: Book, text: str, told: str):
    scenario, complaints = CustomerScenario.from_query(book, {"customer": text})
    assert scenario == CustomerScenario()
    assert [told in each for each in complaints] == [True]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1,2,3", "19 values belong there; it has 3."),
        ("", "19 values belong there; it has 1."),
        (",".join(["0"] * 20), "19 values belong there; it has 20."),
        (",".join(["x"] * 19), "'x' in the address is not a number."),
        (",".join(["nan"] * 19), f"{LABEL['limit']} is missing."),
        (",".join(["inf"] * 19), f"{LABEL['limit']} must be 1,000 to 1,000,000 NT$; inf was given."),
        (",".join(["10000", "9", *["0"] * 17]), f"{LABEL['status_1']} must be one of"),
    ],
)
def test_record_in_the_address_that_cannot_be_read_is_told(book: Book, text: str, told: str):
    scenario, complaints = CustomerScenario.from_query(book, {"own": text})
    assert scenario == CustomerScenario()
    assert len(complaints) == 1
    assert complaints[0].startswith("The record typed by hand could not be read from the address:")
    assert told in complaints[0]


def test_good_values_beside_bad_ones_are_kept(book: Book, contract: Contract):
    query = {"customer": "3", "limit": "oops", "balances": "10", "lgd": "0.6", "ccf": "7", "wage": "1"}
    scenario, complaints = CustomerScenario.from_query(book, query)
    assert scenario == CustomerScenario(3).edited(contract, "balances", 10.0).assumed(contract, "lgd", 0.6)
    assert len(complaints) == 3


@given(st.dictionaries(st.sampled_from([*LEVERS, *CONTRACT.row, "lgd", "cutoff", "customer", "own", "x"]), st.text()))
def test_no_address_whatsoever_brings_the_reader_down(query: dict[str, str]):
    scenario, complaints = CustomerScenario.from_query(BOOK, query)
    assert CustomerScenario.from_query(BOOK, scenario.to_query())[0] == scenario
    assert all(complaints)
