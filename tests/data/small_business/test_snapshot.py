"""The shipped snapshot is what its provenance and its contract say."""

import hashlib
import tomllib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data import books
from data.books import SHIPPED, Book
from data.contract import Contract, read_contract
from data.errors import ContractError
from data.small_business.rates import formulas

FOLDER = SHIPPED / "small_business"

# fiscal year: loans, charge-off rate, realised loss given default
VINTAGES = {
    1991: (15660, 0.0283, 0.4966),
    1992: (20875, 0.0216, 0.4335),
    1993: (23299, 0.0186, 0.4244),
    1994: (31584, 0.0220, 0.4422),
    1995: (45688, 0.0284, 0.4834),
    1996: (40021, 0.0411, 0.4881),
    1997: (37718, 0.0596, 0.5198),
    1998: (36005, 0.0825, 0.5377),
    1999: (37348, 0.0989, 0.5627),
    2000: (37352, 0.1142, 0.5799),
    2001: (37317, 0.1192, 0.5772),
    2002: (44307, 0.1171, 0.5683),
    2003: (58000, 0.1453, 0.5964),
    2004: (68195, 0.1805, 0.6192),
    2005: (76958, 0.2531, 0.6654),
    2006: (75756, 0.3500, 0.7294),
    2007: (71649, 0.4279, 0.7756),
    2008: (39458, 0.4118, 0.7818),
    2009: (19103, 0.2079, 0.7301),
}


@pytest.fixture(scope="module")
def book() -> Book:
    return books.read_book("small_business")


@pytest.fixture(scope="module")
def contract(book: Book) -> Contract:
    return book.contract


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "small_business.parquet")


@pytest.fixture(scope="module")
def provenance() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "provenance.toml").read_text())


