"""Readers of books: a folder with a contract, a Parquet snapshot and its provenance.

A book whose contract names a directory of Parquet files, or any place by its absolute path, may be large: of more
records than are to be held a stratified sample is (`data/large.py`), and ``most`` says how many. A snapshot that is one
file beside its contract is held whole, whatever its size.

Books stand on two shelves: those shipped beside this file, and users' own in ``HOME/books/``, shaped alike. ``home`` is
the folder that holds the latter; None knows the shipped ones only.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.checked import check_records
from data.contract import Contract, load_contract
from data.errors import BookError, ContractError, WhatIfError
from data.large import LargeBook, file_states, held_records

SHIPPED = Path(__file__).parent
OWN = "books"  # the users' shelf under a home
CONTRACT = "contract.toml"
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # a book's name, and so its folder's


@dataclass(frozen=True, eq=False)
class Book:
    """One book in memory.

    ``raw`` is (fields, n) float64 as the contract orders it, ``ids`` (n,) the identifiers, ``target`` (n,) 0 or 1,
    ``observed`` the other declared columns (protected and the like) by name, ``sha256`` the snapshot's digest. Of a
    ``large`` one it may be a stratified sample, each record of which stands for ``each`` of the book.
    """

    contract: Contract
    raw: Array
    ids: NDArray[np.int64]
    target: Array
    observed: Mapping[str, Array]
    sha256: str
    each: float = 1.0
    large: LargeBook | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def count(self) -> int:
        """How many records the book has, of which those in memory may be a sample."""
        return round(len(self) * self.each)

    @property
    def sampled(self) -> bool:
        """Whether only a sample of the records is in memory."""
        return self.each != 1

    @cached_property
    def inputs(self) -> Array:
        """Model inputs of every record, (inputs, n)."""
        return self.contract.derive(self.raw)

    @property
    def vintages(self) -> Array | None:
        """When each record came into the book, (n,), if the contract says so."""
        vintage = self.contract.vintage
        return None if vintage is None else self.raw[self.contract.row[vintage.name]]

    @cached_property
    def realised_loss(self) -> Array | None:
        """The amount actually lost on each record, (n,), where its target came true; None if the book has none."""
        return self.contract.realised_loss(self.raw, self.observed)

    def part(self, chosen: NDArray[np.intp]) -> "Book":
        """Some of the customers, by their positions, in that order."""
        observed = {name: values[chosen] for name, values in self.observed.items()}
        raw = np.ascontiguousarray(self.raw[:, chosen])
        return replace(self, raw=raw, ids=self.ids[chosen], target=self.target[chosen], observed=observed)

    @cached_property
    def _position(self) -> dict[int, int]:
        return {int(each): k for k, each in enumerate(self.ids)}

    def position(self, identifier: int) -> int:
        """Column of ``raw`` that holds one customer; BookError if none of that number is in memory."""
        try:
            return self._position[identifier]
        except KeyError:
            raise BookError(
                f"There is no {self.contract.book.record} {identifier:,}. "
                f"Numbers run from {self.ids.min():,} to {self.ids.max():,}."
            ) from None

    def record(self, identifier: int) -> Array:
        """One customer's record, (fields, 1), looked up in the files of a large book where it is not in memory;
        BookError if there is none of that number."""
        if identifier not in self._position and self.sampled and self.large is not None:
            found = self.large.find(identifier) if abs(identifier) < 2**63 else None
            if found is None:
                raise BookError(
                    f"There is no {self.contract.book.record} {identifier:,} among the {self.count:,} of the book."
                )
            return found.copy()
        k = self.position(identifier)
        return self.raw[:, k : k + 1].copy()


class Stamp(NamedTuple):
    """Where a book lies, and in which state: a book under another stamp is read anew.

    ``files`` are names, times of change (ns) and sizes: of the contract and, on the users' shelf, of everything beside
    it and of every file of a large book; a shipped snapshot is immutable.
    """

    folder: Path
    files: tuple[tuple[str, int, int], ...]


def names(home: Path | None = None) -> list[str]:
    """All books by name, whether or not they can be read."""
    shelves = [SHIPPED] if home is None else [SHIPPED, home / OWN]
    return sorted({name for shelf in shelves for name in _on(shelf)})


def _on(shelf: Path) -> list[str]:
    found = (path.parent.name for path in shelf.glob(f"*/{CONTRACT}"))
    return [name for name in found if SLUG.fullmatch(name)]


def folder(name: str, home: Path | None = None) -> Path:
    """Where a book lies; BookError if there is none of that name, or two."""
    own = None if home is None else home / OWN / name
    there = [each for each in (SHIPPED / name, own) if each and SLUG.fullmatch(name) and (each / CONTRACT).is_file()]
    if len(there) > 1:
        raise BookError(
            f"The book {name} ships with the dashboard, and there is another of that name in {own}. Give that folder, "
            "and the name in its contract, another name."
        )
    if not there:
        raise BookError(f"There is no book {name!r}. There are: {', '.join(names(home))}.")
    return there[0]


def stamp(name: str, home: Path | None = None) -> Stamp:
    """What tells a book from itself before it was edited; BookError if there is none of that name."""
    at = _folder_stamp(name, home)
    if at.folder.parent == SHIPPED.absolute():
        return at
    root = _large_root(at.folder, _contract(at))
    if root is None:
        return at
    try:
        found = file_states(root)
    except OSError as error:
        raise BookError(f"The book {name} cannot be read: {error.strerror}.") from error
    return Stamp(at.folder, (*at.files, *found))


def _folder_stamp(name: str, home: Path | None) -> Stamp:
    """The stamp of a book's own folder, which decides its contract."""
    path = folder(name, home)
    try:
        files = [path / CONTRACT] if path.parent == SHIPPED else [each for each in path.iterdir() if each.is_file()]
        states = ((each.name, each.stat()) for each in sorted(files))
        return Stamp(path.absolute(), tuple((name, state.st_mtime_ns, state.st_size) for name, state in states))
    except OSError as error:
        raise BookError(f"The book {name} cannot be read: {error.strerror}.") from error


