"""The contract: what it refuses when read, what it says of bad values, and how levers move a record."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import books
from data.arrays import Array
from data.books import SHIPPED, Book
from data.contract import Contract, check_value, load_contract, read_contract
from data.errors import ContractError, Impossible, Missing, NotEditable, OutOfRange
from data.formulas import parse_formula
from model.whatif.customer.scenario import apply
from tests.support import guaranteed
from tests.support.records import CONTRACT, records

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
        ("iterations = 400", 'iterations = "many"', "training.iterations: Input should be a valid integer"),
        ("iterations = 400", "iterations = 400\nrounds = 3", "training.rounds: Extra inputs are not permitted"),
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
        ('field = "status_1"', 'field = "status_7"', "segment status_band cuts 'status_7', which is neither an input"),
        ('target = "missed_next_payment"', 'target = "age"', "the target 'age' is not a declared field of role target"),
    ],
)
def test_contract_that_contradicts_itself_is_refused_and_says_where(old: str, new: str, told: str):
    with pytest.raises(ContractError) as caught:
        read_contract(changed(old, new), "mine.toml")
    assert told in str(caught.value)


def test_lever_without_a_swing_is_out_of_the_tornado_and_more_of_it_is_adverse():
    plain = read_contract(changed("swing = 10\nadverse = 1\n", ""))
    assert (plain.shock("limits").swing, plain.shock("limits").adverse) == (0, 1)
    assert plain.shock("balances").swing == 10


def test_widest_swing_is_the_range_itself():
    assert read_contract(changed("swing = 10\n", "swing = 100\n")).shock("limits").swing == 100


def test_records_that_keep_every_constraint_are_told_from_those_that_break_one(contract: Contract):
    raw = np.repeat(record(), 3, axis=1)
    raw[contract.row["status_1"]] = [4, 5, 0]
    assert contract.stands(raw).tolist() == [True, False, True]
    assert contract.stands(raw[:, :0]).shape == (0,)


LIMITS = 'rules = { limit = "limit * (1 + value / 100)" }'
LIMITS_BOUNDS = 'minimum = -50\nmaximum = 50\nstep = 5\nphrase = "limits {}"'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (LIMITS, 'rules = { limit = "wage * value" }', "reads wage, which is not declared"),
        (LIMITS, 'rules = { limit = "start + value" }', "reads start, which is not declared"),
        (LIMITS, 'rules = { limit = "limit * lgd" }', "reads lgd, which is not declared"),
        (LIMITS, 'rules = { wage = "value" }', "shock limits moves 'wage', which is no input field"),
        (LIMITS, 'rules = { use_now = "value" }', "shock limits moves 'use_now', which is no input field"),
        (LIMITS, 'rules = { limit = "round(limit)" }', "a formula of shock limits cannot be worked out"),
        (LIMITS, 'rules = { limit = "limit *" }', "cannot be read"),
        (LIMITS_BOUNDS, LIMITS_BOUNDS.replace("-50", "5"), "the bounds of limits must hold 0"),
        (LIMITS_BOUNDS, LIMITS_BOUNDS.replace("= 50", "= -5"), "the bounds of limits must hold 0"),
        (LIMITS_BOUNDS, LIMITS_BOUNDS.replace("= 5\n", "= 0\n"), "shocks.0.step: Input should be greater than 0"),
        (LIMITS_BOUNDS, LIMITS_BOUNDS + "\nprice = 1", "shocks.0.price: Extra inputs are not permitted"),
        ('phrase = "limits {}"\n', "", "shocks.0.phrase: Field required"),
        ("swing = 10\n", "swing = -10\n", "shocks.0.swing: Input should be greater than or equal to 0"),
        ("swing = 10\n", "swing = inf\n", "shocks.0.swing: Input should be a finite number"),
        ("swing = 10\n", "swing = 101\n", "the swing of limits is 101, which is wider than its range"),
        ("swing = 0.10\n", "swing = 1.5\n", "the swing of lgd is 1.5, which is wider than its range"),
        ("swing = 1\nadverse = 1", "swing = 1\nadverse = 0", "economy.0.adverse: Input should be -1 or 1"),
        ("swing = 0.10\nadverse = 1", 'swing = 0.10\nadverse = "up"', "assumptions.0.adverse: Input should be -1 or 1"),
        ('name = "later"', 'name = "payments"', "shock, variable or assumption payments is declared twice"),
        ('name = "gdp"', 'name = "lgd"', "shock, variable or assumption lgd is declared twice"),
        ('name = "rate"', 'name = "limits"', "shock, variable or assumption limits is declared twice"),
        ("coefficient = 0.10", "coefficient = 2", "economy.0.coefficient: Input should be less than or equal to 1"),
        (
            "coefficient = 0.10",
            "coefficient = -2",
            "economy.0.coefficient: Input should be greater than or equal to -1",
        ),
        ("coefficient = 0.10\n", "", "economy.0.coefficient: Field required"),
        ('source = "no source: 0 until you set it"\n', "", "economy.1.source: Field required"),
        ("minimum = -5\nmaximum = 15\nstep = 0.1", "minimum = 1\nmaximum = 15\nstep = 0.1", "unemployment must hold 0"),
        ('measure = "loss_bps"', 'measure = "profit"', "appetite.1.measure: Input should be 'exposure', 'pd', 'loss'"),
        ('measure = "loss_bps"', 'measure = "loss"', "limit loss is declared twice"),
        ('sense = "at most"', 'sense = "below"', "appetite.0.sense: Input should be 'at most' or 'at least'"),
        ("limit = 550e6", 'limit = "much"', "appetite.0.limit: Input should be a valid number"),
        ('field = "use_now"', 'field = "age"', "segment use_band reads age, which is protected and never scored"),
        ('field = "use_now"', 'field = "bill"', "segment use_band cuts 'bill', which is neither an input field nor"),
        ('name = "use_band"', 'name = "limit_band"', "segment limit_band is declared twice"),
        ("[50000, 100000,", "[100000, 50000,", "the edges of limit_band must rise"),
        ("[50000, 100000,", "[50000, 50000,", "the edges of limit_band must rise"),
        ("edges = [-1, 0, 1, 2]", "edges = [-1, 0, 1]", "status_band has 4 bands and 5 labels"),
        ("edges = [-1, 0, 1, 2]", 'edges = [-1, 0, 1, 2]\nphrases = ["late"]', "status_band has 5 bands and 1 phrases"),
        ("edges = [-1, 0, 1, 2]", "edges = []", "segments.1.edges: Tuple should have at least 1 item"),
        ("bands = [460, 500, 520, 540, 560]", "bands = []", "score.bands: Tuple should have at least 1 item"),
        ("bands = [460, 500, 520, 540, 560]", "bands = [500, 460]", "must rise"),
    ],
)
def test_whole_book_declared_badly_is_refused_and_says_what_is_wrong(old: str, new: str, told: str):
    with pytest.raises(ContractError) as caught:
        read_contract(changed(old, new), "mine.toml")
    assert told in str(caught.value)
    assert str(caught.value).startswith("mine.toml") or "formula" in str(caught.value)


@pytest.mark.parametrize("field", ["sex", "education", "marriage", "age"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('rules = {{ limit = "limit * (1 + value / 100)" }}', 'rules = {{ limit = "limit + {}" }}'),
        ('rules = {{ limit = "limit * (1 + value / 100)" }}', 'rules = {{ {} = "value" }}'),
        ('field = "use_now"', 'field = "{}"'),
    ],
)
def test_protected_attribute_can_enter_no_shock_and_no_segment(field: str, old: str, new: str):
    with pytest.raises(ContractError, match=field):
        read_contract(changed(old.format(), new.format(field)))


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
        read_contract(changed(old, new.format(field)))


def test_contract_names_its_file_in_an_error():
    with pytest.raises(ContractError, match=r"^mine\.toml"):
        read_contract(b"version = ", "mine.toml")


def test_contract_that_is_no_text_is_refused():
    with pytest.raises(ContractError, match="not readable TOML"):
        read_contract(b"\xff\xfe")


def test_contract_that_is_absent_is_told_by_its_place(tmp_path: Path):
    with pytest.raises(ContractError, match="There is no contract at"):
        load_contract(tmp_path / "contract.toml")


def test_contract_keeps_its_text_and_the_hash_of_every_byte_of_it():
    once, again = read_contract(SHIPPED_TEXT.encode()), read_contract(SHIPPED_TEXT.encode())
    other = read_contract(SHIPPED_TEXT.encode() + b"\n")
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


@pytest.mark.parametrize("look_up", ["lever", "concept", "assumption", "shock", "segment"])
def test_unknown_name_is_told_with_the_names_there_are(contract: Contract, look_up: str):
    there = getattr(contract, f"{look_up}s")
    assert getattr(contract, look_up)(there[-1].name) is there[-1]
    with pytest.raises(NotEditable, match=f"There is no {look_up} 'nothing'. There are: {there[0].name}, "):
        getattr(contract, look_up)("nothing")


def test_unknown_variable_of_the_economy_is_told_with_those_there_are(contract: Contract):
    assert contract.variable("gdp") is contract.economy[1]
    told = "There is no variable of the economy 'wages'. There are: unemployment, gdp, rate."
    with pytest.raises(NotEditable) as caught:
        contract.variable("wages")
    assert str(caught.value) == told


def test_contract_is_equal_to_itself_alone_so_that_it_can_key_a_cache(contract: Contract):
    again = read_contract(contract.text)
    assert contract == contract
    assert contract != again
    assert len({contract, again, contract}) == 2


# ---- exposures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "bill", "balance", "ead"),
    [(100_000, 40_000, 40_000, 70_000), (100_000, -500, 0, 50_000), (100_000, 120_000, 120_000, 120_000)],
)
def test_exposure_is_the_balance_and_half_of_what_is_left_of_the_limit(
    contract: Contract, limit: float, bill: float, balance: float, ead: float
):
    found = contract.exposures(record(limit=limit, bill_1=bill), {"ccf": 0.5})
    assert (found.balance[0], found.ead[0]) == (balance, ead)
    assert (found.lgd, found.own) == (0.8, 1)


@given(records(), st.floats(0, 1))
def test_exposure_lies_between_balance_and_the_greater_of_balance_and_limit(raw: Array, ccf: float):
    balance, ead, _, _ = CONTRACT.exposures(raw, {"ccf": ccf})
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


def test_a_lever_of_a_field_starts_at_the_number_of_the_record_and_others_within_a_hundredth_of_a_step(book: Book):
    contract, values = book.contract, book.contract.values(book.raw)
    for lever in contract.levers:
        start = contract.lever_start(lever.name, book.raw)
        worked_out = parse_formula(lever.start, set(contract.rows))(values)
        apart = 0 if lever.start in contract.row else lever.step / 100
        assert np.max(np.abs(start - worked_out)) <= apart, lever.name


def test_levers_of_the_first_customer_start_where_worked_by_hand(book: Book):
    found = {name: float(start[0]) for name, start in starts(book.raw[:, :1]).items()}
    assert found == {"limit": 20000, "balances": 0, "pays": 18.17, "late": 2}


@pytest.mark.parametrize("limit", [2_000, 123_456.78])  # below the lever's range, between its steps
def test_lever_of_a_record_off_its_steps_starts_at_the_record_s_own_number_and_changes_nothing_there(limit: float):
    own = record(limit=limit)
    assert CONTRACT.lever_start("limit", own).tolist() == [limit]
    assert apply(CONTRACT, own, {"limit": limit}).tobytes() == own.tobytes()
    assert apply(CONTRACT, own, {"limit": 10_000.0})[CONTRACT.row["limit"], 0] == 10_000


def test_a_lever_in_percent_starts_without_the_noise_of_reckoning():
    contract = read_contract(changed('start = "limit"', 'start = "100 * limit"'))
    assert contract.lever_start("limit", record(limit=0.5781)).tolist() == [57.81]


@given(records(), st.data())
def test_levers_keep_every_record_within_the_contract(raw: Array, data: st.DataObject):
    for lever in CONTRACT.levers:
        steps = st.integers(0, round((lever.maximum - lever.minimum) / lever.step))
        raw = CONTRACT.pull(lever.name, lever.minimum + lever.step * data.draw(steps, label=lever.name), raw)
        CONTRACT.check(raw)
        assert not CONTRACT.broken(raw)


def test_lever_start_may_be_a_number():
    contract = read_contract(changed('start = "0 * limit"', 'start = "0"'))
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
    before = record(bill=BILLS, paid=[100, 300, 0, 0, 50, 0])  # 450 of 1,200 due
    after = contract.pull("pays", 50, before)
    assert contract.lever_start("pays", before).tolist() == [37.5]
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


# ---- inputs and exposures by name ------------------------------------------------------------------------------------


@given(records(), st.sets(st.integers(0, 12)), st.floats(0, 1))
def test_fields_by_name_give_what_the_record_gives(raw: Array, only: set[int], ccf: float):
    values = CONTRACT.values(raw)
    assert CONTRACT.derive_from(values, 1).tobytes() == CONTRACT.derive(raw).tobytes()
    assert CONTRACT.derive_from(values, 1, sorted(only)).tobytes() == CONTRACT.derive(raw, sorted(only)).tobytes()
    for one, other in zip(
        CONTRACT.exposures_from(values, 1, {"ccf": ccf}), CONTRACT.exposures(raw, {"ccf": ccf}), strict=True
    ):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


def test_exposure_and_the_loss_on_it_depend_on_two_assumptions_alone(contract: Contract):
    assert contract.exposed_to == {"ccf", "lgd"}
    ead = '+ ccf * max(limit - max(bill_1, 0), 0)"'
    assert read_contract(changed(ead, ead.replace("ccf", "lgd * apr"))).exposed_to == {"lgd", "apr"}


@pytest.mark.parametrize(
    ("names", "reading"),
    [
        ([], []),
        (["limit"], ["limit", "use_now", "use_average", "headroom"]),
        (["status"], ["standing", "late_worst", "months_late"]),
        (["status_2"], ["late_worst", "months_late"]),
        (["paid_6"], ["share_paid_average", "paid_least", "paid_average"]),
        (
            ["limit", "status_1"],
            ["limit", "standing", "late_worst", "months_late", "use_now", "use_average", "headroom"],
        ),
    ],
)
def test_inputs_that_read_a_field_are_named_whatever_the_month(
    contract: Contract, names: list[str], reading: list[str]
):
    assert [contract.inputs[k].name for k in contract.reading(names)] == reading


@given(records(), records(), st.sets(st.sampled_from(sorted(CONTRACT.row)), max_size=4))
def test_inputs_that_read_none_of_the_fields_moved_stay(raw: Array, other: Array, names: set[str]):
    after = raw.copy()
    for name in names:
        after[CONTRACT.row[name]] = other[CONTRACT.row[name]]
    still = sorted(set(range(len(CONTRACT.inputs))) - set(CONTRACT.reading(names)))
    assert CONTRACT.derive(after, still).tobytes() == CONTRACT.derive(raw, still).tobytes()


# ---- shocks ----------------------------------------------------------------------------------------------------------


def struck(name: str, value: float, raw: Array, contract: Contract = CONTRACT) -> Array:
    """The record after one shock."""
    out = raw.copy()
    moved = contract.strike(name, value, contract.values(raw))
    for target in contract.shock(name).rules:
        out[contract.rows[target]] = moved[target]
    return out


def test_shock_at_nothing_changes_no_customer_to_the_last_bit(book: Book):
    for shock in book.contract.shocks:
        if not shock.share:  # a share of 0 % hits nobody
            assert struck(shock.name, 0.0, book.raw).tobytes() == book.raw.tobytes(), shock.name


def broken(raw: Array) -> list[str]:
    """The fields of which a value lies outside what the contract allows."""
    return [
        each.name
        for each, values in zip(CONTRACT.record, raw, strict=True)
        if ((values < each.minimum) | (values > each.maximum)).any()
        or (each.codes and not np.isin(values[~np.isnan(values)], list(each.codes)).all())
    ]


@given(records(), st.data())
def test_shocks_keep_every_record_within_the_contract(raw: Array, data: st.DataObject):
    for shock in data.draw(st.permutations(CONTRACT.shocks)):
        raw = struck(shock.name, data.draw(st.floats(shock.minimum, shock.maximum)), raw)
        assert broken(raw) == [], shock.name


def test_shocks_at_either_end_keep_every_customer_within_the_contract(book: Book):
    for shock in book.contract.shocks:
        for value in (shock.minimum, shock.maximum):
            assert broken(struck(shock.name, value, book.raw)) == [], (shock.name, value)


def test_limits_shock_scales_the_limit_alone_within_its_range(contract: Contract):
    before = record(limit=200_000, bill=[50, 40, 30, 20, 10, 0])
    assert struck("limits", -50, before)[contract.row["limit"]].tolist() == [100_000]
    assert struck("limits", -50, record(limit=1_500))[contract.row["limit"]].tolist() == [1_000]
    assert struck("limits", 50, record(limit=900_000))[contract.row["limit"]].tolist() == [1_000_000]
    assert set(contract.strike("limits", 10, contract.values(before))) == {"limit"}


def test_balances_shock_scales_what_is_owed_and_leaves_what_the_bank_owes(contract: Contract):
    after = struck("balances", 20, record(bill=[1000, 500, 0, -300, 20, 1_600_000]))
    np.testing.assert_allclose(after[contract.rows["bill"], 0], [1200, 600, 0, -300, 24, 1_700_000], rtol=1e-15)


def test_payments_shock_scales_every_payment(contract: Contract):
    before = record(paid=[100, 300, 0, 7, 50, 0], bill=BILLS)
    after = struck("payments", -30, before)
    np.testing.assert_allclose(after[contract.rows["paid"], 0], [70, 210, 0, 4.9, 35, 0], rtol=1e-15)
    assert struck("payments", -100, before)[contract.rows["paid"], 0].tolist() == [0] * 6
    np.testing.assert_array_equal(after[contract.rows["bill"]], before[contract.rows["bill"]])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]),
        ([-2, -2, -1, -2, -2, -1], [1, -2, -1, -2, -2, -1]),
        ([2, 0, 0, 0, 0, 0], [3, 2, 1, 0, 0, 0]),
        ([2, 3, -1, 0, 2, 0], [3, 3, 1, 0, 2, 0]),
        ([8, 7, 6, 5, 4, 3], [8, 7, 6, 5, 4, 3]),
        ([8, 4, 0, 0, 0, 0], [8, 7, 6, 5, 4, 3]),
    ],
)
def test_later_shock_makes_the_months_before_at_least_as_late_as_they_must_have_been(
    contract: Contract, before: list[float], after: list[float]
):
    assert struck("later", 1, record(status=before))[contract.rows["status"], 0].tolist() == after


@given(records(), st.data())
def test_shock_to_a_history_moves_each_of_its_months_by_name(raw: Array, data: st.DataObject):
    shock = data.draw(st.sampled_from(CONTRACT.shocks))
    moved = CONTRACT.strike(shock.name, data.draw(st.floats(shock.minimum, shock.maximum)), CONTRACT.values(raw))
    after = struck(shock.name, 0, raw)
    for target in shock.rules:
        after[CONTRACT.rows[target]] = moved[target]
    for name, values in moved.items():
        np.testing.assert_array_equal(values, CONTRACT.values(after)[name], err_msg=name)
    assert {CONTRACT.row[name] for name in moved if name in CONTRACT.row} == set(
        np.concatenate([np.arange(CONTRACT.rows[target].start, CONTRACT.rows[target].stop) for target in shock.rules])
    )


def test_shock_to_one_month_moves_the_history_too():
    one = 'rules = { bill_1 = "bill_1 * (1 + value / 100)" }'
    contract = read_contract(
        changed(
            'rules = { bill = "where(bill > 0, bill * (1 + value / 100), bill)" }\nhelp = "All', one + '\nhelp = "All'
        )
    )
    before = record(bill=[6000, 500, 400, 300, 200, 100])
    after = before.copy()
    after[contract.row["bill_1"]] = 9000
    values = {**contract.values(before), **contract.strike("balances", 50, contract.values(before))}
    assert values["bill_1"].tolist() == [9000]
    np.testing.assert_array_equal(contract.derive_from(values, 1), contract.derive(after))


@pytest.mark.parametrize("rule", ["value", "5", "where(value > 0, 5000, 5000)"])
def test_shock_whose_rule_gives_one_number_is_refused_or_hits_every_record(rule: str):
    try:
        contract = read_contract(changed(LIMITS, f'rules = {{ limit = "{rule}" }}'))
    except ContractError as error:
        told = str(error)
        assert "limits" in told
    else:
        values = contract.values(np.repeat(record(), 3, axis=1))
        assert contract.strike("limits", 50, values)["limit"].shape == (3,)


@pytest.mark.parametrize("rule", ["bill", "limit + 0 * bill"])
def test_shock_whose_rule_gives_a_field_the_months_of_a_history_is_refused(rule: str):
    with pytest.raises(ContractError, match="limits"):
        read_contract(changed(LIMITS, f'rules = {{ limit = "{rule}" }}'))


# ---- segments --------------------------------------------------------------------------------------------------------


def bands(name: str, raw: Array, contract: Contract = CONTRACT) -> list[int]:
    return contract.bands(contract.segment(name), contract.values(raw), raw.shape[1]).tolist()


def test_band_lies_below_its_edge_and_the_last_above_all():
    limits = np.repeat(record(), 7, axis=1)
    limits[CONTRACT.row["limit"]] = [1_000, 49_999, 50_000, 99_999, 100_000, 299_999, 300_000]
    assert bands("limit_band", limits) == [0, 0, 1, 1, 2, 3, 4]
    statuses = np.repeat(record(), 11, axis=1)
    statuses[CONTRACT.row["status_1"]] = range(-2, 9)
    assert bands("status_band", statuses) == [0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4]


def test_segment_may_cut_a_model_input():
    bills = np.repeat(record(), 7, axis=1)
    bills[CONTRACT.row["bill_1"]] = [-5, 0, 10, 30_000, 60_000, 90_000, 100_000]
    assert bands("use_band", bills) == [0, 0, 1, 2, 3, 4, 5]


def test_missing_values_make_a_band_of_their_own_after_the_last():
    contract = read_contract(changed('field = "use_now"', 'field = "change_month"'))
    segment = contract.segment("use_band")
    assert contract.band_count(segment) == 7
    assert CONTRACT.band_count(CONTRACT.segment("use_band")) == 6
    raw = np.repeat(record(), 3, axis=1)
    raw[CONTRACT.rows["bill"]] = np.array([[0, 100, 100], [0, 0, 100]]).repeat([1, 5], axis=0)
    assert bands("use_band", raw, contract) == [6, 5, 0]  # no balance; +100 %; no change


def test_every_customer_lies_in_a_band(book: Book):
    for segment in book.contract.segments:
        found = book.contract.bands(segment, book.contract.values(book.raw), len(book))
        assert set(found.tolist()) == set(range(book.contract.band_count(segment))), segment.name
        if segment.labels:
            assert len(segment.labels) == book.contract.band_count(segment)


# ---- what is known only later, when records came in, and who bears a loss --------------------------------------------

AFTER = "which is known only after the outcome"
CALENDAR = "a model that reads it learns the calendar"
PLACES = [
    ('formula = "amount"', 'formula = "amount + @"'),
    ('start = "term"', 'start = "term + @"'),
    ('rules = { term = "value" }', 'rules = { term = "value + @" }'),
    ('rules = { amount = "amount *', 'rules = { amount = "@ + amount *'),
    ('balance = "amount"', 'balance = "amount + @"'),
    ('ead = "amount"', 'ead = "amount + @"'),
    ('lgd = "pick(sector,', 'lgd = "0 * @ + pick(sector,'),
    ('own_share = "1 - guaranteed_share"', 'own_share = "1 - guaranteed_share + 0 * @"'),
    ('field = "sector"', 'field = "@"'),
    ("[[assumptions]]", '[[constraints]]\nrule = "@ >= 0"\nmessage = "No."\nfields = ["term"]\n\n[[assumptions]]'),
]


def made_up(old: str, new: str) -> bytes:
    """The contract of the made-up book with one passage replaced."""
    assert old in guaranteed.TEXT
    return guaranteed.TEXT.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("field", "told"), [("charged_off_amount", AFTER), ("charged_off", "which is the outcome itself")]
)
@pytest.mark.parametrize(("old", "new"), PLACES)
def test_what_is_known_after_the_outcome_is_refused_in_every_formula(old: str, new: str, field: str, told: str):
    with pytest.raises(ContractError) as caught:
        read_contract(made_up(old, new.replace("@", field)))
    assert f"reads {field}, " in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize(("old", "new"), PLACES)
def test_protected_attribute_is_refused_in_every_formula_by_name(old: str, new: str):
    declared = (
        made_up(old, new.replace("@", "age")).decode()
        + '\n[[fields]]\nname = "age"\nlabel = "Age"\nrole = "protected"\n'
    )
    with pytest.raises(ContractError, match="reads age, which is protected and never scored"):
        read_contract(declared.encode())


def test_vintage_is_refused_in_a_model_input_and_may_be_read_by_everything_else():
    with pytest.raises(ContractError, match=CALENDAR):
        read_contract(made_up(PLACES[0][0], PLACES[0][1].replace("@", "year")))
    for old, new in PLACES[1:]:
        assert read_contract(made_up(old, new.replace("@", "year"))).vintage is not None


def test_vintage_is_of_the_record_and_cannot_be_edited(contract: Contract):
    assert contract.vintage is None
    own = guaranteed.CONTRACT
    assert own.vintage is not None
    assert own.vintage.name == "year"
    assert "year" in own.row
    with pytest.raises(NotEditable):
        own.field("year")
    assert guaranteed.book().vintages is not None
    assert guaranteed.book().vintages.tolist() == guaranteed.value("year").tolist()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('role = "post-outcome"', 'role = "vintage"', "a book has one vintage; charged_off_amount, year are declared"),
        ('role = "vintage"', 'role = "vintage"\nmutability = "free"', "its mutability is never"),
        ('rules = { term = "value" }', 'rules = { year = "value" }', "longer moves year, the vintage"),
        ('rules = { amount = "amount *', 'rules = { year = "amount *', "smaller moves year, the vintage"),
        ("since = 2003", "since = 2008", "the window from 2008 to 2007 is empty"),
        ("later_until = 2010", "later_until = 2007", "later_until must lie after until"),
        ("until = 2007\n", "", "later_until must lie after until"),
        ('guarantor = "the guarantor"\n', "", "name them as guarantor"),
        (
            'own_share = "1 - guaranteed_share"\nguarantor = "the guarantor"\n',
            "",
            "there is a limit on net_loss, but no",
        ),
        (
            'lgd = "pick(sector, 11,',
            'lgd = "pick(sector,',
            "a formula of the exposure cannot be worked out: pick takes",
        ),
        ('loss = "min(', 'loss = "pick(', "a formula of the realised loss cannot be worked out: pick takes"),
        ('loss = "min(charged_off_amount', 'loss = "min(lgd', "reads lgd, which is not declared"),
        ('loss = "min(charged_off_amount', 'loss = "min(charged_off', "reads charged_off, which is not declared"),
    ],
)
def test_vintage_window_or_guarantee_declared_badly_is_refused(old: str, new: str, told: str):
    with pytest.raises(ContractError) as caught:
        read_contract(made_up(old, new))
    assert told in str(caught.value)


def test_windows_may_be_open_and_one_year_long():
    own = read_contract(made_up("since = 2003\nuntil = 2007\nlater_until = 2010\n", "")).training
    assert (own.since, own.until, own.later_until) == (None, None, None)
    assert read_contract(made_up("since = 2003", "since = 2007")).training.since == 2007


def test_realised_loss_is_what_was_charged_off_up_to_the_amount(contract: Contract):
    own = guaranteed.book()
    assert own.realised_loss is not None
    assert (
        own.realised_loss.tolist()
        == np.minimum(own.observed["charged_off_amount"], guaranteed.value("amount")).tolist()
    )
    assert own.realised_loss[own.target == 1].sum() > 0
    raw = np.array([[1000.0], [60], [11], [0.5], [2006]])
    assert guaranteed.CONTRACT.realised_loss(raw, {"charged_off_amount": np.array([1500.0])}) == [1000]
    assert contract.realised_loss(record(), {}) is None


def test_exposed_to_names_the_assumptions_of_every_part_of_an_exposure():
    own = guaranteed.CONTRACT
    assert own.exposed_to == {"lgd"}
    assert read_contract(made_up('ead = "amount"', 'ead = "amount * (1 - apr)"')).exposed_to == {"lgd", "apr"}
    assert read_contract(made_up('"1 - guaranteed_share"', '"1 - funding"')).exposed_to == {"lgd", "funding"}


def test_loss_given_default_goes_by_sector_and_any_other_takes_the_assumption():
    raw = np.array([[1000.0] * 4, [60] * 4, [11, 44, 72, np.nan], [0.5, 0.75, 0.5, 0.5], [2006] * 4])
    found = guaranteed.CONTRACT.exposures(raw, {"lgd": 0.6})
    assert np.asarray(found.lgd).tolist() == [0.5, 0.25, 0.6, 0.6]
    assert np.asarray(found.own).tolist() == [0.5, 0.25, 0.5, 0.5]
    assert found.ead.tolist() == [1000] * 4


def test_a_vintage_is_a_year_and_told_as_one():
    loans = load_contract(SHIPPED / "small_business" / "contract.toml")
    assert loans.vintage is not None
    assert loans.vintage.unit == "year"
    with pytest.raises(OutOfRange, match=r"Approved in fiscal year must be 1900 to 2100; 2150 was given\."):
        check_value(loans.vintage, 2150)


def test_a_year_after_those_of_the_book_may_be_given():
    loans = load_contract(SHIPPED / "small_business" / "contract.toml")
    assert loans.vintage is not None
    assert loans.vintage.maximum == 2009
    check_value(loans.vintage, [1990, 2009, 2024])
    raw = np.array([[field.minimum if np.isfinite(field.minimum) else 0.0] for field in loans.record])
    raw[loans.row[loans.vintage.name]] = 2024
    lever = loans.levers[0].name
    moved = loans.pull(lever, loans.lever_start(lever, raw), raw)
    assert moved[loans.row[loans.vintage.name]] == 2024


COLUMNS_AND_WORDS = """
[[fields]]
name = "purpose"
label = "Purpose"
role = "protected"
column = "Purpose of the loan"
words = ["A41", ""]
reading = { gaps = ["n/s"], words_only = true }
[fields.codes]
0 = "car"
1 = "other"
"""


def with_purpose(part: str) -> Contract:
    """The cards' contract with one more field."""
    before, after = (SHIPPED / "cards" / "contract.toml").read_text().split("[[histories]]", 1)
    return read_contract(f"{before}{part}\n[[histories]]{after}".encode())


