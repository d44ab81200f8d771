import re
import tomllib
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from data.arrays import Array
from data.books import Book, read_folder
from data.contract import check_value, load_contract, read_contract
from data.errors import BadInput, BookError, OutOfRange, WhatIfError
from data.files.kinds import Limits
from data.proposing.decisions import Decisions
from data.proposing.drafting import unwritten
from data.proposing.proposal import Proposal, check_name, lay_down, propose
from data.proposing.sources import read_source
from model.monitoring.discrimination import single_input_auc as alone
from model.release import training
from model.release.checks import leakage_gates
from model.release.gate import Gate
from tests.data.files.reading import in_this_process as in_this_process
from tests.data.proposing.files import Kind, loans, written
from tests.data.proposing.tables import ROWS, columns, names


def fitted(book: Book) -> Array:
    """Log-odds of the model that the contract asks for."""
    return training.fit(book).decision_function(training.rows(book.inputs))


def guessed(book: Book) -> Array:
    """Log-odds at no cost: of the first input."""
    return np.nan_to_num(book.inputs[0])


def proposed(frame: pd.DataFrame, target: str, kind: Kind = "parquet", **decided: Any) -> Proposal:
    """Of a table, by the way of a file."""
    with TemporaryDirectory() as folder:
        source = read_source(written(frame, Path(folder), kind))
        return propose(source, Decisions(target, **decided), name="mine", margins=guessed, alone=alone)


@pytest.fixture(scope="module")
def of_loans(tmp_path_factory: pytest.TempPathFactory) -> Proposal:
    path = written(loans(), tmp_path_factory.mktemp("loans"), "csv", "loans")
    return propose(read_source(path), Decisions("status"), name="mine", margins=fitted, alone=alone)


def role(proposal: Proposal, given_name: str) -> str:
    (found,) = (each for each in proposal.columns if each.given == given_name)
    return found.role


def packaged() -> dict[str, tuple[pd.DataFrame, str]]:
    """Data sets that scikit-learn ships, their targets of two values, by name."""
    cancer = load_breast_cancer(as_frame=True).frame
    wine = load_wine(as_frame=True).frame
    wine = pd.concat([wine, wine.iloc[:60]], ignore_index=True)  # 178 rows are below the fewest
    wine["target"] = (wine["target"] == 2).astype(int)
    diabetes = load_diabetes(as_frame=True, scaled=False).frame
    diabetes["target"] = (diabetes["target"] > 140).astype(int)
    return {"cancer": (cancer, "0"), "wine": (wine, "1"), "diabetes": (diabetes, "1")}


# ---- what comes out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cancer", "wine", "diabetes"])
@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_a_packaged_data_set_becomes_a_book_that_reads(name: str, kind: Kind, tmp_path: Path):
    frame, bad = packaged()[name]
    path = written(frame, tmp_path, kind)
    assert path.suffix == f".{kind}"
    proposal = propose(read_source(path), Decisions("target", bad=(bad,)), name=name, margins=guessed, alone=alone)
    book = read_folder(lay_down(proposal, tmp_path))
    assert len(book) == len(frame)
    assert book.target.sum() == (frame["target"].astype(str) == bad).sum()
    for each in book.contract.inputs:
        given_name = next(c.given for c in proposal.columns if c.name == each.name)
        held = book.raw[book.contract.row[each.name]]
        assert np.allclose(held, frame[given_name].astype(float), rtol=1e-12, equal_nan=True)


def test_a_csv_an_excel_and_a_parquet_file_of_one_table_give_one_contract(tmp_path: Path):
    frame = loans(400).drop(columns="issue_date")
    paths = [written(frame, tmp_path, kind) for kind in ("csv", "parquet", "xlsx")]
    texts = [
        propose(read_source(path), Decisions("status"), name="mine", margins=guessed, alone=alone)
        .text.decode()
        .replace(path.name, "the file")
        for path in paths
    ]
    assert len({path.suffix for path in paths}) == 3
    assert texts[0] == texts[1] == texts[2]


