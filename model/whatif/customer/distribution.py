"""How an input and the score are spread over the book, and where a value lies in it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from data.arrays import Array
from data.books import Book
from model.finance.scorecard import reaches
from model.whatif.book.scored import ScoredBook
from model.whatif.book.totals import stands_for
from model.whatif.customer.decision import score_scale

BINS = 20
BIN = 10  # score points
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


@dataclass(frozen=True)
class ScoreDistribution:
    """How the scores of a book lie: ``edges`` (bins + 1) in whole points and the ``counts`` of its records between
    them, those beyond in the outermost; ``reached``: how many of all of them reach the ``cutoff``."""

    edges: tuple[int, ...]
    counts: tuple[int, ...]
    cutoff: float
    reached: int

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(self.counts)


def score_distribution(whole: ScoredBook) -> ScoreDistribution:
    """The scores that the model gives the book as it is, in bins of ten points; worked out once."""

    def work() -> ScoreDistribution:
        scale, cutoff = score_scale(whole.contract), whole.contract.score.cutoff
        scores = np.asarray(scale.score(whole.margins))
        low, high = (int(BIN * np.floor(end / BIN)) for end in np.quantile(scores, [TAIL, 1 - TAIL]))
        edges = np.arange(low, high + 2 * BIN, BIN)
        counts = np.histogram(scores.clip(edges[0], edges[-1]), edges)[0]
        reached = int(np.asarray(reaches(scores, cutoff)).sum())
        return ScoreDistribution(
            tuple(edges.tolist()),
            tuple(stands_for(counts, whole.each).tolist()),
            cutoff=cutoff,
            reached=round(reached * whole.each),
        )

    return whole.once("scores", work)


@lru_cache(maxsize=256)
def input_distribution(book: Book, name: str) -> InputDistribution:
    """The distribution of the input of that name. Books never change."""
    names = [each.name for each in book.contract.inputs]
    return InputDistribution.of(book.inputs[names.index(name)])