def contract(name: str, home: Path | None = None) -> Contract:
    """The contract of a book, read anew when it was edited; its snapshot is not looked at.

    Raises
    ------
    ContractError, BookError
        If there is no such book, or its contract is not what it should be.
    """
    return _contract(_folder_stamp(name, home))


def title(name: str, home: Path | None = None) -> str:
    """A book's title for a list of books; its name where its contract cannot be read."""
    try:
        return contract(name, home).book.title
    except WhatIfError:
        return name


def trouble(name: str, home: Path | None = None) -> str:
    """Why a book's contract cannot be used; "" where it can."""
    try:
        contract(name, home)
    except WhatIfError as error:
        return str(error)
    return ""


def record_noun(name: str, home: Path | None = None) -> str:
    """What a book holds one of, in its contract's word; "record" where that cannot be read."""
    try:
        return contract(name, home).book.record
    except WhatIfError:
        return "record"


def snapshot_path(name: str, home: Path | None = None) -> Path:
    """Where a book's snapshot lies, a file or, of a large book, a folder of files; BookError if it is absent."""
    at, own = folder(name, home), contract(name, home)
    root = _large_root(at, own)
    return _snapshot(at, own) if root is None else root


def snapshot_sha256(name: str, home: Path | None = None, most: int | None = None) -> str:
    """The digest of a book's snapshot, which is not checked for it, where at most so many records are held; BookError
    if it is absent."""
    at, own = stamp(name, home), contract(name, home)
    if _large_root(at.folder, own) is not None:
        return _large(at, own).held_sha256(held_records(own, most))
    return _sha256(_snapshot(at.folder, own))


def record_count(name: str, home: Path | None = None) -> int:
    """How many records a book's snapshot says it holds, which is not read for it; BookError if it is absent."""
    import pyarrow.parquet  # as pandas, not for a service that never reads a book

    at, own = stamp(name, home), contract(name, home)
    if _large_root(at.folder, own) is not None:
        return _large(at, own).count
    snapshot = _snapshot(at.folder, own)
    try:
        rows: int = pyarrow.parquet.ParquetFile(snapshot).metadata.num_rows
    except (OSError, ValueError) as error:
        raise BookError(f"The snapshot {snapshot.name} cannot be read: {error}.") from error
    return rows


def read_book(name: str, home: Path | None = None, most: int | None = None) -> Book:
    """A book by name, every value checked against its contract; read anew when a user's own was edited. Of a large one
    at most so many records are held."""
    at = stamp(name, home)
    own = _contract(_folder_stamp(name, home))
    return _read(at, own, None if _large_root(at.folder, own) is None else held_records(own, most))


