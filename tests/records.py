"""Records and scenarios drawn at random, within what the contract of the cards allows."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from data.books import read
from data.contract import Assumption, Field, Lever
from data.errors import Impossible
from data.formulas import Array
from model.whatif.scenario import CUTOFF, CUTOFF_RANGE, Scenario, apply, base_record

BOOK = read("cards")
CONTRACT = BOOK.contract
LONGEST_FALL = 4  # months by which the status may worsen from one month to the next

numbers = st.integers(int(BOOK.ids.min()), int(BOOK.ids.max()))


def short(value: float) -> float:
    """The value as an address can hold it: twelve digits."""
    return float(f"{value:.12g}")


def within(part: Field | Lever | Assumption) -> SearchStrategy[float]:
    """Values that a field, lever or assumption allows."""
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
def scenarios(draw: st.DrawFn) -> Scenario:
    """A scenario of a customer, of a record typed by hand or of neither, whose edits can stand together."""
    scenario = draw(
        st.one_of(
            st.just(Scenario()),
            st.builds(Scenario, customer=numbers),
            st.builds(Scenario, own=records().map(lambda raw: tuple(raw[:, 0].tolist()))),
            st.builds(Scenario, own=st.tuples(*(st.none() | within(field) for field in CONTRACT.record))),
        )
    )
    editable = [*CONTRACT.levers, *(f for f in CONTRACT.record if f.name not in {x.name for x in CONTRACT.levers})]
    for part in draw(st.lists(st.sampled_from(editable), max_size=5, unique_by=lambda part: part.name)):
        scenario = scenario.edited(CONTRACT, part.name, draw(within(part)))
    for part in draw(st.lists(st.sampled_from(CONTRACT.assumptions), max_size=3, unique_by=lambda part: part.name)):
        scenario = scenario.assumed(CONTRACT, part.name, draw(within(part)))
    if draw(st.booleans()):
        scenario = scenario.assumed(CONTRACT, CUTOFF, short(draw(st.floats(*CUTOFF_RANGE))))
    if scenario.chosen:
        try:
            base = base_record(BOOK, scenario)
            apply(CONTRACT, base, scenario.edits)
        except Impossible:
            return Scenario(scenario.customer, assumptions=scenario.assumptions)
    return scenario
