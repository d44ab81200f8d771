"""The tornado's texts: whatever the bars, each has a place of its own, on a phone too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.report.book import levers
from model.report.charts import LIMIT_STYLE, Level, LimitLine, Side, clear_of, draw_limit, layout
from model.report.customer.charts import text_wide
from model.report.numbers import Unit
from model.whatif.book.tornado import Bar
from tests.support.records import CONTRACT

NAMES = ("lgd", "balances", "unemployment")
BASE = 362_000.0  # what the bars start from
PHONE = 310  # px: what a phone has for labels, bars and texts
ENDS = st.tuples(*[st.floats(0.2, 3) | st.just(1.0) | st.just(float("nan"))] * 2)


@given(ends=st.lists(ENDS, min_size=1, max_size=3), share=st.none() | st.floats(0.3, 2))
def test_what_stands_at_either_end_of_a_bar_lies_on_the_chart_and_over_no_other(
    ends: list[tuple[float, float]], share: float | None
) -> None:
    bars = [
        Bar(name, 0.5, 0.3, adverse=worse * BASE, favourable=better * BASE, base=BASE)
        for name, (worse, better) in zip(NAMES, ends, strict=False)
    ]
    limit = None if share is None else LimitLine(share * BASE, "limit 1")
    chart = levers.tornado(CONTRACT, "loss", bars, words=levers.of_book(CONTRACT), unit=Unit.of(BASE), limit=limit)
    low, high = chart["layout"]["xaxis"]["range"]
    labels = chart["layout"]["yaxis"]["ticktext"]
    pixel = (high - low) / (PHONE - max(map(text_wide, labels), default=0.0))
    texts = [each for each in chart["layout"].get("annotations", ()) if "<br>at " in each["text"]]
    by_name = {name: [each for each in texts if each["y"] == name] for name in chart["data"][0]["y"]}
    assert len(texts) == 2 * sum(bar.length > 0 for bar in bars)
    for found in by_name.values():
        left, right = sorted(found, key=lambda each: each["xanchor"], reverse=True)
        assert (left["xanchor"], right["xanchor"]) == ("right", "left")
        assert left["x"] <= right["x"]
        assert left["x"] - pixel * text_wide(left["text"]) >= low
        assert right["x"] + pixel * text_wide(right["text"]) <= high


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ([0, 10, 20, 30, 40, 50, 60, 70, 80, 90], ("left", "over")),
        ([90, 80, 70, 60, 50, 40, 30, 20, 10, 0], ("right", "over")),
        ([60, 60, 60, 60, 60, 60, 60, 60, 60, 60], ("right", "under")),
        ([40, 45, 60, 90, 90, 90, 90, 60, 55, 45], ("center", "under")),
    ],
)
def test_the_name_of_a_level_limit_lies_over_no_part_of_the_line(line: list[float], place: tuple[Side, Level]) -> None:
    limit, figure = LimitLine(50.0, "limit 50"), layout(200, 8)
    assert clear_of([line], limit, tall=15) == place
    draw_limit(figure, limit, "y", (0, 90), place)
    name, drawn = figure["annotations"][0], figure["shapes"][0]
    assert (name["xanchor"], name["yanchor"]) == (place[0], {"over": "bottom", "under": "top"}[place[1]])
    assert (drawn["line"], drawn["layer"]) == (LIMIT_STYLE, "below")


@pytest.mark.parametrize(("at", "anchor"), [(0.0, "left"), (5.0, "center"), (10.0, "right")])
def test_the_name_of_a_limit_leads_away_from_the_edge_it_is_near(at: float, anchor: str) -> None:
    figure = layout(200, 8, xaxis={"range": [-1, 11]})
    draw_limit(figure, LimitLine(at, "limit 530"), "x", (0, 10))
    assert figure["annotations"][0]["xanchor"] == anchor
