"""Parquet files: types are kept, and what unfolds is not."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import BadInput
from data.files.columnar import LONGEST_TEXT
from data.files.kinds import Limits
from data.files.table import FileTable, read_table
from tests.data.files.reading import in_this_process as in_this_process


def read(table: pa.Table | pd.DataFrame, limits: Limits | None = None) -> FileTable:
    into = BytesIO()
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table)
    pq.write_table(table, into)
    return read_table(into.getvalue(), "a.parquet", limits=limits or Limits())


def test_columns_keep_their_types():
    frame = pd.DataFrame(
        {
            "whole": np.arange(3, dtype=np.int32),
            "number": [0.5, np.nan, -1.0],
            "text": ["a", None, "ü"],
            "truth": [True, False, True],
            "moment": pd.to_datetime(["2020-01-31", None, "2021-01-01"]),
            "kind": pd.Categorical(["x", "y", "x"]),
            "money": [Decimal("1.25"), None, Decimal("3.00")],
            "day": [date(2020, 1, 1), None, date(2021, 1, 1)],
        }
    )
    back = read(frame).frame.set_axis(frame.columns, axis=1)
    for name in frame.columns.drop("kind"):
        assert back[name].dtype == frame[name].dtype, name
        assert back[name].isna().tolist() == frame[name].isna().tolist()
        assert back[name].dropna().tolist() == frame[name].dropna().tolist()
    assert back["kind"].tolist() == ["x", "y", "x"]


def test_a_long_number_keeps_every_digit_where_another_is_missing():
    table = read(pa.table({"id": pa.array([2**60 + 1, None, 7], pa.int64())}))
    assert table.frame[0].tolist() == [2**60 + 1, pd.NA, 7]


def test_periods_are_the_moments_they_begin_at():
    table = read(pd.DataFrame({"month": pd.PeriodIndex(["2020-01", "NaT", "2021-03"], freq="M")}))
    assert table.frame[0].tolist() == [pd.Timestamp("2020-01-01"), pd.NaT, pd.Timestamp("2021-03-01")]


def test_columns_whose_cells_hold_no_single_value_are_not_read_but_known():
    table = read(
        pa.table(
            {"a": [1, 2], "list": [[1], [2, 3]], "part": [{"x": 1, "y": [1]}] * 2, "bytes": [b"1", b"2"], "b": [3, 4]}
        )
    )
    assert dict(table.unread) == {
        1: "list<element: int64>",
        2: "struct<x: int64, y: list<element: int64>>",
        3: "binary",
    }
    assert table.frame[0].tolist() == [1, 2]
    assert table.frame[4].tolist() == [3, 4]
    assert table.frame[1].tolist() == [b"", b""]


def test_two_columns_of_one_name_are_both_read():
    table = read(pa.Table.from_arrays([pa.array([1]), pa.array(["x"]), pa.array([2.5])], ["a", "a", "a"]))
    assert (table.header, table.names) == (("a", "a", "a"), ("a", "a (2)", "a (3)"))
    assert table.frame.iloc[0].tolist() == [1, "x", 2.5]


def test_a_text_is_cut_before_it_is_repeated():
    table = read(pa.table({"a": ["x" * 100_000] * 2_000}), Limits(memory=64 * 1024**2))
    assert {len(each) for each in table.frame[0]} == {LONGEST_TEXT}


def test_rows_are_counted_as_if_the_names_stood_on_the_first_line():
    assert read(pa.table({"a": [1, 2, 3]})).lines.tolist() == [2, 3, 4]


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(rows=2), "has more than 2 rows"),
        (Limits(columns=1), "has 2 columns; at most 1"),
        (Limits(cells=5), "3 rows of 2 columns; at most 5 cells"),
        (Limits(unpacked=10), "unpacks to 0 MB"),
        (Limits(size=10), "at most 0 MB are read"),
    ],
)
def test_a_table_beyond_what_is_read_is_refused(limits: Limits, told: str):
    with pytest.raises(BadInput, match=told):
        read(pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}), limits)


@pytest.mark.parametrize("kind", [pa.json_(), pa.bool8()])
def test_a_column_of_a_type_made_of_another_is_read_as_that(kind: pa.DataType):
    storage = pa.array(['{"a": 1}', "2"] if pa.types.is_string(kind.storage_type) else [1, 0], kind.storage_type)
    table = read(pa.Table.from_arrays([pa.ExtensionArray.from_storage(kind, storage)], ["a"]))
    assert table.frame[0].tolist() == storage.to_pylist()
