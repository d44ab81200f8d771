"""Readers of books: a folder with a contract, a Parquet snapshot and its provenance."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.contract import Contract, load
from data.errors import BookError
from data.formulas import Array

SHIPPED = Path(__file__).parent


@dataclass(frozen=True, eq=False)
class Book:
    """One book in memory.

    ``raw`` is (fields, n) float64 as the contract orders it, ``ids`` (n,) the identifiers, ``target`` (n,) 0 or 1,
    ``observed`` the other declared columns (protected and the like) by name, ``sha256`` the snapshot's digest.
    """

    contract: Contract
    raw: Array
    ids: NDArray[np.int64]
    target: Array
    observed: Mapping[str, Array]
    sha256: str

    def __len__(self) -> int:
        return len(self.ids)

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
        return Book(self.contract, raw, self.ids[chosen], self.target[chosen], observed, self.sha256)

    @cached_property
    def _position(self) -> dict[int, int]:
        return {int(each): k for k, each in enumerate(self.ids)}

    def position(self, identifier: int) -> int:
        """Column of ``raw`` that holds one customer; BookError if there is none of that number."""
        try:
            return self._position[identifier]
        except KeyError:
            raise BookError(
                f"There is no {self.contract.book.person} {identifier:,}. "
                f"Numbers run from {self.ids.min():,} to {self.ids.max():,}."
            ) from None


def names() -> list[str]:
    """The shipped books."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/contract.toml"))


def folder(name: str) -> Path:
    """Where a book lies; BookError if there is none of that name."""
    if name not in names():
        raise BookError(f"There is no book {name!r}. There are: {', '.join(names())}.")
    return SHIPPED / name


@lru_cache(maxsize=4)
def read(name: str) -> Book:
    """A book by name, every value checked against its contract. Cached: the snapshot is immutable."""
    return read_folder(folder(name))


def read_folder(path: Path) -> Book:
    """A book from its folder.

    Raises
    ------
    ContractError, BookError, BadInput
        If the contract, the snapshot or a value in it is not what it should be.
    """
    contract = load(path / "contract.toml")
    snapshot = path / contract.book.file
    if not snapshot.is_file():
        raise BookError(f"The snapshot {contract.book.file} of the book {contract.book.name} is absent.")
    try:
        return _checked(contract, snapshot)
    except (OSError, ValueError) as error:
        raise BookError(f"The snapshot {contract.book.file} cannot be read: {error}.") from error


def _checked(contract: Contract, snapshot: Path) -> Book:
    import pandas as pd  # a second that a service which never reads a book need not wait

    frame = pd.read_parquet(snapshot)
    wanted = [field.name for field in (*contract.record, *contract.observed)]
    absent = [name for name in (contract.book.id, *wanted) if name not in frame]
    if absent:
        raise BookError(f"The snapshot {contract.book.file} lacks the declared columns {', '.join(absent)}.")
    raw = np.ascontiguousarray(frame[[field.name for field in contract.record]].to_numpy(np.float64).T)
    contract.check(raw)
    target = frame[contract.book.target].to_numpy(np.float64)
    if not np.isin(target, (0.0, 1.0)).all():
        raise BookError(f"The target {contract.book.target} must be 0 or 1 everywhere.")
    ids = frame[contract.book.id].to_numpy(np.int64)
    if len(np.unique(ids)) != len(ids):
        raise BookError(f"The identifiers in {contract.book.id} are not unique.")
    observed = {field.name: frame[field.name].to_numpy(np.float64) for field in contract.observed}
    return Book(contract, raw, ids, target, observed, hashlib.sha256(snapshot.read_bytes()).hexdigest())
