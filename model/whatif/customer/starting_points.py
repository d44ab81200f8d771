"""A few customers worth starting from, found in the book by what the model says of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from data.arrays import Array
from data.books import Book
from model.engine.scorer import Scorer
from model.engine.tables import probability
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.decision import score_scale

SAFE, TROUBLE = 0.90, 0.05  # quantiles of the score
SHORT_BY = 4.0  # points below the cut-off of the borderline customer


def personas(scorer: Scorer, book: Book, margins: Array | None = None) -> Mapping[str, int]:
    """Customer numbers by name: safe (a good score), borderline (a few points short of the cut-off), in trouble.
    ``margins`` (n,) of the book's customers, if the model was asked about them already."""
    margins = scorer.margins(book.raw) if margins is None else margins
    score = score_scale(scorer.contract).score(margins)
    goals = {
        "safe": float(np.quantile(score, SAFE)),
        "borderline": scorer.contract.score.cutoff - SHORT_BY,
        "in trouble": float(np.quantile(score, TROUBLE)),
    }
    return {name: int(book.ids[np.argmin(np.abs(score - goal))]) for name, goal in goals.items()}


@dataclass(frozen=True)
class StartingPoint:
    """A ``customer`` worth starting from, by a ``name``: the ``score`` and ``pd``, a fraction, that the model gives."""

    name: str
    customer: int
    score: float
    pd: float


def starting_points(whole: ScoredBook, found: Mapping[str, int]) -> tuple[StartingPoint, ...]:
    """What the model says of the customers ``found`` by `personas`."""
    where = [int(np.flatnonzero(whole.ids == number)[0]) for number in found.values()]
    margins = whole.margins[where]
    scores, pds = score_scale(whole.contract).score(margins), probability(margins)
    rows = zip(found.items(), np.asarray(scores).tolist(), pds.tolist(), strict=True)
    return tuple(StartingPoint(name, number, score, pd) for (name, number), score, pd in rows)


def id_range(book: Book) -> tuple[int, int]:
    """The lowest and the highest number of a customer of the book, whether or not a sample of it holds them."""
    if book.sampled and book.large is not None:
        return book.large.ends
    return int(book.ids.min()), int(book.ids.max())
