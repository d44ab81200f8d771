"""How far the trees of a book's model are boosted, tried out on records that it has not seen.

Where outcomes follow the inputs closely, too few rounds leave a model that is timid; where they do not, too many are
noise learnt by heart: of 2,000 instalment loans 100 rounds rank 0.017 below 25. Of few records trees of three leaves
may say more than larger ones: of 800 loans with gaps they rank 0.018 higher.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.proposing.plan import LEAVES, Boosting
from model.monitoring.performance import log_losses
from model.release import training

TRIED: tuple[int, ...] = (25, 50, 100, 200, 400)
FEW_LEAVES = 3  # of a small tree: one pair of inputs at most
PARTS = 5
MANY = 5_000  # records, of which one part is enough to judge by, and which bear the usual leaves
MOST_RECORDS = 10_000  # of a larger book that are tried
OF_MANY: tuple[int, ...] = (100, 200)  # what is tried where there are many

Parts = Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]
"""Places of the records that are fitted to, and of those that are held back."""


def proposed_boosting(book: Book) -> Boosting:
    """The rounds and leaves that are least surprised (log-loss) by records that they are not fitted to: over all fifths
    of them, or one fifth where there are many, which are not the folds that the model is judged by.

    Of rounds, the first of `TRIED` after which more are no better; of a book too large to be tried out as a whole, the
    step after that, as more records bear more rounds. Of leaves, `FEW_LEAVES` where they are better than the
    usual ones, and than no model at all: what tells nothing chooses nothing.
    """
    from sklearn.model_selection import StratifiedKFold

    part, seed = book, book.contract.training.seed
    if len(book) > MOST_RECORDS:
        part = book.part(np.sort(np.random.default_rng(seed).permutation(len(book))[:MOST_RECORDS]))
    x, y = training.rows(part.inputs), part.target
    parts: Parts = list(StratifiedKFold(PARTS, shuffle=True, random_state=(seed + 1) % 2**32).split(x, y))
    if len(part) > MANY:
        best, _ = _tried(book, x, parts[:1], y=y, leaves=LEAVES, tried=OF_MANY)
        return Boosting(OF_MANY[min(best + (len(part) < len(book)), len(OF_MANY) - 1)], LEAVES)
    best, least = _tried(book, x, parts, y=y, leaves=LEAVES, tried=TRIED)
    of_few, least_of_few = _tried(book, x, parts, y=y, leaves=FEW_LEAVES, tried=TRIED)
    if least_of_few < min(least, _without_a_model(y, parts)):
        return Boosting(TRIED[of_few], FEW_LEAVES)
    return Boosting(TRIED[best], LEAVES)


def _tried(book: Book, x: Array, parts: Parts, *, y: Array, leaves: int, tried: Sequence[int]) -> tuple[int, float]:
    """Which of the rounds ``tried`` is the first after which more are no better, and its loss, the sum over parts."""
    models = [training.classifier(book).set_params(warm_start=True, max_leaf_nodes=leaves) for _ in parts]
    best, least = 0, np.inf
    for k, rounds in enumerate(tried):
        loss = 0.0
        for model, (known, held) in zip(models, parts, strict=True):
            with training.one_thread():
                model.set_params(max_iter=rounds).fit(x[known], y[known])
                loss += float(log_losses(y[held], model.predict_proba(x[held])[:, 1]).sum())
        if loss >= least:
            break
        best, least = k, loss
    return best, least


def _without_a_model(y: Array, parts: Parts) -> float:
    """The loss of saying of each record held back the share that is bad of the others."""
    return float(sum(log_losses(y[held], np.full(len(held), y[known].mean())).sum() for known, held in parts))
