"""The latest records whose outcome is known, as a stream brings them: what a renewed model is fitted to.

A release that was fitted to such a window carries it, so that it can be trained once more; its contract, book and data
are those of the book it is deployed on. It has seen none of the book's records but those that are in the window, too.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from data.arrays import AnyArray, Array
from data.books import Book
from data.errors import BadInput
from data.json_types import JsonObject
from model.engine.stored import Arrays, taken
from model.release.window import FEWEST

WINDOW_FILE = "window.npz"
LATEST = 253_402_300_799_999  # ms since 1970: the end of the year 9999, the last that a calendar knows


@dataclass(frozen=True, eq=False)
class OutcomeWindow:
    """Records (n,) by when their outcomes came, the earliest first: ``raw`` (fields, n) as the contract orders it,
    ``target`` (n,) 0 or 1, and ``at`` (n,) when it was told, ms since 1970 UTC."""

    raw: Array
    target: Array
    at: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.target)

    @property
    def first(self) -> datetime:
        """When the earliest outcome came."""
        return datetime.fromtimestamp(int(self.at[0]) / 1000, UTC)

    @property
    def last(self) -> datetime:
        """When the latest came."""
        return datetime.fromtimestamp(int(self.at[-1]) / 1000, UTC)

    def arrays(self) -> dict[str, AnyArray]:
        """Everything, for storage without pickle."""
        return {"raw": self.raw, "target": self.target.astype(np.int8), "at": self.at}

    @classmethod
    def from_arrays(cls, arrays: Arrays, fields: int) -> "OutcomeWindow":
        """The window that `arrays` stored, of records of so many fields.

        Raises
        ------
        KeyError, ValueError
            If one is absent, or not as `arrays` stores it.
        """
        raw = taken(arrays, "raw", kind=np.float64, shape=(fields, None), gaps=True)
        n = raw.shape[1]
        target = taken(arrays, "target", kind=np.int8, shape=(n,), low=0, high=1)
        at = taken(arrays, "at", kind=np.int64, shape=(n,), low=0, high=LATEST)
        if not n or (np.diff(at) < 0).any():
            raise ValueError("the window holds no record, or not by when its outcomes came")
        return cls(raw, target.astype(np.float64), at)

    @property
    def sha256(self) -> str:
        """A digest of everything in it."""
        digest = hashlib.sha256()
        for name, values in self.arrays().items():
            digest.update(f"{name} {values.shape}\n".encode() + np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()

    def as_dict(self) -> JsonObject:
        """For the manifest: how many records, when their outcomes came, and the digest of them."""
        first, last = (each.isoformat(timespec="milliseconds") for each in (self.first, self.last))
        return {"rows": len(self), "first": first, "last": last, "sha256": self.sha256}

    def within(self, book: Book) -> Book:
        """The records as a part of ``book`` to be fitted to, under its contract. What the stream does not tell, the
        protected attributes above all, they do not have.

        Raises
        ------
        BadInput
            If either outcome is too rare among them to learn from, or there are too few for the contract's folds.
        """
        bad, least = int(self.target.sum()), max(FEWEST, book.contract.training.folds)
        if min(bad, len(self) - bad) < least:
            raise BadInput(
                f"The window holds {len(self):,} outcomes of the stream, {bad:,} of them bad; at least {least} of "
                "either kind are needed to learn from. Wait for more, or choose a wider window."
            )
        ids = np.arange(1, len(self) + 1, dtype=np.int64)
        return replace(book, raw=self.raw, ids=ids, target=self.target, observed={}, each=1.0, large=None)


def records_among(raw: Array, others: Array) -> NDArray[np.bool_]:
    """Which records of ``raw`` (fields, n) are also among the ``others`` (fields, m), value for value, (n,)."""
    own, there = ([each.tobytes() for each in _columns(records)] for records in (raw, others))
    small, large = sorted((own, there), key=len)
    small_set = set(small)  # of the fewer, since a book may be large
    both = {each for each in large if each in small_set}
    return np.fromiter((each in both for each in own), bool, len(own))


def _columns(raw: Array) -> Array:
    """Records one after the other; zero and missing each written in one way."""
    own = np.ascontiguousarray(raw.T) + 0.0
    own[np.isnan(own)] = np.nan
    return own
