"""Records, parts of the book and scenarios drawn at random, within what the contract of the cards allows."""

from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.typing import NDArray

from data.arrays import Array
from data.books import read_book
from data.contract import Assumption, Field, Lever, Shock, Variable
from data.errors import Impossible
from data.regulators.presets import presets
from model.whatif.book.scenario import (
    COEFFICIENTS,
    FACTOR,
    LONGEST,
    METHOD,
    NUDGE,
    POINT,
    PRESET,
    SEVERITY,
    UNTIL,
    WHO,
    BookScenario,
    Layers,
    Number,
    Value,
    chosen,
    layers,
    parts,
)
from model.whatif.customer.scenario import CUTOFF, CUTOFF_RANGE, CustomerScenario, apply, base_record

BOOK = read_book("cards")
CONTRACT = BOOK.contract
LONGEST_FALL = 4  # months by which the status may worsen from one month to the next
TODAY = date(2026, 11, 2)

numbers = st.integers(int(BOOK.ids.min()), int(BOOK.ids.max()))


def short(value: float) -> float:
    """The value as an address can hold it: twelve digits."""
    return float(f"{value:.12g}")


def within(part: Field | Lever | Assumption | Shock | Variable | Number) -> SearchStrategy[float]:
    """Values that whatever has bounds allows."""
    if isinstance(part, Field) and part.codes:
        return st.sampled_from([float(code) for code in part.codes])
    if isinstance(part, Lever) and CONTRACT.coded(part):
        return st.integers(int(part.minimum), int(part.maximum)).map(float)
    return st.floats(part.minimum, part.maximum).map(short)


@st.composite
def records(draw: st.DrawFn) -> Array:
    """A record (fields, 1) that keeps every range and rule."""
    raw = np.array([draw(within(field)) for field in CONTRACT.record])[:, None]
    status = raw[CONTRACT.rows["status"], 0]
    for month in range(len(status) - 2, -1, -1):
        status[month] = min(status[month], status[month + 1] + LONGEST_FALL)
    CONTRACT.check(raw)
    return raw


@st.composite
def scenarios(draw: st.DrawFn) -> CustomerScenario:
    """A scenario of a customer, of a record typed by hand or of neither, whose edits can stand together."""
    scenario = draw(
        st.one_of(
            st.just(CustomerScenario()),
            st.builds(CustomerScenario, customer=numbers),
            st.builds(CustomerScenario, own=records().map(lambda raw: tuple(raw[:, 0].tolist()))),
            st.builds(CustomerScenario, own=st.tuples(*(st.none() | within(field) for field in CONTRACT.record))),
        )
    )
    if draw(st.booleans()):
        scenario = replace(scenario, under=draw(stresses(most=4)).carried())
    editable = [*CONTRACT.levers, *(f for f in CONTRACT.record if f.name not in {x.name for x in CONTRACT.levers})]
    for part in draw(st.lists(st.sampled_from(editable), max_size=5, unique_by=lambda part: part.name)):  # type: ignore[attr-defined]
        scenario = scenario.edited(CONTRACT, part.name, draw(within(part)))  # type: ignore[attr-defined]
    for part in draw(st.lists(st.sampled_from(CONTRACT.assumptions), max_size=3, unique_by=lambda part: part.name)):
        scenario = scenario.assumed(CONTRACT, part.name, draw(within(part)))
    if draw(st.booleans()):
        scenario = scenario.assumed(CONTRACT, CUTOFF, short(draw(st.floats(*CUTOFF_RANGE))))
    if scenario.chosen:
        try:
            base = base_record(BOOK, scenario)
            apply(CONTRACT, base, scenario.edits)
        except Impossible:
            return CustomerScenario(scenario.customer, assumptions=scenario.assumptions, under=scenario.under)
    return scenario


# ---- the whole book --------------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """Records (fields, n) and numbers (n,) of some customers."""

    raw: Array
    ids: NDArray[np.int64]

    def __repr__(self) -> str:
        return f"{len(self.ids)} customers from {self.ids[:3]} on"


@st.composite
def sub_books(draw: st.DrawFn, least: int = 1, most: int = 300) -> Part:
    """Some customers of the book, in any order."""
    size, seed = draw(st.integers(least, most)), draw(st.integers(0, 10**6))
    picked = np.random.default_rng(seed).choice(len(BOOK), size, replace=False)
    return Part(np.ascontiguousarray(BOOK.raw[:, picked]), BOOK.ids[picked])


def stressed(**values: Value) -> BookScenario:
    """A scenario of the book with these parts put in the order given."""
    stress = BookScenario()
    for name, value in values.items():
        stress = stress.with_value(CONTRACT, name, value)
    return stress


def numbers_of(stress: BookScenario) -> Layers:
    """A scenario of the book as the arithmetic takes it, today."""
    return layers(CONTRACT, stress, TODAY)


def settings_of(name: str, stress: BookScenario | None = None) -> SearchStrategy[Value]:
    """What a part of a scenario of the book may be put to; a point of the path lies on the preset in use."""
    part = parts(CONTRACT)[name]
    if not isinstance(part, str):
        return within(part)
    if name == WHO:
        bands = [(each.name, band) for each in CONTRACT.segments for band in range(CONTRACT.band_count(each))]
        return st.sampled_from([f"{segment}:{band}" for segment, band in bands])
    using = chosen(stress or BookScenario())
    found: dict[str, SearchStrategy[Value]] = {
        PRESET: st.sampled_from([each.name for each in presets()]),
        POINT: st.sampled_from([each.name for each in using.points] if using else [""]),
        METHOD: st.sampled_from([COEFFICIENTS, FACTOR]),
        UNTIL: st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(date.isoformat),
    }
    return found.get(name, st.text(st.characters(codec="utf-8"), max_size=LONGEST))


@st.composite
def stresses(draw: st.DrawFn, most: int = 8) -> BookScenario:
    """A scenario of the book that somebody may have put together, in any order."""
    stress = BookScenario()
    for name in draw(st.lists(st.sampled_from(list(parts(CONTRACT))), max_size=most)):
        if name.startswith(NUDGE):  # reached by moving the variable itself, within its range
            continue
        if name not in (SEVERITY, POINT) or chosen(stress):
            stress = stress.with_value(CONTRACT, name, draw(settings_of(name, stress)))
    return stress
