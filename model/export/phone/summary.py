"""The whole book on the phone, as texts and lengths: the headline and the bridge under one regulator's scenario.

All of it is sums over the book, made and worded by the rooms that the book page is made of; nothing of it can be taken
apart again into records.
"""

from datetime import date

from model.deployed.model import DeployedModel
from model.engine.parallel import not_followed
from model.export.phone.content import Told
from model.report.book.briefing import book_briefing, what_moved
from model.report.briefing import Finding, Tile
from model.report.charts import WORSE
from model.report.comparison.briefing import name_of_member
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import NOTHING, PRESET, BookScenario


def book_summary(model: DeployedModel, day: date) -> dict[str, Told]:
    """What the phone says of the whole book: under the regulator's scenario that costs it most, beside the book as it
    stands; as it stands where no scenario reaches it."""
    scenario = _costliest(model, day)
    result = BookResult.of(model.whole, scenario, day)
    said = book_briefing(result, {}, model=model.deployed)
    moved = what_moved(result, {}, not_followed) if scenario.values else None
    return {
        "title": name_of_member(model.contract, scenario),
        "sentence": said.sentence,
        "tiles": [_tile(each) for each in said.tiles],
        "bridge": None if moved is None else _bridge(moved),
        "note": said.below,
        "day": day.isoformat(),
    }


def _costliest(model: DeployedModel, day: date) -> BookScenario:
    """The regulator's scenario with the greatest expected loss, at its peak and in full severity."""
    found = BookResult.of(model.whole, NOTHING, day).under_regulators("loss")
    if not found:
        return NOTHING
    return NOTHING.with_value(model.contract, PRESET, max(found, key=lambda each: each[1])[0])


def _tile(tile: Tile) -> dict[str, Told]:
    return {
        "label": tile.label,
        "value": tile.value,
        "was": tile.was,
        "change": tile.change,
        "direction": tile.direction,
        "limit": tile.limit,
        "broken": tile.broken,
    }


def _bridge(moved: Finding) -> dict[str, Told]:
    """The page's own chart of what moved the loss, as bars: where each begins, its length, what stands beside it."""
    assert moved.chart is not None
    bars = moved.chart["data"][0]
    colours = bars["marker"]["color"]
    kinds = ["whole", *("worse" if each == WORSE else "better" for each in colours[1:-1]), "whole"]
    rows = zip(bars["y"], bars["base"], bars["x"], bars["text"], kinds, strict=True)
    return {
        "headline": moved.headline,
        "words": moved.alt,
        "shows": moved.shows,
        "bars": [
            {"label": label, "from": float(start), "length": float(length), "text": text, "kind": kind}
            for label, start, length, text, kind in rows
        ],
    }
