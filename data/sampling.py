"""A stratified sample of records that pass by once, however many they are.

Every record has the same chance, so that one of the sample stands for as many of the book as any other: what is fitted
to it, tested on it or counted in it needs no weights. (Drawing more where exposures lie further apart, Neyman 1934,
would make the interval of the loss narrower, and ask for weights wherever somebody trains, ranks or calibrates.) How
many are drawn of a stratum follows from its share of the book by systematic sampling over the strata in order; who,
from a number that each record has by itself, so that neither files nor their order decide it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import AnyArray, Array
from data.draws import draw

SIGMAS, SPARE = 6, 20  # more than a stratum's share is kept on the way, so that chance leaves it short in no book
ROOM = 1.5  # times what is kept: then those who can no longer be drawn are let go


@dataclass(frozen=True, eq=False)
class DrawnRecords:
    """The records drawn of ``total``, in the order of their strata: ``ids`` (n,), ``values`` (columns, n)."""

    ids: NDArray[np.int64]
    values: Array
    total: int


class StratifiedStream:
    """Draws ``size`` records of a stream, all where it has no more, in ``strata`` numbered from 0. What it holds
    meanwhile grows with the size and the number of strata, not with the stream. Another ``purpose`` draws others."""

    def __init__(self, size: int, strata: int, purpose: str = "book") -> None:
        self._size, self._purpose = size, purpose
        self._counts = np.zeros(strata, np.int64)
        self._ends = np.ones(strata)  # of the numbers of those who can still be drawn
        self._parts: list[tuple[AnyArray, ...]] = []
        self._kept, self._room = 0, int(ROOM * size)

    def add(self, ids: NDArray[np.int64], strata: NDArray[np.intp], values: Array) -> None:
        """Some records more: ``ids`` (k,), each of its own; ``strata`` (k,); ``values`` (columns, k)."""
        own = draw(ids, self._purpose)
        self._counts += np.bincount(strata, minlength=len(self._counts))
        some = np.flatnonzero(own < self._ends[strata])
        self._parts.append((own[some], ids[some], strata[some], np.ascontiguousarray(values[:, some].T)))
        self._kept += len(some)
        if self._kept > self._room:
            self._let_go()

    @property
    def held(self) -> int:
        """How many records are held on the way."""
        return self._kept

    def _let_go(self) -> None:
        """Of the part of a stratum seen so far, on average at most its share of the sample is drawn in the end."""
        share = self._size * self._counts / self._counts.sum()
        place, parts = self._ranked()
        strata = parts[2]
        beyond = place >= (share + SIGMAS * np.sqrt(share) + SPARE)[strata]
        np.minimum.at(self._ends, strata[beyond], parts[0][beyond])
        self._parts = [tuple(part[~beyond] for part in parts)]
        self._kept = int((~beyond).sum())
        self._room = int(ROOM * self._kept)

    def _ranked(self) -> tuple[NDArray[np.intp], tuple[AnyArray, ...]]:
        """The place of each that is kept in its stratum, by its number, and all of them in that order."""
        parts = tuple(np.concatenate(each) for each in zip(*self._parts, strict=True))
        order = np.lexsort((parts[1], parts[0], parts[2]))
        parts = tuple(part[order] for part in parts)
        counts = np.bincount(parts[2], minlength=len(self._counts))
        return np.arange(len(order)) - (counts.cumsum() - counts)[parts[2]], parts

    def drawn(self) -> DrawnRecords:
        """The sample of all that was added; at least one record was."""
        total = int(self._counts.sum())
        size = min(self._size, total)
        start = float(draw(np.zeros(1, np.int64), f"{self._purpose} start")[0])
        points = np.floor((np.arange(size) + start) * total / size)
        strata = np.searchsorted(self._counts.cumsum(), points, side="right")
        wanted = np.bincount(strata, minlength=len(self._counts))
        place, (_, ids, strata, values) = self._ranked()
        found = place < wanted[strata]
        return DrawnRecords(ids[found], np.ascontiguousarray(values[found].T), total)