def test_the_same_file_gives_the_same_bytes():
    first, second = (proposed(loans(300), "status") for _ in range(2))
    assert (first.text, first.snapshot, first.provenance) == (second.text, second.snapshot, second.provenance)


def test_about_four_in_five_are_granted_by_the_model_itself(of_loans: Proposal, tmp_path: Path):
    book = read_folder(lay_down(of_loans, tmp_path))
    score = book.contract.score
    points = score.base_score - score.points_to_double / np.log(2) * (np.log(score.base_odds) + fitted(book))
    assert (points >= score.cutoff).mean() == pytest.approx(0.8, abs=0.03)


def test_the_provenance_names_the_file_its_digest_and_what_was_changed(of_loans: Proposal):
    told = tomllib.loads(of_loans.provenance.decode())
    assert told["source"] == "loans.csv"
    assert told["command"] == "python -m model init loans.csv --target status --book mine"
    assert told["rows"] == 1500
    assert len(told["source_sha256"]) == len(told["sha256"]) == 64
    assert "country left out: it is the same in every row." in told["changes"]


def test_what_is_proposed_says_that_nobody_has_read_it(of_loans: Proposal):
    assert not read_contract(of_loans.text).book.reviewed
    assert read_contract(of_loans.text.replace(b"reviewed = false", b"reviewed = true")).book.reviewed


# ---- what is seen ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("Loan Amount", "input"),
        ("annual_income", "input"),
        ("debt_ratio", "input"),
        ("term", "input"),
        ("purpose", "input"),
        ("homeowner", "input"),
        ("Gender", "protected"),
        ("personAge", "protected"),
        ("maritalStatus", "protected"),
        ("zip_code", "protected"),
        ("issue_date", "vintage"),
        ("recoveries", "post-outcome"),  # by its name
        ("contact_flag", "post-outcome"),  # alone it tells the outcome
        ("last_seen", "post-outcome"),  # filled for one outcome only
        ("country", "left out"),  # the same everywhere
        ("notes", "left out"),  # free text
    ],
)
def test_a_column_gets_the_role_it_likely_has(of_loans: Proposal, column: str, expected: str):
    assert role(of_loans, column) == expected


def test_no_input_reads_what_is_protected_or_known_afterwards(of_loans: Proposal):
    contract = read_contract(of_loans.text)
    inputs = {each.name for each in contract.inputs}
    assert inputs == {"loan_amount", "annual_income", "debt_ratio", "term", "purpose", "homeowner"}


def test_an_identifier_is_no_input_and_numbers_the_records(of_loans: Proposal, tmp_path: Path):
    book = read_folder(lay_down(of_loans, tmp_path))
    assert book.contract.book.id == "loan_id"
    assert (np.sort(book.ids) == np.arange(100_000, 101_500)).all()
    assert "loan_id" not in book.contract.row


@pytest.mark.parametrize(
    ("name", "cells", "first", "why"),
    [
        ("Loan ID", [f"LN-{k:07d}" for k in range(700, 1000)], 700, "“LN-” before each number was dropped"),
        ("loan_id", [f"LP{k:06d}" for k in range(1002, 1302)], 1002, "“LP” before each number was dropped"),
        ("Customer Number", [f"{k:08d}" for k in range(55, 355)], 55, "is unique and named like an identifier"),
        ("account no", list(range(90_000, 90_300)), 90_000, "is unique and named like an identifier"),
        ("SK_ID_CURR", list(range(100_002, 100_302)), 100_002, "is unique and named like an identifier"),
        ("Unnamed: 0", list(range(300)), 0, "is unique and named like an identifier"),
    ],
)
def test_a_column_named_like_an_identifier_numbers_the_records(
    name: str, cells: list[object], first: int, why: str, tmp_path: Path
):
    frame = loans(300)[["debt_ratio", "status"]].assign(**{name: cells})
    proposal = proposed(frame, "status", "csv")
    book = read_folder(lay_down(proposal, tmp_path))
    assert (book.ids == np.arange(first, first + 300)).all()
    assert why in next(each.why for each in proposal.noted if (each.part, each.key) == ("book", "id"))
    assert proposal.by_role("input") == ["debt_ratio"]


