"""Codes among numbers: asked about, and kept out of whatever is measured."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contract import Contract, read_contract
from data.errors import BadInput
from data.proposing.decisions import ColumnDecision
from data.proposing.hints import exposure, limit_and_balance, protected, unit
from data.proposing.proposal import Proposal
from data.proposing.special import codes_of_file, special_codes
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans
from tests.data.proposing.test_proposal import proposed, role

RNG = np.random.default_rng(11)
COUNTS = RNG.integers(0, 80, 400).astype(float)
AMOUNTS = RNG.gamma(2, 5000, 400).round(2)
CHANGES = RNG.normal(0, 9, 400).round(1)
FEW = RNG.integers(0, 5, 400).astype(float)
FLAGS = RNG.integers(0, 2, 400).astype(float)


@pytest.mark.parametrize("values", [COUNTS, AMOUNTS, FEW], ids=["counts", "amounts", "few"])
@pytest.mark.parametrize(
    "codes",
    [
        (-9,),
        (-9, -8, -7),
        (-99,),
        (-999, -998),
        (-9999,),
        (-99_999,),
        (-8888, -7777),
        (999_999,),
        (999_998, 999_999),
        (99_999_999,),
        (-9, 999_999),
        (-9999, 8_888_888),
    ],
)
def test_codes_that_stand_apart_are_found(values: np.ndarray, codes: tuple[int, ...]):
    known = np.concatenate([values, np.repeat(codes, 6)])
    assert special_codes(RNG.permutation(known)) == tuple(sorted(codes))


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (FLAGS, (9,)),
        (FLAGS, (-9,)),
        (FLAGS, (98, 99)),
        (FEW, (98, 99)),
        (FEW, (99,)),
        (COUNTS, (999,)),
        (COUNTS, (9999,)),
        (COUNTS, (-1,)),
        (COUNTS, (-99, -1)),
        (CHANGES, (-9999,)),
        (CHANGES, (9999,)),
        (CHANGES, (-999, 999)),
        (-COUNTS, (365_243,)),
        (COUNTS, (1_000_000,)),
        (COUNTS + 300, (-8, -7)),
        (FEW, (9996, 9997, 9998, 9999)),
        (AMOUNTS, (-9999.99,)),
        (COUNTS, (9999.99,)),
        (CHANGES, (-999.9, 999.9)),
        (AMOUNTS / 1e5, (9.999,)),
    ],
)
def test_codes_are_found_however_they_are_written(values: np.ndarray, codes: tuple[int, ...]):
    assert special_codes(np.concatenate([values, np.repeat(codes, 9)])) == codes


@pytest.mark.parametrize(
    "known",
    [
        COUNTS,
        AMOUNTS,
        CHANGES,
        FEW,
        -COUNTS,
        CHANGES.round(),
        COUNTS - 2,
        COUNTS - 5,
        np.repeat([-1.0, 0.0, 1.0], 50),
        np.repeat([0.0, 1.0], 50),
        np.repeat([0.0, 999.0], 50),
        RNG.lognormal(8, 1.5, 5000).round(-2),
        RNG.integers(0, 100, 400).astype(float),
        np.concatenate([COUNTS, [9999.0]]),  # once is an outlier
        np.concatenate([COUNTS, np.repeat(99.0, 30)]),  # not far from the others
        np.concatenate([COUNTS, np.repeat(-4.75, 9)]),  # decimals that nobody fills a field with
        np.array([5.0, 5.0]),
    ],
)
def test_numbers_that_mean_what_they_say_are_none(known: np.ndarray):
    assert special_codes(known) == ()


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=60), st.lists(st.integers(-99, 9999), max_size=9))
def test_codes_are_values_of_the_column_and_leave_others(values: list[float], more: list[int]):
    known = np.array([*values, *(float(each) for each in more for _ in range(4))])
    found = special_codes(known)
    assert set(found) <= set(known)
    assert list(found) == sorted(found)
    assert not found or len(set(known) - set(found)) >= 2


def with_codes(codes: tuple[int, ...], whole: bool) -> tuple[Proposal, Contract, Contract]:
    """A proposal on a column of such codes, its contract, and that of the same file with gaps instead."""
    rng = np.random.default_rng(2)
    months = rng.uniform(0, 80, 600).round(0 if whole else 2)
    frame = loans(600)[["debt_ratio", "Loan Amount"]]
    frame["status"] = (rng.random(600) < 0.9 - months / 100).astype(int)  # clearly safer, the longer ago
    coded = np.where(np.arange(600) % 4 == 0, np.repeat(np.resize(codes, 150), 4), months)
    first = proposed(frame.assign(since_delinquency=coded), "status")
    gaps = proposed(frame.assign(since_delinquency=np.where(np.isin(coded, codes), np.nan, coded)), "status")
    return first, read_contract(first.text), read_contract(gaps.text)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("codes", [(-9999,), (-9, -8, -7), (99_999_999_999_999,), (9999, 9998), (-999, 9999)])
def test_codes_are_proposed_with_words_and_stretch_nothing(codes: tuple[int, ...], whole: bool):
    proposal, contract, gaps = with_codes(codes, whole)
    field, other = (each.record[each.row["since_delinquency"]] for each in (contract, gaps))
    assert (field.minimum, field.maximum, field.step) == (other.minimum, other.maximum, other.step)
    assert set(field.special) == set(codes)
    assert not field.missing
    own, without = (next(x for x in each.inputs if x.name == "since_delinquency") for each in (contract, gaps))
    assert own.direction == without.direction == -1
    (lever,) = (each for each in contract.levers if each.shows == "since_delinquency")
    assert lever.minimum >= 0
    assert lever.maximum <= 80
    (why,) = (each.why for each in proposal.noted if each.part == "fields.since_delinquency" and each.key == "special")
    assert all(f"{code} in " in why for code in codes)
    assert "of them bad" in why


def test_several_reasons_are_told_apart_by_an_input_and_one_by_the_missing_value():
    _, several, _ = with_codes((-9, -8), whole=True)
    (why,) = (each for each in several.inputs if each.formula == "reason(since_delinquency)")
    assert why.codes == {0: "a value", 1: "no record", 2: "no usable trades"}
    assert why.concept == next(each.concept for each in several.inputs if each.name == "since_delinquency")
    _, one, _ = with_codes((-9999,), whole=True)
    assert {each.name: each.missing for each in one.inputs}["since_delinquency"] == "not known"
    assert not [each for each in one.inputs if "reason" in each.formula]


def test_reasons_that_are_the_same_in_several_columns_are_one_input():
    rng = np.random.default_rng(5)
    frame = loans(600)[["Loan Amount", "status"]]
    coded = rng.choice([-9.0, -8.0, 0.0], 600, p=[0.1, 0.1, 0.8])
    for name in ("trades", "inquiries", "lines"):
        frame[name] = np.where(coded < 0, coded, rng.integers(0, 30, 600))
    contract = read_contract(proposed(frame, "status").text)
    assert [each.formula for each in contract.inputs if "reason" in each.formula] == ["reason(trades)"]


@pytest.mark.parametrize("codes", [(-9, -8, -7), (99_999,), (-999, 9999)])
def test_each_code_is_a_band_of_its_own(codes: tuple[int, ...]):
    _, contract, _ = with_codes(codes, whole=True)
    (cut,) = (each for each in contract.segments if each.field == "since_delinquency")
    assert set(contract.special_bands(cut)) == set(codes)
    assert all(edge >= 0 for edge in cut.edges)


def test_an_amount_that_is_a_code_is_not_owed():
    rng = np.random.default_rng(3)
    frame = loans(600)[["debt_ratio", "status"]]
    frame["Loan Amount"] = np.where(np.arange(600) % 5 == 0, 99_999_999, rng.gamma(2, 6000, 600).round())
    contract = read_contract(proposed(frame, "status").text)
    middle = float(np.median(frame.loc[frame["Loan Amount"] < 1e6, "Loan Amount"]))
    assert contract.exposure.ead == f"where(loan_amount >= 0, loan_amount, where(loan_amount < 0, 0, {middle!r}))"
    (limit,) = (each.limit for each in contract.appetite if each.measure == "exposure")
    assert limit < 600 * 6e4


def test_a_code_that_stands_in_many_columns_is_one_where_it_alone_would_not_be():
    seldom = np.concatenate([COUNTS, [-9.0]])  # once is an outlier
    assert codes_of_file({"a": seldom, "b": COUNTS}) == {"a": (), "b": ()}
    assert codes_of_file(dict.fromkeys("abc", seldom)) == dict.fromkeys("abc", (-9.0,))
    often = np.concatenate([COUNTS, np.repeat(-9.0, 30)])
    assert codes_of_file({"a": seldom, "b": often}) == {"a": (-9.0,), "b": (-9.0,)}
    few = RNG.choice([-1.0, 0, 1, 2], 400)
    lone = np.concatenate([COUNTS, np.repeat(-1.0, 30)])
    assert codes_of_file({"few": few, "a": lone, "b": lone, "c": lone})["few"] == (-1.0,)


def test_steps_below_zero_are_no_codes_in_however_many_columns_they_stand():
    status = RNG.choice(np.arange(-2.0, 9), 400)
    assert set(codes_of_file(dict.fromkeys("abcdef", status)).values()) == {()}


def test_counts_that_end_in_96_to_99_are_codes():
    late = np.concatenate([RNG.integers(0, 18, 400).astype(float), np.repeat([96.0, 98.0], 20)])
    assert special_codes(late) == (96.0, 98.0)
    assert special_codes(np.concatenate([RNG.integers(0, 55, 400).astype(float), np.repeat(99.0, 20)])) == (99.0,)


def test_codes_that_a_person_decided_on_count_and_those_among_other_values_are_refused():
    frame = loans(600)[["Loan Amount", "debt_ratio", "status"]]
    frame["late"] = np.resize([7.0, 0.0, 1.0, 2.0], 600)
    said = {"late": ColumnDecision(special={7: "never asked"})}
    contract = read_contract(proposed(frame, "status", columns=said).text)
    assert contract.record[contract.row["late"]].special == {7.0: "never asked"}
    assert contract.record[contract.row["late"]].maximum < 7
    with pytest.raises(BadInput, match="1 cannot be a special code of “late”: its other values go from 0 to 7"):
        proposed(frame, "status", columns={"late": ColumnDecision(special={1: "none"})})


# ---- names of a bureau's columns, and of instalment loans ------------------------------------------------------------


def test_a_bureau_file_holds_no_money_and_nobodys_age():
    rng = np.random.default_rng(4)
    names = [
        "AverageAgeOfLines",
        "LinesTotal",
        "RevolvingWithBalance",
        "InstalmentWithBalance",
        "CardsNearLimit",
        "MonthsSinceOldestLine",
        "PctLinesWithBalance",
        "WorstLast12Months",
        "Lines60DaysEver",
    ]
    values = rng.integers(0, 95, (9, 600)).astype(float)
    values[rng.random((9, 600)) < 0.1] = -9
    frame = pd.DataFrame(dict(zip(names, values, strict=True)) | {"OutcomeBad": np.arange(600) % 3 == 0})
    proposal = proposed(frame, "OutcomeBad")
    contract = read_contract(proposal.text)
    assert proposal.by_role("input") == names
    assert contract.exposure.ead == "1"
    assert {each.unit for each in contract.record} == {"", "months"}
    assert {each.label for each in contract.inputs} >= {"Worst last 12 months", "Average age of lines"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AverageAgeOfLines", ""),
        ("age_of_oldest_trade", ""),
        ("avg_age_accounts", ""),
        ("collateral_age", ""),
        ("average age of accounts", ""),
        ("age of oldest line", ""),
        ("residence_age", ""),
        ("Age_of_applicant", "age"),
        ("DOB", "age"),
        ("date of birth", "age"),
        ("age", "age"),
        ("ages", "age"),
        ("applicant_age", "age"),
        ("addr_state", "place of living"),
        ("City", "place of living"),
        ("county", "place of living"),
        ("bank_city", ""),
        ("years_at_addr", ""),
        ("employer_zip", ""),
        ("post code", "place of living"),
        ("region", "place of living"),
        ("RESIDENCIAL_CITY", "place of living"),
        ("region_population_relative", ""),
        ("city of birth", "nationality"),
    ],
)
def test_ages_of_things_and_places_of_others_are_nobodys(name: str, expected: str):
    assert protected(name)[0] == expected


def test_a_state_is_a_place_where_its_cells_are_states():
    frame = loans(600)[["debt_ratio", "status"]]
    frame["state"] = np.resize(["NY", "CA", "TX", "OH", "FL"], 600)
    frame["bank_state"] = np.resize(["NY", "CA", "TX"], 600)
    frame["account state"] = np.resize(["open", "dormant"], 600)
    frame["addr_state"] = np.resize([f"{a}{b}" for a in "ABCDE" for b in "XYZ"], 600)
    proposal = proposed(frame, "status")
    assert role(proposal, "state") == "protected"
    assert role(proposal, "addr_state") == "protected"  # of fifteen the most frequent, the others together
    assert proposal.by_role("input") == ["debt_ratio", "bank_state", "account state"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["loan_amnt", "annual_inc", "revol_bal"], "loan_amnt"),
        (["revol_bal", "tot_cur_bal", "credit_amount"], "credit_amount"),
        (["revol_bal", "annual_inc"], ""),
        (["total_balance", "savings_balance"], "total_balance"),
        (["avg_balance", "loan_amount"], "loan_amount"),
        (["outstanding_principal", "loan_amount"], "loan_amount"),
        (["current_balance", "original_balance"], "original_balance"),
        (["revol_bal", "loan_amnt", "total_rev_hi_lim"], "loan_amnt"),
        (["last_payment_amount", "AMT_CREDIT", "AMT_ANNUITY"], "AMT_CREDIT"),
        (["installment", "outstanding_balance", "loan_original_amount"], "loan_original_amount"),
    ],
)
def test_what_is_owed_is_owed_on_this_loan(names: list[str], expected: str):
    assert exposure(names) == expected


def test_a_bureaus_limit_and_balance_are_not_those_of_the_loan():
    assert limit_and_balance(["total_bc_limit", "revol_bal"]) == ("", "")
    assert limit_and_balance(["credit_limit", "current_balance"]) == ("credit_limit", "current_balance")


@pytest.mark.parametrize(
    ("name", "high", "expected"),
    [
        ("loan_amount", 12, "amount"),
        ("annual_inc", 9e4, "amount"),
        ("income", 30, "amount"),
        ("limit", 9e3, "amount"),
        ("loans_total_amount", 9e5, "amount"),
        ("limit", 90, ""),
        ("loans", 9e4, ""),
        ("CardsNearLimit", 9e4, ""),
        ("payments late", 400, ""),
        ("Lines60DaysEver", 80, ""),
        ("late_30_days", 80, ""),
        ("days late", 80, "days"),
        ("months since last late", 80, "months"),
        ("late in the last 12 months", 80, ""),
    ],
)
def test_a_count_is_no_amount(name: str, high: float, expected: str):
    assert unit(name, 0, high)[0] == expected
