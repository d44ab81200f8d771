"""What a column is by what it means: codes that are numbers, yes and no, places, words on a scale."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.books import read_folder
from data.contract import Contract, read_contract
from data.errors import BadInput
from data.files.fields import read_field
from data.files.numbers import Habit, habit_of
from data.files.series import given_cells
from data.proposing import hints
from data.proposing.columns import recognise
from data.proposing.mutability import mutability
from data.proposing.proposal import Proposal, lay_down
from data.proposing.siblings import siblings
from data.proposing.signals import trend
from data.proposing.special import words_of_codes
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import loans
from tests.data.proposing.test_proposal import proposed, role

N = 600
RNG = np.random.default_rng(11)
PLAIN = loans(N)[["debt_ratio", "status"]]


def with_column(name: str, cells: object) -> Proposal:
    return proposed(PLAIN.assign(**{name: cells}), "status", "csv")


def codes(contract: Contract, name: str) -> list[str]:
    return list(contract.record[contract.row[name]].codes.values())


# ---- codes that are numbers -----------------------------------------------------------------------------------------


CODED = [
    "branch",
    "dealer_id",
    "officer",
    "PRODUCT",
    "campaign",
    "sector",
    "profession_code",
    "Occupation",
    "area",
    "shop",
]


def test_codes_are_read_alike_whether_they_are_numbers_or_words():
    drawn = {name: RNG.integers(1, 13, N) for name in CODED}
    as_numbers = proposed(PLAIN.assign(**drawn), "status", "csv")
    words = {name: [f"b{each:02d}" for each in own] for name, own in drawn.items()}
    as_words = proposed(PLAIN.assign(**words), "status", "csv")
    assert as_numbers.by_role("input") == as_words.by_role("input") == ["debt_ratio", *CODED]
    first, second = (read_contract(each.text) for each in (as_numbers, as_words))
    for own in (each.name for each in first.inputs[1:]):
        assert [f"b{int(each):02d}" for each in codes(first, own)] == codes(second, own)
    assert {each.direction for each in (*first.inputs[1:], *second.inputs[1:])} == {0}
    held, also = (pd.read_parquet(BytesIO(each.snapshot)) for each in (as_numbers, as_words))
    pd.testing.assert_frame_equal(held, also)


def test_rare_codes_share_one_and_a_later_file_is_read_the_same_way(tmp_path: Path):
    drawn = np.where(np.arange(N) % 3 > 0, np.arange(N) % 5, 100 + np.arange(N)).astype(float)
    drawn[7] = np.nan  # a sheet then has 3.0
    proposal = with_column("shop_code", drawn)
    book = read_folder(lay_down(proposal, tmp_path))
    field = book.contract.record[book.contract.row["shop_code"]]
    assert list(field.codes.values()) == ["0", "1", "2", "3", "4", "other (200 rare)"]
    later = pd.Series(["3", "3.0", "104", "7777", None])
    assert read_field(field, given_cells(later), Habit()).values[:4].tolist() == [3, 3, 5, 5]
    typed = pd.Series([3.0, 104.0])
    assert read_field(field, given_cells(typed), Habit()).values.tolist() == [3, 5]


def test_what_is_counted_or_measured_stays_a_number():
    measured = {
        "product_count": RNG.integers(0, 9, N),
        "number of branch visits": RNG.integers(0, 9, N),
        "branch_distance": RNG.integers(0, 90, N),
        "months at employer": RNG.integers(0, 90, N),
        "living area": RNG.integers(30, 200, N),
        "sector": RNG.random(N).round(3),
    }
    contract = read_contract(proposed(PLAIN.assign(**measured), "status", "csv").text)
    assert len(contract.record) == 7
    assert not any(each.codes for each in contract.record)


def test_a_code_that_is_another_in_every_row_identifies():
    frame = PLAIN.assign(loan_id=np.arange(N), dealer_id=RNG.permutation(N) + 5000)
    assert role(proposed(frame, "status", "csv"), "dealer_id") == "identifier"


# ---- yes and no -----------------------------------------------------------------------------------------------------


def test_a_flag_is_kept_whatever_it_says_yes_and_no_by():
    said = [("N", "Y"), ("no", "yes"), ("F", "T"), ("nein", "ja"), ("False", "True"), ("0", "1")]
    flags = {f"has_email_{k}": np.where(RNG.random(N) < 0.05, *pair) for k, pair in enumerate(said)}
    proposal = proposed(PLAIN.assign(**flags), "status", "csv")
    assert proposal.by_role("input") == ["debt_ratio", *flags]  # whether there is an address tells nobody who it is
    contract = read_contract(proposal.text)
    told = [codes(contract, name) for name in flags]
    assert told == [*map(list, said[:-1]), ["no", "yes"]]


def test_a_phone_number_is_no_flag():
    assert role(with_column("phone", [f"0{k:09d}" for k in range(N)]), "phone") == "left out"


def test_a_flag_that_hardly_anybody_has_is_kept_with_its_direction():
    bad = (PLAIN["status"] == "Charged Off").to_numpy()
    rare = np.zeros(N, int)
    rare[np.flatnonzero(bad)[:34]] = 1
    rare[np.flatnonzero(~bad)[:8]] = 1
    proposal = with_column("prior_bankruptcy", rare)
    assert role(proposal, "prior_bankruptcy") == "input"
    assert read_contract(proposal.text).inputs[1].direction == 1


# ---- places ---------------------------------------------------------------------------------------------------------


def test_wherever_somebody_lives_is_protected_and_looked_at_by_groups():
    places = {
        "state": np.resize(["NY", "CA", "TX", "OH", "FL", "WA", "OR", "NV", "AZ", "UT", "CO", "NM", "KS"], N),
        "State_ID": np.arange(N) % 19,
        "zip_code": [f"{k:03d}xx" for k in RNG.integers(0, 999, N)],
        "post code": RNG.integers(1_000, 99_999, N),
        "city": [f"town {k}" for k in RNG.integers(0, 70, N)],
        "region": np.resize(["north", "south", "east"], N),
        "Region code": np.arange(N) % 17,
    }
    proposal = proposed(PLAIN.assign(**places), "status", "csv")
    assert proposal.by_role("protected") == list(places)
    assert {len(field.codes) for field in read_contract(proposal.text).protected()} <= {3, 10, 12}


def test_post_codes_are_gathered_by_their_first_sign():
    proposal = with_column("zip", RNG.integers(1, 99_999, N))  # a spreadsheet has lost the noughts in front
    (field,) = read_contract(proposal.text).protected()
    assert list(field.codes.values()) == [f"beginning with {k}" for k in range(10)]


def test_a_flag_is_no_place():
    names = ["reg_city_not_work_city", "same region", "live_region_flag"]
    flags = {name: (np.arange(N) + k) % 7 // 6 for k, name in enumerate(names)}
    assert proposed(PLAIN.assign(**flags), "status").by_role("input") == ["debt_ratio", *names]


# ---- scales ---------------------------------------------------------------------------------------------------------


def test_grades_get_the_direction_that_the_file_shows_and_words_without_a_scale_none():
    bad = (PLAIN["status"] == "Charged Off").to_numpy()
    step = np.clip((bad * 2 + RNG.normal(1, 1.6, N)).round(), 0, 4).astype(int)
    for words, expected in ((["A1", "A2", "B1", "B2", "C1"], 1), (["car", "dog", "elk", "fox", "gnu"], 0)):
        proposal = with_column("kind of it", [words[k] for k in step])
        assert read_contract(proposal.text).inputs[1].direction == expected


# ---- what a person can change ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loan_amnt", "free"),
        ("term", "free"),
        ("annual_income", "free"),
        ("revol_util", "free"),
        ("emp_length", "up"),
        ("years_employed", "up"),
        ("months since last delinquency", "up"),
        ("AverageAgeOfLines", "up"),
        ("credit history length", "up"),
        ("age", "never"),
        ("delinq_2yrs", "never"),
        ("Lines60DaysEver", "never"),
        ("NumberOfTime30-59DaysPastDueNotWorse", "never"),
        ("Inquiries6Months", "never"),
        ("pub_rec", "never"),
        ("purpose", "never"),
        ("PROFESSION_CODE", "never"),
        ("addr_state", "never"),
        ("sub_grade", "never"),
        ("BureauScore", "never"),
    ],
)
def test_what_has_happened_stays_what_lasts_grows_and_what_one_asks_for_is_free(name: str, expected: str):
    assert mutability(name, codes=False)[0] == expected


def test_no_lever_moves_what_nobody_can_change():
    rng = np.random.default_rng(5)
    bad = (PLAIN["status"] == "Charged Off").to_numpy()
    telling = {"past_due_count": rng.poisson(0.3 + bad), "profession": rng.integers(0, 9, N) + 3 * bad}
    contract = read_contract(proposed(PLAIN.assign(**telling, loan_amount=rng.gamma(2, 900, N)), "status").text)
    stays = {each.name for each in contract.record if each.mutability == "never"}
    assert stays == {"past_due_count", "profession"}
    assert {name for lever in contract.levers for name in lever.rules} == {"debt_ratio", "loan_amount"}


# ---- counts that are mostly 0 ---------------------------------------------------------------------------------------


def test_a_count_that_is_mostly_zero_is_cut_at_one_and_two_and_moved_in_whole_steps():
    rng = np.random.default_rng(8)
    late = np.where(rng.random(N) < 0.8, 0, rng.integers(1, 6, N))
    frame = PLAIN.assign(trips=late, capital_gain=np.where(late, 1000 * late + rng.integers(0, 99, N), 0))
    contract = read_contract(proposed(frame, "status").text)
    cuts = {each.field: each for each in contract.segments}
    assert cuts["trips"].labels == ("0", "1", "2 and more")
    assert cuts["capital_gain"].edges[0] == 1  # those who have none by themselves
    lever = next(each for each in contract.levers if each.shows == "trips")
    assert (lever.minimum, lever.step) == (0, 1)
    assert 4 <= lever.maximum <= 6


def test_the_direction_of_a_count_is_seen_in_those_who_are_not_at_zero():
    rng = np.random.default_rng(9)
    late = np.where(rng.random(2000) < 0.93, 0, rng.integers(1, 4, 2000)).astype(float)
    target = (rng.random(2000) < 0.1 + 0.15 * late).astype(float)
    found = trend(target, late)
    assert found.sign == 1
    assert "over 3 bins" in found.why or "over 4 bins" in found.why


# ---- leaks ----------------------------------------------------------------------------------------------------------


def test_the_siblings_of_what_is_known_afterwards_are_set_aside_with_it():
    rng = np.random.default_rng(4)
    names = ["recoveries", "recovery fee", "total_rec_late_fee", "last_pymnt_amnt", "last_fico", "settlement_term"]
    frame = PLAIN.assign(**{name: rng.gamma(2, 100, N).round(1) for name in names}, loan_amount=rng.gamma(2, 900, N))
    proposal = proposed(frame, "status")
    assert proposal.by_role("post-outcome") == names
    assert proposal.by_role("input") == ["debt_ratio", "loan_amount"]
    why = next(each.why for each in proposal.columns if each.given == "last_fico")
    assert why == "its name belongs to that of last_pymnt_amnt: known only after the outcome?"


@pytest.mark.parametrize(
    ("name", "of", "expected"),
    [
        ("recovery_fee", "recoveries", True),
        ("total_rec_int", "total_rec_prncp", True),
        ("hardship_dpd", "hardship_amount", True),
        ("loan_amnt", "loan_status_2", False),
        ("total_acc", "total_pymnt", False),
        ("credit_history", "credit_loss", False),
        ("ratio_01", "ratio_02", False),
    ],
)
def test_names_that_many_columns_begin_with_make_no_siblings(name: str, of: str, expected: bool):
    assert bool(siblings([name], [of])) is expected


@pytest.mark.parametrize("outcome", [0, 1])
def test_a_column_of_which_a_tenth_of_the_rows_had_one_outcome_is_set_aside(outcome: int):
    rng = np.random.default_rng(6)
    bad = (rng.random(2000) < 0.4).astype(int)
    telling = rng.normal(size=2000)
    telling[np.flatnonzero(bad == outcome)[:230]] = 4 + rng.random(230)
    frame = pd.DataFrame({"telling": telling.round(2), "plain": rng.normal(size=2000).round(2), "bad": bad})
    proposal = proposed(frame, "bad", bad=("1",))
    assert role(proposal, "telling") == "post-outcome"
    assert role(proposal, "plain") == "input"


# ---- the economy ----------------------------------------------------------------------------------------------------


def test_unemployment_moves_a_proposed_book_by_an_illustrative_coefficient_of_its_class():
    frame = PLAIN.assign(loan_amount=np.arange(N) + 900.0)
    drawn = PLAIN.assign(credit_limit=1000.0 + np.arange(N), current_balance=500.0 + np.arange(N) % 70)
    found = [read_contract(proposed(each, "status").text) for each in (frame, drawn)]
    assert [each.book.exposure_class for each in found] == ["retail", "revolving"]
    variables = [each.variable("unemployment") for each in found]
    assert [each.coefficient for each in variables] == [0.18, 0.10]
    assert all(each.source.startswith("illustrative, edit me: derived from the ") for each in variables)
    assert [each.variable("gdp").coefficient for each in found] == [0, 0]


# ---- as the public credit files write them ---------------------------------------------------------------------------


def test_what_a_yes_or_no_tells_of_a_person_is_protected_by_its_name():
    said = {"black": "race", "is_hispanic": "race", "single": "marital status", "hschool": "education"}
    for name, attribute in said.items():
        assert hints.protected(name, truth=True)[0] == attribute
    assert not any(hints.protected(name, truth=True)[0] for name in ("black_listed", "single_loan", "college_savings"))
    assert not hints.protected("white", distinct=900)[0]  # an amount of something


def test_letters_are_a_sex_only_with_their_opposite():
    assert hints.protected("which", ("m", "f"))[0] == hints.protected("which", ("Female", "Male"))[0] == "sex"
    assert not hints.protected("list_status", ("w", "f"))[0]  # whole and fractional


@pytest.mark.parametrize("name", ["Idade", "Geburtsdatum", "fecha de nacimiento", "Date.of.Birth"])
def test_an_age_is_known_in_other_tongues(name: str):
    assert hints.protected(name)[0] == "age"


AFTER = ["paid_total", "paid_late_fees", "LP_CustomerPayments", "total_pymnt", "recoveries", "principal_paid"]
BEFORE = ["num_collections_last_12m", "collections_12_mths_ex_med", "total_collection_amount_ever", "EstimatedLoss"]


def test_what_is_paid_on_the_loan_comes_after_and_what_a_bureau_counted_before():
    assert [name for name in AFTER + BEFORE if hints.after_outcome(name)] == AFTER


def test_a_word_that_half_of_the_file_begins_with_makes_no_siblings_and_two_words_do():
    pixels, leaks = (
        [f"pixel_{k}_{k + 1}" for k in range(8)],
        ["pixel_8_1", "pixel_rec_int", "pixel_rec_late", "pixel_9_9"],
    )
    assert siblings([*pixels, "pixel_rec_fee", "income"], leaks) == {"pixel_rec_fee": "pixel_rec_int"}


def test_a_short_word_that_several_leaks_begin_with_takes_its_others_along():
    leaks = ["LP_CollectionFees", "LP_GrossPrincipalLoss", "LP_NetPrincipalLoss"]
    assert siblings(["LP_ServiceFees", "ListingCategory"], leaks) == {"LP_ServiceFees": leaks[0]}
    assert not siblings(["LP_ServiceFees"], leaks[:2])


def test_a_number_of_a_loan_is_its_identifier_whatever_is_said_after_it():
    assert hints.identifies("LoanNr_ChkDgt")
    assert not hints.identifies("number_of_loans")
    assert not hints.personal("DAYS_LAST_PHONE_CHANGE")
    assert hints.personal("phone_no")
    proposal = with_column("telephone", np.where(np.arange(N) % 3, "none", "yes, under her name"))
    assert "telephone" in proposal.by_role("input")


UNITS = {
    "debt_to_income": "",
    "loan_amount_term": "months",
    "Prazo (meses)": "months",
    "Laufzeit (Monate)": "months",
    "AMT_REQ_CREDIT_BUREAU_MON": "",
    "AMT_REQ_CREDIT_BUREAU_YEAR": "",
    "Valor do empréstimo": "amount",
    "loan_amount": "amount",
}


@pytest.mark.parametrize("name", UNITS)
def test_a_ratio_a_term_and_a_count_are_no_amounts(name: str):
    assert hints.unit(name, 0.0, 480.0)[0] == UNITS[name]


HORIZONS = {
    "default payment next month": 1.0,
    "SeriousDlqin2yrs": 24.0,
    "bad_12m": 12.0,
    "default_within_18_months": 18.0,
    "bad_90_days": None,
    "loan_status": None,
}


@pytest.mark.parametrize("name", HORIZONS)
def test_the_time_of_an_outcome_is_read_from_its_name(name: str):
    assert hints.months_observed(name) == HORIZONS[name]


def test_the_time_in_the_name_of_an_outcome_is_asked_about():
    frame = PLAIN.rename(columns={"status": "default next month"})
    text = proposed(frame, "default next month", "csv").text.decode()
    assert "pd_months = 1 " in text
    assert "default next month says so by its name" in text


def test_a_scale_keeps_its_rare_steps():
    proposal = with_column("grade", np.where(np.arange(N) < 5, "G", RNG.choice(list("ABCDEF"), N)))
    contract = read_contract(proposal.text)
    assert codes(contract, "grade") == list("ABCDEFG")


def test_whoever_has_no_score_has_the_code_0():
    scores = np.where(np.arange(N) % 4, RNG.integers(300, 850, N), 0)
    found = {name: read_contract(with_column(name, scores).text) for name in ("cns_score", "balance")}
    special = {name: dict(own.record[own.row[name]].special) for name, own in found.items()}
    assert special == {"cns_score": {0: "not known"}, "balance": {}}


def test_one_code_of_a_bureau_means_the_same_in_every_column():
    assert words_of_codes([-9.0], [-9.0, -8.0]) == {-9: "no record"}
    assert words_of_codes([-9.0], [-9.0]) == {-9: "not known"}


def test_plus_and_minus_may_be_the_outcome():
    signs = PLAIN.assign(status=np.where(PLAIN["status"] == PLAIN["status"].iloc[0], "+", "-"))
    with pytest.raises(BadInput, match=r"“-” .*--bad"):
        proposed(signs, "status", "csv")
    assert proposed(signs, "status", "csv", bad=("-",)).rate == (signs["status"] == "-").mean()


def test_rates_of_three_decimals_are_no_thousands():
    rates = [f"{each / 1000:.3f}" for each in range(4_100, 7_400, 11)]
    read = recognise(pd.Series(rates, name="column 13"), habit_of([rates], "|"))
    assert read.known.max() < 8
