"""A chart as a file: it says what it shows and whence; its texts lie over nothing; each kind of chart is drawn."""

from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.export.chart.file import chart_file, chart_parts, chart_title
from model.export.chart.ink import Box, filled, mixed
from model.export.chart.labels import Labels
from model.export.chart.tiles import squarified
from model.export.tables import TableSource
from model.report.briefing import Finding, Half
from model.report.charts import Figure, LimitLine, bar_text, draw_limit, layout
from tests.support.pictures import SVG, contrast, picture_breaches, texts_of

SOURCE = TableSource("Cards & loans", "<half>", "7f3a2b", date(2026, 11, 2))


def bars(*lengths: float, limit: float | None = None, **more: object) -> Figure:
    names = [f"row {k}" for k in range(len(lengths))]
    figure = layout(200, 100)
    figure["xaxis"] = {"range": [min(0.0, *lengths), 2 * max(lengths)], "showticklabels": False}
    figure["annotations"] = [bar_text(at, name, f"NT$ {at:g} m") for at, name in zip(lengths, names, strict=True)]
    draw_limit(figure, None if limit is None else LimitLine(limit, "limit"), "x", (0.0, max(lengths)))
    texts = [f"NT$ {at:g} m" for at in lengths]
    trace = {"type": "bar", "orientation": "h", "x": list(lengths), "y": names, "text": texts, "textposition": "none"}
    return {"data": [{**trace, "marker": {"color": ["#8b95a3"] * len(lengths)}, **more}], "layout": figure}


def told(content: bytes) -> list[str]:
    return [each.text for each in texts_of(ElementTree.fromstring(content))]


