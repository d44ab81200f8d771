"""Which vintages a model is fitted to, recalibrated on, and tested on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.errors import BadInput, ContractError

FEWEST = 20  # records of either outcome, to learn from


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

    def among(self, vintages: Array) -> NDArray[np.intp]:
        """The positions of those in the window among ``vintages`` (n,); none of a record without one."""
        low = -np.inf if self.since is None else self.since
        high = np.inf if self.until is None else self.until
        return np.flatnonzero((vintages >= low) & (vintages <= high))

    def of(self, book: Book) -> NDArray[np.intp]:
        """The positions of a book's records in the window.

        Raises
        ------
        BadInput
            If the book has no vintages to choose from, or the window is empty or reaches beyond them.
        """
        if self.since is None and self.until is None:
            return np.arange(len(book))
        if self.since is not None and self.until is not None and self.since > self.until:
            raise BadInput(
                f"The window {self} is empty: it begins after it ends. Give both ends; where one is not given, the "
                "contract's own stands."
            )
        vintages, name = book.vintages, book.contract.book.name
        if vintages is None:
            raise BadInput(f"The book {name} has no vintages, so no window of them can be chosen. Leave out the years.")
        found, (first, last) = self.among(vintages), _ends(vintages)
        there = f"It has {first} to {last}."
        if not len(found):
            raise BadInput(f"The book {name} has no record of the vintages {self}. {there}")
        if (self.since is not None and self.since < first) or (self.until is not None and self.until > last):
            raise BadInput(
                f"The window {self} reaches beyond the vintages of the book {name}. {there} Choose a window within."
            )
        return found

    def as_dict(self) -> dict[str, int | None]:
        """For reports."""
        return {"since": self.since, "until": self.until}


@dataclass(frozen=True)
class TrainingWindows:
    """Which vintages to fit to and, if any, to recalibrate the intercept on."""

    window: Window
    recalibrated: Window | None = None

    @property
    def last(self) -> int | None:
        """The last vintage that a model so made has seen; None where its window is open or there are no vintages."""
        ends = [each.until for each in (self.window, self.recalibrated) if each is not None]
        return None if None in ends else max(end for end in ends if end is not None)


def training_windows(
    book: Book, since: int | None = None, until: int | None = None, recalibrated: Window | None = None
) -> TrainingWindows:
    """The windows in force; each end that is not asked for is the contract's own."""
    own = declared(book.contract)
    return TrainingWindows(
        Window(own.since if since is None else since, own.until if until is None else until), recalibrated
    )


def _ends(vintages: Array) -> tuple[int, int]:
    return int(np.nanmin(vintages)), int(np.nanmax(vintages))


def declared(contract: Contract) -> Window:
    """The window that a contract trains on."""
    return Window(contract.training.since, contract.training.until)


def later(contract: Contract, how: TrainingWindows) -> Window | None:
    """The vintages a model is tested on out of time: after those it has seen; None where there can be none."""
    if contract.vintage is None or how.last is None:
        return None
    after, last = how.last + 1, contract.training.later_until
    return Window(after, max(last, after) if last is not None else None)


def covered(book: Book) -> None:
    """Raise ContractError if a contract asks for a test out of time on vintages that its book does not have."""
    asked, vintages = book.contract.training.later_until, book.vintages
    if asked is None or vintages is None:
        return
    first, last = _ends(vintages)
    if asked > last:
        raise ContractError(
            f"The contract of {book.contract.book.name} asks for a test until {asked} (later_until), but the book has "
            f"the vintages {first} to {last}. Correct later_until in its contract."
        )


def outcomes(book: Book, chosen: NDArray[np.intp], what: str) -> None:
    """Raise BadInput unless both outcomes occur often enough among the ``chosen`` records to learn from."""
    bad = int(book.target[chosen].sum())
    if min(bad, len(chosen) - bad) < FEWEST:
        wider = " Choose a wider window." if len(chosen) < len(book) else ""
        raise BadInput(
            f"{what} holds {len(chosen):,} records, {bad:,} with the outcome; at least {FEWEST} with it and as many "
            f"without are needed to learn from.{wider}"
        )
