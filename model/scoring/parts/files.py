"""A book in Parquet: one file, a folder of them, with hive partitions or without, or a Delta table; part by part.

What is held is a few parts, whatever the size: how many rows a file has is read from its end, and its rows in batches.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from numpy.typing import NDArray

from data.arrays import Arrow
from data.errors import BadInput

DELTA = "_delta_log"  # the folder that makes a folder a Delta table
READ_AHEAD = 2  # batches
_UNREADABLE = (pa.ArrowException, OSError, ValueError)


@dataclass(frozen=True, eq=False)
class BookPart:
    """Some rows of a table: the ``batch``, the ``file`` that it is from, "" where it is the table, and its rows'
    numbers there, (n,), from 1 on."""

    batch: Arrow
    file: str
    rows: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BookFiles:
    """A table in files, as a ``dataset`` of Arrow; ``place`` is where it lies and ``rows`` how many it has."""

    place: Path
    dataset: Arrow
    rows: int

    @classmethod
    def of(cls, place: Path) -> "BookFiles":
        """What lies at a place. BadInput where that is no table that can be read."""
        if not place.exists():
            raise BadInput(f"There is no file or folder {place}. Name a Parquet file, or a folder of them.")
        try:
            dataset = _delta(place) if (place / DELTA).is_dir() else _parquet(place)
            return cls(place, dataset, int(dataset.count_rows()))
        except _UNREADABLE as error:
            raise BadInput(f"{place} cannot be read as Parquet: {_short(error)}") from error

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns, those of partitions among them."""
        return tuple(self.dataset.schema.names)

    def parts(self, columns: Sequence[str], size: int) -> Iterator[BookPart]:
        """The rows in the order of the files, at most so many at a time. BadInput where one cannot be read."""
        for fragment in self.dataset.get_fragments():
            file, first = self._named(fragment.path), 1
            try:
                batches = fragment.to_batches(
                    schema=self.dataset.schema,
                    columns=list(columns),
                    batch_size=size,
                    batch_readahead=READ_AHEAD,
                    use_threads=True,
                )
                for batch in batches:
                    yield BookPart(batch, file, np.arange(first, first + batch.num_rows))
                    first += batch.num_rows
            except _UNREADABLE as error:
                raise BadInput(f"{file or self.place} cannot be read: {_short(error)}") from error

    def _named(self, path: str) -> str:
        """A file as it is told: by its path below the table's place; "" where it is the table."""
        place = _straight(self.place).as_posix()
        return path.removeprefix(place).lstrip("/")


def _straight(place: Path) -> Path:
    """A place without detours, as a reader names the files below it."""
    return Path(os.path.abspath(place))


def _parquet(place: Path) -> Arrow:
    dataset = ds.dataset(_straight(place), format="parquet", partitioning="hive")
    if not dataset.files:
        raise BadInput(f"There is no Parquet file in {place}. Name a Parquet file, or a folder of them.")
    return dataset


def _delta(place: Path) -> Arrow:
    try:
        from deltalake import DeltaTable
    except ImportError as error:
        raise BadInput(
            f"{place} is a Delta table, which the library deltalake reads. Install it (pip install deltalake)."
        ) from error
    return DeltaTable(str(place)).to_pyarrow_dataset()


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
