"""Readers of books: what is read, and what is refused."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import books
from data.books import SHIPPED, Book, read_folder
from data.errors import BookError, ContractError, Missing, OutOfRange
from tests.support import guaranteed, second_book


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A book of twelve customers that may be changed."""
    shutil.copy(SHIPPED / "cards" / "contract.toml", tmp_path)
    pd.read_parquet(SHIPPED / "cards" / "cards.parquet").head(12).to_parquet(tmp_path / "cards.parquet")
    return tmp_path


def rewritten(folder: Path, **columns: object) -> Path:
    frame = pd.read_parquet(folder / "cards.parquet").assign(**columns)
    frame.to_parquet(folder / "cards.parquet")
    return folder


def test_book_of_a_folder_holds_its_records_field_by_field(folder: Path, book: Book):
    few = read_folder(folder)
    assert len(few) == 12
    np.testing.assert_array_equal(few.raw, book.raw[:, :12])
    np.testing.assert_array_equal(few.target, book.target[:12])
    assert set(few.observed) == {field.name for field in book.contract.observed}
    assert few.sha256 != book.sha256


def test_shipped_book_is_read_once():
    once = books.read_book("cards")
    assert books.read_book("cards") is once


def test_book_is_read_under_the_very_contract_that_is_handed_out_alone(shelf: Path):
    for name, home in (("cards", None), ("second", shelf)):
        assert books.read_book(name, home).contract is books.contract(name, home)


def test_shipped_books_are_listed():
    assert "cards" in books.names()
    assert books.names() == sorted(books.names())


def test_unknown_book_is_told_with_the_books_there_are():
    with pytest.raises(BookError, match=r"There is no book 'mortgages'. There are: cards[a-z_, ]*\."):
        books.read_book("mortgages")


@pytest.mark.parametrize("name", ["", ".", "..", "../data/cards", "cards/", "../../data/cards", "Cards", "cards\n"])
def test_name_of_a_book_reaches_no_other_folder(name: str):
    for home in (None, SHIPPED.parent):
        with pytest.raises(BookError, match="There is no book"):
            books.folder(name, home)


def test_customer_is_found_by_number(book: Book):
    assert book.position(1) == 0
    assert book.position(30_000) == 29_999


@pytest.mark.parametrize("number", [0, -1, 30_001, 10**20])
def test_unknown_customer_is_told_with_the_numbers_there_are(book: Book, number: int):
    with pytest.raises(BookError, match=r"There is no customer .*\. Numbers run from 1 to 30,000\."):
        book.position(number)


def test_book_without_a_snapshot_is_refused(folder: Path):
    (folder / "cards.parquet").unlink()
    with pytest.raises(BookError, match=r"The snapshot cards\.parquet of the book cards is absent"):
        read_folder(folder)


def test_book_without_a_contract_is_refused(tmp_path: Path):
    with pytest.raises(ContractError, match="There is no contract"):
        read_folder(tmp_path)


def test_snapshot_that_is_no_parquet_is_refused(folder: Path):
    (folder / "cards.parquet").write_bytes(b"limit,status\n1,2\n")
    with pytest.raises(BookError, match=r"The snapshot cards\.parquet cannot be read"):
        read_folder(folder)


def test_snapshot_that_lacks_columns_is_told_which(folder: Path):
    frame = pd.read_parquet(folder / "cards.parquet").drop(columns=["paid_6", "age", "customer"])
    frame.to_parquet(folder / "cards.parquet")
    with pytest.raises(BookError, match="lacks the declared columns customer, paid_6, age"):
        read_folder(folder)


def test_snapshot_with_text_where_numbers_belong_is_refused(folder: Path):
    with pytest.raises(BookError, match="cannot be read"):
        read_folder(rewritten(folder, bill_1=["much"] * 12))


def test_customer_listed_twice_is_refused(folder: Path):
    with pytest.raises(BookError, match="identifiers in customer are not unique"):
        read_folder(rewritten(folder, customer=[1, *range(1, 12)]))


