"""Axes of a chart that is drawn: where a value stands, which values are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.export.chart.axis import ChartAxis, axis_of, round_values
from model.report.charts import Figure, layout


def figure(trace: Figure, **axes: Figure) -> Figure:
    return {"data": [trace], "layout": layout(200, 10, **axes)}


@given(
    low=st.floats(-1e9, 1e9),
    wide=st.floats(1e-3, 1e9),
    most=st.integers(2, 12),
)
def test_round_values_lie_within_and_are_neither_too_many_nor_none(low: float, wide: float, most: int) -> None:
    found = round_values(low, low + wide, most)
    slack = 1e-6 * (wide + abs(low))
    assert all(low - slack <= each <= low + wide + slack for each in found)
    assert len(found) <= most + 1


def test_round_values_are_those_a_person_would_write() -> None:
    assert round_values(0, 100, 6) == [0, 20, 40, 60, 80, 100]
    assert round_values(432, 604, 9) == [440, 460, 480, 500, 520, 540, 560, 580, 600]
    assert round_values(5, 5, 4) == [5]


def test_a_value_is_drawn_where_its_share_of_the_range_is() -> None:
    upright = ChartAxis(0.0, 10.0, start=110.0, end=10.0, names=(), look={})
    assert [upright.at(value) for value in (0, 5, 10)] == [110, 60, 10]


def test_words_stand_in_their_order_and_reversed_where_the_chart_says_so() -> None:
    drawn = figure(
        {"type": "bar", "orientation": "h", "x": [1, 2, 3], "y": ["a", "b", "c"]}, yaxis={"autorange": "reversed"}
    )
    scale = axis_of(drawn, "y", (90.0, 0.0))
    assert scale.ticks() == [(15.0, "a"), (45.0, "b"), (75.0, "c")]


@pytest.mark.parametrize(
    ("look", "told"),
    [
        ({"ticksuffix": " %", "nticks": 3}, ["0 %", "5 %", "10 %"]),
        ({"tickformat": ".2f", "nticks": 3}, ["0.00", "5.00", "10.00"]),
        ({"tickvals": [0, 2.5, 99], "ticktext": ["none", "some", "beyond"]}, ["none", "some"]),
        ({"showticklabels": False}, []),
        ({"visible": False}, []),
    ],
)
def test_values_are_told_as_the_chart_says(look: Figure, told: list[str]) -> None:
    drawn = figure({"type": "scatter", "mode": "lines", "x": [0, 10], "y": [0, 1]}, xaxis=look)
    assert [text for _, text in axis_of(drawn, "x", (0.0, 100.0)).ticks()] == told


def test_bars_begin_at_zero_and_whiskers_have_room() -> None:
    upright = figure({"type": "bar", "x": ["a", "b"], "y": [4, 8]})
    assert axis_of(upright, "y", (100.0, 0.0)).low == 0
    whiskers = {"array": [5.0], "arrayminus": [5.0]}
    dots = figure({"type": "scatter", "mode": "markers", "x": [1], "y": [10], "error_y": whiskers})
    scale = axis_of(dots, "y", (100.0, 0.0))
    assert scale.low < 5
    assert scale.high > 15
