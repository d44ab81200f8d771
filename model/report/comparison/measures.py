"""The numbers of those compared as they stand side by side: each with its difference to the first, and its limit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from data.contract import Contract, Measure, lower
from model.report import language, numbers
from model.report.book import words as book_words
from model.report.briefing import FRACTION, Cell, Column, Table
from model.report.language import enumerated
from model.report.numbers import SHARE, Difference, Unit
from model.report.policy import words as policy_words
from model.whatif.comparison.result import ComparisonResult

HOLDS, BROKEN = "✓", "✗"
GAINS = frozenset({"margin", "return_on_capital", "score", "profit"})  # more of these is better
TO_FIRST = "difference to the first"  # its name, which may be long, stands once, above all of them


@dataclass(frozen=True)
class ComparedMeasure:
    """One measure of all that are compared, in their order: exact ``values``, ``texts`` in one ``unit``, the signed
    ``changes`` from the first, "" for it and where there is none; whether a limit ``holds``, None where there is none,
    with the ``broken`` word; the ``limit`` in words, and as a number NaN where there is none or they differ."""

    name: str
    label: str
    values: tuple[float, ...]
    texts: tuple[str, ...]
    changes: tuple[str, ...]
    unit: Unit
    holds: tuple[bool | None, ...]
    broken: str = ""
    limit: str = ""
    limit_value: float = np.nan

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts with what is to be said of the limit: "NT$ 698 m ✗"."""
        marks = {True: f" {HOLDS}", False: f" {BROKEN}", None: ""}
        return tuple(text + marks[holds] for text, holds in zip(self.texts, self.holds, strict=True))


def finest(values: Sequence[float], unit: Unit | None = None) -> Unit:
    """The unit in which each of the ``values`` can be told from the first."""
    base, *others = values
    found = [Difference.of(base, each, unit).unit for each in others] or [unit or Unit.of(base)]
    return min(found, key=lambda each: each.place)


def measures(result: ComparisonResult) -> tuple[ComparedMeasure, ...]:
    """Every number of the subject."""
    if result.books:
        return tuple(_of_book(result, name) for name in result.books[0].contract.measures)
    if result.policies:
        return _of_policies(result)
    return _of_customers(result)


# ---- the book -----------------------------------------------------------------------------------------------------


def _of_book(result: ComparisonResult, name: Measure) -> ComparedMeasure:
    contract = result.books[0].contract
    values = [each.now.measure(name) for each in result.books]
    unit = finest(values, None if name in book_words.AMOUNTS else _ratio(name))
    limits, holds = [], list[bool | None]()
    broken = ""
    for each, value in zip(result.books, values, strict=True):
        limit, appetite = book_words.limit_of(contract, each.scenario, name)
        limits.append(limit)
        known = appetite is not None and np.isfinite(value)
        holds.append(book_words.within(appetite, value, limit) if appetite is not None and known else None)
        broken = "missed" if appetite is not None and appetite.sense == "at least" else "exceeded"
    one = len(set(limits)) == 1
    has_limit = any(each is not None for each in holds)
    shared = book_words.limit_text(contract, name, limits[0], unit) if one else "differs"
    return ComparedMeasure(
        name,
        _label(result, name),
        values=tuple(values),
        texts=tuple(book_words.text(contract, name, each, unit) for each in values),
        changes=_changes(values, unit, lambda found: book_words.change_words(contract, name, found)),
        unit=unit,
        holds=tuple(holds),
        broken=broken,
        limit=shared if has_limit else "",
        limit_value=limits[0] if one and has_limit else np.nan,
    )


def _label(result: ComparisonResult, name: Measure) -> str:
    """A measure with its horizon, but for the exposure, whose name says it."""
    own = result.books[0]
    over = book_words.horizon(own.contract, own.scenario, name)
    label = book_words.label(own.contract, name)
    return label if name == "exposure" else f"{label}, {over}"


def _ratio(name: Measure) -> Unit:
    return numbers.BASIS_POINTS if name == "loss_bps" else SHARE


def _changes(values: Sequence[float], unit: Unit, words: Callable[[Difference], str]) -> tuple[str, ...]:
    """The difference of each to the first, signed; "" for the first and where there is none."""
    base, *others = values
    return ("", *(words(Difference.of(base, each, unit)) for each in others))


# ---- policies -----------------------------------------------------------------------------------------------------


def _of_policies(result: ComparisonResult) -> tuple[ComparedMeasure, ...]:
    contract, currency = result.policies[0].contract, result.policies[0].contract.book.currency
    found = []
    for goal in policy_words.goals(contract):
        share = goal in policy_words.SHARES
        values = [each.chosen.goal(goal) for each in result.policies]
        unit = finest(values, SHARE if share else None)
        over = policy_words.horizon(contract, result.policies[0].policy, goal)
        texts = [numbers.percent(each, unit.digits) if share else unit.text(each, currency) for each in values]
        label = f"{policy_words.goal_label(contract, goal)}, {over}"
        found.append(_unlimited(goal, label, values=values, texts=texts, unit=unit, share=share, currency=currency))
    return tuple(found)


def _unlimited(
    name: str,
    label: str,
    *,
    values: Sequence[float],
    texts: Sequence[str],
    unit: Unit,
    share: bool = False,
    currency: str = "",
) -> ComparedMeasure:
    """A measure without a limit: a fraction where it is a ``share``, else an amount in a ``currency`` or, without one,
    a number of records."""
    told: Callable[[Difference], str] = (
        (lambda found: found.points()) if share else (lambda found: found.money(currency))
    )
    changes = _changes(values, unit, told)
    return ComparedMeasure(
        name,
        label,
        values=tuple(values),
        texts=tuple(texts),
        changes=changes,
        unit=unit,
        holds=(None,) * len(values),
    )