def test_opened_alone_it_says_title_unit_book_scenario_release_day_and_who_made_it() -> None:
    finding = Finding("moved", "Balances move <most> & more", chart=bars(3, 5), alt="In words", shows="Loss, NT$ m")
    content = chart_file(finding, SOURCE)
    root = ElementTree.fromstring(content)
    assert (root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")) == ("Balances move <most> & more", "In words")
    texts = told(content)
    assert texts[:2] == ["Balances move <most> & more", "Loss, NT$ m"]
    assert texts[-1] == "Cards & loans · Scenario: <half> · Release 7f3a2b · 2026-11-02 · Credit What-If"
    assert picture_breaches(content, "2026-11-02") == []


def test_what_shows_two_things_has_each_under_its_own_headline() -> None:
    figure = bars(3, 5)
    two = {**figure, "data": [*figure["data"], {**figure["data"][0], "y": ["before", "after"]}]}
    halves = Half("Why", (("a", "1"),), "points"), Half("What changed", (("b", "2"),), "%")
    finding = Finding("why", chart=two, alt="In words", halves=halves)
    assert [(each.headline, each.shows) for each in chart_parts(finding)] == [("Why", "points"), ("What changed", "%")]
    assert chart_title(finding) == "Why. What changed"
    assert picture_breaches(chart_file(finding, SOURCE)) == []
    nothing_changed = Finding("why", chart=two, alt="x", halves=(halves[0], Half("Move a lever to see what changes")))
    assert [each.headline for each in chart_parts(nothing_changed)] == ["Why"]


def test_a_chart_without_a_headline_is_called_after_what_it_shows() -> None:
    finding = Finding("ratios", chart=bars(3, 5), alt="In words", shows="Lowest ratio")
    assert told(chart_file(finding, SOURCE))[0] == chart_title(finding) == "Lowest ratio"


@pytest.mark.parametrize("lying", [True, False])
@given(lengths=st.lists(st.floats(1, 100), min_size=1, max_size=6), limit=st.floats(1, 150))
def test_the_line_of_a_limit_runs_behind_no_text(lying: bool, lengths: list[float], limit: float) -> None:
    figure = bars(*lengths, limit=limit) if lying else bars(*lengths, limit=limit, width=0.6)
    if not lying:  # on the way of all other charts
        figure["data"].append({"type": "scatter", "mode": "markers", "x": [0.0], "y": ["row 0"]})
    finding = Finding("moved", "Headline", chart=figure, alt="In words", shows="Loss, NT$ m")
    assert picture_breaches(chart_file(finding, SOURCE)) == []


@given(sizes=st.lists(st.floats(1, 1e6), min_size=1, max_size=20))
def test_tiles_have_their_sizes_and_fill_the_map(sizes: list[float]) -> None:
    frame = Box(0, 0, 700, 300)
    boxes = squarified(sorted(sizes, reverse=True), frame)
    whole = sum(sizes)
    for size, box in zip(sorted(sizes, reverse=True), boxes, strict=True):
        assert box.wide * box.high == pytest.approx(210_000 * size / whole, rel=1e-6, abs=1e-2)
        assert -1e-3 <= box.left <= box.right <= 700 + 1e-3
        assert -1e-3 <= box.top <= box.bottom <= 300 + 1e-3
    assert all(a.shared(b) < 1e-3 for k, a in enumerate(boxes) for b in boxes[:k])


def test_a_text_that_would_lie_over_another_stands_elsewhere() -> None:
    labels = Labels(Box(0, 0, 300, 200))
    for _ in range(5):
        labels.place("the same place", [Box(100, 100, 80, 14)])
    assert all(a.shared(b) == 0 for k, a in enumerate(labels.boxes) for b in labels.boxes[:k])


def test_a_piece_of_a_line_stands_so_many_pixels_beside_what_it_is_of() -> None:
    figure = layout(200, 100)
    figure["xaxis"], figure["yaxis"] = {"range": [0, 10]}, {"range": [0, 10]}
    anchored = {
        "xref": "paper",
        "yref": "paper",
        "xsizemode": "pixel",
        "ysizemode": "pixel",
        "xanchor": 0.5,
        "yanchor": 1,
    }
    piece = {"type": "line", **anchored, "x0": 7, "x1": 31, "y0": -9, "y1": -9, "line": {"color": "#d5601e"}}
    across = {"type": "line", "x0": 5, "x1": 5, "y0": 0, "y1": 10, "line": {"color": "#8b95a3"}}
    figure["shapes"] = [piece, across]
    line = {"type": "scatter", "mode": "lines", "x": [0, 10], "y": [0, 10], "line": {"color": "#4a6fa5", "width": 2}}
    finding = Finding("apart", "Losses", chart={"data": [line], "layout": figure}, alt="In words", shows="Loss")
    drawn = {
        each.get("stroke"): each.attrib
        for each in ElementTree.fromstring(chart_file(finding, SOURCE)).iter(f"{SVG}line")
    }
    beside, middle = drawn["#d5601e"], drawn["#8b95a3"]
    assert [float(beside[key]) - float(middle["x1"]) for key in ("x1", "x2")] == pytest.approx([7, 31], abs=0.11)
    top = min(float(middle["y1"]), float(middle["y2"]))
    assert [float(beside[key]) - top for key in ("y1", "y2")] == pytest.approx([9, 9], abs=0.11)


def test_colours_are_those_that_every_program_reads() -> None:
    assert filled("rgba(59,130,196,0.12)") == "fill='#3b82c4' fill-opacity='0.12'"
    assert filled("rgb(1,2,3)") == "fill='#010203'"
    assert [mixed([[0, "#000000"], [1, "rgb(255,255,255)"]], share) for share in (-1, 0.5, 2)] == [
        "#000000",
        "#808080",
        "#ffffff",
    ]


def test_the_rules_of_a_picture_find_planted_faults() -> None:
    good = chart_file(Finding("moved", "Headline", chart=bars(3, 5, limit=4), alt="In words", shows="Loss"), SOURCE)
    assert picture_breaches(good) == []
    text = good.decode()
    planted = {
        "does not say Credit What-If": text.replace("Credit What-If", "Somebody"),
        "no desc": text.replace("<desc>In words</desc>", "<desc></desc>"),
        "not on white": text.replace("fill='#ffffff'", "fill='#0e1117'", 1),
        "a {http://www.w3.org/2000/svg}script": text.replace("</svg>", "<script/></svg>"),
        "pale text: #fafafa": text.replace("fill='#565f6c'", "fill='#fafafa'", 1),
        "outside: far": text.replace("</svg>", "<text x='900' y='20'>far</text></svg>"),
        "over each other: Headline / again": text.replace("</svg>", "<text x='20' y='28'>again</text></svg>"),
    }
    assert {fault for fault, each in planted.items() if fault not in picture_breaches(each.encode())} == set()
    assert contrast("#ffffff") == pytest.approx(1)
    assert contrast("#000000") == pytest.approx(21)