def test_the_surest_name_numbers_the_records_and_other_identifiers_are_left_out():
    frame = loans(300)[["debt_ratio", "status"]]
    frame["row"], frame["Loan ID"] = np.arange(300), [f"LN{k}" for k in range(500, 800)]
    frame["Customer Number"] = np.arange(300) % 170 * 7  # some have two loans
    frame["session"] = [f"{k:08x}-0000-4000-8000-{k:012x}" for k in range(300)]
    proposal = proposed(frame, "status")
    assert read_contract(proposal.text).book.id == "loan_id"
    assert proposal.by_role("identifier") == ["row", "Customer Number", "session"]
    assert proposal.by_role("input") == ["debt_ratio"]


def test_records_whose_identifiers_hold_no_number_are_counted():
    frame = loans(300)[["debt_ratio", "status"]]
    frame["loan id"] = [f"{k:08x}-0000-4000-8000-{k:08x}beef" for k in range(300)]
    proposal = proposed(frame, "status")
    assert read_contract(proposal.text).book.id == "record_number"
    assert proposal.by_role("identifier") == ["loan id"]


@pytest.mark.parametrize("name", ["number of accounts", "num_payments", "unpaid", "valid", "id_score", "keys held"])
def test_a_count_is_no_identifier(name: str):
    frame = loans(300)[["debt_ratio", "status"]]
    frame[name] = np.arange(300) % 90 * 11
    assert role(proposed(frame, "status"), name) == "input"


@pytest.mark.parametrize(
    "name",
    [
        "sex",
        "GENDER",
        "applicantSex",
        "Geschlecht",
        "age",
        "Age (years)",
        "age_of_borrower",
        "dob_year",
        "race",
        "Ethnicity",
        "marital_status",
        "MARRIAGE",
        "EDUCATION",
        "educ_level",
        "foreign_worker",
        "citizenship",
        "religion",
        "disabled",
        "num_dependents",
        "zip3",
        "postal-code",
    ],
)
def test_a_protected_attribute_is_known_by_its_name(name: str):
    frame = loans(300)[["debt_ratio", "status"]]
    frame[name] = np.arange(300) % 4 + 20
    assert role(proposed(frame, "status"), name) == "protected"


@pytest.mark.parametrize(
    "name", ["average_balance", "mortgage", "percentage", "account_age", "car_age", "usage", "trace"]
)
def test_a_name_that_merely_holds_such_letters_is_not_protected(name: str):
    frame = loans(300)[["debt_ratio", "status"]]
    frame[name] = np.arange(300) % 4 + 20
    assert role(proposed(frame, "status"), name) == "input"


def test_a_protected_attribute_is_known_by_its_words_whatever_its_name():
    frame = loans(300)[["debt_ratio", "status"]]
    frame["attr_9"] = np.where(np.arange(300) % 3, "A91: male divorced", "A92: female single")
    assert role(proposed(frame, "status"), "attr_9") == "protected"


def test_a_direction_is_claimed_where_it_is_clear_and_only_there(of_loans: Proposal):
    found = {each.name: each.direction for each in read_contract(of_loans.text).inputs}
    assert (found["debt_ratio"], found["annual_income"]) == (1, -1)
    assert (found["loan_amount"], found["term"], found["homeowner"]) == (0, 0, 0)
    assert found["purpose"] == 0  # its codes stand for words


def test_a_shock_is_bad_for_the_bank_in_the_direction_that_the_file_shows(of_loans: Proposal):
    found = {each.name: each.adverse for each in read_contract(of_loans.text).shocks}
    assert found == {"debt_ratio_shift": 1, "annual_income_shift": -1, "loan_amount_shift": 1}
    why = {each.part: each.why for each in of_loans.noted if each.key == "adverse"}
    assert why["shocks.annual_income_shift"] == "less of it goes with more of the outcome: see its direction"
    assert why["shocks.loan_amount_shift"] == "more of it is more to lose"


