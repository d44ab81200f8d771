"""How many rounds of boosting the model of a book is worth, tried out on records that it has not seen.

Where outcomes follow the inputs closely, too few leave a model that is timid; where they do not, too many are noise
learnt by heart: of 2,000 instalment loans 100 rounds rank 0.017 below 25.
"""

import numpy as np

from data.books import Book
from model.monitoring.performance import log_losses
from model.release import training

TRIED: tuple[int, ...] = (25, 50, 100, 200, 400)
PARTS = 5
MANY = 5_000  # records, of which one part is enough to judge by
MOST_RECORDS = 10_000  # of a larger book that are tried
OF_MANY: tuple[int, ...] = (100, 200)  # what is tried where there are many


def proposed_rounds(book: Book) -> int:
    """The first of `TRIED` after which more rounds are no less surprised (log-loss) by records that they are not fitted
    to: over all fifths of them, or one fifth where there are many, which are not the folds that the model is judged by.
    Of a book too large to be tried out as a whole, the step after that, as more records bear more rounds."""
    from sklearn.model_selection import StratifiedKFold

    part, seed = book, book.contract.training.seed
    if len(book) > MOST_RECORDS:
        part = book.part(np.sort(np.random.default_rng(seed).permutation(len(book))[:MOST_RECORDS]))
    x, y = training.rows(part.inputs), part.target
    parts = list(StratifiedKFold(PARTS, shuffle=True, random_state=(seed + 1) % 2**32).split(x, y))
    tried = TRIED
    if len(part) > MANY:
        parts, tried = parts[:1], OF_MANY
    models = [training.classifier(book).set_params(warm_start=True) for _ in parts]
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
    return tried[min(best + (len(part) < len(book)), len(tried) - 1)]
