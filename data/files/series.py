"""The cells of a column of a table, whatever type it has. Apart from `data.files.given`, because the contract, which is
read before anything else, waits for no pandas."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from data.arrays import Array
from data.files.given import GivenCells
from data.files.names import one_line


def given_cells(column: "pd.Series[Any]") -> GivenCells:
    """The cells of a column, whatever type it has."""
    kind, n = column.dtype, len(column)
    none, nowhere = np.full(n, np.nan), np.full(n, -1, np.int64)
    if isinstance(kind, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return GivenCells(none, nowhere, years=column.dt.year.to_numpy(np.float64, na_value=np.nan))
    if pd.api.types.is_timedelta64_dtype(kind):
        spans = column.dt.total_seconds().to_numpy(np.float64, na_value=np.nan) / 86400
        return GivenCells(spans, nowhere, changes=("durations were turned into days",))
    if pd.api.types.is_numeric_dtype(kind) or (pd.api.types.is_bool_dtype(kind) and not _of_objects(kind)):
        truths = bool(pd.api.types.is_bool_dtype(kind))
        return GivenCells(column.to_numpy(np.float64, na_value=np.nan), nowhere, truths=truths)
    if isinstance(kind, pd.StringDtype):
        return _texts(column)
    return _objects(column.astype(object).tolist())


def _of_objects(kind: Any) -> bool:
    return kind.kind == "O" or isinstance(kind, pd.CategoricalDtype)


def _texts(column: "pd.Series[Any]") -> GivenCells:
    """Texts, looked at once each, however often they stand."""
    place, found = pd.factorize(column)
    lines = [one_line(text) for text in found.tolist()]
    known: dict[str, int] = {}
    own = np.array([known.setdefault(line, len(known)) for line in lines], np.int64)
    held = np.where(place >= 0, np.append(own, -1)[place], -1)
    return GivenCells(np.full(len(column), np.nan), held.astype(np.int64), tuple(known))


def _objects(cells: Sequence[Any]) -> GivenCells:
    """Cells that have a type each."""
    n = len(cells)
    kinds = set(map(type, cells))
    if any(issubclass(kind, list | tuple | dict | bytes | np.ndarray) for kind in kinds):
        return GivenCells(np.full(n, np.nan), np.full(n, -1, np.int64), odd=True)
    there = [not _nothing(cell) for cell in cells]
    held = [cell for cell, own in zip(cells, there, strict=True) if own]
    if held and all(isinstance(cell, date) for cell in held):  # datetimes are dates
        years = [float(cell.year) if own else np.nan for cell, own in zip(cells, there, strict=True)]
        return GivenCells(np.full(n, np.nan), np.full(n, -1, np.int64), years=np.array(years))
    truths = [isinstance(cell, bool | np.bool_) for cell in cells]
    counted = [
        isinstance(cell, int | float | Decimal | np.number) and own and not truth
        for cell, own, truth in zip(cells, there, truths, strict=True)
    ]
    values = np.array([_float(cell) if own else np.nan for cell, own in zip(cells, counted, strict=True)], np.float64)
    if any(truths) and sum(truths) + sum(counted) == len(held) and {*values[counted]} <= {0.0, 1.0}:
        values[truths] = [float(cell) for cell, own in zip(cells, truths, strict=True) if own]
        return GivenCells(values, np.full(n, -1, np.int64), truths=True)
    return _mixed(cells, counted, values)  # true beside words, or beside other numbers, is a word


def _mixed(cells: Sequence[Any], counted: Sequence[bool], values: Array) -> GivenCells:
    texts = [None if own or _nothing(cell) else _text(cell) for cell, own in zip(cells, counted, strict=True)]
    found = _texts(pd.Series(texts, dtype=object))
    return GivenCells(np.where(counted, values, np.nan), found.place, found.texts)


def _nothing(cell: Any) -> bool:
    return cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and cell != cell)


def _float(cell: Any) -> float:
    try:
        return float(cell)
    except OverflowError:
        return np.inf if cell > 0 else -np.inf
    except ValueError:  # a decimal that signals
        return np.nan


def _text(cell: Any) -> str:
    if isinstance(cell, datetime) and (cell.hour, cell.minute, cell.second, cell.microsecond) == (0, 0, 0, 0):
        return cell.date().isoformat()
    return str(cell)
