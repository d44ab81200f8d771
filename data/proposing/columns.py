"""What the cells of one column are: numbers, days or words, whatever they were written as."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.formulas import Array

Kind = Literal["numbers", "days", "words", "nothing", "odd"]

NO_VALUE = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "missing", "?", "-", "nat", "<na>", "."})
MOSTLY = 0.95  # share of cells that must be numbers for the others to count as missing
LARGEST = 1e15  # beyond it neighbouring whole numbers are no longer told apart: no amount is as large
DAYS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%b-%Y",
    "%b-%y", "%d-%b-%y", "%d-%b-%Y", "%Y-%m",
)  # fmt: skip
_WRITTEN = re.compile(
    r"(?P<before>[$€£¥₹])?\s*(?P<number>[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*(?P<after>%|[A-Za-z]+\.?|[$€£¥₹])?\Z"
)
_AFTER = {"month": "months", "months": "months", "mths": "months", "year": "years", "years": "years", "yrs": "years",
          "day": "days", "days": "days"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Cells:
    """Of one column: ``values`` (n,) float64, NaN where missing: the numbers, the years of days, or the places of words
    in ``words``. ``unit`` and ``currency`` as the cells carry them; ``changes`` say what reading them took."""

    kind: Kind
    values: Array
    words: tuple[str, ...] = ()
    unit: str = ""
    currency: str = ""
    changes: tuple[str, ...] = ()

    @property
    def known(self) -> Array:
        """The values that are there."""
        return self.values[~np.isnan(self.values)]


def recognise(column: "pd.Series[Any]") -> Cells:
    """What a column holds."""
    kind = column.dtype
    if isinstance(kind, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _days(column)
    if pd.api.types.is_timedelta64_dtype(kind):
        told = "durations were turned into days"
        return _numbers(column.dt.total_seconds().to_numpy(np.float64) / 86400, unit="days", changes=(told,))
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_numeric_dtype(kind):
        return _numbers(column.to_numpy(np.float64, na_value=np.nan))
    if isinstance(kind, pd.StringDtype):
        return _texts(column)
    return _objects(column.astype(object).tolist())


def _numbers(values: Array, unit: str = "", currency: str = "", changes: tuple[str, ...] = ()) -> Cells:
    infinite = int(np.isinf(values).sum())
    if infinite:
        values = np.where(np.isinf(values), np.nan, values)
        changes = (*changes, f"{infinite:,} infinite value{'s' if infinite > 1 else ''} counted as missing")
    return Cells("nothing" if np.isnan(values).all() else "numbers", values, (), unit, currency, changes)


def _days(column: "pd.Series[Any]", changes: tuple[str, ...] = ()) -> Cells:
    years = column.dt.year.to_numpy(np.float64, na_value=np.nan)
    return Cells("nothing" if np.isnan(years).all() else "days", years, changes=changes)


def _objects(cells: list[Any]) -> Cells:
    n = len(cells)
    if any(issubclass(kind, list | dict | bytes | np.ndarray) for kind in set(map(type, cells))):
        return Cells("odd", np.full(n, np.nan))
    gone = [cell is None or cell is pd.NaT or (isinstance(cell, float) and cell != cell) for cell in cells]
    there = [cell for cell, missing in zip(cells, gone, strict=True) if not missing]
    if not there:
        return Cells("nothing", np.full(n, np.nan))
    if all(isinstance(cell, bool | int | float | Decimal | np.number | np.bool_) for cell in there):
        values = [np.nan if missing else float(cell) for cell, missing in zip(cells, gone, strict=True)]
        return _numbers(np.array(values, np.float64))
    if all(isinstance(cell, date) for cell in there):  # datetimes are dates
        years = [np.nan if missing else float(cell.year) for cell, missing in zip(cells, gone, strict=True)]
        return Cells("days", np.array(years))
    texts = [None if missing else str(cell) for cell, missing in zip(cells, gone, strict=True)]
    return _texts(pd.Series(texts, dtype=object))


def _texts(column: "pd.Series[Any]") -> Cells:
    """Words, or the numbers or days that were written as words: looked at once each, however often they stand."""
    place, found = pd.factorize(column)
    levels = np.array([plain(str(text)) for text in found], object)
    count = np.bincount(place[place >= 0], minlength=len(levels))
    missing = np.array([text.casefold() in NO_VALUE for text in levels], bool)
    if missing.all():
        return Cells("nothing", np.full(len(column), np.nan))
    read = _written(levels[~missing], count[~missing])
    words: tuple[str, ...] = ()
    if read is None:
        words = tuple(sorted(set(levels[~missing])))
        where = {word: float(k) for k, word in enumerate(words)}
        read = Cells("words", np.array([where[text] for text in levels[~missing]]), words)
    value = np.full(len(levels) + 1, np.nan)  # the last one is for cells that hold nothing
    value[:-1][~missing] = read.values
    values = value[place]
    if read.kind == "numbers":
        return _numbers(values, read.unit, read.currency, read.changes)
    return Cells(read.kind, values, words, changes=read.changes)


def _written(levels: NDArray[Any], count: NDArray[np.int64]) -> Cells | None:
    """Numbers or days that different texts mean, each of which stands ``count`` times; None where they mean none."""
    texts = pd.Series(levels, dtype=object)
    if texts.str.match(r"[+-]?0\d").any():  # 02139 is a name, not a number
        return None
    values = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    strange = np.isnan(values)
    if not strange.any():
        return Cells("numbers", values)
    for pattern in DAYS:
        if pd.to_datetime(texts[:1], format=pattern, errors="coerce").isna().any():
            continue
        days = pd.to_datetime(texts, format=pattern, errors="coerce")
        if days.notna().all():
            years = np.asarray(days.dt.year, np.float64)
            return Cells("days", years, changes=(f"days written as {pattern}",))
    signed = _with_signs(texts)
    if signed is not None:
        return signed
    if count[strange].sum() <= (1 - MOSTLY) * count.sum():
        some = ", ".join(sorted(levels[strange])[:3])
        told = f"{int(count[strange].sum()):,} cells that are no numbers ({some}) count as missing"
        return Cells("numbers", values, changes=(told,))
    return None


def _with_signs(texts: "pd.Series[Any]") -> Cells | None:
    """Numbers with one and the same sign or word at each: $1,200; 13.5%; 36 months."""
    matched = []
    for text in texts:
        part = _WRITTEN.match(text)
        if part is None:
            return None
        matched.append(part)
    signs = {(part["before"] or "", (part["after"] or "").lower().rstrip(".")) for part in matched}
    ends = {after for _, after in signs}
    before = {each for each, _ in signs}
    money = (before | ends) & set("$€£¥₹")
    after = next(iter(ends))
    if len(signs) != 1 or not (money or after in ("%", "") or after in _AFTER):
        return None
    numbers = np.array([float(part["number"].replace(",", "")) for part in matched], np.float64)
    values: Array = numbers / 100 if after == "%" else numbers
    told = []
    if any("," in part["number"] for part in matched):
        told.append("commas read as thousands separators")
    if after == "%":
        told.append("percent divided by 100")
    unit = "%" if after == "%" else _AFTER.get(after, "")
    return Cells("numbers", values, (), unit, next(iter(money), ""), tuple(told))


def plain(text: str) -> str:
    """A cell's text in one line, without what cannot be printed."""
    kept = text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(kept.split())


def flags(words: Iterable[str]) -> bool:
    """Whether two words are a yes and a no."""
    return {each.casefold() for each in words} <= {"yes", "no", "y", "n", "true", "false", "t", "f", "0", "1"}
