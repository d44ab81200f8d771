"""How the inputs of a bank's own model are made of a book's fields."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.errors import BadInput, ContractError
from model.deployed.mapping import Output, agree, default_mapping, load, read_mapping
from tests.support.records import CONTRACT, records

HERE = Path(__file__).parents[1] / "support"
GOOD = b"""
[inputs]
PAY_0 = "status_1"
utilisation = "round(max(bill_1, 0) / limit, 4)"
months_late = "count(status >= 1)"
constant = "1"
share_paid = "where(bill_2 > 0, paid_1 / bill_2, missing)"

[output]
name = "bad"
column = 0
kind = "percent"
"""


def test_columns_are_the_formulas_of_the_banks_inputs_in_order(contract: Contract, book: Book):
    mapping = read_mapping(GOOD, contract)
    found = mapping.columns(book.raw)
    assert list(found) == list(mapping.names) == ["PAY_0", "utilisation", "months_late", "constant", "share_paid"]
    row, raw = contract.row, book.raw
    np.testing.assert_array_equal(found["PAY_0"], raw[row["status_1"]])
    np.testing.assert_array_equal(found["months_late"], (raw[contract.rows["status"]] >= 1).sum(0))
    np.testing.assert_array_equal(found["constant"], np.ones(len(book)))
    np.testing.assert_array_equal(np.isnan(found["share_paid"]), raw[row["bill_2"]] <= 0)
    use = contract.derive(raw, [[each.name for each in contract.inputs].index("use_now")])[0]
    np.testing.assert_array_equal(found["utilisation"], use)
    assert mapping.output == Output(name="bad", column=0, kind="percent")


@given(records())
def test_columns_of_one_customer_are_finite_or_missing(raw: Array):
    for name in ("mapping_mlflow.toml", "mapping_mlserver.toml"):
        found = load(HERE / name, CONTRACT).columns(raw)
        assert all(each.shape == (1,) and not np.isinf(each).any() for each in found.values())


def test_mapping_knows_the_fields_it_reads_all_months_of_a_history_among_them(contract: Contract):
    mapping = read_mapping(b'[inputs]\na = "count(status >= 1)"\nb = "limit"', contract)
    assert mapping.reads == {contract.row["limit"], *range(*contract.rows["status"].indices(99))}


def test_output_may_be_left_out(contract: Contract):
    assert read_mapping(b'[inputs]\na = "limit"', contract).output == Output(
        name="predict_proba", column=1, kind="probability"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[inputs", "not readable TOML"),
        (b"\xff", "not readable TOML"),
        (b"", "inputs: Field required"),
        (b"[inputs]", "inputs: Dictionary should have at least 1 item"),
        (b"[inputs]\na = 1", "inputs.a: Input should be a valid string.*formula in quotes"),
        (b'[inputs]\na = "limit"\n[other]', "other: Extra inputs"),
        (b'[inputs]\na = "limit"\n[output]\ncolour = 1', "output.colour: Extra"),
        (b'[inputs]\na = "limit"\n[output]\ncolumn = -1', "output.column"),
        (b'[inputs]\na = "limit"\n[output]\nkind = "odds"', "output.kind"),
        (b'[inputs]\na = "income"', "reads income, which is not declared"),
        (b'[inputs]\na = "limit +"', "cannot be read"),
        (b'[inputs]\na = "__import__(1)"', "calls something"),
        (b'[inputs]\na = "sex"', "a reads sex, a protected attribute: it never enters a score"),
        (b'[inputs]\na = "limit + age"', "a reads age, a protected attribute"),
        (b'[inputs]\na = "missed_next_payment"', "of the role target"),
        (b'[inputs]\na = "bill"', "a does not come to one number a customer"),
        (b'[inputs]\na = "mean(limit)"', "mixes customers"),
        (b'[inputs]\na = "limit - max(limit)"', "mixes customers"),
        (b'[inputs]\na = "latest(limit, 1)"', "mixes customers"),
        (b'[inputs]\na = "max()"', "does not come to one number"),
    ],
)
def test_mapping_that_cannot_be_used_is_refused_and_says_where(text: bytes, words: str, contract: Contract):
    with pytest.raises(ContractError, match=words):
        read_mapping(text, contract, "bank.toml")


def test_mapping_file_that_is_not_there_is_bad_input(contract: Contract, tmp_path: Path):
    with pytest.raises(BadInput, match=r"No such file.*WHATIF_MODEL_MAPPING"):
        load(tmp_path / "absent.toml", contract)


def test_division_that_comes_to_infinity_is_refused_before_it_is_sent(contract: Contract, book: Book):
    mapping = read_mapping(b'[inputs]\nratio = "paid_1 / (bill_2 - bill_2)"', contract)
    with pytest.raises(BadInput, match="ratio comes to infinity"):
        mapping.columns(book.raw[:, :50])


# ---- without a file --------------------------------------------------------------------------------------------------


def test_without_names_all_raw_fields_are_given_in_order(contract: Contract, book: Book):
    found = default_mapping(contract).columns(book.raw)
    assert list(found) == list(contract.row)
    np.testing.assert_array_equal(np.stack(list(found.values())), book.raw)


def test_names_the_server_lists_may_be_raw_fields_and_inputs_of_the_contract(contract: Contract, book: Book):
    mapping = default_mapping(contract, ["use_now", "status_1", "months_late"])
    found = mapping.columns(book.raw)
    names = [each.name for each in contract.inputs]
    np.testing.assert_array_equal(found["use_now"], book.inputs[names.index("use_now")])
    np.testing.assert_array_equal(found["months_late"], book.inputs[names.index("months_late")])
    np.testing.assert_array_equal(found["status_1"], book.raw[contract.row["status_1"]])


def test_server_that_wants_something_unknown_needs_a_mapping(contract: Contract):
    with pytest.raises(ContractError, match=r"wants PAY_0, which the book cards .*WHATIF_MODEL_MAPPING"):
        default_mapping(contract, ["limit", "PAY_0"])


def test_server_that_wants_a_protected_attribute_gets_none(contract: Contract):
    with pytest.raises(ContractError, match="reads age, a protected attribute"):
        default_mapping(contract, ["limit", "age"])


def test_mapping_must_give_what_the_server_lists_and_no_more(contract: Contract):
    mapping = read_mapping(b'[inputs]\na = "limit"\nb = "bill_1"', contract)
    agree(mapping, [])
    agree(mapping, ["b", "a"])
    with pytest.raises(ContractError, match="lacks c and gives b, which the model does not take"):
        agree(mapping, ["a", "c"])
