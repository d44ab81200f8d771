"""How much each field of a record weighs in the model, over the book: which of many are shown first."""

import numpy as np

from data.arrays import Array
from model.engine.scorer import TableScorer
from model.whatif.book.scored import ScoredBook

MOST_ASKED = 2_000  # records of the book


def field_weights(whole: ScoredBook) -> Array:
    """(fields,) mean absolute reason, in log-odds, of the inputs that read a field, over some records of the book; 0
    for all of a model whose tables are not known."""
    return whole.once("field weights", lambda: _weights(whole))


def _weights(whole: ScoredBook) -> Array:
    found = np.zeros(len(whole.contract.record))
    if not isinstance(whole.scorer, TableScorer):
        return found
    some = np.linspace(0, whole.n - 1, min(whole.n, MOST_ASKED)).astype(int)
    by_input = np.abs(whole.scorer.shapley.explain(np.ascontiguousarray(whole.codes[:, some]))).mean(axis=1)
    for rows, weight in zip(whole.contract.reads, by_input, strict=True):
        found[list(rows)] += weight
    return found
