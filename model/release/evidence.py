"""What a release predicted of records it had not seen: the evidence on which it is judged, by gates and by people.

Every record of the training window was predicted once, in cross-validation, by a model fitted to the others; every
record of a later vintage by the released model itself. Records before the window, and those an intercept was
recalibrated on, are no evidence. Of a model that was fitted to a stream's outcomes all records of the book are that
are not among those, predicted by the released model itself: unseen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from data.arrays import AnyArray, Array
from model.engine.stored import Arrays, taken
from model.errors import ReleaseError

Kind = Literal["crossed", "later", "unseen"]
KINDS: tuple[Kind, ...] = ("crossed", "later", "unseen")


@dataclass(frozen=True, eq=False)
class Evidence:
    """``position`` (m,) of each record in the book, the ``pd`` (m,) predicted of it in [0, 1], and ``kind`` (m,), a
    position in `KINDS`: cross-validated in the training window, of a later vintage, or not in a stream's outcomes."""

    position: NDArray[np.int64]
    pd: Array
    kind: NDArray[np.int8]

    def of(self, *kinds: Kind) -> "Evidence":
        """The part of these kinds."""
        own = np.isin(self.kind, [KINDS.index(kind) for kind in kinds])
        return Evidence(self.position[own], self.pd[own], self.kind[own])

    def __len__(self) -> int:
        return len(self.position)

    def arrays(self) -> dict[str, AnyArray]:
        """Everything, for storage without pickle."""
        return {"position": self.position, "pd": self.pd, "kind": self.kind}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "Evidence":
        """The evidence that `arrays` stored.

        Raises
        ------
        KeyError, ValueError
            If one is absent, or not as `arrays` stores it.
        """
        position = taken(arrays, "position", kind=np.int64, shape=(None,), low=0)
        if len(np.unique(position)) < len(position):
            raise ValueError("position names a record twice")
        pd = taken(arrays, "pd", kind=np.float64, shape=position.shape, low=0, high=1)
        return cls(position, pd, taken(arrays, "kind", kind=np.int8, shape=position.shape, low=0, high=len(KINDS) - 1))

    def within(self, records: int) -> "Evidence":
        """The same; ReleaseError if it speaks of others than the ``records`` of its book."""
        if (self.position >= records).any():
            last = self.position.max() + 1
            raise ReleaseError(f"The release speaks of record {last:,} of a book of {records:,}. Train it anew.")
        return self


def gathered(parts: Mapping[Kind, tuple[NDArray[np.intp], Array]]) -> Evidence:
    """Evidence from positions and predictions of each kind."""
    kinds = [np.full(len(where), KINDS.index(kind), np.int8) for kind, (where, _) in parts.items()]
    position = np.concatenate([where for where, _ in parts.values()]).astype(np.int64)
    return Evidence(position, np.concatenate([pd for _, pd in parts.values()]), np.concatenate(kinds))
