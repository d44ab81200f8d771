"""The contract: what it refuses when read, what it says of bad values, and how levers move a record."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.books import SHIPPED, Book
from data.contract import Contract, check_value, load, read
from data.errors import ContractError, Impossible, Missing, NotEditable, OutOfRange
from data.formulas import Array
from model.whatif.scenario import apply
from tests.records import CONTRACT, records

SHIPPED_TEXT = (SHIPPED / "cards" / "contract.toml").read_text()


def changed(old: str, new: str) -> bytes:
    """The shipped contract with one passage replaced."""
    assert old in SHIPPED_TEXT
    return SHIPPED_TEXT.replace(old, new, 1).encode()


def record(**values: float | list[float]) -> Array:
    """A plain record, (fields, 1), with some fields or histories set."""
    raw = np.zeros((len(CONTRACT.record), 1))
    raw[CONTRACT.row["limit"]] = 100_000
    for name, value in values.items():
        raw[CONTRACT.rows[name], 0] = value
    return raw


# ---- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[book]", "[book", "is not readable TOML"),
        ("[score]", "[points]", "score: Field required"),
        ("points_to_double = 20", "points_to_double = 0", "score.points_to_double: Input should be greater than 0"),
        ("iterations = 200", 'iterations = "many"', "training.iterations: Input should be a valid integer"),
        ("iterations = 200", "iterations = 200\nrounds = 3", "training.rounds: Extra inputs are not permitted"),
        ('formula = "min(paid)"', 'formula = "min(salary)"', "reads salary, which is not declared"),
        ('formula = "min(paid)"', 'formula = "paid.T"', "uses Attribute, which formulas do not have"),
        ('formula = "min(paid)"', 'formula = "min("', "cannot be read"),
        ('formula = "min(paid)"', 'formula = "round(limit)"', "a formula of input paid_least cannot be worked out"),
        ('formula = "min(paid)"', 'formula = "paid"', "a formula of input paid_least cannot be worked out"),
        ('formula = "min(paid)"', 'formula = "1 < limit < 2"', "a formula of input paid_least cannot be worked out"),
        ('start = "limit"', 'start = "wage"', "reads wage, which is not declared"),
        ('start = "limit"', 'start = "bill"', "a formula of lever limit cannot be worked out"),
        ('rules = { limit = "value" }', 'rules = { limit = "price" }', "reads price, which is not declared"),
        ('rules = { limit = "value" }', 'rules = { wage = "value" }', "lever limit moves 'wage', which is no input"),
        ('ead = "max(bill_1, 0)', 'ead = "max(bill_7, 0)', "reads bill_7, which is not declared"),
        ('balance = "max(bill_1, 0)"', 'balance = "bill"', "a formula of the exposure cannot be worked out"),
        ('rule = "max(status', 'rule = "max(standing', "reads standing, which is not declared"),
        ('fields = ["status"]', 'fields = ["standing"]', "a constraint speaks of 'standing', which is no input field"),
        ('concept = "ratio"', 'concept = "luck"', "share_paid_last is of the concept 'luck', which is not declared"),
        ('name = "headroom"', 'name = "use_now"', "input use_now is declared twice"),
        ('name = "sex"', 'name = "limit"', "field limit is declared twice"),
        ('name = "ccf"', 'name = "lgd"', "assumption lgd is declared twice"),
        ("default = 0.80", "default = 1.80", "the default of lgd lies outside its bounds"),
        ('shows = "use_now"', 'shows = "bill"', "lever balances shows 'bill', which is no input"),
        ('field = "status_1"', 'field = "status_7"', "segment status_band cuts 'status_7', which is not declared"),
        ('target = "missed_next_payment"', 'target = "age"', "the target 'age' is not a declared field of role target"),
    ],
)
def test_contract_that_contradicts_itself_is_refused_and_says_where(old: str, new: str, told: str):
    with pytest.raises(ContractError) as caught:
        read(changed(old, new), "mine.toml")
    assert told in str(caught.value)


@pytest.mark.parametrize("field", ["sex", "education", "marriage", "age"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('formula = "min(paid)"', 'formula = "{} + limit"'),
        ('rules = { limit = "value" }', 'rules = {{ limit = "value + {}" }}'),
        ('rules = { limit = "value" }', 'rules = {{ {} = "value" }}'),
        ('start = "limit"', 'start = "{}"'),
        ('balance = "max(bill_1, 0)"', 'balance = "{}"'),
    ],
)
def test_protected_attribute_can_enter_no_formula(field: str, old: str, new: str):
    with pytest.raises(ContractError, match=field):
        read(changed(old, new.format(field)))


def test_contract_names_its_file_in_an_error():
    with pytest.raises(ContractError, match=r"^mine\.toml"):
        read(b"version = ", "mine.toml")


def test_contract_that_is_no_text_is_refused():
    with pytest.raises(ContractError, match="not readable TOML"):
        read(b"\xff\xfe")


def test_contract_that_is_absent_is_told_by_its_place(tmp_path: Path):
    with pytest.raises(ContractError, match="There is no contract at"):
        load(tmp_path / "contract.toml")


def test_contract_keeps_its_text_and_the_hash_of_every_byte_of_it():
    once, again = read(SHIPPED_TEXT.encode()), read(SHIPPED_TEXT.encode())
    other = read(SHIPPED_TEXT.encode() + b"\n")
    assert once.text == SHIPPED_TEXT.encode()
    assert once.hash == again.hash != other.hash


def test_contract_cannot_be_changed_once_read(contract: Contract):
    with pytest.raises(ValueError, match="frozen"):
        contract.version = "2"


# ---- values ----------------------------------------------------------------------------------------------------------


def test_negative_payment_is_refused_with_label_value_and_range(contract: Contract):
    with pytest.raises(OutOfRange) as caught:
        contract.check(record(paid_1=-1))
    assert str(caught.value) == f"{contract.field('paid_1').label} must be 0 to 1,700,000 NT$; -1 was given."


def test_unknown_status_is_refused_with_every_status_there_is(contract: Contract):
    with pytest.raises(OutOfRange) as caught:
        contract.check(record(status_1=9))
    told = str(caught.value)
    assert told.startswith(f"{contract.field('status_1').label} must be one of -2 (card not used), -1 (paid in full)")
    assert told.endswith("8 (8 months late); 9 was given.")


def test_status_between_two_codes_is_refused(contract: Contract):
    with pytest.raises(OutOfRange, match=r"1\.5 was given"):
        contract.check(record(status_3=1.5))


def test_missing_value_is_told_with_what_to_enter(contract: Contract):
    with pytest.raises(Missing) as caught:
        contract.check(record(bill_2=np.nan))
    label = contract.field("bill_2").label
    assert str(caught.value) == f"{label} is missing. Enter a value from -340,000 to 1,700,000 NT$."


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_amount_is_refused(contract: Contract, value: float):
    with pytest.raises(OutOfRange, match="must be 1,000 to 1,000,000"):
        contract.check(record(limit=value))


def test_status_that_worsens_too_fast_is_told_in_words(contract: Contract):
    contract.check(record(status=[4, 0, 0, 0, 0, 0]))
    with pytest.raises(Impossible, match="cannot worsen by more than four months"):
        contract.check(record(status=[5, 0, 0, 0, 0, 0]))


def test_value_may_lie_on_either_bound(contract: Contract):
    for field in contract.record:
        check_value(field, [field.minimum, field.maximum])


@given(records())
def test_records_within_the_contract_are_accepted_and_one_step_beyond_is_not(raw: Array):
    CONTRACT.check(raw)
    for field, values in zip(CONTRACT.record, raw, strict=True):
        check_value(field, values)
        for outside in (field.minimum - 1, field.maximum + 1):
            with pytest.raises(OutOfRange):
                check_value(field, outside)


@pytest.mark.parametrize("name", ["sex", "age", "missed_next_payment", "customer", "salary", "limit_1", "status"])
def test_nobody_may_edit_what_is_no_field_of_the_record(contract: Contract, name: str):
    with pytest.raises(NotEditable, match=f"'{name}' is not a field that can be edited. Editable are: limit, status_1"):
        contract.field(name)


@pytest.mark.parametrize("look_up", ["lever", "concept", "assumption"])
def test_unknown_name_is_told_with_the_names_there_are(contract: Contract, look_up: str):
    there = getattr(contract, f"{look_up}s")
    assert getattr(contract, look_up)(there[-1].name) is there[-1]
    with pytest.raises(NotEditable, match=f"There is no {look_up} 'nothing'. There are: {there[0].name}, "):
        getattr(contract, look_up)("nothing")


# ---- exposures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "bill", "balance", "ead"),
    [(100_000, 40_000, 40_000, 70_000), (100_000, -500, 0, 50_000), (100_000, 120_000, 120_000, 120_000)],
)
def test_exposure_is_the_balance_and_half_of_what_is_left_of_the_limit(
    contract: Contract, limit: float, bill: float, balance: float, ead: float
):
    found = contract.exposures(record(limit=limit, bill_1=bill), {"ccf": 0.5})
    assert [float(each[0]) for each in found] == [balance, ead]


@given(records(), st.floats(0, 1))
def test_exposure_lies_between_balance_and_the_greater_of_balance_and_limit(raw: Array, ccf: float):
    balance, ead = CONTRACT.exposures(raw, {"ccf": ccf})
    limit = raw[CONTRACT.row["limit"]]
    assert 0 <= balance[0] <= ead[0] <= max(balance[0], limit[0]) * (1 + 1e-12)


# ---- levers ----------------------------------------------------------------------------------------------------------


def starts(raw: Array) -> dict[str, Array]:
    return {lever.name: CONTRACT.lever_start(lever.name, raw) for lever in CONTRACT.levers}


def test_levers_at_their_start_change_no_customer_to_the_last_bit(book: Book):
    for name, start in starts(book.raw).items():
        assert apply(book.contract, book.raw, {name: start}).tobytes() == book.raw.tobytes(), name
    assert apply(book.contract, book.raw, starts(book.raw)).tobytes() == book.raw.tobytes()


@given(records(), st.sets(st.sampled_from([lever.name for lever in CONTRACT.levers])))
def test_levers_at_their_start_change_no_record_typed_by_hand(raw: Array, chosen: set[str]):
    still: dict[str, Any] = {name: float(start[0]) for name, start in starts(raw).items() if name in chosen}
    assert apply(CONTRACT, raw, still).tobytes() == raw.tobytes()


def test_levers_start_on_a_step_within_their_bounds_for_every_customer(book: Book):
    for lever in book.contract.levers:
        start = book.contract.lever_start(lever.name, book.raw)
        assert np.all((start >= lever.minimum) & (start <= lever.maximum)), lever.name
        np.testing.assert_array_equal(start % lever.step, 0, err_msg=lever.name)


def test_levers_of_the_first_customer_start_where_worked_by_hand(book: Book):
    found = {name: float(start[0]) for name, start in starts(book.raw[:, :1]).items()}
    assert found == {"limit": 20000, "balances": 0, "pays": 20, "late": 2}  # 18.17 % paid is 20 % to the step


def test_lever_of_a_record_beyond_its_bounds_starts_at_the_bound_and_changes_nothing():
    small = record(limit=2_000)
    assert CONTRACT.lever_start("limit", small).tolist() == [10_000]
    assert apply(CONTRACT, small, {"limit": 10_000.0}).tobytes() == small.tobytes()


@given(records(), st.data())
def test_levers_keep_every_record_within_the_contract(raw: Array, data: st.DataObject):
    for lever in CONTRACT.levers:
        steps = st.integers(0, round((lever.maximum - lever.minimum) / lever.step))
        raw = CONTRACT.pull(lever.name, lever.minimum + lever.step * data.draw(steps, label=lever.name), raw)
        CONTRACT.check(raw)
        assert not CONTRACT.broken(raw)


def test_lever_start_may_be_a_number():
    contract = read(changed('start = "0 * limit"', 'start = "0"'))
    assert contract.lever_start("balances", np.repeat(record(), 3, axis=1)).tolist() == [0, 0, 0]


def test_limit_lever_sets_the_limit_and_nothing_else(contract: Contract):
    before = record(bill=[50, 40, 30, 20, 10, 0])
    after = contract.pull("limit", 250_000, before)
    assert after[contract.row["limit"], 0] == 250_000
    np.testing.assert_array_equal(np.delete(after, contract.row["limit"], 0), np.delete(before, 0, 0))


def test_balances_lever_scales_what_is_owed_and_leaves_what_the_bank_owes(contract: Contract):
    before = record(bill=[1000, 500, 0, -300, 20, 10], paid=[7, 6, 5, 4, 3, 2])
    after = contract.pull("balances", 20, before)
    np.testing.assert_allclose(after[contract.rows["bill"], 0], [1200, 600, 0, -300, 24, 12], rtol=1e-15)
    np.testing.assert_array_equal(after[contract.rows["paid"]], before[contract.rows["paid"]])
    less = contract.pull("balances", -90, before)
    np.testing.assert_allclose(less[contract.rows["bill"], 0], [100, 50, 0, -300, 2, 1])


def test_balances_lever_stops_at_the_range_of_the_field(contract: Contract):
    after = contract.pull("balances", 100, record(bill=[1_000_000, 800_000, 0, 0, 0, 0]))
    assert after[contract.rows["bill"], 0].tolist() == [1_700_000, 1_600_000, 0, 0, 0, 0]


BILLS = [1000, 500, 400, -300, 200, 100]


def test_pays_lever_moved_up_raises_each_payment_to_at_least_the_share_of_the_bill_before_it(contract: Contract):
    before = record(bill=BILLS, paid=[100, 300, 0, 0, 50, 0])  # 450 of 1,200 due: starts at 40 %
    after = contract.pull("pays", 50, before)
    assert contract.lever_start("pays", before).tolist() == [40]
    assert after[contract.rows["paid"], 0].tolist() == [250, 300, 0, 100, 50, 50]  # April's against its own bill


def test_pays_lever_moved_down_lowers_each_payment_to_at_most_the_share_of_the_bill_before_it(contract: Contract):
    before = record(bill=BILLS, paid=[100, 300, 0, 0, 50, 0])
    after = contract.pull("pays", 20, before)
    assert after[contract.rows["paid"], 0].tolist() == [100, 80, 0, 0, 20, 0]


def test_pays_lever_at_its_ends_pays_every_bill_or_nothing(contract: Contract, book: Book):
    due = np.maximum(book.raw[contract.rows["bill"]], 0)
    due = np.concatenate([due[1:], due[-1:]])
    assert np.all(contract.pull("pays", 100, book.raw, np.zeros(len(book)))[contract.rows["paid"]] >= due)
    assert np.all(contract.pull("pays", 0, book.raw, np.full(len(book), 100.0))[contract.rows["paid"]] == 0)


def test_pays_lever_is_held_against_the_share_paid_before_any_other_edit(contract: Contract):
    before = record(bill=BILLS, paid=[100, 300, 0, 0, 50, 0])
    after = apply(contract, before, {"balances": 100.0, "pays": 50.0})  # the bills double, 50 % is still more than 40 %
    assert after[contract.rows["paid"], 0].tolist() == [500, 400, 0, 200, 100, 100]


def test_late_lever_makes_the_months_before_at_least_as_late_as_they_must_have_been(contract: Contract):
    after = contract.pull("late", 4, record(status=[0, 0, 3, -2, -1, 0]))
    assert after[contract.rows["status"], 0].tolist() == [4, 3, 3, 1, -1, 0]


def test_late_lever_at_one_month_leaves_the_past_as_it_was(contract: Contract):
    after = contract.pull("late", 1, record(status=[-1, -2, -1, 0, -2, -1]))
    assert after[contract.rows["status"], 0].tolist() == [1, -2, -1, 0, -2, -1]


@pytest.mark.parametrize("late", [0, 1, 2, 3])
def test_late_lever_catching_up_leaves_the_past_as_it_was(contract: Contract, late: float):
    past = [0, 0, 2, 0, -1]
    after = contract.pull("late", late, record(status=[4, *past]))
    assert after[contract.rows["status"], 0].tolist() == [late, *past]


def test_levers_move_a_whole_book_at_once_each_record_by_its_own_value(contract: Contract, book: Book):
    few = book.raw[:, :5]
    values = np.array([10_000.0, 20_000, 30_000, 40_000, 50_000])
    moved = contract.pull("limit", values, few)
    np.testing.assert_array_equal(moved[contract.row["limit"]], values)
    np.testing.assert_array_equal(few, book.raw[:, :5])
    alone = [contract.pull("limit", value, few[:, k : k + 1]) for k, value in enumerate(values)]
    np.testing.assert_array_equal(moved, np.concatenate(alone, axis=1))


def test_levers_that_move_codes_are_told_from_those_that_move_amounts(contract: Contract):
    assert [lever.name for lever in contract.levers if contract.coded(lever)] == ["late"]
