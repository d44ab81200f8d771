"""Six slides of a paper: the answer, the numbers, two findings, what is assumed, what to know before relying on it.

Charts and tables are PowerPoint's own, with their numbers in a sheet; each chart says in words what it shows, and each
slide's notes what it is of.
"""

from collections.abc import Sequence
from datetime import datetime, time
from io import BytesIO

from pptx import Presentation
from pptx.presentation import Presentation as Deck
from pptx.slide import Slide
from pptx.util import Cm

from model.export.bars import BarChart, DrawnBar, bar_charts
from model.export.memo.memo import ASSUMED, CAVEATS, HEADROOM, Memo, MemoPart
from model.export.settled import settled
from model.export.slides.shapes import (
    BODY,
    HIGH,
    LEFT,
    QUIET,
    TOP,
    WIDE,
    draw_chart,
    draw_table,
    entitle_slide,
    largest_type,
    say,
)
from model.report.briefing import Finding, Table, Tile
from model.report.charts import BETTER, SCENARIO, WORSE

SLIDES = 6
TITLE_ONLY = 5  # of the layouts of an empty presentation
LONGEST_FACT = 255  # characters of what a file says of itself
HALF = 0.485  # of a slide's width
SIDE = round(0.64 * BODY)  # of a table that a chart stands beside
COUNTED, CHANGED = 1, "Change of loss"  # columns of where it sits: how many, which the book names, and by how much
ABOVE_SOURCE = Cm(11.8)  # below a title
ROOM = 1.35  # times the longest bar, for what is written at its end


def memo_slides(memo: Memo) -> bytes:
    """The file, a .pptx."""
    deck = _empty(memo)
    _answer(deck, memo)
    _numbers(deck, memo)
    for part in shown_parts(memo):
        _finding(deck, memo, part.first)
    _assumed(deck, memo)
    _relied_on(deck, memo)
    written = BytesIO()
    deck.save(written)
    return settled(written.getvalue(), memo.occasion.day)


def shown_parts(memo: Memo) -> tuple[MemoPart, ...]:
    """The findings that have a slide of their own: two, those with charts before others, in the order of the paper."""
    own = [each for each in memo.parts if each is not numbers_part(memo)]
    first = sorted(own, key=lambda each: each.first.chart is None)[:2]
    return tuple(each for each in own if each in first)


def numbers_part(memo: Memo) -> MemoPart | None:
    """The finding whose table has the numbers, where no tiles do."""
    return None if memo.tiles else next((each for each in memo.parts if each.key == "numbers"), None)


def without_columns(table: Table, *left_out: str | int) -> Table:
    """A table without some of its columns, by name or by place."""
    kept = [k for k, each in enumerate(table.columns) if not {k, each.name} & set(left_out)]
    rows = tuple(tuple(row[k] for k in kept) for row in table.exact)
    return Table(table.key, table.title, tuple(table.columns[k] for k in kept), rows)


# ---- the slides -----------------------------------------------------------------------------------------------------


def _empty(memo: Memo) -> Deck:
    deck = Presentation()
    deck.slide_width, deck.slide_height = WIDE, HIGH
    about = deck.core_properties
    about.title, about.subject = memo.title[:LONGEST_FACT], memo.book[:LONGEST_FACT]
    about.author = about.last_modified_by = memo.occasion.who[:LONGEST_FACT]
    about.created = about.modified = datetime.combine(memo.occasion.day, time())
    about.revision = 1
    return deck


def _slide(deck: Deck, memo: Memo, title: str, notes: str) -> Slide:
    """A slide with its title, its foot and its notes."""
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    entitle_slide(slide, title)
    say(slide, f"{memo.foot} · {len(deck.slides)} of {SLIDES}", top=HIGH - Cm(1.2), high=Cm(0.8), size=10, colour=QUIET)
    source = f"Source: {memo.book}; {memo.model}; made by {memo.occasion.who} on {memo.when}."
    slide.notes_slide.notes_text_frame.text = "\n".join(filter(None, (notes.strip(), source)))
    return slide


def _answer(deck: Deck, memo: Memo) -> None:
    slide = _slide(deck, memo, memo.title, f"{memo.source} {memo.below}")
    say(slide, memo.sentence, top=TOP, high=Cm(7.6), size=28)
    lines = (*memo.notices, memo.book, f"Scenario: {memo.scenario}", memo.source, memo.signature)
    say(slide, "\n".join(lines), top=Cm(12.2), high=Cm(5), size=14, colour=QUIET)


