"""The shipped snapshot is what its provenance and its contract say."""

import hashlib
import tomllib
from typing import Any

import numpy as np
import pytest

from data.books import SHIPPED, Book
from data.contract import Contract, Field

FOLDER = SHIPPED / "cards"


@pytest.fixture(scope="module")
def provenance() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "provenance.toml").read_text())


def test_snapshot_has_the_checksum_its_provenance_states(book: Book, provenance: dict[str, Any]):
    content = (FOLDER / book.contract.book.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == provenance["sha256"] == book.sha256


def test_snapshot_has_the_rows_and_the_outcome_rate_its_provenance_states(book: Book, provenance: dict[str, Any]):
    assert len(book) == provenance["rows"]
    assert book.target.mean() == pytest.approx(provenance["outcome_rate"], abs=5e-5)


def test_provenance_names_source_licence_and_every_change(provenance: dict[str, Any]):
    assert provenance["licence"] == "CC BY 4.0"
    assert {"publisher", "authors", "doi", "changes", "command", "source_sha256"} <= set(provenance)


def test_every_customer_keeps_the_range_of_every_field(book: Book):
    for field, values in zip(book.contract.record, book.raw, strict=True):
        assert field.minimum <= values.min(), field.name
        assert values.max() <= field.maximum, field.name
        assert not field.codes or set(np.unique(values)) <= set(field.codes), field.name


def test_every_customer_keeps_the_rules_of_the_contract(book: Book):
    status = book.raw[book.contract.rows["status"]]
    assert np.max(status[:-1] - status[1:]) == 4
    assert book.contract.broken(book.raw) == []


def test_every_observed_column_holds_declared_values_only(book: Book):
    for field in book.contract.observed:
        values = book.observed[field.name]
        assert np.all((values >= field.minimum) & (values <= field.maximum)), field.name
        assert not field.codes or set(np.unique(values)) <= set(field.codes), field.name


def test_customers_are_numbered_from_one_without_a_gap(book: Book):
    np.testing.assert_array_equal(book.ids, np.arange(1, 30001))


def test_first_customer_is_the_first_of_the_publication(book: Book):
    assert book.raw[:, 0].tolist() == [
        *[20000],
        *[2, 2, -1, -1, -2, -2],
        *[3913, 3102, 689, 0, 0, 0],
        *[0, 689, 0, 0, 0, 0],
    ]
    first = {name: values[0] for name, values in book.observed.items()}
    assert first == {"sex": 2, "education": 2, "marriage": 1, "age": 24, "missed_next_payment": 1}


def test_inputs_of_the_first_customer_are_those_worked_by_hand(book: Book):
    worked = {
        "limit": 20000,
        "standing": 4,  # two months late comes after minimum paid, not used, paid in full, one month late
        "late_worst": 2,
        "months_late": 2,
        "use_now": 0.1957,  # 3,913 / 20,000 = 0.19565, halves up
        "use_average": 0.0642,  # (3,913 + 3,102 + 689) / 6 / 20,000
        "headroom": 16087,
        "change_month": 0.2073,  # (3,913 − 3,102) / 3,913
        "change_april": 1,
        "share_paid_last": 0,
        "share_paid_average": 0.1817,  # 689 / (3,102 + 689)
        "paid_least": 0,
        "paid_average": 115,  # 689 / 6 = 114.83
    }
    names = [each.name for each in book.contract.inputs]
    assert dict(zip(names, book.inputs[:, 0], strict=True)) == worked


def test_inputs_are_missing_where_nothing_was_due(contract: Contract, book: Book):
    record = book.raw[:, :1].copy()
    record[contract.rows["bill"]] = [[-50], [0], [-10], [0], [-1], [0]]
    record[contract.rows["paid"]] = 500
    found = dict(zip((each.name for each in contract.inputs), contract.derive(record)[:, 0], strict=True))
    gaps = {name for name, value in found.items() if np.isnan(value)}
    assert gaps == {"change_month", "change_april", "share_paid_last", "share_paid_average"}
    assert all(each.missing for each in contract.inputs if each.name in gaps)
    assert found["use_now"] == found["use_average"] == 0
    assert found["headroom"] == record[0, 0]


def test_share_paid_never_exceeds_the_whole_bill(contract: Contract, book: Book):
    record = book.raw[:, :1].copy()
    record[contract.rows["bill"]] = 100
    record[contract.rows["paid"]] = 1000
    found = dict(zip((each.name for each in contract.inputs), contract.derive(record)[:, 0], strict=True))
    assert found["share_paid_last"] == found["share_paid_average"] == 1


def test_inputs_only_some_of_which_are_wanted_are_the_same(contract: Contract, book: Book):
    wanted = [11, 0, 5]
    np.testing.assert_array_equal(contract.derive(book.raw, wanted), book.inputs[wanted])


def test_protected_attributes_are_neither_in_the_record_nor_model_inputs(contract: Contract):
    protected = {field.name for field in contract.protected()}
    assert protected == {"sex", "education", "marriage", "age"}
    assert protected.isdisjoint(field.name for field in contract.record)
    assert protected.isdisjoint(each.name for each in contract.inputs)
    assert protected <= {field.name for field in contract.observed}


def test_protected_attributes_are_read_by_no_formula(contract: Contract):
    rows = range(len(contract.record))
    assert all(reads and reads <= set(rows) for reads in contract.reads)
    assert {field.role for field in contract.record} == {"input"}


def test_every_field_and_lever_belongs_to_a_concept_with_words_for_it(contract: Contract):
    told = {each.name for each in contract.concepts if each.label and each.reason}
    parts: list[Any] = [*contract.record, *contract.inputs, *contract.levers]
    assert {part.concept for part in parts} <= told


def test_months_of_a_history_are_labelled_latest_first(contract: Contract):
    for history in contract.histories:
        fields: list[Field] = [contract.record[k] for k in range(*contract.rows[history.name].indices(99))]
        assert [field.name for field in fields] == [f"{history.name}_{k}" for k in range(1, 7)]
        months = ("September", "August", "July", "June", "May", "April")
        assert [field.label for field in fields] == [f"{history.label}, {month}" for month in months]
