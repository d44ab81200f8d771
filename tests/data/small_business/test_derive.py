"""The snapshot's derivation from the published table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.small_business.derive import SOURCE, STATES, derive_loans, main

PUBLISHED = {
    "ApprovalDate": pd.to_datetime(["1997-02-28", "2004-01-30", "2006-09-30"]),
    "ApprovalFY": [1997, 2004, 2006],
    "State": ["IN", "CA", "AK"],
    "BankState": ["OH", "CA", "PR"],
    "NAICS": [451120, 722410, 541110],
    "Term": [84, 36, 60],
    "NoEmp": [4, 1, 30],
    "NewExist": [2.0, 1.0, 1.0],
    "CreateJob": [0, 1, 2],
    "RetainedJob": [0, 1, 2],
    "FranchiseCode": [1, 0, 78760],
    "UrbanRural": [1, 2, 1],
    "RevLineCr": ["N", "Y", "N"],
    "LowDoc": ["Y", "N", "N"],
    "DisbursementDate": pd.to_datetime(["1999-02-28", "2004-03-31", "2006-10-31"]),
    "DisbursementGross": [60000.0, 51000.0, 4000.0],
    "GrAppv": [60000.0, 50000.0, 4000.0],
    "SBA_Appv": [48000.0, 25000.0, 4000.0],
    "MIS_Status": ["P I F", "CHGOFF", "P I F"],
    "ChgOffDate": pd.to_datetime([None, "2006-01-01", None]),
    "ChgOffPrinGr": [0.0, 42000.0, 0.0],
}


@pytest.fixture
def published() -> pd.DataFrame:
    return pd.DataFrame(PUBLISHED)


def test_derivation_renames_what_was_known_at_the_approval(published: pd.DataFrame):
    book = derive_loans(published)
    assert book["approval_year"].tolist() == [1997, 2004, 2006]
    assert book["amount"].tolist() == [60000, 50000, 4000]
    assert book["guaranteed"].tolist() == [48000, 25000, 4000]
    assert book["employees"].tolist() == [4, 1, 30]
    assert book["business"].tolist() == [2, 1, 1]
    assert book["location"].tolist() == [1, 2, 1]
    assert book["revolving"].tolist() == [1, 2, 1]
    assert book["industry"].tolist() == [451, 722, 541]


def test_derivation_keeps_what_became_known_later(published: pd.DataFrame):
    book = derive_loans(published)
    assert book["term"].tolist() == [84, 36, 60]
    assert book["disbursed"].tolist() == [60000, 51000, 4000]
    assert book["disbursement_year"].tolist() == [1999, 2004, 2006]
    assert book["charged_off_principal"].tolist() == [0, 42000, 0]
    assert book["charged_off"].tolist() == [0, 1, 0]


def test_derivation_leaves_out_what_marks_the_date_of_an_approval(published: pd.DataFrame):
    assert {"ApprovalDate", "LowDoc", "CreateJob", "RetainedJob", "ChgOffDate"}.isdisjoint(SOURCE)
    pd.testing.assert_frame_equal(derive_loans(published), derive_loans(published[list(SOURCE)]))


def test_derivation_numbers_loans_from_one_in_the_order_of_the_source(published: pd.DataFrame):
    assert derive_loans(published.iloc[::-1])["loan"].tolist() == [1, 2, 3]
    assert derive_loans(published.iloc[::-1])["amount"].tolist() == [4000, 50000, 60000]


def test_derivation_numbers_states_by_their_postal_codes(published: pd.DataFrame):
    book = derive_loans(published)
    assert [STATES[code - 1] for code in book["state"]] == ["IN", "CA", "AK"]
    assert [STATES[code - 1] for code in book["bank_state"]] == ["OH", "CA", "PR"]


@pytest.mark.parametrize("code", [None, "EN", "", "ca"])
def test_derivation_takes_unknown_states_as_not_stated(published: pd.DataFrame, code: str | None):
    book = derive_loans(published.assign(State=code, BankState=code))
    assert set(book["state"]) == set(book["bank_state"]) == {0}


@pytest.mark.parametrize("code", ["0", "T", "R", "`", "1", "2", "y", None])
def test_derivation_takes_undocumented_codes_of_the_credit_line_as_not_stated(published: pd.DataFrame, code: str):
    assert derive_loans(published.assign(RevLineCr=["N", code, "Y"]))["revolving"].tolist() == [1, 0, 2]


def test_derivation_takes_undefined_locations_and_businesses_as_not_stated(published: pd.DataFrame):
    book = derive_loans(published.assign(UrbanRural=[0, 1, 2], NewExist=[0.0, np.nan, 1.0]))
    assert book["location"].tolist() == [0, 1, 2]
    assert book["business"].tolist() == [0, 0, 1]


@pytest.mark.parametrize(("code", "franchise"), [(0, 0), (1, 0), (2, 1), (78760, 1)])
def test_derivation_takes_both_codes_of_no_franchise_as_none(published: pd.DataFrame, code: int, franchise: int):
    assert set(derive_loans(published.assign(FranchiseCode=code))["franchise"]) == {franchise}


@pytest.mark.parametrize(
    ("naics", "industry"),
    [
        (0, 0),
        (722410, 722),
        (233210, 236),
        (234110, 237),
        (235310, 238),
        (421990, 423),
        (422110, 424),
        (513322, 517),
        (515112, 517),
        (514191, 518),
        (516110, 518),
        (519130, 518),
        (928110, 920),
    ],
)
def test_derivation_takes_industries_of_earlier_editions_as_their_successors(
    published: pd.DataFrame, naics: int, industry: int
):
    assert set(derive_loans(published.assign(NAICS=naics))["industry"]) == {industry}


@pytest.mark.parametrize(("employees", "kept"), [(0, 1), (1, 1), (1500, 1500), (5812, 1500), (9999, 1500)])
def test_derivation_counts_the_owner_and_holds_slips_at_the_programmes_limit(
    published: pd.DataFrame, employees: int, kept: int
):
    assert set(derive_loans(published.assign(NoEmp=employees))["employees"]) == {kept}


@pytest.mark.parametrize(
    ("date", "kept"),
    [("1996-12-31", 1996), ("2008-01-01", 2008), ("1995-12-31", None), ("2009-01-01", None), (None, None)],
)
def test_derivation_takes_disbursements_that_the_approval_rules_out_as_missing(
    published: pd.DataFrame, date: str | None, kept: int | None
):
    book = derive_loans(published.assign(ApprovalFY=1997, DisbursementDate=pd.to_datetime([date] * 3)))
    assert book["disbursement_year"].isna().all() if kept is None else set(book["disbursement_year"]) == {kept}


def test_derivation_leaves_the_source_as_it_was(published: pd.DataFrame):
    before = published.copy()
    derive_loans(published)
    pd.testing.assert_frame_equal(published, before)


def test_derivation_names_the_columns_a_source_lacks(published: pd.DataFrame):
    with pytest.raises(ValueError, match=r"lacks the columns ApprovalFY, NAICS of the SBA's 7\(a\) loans"):
        derive_loans(published.drop(columns=["ApprovalFY", "NAICS"]))


@pytest.mark.parametrize("value", [None, 0.5])
def test_derivation_refuses_missing_and_fractional_amounts(published: pd.DataFrame, value: float | None):
    with pytest.raises(ValueError, match="whole dollars and never missing"):
        derive_loans(published.assign(ChgOffPrinGr=[1.0, value, 2.0]))


def test_derivation_refuses_more_guaranteed_than_approved(published: pd.DataFrame):
    with pytest.raises(ValueError, match="guaranteed beyond the amount approved"):
        derive_loans(published.assign(SBA_Appv=60001.0))


@pytest.mark.parametrize("status", [None, "EXEMPT"])
def test_derivation_refuses_loans_that_are_not_resolved(published: pd.DataFrame, status: str | None):
    with pytest.raises(ValueError, match="paid in full"):
        derive_loans(published.assign(MIS_Status=["P I F", "CHGOFF", status]))


def test_derivation_writes_the_snapshot_it_was_asked_for(published: pd.DataFrame, tmp_path: Path):
    source, destination = tmp_path / "source.parquet", tmp_path / "book.parquet"
    published.to_parquet(source)
    main(str(source), str(destination))
    pd.testing.assert_frame_equal(pd.read_parquet(destination), derive_loans(published))
