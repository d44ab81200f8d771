"""How far the trees of a book's model are boosted, tried out on records that it has not seen.

Where outcomes follow the inputs closely, too few rounds leave a model that is timid; where they do not, too many are
noise learnt by heart: of 2,000 instalment loans 100 rounds rank 0.017 below 25. Of few records trees of three leaves
may say more than larger ones: of 800 loans with gaps they rank 0.018 higher.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.proposing.plan import LEAVES, Boosting
from model.monitoring.performance import log_losses
from model.release import training

TRIED: tuple[int, ...] = (25, 50, 100, 200, 400)
FEW_LEAVES, FASTER = 3, 2.0  # of a small tree, one pair of inputs at most; at twice the rate half as many say the same
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

    part, seed, rate = book, book.contract.training.seed, book.contract.training.learning_rate
    if len(book) > MOST_RECORDS:
        part = book.part(np.sort(np.random.default_rng(seed).permutation(len(book))[:MOST_RECORDS]))
    x, y = training.rows(part.inputs), part.target
    parts: Parts = list(StratifiedKFold(PARTS, shuffle=True, random_state=(seed + 1) % 2**32).split(x, y))
    large, small = partial(Boosting, leaves=LEAVES, rate=rate), partial(Boosting, leaves=FEW_LEAVES, rate=FASTER * rate)
    if len(part) > MANY:
        best, _ = _least(book, x, parts[:1], y=y, tried=[large(each) for each in OF_MANY])
        return large(OF_MANY[min(OF_MANY.index(best.rounds) + (len(part) < len(book)), len(OF_MANY) - 1)])
    best, least = _least(book, x, parts, y=y, tried=[large(each) for each in TRIED])
    of_few, least_of_few = _least(book, x, parts, y=y, tried=[small(each) for each in TRIED])
    return of_few if least_of_few < min(least, _without_a_model(y, parts)) else best


def _least(book: Book, x: Array, parts: Parts, *, y: Array, tried: Sequence[Boosting]) -> tuple[Boosting, float]:
    """The first of those ``tried``, of more and more rounds, after which more are no better; and its loss, the sum over
    parts."""
    best, least = tried[0], np.inf
    how = {"warm_start": True, "max_leaf_nodes": best.leaves, "learning_rate": best.rate}
    models = [training.classifier(book).set_params(**how) for _ in parts]
    for each in tried:
        loss = 0.0
        for model, (known, held) in zip(models, parts, strict=True):
            with training.one_thread():
                model.set_params(max_iter=each.rounds).fit(x[known], y[known])
                loss += float(log_losses(y[held], model.predict_proba(x[held])[:, 1]).sum())
        if loss >= least:
            break
        best, least = each, loss
    return best, least


def _without_a_model(y: Array, parts: Parts) -> float:
    """The loss of saying of each record held back the share that is bad of the others."""
    return float(sum(log_losses(y[held], np.full(len(held), y[known].mean())).sum() for known, held in parts))
