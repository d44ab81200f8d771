"""Six slides that say what the paper says, with charts and tables that can be edited."""

import io
import re
from collections.abc import Iterator

import pytest
from pptx import Presentation
from pptx.slide import Slide

from model.deployed.model import DeployedModel
from model.export.bars import BarChart, bar_charts
from model.export.memo.memo import ASSUMED, CAVEATS, Memo
from model.export.memo.subjects import memo_of
from model.export.slides.deck import changes_by_band, memo_slides, numbers_part, shown_parts, used_limits
from model.whatif.book.scenario import BookScenario
from tests.export.conftest import OCCASION
from tests.support.papers import plain, said_of


def slides_of(memo: Memo) -> list[Slide]:
    return list(Presentation(io.BytesIO(memo_slides(memo))).slides)


def texts(slide: Slide) -> Iterator[str]:
    """What stands on a slide, charts and their words included."""
    for shape in slide.shapes:
        yield shape._element.xpath("string(.//p:cNvPr/@descr)")
        if shape.has_text_frame:
            yield shape.text_frame.text
        if shape.has_table:
            yield from (cell.text for row in shape.table.rows for cell in row.cells)
        if shape.has_chart:
            xml = shape.chart.part.blob.decode()
            yield from re.findall(r"<(?:c:v|a:t)>([^<]*)<", xml)


def charts(slide: Slide) -> list[list[float]]:
    """How long the bars of each chart on a slide are."""
    found = []
    for shape in slide.shapes:
        if shape.has_chart:
            series = [list(each.values) for each in shape.chart.plots[0].series]
            found.append([a + b for a, b in zip(series[1], series[3], strict=True)])
    return found


def told(slide: Slide) -> str:
    return plain(" ".join(texts(slide))).replace("&lt;", "<").replace("&gt;", ">")


def test_the_slides_are_six_each_with_title_foot_and_notes(memo: Memo):
    found = slides_of(memo)
    assert len(found) == 6
    titles = [slide.shapes.title.text_frame.text for slide in found]  # type: ignore[union-attr]
    parts = [part.first.headline for part in shown_parts(memo)]
    own = numbers_part(memo)
    numbers = memo.numbers.title if own is None else own.first.headline
    assert titles == [memo.title, numbers, *parts, ASSUMED, CAVEATS]
    for k, slide in enumerate(found, 1):
        assert f"{k} of 6" in told(slide)
        notes = slide.notes_slide.notes_text_frame
        assert notes is not None
        assert f"{memo.model}; made by {memo.occasion.who} on {memo.when}" in notes.text


def test_the_slides_say_what_the_paper_says(memo: Memo):
    answer, numbers, first, second, assumed, trust = map(told, slides_of(memo))
    assert all(plain(each) in answer for each in (memo.sentence, memo.book, memo.scenario, memo.source, memo.signature))
    for tile in memo.tiles:
        limits = (tile.limit, tile.broken)
        shown = (tile.label, tile.value, tile.was, tile.change, *tile.notes, *limits)
        assert [each for each in map(plain, shown) if each not in numbers] == []
    own = numbers_part(memo)
    assert [
        each for each in map(plain, said_of(own.first) if own else []) if each not in f"{numbers} {own.first.note}"
    ] == []  # type: ignore[union-attr]
    assert [str(cell) for row in memo.assumed.exact for cell in row if plain(str(cell)) not in assumed] == []
    assert [each for each in (memo.trust, *memo.caveats, memo.made) if plain(each) not in trust] == []
    for slide, part in zip((first, second), shown_parts(memo), strict=True):
        bars = [
            text for each in bar_charts(part.first.chart)[:1] for bar in each.bars for text in (bar.label, bar.text)
        ]
        assert [each for each in map(plain, bars) if each not in slide] == []


def drawn_by(memo: Memo) -> list[BarChart]:
    """The charts of a paper's slides, in order."""
    limits, found = used_limits(memo.tiles), list[BarChart]()
    found += [limits] if limits is not None else []
    for part in shown_parts(memo):
        own = bar_charts(part.first.chart)[:1]
        band = changes_by_band(part.first.table) if not own and part.first.table is not None else None
        found += [*own, *([band] if band is not None else [])]
    return found


def test_every_chart_is_powerpoints_own_with_its_numbers_and_its_words(memo: Memo):
    found = slides_of(memo)
    shown = [lengths for slide in found for lengths in charts(slide)]
    wanted = [[bar.end - bar.start for bar in each.bars] for each in drawn_by(memo)]
    assert len(shown) == len(wanted) >= 2
    for lengths, bars in zip(shown, wanted, strict=True):
        assert [abs(each) for each in lengths[: len(bars)]] == pytest.approx([abs(each) for each in bars], abs=1e-5)
    for slide in found:
        for shape in slide.shapes:
            if shape.has_chart or shape.has_table:
                assert shape._element.xpath("string(.//p:cNvPr/@descr)")
            if shape.has_chart:
                assert shape.chart.part.chart_workbook.xlsx_part is not None


def test_the_map_stands_on_its_slide_in_money_and_as_bars(memos: dict[str, Memo]):
    memo = memos["book"]
    table = memo.parts[1].first.table
    assert table is not None
    slide = told(slides_of(memo)[3])
    *bands, book = table.texts().rows
    assert [
        each for row in (*bands, book[:-1]) for k, each in enumerate(row) if k != 1 and plain(each) not in slide
    ] == []


def test_a_waterfall_through_zero_keeps_its_lengths(memos: dict[str, Memo]):
    from model.export.native import _stacked  # how each bar stands beside zero

    finding = dict(memos["book"].parts[0].versions)["Margin after loss"]
    (chart,) = bar_charts(finding.chart)
    for bar in chart.bars:
        above, up, below, down = _stacked(bar)
        assert up - down == pytest.approx(abs(bar.end - bar.start))
        low, high = sorted((bar.start, bar.end))
        assert (above + up if high > 0 else below) == pytest.approx(high)
        assert (below + down if low < 0 else above) == pytest.approx(low)


def test_the_book_as_it_stands_has_six_slides_too(model: DeployedModel):
    found = slides_of(memo_of(model, BookScenario(), OCCASION))
    assert len(found) == 6
    assert "PD by exposure" in told(found[1])
    assert "✗" in told(found[2])


def test_the_same_slides_have_the_same_bytes(memos: dict[str, Memo]):
    assert memo_slides(memos["book"]) == memo_slides(memos["book"])
