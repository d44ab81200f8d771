"""The tornado's texts: whatever the bars, each has a place of its own, on a phone too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.report.book import levers
from model.report.charts import LimitLine, draw_limit, layout
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


@pytest.mark.parametrize(("at", "anchor"), [(0.0, "left"), (5.0, "center"), (10.0, "right")])
def test_the_name_of_a_limit_leads_away_from_the_edge_it_is_near(at: float, anchor: str) -> None:
    figure = layout(200, 8, xaxis={"range": [-1, 11]})
    draw_limit(figure, LimitLine(at, "limit 530"), "x", (0, 10))
    assert figure["annotations"][0]["xanchor"] == anchor
