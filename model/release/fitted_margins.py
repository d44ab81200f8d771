"""What the model that a contract asks for says of its own book, for a cut-off before there is a release."""

import numpy as np

from data.arrays import Array
from data.books import Book
from model.release import training

MOST_FITTED = 10_000  # records: a second or two, where 50,000 took ten; the cut-off is a guess all the same


def fitted_margins(book: Book) -> Array:
    """Log-odds of the model that the contract asks for, fitted to at most `MOST_FITTED` of the records, of those."""
    part = book
    if len(book) > MOST_FITTED:
        chosen = np.sort(np.random.default_rng(book.contract.training.seed).permutation(len(book))[:MOST_FITTED])
        part = book.part(chosen)
    found: Array = training.fit(part).decision_function(training.rows(part.inputs))
    return found
