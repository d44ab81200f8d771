"""How far a number stands from its limit: for the bar under it, in words, and as a line in a chart."""

from math import isfinite

from data.contract import Appetite, Contract, Measure
from model.report.book import words
from model.report.briefing import Headroom
from model.report.charts import LimitLine
from model.report.numbers import MINUS, Unit, unpriced
from model.whatif.book.scenario import BookScenario
from model.whatif.book.totals import Totals

BEYOND = 1.25  # times a limit that must not be exceeded: the end of its bar, unless the book stands further on
ABOVE = 2.0  # times a limit that must be reached: the end of its bar, unless the book stands further on
PLACES = 4  # digits of a place on a bar


def measure_headroom(
    contract: Contract, stress: BookScenario, *, name: Measure, base: Totals, now: Totals
) -> Headroom | None:
    """Where a measure stands beside its limit; None where it has no limit, or no value to hold against one."""
    limit, appetite = words.limit_of(contract, stress, name)
    was, value = base.measure(name), now.measure(name)
    if appetite is None or not isfinite(value):
        return None
    low, high = bar_ends(appetite, limit, was)
    filled, tick = (min(max((each - low) / (high - low), 0.0), 1.0) for each in (value, limit))
    return Headroom(
        round(filled, PLACES),
        round(tick, PLACES),
        share=value / limit if limit > 0 else None,
        words=_room_words(contract, name, limit=limit, value=value),
    )


def bar_ends(appetite: Appetite, limit: float, base: float) -> tuple[float, float]:
    """The values at the ends of a bar. They follow from the limit and the book as it is, never from a scenario, so that
    the tick stays where it is while a lever moves. A limit of nothing or less stands in the middle, as far from the
    ends as the book is from it."""
    if limit > 0:
        further = BEYOND if appetite.sense == "at most" else ABOVE
        return 0.0, max(further * limit, base) if isfinite(base) else further * limit
    half = max(abs(base - limit) if isfinite(base) else 0.0, abs(limit)) or 1.0
    return limit - half, limit + half


def _room_words(contract: Contract, name: Measure, *, limit: float, value: float) -> str:
    """How much room there is, or how much is missing: "NT$ 85 m below the limit"."""
    found = words.measure_difference(name, limit, value)
    size = words.change_words(contract, name, found).lstrip(f"+{MINUS}")
    if not size:
        return "at the limit"
    return f"{size} {'above' if value > limit else 'below'} the limit"


def limit_line(contract: Contract, stress: BookScenario, name: Measure, unit: Unit) -> LimitLine | None:
    """The limit of a measure for a chart that draws it in a ``unit``; None where it has none."""
    limit, appetite = words.limit_of(contract, stress, name)
    if appetite is None:
        return None
    told = unpriced(words.limit_text(contract, name, limit, unit), contract.book.currency)
    return LimitLine(limit / unit.size, f"limit {told}")