def test_an_input_whose_bad_direction_is_not_clear_gets_no_shock():
    rng = np.random.default_rng(1)
    frame = loans(1500)[["status"]]
    bad = (frame["status"] == "Charged Off").to_numpy()
    frame["noise"] = rng.random(1500)
    frame["credit limit"] = np.round(rng.gamma(2, 4000, 1500) * np.where(bad, 0.6, 1.0), -2)  # safer, and more to lose
    frame["year built"] = rng.integers(1950, 2000, 1500) - 10 * bad
    assert read_contract(proposed(frame, "status").text).shocks == ()


def test_an_input_that_is_protective_but_not_steadily_so_is_shocked_downwards():
    rng = np.random.default_rng(2)
    income = rng.uniform(10_000, 90_000, 3000)
    odds = 1.5 - income / 30_000 + 1.2 * (np.abs(income - 62_000) < 5_000)
    frame = pd.DataFrame({"income": income.round(), "bad": (rng.random(3000) < 1 / (1 + np.exp(-odds))).astype(int)})
    contract = read_contract(proposed(frame, "bad").text)
    assert contract.inputs[0].direction == 0
    assert [each.adverse for each in contract.shocks] == [-1]


def test_a_year_is_told_as_a_year():
    frame = loans(300)[["debt_ratio", "status"]]
    frame["Issue year"], frame["Year built"] = 2012 + np.arange(300) % 7, 1950 + np.arange(300) % 60
    frame["birth_year"] = 1950 + np.arange(300) % 50
    proposal = proposed(frame, "status")
    contract = read_contract(proposal.text)
    assert (role(proposal, "Issue year"), role(proposal, "Year built")) == ("vintage", "input")
    assert [each.unit for each in contract.record] == ["%", "year", "year"]
    assert not re.search(r"\b[12],\d{3}\b", proposal.text.decode().replace("1,500", ""))
    (born,) = contract.protected()
    assert contract.groups(born, np.array([1950.0]))[1][0] == "below 1962"
    with pytest.raises(OutOfRange, match=r"Year built must be 1944 to 2024; 1850 was given\."):
        check_value(contract.field("year_built"), 1850)


def test_the_bands_of_a_segment_have_names_that_tell_them_apart():
    frame = loans(300)[["status"]]
    k = np.arange(300)
    frame["built in year"], frame["late"], frame["tiny"], frame["term"] = 2012 + k % 7, k % 3, k * 2e-5, 6 + k % 60
    told = {each.field: each.labels for each in read_contract(proposed(frame, "status").text).segments}
    assert told["built_in_year"] == ("2012", "2013", "2014 to 2015", "2016", "2017 and more")
    assert told["late"] == ("0", "1", "2 and more")
    assert told["term"] == (
        "up to 17 months",
        "18 to 29 months",
        "30 to 41 months",
        "42 to 53 months",
        "54 months and more",
    )
    assert told["tiny"] == (
        "below 0.0012",
        "0.0012 to 0.0024",
        "0.0024 to 0.0036",
        "0.0036 to 0.0048",
        "0.0048 and more",
    )


def test_a_share_that_whole_percents_cannot_tell_is_told_as_a_number():
    frame = loans(300)[["debt_ratio", "status"]].assign(fee_rate=np.arange(300) / 30_000)
    assert [each.unit for each in read_contract(proposed(frame, "status").text).record] == ["%", ""]


@pytest.mark.parametrize("name", ["Missed payments last year", "inquiries_last_6_months", "trips per day"])
def test_a_count_within_a_time_is_no_time(name: str):
    frame = loans(300)[["debt_ratio", "status"]].assign(**{name: np.arange(300) % 9})
    assert read_contract(proposed(frame, "status").text).record[1].unit == ""


def test_words_become_codes_in_an_order_that_knows_nothing_of_the_outcome(of_loans: Proposal):
    field = read_contract(of_loans.text).record[read_contract(of_loans.text).row["purpose"]]
    assert list(field.codes.values()) == ["car", "holiday", "house"]  # house is the safest, holiday the riskiest
    assert b"[fields.codes]  # GUESS: in the order of the alphabet, which is none by nature" in of_loans.text


