"""Contracts and what-ifs that a line is tried with: both shipped books, and books of strange names."""

from functools import cache

import numpy as np
from hypothesis import strategies as st

from data import books
from data.books import Book
from data.contract import Assumption, Contract, Lever, read_contract
from data.regulators.presets import presets
from model.whatif.book.scenario import (
    FACTOR,
    LIMIT,
    METHOD,
    NUDGE,
    OWNER,
    POINT,
    PRESET,
    REASON,
    SEVERITY,
    UNTIL,
    WHO,
    BookScenario,
    parts,
)
from model.whatif.customer.scenario import CUTOFF, CUTOFF_RANGE, CustomerScenario, base_record, edit, editable
from model.whatif.policy.scenario import PolicyScenario
from tests.support import contracts, made_up

SHIPPED = ("cards", "small_business")
STRANGE = (
    ("Late; and early", "Only for 5 % of us", "Share, 1997 to 1999", "Limit"),
    ("A", "B and C", 'The "big" one', "Severity (of all)"),
    ("Äußerst spät", "Größe in €", "50 %", "With"),
    ("2 months", "by 5", "−3", "no limit"),
)
NAMES = ("one", "two", "three", "four")
PLACES = 6  # decimals of a number that somebody sets


@cache
def shipped(name: str) -> Contract:
    """The contract of a shipped book."""
    return books.contract(name)


@cache
def strange(which: int) -> Contract:
    """The contract of a book whose labels say what a line says by itself."""
    shape = made_up.Shape(
        fields=NAMES,
        levers=4,
        shocks=4,
        segments=2,
        economy=True,
        limits=("loss", "pd", "loss_bps"),
        labels=tuple(each.replace('"', r"\"") for each in STRANGE[which]),
    )
    return read_contract(made_up.contract(shape).encode())


@cache
def guaranteed() -> Contract:
    """The contract of a made-up book of which somebody else bears a part of the losses."""
    return read_contract(contracts.text("guaranteed").encode())


def every_contract() -> list[Contract]:
    """All of them."""
    return [*(shipped(name) for name in SHIPPED), guaranteed(), *(strange(k) for k in range(len(STRANGE)))]


def between(low: float, high: float, size: float = 1.0) -> st.SearchStrategy[float]:
    """A number that may be typed: to six decimals of what is typed, ``size`` of the scenario's own units."""
    most = 10**PLACES
    ends = round(max(low / size, -1e9) * most), round(min(high / size, 1e9) * most)
    typed = st.one_of(st.integers(*ends), st.integers(ends[0] // most, ends[1] // most).map(lambda n: n * most))
    return typed.map(lambda n: round(n / most * size, 12)).filter(lambda value: low <= value <= high)


TEXTS = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() == text)


@st.composite
def book_scenarios(draw: st.DrawFn, contract: Contract) -> BookScenario:
    """Anything that can be assumed of a whole book."""
    found = BookScenario()
    known = parts(contract)
    economy = {each.name for each in contract.economy}
    nudges = {name for name in known if name.startswith(NUDGE)}
    own = {*nudges, PRESET, SEVERITY, POINT, METHOD, FACTOR, WHO, OWNER, REASON, UNTIL, *economy}
    way = draw(st.sampled_from(("preset", "by hand", "factor")))
    if way == "preset":
        using = draw(st.sampled_from(presets()))
        found = found.with_value(contract, PRESET, using.name)
        found = found.with_value(contract, SEVERITY, draw(between(0, 150)))
        found = found.with_value(contract, POINT, draw(st.sampled_from(using.points)).name)
    elif way == "factor":
        found = found.with_value(contract, METHOD, FACTOR).with_value(contract, FACTOR, draw(between(-4, 2)))
    for name in draw(st.lists(st.sampled_from(sorted(known)), max_size=5, unique=True)):
        part = known[name]
        if name in economy and way != "factor":
            each = contract.variable(name)
            found = found.with_value(contract, name, draw(between(each.minimum, each.maximum)))
        elif name == WHO:
            bands = [(segment, k) for segment in contract.segments for k in range(contract.band_count(segment))]
            if bands:
                segment, k = draw(st.sampled_from(bands))
                found = found.with_value(contract, WHO, f"{segment.name}:{k}")
        elif name in (OWNER, REASON):
            found = found.with_value(contract, name, draw(TEXTS))
        elif name == UNTIL:
            found = found.with_value(contract, name, draw(st.dates()).replace(year=2031).isoformat())
        elif name not in own and not isinstance(part, str):
            found = found.with_value(contract, name, draw(_of(contract, name)))
    return found


def _of(contract: Contract, name: str) -> st.SearchStrategy[float]:
    part = parts(contract)[name]
    assert not isinstance(part, str)
    percent = name.startswith(LIMIT) and name.removeprefix(LIMIT) in ("pd", "return_on_capital")
    fraction = name in {each.name for each in contract.assumptions} and getattr(part, "unit", "") == "%"
    return between(part.minimum, part.maximum, 0.01 if percent or fraction else 1.0)


@cache
def small_book(contract: Contract) -> Book:
    """Some records of a contract: of the shipped ones the first of the book, else all alike."""
    name = contract.book.name
    if name in SHIPPED:
        return books.read_book(name).part(np.arange(50))
    raw = np.full((len(contract.record), 5), 3.0)
    return Book(contract, raw, np.arange(1, 6), np.zeros(5), {}, "")


@st.composite
def customer_scenarios(draw: st.DrawFn, contract: Contract) -> CustomerScenario:
    """Anything that can be changed of one record."""
    book = small_book(contract)
    found = CustomerScenario(int(draw(st.sampled_from(list(book.ids)))))
    levers = [each.name for each in contract.levers]
    fields = [each.name for each in contract.record if each.mutability != "never" and each.name not in levers]
    for name in draw(st.lists(st.sampled_from([*levers, *fields]), max_size=3, unique=True)):
        part = editable(contract, name)
        if getattr(part, "codes", {}):
            value = float(draw(st.sampled_from(sorted(part.codes))))
        elif isinstance(part, Lever):
            value = draw(between(part.minimum, part.maximum))
            value = part.minimum if contract.coded(part) else value
        else:
            value = draw(between(max(part.minimum, -1e6), min(part.maximum, 1e6), 0.01 if part.unit == "%" else 1))
        changed = found.edited(contract, name, value)
        if not contract.broken(edit(contract, base_record(book, changed), changed.edits)):
            found = changed
    for name in draw(st.lists(st.sampled_from([each.name for each in contract.assumptions]), max_size=3)):
        each = contract.assumption(name)
        found = found.assumed(contract, name, draw(between(each.minimum, each.maximum, _size(each))))
    return found.assumed(contract, CUTOFF, draw(st.one_of(st.none(), between(*CUTOFF_RANGE))))


@st.composite
def policy_scenarios(draw: st.DrawFn, contract: Contract) -> PolicyScenario:
    """Anything that can be changed of the policy."""
    found = PolicyScenario()
    for name in draw(st.lists(st.sampled_from([each.name for each in contract.assumptions]), max_size=4)):
        each = contract.assumption(name)
        found = found.with_value(contract, name, draw(between(each.minimum, each.maximum, _size(each))))
    return found.with_value(contract, CUTOFF, draw(st.one_of(st.none(), st.integers(300, 800).map(float))))


def _size(each: Assumption) -> float:
    return 0.01 if each.unit == "%" else 1.0