@pytest.mark.parametrize("value", [2, np.nan, 0.5])
def test_target_that_is_neither_paid_nor_missed_is_refused(folder: Path, value: float):
    with pytest.raises(BookError, match="target missed_next_payment must be 0 or 1 everywhere"):
        read_folder(rewritten(folder, missed_next_payment=[value] + [0.0] * 11))


def test_value_outside_the_contract_is_refused(folder: Path):
    with pytest.raises(OutOfRange, match=r"April must be 0 to .*; -5 was given"):
        read_folder(rewritten(folder, paid_6=-5))


# ---- what is not part of the record ----------------------------------------------------------------------------------


def declared(folder: Path, field: str, more: str) -> Path:
    """The same book, with one line more in the contract's part of a field."""
    file, name = folder / "contract.toml", f'name = "{field}"\n'
    assert file.read_text().count(name) == 1
    file.write_text(file.read_text().replace(name, f"{name}{more}\n"))
    return folder


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("sex", [1, 2, 0, -5, 3], "Sex must be one of 1 (male), 2 (female); 0 was given, the first of 3 such values."),
        ("sex", [1, 2, 1.5], "Sex must be one of 1 (male), 2 (female); 1.5 was given."),
        ("age", [17, 30, 121], "Age must be 18 to 120 years; 17 was given, the first of 2 such values."),
        ("age", [np.inf], "Age must be 18 to 120 years; inf was given."),
        ("marriage", [4], "Marital status must be one of 1 (married), 2 (single), 3 (other); 4 was given."),
    ],
)
def test_protected_value_that_the_contract_does_not_know_is_refused(
    folder: Path, column: str, values: list[float], message: str
):
    held = pd.read_parquet(folder / "cards.parquet")[column].tolist()
    with pytest.raises(OutOfRange) as caught:
        read_folder(rewritten(folder, **{column: values + held[len(values) :]}))
    assert str(caught.value) == message


def test_missing_protected_value_is_refused_where_the_contract_allows_none(folder: Path):
    with pytest.raises(Missing, match=r"Age is missing in 2 of 12 records\. .*declare the field with missing = true"):
        read_folder(rewritten(folder, age=[np.nan, np.nan] + [40.0] * 10))


@pytest.mark.parametrize("kind", ["float64", "Int64"])
@pytest.mark.parametrize(("column", "value", "name"), [("age", 70, "60 and over"), ("sex", 2, "female")])
def test_missing_protected_values_are_a_group_of_their_own_at_the_end(
    folder: Path, column: str, value: int, name: str, kind: str
):
    values = pd.Series([value, None] * 6, dtype=kind)
    few = read_folder(declared(rewritten(folder, **{column: values}), column, "missing = true"))
    (field,) = (each for each in few.contract.protected() if each.name == column)
    group, names = few.contract.groups(field, few.observed[column])
    assert [names[k] for k in group] == [name, "not stated"] * 6
    assert names[-1] == "not stated"
    whole, known = few.contract.groups(field, np.full(4, float(value)))
    assert (known, set(whole)) == (names[:-1], {known.index(name)})


def test_groups_of_the_shipped_cards_are_those_of_their_codes_and_edges(book: Book):
    ages = ["below 25", "25 to below 35", "35 to below 45", "45 to below 60", "60 and over"]
    for field in book.contract.protected():
        values = book.observed[field.name]
        group, names = book.contract.groups(field, values)
        if field.codes:
            expected = [field.codes[int(value)] for value in values]
        else:
            expected = list(pd.cut(values, [-np.inf, 25, 35, 45, 60, np.inf], right=False, labels=ages))
        assert [names[k] for k in group] == expected
        assert names == tuple(field.codes.values() or ages)


@pytest.fixture
def lent(tmp_path: Path) -> Path:
    """A book with a column that is known only after the outcome, and a realised loss that reads it."""
    guaranteed.write(tmp_path)
    return tmp_path / "books" / guaranteed.NAME