# ---- customers ----------------------------------------------------------------------------------------------------


def _of_customers(result: ComparisonResult) -> tuple[ComparedMeasure, ...]:
    contract = result.customers[0].contract
    currency, horizon = contract.book.currency, contract.book.pd_horizon
    decisions = [each.now for each in result.customers]
    pds = [each.pd for each in decisions]
    unit = finest(pds, SHARE)
    texts = [numbers.percent(each, unit.digits) for each in pds]
    found = [_unlimited("pd", f"PD, {horizon}", values=pds, texts=texts, unit=unit, share=True)]
    scores = [each.score for each in decisions]
    cutoffs = {each.cutoff for each in decisions}
    one = len(cutoffs) == 1
    found.append(
        ComparedMeasure(
            "score",
            "Score",
            values=tuple(scores),
            texts=tuple(f"{numbers.whole_score(each)}" for each in scores),
            changes=("", *(numbers.score_change(scores[0], each) for each in scores[1:])),
            unit=Unit(1.0, 0, ""),
            holds=tuple(each.granted for each in decisions),
            broken="missed",
            limit=f"cut-off {numbers.exactly(decisions[0].cutoff)}" if one else "differs",
            limit_value=decisions[0].cutoff if one else np.nan,
        )
    )
    if not contract.in_money:
        return tuple(found)
    amounts = {"loss": (f"Expected loss, {horizon}", [each.expected_loss for each in decisions])}
    if contract.guaranteed:
        amounts["net_loss"] = ("Net of the guarantee", [each.net_loss for each in decisions])
    amounts["ead"] = ("Exposure at default", [each.ead for each in decisions])
    for name, (label, values) in amounts.items():
        own = finest(values)
        shown = [own.text(each, currency) for each in values]
        found.append(_unlimited(name, label, values=values, texts=shown, unit=own, currency=currency))
    return tuple(found)


# ---- side by side -------------------------------------------------------------------------------------------------


def numbers_table(result: ComparisonResult, contract: Contract, found: Sequence[ComparedMeasure]) -> Table:
    """Each measure, and under it its difference to the first; the exact values in the file."""
    names = result.names
    columns = (
        Column("Measure"),
        *(Column(name, place="screen") for name in names),
        Column("Limit"),
        Column("Unit", place="file"),
        *(Column(name, place="file") for name in names),
    )
    rows: list[tuple[Cell, ...]] = []
    for each in found:
        unit = unit_words(contract, each)
        column = Column("", FRACTION if unit == "%" else unit)
        exact = [column.read(numbers.finite(value)) for value in each.values]
        rows.append((each.label, *each.cells, each.limit, unit, *exact))
        against = [each.values[0]] * len(names)
        apart = [numbers.finite(now - was) for was, now in zip(against, each.values, strict=True)]
        changes = ["", *(change or "the same" for change in each.changes[1:])]
        points = "points" if unit == "%" else unit
        rows.append((TO_FIRST, *changes, "", points, *map(column.read, apart)))
        if each.name == "score":
            rows.append(("Decision", *_decisions(contract, each), "", "", *_decisions(contract, each)))
    return Table("comparison-numbers", "The numbers side by side", columns, tuple(rows))


def unit_words(contract: Contract, measure: ComparedMeasure) -> str:
    """In which unit the exact values of a measure are read."""
    if measure.name == "score":
        return "points"
    if measure.name in ("exposure_count", "customers"):
        return ""
    if measure.unit.size == numbers.SHARE.size:
        return "%"
    return "bp" if measure.name == "loss_bps" else contract.book.currency


def _decisions(contract: Contract, score: ComparedMeasure) -> list[str]:
    return [language.decided(contract, bool(holds)).capitalize() for holds in score.holds]


def side(found: ComparedMeasure, names: Sequence[str]) -> str:
    """Whether the limit of a measure holds, and for whom it does not: "; the limit of NT$ 550 m is exceeded by …"."""
    if not found.limit or all(each is None for each in found.holds):
        return ""
    lost = [f"“{name}”" for name, holds in zip(names, found.holds, strict=True) if holds is False]
    limit = "its limit" if found.limit == "differs" else f"the limit of {found.limit}"
    if not lost:
        return f"; {limit} holds in all of them"
    if len(lost) == len(names):
        return f"; {limit} is {found.broken} in all of them"
    return f"; {limit} is {found.broken} in {enumerated(lost)}"


def _spoken(label: str) -> str:
    """A measure with its horizon as it is said: "expected loss over one month"."""
    return lower(label).replace(", over ", " over ").replace(", ", " over ", 1)


def sentence(found: ComparedMeasure, names: Sequence[str], noun: str) -> str:
    """Which of those compared stands lowest and which highest on the measure that matters most."""
    label = _spoken(found.label)
    if not any(numbers.difference_of(found.values[0], each) for each in found.values):
        return f"Of {len(names)} {noun} compared, all have the same {label}: {found.texts[0]}{side(found, names)}."
    low, high = int(np.argmin(found.values)), int(np.argmax(found.values))
    ends = [f"{found.texts[k]} in “{names[k]}”" for k in (low, high)]
    return (
        f"Of {len(names)} {noun} compared, {label} is lowest with {ends[0]} and highest with {ends[1]}"
        f"{side(found, names)}."
    )
