"""How far a number is from its limit: the bar's end and the limit's tick stand on the sides that the verdict says."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contract import Appetite, Measure
from model.report.book import words
from model.report.book.headroom import bar_ends, measure_headroom
from model.report.numbers import MINUS, NBSP
from model.whatif.book.scenario import LIMIT, BookScenario
from model.whatif.book.totals import Totals
from tests.support.records import CONTRACT, stressed

BASE = Totals(
    30_000,
    3.294e9,
    pd_sum=6634.8,
    pd_exposure=5.815e8,
    loss=4.652e8,
    net_loss=4.652e8,
    capital=1.632e8,
    margin=4.36e7,
    years=3.0,
)
AMOUNT = st.integers(-(10**10), 10**10).map(float)


@given(st.sampled_from(["loss", "margin"]), AMOUNT, AMOUNT, AMOUNT)
def test_a_bar_reaches_its_tick_on_the_side_of_the_limit_that_the_verdict_says(
    name: Measure, limit: float, base: float, now: float
) -> None:
    stress = BookScenario(((LIMIT + name, limit),))
    before, after = (replace(BASE, loss=each, margin=each) for each in (base, now))
    found = measure_headroom(CONTRACT, stress, name=name, base=before, now=after)
    text = words.measure_text(CONTRACT, stress, name=name, base=before, now=after)
    assert found is not None
    assert 0 <= found.filled <= 1
    assert 0 <= found.tick <= 1
    below = text.holds if name == "loss" else not text.holds
    if now != limit:
        assert found.filled <= found.tick if below else found.filled >= found.tick
        assert found.words.endswith("below the limit" if now < limit else "above the limit") or "at the" in found.words
    assert found.share is None if limit <= 0 else found.share == now / limit


@given(st.sampled_from(["at most", "at least"]), AMOUNT, AMOUNT)
def test_the_ends_of_a_bar_hold_the_limit_and_a_book_on_its_side(sense: str, limit: float, base: float) -> None:
    low, high = bar_ends(Appetite(measure="loss", limit=limit, sense=sense), limit, base)  # type: ignore[arg-type]
    assert low < limit < high or low < limit == high
    assert base <= high


def test_what_has_no_limit_or_no_value_has_no_bar() -> None:
    bare = CONTRACT.model_copy(update={"appetite": ()})
    assert measure_headroom(bare, BookScenario(), name="loss", base=BASE, now=BASE) is None
    empty = replace(BASE, capital=0.0)
    assert measure_headroom(CONTRACT, BookScenario(), name="return_on_capital", base=BASE, now=empty) is None
    assert measure_headroom(CONTRACT, BookScenario(), name="return_on_capital", base=empty, now=BASE) is not None


@pytest.mark.parametrize(
    ("assumed", "name", "told"),
    [
        ({}, "loss", f"NT${NBSP}85{NBSP}m below the limit"),
        ({"limit_loss": 400e6}, "loss", f"NT${NBSP}65{NBSP}m above the limit"),
        ({"limit_loss": BASE.loss}, "loss", "at the limit"),
        ({}, "pd", f"2.3{NBSP}points below the limit"),
        ({}, "return_on_capital", f"2.9{NBSP}points above the limit"),
    ],
)
def test_the_distance_is_told_in_the_unit_of_the_number(assumed: dict[str, float], name: Measure, told: str) -> None:
    found = measure_headroom(CONTRACT, stressed(**assumed), name=name, base=BASE, now=BASE)
    assert found is not None
    assert found.words == told
    assert MINUS not in found.words