def test_snapshot_has_the_checksum_its_provenance_states(book: Book, provenance: dict[str, Any]):
    content = (FOLDER / book.contract.book.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == provenance["sha256"] == book.sha256


def test_snapshot_has_the_rows_and_the_outcome_rate_its_provenance_states(book: Book, provenance: dict[str, Any]):
    assert len(book) == provenance["rows"] == 816293
    assert book.target.mean() == pytest.approx(provenance["outcome_rate"], abs=5e-5)


def test_provenance_names_source_licence_and_every_change(provenance: dict[str, Any]):
    assert provenance["licence"].startswith("Public domain")
    assert {"publisher", "authors", "changes", "encodings", "command", "source_sha256"} <= set(provenance)


def test_totals_are_those_of_the_publication(frame: pd.DataFrame):
    assert frame["amount"].sum() == 154_373_339_097
    assert frame["guaranteed"].sum() == 118_934_438_887
    assert frame["charged_off_principal"].sum() == 11_040_639_451
    assert frame["charged_off"].sum() == 145_385


def test_loans_charge_off_rate_and_realised_loss_of_each_vintage(frame: pd.DataFrame):
    lost = frame[frame["charged_off"] == 1].groupby("approval_year")
    found = pd.DataFrame(
        {
            "loans": frame.groupby("approval_year").size(),
            "rate": frame.groupby("approval_year")["charged_off"].mean().round(4),
            "lgd": (lost["charged_off_principal"].sum() / lost["amount"].sum()).round(4),
        }
    )
    assert {year: (row.loans, row.rate, row.lgd) for year, row in found.iterrows()} == VINTAGES


def test_loans_are_numbered_from_one_without_a_gap(book: Book):
    np.testing.assert_array_equal(book.ids, np.arange(1, 816294))


def test_nothing_is_missing_but_years_of_disbursement_that_cannot_be(frame: pd.DataFrame):
    gaps = frame.isna().sum()
    assert gaps[gaps > 0].to_dict() == {"disbursement_year": 1597}


def test_every_loan_keeps_the_range_of_every_field(book: Book):
    for field, values in zip(book.contract.record, book.raw, strict=True):
        assert field.minimum <= values.min(), field.name
        assert values.max() <= field.maximum, field.name
        assert not field.codes or set(np.unique(values)) <= set(field.codes), field.name


def test_every_observed_column_holds_declared_values_only(book: Book):
    for field in book.contract.observed:
        values = book.observed[field.name]
        known = values[~np.isnan(values)]
        assert field.missing or len(known) == len(values), field.name
        assert np.all((known >= field.minimum) & (known <= field.maximum)), field.name
        assert not field.codes or set(np.unique(known)) <= set(field.codes), field.name


def test_every_loan_keeps_the_rules_of_the_contract(book: Book):
    assert book.contract.broken(book.raw) == []


def test_every_loan_has_a_vintage_that_no_input_reads(book: Book, contract: Contract):
    assert contract.vintage is not None
    assert set(book.vintages.astype(int)) == set(VINTAGES)
    row = contract.row[contract.vintage.name]
    assert all(row not in reads for reads in contract.reads)


def test_first_loan_is_the_first_of_the_publication(book: Book, contract: Contract):
    first = dict(zip(contract.row, book.raw[:, 0], strict=True))
    known = {"approval_year": 1997, "amount": 60000, "guaranteed": 48000, "employees": 4, "business": 2}
    assert known.items() <= first.items()
    codes = {name: contract.record[contract.row[name]].codes[int(first[name])] for name in ("state", "bank_state")}
    assert codes == {"state": "Indiana", "bank_state": "Ohio"}


def test_inputs_of_the_first_loan_are_those_worked_by_hand(book: Book):
    worked = {
        "amount": 60000,
        "per_employee": 15000,
        "guaranteed_share": 0.8,
        "employees": 4,
        "new": 1,
        "franchise": 0,
        "revolving": 0,
        "rural": 0,
        "industry_rate": 0.135,  # shops for sport, hobby and books
        "state_rate": 0.09,  # Indiana
        "bank_state_rate": 0.086,  # Ohio
        "away": 1,
    }
    names = [each.name for each in book.contract.inputs]
    assert dict(zip(names, book.inputs[:, 0], strict=True)) == worked


def test_no_input_is_ever_missing(book: Book):
    assert not np.isnan(book.inputs).any()


def test_numbers_measured_in_the_book_stand_in_the_contract(contract: Contract, frame: pd.DataFrame):
    measured = formulas(frame)
    inputs = {each.name: each.formula for each in contract.inputs}
    assert inputs["industry_rate"] == measured["industry"]
    assert inputs["state_rate"] == measured["state"]
    assert inputs["bank_state_rate"] == measured["bank_state"]
    assert measured["lgd"] in contract.exposure.lgd


# ---- the date stays out ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "common", "inputs"),
    [
        ("business", 1, ["new"]),
        ("revolving", 1, ["revolving"]),
        ("location", 1, ["rural"]),
        ("industry", 238, ["industry_rate"]),
        ("state", 35, ["state_rate"]),
        ("bank_state", 35, ["bank_state_rate"]),
    ],
)
def test_what_is_not_stated_is_to_the_model_a_common_category(
    book: Book, contract: Contract, field: str, common: int, inputs: list[str]
):
    row = contract.row[field]
    assert (book.raw[row] == common).mean() > 0.03
    gap, other = book.raw[:, :1].copy(), book.raw[:, :1].copy()
    gap[row], other[row] = 0, common
    wanted = [k for k, each in enumerate(contract.inputs) if each.name in inputs]
    np.testing.assert_array_equal(contract.derive(gap, wanted), contract.derive(other, wanted))


def test_unknown_seat_of_the_bank_is_to_the_model_another_state(book: Book, contract: Contract):
    record = book.raw[:, :1].copy()
    record[contract.row["state"]] = record[contract.row["bank_state"]] = 0
    away = [each.name for each in contract.inputs].index("away")
    assert contract.derive(record, [away])[0, 0] == 1


def test_industries_of_2000_that_are_not_stated_hide_among_stated_ones(book: Book, contract: Contract):
    chosen = (book.vintages >= 2000) & (book.vintages <= 2005)
    unknown = book.raw[contract.row["industry"]][chosen] == 0
    rate = book.inputs[[each.name for each in contract.inputs].index("industry_rate")][chosen]
    assert unknown.mean() == pytest.approx(0.0515, abs=5e-4)
    alike = rate == rate[unknown][0]
    assert alike[unknown].all()
    assert unknown[alike].mean() < 0.5  # most loans of that value state their industry


@pytest.mark.parametrize("column", ["term", "disbursed", "disbursement_year", "charged_off_principal"])
def test_what_became_known_later_is_read_by_no_input(contract: Contract, column: str):
    leaking = contract.text.replace(b'formula = "franchise"', f'formula = "{column}"'.encode())
    with pytest.raises(ContractError, match=f"input franchise reads {column}, which is known only after the outcome"):
        read_contract(leaking)


@pytest.mark.parametrize(("column", "told"), [("approval_year", "the vintage"), ("charged_off", "the outcome itself")])
def test_vintage_and_outcome_are_read_by_no_input(contract: Contract, column: str, told: str):
    leaking = contract.text.replace(b'formula = "franchise"', f'formula = "{column}"'.encode())
    with pytest.raises(ContractError, match=f"input franchise reads {column}, .*{told}"):
        read_contract(leaking)