@pytest.mark.parametrize("seed", range(4))
def test_other_outcomes_leave_every_other_column_of_the_snapshot_as_it_was(seed: int):
    """Codes, groups of protected attributes and what is known only afterwards: none of it is made with the outcomes."""
    frame = loans(600).drop(columns=["contact_flag", "last_seen", "recoveries"])
    rng = np.random.default_rng(seed)
    frame["branch"] = rng.choice([f"b{k}" for k in range(60)], 600)
    frame["grade"] = rng.choice(list("DABC"), 600)
    frame["collection agency"] = rng.choice(["one", "two", "three"], 600)  # known only afterwards, by its name
    frame["religion"] = rng.choice(["none", "some", "other"], 600)
    shuffled = frame.assign(status=rng.permutation(frame["status"]))
    first, second = (pd.read_parquet(BytesIO(proposed(each, "status").snapshot)) for each in (frame, shuffled))
    assert {"branch", "grade", "collection_agency", "religion", "gender", "purpose"} < set(first)
    pd.testing.assert_frame_equal(first.drop(columns="status"), second.drop(columns="status"))


def test_the_amount_of_the_loan_is_the_exposure_and_gaps_are_allowed_where_they_are(of_loans: Proposal):
    contract = read_contract(of_loans.text)
    assert contract.exposure.ead == "max(loan_amount, 0)"
    assert {each.name for each in contract.record if each.missing} == {"annual_income"}


def test_a_limit_and_a_balance_make_an_exposure_with_a_conversion_factor():
    frame = loans(300)[["debt_ratio", "status"]]
    frame["credit_limit"], frame["current_balance"] = 1000.0 + np.arange(300), 500.0 + np.arange(300) % 70
    contract = read_contract(proposed(frame, "status").text)
    assert (
        contract.exposure.ead
        == "max(current_balance, 0) + ccf * max(max(credit_limit, 0) - max(current_balance, 0), 0)"
    )
    assert contract.assumption("ccf").default == 0.5


def test_without_an_amount_the_book_is_not_told_in_money_and_the_contract_says_so():
    text = proposed(loans(300)[["debt_ratio", "status"]], "status").text
    contract = read_contract(text)
    assert not contract.in_money
    assert {each.name for each in contract.assumptions} == {"correlation"}
    assert b'ead = "1"  # GUESS: no column says what is owed on the loan' in text


@pytest.mark.parametrize(
    ("cells", "unit", "third"),
    [
        ([f"{k}.5%" for k in range(300)], "%", 0.025),
        ([f"{k} months" for k in range(300)], "months", 2),
        ([f"${k},000" for k in range(1, 301)], "$", 3000),
        ([f"{k % 90} " if k % 50 else "?" for k in range(1, 301)], "", 3),
    ],
)
def test_numbers_with_signs_are_read_as_numbers(cells: list[str], unit: str, third: float, tmp_path: Path):
    frame = loans(300)[["debt_ratio", "status"]]
    frame["x"] = cells
    book = read_folder(lay_down(proposed(frame, "status"), tmp_path))
    assert book.contract.record[book.contract.row["x"]].unit == unit
    assert book.raw[book.contract.row["x"], 2] == pytest.approx(third)


def test_infinite_values_count_as_missing_and_the_provenance_says_so():
    frame = loans(300)[["debt_ratio", "status"]]
    frame["x"] = np.where(np.arange(300) == 5, np.inf, np.arange(300) % 70)
    proposal = proposed(frame, "status")
    assert b"1 infinite value counted as missing" in proposal.provenance
    assert read_contract(proposal.text).record[1].missing


def test_decimal_commas_are_read_where_semicolons_part_the_cells(tmp_path: Path):
    frame = loans(300)[["debt_ratio", "status"]]
    frame.to_csv(tmp_path / "a.csv", index=False, sep=";", decimal=",")
    book = read_folder(
        lay_down(
            propose(read_source(tmp_path / "a.csv"), Decisions("status"), name="mine", margins=guessed, alone=alone),
            tmp_path,
        )
    )
    assert np.allclose(book.raw[0], frame["debt_ratio"])


