"""How good the file is that a book is made of: what is missing, doubled, odd or suspicious in it, column by column.

Nothing here changes a proposal. What it finds is told as values, for a page and as JSON, so that whoever gave the file
can be asked before a model is fitted to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.arrays import Array
from data.json_types import JsonObject
from data.proposing.drafting import comment
from data.proposing.roles import ProposedColumn
from data.proposing.sources import Source

MANY_GAPS = 0.5  # of the rows: a column that is emptier is named
NEARLY = 0.99  # of the rows: a column that says one thing as often is all but constant
FENCES = 3.0  # interquartile ranges from the quartiles: Tukey's far out
MOST = 5  # values of a column that are named


@dataclass(frozen=True)
class FrequentValue:
    """A value as it is told, in how many rows it stands."""

    value: str
    rows: int


@dataclass(frozen=True)
class ColumnQuality:
    """Of one column: ``gaps`` rows without a value; ``special`` values that look like codes; ``outliers`` values beyond
    `FENCES` and the ends beyond which they lie; ``usual`` the most frequent value and ``constant`` whether it is the
    only one, ``nearly`` whether all but the only one. ``suspect`` why it may know the outcome, "" if nothing says so.
    """

    name: str
    label: str
    role: str
    why: str
    rows: int
    gaps: int
    different: int
    special: tuple[FrequentValue, ...]
    outliers: int
    low: float | None
    high: float | None
    usual: FrequentValue | None
    constant: bool
    nearly: bool
    suspect: str
    unread: str

    @property
    def share_missing(self) -> float:
        """The share of rows without a value, a fraction."""
        return self.gaps / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class FileQuality:
    """Of the whole file: ``copies`` rows that repeat an earlier one in every column, ``copies_but_id`` that do so in
    all but those that number records; ``notes`` how it was read."""

    rows: int
    columns: tuple[ColumnQuality, ...]
    copies: int
    copies_but_id: int
    notes: tuple[str, ...]

    def findings(self) -> tuple[str, ...]:
        """What is worth asking about, in sentences, the gravest first."""
        told = [f"{each.name} may know the outcome: {each.suspect}." for each in self.columns if each.suspect]
        told += self._codes()
        if self.copies_but_id:
            told.append(f"{self.copies_but_id:,} of {self.rows:,} rows repeat an earlier one, whatever numbers them.")
        told += [f"{each.name} is the same in every row." for each in self.columns if each.constant]
        told += [
            f"{each.name} is {each.usual.value} in {each.usual.rows / each.rows:.1%} of rows."
            for each in self.columns
            if each.nearly and each.usual
        ]
        told += [
            f"{each.name} is missing in {each.share_missing:.1%} of rows."
            for each in self.columns
            if each.share_missing >= MANY_GAPS
        ]
        far = [FrequentValue(each.name, each.outliers) for each in self.columns if each.outliers]
        told += [f"Values far from all others: {_listed(far)}."] if far else []
        return (*told, *(f"{each.name}: {each.unread}." for each in self.columns if each.unread))

    def _codes(self) -> list[str]:
        """What is asked of codes: once of columns that hold the same ones."""
        alike = dict[tuple[str, ...], list[ColumnQuality]]()
        for each in self.columns:
            if each.special:
                alike.setdefault(tuple(code.value for code in each.special), []).append(each)
        asked = "what do such codes mean?"
        told = []
        for codes, columns in alike.items():
            if len(columns) == 1:
                told.append(f"{columns[0].name} holds {_listed(columns[0].special)}: {asked}")
            else:
                names = [each.name for each in columns]
                told.append(f"{_few(names)} hold {', '.join(codes)}: {asked}")
        return told

    def as_dict(self) -> JsonObject:
        """For programs."""
        found: JsonObject = asdict(self)
        return {**found, "findings": list(self.findings())}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "FileQuality":
        """The same from its `as_dict`, as it comes back from JSON; KeyError, TypeError or ValueError if it is none."""
        columns = tuple(_column_from(each) for each in told["columns"])
        return cls(int(told["rows"]), columns, int(told["copies"]), int(told["copies_but_id"]), tuple(told["notes"]))


def _column_from(told: Mapping[str, Any]) -> ColumnQuality:
    usual = None if told["usual"] is None else FrequentValue(**told["usual"])
    special = tuple(FrequentValue(**each) for each in told["special"])
    return ColumnQuality(**{**told, "usual": usual, "special": special})


def quality_of(source: Source, columns: Sequence[ProposedColumn], target: str) -> FileQuality:
    """The quality of a file whose ``columns`` were decided on, and whose column ``target`` holds the outcome. What
    numbers its records is none of them."""
    frame = source.frame
    held = {each.given for each in columns if each.role != "identifier"} | {target}
    own = frame[[name for name in frame.columns if comment(str(name)) in held or str(name) in held]]
    found = tuple(_of_column(each) for each in columns)
    return FileQuality(len(frame), found, _copies(frame), _copies(own), tuple(source.notes))


def _copies(frame: pd.DataFrame) -> int:
    """Rows that repeat an earlier one."""
    try:
        return int(frame.duplicated().sum())
    except TypeError:  # cells that are lists
        return int(frame.astype(str).duplicated().sum())


def _of_column(column: ProposedColumn) -> ColumnQuality:
    known = column.values[~np.isnan(column.values)]
    levels, count = np.unique(known, return_counts=True)
    most = int(count.argmax()) if len(count) else 0
    usual = FrequentValue(_told(column, float(levels[most])), int(count[most])) if len(count) else None
    low, high = _fences(column)
    far = (column.ordinary < low) | (column.ordinary > high)
    constant = "the same in every row" in column.why or (len(levels) == 1 and not column.gaps)
    codes = [
        FrequentValue(f"{code:.12g} ({word})", int((known == code).sum())) for code, word in column.special.items()
    ]
    return ColumnQuality(
        name=column.given,
        label=column.label,
        role=column.role,
        why=comment(column.why),
        rows=len(column.values),
        gaps=column.gaps,
        different=len(levels),
        special=tuple(codes),
        outliers=int(far.sum()),
        low=low if far.any() else None,
        high=high if far.any() else None,
        usual=usual,
        constant=constant,
        nearly=bool(not constant and usual and usual.rows >= NEARLY * len(column.values)),
        suspect=comment(column.why) if column.role == "post-outcome" else "",
        unread=comment(column.asked),
    )


def _fences(column: ProposedColumn) -> tuple[float, float]:
    """Beyond which ends a number is far from the others; nowhere for codes, and where half of all are one value."""
    known: Array = column.ordinary
    if column.codes or column.role not in ("input", "post-outcome") or len(known) < MOST:
        return -np.inf, np.inf
    quarter, middle, last = (float(each) for each in np.quantile(known, (0.25, 0.5, 0.75)))
    if quarter == middle or middle == last:
        return -np.inf, np.inf
    return quarter - FENCES * (last - quarter), last + FENCES * (last - quarter)


def _told(column: ProposedColumn, value: float) -> str:
    return column.codes.get(int(value), f"{value:.6g}") if column.codes else f"{value:.6g}"


def _listed(values: Sequence[FrequentValue]) -> str:
    return _few([f"{each.value} in {each.rows:,} row{'s' * (each.rows != 1)}" for each in values])


def _few(told: Sequence[str]) -> str:
    return ", ".join(told[:MOST]) + (f" and {len(told) - MOST} more" if len(told) > MOST else "")