# ---- what is lost, and who bears it ---------------------------------------------------------------------------------


def test_loss_given_default_is_each_vintages_own_and_reconciles_with_what_was_lost(book: Book, contract: Contract):
    exposed = contract.exposures(book.raw, {})
    lost = book.target == 1
    realised = contract.realised_loss(book.raw, book.observed)
    assert realised is not None
    for year, (_, _, lgd) in VINTAGES.items():
        of = lost & (book.vintages == year)
        assert np.unique(np.asarray(exposed.lgd)[of]) == pytest.approx([lgd])
        assert realised[of].sum() / exposed.ead[of].sum() == pytest.approx(lgd, abs=5e-5)
    expected = (np.asarray(exposed.lgd) * exposed.ead)[lost].sum()
    assert expected == pytest.approx(realised[lost].sum(), rel=1e-4)


def test_default_of_the_assumed_loss_is_the_books_realised_one(book: Book, contract: Contract):
    lost = book.target == 1
    realised = contract.realised_loss(book.raw, book.observed)
    assert realised is not None
    whole = realised[lost].sum() / contract.exposures(book.raw, {}).ead[lost].sum()
    assert contract.assumption("lgd").default == pytest.approx(whole, abs=0.005)


def test_assumed_loss_moves_all_vintages_in_proportion_and_none_above_all(book: Book, contract: Contract):
    at = np.asarray(contract.exposures(book.raw, {"lgd": 0.65}).lgd)
    np.testing.assert_allclose(contract.exposures(book.raw, {"lgd": 0.325}).lgd, at / 2)
    assert np.max(contract.exposures(book.raw, {"lgd": 1.0}).lgd) == 1


def test_bank_bears_what_is_not_guaranteed(book: Book, contract: Contract):
    exposed = contract.exposures(book.raw, {})
    own = np.asarray(exposed.own)
    assert own[0] == pytest.approx(0.2)  # 48,000 of 60,000 are guaranteed
    assert own.min() >= 0
    assert own.max() <= 1
    np.testing.assert_allclose(exposed.balance, exposed.ead / 2)


# ---- levers and shocks ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def some(book: Book) -> np.ndarray:
    """Every 1,000th loan."""
    return book.raw[:, ::1000]


def test_levers_at_their_start_change_nothing(contract: Contract, some: np.ndarray):
    for lever in contract.levers:
        moved = contract.pull(lever.name, contract.lever_start(lever.name, some), some)
        np.testing.assert_array_equal(moved, some, lever.name)


@pytest.mark.parametrize("value", [5000, 100000, 2000000])
def test_lever_of_the_amount_keeps_the_share_guaranteed(contract: Contract, some: np.ndarray, value: float):
    moved = contract.pull("amount", value, some)
    amount, guaranteed = contract.row["amount"], contract.row["guaranteed"]
    share = moved[guaranteed] / moved[amount]
    np.testing.assert_allclose(share, some[guaranteed] / some[amount], atol=1 / 5000)
    assert contract.broken(moved) == []


def test_every_lever_and_shock_at_its_ends_breaks_no_rule(contract: Contract, some: np.ndarray):
    for lever in contract.levers:
        for value in (lever.minimum, lever.maximum):
            assert contract.broken(contract.pull(lever.name, value, some)) == [], lever.name
    for shock in contract.shocks:
        for value in (shock.minimum, shock.maximum):
            moved = contract.values(some) | contract.strike(shock.name, value, contract.values(some))
            assert np.all(moved["guaranteed"] <= moved["amount"]), shock.name


def test_shocks_of_nothing_change_nothing(contract: Contract, some: np.ndarray):
    values = contract.values(some)
    for shock in contract.shocks:
        for name, moved in contract.strike(shock.name, 0.0, values).items():
            np.testing.assert_array_equal(moved, values[name], shock.name)


def test_every_field_lever_and_input_belongs_to_a_concept_with_words_for_it(contract: Contract):
    told = {each.name for each in contract.concepts if each.label and each.reason}
    parts: list[Any] = [*contract.record, *contract.inputs, *contract.levers]
    assert {part.concept for part in parts if getattr(part, "role", "") != "vintage"} == told


def test_segments_put_every_loan_into_a_band_that_is_not_empty(book: Book, contract: Contract):
    values = contract.values(book.raw)
    for segment in contract.segments:
        bands = contract.bands(segment, values, len(book))
        assert set(np.unique(bands)) == set(range(contract.band_count(segment))), segment.name