def _contract(at: Stamp) -> Contract:
    found = _contract_or_why(at)
    if isinstance(found, ContractError):
        raise ContractError(*found.args)
    return found


@lru_cache(maxsize=256)
def _contract_or_why(at: Stamp) -> Contract | ContractError:
    """A contract, or why there is none: a broken one is read once, too, for every page lists all books."""
    try:
        found = load_contract(at.folder / CONTRACT)
    except OSError as error:
        raise BookError(f"The contract of the book {at.folder.name} cannot be read: {error.strerror}.") from error
    except ContractError as error:
        return error
    if found.book.name != at.folder.name:
        raise BookError(
            f"The contract in the folder {at.folder.name} names its book {found.book.name!r}. Name both the same."
        )
    return found


@lru_cache(maxsize=4)
def _read(at: Stamp, own: Contract, most: int | None) -> Book:
    return read_folder(at.folder, own) if most is None else _held(_large(at, own), most)


@lru_cache(maxsize=8)
def _large(at: Stamp, own: Contract) -> LargeBook:
    """The files of a large book in one state: its digest is worked out once."""
    root = _large_root(at.folder, own)
    assert root is not None
    return LargeBook.at(own, root)


def _held(large: LargeBook, most: int) -> Book:
    """What is held of a large book."""
    own, found = large.contract, large.drawn(most)
    width, rest = len(own.record), [field.name for field in own.observed]
    raw, observed = found.values[:width], dict(zip(rest, found.values[width:], strict=True))
    return Book(
        own,
        np.ascontiguousarray(raw),
        ids=found.ids,
        target=observed[own.book.target],
        observed=observed,
        sha256=large.held_sha256(most),
        each=found.total / len(found.ids),
        large=large,
    )


def read_folder(path: Path, contract: Contract | None = None, most: int | None = None) -> Book:
    """A book from its folder, under its ``contract`` if that has been read already.

    Raises
    ------
    ContractError, BookError, BadInput
        If the contract, the snapshot or a value in it is not what it should be.
    """
    contract = load_contract(path / CONTRACT) if contract is None else contract
    root = _large_root(path, contract)
    if root is not None:
        return _held(LargeBook.at(contract, root), held_records(contract, most))
    snapshot = _snapshot(path, contract)
    try:
        return _checked(contract, snapshot)
    except (OSError, ValueError) as error:
        raise BookError(f"The snapshot {contract.book.file} cannot be read: {error}.") from error


def _large_root(path: Path, contract: Contract) -> Path | None:
    """Where the files of a book lie that may be large; None where its snapshot is one file beside its contract."""
    named = Path(contract.book.file)
    root = path / named  # an absolute name stands for itself
    if named.is_absolute() or (root.parent == path and root.is_dir()):
        return root
    return None


def _snapshot(path: Path, contract: Contract) -> Path:
    snapshot = path / contract.book.file
    if snapshot.parent != path or not snapshot.is_file():
        raise BookError(f"The snapshot {contract.book.file} of the book {contract.book.name} is absent.")
    return snapshot


def _sha256(snapshot: Path) -> str:
    return hashlib.sha256(snapshot.read_bytes()).hexdigest()


def _checked(contract: Contract, snapshot: Path) -> Book:
    import pandas as pd  # a second that a service which never reads a book need not wait

    frame = pd.read_parquet(snapshot)
    wanted = [field.name for field in (*contract.record, *contract.observed)]
    absent = [name for name in (contract.book.id, *wanted) if name not in frame]
    if absent:
        raise BookError(f"The snapshot {contract.book.file} lacks the declared columns {', '.join(absent)}.")
    record = frame[[field.name for field in contract.record]].to_numpy(np.float64, na_value=np.nan)
    raw = np.ascontiguousarray(record.T)
    observed = {field.name: frame[field.name].to_numpy(np.float64, na_value=np.nan) for field in contract.observed}
    check_records(contract, raw, observed)
    target = frame[contract.book.target].to_numpy(np.float64)
    ids = frame[contract.book.id].to_numpy(np.int64)
    if (np.diff(np.sort(ids)) == 0).any():  # a tenth of the time of numpy.unique
        raise BookError(f"The identifiers in {contract.book.id} are not unique.")
    return Book(contract, raw, ids=ids, target=target, observed=observed, sha256=_sha256(snapshot))
