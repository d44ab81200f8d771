"""Tables as CSV that a spreadsheet opens as they are meant: the one home of every CSV that leaves this product.

One convention holds in all of them, and in every Excel table: a unit stands at its column's head ("PD, %"; "Loss, NT$")
or, where rows differ, in a column "Unit"; shares are numbers in percent, their differences in points; a day is
2026-11-30, a moment 2026-11-30T10:16:00Z, in UTC (ISO 8601). What programs read, the record's own export, Parquet and
the files of a batch, keeps the names and units of the record.

Text never becomes a formula there, umlauts and NT$ keep their letters, a number keeps every digit and its sign, and
where there is no number (an open end, a missing value) the cell is empty.
"""

import csv
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from data.files.escapes import escaped
from model.report.briefing import Table

ENCODING = "utf-8-sig"  # with the byte-order mark by which Excel knows UTF-8
MIME = "text/csv"
UNSEEN = "\N{WORD JOINER}"


def cell(value: Any) -> Any:
    """A value as it goes into a cell: text escaped, a number as it is, nothing for what is none."""
    if isinstance(value, str):
        return escaped(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float | np.floating):
        return repr(float(value)) if math.isfinite(value) else ""
    if isinstance(value, bool | int | np.bool_ | np.integer):
        return str(value)
    return escaped(str(value))


def lines(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as lines of CSV, without a byte-order mark: for a file that is written piece by piece in `ENCODING`."""
    written = StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return written.getvalue()


def file(frame: pd.DataFrame) -> bytes:
    """A table with its header as a CSV file; the index is left out."""
    return _marked(frame, "'").to_csv(index=False, lineterminator="\r\n").encode(ENCODING)


def of_table(table: Table) -> bytes:
    """A table with its header as a CSV file: the columns of the file, every value in full precision."""
    head = [table.columns[k].heading for k in table.places("file")]
    return lines([head, *table.filed()]).encode(ENCODING)


def moment(at: datetime | str | None) -> str:
    """A moment as files have it: 2026-11-30T10:16:00Z; "" for none."""
    found = datetime.fromisoformat(at) if isinstance(at, str) and at else at
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(found, datetime) else ""


def screen(table: Table, heads: Sequence[str]) -> pd.DataFrame:
    """The rows of a table as its widget takes them, under ``heads``: see `shown_frame`."""
    rows = table.shown()
    columns = {unseen(head): [_value(row[k], UNSEEN) for row in rows] for k, head in enumerate(heads)}
    return pd.DataFrame(columns)


def unseen(text: str) -> str:
    """A text that a spreadsheet takes for no formula, escaped by a sign that is not seen."""
    return escaped(text, UNSEEN)


def shown_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A table for the screen, whose widget lets people copy its cells and save them on a way of its own: texts and
    names are escaped by a sign that is not seen, and numbers stay what they are, but for infinite ones."""
    return _marked(frame, UNSEEN)


def _marked(frame: pd.DataFrame, mark: str) -> pd.DataFrame:
    plain = pd.DataFrame({k: _column(frame.iloc[:, k], mark) for k in range(frame.shape[1])}, index=frame.index)
    plain.columns = pd.Index([escaped(str(name), mark) for name in frame.columns])
    return plain


_TEXTUAL = (
    pd.api.types.is_string_dtype,  # which object counts as
    lambda kind: isinstance(kind, pd.CategoricalDtype),
)


def _column(values: "pd.Series[Any]", mark: str) -> "pd.Series[Any]":
    """A column whose texts are escaped, and whose infinite numbers are none."""
    if pd.api.types.is_float_dtype(values.dtype):
        return values.where(np.isfinite(values))
    if not any(test(values.dtype) for test in _TEXTUAL):
        return values
    kind = values.dtype if isinstance(values.dtype, pd.StringDtype) else object
    return pd.Series([_value(each, mark) for each in values], values.index, kind)  # map would make numbers floats


def _value(value: Any, mark: str) -> Any:
    if isinstance(value, str):
        return escaped(value, mark)
    return None if isinstance(value, float | np.floating) and not math.isfinite(value) else value
