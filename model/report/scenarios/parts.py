"""What a scenario may assume, part by part, as a sheet lists it: label, unit and range, in the unit that is shown."""

from dataclasses import dataclass
from functools import lru_cache

from data.contract import Assumption, Contract, Field, Lever, Shock, Variable, capitalised
from model.report.book import words as book_words
from model.whatif.book.scenario import LIMIT, UNDER, WEIGHT, Number, parts
from model.whatif.customer.scenario import CUSTOMER, CUTOFF_RANGE, OWN
from model.whatif.policy.scenario import CUTOFF
from model.whatif.saved import Subject

FRACTION = 0.01


@dataclass(frozen=True)
class ScenarioPart:
    """One thing that may be assumed: its ``key``, as in an address; ``label``; ``unit`` shown, of which one is
    ``scale`` of its own; from ``low`` to ``high`` in that unit, None where there is no end. ``textual``: it is no
    number."""

    key: str
    label: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    scale: float = 1.0
    textual: bool = False


@lru_cache(maxsize=24)
def scenario_parts(contract: Contract, subject: Subject) -> dict[str, ScenarioPart]:
    """Everything that a scenario about a subject may assume, by key."""
    if subject == "book":
        return {key: _book_part(contract, key) for key in parts(contract)}
    own = [_numbered(each) for each in contract.assumptions]
    if subject == "customer":
        record = contract.book.record
        first = [
            ScenarioPart(CUSTOMER, f"{capitalised(record)} number"),
            ScenarioPart(
                OWN, f"{capitalised(contract.book.one_record)} of one's own, its fields parted by commas", textual=True
            ),
        ]
        own = [*first, *map(_numbered, contract.levers), *map(_numbered, contract.record), *own]
    cutoff = ScenarioPart(CUTOFF, "Cut-off", "points", *CUTOFF_RANGE)
    book = [_book_part(contract, key) for key in parts(contract) if not key.startswith((LIMIT, WEIGHT))]
    under = [_under(each) for each in book]
    return {each.key: each for each in (*own, cutoff, *under)}


def _numbered(each: Assumption | Shock | Variable | Lever | Field) -> ScenarioPart:
    fraction = isinstance(each, Assumption) and each.unit == "%"
    scale = FRACTION if fraction else 1.0
    low, high = (round(value / scale, 10) for value in (each.minimum, each.maximum))
    return ScenarioPart(each.name, each.label, each.unit, low=low, high=high, scale=scale)


def _book_part(contract: Contract, key: str) -> ScenarioPart:
    part = parts(contract)[key]
    if isinstance(part, str):
        return ScenarioPart(key, part, textual=True)
    if not isinstance(part, Number):
        return _numbered(part)
    limited = next((each.measure for each in contract.appetite if LIMIT + each.measure == key), None)
    if limited is not None:
        scale, unit = book_words.entered(contract, limited)
        return ScenarioPart(key, f"Limit of {book_words.label(contract, limited)}", unit, scale=scale)
    return ScenarioPart(key, part.label, part.unit, part.minimum, part.maximum)


def _under(part: ScenarioPart) -> ScenarioPart:
    return ScenarioPart(
        UNDER + part.key,
        f"Book's scenario: {part.label}",
        part.unit,
        low=part.low,
        high=part.high,
        scale=part.scale,
        textual=part.textual,
    )