def test_names_that_formulas_cannot_read_are_replaced_and_told():
    frame = loans(300)[["debt_ratio", "status"]]
    for k, name in enumerate(["lambda", "max", "2nd loan", "Größe (€)", "名前", "apr", "own_home", "a b", "a_b"]):
        frame[name] = (np.arange(300) + k) % (37 + k)
    proposal = proposed(frame, "status")
    names = [each.name for each in read_contract(proposal.text).inputs]
    assert names[1:] == ["x_lambda", "x_max", "x_2nd_loan", "groe", "column_7", "x_apr", "x_own_home", "a_b", "a_b_2"]
    assert "名前 is column_7.".encode() in proposal.provenance


# ---- nothing is guessed silently ------------------------------------------------------------------------------------

STATED = {  # what the file says itself, what refers to another part, and what follows from a marked value beside it
    "version",
    "name",
    "reviewed",
    "file",
    "target",
    "seed",
    "label",
    "role",
    "concept",
    "formula",
    "unit",
    "start",
    "phrase",
    "direction",
    "rules",
    "shows",
    "measure",
    "sense",
    "field",
    "labels",
    "feeds",
    "help",
    "source",
    "id",
    "missing",
    "column",
    "id_column",
    "words",
    "reading",
}
MARKED_IN = {  # where these, too, are guesses
    "fields": {"unit", "missing"},
    "inputs": {"direction", "unit", "missing"},
    "levers": {"direction", "help"},
    "concepts": {"label"},
}
MARK = re.compile(r"  # (?:GUESS|ASSUMPTION|TO DO): \S")


def unmarked(text: str) -> list[str]:
    """The lines of a contract that hold a guess and do not say so."""
    found, part, role_ = [], "", ""
    for line in text.splitlines():
        if line.startswith("["):
            part, role_ = line.split("  #")[0].strip("[]"), ""
            if part.endswith(".codes") and not MARK.search(line):
                found.append(line)
            continue
        if not line or line.startswith("#") or part.endswith(".codes"):
            continue
        key = line.split(" = ")[0]
        if key == "role":
            role_ = line.split('"')[1]
        guess = key not in STATED or key in MARKED_IN.get(part, ()) or (key == "role" and role_ != "target")
        if guess and not MARK.search(line):
            found.append(f"[{part}] {line}")
    return found


@pytest.mark.parametrize("name", ["loans", "cancer", "wine", "diabetes"])
def test_every_guess_is_marked_where_it_stands(name: str, of_loans: Proposal):
    proposal, stated = of_loans, list[str]()
    if name != "loans":
        frame, bad = packaged()[name]
        proposal, stated = proposed(frame, "target", bad=(bad,)), ["[fields.codes]"]  # --bad was given: no guess
    assert unmarked(proposal.text.decode()) == stated


def test_what_is_left_to_write_is_found_where_a_person_has_not_written_it(of_loans: Proposal):
    left = unwritten(of_loans.text)
    assert len(left) == sum(each.mark == "TO DO" for each in of_loans.noted)
    assert {"book.title", "card.owner", "fields.debt_ratio.help", "concepts.purpose.reason"} <= set(left)
    done = re.sub(rb"  # TO DO: .*", b"", of_loans.text)
    assert unwritten(done) == ()
    assert unwritten(done + b'\n[more]\ntext = "a # TO DO: in quotes"\nhelp = "" # TO DO: this\n') == ("more.help",)


def leaks(proposal: Proposal, home: Path) -> dict[str, Gate]:
    """The gates on leakage of a proposed book, as its training measures them."""
    book = read_folder(lay_down(proposal, home))
    return {gate.name: gate for gate in leakage_gates(book, 0.5)}


def test_a_book_full_of_repeated_records_keeps_the_bound_it_proposes(tmp_path: Path):
    frame = loans(300).drop(columns=["LoanID", "contact_flag", "last_seen", "notes", "zip_code"])
    twice = pd.concat([frame, frame.head(120)], ignore_index=True)  # 240 of 420 have a copy, 120 repeat another
    gate = leaks(proposed(twice, "status"), tmp_path)["duplicates"]
    assert 1.25 * 120 / 420 < gate.figure <= 240 / 420
    assert gate.passed
    assert leaks(proposed(frame, "status"), tmp_path / "once")["duplicates"].bound == 0.01


