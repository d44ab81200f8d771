"""What a job reads: a file or a folder, looked at once, then gone through in blocks of rows."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from data.arrays import Arrow
from data.contract import Contract
from data.errors import BadInput
from data.files.given import GivenCells
from data.files.kinds import MB
from data.files.layout import Odd
from data.files.names import plain, unique
from model.scoring.columns import Columns, matched
from model.scoring.values import quoted, short


@dataclass(frozen=True, eq=False)
class Block:
    """Some rows as they stand in the file: the ``lines`` (n,) they are on, the cells of each of the contract's
    ``fields``, their identifiers (``ids``, None where the file has none), columns ``carried`` through by name, and the
    rows met that are no rows of the table (``odd``)."""

    lines: NDArray[np.int64]
    fields: Sequence[GivenCells]
    ids: Arrow | None
    carried: Mapping[str, Arrow]
    odd: tuple[Odd, ...] = ()

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class TableHeader:
    """The columns of a table by name."""

    header: tuple[str, ...]
    whence: str = ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Their names, each another whatever its case."""
        return unique(self.header)


@dataclass(frozen=True)
class Layout:
    """Where in a table the ``columns`` stand that a job reads, and those it carries through: their places, by name."""

    header: TableHeader
    columns: Columns
    carried: Mapping[str, int]

    @property
    def places(self) -> tuple[int, ...]:
        """The places of all columns that are read."""
        own = {*self.columns.fields, *self.carried.values()}
        return tuple(sorted(own if self.columns.id is None else own | {self.columns.id}))


class RecordSource(Protocol):
    """A file or folder with a table of records."""

    @property
    def layout(self) -> Layout:
        """Its columns."""

    @property
    def delimiter(self) -> str:
        """What parts the cells of a text file; "" in others."""

    @property
    def rows(self) -> int | None:
        """How many rows it says it has; None where that is not known before it is read."""

    @property
    def id_type(self) -> Arrow | None:
        """The type of its identifiers; None where it has none."""

    @property
    def carried_types(self) -> Mapping[str, Arrow]:
        """The types of the columns that are carried through."""

    @property
    def notes(self) -> Sequence[str]:
        """What reading took for granted, as far as it has come."""

    def blocks(self, after: int = 0) -> Iterator[Block]:
        """Its rows in blocks of `sizes.BLOCK` at most, without the first ``after`` of them; BadInput if it cannot be
        read."""


def layout_of(header: TableHeader, contract: Contract, carried: Sequence[str], unread: Mapping[int, str]) -> Layout:
    """Where the columns stand that a job reads; ``carried`` are asked for by name, ``unread`` those whose cells hold no
    single value, with their type, by place.

    Raises
    ------
    BadInput
        If a column that is needed is absent or there twice, or holds what is not read.
    """
    columns = matched(header, contract)
    for place in (*columns.fields, *(() if columns.id is None else (columns.id,))):
        if place in unread:
            raise BadInput(
                f"{quoted(header.header[place])} holds values of the type {short(unread[place])}; write numbers, or "
                "the words of a code."
            )
    return Layout(header, columns, {name: _place(header, name, unread) for name in dict.fromkeys(carried)})


def _place(header: TableHeader, name: str, unread: Mapping[int, str]) -> int:
    places = [k for k, own in enumerate(header.names) if plain(own) == plain(name)]
    if not places:
        known = ", ".join(map(short, filter(None, header.header[:12])))
        raise BadInput(f"The file has no column {quoted(name)} to carry along. It has: {known}.")
    if places[0] in unread:
        raise BadInput(
            f"{quoted(name)} holds values of the type {short(unread[places[0]])}, which are not carried along. Name "
            "another column."
        )
    return places[0]


def fingerprint(files: Sequence[Path], root: Path) -> str:
    """sha256 over the files' contents, and their names below ``root`` where there are several."""
    digest = hashlib.sha256()
    for file in files:
        if len(files) > 1:
            digest.update(f"{file.relative_to(root).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as content:
            while part := content.read(8 * MB):
                digest.update(part)
    return digest.hexdigest()


def whole_numbers(kind: Any) -> bool:
    """Whether a column's type holds whole numbers that fit an identifier."""
    return bool(pa.types.is_integer(kind)) and kind != pa.uint64()
