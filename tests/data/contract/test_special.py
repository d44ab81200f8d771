"""Special codes: values that say why there is none, beyond a field's range, missing to every formula."""

import numpy as np
import pandas as pd
import pytest

from data.contract import Contract
from data.errors import ContractError, OutOfRange
from data.files.fields import read_field
from data.files.numbers import Habit
from data.files.series import given_cells
from tests.support.special_book import special_contract

RAW = np.array([[3.0, -9.0, -8.0, 0.0, 5.0], [1.0, 1.0, np.nan, 2.0, 9.0], [9.0, 9.0, 9.0, 9.0, 0.0]])
FIELD = 'missing = false\nspecial = {"-9" = "no record", "-8" = "no trades"}'


@pytest.fixture(scope="module")
def special() -> Contract:
    """The contract of a book with special codes."""
    return special_contract()


def _input(contract: Contract, name: str, raw: np.ndarray = RAW) -> list[float]:
    names = [each.name for each in contract.inputs]
    return contract.derive(raw, [names.index(name)])[0].tolist()


def test_a_special_code_reads_as_missing_and_its_reason_as_a_category(special: Contract):
    np.testing.assert_equal(_input(special, "one_itself"), [3.0, np.nan, np.nan, 0.0, 5.0])
    assert _input(special, "one_why") == [0, 1, 2, 0, 0]


def test_a_gap_is_a_reason_after_the_special_codes():
    gaps = special_contract((FIELD, FIELD.replace("missing = false", "missing = true")))
    assert _input(gaps, "one_why", np.array([[np.nan, -8.0], [1.0, 1.0], [1.0, 1.0]])) == [3, 2]


def test_a_special_code_may_stand_beyond_the_range_and_nothing_else_may(special: Contract):
    special.check(RAW)
    with pytest.raises(OutOfRange, match=r"0 to 9, or -9 \(no record\) or -8 \(no trades\); -7 was given"):
        special.check(np.array([[-7.0], [1.0], [1.0]]))


def test_what_a_code_leaves_without_a_value_is_said_in_words(special: Contract):
    told = {each.name: each.missing for each in special.inputs}
    assert told["one_itself"] == "no value"  # two reasons
    one = special_contract((', "-8" = "no trades"', ""), ('2 = "no trades"', ""))
    assert {each.name: each.missing for each in one.inputs}["one_itself"] == "no record"


def test_a_lever_sets_a_code_where_it_moves_that_field_and_leaves_it_where_it_does_not(special: Contract):
    np.testing.assert_equal(special.pull("one", 4.0, RAW)[0], [4.0] * 5)
    np.testing.assert_equal(special.pull("two", 4.0, RAW)[0], RAW[0])


def test_a_shock_leaves_codes_as_they_are(special: Contract):
    moved = special.strike("one", 50, special.values(RAW))["one"]
    assert moved.tolist() == [4.5, -9.0, -8.0, 0.0, 7.5]


def test_a_rule_says_nothing_of_a_record_whose_value_is_a_code(special: Contract):
    raw = np.array([[9.0, 9.0, -9.0], [1.0, 1.0, 1.0], [0.0, 9.0, -1.0]])
    assert special.stands(raw).all()
    assert not special.stands(np.array([[9.0, -9.0], [1.0, 1.0], [-1.0, -1.0]]))[0]
    assert special.stands(np.array([[9.0, -9.0], [1.0, 1.0], [-1.0, -1.0]]))[1]


def test_a_code_never_counts_as_an_exposure(special: Contract):
    assert special.exposures(RAW, {}).ead.tolist() == [400.0, 50.0, 50.0, 100.0, 600.0]
    with pytest.raises(ContractError, match=r"exposure reads one, in which -9 \(no record\) stands for no amount"):
        special_contract(*[(f'{key} = "where(one >= 0, 100 * (1 + one), 50)"', f'{key} = "one"') for key in ("ead",)])


def test_each_code_is_a_band_of_its_own_after_the_others(special: Contract):
    segment = special.segments[0]
    assert special.bands(segment, special.values(RAW), 5).tolist() == [1, 3, 4, 0, 1]
    assert special.band_count(segment) == 5
    assert special.special_bands(segment) == {-9.0: "no record", -8.0: "no trades"}


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ('{"3" = "no record"}', "lies within its range"),
        ('{"-9" = " "}', "needs words"),
        ('{"-9" = "no record", "-8" = "No  record"}', "the same words"),
        ('{"none" = "no record"}', "valid number"),
        ('{"nan" = "no record"}', "no other code"),
    ],
)
def test_special_codes_that_cannot_be_are_refused(written: str, why: str):
    with pytest.raises(ContractError, match=why):
        special_contract((FIELD, f"missing = false\nspecial = {written}"))


def test_reason_takes_the_name_of_a_field():
    with pytest.raises(ContractError, match="reason takes the name of one field"):
        special_contract(("reason(one)", "reason(one + 1)"))


def test_cells_hold_a_code_as_a_number_or_in_its_words(special: Contract):
    field = special.record[0]
    cells = pd.Series(["3", "-9", "-8.0", "No record", " no  trades ", "4,0"], dtype=object)
    read = read_field(field, given_cells(cells), Habit())
    assert read.values.tolist() == [3.0, -9.0, -8.0, -9.0, -8.0, 4.0]
    assert not read.unread.any()


def test_a_code_among_per_cents_is_no_per_cent(special: Contract):
    field = special.record[0].model_copy(
        update={"unit": "%", "reading": special.record[0].reading.model_copy(update={"percent": "all"})}
    )
    read = read_field(field, given_cells(pd.Series(["35", "-9", "12 %", "no trades"], dtype=object)), Habit())
    assert read.values.tolist() == [0.35, -9.0, 0.12, -8.0]