def test_a_book_of_nothing_but_copies_keeps_the_bound_it_proposes(tmp_path: Path):
    frame = pd.DataFrame({"late": [0, 1, 2, 3] * 75, "bad": [0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1] * 25})
    gate = leaks(proposed(frame, "bad"), tmp_path)["duplicates"]
    assert (gate.figure, gate.bound, gate.passed) == (1.0, 1.0, True)


@pytest.mark.parametrize("seed", range(5))
def test_inputs_of_mere_noise_keep_the_bound_that_a_small_book_proposes(seed: int, tmp_path: Path):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(250, 20)).round(3), columns=[f"x{k}" for k in range(20)])
    frame["bad"] = rng.permutation(np.arange(250) < 25).astype(int)
    proposal = proposed(frame, "bad")
    assert len(proposal.by_role("input")) == 20
    assert leaks(proposal, tmp_path)["single"].passed


@pytest.mark.parametrize(("spread", "expected"), [(0.3, "post-outcome"), (0.45, "post-outcome"), (0.6, "input")])
def test_a_column_is_set_aside_where_its_gate_would_find_that_it_knows_the_outcome(
    spread: float, expected: str, tmp_path: Path
):
    rng = np.random.default_rng(3)
    bad = rng.permutation(np.arange(300) < 60)
    worst_in_the_middle = np.where(bad, rng.normal(0, 0.3, 300), rng.choice([-1, 1], 300) + rng.normal(0, spread, 300))
    frame = pd.DataFrame({"middle": worst_in_the_middle, "noise": rng.normal(size=300), "bad": bad.astype(int)})
    proposal = proposed(frame, "bad")
    assert role(proposal, "middle") == expected
    assert leaks(proposal, tmp_path)["single"].passed


def test_an_outcome_that_was_named_is_no_guess_and_one_that_was_not_is():
    frame = loans(300)[["debt_ratio", "status"]]
    named, taken = proposed(frame, "status", bad=("Charged Off",)), proposed(frame, "status")
    assert named.text != taken.text
    assert b"[fields.codes]  # GUESS: Charged Off was taken for the bad outcome" in taken.text
    assert b"was taken for the bad outcome" not in named.text
    assert named.snapshot == taken.snapshot


def test_every_mark_in_the_contract_is_on_the_list_to_review(of_loans: Proposal):
    text = of_loans.text.decode()
    for mark in ("GUESS", "ASSUMPTION", "TO DO"):
        assert len(re.findall(rf"# {mark}: ", text)) == sum(each.mark == mark for each in of_loans.noted)


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(y=np.arange(len(f)) % 3), "has 3 values: .*Which of them are bad is for you to say: --bad"),
        (lambda f: f.assign(y=1), "has one value only"),
        (lambda f: f.assign(y=np.where(np.arange(len(f)) < 9, np.nan, f["y"])), "is missing in 9 of 300 rows"),
        (lambda f: f.head(150), "has 150 rows; a model needs at least 200"),
        (lambda f: f.assign(y=(np.arange(len(f)) < 5) * 1), "Only 5 rows"),
        (lambda f: f.drop(columns="y"), "has no column “y”"),
        (lambda f: f[["y"]], "no column that a model could use"),
        (lambda f: f[["y"]].assign(only=3), "no column that a model could use. only: left out, it is the same"),
        (lambda f: f.set_axis(["y", "y"], axis=1), "two columns of one name"),
    ],
)
def test_a_table_that_no_book_can_be_made_of_is_refused_with_a_reason(change, message: str):
    frame = loans(300)[["debt_ratio"]].assign(y=np.arange(300) % 4 // 3)
    with pytest.raises(BadInput, match=message):
        proposed(change(frame), "y")


def test_more_columns_than_a_contract_takes_are_refused():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 260)), columns=[f"v{k}x" for k in range(260)])
    with pytest.raises(BadInput, match="260 columns that a model could use; at most 255"):
        proposed(frame.assign(y=np.arange(300) % 2), "y")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("term", "is not unique"),
        ("none", "is no column"),
        ("status", "is the target"),
        ("maritalStatus", "is missing in"),
    ],
)
def test_an_identifier_that_identifies_nothing_is_refused(column: str, message: str):
    with pytest.raises(BadInput, match=message):
        proposed(loans(300), "status", id=column)