def with_losses(lent: Path, outcome: int, loss: float) -> Path:
    """The same book, two of its loans of that outcome having lost so much."""
    frame = pd.read_parquet(lent / "loans.parquet")
    chosen = frame.index[frame["charged_off"] == outcome][:2]
    frame.loc[chosen, "charged_off_amount"] = loss
    frame.to_parquet(lent / "loans.parquet")
    return lent


def test_what_is_known_only_after_the_outcome_may_be_missing_where_nothing_was_lost(lent: Path):
    book = read_folder(with_losses(lent, 0, np.nan))
    assert np.isnan(book.observed["charged_off_amount"]).sum() == 2


def test_realised_loss_that_is_not_known_of_a_default_is_refused(lent: Path):
    told = r"min\(charged_off_amount, amount\) is no number in 2 records with charged_off = 1"
    with pytest.raises(BookError, match=told):
        read_folder(with_losses(lent, 1, np.nan))


def test_value_known_only_after_the_outcome_keeps_its_range(lent: Path):
    declared(lent, "charged_off_amount", "minimum = 0\nmaximum = 1000000")
    told = r"Amount charged off must be 0 to 1,000,000 US\$; -1 was given, the first of 2"
    with pytest.raises(OutOfRange, match=told):
        read_folder(with_losses(lent, 0, -1.0))


# ---- the users' shelf -----------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A home with one book of a user's."""
    second_book.lay_down(tmp_path)
    return tmp_path


def test_users_books_stand_beside_the_shipped_ones(shelf: Path):
    assert books.names(shelf) == sorted([*books.names(), "second"])
    assert len(books.read_book("second", shelf)) == second_book.LOANS
    assert books.title("second", shelf) == second_book.TITLE
    once = books.read_book("cards")
    assert books.read_book("cards", shelf) is once


def test_users_book_is_unknown_without_the_home(shelf: Path):
    with pytest.raises(BookError, match="There is no book 'second'"):
        books.read_book("second")


def test_users_book_is_read_once_until_it_is_edited(shelf: Path):
    once = books.read_book("second", shelf)
    assert books.read_book("second", shelf) is once
    file = shelf / "books" / "second" / "contract.toml"
    file.write_text(file.read_text().replace(second_book.TITLE, "Another title"))
    again = books.read_book("second", shelf)
    assert again is not once
    assert again.contract.book.title == books.title("second", shelf) == "Another title"


def test_users_book_is_read_anew_when_its_snapshot_was_replaced(shelf: Path):
    once = books.read_book("second", shelf)
    second_book.loans().head(500).to_parquet(shelf / "books" / "second" / "loans.parquet")
    assert (len(once), len(books.read_book("second", shelf))) == (second_book.LOANS, 500)


def test_users_book_may_not_take_a_shipped_name(shelf: Path):
    second_book.lay_down(shelf, name="cards")
    assert books.names(shelf).count("cards") == 1
    with pytest.raises(BookError, match="ships with the dashboard"):
        books.read_book("cards", shelf)
    assert len(books.read_book("second", shelf)) == second_book.LOANS


def test_contract_must_name_its_folder(shelf: Path):
    (shelf / "books" / "second").rename(shelf / "books" / "third")
    with pytest.raises(BookError, match="third names its book 'second'"):
        books.read_book("third", shelf)


def test_snapshot_lies_beside_its_contract(shelf: Path):
    file = shelf / "books" / "second" / "contract.toml"
    (shelf / "loans.parquet").write_bytes((file.parent / "loans.parquet").read_bytes())
    file.write_text(file.read_text().replace('"loans.parquet"', '"../../loans.parquet"'))
    with pytest.raises(BookError, match="is absent"):
        books.read_book("second", shelf)


def test_broken_book_is_listed_and_breaks_no_other(shelf: Path):
    broken = shelf / "books" / "broken"
    broken.mkdir()
    (broken / "contract.toml").write_bytes(b"\xff")
    assert "broken" in books.names(shelf)
    assert books.title("broken", shelf) == "broken"
    assert len(books.read_book("second", shelf)) == second_book.LOANS
    with pytest.raises(ContractError):
        books.read_book("broken", shelf)
