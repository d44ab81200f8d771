"""The cells of one column, apart by what the file itself says they are: numbers, truths, days or texts."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.files.numbers import Figures, figures


@dataclass(frozen=True, eq=False)
class GivenCells:
    """Of n cells: ``numbers`` (n,), NaN where a cell is none; ``place`` (n,) of its text among the different ``texts``,
    each in one line, -1 where it is none. ``truths``: the numbers are true and false. ``years`` (n,) of a column of
    days, as the file has them. ``odd``: cells are lists, bytes or the like. ``changes`` say what this took."""

    numbers: Array
    place: NDArray[np.int64]
    texts: tuple[str, ...] = ()
    truths: bool = False
    years: Array | None = None
    odd: bool = False
    changes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.place)

    @cached_property
    def figures(self) -> Figures:
        """What the texts mean as numbers."""
        return figures(self.texts)

    def counts(self) -> NDArray[np.int64]:
        """How often each text stands, (m,)."""
        return np.bincount(self.place[self.place >= 0], minlength=len(self.texts)).astype(np.int64)

    def spread(self, values: Array) -> Array:
        """What each cell holds, (n,), by ``values`` (m,) of the texts; NaN where a cell is no text."""
        return np.append(values, np.nan)[self.place]

    def holds(self, texts: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which cells (n,) hold one of some ``texts`` (m,)."""
        found: NDArray[np.bool_] = np.append(texts, False)[self.place]
        return found

    def each_text_once(self) -> "GivenCells":
        """Cells that hold each of the texts, in their order."""
        return GivenCells(np.full(len(self.texts), np.nan), np.arange(len(self.texts)), self.texts)

    def with_numbers_as_texts(self) -> "GivenCells":
        """The same, every number a text: 3, not 3.0."""
        there = ~np.isnan(self.numbers)
        if not there.any():
            return self
        levels, which = levels_of(self.numbers[there])
        known = {text: k for k, text in enumerate(self.texts)}
        own = [known.setdefault(text, len(known)) for text in (number_as_text(each, self.truths) for each in levels)]
        place = self.place.copy()
        place[there] = np.array(own)[which]
        return GivenCells(np.full(len(self), np.nan), place, tuple(known))


WIDEST = 4_096  # between the lowest and the highest of whole numbers that are counted rather than sorted


def levels_of(numbers: Array) -> tuple[Array, NDArray[np.int64]]:
    """The different ``numbers`` (n,), n > 0, in order, and the place of each among them, (n,): as numpy's unique says,
    of codes in a fifth of the time."""
    low, high = numbers.min(), numbers.max()
    if not (high - low < WIDEST and abs(low) < 2**52 and (numbers == np.trunc(numbers)).all()):
        levels, which = np.unique(numbers, return_inverse=True)
        return levels, np.asarray(which, np.int64)
    steps = (numbers - low).astype(np.int64)
    held = np.bincount(steps) > 0
    return low + np.flatnonzero(held), (held.cumsum() - 1)[steps]


def number_as_text(value: float, truth: bool = False) -> str:
    """A number as a cell of text would have it."""
    if truth:
        return "True" if value else "False"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
