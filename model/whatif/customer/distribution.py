"""How an input is spread over the book, and where a value lies in it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from data.arrays import Array
from data.books import Book

BINS = 20
TAIL = 0.005  # quantile on either side beyond which values count to the outermost bins


@dataclass(frozen=True, eq=False)
class InputDistribution:
    """The distribution of one input in the book: ``known`` are its values, sorted, without the missing ones. ``low`` is
    where the first of the bins begins, ``span`` how far they reach, ``counts`` (bins,) how many values lie in each."""

    known: Array
    low: float
    span: float
    counts: tuple[int, ...]

    @classmethod
    def of(cls, values: Array) -> "InputDistribution":
        """From all values of the input, (n,)."""
        known = np.sort(values[~np.isnan(values)])
        low, high = np.quantile(known, [TAIL, 1 - TAIL])
        span = float(high - low) if high > low else 1.0
        counts = np.histogram(known.clip(low, high), BINS, (low, low + span))[0]
        return cls(known, float(low), span, tuple(counts.tolist()))

    @property
    def heights(self) -> tuple[float, ...]:
        """How high each bin is drawn, of 1 for the fullest: by the root of its count, so that few are still seen."""
        return tuple(np.sqrt(np.array(self.counts) / max(self.counts)).tolist())

    def below(self, value: float) -> int:
        """How many of 100 lie below a value."""
        return round(100 * float(np.searchsorted(self.known, value)) / len(self.known))

    def same(self, value: float) -> int:
        """How many of 100 have this very value."""
        first, last = np.searchsorted(self.known, value), np.searchsorted(self.known, value, side="right")
        return round(100 * float(last - first) / len(self.known))

    def place(self, value: float) -> float | None:
        """Where a value lies along the bins, in [0, 1], one beyond them at their end; None where it is missing."""
        return None if np.isnan(value) else float(np.clip((value - self.low) / self.span, 0, 1))


@lru_cache(maxsize=256)
def input_distribution(book: Book, name: str) -> InputDistribution:
    """The distribution of the input of that name. Books never change."""
    names = [each.name for each in book.contract.inputs]
    return InputDistribution.of(book.inputs[names.index(name)])
