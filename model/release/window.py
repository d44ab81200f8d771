"""Which vintages a model is fitted to, recalibrated on, and tested on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.books import Book
from data.contract import Contract
from data.errors import BadInput


@dataclass(frozen=True)
class Window:
    """Vintages from ``since`` to ``until``, both included; None is open."""

    since: int | None = None
    until: int | None = None

    def __str__(self) -> str:
        if self.since is None and self.until is None:
            return "all"
        if self.since is None or self.until is None:
            return f"since {self.since}" if self.until is None else f"until {self.until}"
        return f"{self.since}" if self.since == self.until else f"{self.since} to {self.until}"

    def of(self, book: Book) -> NDArray[np.intp]:
        """The positions of a book's records in the window.

        Raises
        ------
        BadInput
            If the book has no vintages to choose from, or none in the window.
        """
        if self.since is None and self.until is None:
            return np.arange(len(book))
        vintages, name = book.vintages, book.contract.book.name
        if vintages is None:
            raise BadInput(f"The book {name} has no vintages, so no window of them can be chosen. Train on all of it.")
        low = -np.inf if self.since is None else self.since
        high = np.inf if self.until is None else self.until
        found = np.flatnonzero((vintages >= low) & (vintages <= high))
        if not len(found):
            span = f"{vintages.min():.0f} to {vintages.max():.0f}"
            raise BadInput(f"The book {name} has no record of the vintages {self}. It has {span}.")
        return found

    def as_dict(self) -> dict[str, int | None]:
        """For reports."""
        return {"since": self.since, "until": self.until}


def declared(contract: Contract) -> Window:
    """The window that a contract trains on."""
    return Window(contract.training.since, contract.training.until)


def later(contract: Contract, window: Window, recalibrated: Window | None = None) -> Window | None:
    """The vintages a model is tested on out of time: after its window, and after those it was recalibrated on; None
    where there can be none."""
    ends = [each.until for each in (window, recalibrated) if each is not None]
    if contract.vintage is None or None in ends:
        return None
    after = max(end for end in ends if end is not None) + 1
    last = contract.training.later_until
    return Window(after, max(last, after) if last is not None else None)


def outcomes(book: Book, chosen: NDArray[np.intp], what: str) -> None:
    """Raise BadInput unless both outcomes occur often enough among the ``chosen`` records to learn from."""
    bad = int(book.target[chosen].sum())
    if min(bad, len(chosen) - bad) < FEWEST:
        raise BadInput(
            f"{what} holds {len(chosen):,} records, {bad:,} with the outcome; at least {FEWEST} of each are needed. "
            "Choose a wider window."
        )


FEWEST = 20
