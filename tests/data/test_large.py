"""A book in a directory of Parquet files: what is held of it, what is refused, and a record looked up in the files."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data import books, large
from data.errors import BookError
from data.large import held_records, numbers_of
from model.whatif.customer.starting_points import id_range
from tests.support import large_book
from tests.support.large_book import HELD, LOANS, NAME


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("large")
    large_book.lay_down(place)
    return place


@pytest.fixture(scope="module")
def loans() -> pd.DataFrame:
    return large_book.loans().set_index("loan")


def few(home: Path, change: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table) -> Path:
    """A home with a small book of files."""
    large_book.lay_down(home, change(large_book.loans(2_000)))
    return home


def test_sample_holds_the_records_of_the_files(home: Path, loans: pd.DataFrame):
    book = books.read_book(NAME, home, HELD)
    assert (len(book), book.count, book.each, book.sampled) == (HELD, LOANS, LOANS / HELD, True)
    own = loans.loc[book.ids]
    for field in book.contract.record:  # the months late stand in the names of folders
        assert (book.raw[book.contract.row[field.name]] == own[field.name]).all()
    assert (book.target == own["defaulted"]).all()


def test_sample_has_the_outcomes_and_segments_of_the_book(home: Path, loans: pd.DataFrame):
    book = books.read_book(NAME, home, HELD)
    for low, high in ((0, 1000), (1000, 3000), (3000, 9001)):
        limits = book.raw[book.contract.row["limit"]]
        mine = (limits >= low) & (limits < high)
        whole = (loans["limit"] >= low) & (loans["limit"] < high)
        assert abs(mine.sum() * book.each - whole.sum()) < 20 * book.each
        assert abs(book.target[mine].sum() * book.each - loans["defaulted"][whole].sum()) < 20 * book.each


def test_book_that_is_not_larger_than_what_is_held_is_held_whole(home: Path, loans: pd.DataFrame):
    book = books.read_book(NAME, home, LOANS)
    assert (len(book), book.each, book.sampled) == (LOANS, 1.0, False)
    assert sorted(book.ids.tolist()) == sorted(loans.index)


def test_digest_tells_samples_and_files_apart(home: Path, tmp_path: Path):
    whole, sample, other = (books.read_book(NAME, home, most).sha256 for most in (LOANS, HELD, HELD // 2))
    assert len({whole, sample, other}) == 3
    assert [books.snapshot_sha256(NAME, home, most) for most in (LOANS, HELD)] == [whole, sample]
    shutil.copytree(home / "books", tmp_path / "books")
    assert books.snapshot_sha256(NAME, tmp_path, LOANS) == whole
    file = next((tmp_path / "books" / NAME / "loans").rglob("0.parquet"))
    file.rename(file.with_name("9.parquet"))
    assert books.snapshot_sha256(NAME, tmp_path, LOANS) != whole


def test_book_is_read_anew_when_one_of_its_files_was_changed(tmp_path: Path):
    few(tmp_path)
    before = books.read_book(NAME, tmp_path)
    assert books.read_book(NAME, tmp_path) is before
    shutil.rmtree(tmp_path / "books" / NAME / "loans" / "late=0")
    assert books.read_book(NAME, tmp_path).count < before.count
    assert books.record_count(NAME, tmp_path) < before.count


def test_directory_anywhere_is_named_by_its_absolute_path(tmp_path: Path):
    folder = large_book.lay_down(tmp_path, large_book.loans(2_000))
    elsewhere = tmp_path / "warehouse"
    (folder / "loans").rename(elsewhere)
    (folder / "contract.toml").write_text(large_book.CONTRACT.replace('file = "loans"', f'file = "{elsewhere}"'))
    assert books.read_book(NAME, tmp_path).count == 2_000


def test_one_file_anywhere_is_a_book_too(tmp_path: Path):
    folder, elsewhere = large_book.lay_down(tmp_path, large_book.loans(2_000)), tmp_path / "all.parquet"
    large_book.loans(2_000).to_parquet(elsewhere, index=False)
    (folder / "contract.toml").write_text(large_book.CONTRACT.replace('file = "loans"', f'file = "{elsewhere}"'))
    book = books.read_book(NAME, tmp_path, 1_000)
    assert (len(book), book.count) == (1_000, 2_000)
    assert book.record(next(each for each in range(1, 2_001) if each not in set(book.ids.tolist()))).shape == (3, 1)


def test_delta_table_is_refused_whose_files_hold_more_than_it(tmp_path: Path):
    folder = large_book.lay_down(tmp_path, large_book.loans(2_000))
    (folder / "loans" / "_delta_log").mkdir()
    with pytest.raises(BookError, match="is a Delta table, among whose files are records that are no longer in it"):
        books.read_book(NAME, tmp_path)


@pytest.mark.parametrize("file", ["../large/loans", "loans/late=0", "nothing"])
def test_other_names_than_a_folder_beside_the_contract_are_refused(tmp_path: Path, file: str):
    folder = large_book.lay_down(tmp_path, large_book.loans(2_000))
    (folder / "contract.toml").write_text(large_book.CONTRACT.replace('file = "loans"', f'file = "{file}"'))
    with pytest.raises(BookError, match=r"The snapshot .* of the book large is absent"):
        books.read_book(NAME, tmp_path)


def test_directory_without_files_is_told(tmp_path: Path):
    folder = large_book.lay_down(tmp_path, large_book.loans(2_000))
    shutil.rmtree(folder / "loans")
    (folder / "loans").mkdir()
    with pytest.raises(BookError, match="names loans as its records, where no Parquet file lies"):
        books.read_book(NAME, tmp_path)


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_value_that_cannot_be_is_told_with_its_file_and_records(tmp_path: Path):
    few(tmp_path, lambda table: table.assign(limit=np.where(table["loan"] == 7, 99_999, table["limit"])))
    with pytest.raises(BookError, match=r"In late=\d/\d\.parquet, records 1 to [\d,]+ of the book large: .*99,999 was"):
        books.read_book(NAME, tmp_path)


def test_target_that_is_neither_0_nor_1_is_told(tmp_path: Path):
    few(tmp_path, lambda table: table.assign(defaulted=np.where(table["loan"] == 7, 2, table["defaulted"])))
    with pytest.raises(BookError, match=r"In late=.*: The target defaulted must be 0 or 1 everywhere"):
        books.read_book(NAME, tmp_path)


def test_column_that_is_absent_is_told_with_its_file(tmp_path: Path):
    few(tmp_path, lambda table: table.drop(columns="balance"))
    with pytest.raises(BookError, match=r"file late=0/0\.parquet of the book large lacks the declared columns balance"):
        books.read_book(NAME, tmp_path)


@pytest.mark.parametrize("at_once", [10_000, 300])
def test_identifier_that_stands_there_twice_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int):
    monkeypatch.setattr(large, "IDS_AT_ONCE", at_once)
    few(tmp_path)
    assert books.read_book(NAME, tmp_path, 1_000).count == 2_000
    few(tmp_path, lambda table: table.assign(loan=np.where(table["loan"] == 7, 1_234, table["loan"])))
    with pytest.raises(BookError, match=r"The identifiers in loan are not unique: 1,234 stands there twice\."):
        books.read_book(NAME, tmp_path, 1_000)


def test_identifier_that_is_missing_is_told(tmp_path: Path):
    few(tmp_path, lambda table: table.assign(loan=table["loan"].where(table["loan"] != 7)))
    with pytest.raises(BookError, match="an identifier is missing in 1 records"):
        books.read_book(NAME, tmp_path)


def test_file_that_is_no_parquet_file_is_told(tmp_path: Path):
    few(tmp_path)
    file = next((tmp_path / "books" / NAME / "loans").rglob("1.parquet"))
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(BookError, match=r"The file late=.*1\.parquet of the book large cannot be read"):
        books.read_book(NAME, tmp_path)


# ---- looked up ------------------------------------------------------------------------------------------------------


def test_record_beyond_the_sample_is_looked_up_in_the_files(home: Path, loans: pd.DataFrame):
    book = books.read_book(NAME, home, HELD)
    held = set(book.ids.tolist())
    inside, outside = next(each for each in loans.index if each in held), [k for k in loans.index if k not in held][:3]
    names = [field.name for field in book.contract.record]
    for number in (inside, *outside):
        assert book.record(number)[:, 0].tolist() == loans.loc[number, names].tolist()


@pytest.mark.parametrize("number", [0, -1, LOANS + 1, 10**20])
def test_number_of_no_record_is_told(home: Path, number: int):
    book = books.read_book(NAME, home, HELD)
    with pytest.raises(BookError, match=r"There is no loan [\d,-]+ among the 60,000 of the book\."):
        book.record(number)


def test_groups_of_rows_that_cannot_hold_a_record_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = large_book.lay_down(tmp_path, large_book.loans(2_000))
    shutil.rmtree(folder / "loans")
    (folder / "loans").mkdir()
    own = large_book.loans(20_000).sort_values("loan")
    own.to_parquet(folder / "loans" / "all.parquet", index=False, row_group_size=1_000)
    book, read = books.read_book(NAME, tmp_path, 1_000), list[int]()
    group = pq.ParquetFile.read_row_group

    def noted(self: pq.ParquetFile, k: int, columns: list[str]) -> object:
        read.append(k)
        return group(self, k, columns=columns)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", noted)
    number = next(each for each in range(12_001, 13_000) if each not in set(book.ids.tolist()))
    assert book.record(number)[book.contract.row["limit"], 0] == own.set_index("loan").loc[number, "limit"]
    assert read == [12]


def test_lowest_and_highest_number_are_those_of_all_files(home: Path):
    book = books.read_book(NAME, home, HELD)
    assert book.large is not None
    assert book.large.ends == (1, LOANS)
    assert id_range(book) == (1, LOANS) != (book.ids.min(), book.ids.max())


# ---- how many are held ----------------------------------------------------------------------------------------------


def test_as_many_are_held_as_wanted_and_else_as_memory_allows(home: Path, monkeypatch: pytest.MonkeyPatch):
    contract = books.contract(NAME, home)
    assert held_records(contract, 5_000) == 5_000
    monkeypatch.setattr(large, "memory", lambda: 64e9)
    assert held_records(contract) == large.MOST_HELD
    monkeypatch.setattr(large, "memory", lambda: 256e6)
    few = held_records(contract)
    assert large.FEWEST_HELD < few < large.MOST_HELD
    assert few & (few - 1) == 0


def test_missing_numbers_are_nan_and_other_columns_are_refused():
    import pyarrow as pa

    assert np.isnan(numbers_of(pa.array([1, None]))).tolist() == [False, True]
    with pytest.raises(ValueError, match="x"):
        numbers_of(pa.array(["x"]))
