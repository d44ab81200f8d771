"""Contracts and what-ifs that a line is tried with: both shipped books, and books of strange names."""

from functools import cache

from hypothesis import strategies as st

from data import books
from data.contract import Contract, read_contract
from data.regulators.presets import presets
from model.whatif.book.scenario import (
    BETA,
    FACTOR,
    LIMIT,
    METHOD,
    OVERLAY_LGD,
    OVERLAY_PD,
    OWNER,
    POINT,
    PRESET,
    REASON,
    SEVERITY,
    SHARE,
    UNTIL,
    WEIGHT,
    WHO,
    BookScenario,
    parts,
)
from model.whatif.customer.scenario import CUTOFF
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
    return books.read_book(name).contract


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
    own = {PRESET, SEVERITY, POINT, METHOD, FACTOR, WHO, OWNER, REASON, UNTIL, *economy}
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
        if name in economy and way == "by hand":
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


__all__ = ["BETA", "CUTOFF", "OVERLAY_LGD", "OVERLAY_PD", "SHARE", "WEIGHT"]
