"""Tables of whatever a file may hold, drawn."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
from hypothesis import strategies as st

ROWS = 220
texts = st.text(max_size=12)
cells = st.one_of(
    st.none(),
    texts,
    st.integers(-(2**80), 2**80),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.decimals(allow_nan=False),
    st.just(pd.NaT),
    st.just(pd.NA),
    st.lists(st.integers(), max_size=2),
    st.binary(max_size=3),
)


@st.composite
def columns(draw: st.DrawFn) -> pd.Series:
    """A column of whatever a table may hold."""
    kind = draw(
        st.sampled_from(
            [
                "floats",
                "ints",
                "few",
                "mixed",
                "words",
                "days",
                "spans",
                "flags",
                "nullable",
                "kinds",
                "lists",
                "bytes",
                "decimals",
                "dates",
                "periods",
            ]
        )
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    if kind == "floats":
        scale = draw(st.sampled_from([1e-300, 1e-9, 1.0, 1e9, 1e300]))
        values = rng.normal(size=ROWS) * scale
        for k in range(draw(st.integers(0, 3))):
            values[k * 7] = draw(st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0]))
        return pd.Series(values)
    if kind == "ints":
        high = draw(st.sampled_from([1, 2, 5, 1000, 2**40, 2**62]))
        return pd.Series(rng.integers(-high if draw(st.booleans()) else 0, high, ROWS))
    some = draw(st.lists(cells if kind == "mixed" else texts, min_size=1, max_size=6))
    drawn = [some[k] for k in rng.integers(0, len(some), ROWS)]
    if kind in ("mixed", "words"):
        return pd.Series(drawn, dtype=object)
    if kind == "few":
        few = draw(st.lists(st.floats(), min_size=1, max_size=4))
        return pd.Series([few[k] for k in rng.integers(0, len(few), ROWS)])
    if kind == "days":
        return pd.Series(pd.Timestamp("1999-12-01") + pd.to_timedelta(rng.integers(0, 9000, ROWS), "D"))
    if kind == "spans":
        return pd.Series(pd.to_timedelta(rng.integers(0, 9000, ROWS), "h"))
    if kind == "lists":
        return pd.Series([[k, k + 1] for k in range(ROWS)])
    if kind == "bytes":
        return pd.Series([b"%d" % (k % 9) for k in range(ROWS)])
    if kind == "decimals":
        return pd.Series([None if k % 7 == 0 else Decimal(int(k)) / 8 for k in rng.integers(0, 50, ROWS)], dtype=object)
    if kind == "dates":
        return pd.Series([None if k % 7 == 0 else date(2000 + k % 9, 1, 1) for k in rng.integers(0, 50, ROWS)])
    if kind == "periods":
        return pd.Series(pd.period_range("2001-01", periods=ROWS, freq="M"))
    if kind == "flags":
        return pd.Series(rng.integers(0, 2, ROWS).astype(bool))
    if kind == "nullable":
        return pd.Series([None if k % 5 == 0 else int(k) for k in rng.integers(0, 50, ROWS)], dtype="Int64")
    return pd.Series(pd.Categorical(list(map(str, drawn))))


names = st.one_of(
    texts,
    st.sampled_from(
        [
            "age",
            "sex",
            "issue_year",
            "loan amount",
            "id",
            "zip",
            "max",
            "limit",
            "balance",
            "recoveries",
            "date of birth",
            "{x}",
            "a\nb",
            "# x",
            '"',
            "'''",
            "lgd",
            "\x00",
            "if",
            "x" * 300,
            "term",
            "rate",
        ]
    ),
)