@pytest.mark.parametrize("name", ["", "Mine", "../mine", "a b", "9a", "con", "a" * 41, "mine/x", ".hidden"])
def test_an_unsafe_name_is_refused(name: str, tmp_path: Path):
    with pytest.raises(BadInput, match="cannot be the name of a book"):
        check_name(name, tmp_path)


def test_a_name_that_is_taken_is_refused_and_nothing_is_written_over(of_loans: Proposal, tmp_path: Path):
    folder = lay_down(of_loans, tmp_path)
    for name in ("cards", "mine"):
        with pytest.raises(BookError, match=f"There is a book {name} already"):
            check_name(name, tmp_path)
    with pytest.raises(BookError, match="There is a book mine already"):
        lay_down(of_loans, tmp_path)
    assert [each.name for each in (tmp_path / "books").iterdir()] == ["mine"]
    assert load_contract(folder / "contract.toml").book.name == "mine"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"a,b\n1,2\n" + b"1,2,3\n" * 6, "has 6 rows that do not fit its columns, the first on line 3"),
        ("a.csv", b"a,b\n1,'\x81\x8d'\n", "neither UTF-8 nor plainly Windows-1252"),
        ("a.xlsx", b"PK\x03\x04nothing", "Excel workbook cannot be read"),
        ("a.parquet", b"PAR1nothing", "Parquet file cannot be read"),
        ("a.json", b"{}", "is of no kind that is read here"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(name: str, content: bytes, message: str, tmp_path: Path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=message):
        read_source(tmp_path / name)


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match="There is no file “none"):
        read_source(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BadInput, match="cannot be opened"):
        read_source(tmp_path / "folder.csv")


def test_a_workbook_of_several_sheets_asks_which(tmp_path: Path):
    path = tmp_path / "two.xlsx"
    with pd.ExcelWriter(path, engine="xlsxwriter") as file:
        loans(300).to_excel(file, sheet_name="Loans", index=False)
        loans(20).to_excel(file, sheet_name="Old", index=False)
    with pytest.raises(BadInput, match=r"has 2 sheets: “Loans”, “Old”\. Say which by --sheet"):
        read_source(path)
    with pytest.raises(BadInput, match="has no sheet “New”"):
        read_source(path, "New")
    assert len(read_source(path, "Loans").frame) == 300


def test_a_file_beyond_the_size_is_refused(tmp_path: Path):
    loans(300).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(BadInput, match="at most 0 MB are read"):
        read_source(tmp_path / "a.csv", limits=Limits(size=100))


# ---- whatever is given ----------------------------------------------------------------------------------------------


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.dictionaries(names, columns(), min_size=1, max_size=5),
    st.integers(0, 99),
    st.sampled_from(["parquet", "csv", "xlsx"]),
)
@example({"a": pd.Series([1e-310] * 110 + [2e-310] * 110)}, 1, "parquet")
@example({"a": pd.Series([-1e14] * 110 + [1e14] * 110), "b": pd.Series([True, None] * 110, dtype=object)}, 1, "parquet")
def test_any_table_gives_a_contract_that_reads_or_a_clear_error(held: dict[str, pd.Series], seed: int, kind: Kind):
    assume("y" not in {name.strip() for name in held})
    target = np.random.default_rng(seed).permutation(np.arange(ROWS) < 100).astype(int)
    proposal, refused = None, ""
    try:
        proposal = proposed(pd.DataFrame({**held, "y": target}), "y", kind)
    except WhatIfError as error:
        refused = str(error)
    if proposal is None:
        assert refused.endswith(".")
        return
    assert read_contract(proposal.text).inputs
    assert unmarked(proposal.text.decode()) == []
    assert tomllib.loads(proposal.provenance.decode())["rows"] == ROWS
