"""The snapshot's derivation from the published table."""

from pathlib import Path

import pandas as pd
import pytest

from data.cards.derive import derive_cards, main

PUBLISHED = {
    "LIMIT_BAL": [20000, 120000, 90000],
    "SEX": [2, 1, 2],
    "EDUCATION": [2, 0, 6],
    "MARRIAGE": [1, 0, 2],
    "AGE": [24, 26, 34],
    **{name: [k, -1, 0] for k, name in enumerate(["PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"])},
    **{f"BILL_AMT{k}": [1000 + k, 2000 + k, -k] for k in range(1, 7)},
    **{f"PAY_AMT{k}": [k, 0, 10 * k] for k in range(1, 7)},
    "target": [1, 0, 0],
    "ID": [7, 8, 9],
}


@pytest.fixture
def published() -> pd.DataFrame:
    return pd.DataFrame(PUBLISHED)


def test_derivation_names_fields_and_numbers_months_from_the_latest(published: pd.DataFrame):
    book = derive_cards(published)
    assert book["limit"].tolist() == [20000, 120000, 90000]
    assert book.loc[0, [f"status_{k}" for k in range(1, 7)]].tolist() == [0, 1, 2, 3, 4, 5]
    assert book.loc[1, [f"bill_{k}" for k in range(1, 7)]].tolist() == [2001, 2002, 2003, 2004, 2005, 2006]
    assert book.loc[2, [f"paid_{k}" for k in range(1, 7)]].tolist() == [10, 20, 30, 40, 50, 60]
    assert book["missed_next_payment"].tolist() == [1, 0, 0]


def test_derivation_numbers_customers_from_one_in_the_order_of_the_source(published: pd.DataFrame):
    assert derive_cards(published.iloc[::-1])["customer"].tolist() == [1, 2, 3]
    assert derive_cards(published.iloc[::-1])["limit"].tolist() == [90000, 120000, 20000]


@pytest.mark.parametrize("code", [0, 5, 6])
def test_derivation_maps_undocumented_education_to_other(published: pd.DataFrame, code: int):
    assert derive_cards(published.assign(EDUCATION=code))["education"].tolist() == [4, 4, 4]


def test_derivation_maps_undocumented_marital_status_to_other_and_keeps_the_rest(published: pd.DataFrame):
    assert derive_cards(published)["marriage"].tolist() == [1, 3, 2]


@pytest.mark.parametrize("code", [1, 2, 3, 4])
def test_derivation_keeps_documented_education(published: pd.DataFrame, code: int):
    assert set(derive_cards(published.assign(EDUCATION=code))["education"]) == {code}


def test_derivation_leaves_the_source_as_it_was(published: pd.DataFrame):
    before = published.copy()
    derive_cards(published)
    pd.testing.assert_frame_equal(published, before)


def test_derivation_names_the_columns_a_source_lacks(published: pd.DataFrame):
    with pytest.raises(ValueError, match="lacks the columns PAY_0, AGE of UCI data set 350"):
        derive_cards(published.drop(columns=["PAY_0", "AGE"]))


@pytest.mark.parametrize("value", [None, 0.5])
def test_derivation_refuses_missing_and_fractional_values(published: pd.DataFrame, value: float | None):
    with pytest.raises(ValueError, match="whole numbers only and no missing value"):
        derive_cards(published.assign(BILL_AMT3=[1.0, value, 2.0]))


def test_derivation_writes_the_snapshot_it_was_asked_for(published: pd.DataFrame, tmp_path: Path):
    source, destination = tmp_path / "source.parquet", tmp_path / "book.parquet"
    published.to_parquet(source)
    main(str(source), str(destination))
    pd.testing.assert_frame_equal(pd.read_parquet(destination), derive_cards(published))
