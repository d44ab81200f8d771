"""What the model that a contract asks for says of its own book, for a cut-off before there is a release."""

import numpy as np

from data.arrays import Array
from data.books import Book
from model.release import training

MOST_FITTED = 10_000  # records of a large book, and rounds for it: seconds, where all of it took a minute; a cut-off is
ROUNDS = 100  # a guess anyway


def fitted_margins(book: Book) -> Array:
    """Log-odds of the model that the contract asks for; of a book of more than `MOST_FITTED` records those of so many,
    after no more than `ROUNDS` of boosting."""
    how, part, model = book.contract.training, book, training.classifier(book)
    if len(book) > MOST_FITTED:
        part = book.part(np.sort(np.random.default_rng(how.seed).permutation(len(book))[:MOST_FITTED]))
        model.set_params(max_iter=min(how.iterations, ROUNDS))
    x = training.rows(part.inputs)
    with training.one_thread():
        found: Array = model.fit(x, part.target).decision_function(x)
    return found
