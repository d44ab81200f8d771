"""A few customers worth starting from, found in the book by what the model says of them."""

from collections.abc import Mapping

import numpy as np

from data.arrays import Array
from data.books import Book
from model.engine.scorer import Scorer
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


def id_range(book: Book) -> tuple[int, int]:
    """The lowest and the highest number of a customer of the book."""
    return int(book.ids.min()), int(book.ids.max())
