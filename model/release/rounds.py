"""How many rounds of boosting the model of a small book is worth, tried out on records that it has not seen.

Of a few hundred rows it differs by a factor of ten between files, and every round too many is noise learnt by heart; of
many thousands more rounds than are needed cost time and little else.
"""

import numpy as np

from data.books import Book
from model.monitoring.performance import log_losses
from model.release import training

TRIED = (25, 50, 100, 200, 400)
MOST_RECORDS = 5_000  # of a book whose rounds are tried out
PARTS = 3


def proposed_rounds(book: Book) -> int | None:
    """The first of `TRIED` after which more rounds are no less surprised (log-loss) by the third of the records that
    they are not fitted to, over all thirds; None of a book that is large enough for the usual number."""
    from sklearn.model_selection import StratifiedKFold

    if len(book) > MOST_RECORDS:
        return None
    x, y = training.rows(book.inputs), book.target
    parts = list(StratifiedKFold(PARTS, shuffle=True, random_state=book.contract.training.seed).split(x, y))
    models = [training.classifier(book).set_params(warm_start=True) for _ in parts]
    best, least = TRIED[0], np.inf
    for rounds in TRIED:
        loss = 0.0
        for model, (known, held) in zip(models, parts, strict=True):
            with training.one_thread():
                model.set_params(max_iter=rounds).fit(x[known], y[known])
                loss += float(log_losses(y[held], model.predict_proba(x[held])[:, 1]).sum())
        if loss >= least:
            break
        best, least = rounds, loss
    return best