def test_a_field_says_what_the_file_calls_it_and_how_its_cells_are_read():
    (field,) = (each for each in with_purpose(COLUMNS_AND_WORDS).fields if each.name == "purpose")
    assert (field.column, field.words, field.reading.gaps) == ("Purpose of the loan", ("A41", ""), ("n/s",))
    assert field.reading.words_only
    with pytest.raises(ContractError, match="purpose has 2 codes and 1 words"):
        with_purpose(COLUMNS_AND_WORDS.replace(', ""', ""))
    with pytest.raises(ContractError, match="decimal"):
        with_purpose(COLUMNS_AND_WORDS.replace("words_only = true", 'decimal = ";"'))


def test_a_history_says_what_the_file_calls_each_of_its_months():
    text = (SHIPPED / "cards" / "contract.toml").read_text()
    named = text.replace('name = "bill"\n', 'name = "bill"\ncolumns = ["B1", "B2", "B3", "B4", "B5", "B6"]\n', 1)
    contract = read_contract(named.encode())
    assert [each.column for each in contract.record if each.name.startswith("bill_")] == [f"B{k}" for k in range(1, 7)]
    with pytest.raises(ContractError, match="bill has 6 months and 5 columns"):
        read_contract(named.replace(', "B6"]', "]").encode())


@pytest.mark.parametrize(
    ("book", "digest"),
    [
        ("cards", "7d566e049bc1ce6933622b8a946f129cfa1f1c8d7b8cc5c84a9b483413a69a7c"),
        ("small_business", "8293b439013a3d6d01c9fd8f81f3a5b90199b76bb81179c66665bd4bf3560206"),
    ],
)
def test_a_shipped_contract_is_the_one_that_releases_out_there_were_trained_on(book: str, digest: str) -> None:
    """Any other, if only by a word, leaves everybody without a model until theirs is trained anew."""
    assert books.contract(book).hash == digest
