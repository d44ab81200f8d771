"""What is said before a release takes the champion's place: what that does to the book's numbers."""

from data.contract import Contract, Measure, lower
from model.report import numbers
from model.report.book import words
from model.report.briefing import Cell, Column, Finding, Table
from model.whatif.book.handover import BookNumbers
from model.whatif.book.scenario import BookScenario

SHOWN: tuple[Measure, ...] = ("loss", "pd", "capital")


def handover(contract: Contract, names: tuple[str, str], before: BookNumbers | None, after: BookNumbers) -> Finding:
    """The book as it stands under the present champion and under the release to be promoted, by ``names``; without
    a champion that answers, ``before`` is None and there is nothing to compare."""
    rows = [_measure(contract, name, before, after) for name in SHOWN if name in contract.measures]
    rows.insert(2, _approval(before, after))
    columns = ("Of the book as it stands", f"under {names[0]}, now", f"under {names[1]}", "difference", "limit")
    table = Table("handover", "The book under either model", tuple(map(Column, columns)), tuple(rows))
    headline = _headline(contract, names[1], before, after)
    return Finding("handover", headline, table=table, shape="texts", offered=False)


def _headline(contract: Contract, name: str, before: BookNumbers | None, after: BookNumbers) -> str:
    told = words.measure_text(contract, BookScenario(), name="loss", base=(before or after).totals, now=after.totals)
    loss = lower(told.label)
    if before is None:
        return f"Promote {name}? It puts {loss} at {told.now}"
    if not told.change:
        return f"Promote {name}? It leaves {loss} at {told.now}"
    return f"Promote {name}? It moves {loss} from {told.base} to {told.now}, {told.change}"


def _measure(contract: Contract, name: Measure, before: BookNumbers | None, after: BookNumbers) -> tuple[Cell, ...]:
    told = words.measure_text(contract, BookScenario(), name=name, base=(before or after).totals, now=after.totals)
    kept = {True: "✓", False: f"✗ {told.broken}", None: ""}[told.holds]
    limit = f"{told.limit} {kept}".strip()
    if before is None:
        return told.label, "none", told.now, "", limit
    return told.label, told.base, told.now, told.change or "unchanged", limit


def _approval(before: BookNumbers | None, after: BookNumbers) -> tuple[Cell, ...]:
    found = numbers.Difference.of((before or after).approval, after.approval, numbers.SHARE)
    was, now = (numbers.percent(each, found.unit.digits) for each in (found.base, found.now))
    if before is None:
        return "Approval rate at today's cut-off", "none", now, "", ""
    return "Approval rate at today's cut-off", was, now, found.points() or "unchanged", ""