def _numbers(deck: Deck, memo: Memo) -> None:
    part, limits = numbers_part(memo), used_limits(memo.tiles)
    if part is not None and part.first.table is not None:
        slide = _slide(deck, memo, part.first.headline, part.first.note)
        draw_table(slide, part.first.table)
        return
    table, words = memo.numbers, [f"{each.label}: {each.headroom.words}" for each in memo.tiles if each.headroom]
    slide = _slide(deck, memo, table.title, f"{memo.below} {'; '.join(words)}")
    if limits is None:
        draw_table(slide, table)
        return
    draw_table(slide, without_columns(table, HEADROOM), wide=SIDE)
    told = "; ".join(f"{bar.label} {bar.text}" for bar in limits.bars)
    _beside(slide, "How much of each limit is used", limits, f"How much of each limit is used: {told}.")


def _beside(slide: Slide, title: str, chart: BarChart, alt: str) -> None:
    """A chart at the right of a table."""
    left, wide = LEFT + SIDE + Cm(0.6), BODY - SIDE - Cm(0.6)
    say(slide, title, top=TOP, high=Cm(1), size=14, colour=QUIET, left=left, wide=wide)
    draw_chart(slide, chart, alt, top=TOP + Cm(1), left=left, wide=wide)


def used_limits(tiles: Sequence[Tile]) -> BarChart | None:
    """How much of each limit is used, in percent of it; None where nothing has a limit that is a share."""
    rooms = [(each, each.headroom.share) for each in tiles if each.headroom is not None]
    bars = tuple(
        DrawnBar(tile.label, 0.0, 100 * share, f"{100 * share:.0f} %", WORSE if tile.broken else SCENARIO)
        for tile, share in rooms
        if share is not None and share >= 0
    )
    high = ROOM * max([100.0, *(each.end for each in bars)])
    return BarChart(bars, 0.0, high, "limit 100 %", 100.0) if bars else None


def _finding(deck: Deck, memo: Memo, finding: Finding) -> None:
    charts, table = bar_charts(finding.chart), finding.table
    slide = _slide(deck, memo, finding.headline, " ".join((finding.alt, *finding.text, finding.note)))
    if charts:
        draw_chart(slide, charts[0], finding.alt)
        return
    changes = None if table is None else changes_by_band(table)
    if table is not None and changes is None:
        draw_table(slide, table)
    if table is not None and changes is not None:
        draw_table(slide, without_columns(table, COUNTED, CHANGED), wide=SIDE)
        told = "; ".join(f"{bar.label} {bar.text}" for bar in changes.bars)
        _beside(slide, CHANGED, changes, f"{CHANGED}: {told}.")


def changes_by_band(table: Table) -> BarChart | None:
    """By how much the loss of each band changes, of a table that says so; None where nothing does."""
    heads = [each.name for each in table.columns]
    if heads.count(CHANGED) != 2:
        return None
    text, exact = (k for k, name in enumerate(heads) if name == CHANGED)
    rows = [(str(row[0]), str(row[text]), float(row[exact] or 0.0)) for row in table.exact[:-1]]
    ends = [each[2] for each in rows]
    low, high = min(0.0, *ends), max(0.0, *ends)
    if low == high:
        return None
    bars = tuple(DrawnBar(name, 0.0, end, told, WORSE if end > 0 else BETTER) for name, told, end in rows)
    return BarChart(bars, ROOM * low, ROOM * high)


def _assumed(deck: Deck, memo: Memo) -> None:
    table = memo.assumed
    slide = _slide(deck, memo, ASSUMED, f"{memo.scenario}. {memo.source}")
    rows, wide = -(-len(table.exact) // 2), round(HALF * BODY)
    parts = [part for part in (table.exact[:rows], table.exact[rows:]) if part]
    halves = [Table(table.key, table.title, table.columns, part) for part in parts]
    size = min(largest_type(each, wide=wide, most=ABOVE_SOURCE) for each in halves)
    for k, half in enumerate(halves):
        draw_table(slide, half, wide=wide, left=LEFT + k * (BODY - wide), most=ABOVE_SOURCE, size=size)
    say(slide, memo.source, top=Cm(16), high=Cm(1.4), size=12, colour=QUIET)


def _relied_on(deck: Deck, memo: Memo) -> None:
    slide = _slide(deck, memo, CAVEATS, f"{memo.model}. {memo.made}")
    say(slide, memo.trust, top=TOP, high=Cm(3.2), size=20)
    points = "\n".join(f"{k}. {each}" for k, each in enumerate(memo.caveats, 1))
    say(slide, points, top=TOP + Cm(3.6), high=Cm(6), size=18)
    say(slide, f"{memo.signature} {memo.made}", top=Cm(14.2), high=Cm(3), size=12, colour=QUIET)
