"""What the model that a contract asks for says of its own book, for a cut-off before there is a release."""

import numpy as np

from data.arrays import Array
from data.books import Book
from model.release import training

MOST_FITTED = 50_000  # rows that it is fitted to: seconds, where a million would take minutes


def fitted_margins(book: Book) -> Array:
    """Log-odds (n,) of the model that the contract asks for, fitted to at most `MOST_FITTED` of the records."""
    part = book
    if len(book) > MOST_FITTED:
        chosen = np.sort(np.random.default_rng(book.contract.training.seed).permutation(len(book))[:MOST_FITTED])
        part = book.part(chosen)
    found: Array = training.fit(part).decision_function(training.rows(book.inputs))
    return found
