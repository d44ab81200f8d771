"""The typical record that a phone and a record of one's own start from: nobody's, made of what is usual in the book.

Each field is the book's median, to the field's own step, or its commonest code, which no single record decides. Where
these together break a rule of the contract, the quartiles and so on are tried, all fields at the same share of the
book, until every rule holds.
"""

from collections.abc import Iterator

import numpy as np

from data.arrays import Array
from data.books import Book
from data.contract import Contract, Field, bounds
from data.errors import BadInput

SHARES = (0.5, 0.25, 0.75, 0.1, 0.9)  # of the book that lies below, the one tried first first


def typical_record(book: Book) -> Array:
    """The record, (fields, 1).

    Raises BadInput where none of those tried keeps the rules of the contract.
    """
    contract = book.contract
    for record in _tried(contract, book.raw):
        if not contract.broken(record):
            contract.check(record)
            return record
    raise BadInput(
        f"No usual record of the book {contract.book.name} keeps the rules of its contract, so that there is none "
        f"to start from. Look at: {'; '.join(each.message for each in contract.constraints)}"
    )


def _tried(contract: Contract, raw: Array) -> Iterator[Array]:
    for commonest in (True, False):
        for share in SHARES:
            values = [_usual(*each, share, commonest) for each in zip(contract.record, raw, strict=True)]
            yield np.array(values)[:, None]


def _usual(field: Field, values: Array, share: float, commonest: bool) -> float:
    """A field's value at a ``share`` of the book, or of codes the ``commonest``; missing where that is commoner, and a
    special code where nobody has a value."""
    known = values[~np.isnan(values)]
    stated = known[~field.is_special(known)]
    if len(stated) == 0 and len(known):
        return float(known[0])
    if len(stated) * 2 < len(values) and field.missing:
        return float("nan")
    if field.codes and commonest:
        found, often = np.unique(stated, return_counts=True)
        return float(found[np.argmax(often)])
    value = float(np.quantile(stated, share, method="nearest"))
    low, high = bounds(field)
    return value if field.codes else float(np.clip(field.step * np.round(value / field.step), low, high))
