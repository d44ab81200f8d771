"""What moved the book: exact shares that sum to the change, whatever is assumed."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data.contract import Measure
from model.engine.parallel import ROWS
from model.engine.scorer import TableScorer
from model.whatif.book.bridge import Bridge, bridge, records_to_ask
from model.whatif.book.scenario import (
    FACTOR,
    MOST_PLAYERS,
    OVERLAY_LGD,
    OVERLAY_PD,
    OWNER,
    REASON,
    UNTIL,
    BookScenario,
    Value,
    players,
)
from model.whatif.book.scored import ScoredBook
from tests.support.records import BOOK, CONTRACT, TODAY, Part, numbers_of, stressed, stresses, sub_books
from tests.whatif.customer.test_result import Listening

FED = "fed_2026_severely_adverse"
MEASURES = CONTRACT.measures
OVERLAY: dict[str, Value] = {OWNER: "Chief risk officer", REASON: "A strike", UNTIL: "2026-12-31"}

# What each lever sets, by the names of its step: written down here, so that a coalition does not depend on the code.
LEVERS: dict[tuple[str, ...], dict[str, Value]] = {
    ("limits",): {"limits": -20},
    ("balances",): {"balances": 30},
    ("payments",): {"payments": -40},
    ("later",): {"later": 15},
    ("unemployment",): {"unemployment": 4},
    ("gdp",): {"gdp": -6, "beta_gdp": -0.06},
    (OVERLAY_PD, OVERLAY_LGD): {OVERLAY_PD: 25, OVERLAY_LGD: 5, **OVERLAY},
    ("lgd",): {"lgd": 0.9},
    ("ccf",): {"ccf": 0.7},
    ("opex",): {"opex": 800},
    ("annual_default_rate",): {"annual_default_rate": 0.07},
    ("margin_months",): {"margin_months": 24},
}


def together(names: Any) -> BookScenario:
    """The scenario of some levers and no others."""
    return stressed(**{name: value for each in names for name, value in LEVERS[each].items()})


def by_name(found: Bridge) -> dict[tuple[str, ...], float]:
    return {step.player.names: step.amount for step in found.steps}


def scale_of(found: Bridge) -> float:
    return max(abs(found.base), abs(found.scenario))


def slow(whole: ScoredBook, names: Any, measure: Measure) -> dict[tuple[str, ...], float]:
    """The mean over all orders of adding the levers of what each one adds."""
    names, gains = list(names), {each: [] for each in names}
    value = {}
    for order in permutations(names):
        for k, each in enumerate(order):
            for members in (frozenset(order[:k]), frozenset(order[: k + 1])):
                if members not in value:
                    value[members] = whole.totals([numbers_of(together(members))])[0].measure(measure)
            gains[each].append(value[frozenset(order[: k + 1])] - value[frozenset(order[:k])])
    return {each: float(np.mean(found)) for each, found in gains.items()}


# ---- the definition ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=5)
@given(part=sub_books(least=20), names=st.sets(st.sampled_from(list(LEVERS)), min_size=1, max_size=4))
def test_steps_are_the_mean_over_all_orders_of_making_the_changes(
    scorer: TableScorer, part: Part, names: set[tuple[str, ...]], measure: Measure
):
    whole = ScoredBook(scorer, *part)
    found = bridge(whole, together(names), today=TODAY, measure=measure)
    expected = slow(whole, names, measure)
    assert by_name(found).keys() == expected.keys()
    for each, amount in by_name(found).items():
        assert amount == pytest.approx(expected[each], rel=1e-9, abs=1e-9 * scale_of(found)), each


@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=12)
@given(part=sub_books(least=20), stress=stresses())
def test_steps_sum_to_the_change_of_the_measure(
    scorer: TableScorer, part: Part, stress: BookScenario, measure: Measure
):
    whole = ScoredBook(scorer, *part)
    assume(stress.number(CONTRACT, "lgd") + stress.number(CONTRACT, OVERLAY_LGD) / 100 > 0.01)  # else no capital
    found = bridge(whole, stress, today=TODAY, measure=measure)
    ends = [whole.totals([numbers_of(each)])[0].measure(measure) for each in (BookScenario(), stress)]
    assert [found.base, found.scenario] == pytest.approx(ends, rel=1e-9)
    total = sum(step.amount for step in found.steps)
    assert total == pytest.approx(found.scenario - found.base, rel=0, abs=1e-9 * scale_of(found))


@pytest.mark.parametrize("measure", MEASURES)
def test_steps_of_a_large_book_sum_to_the_change(scorer: TableScorer, measure: Measure):
    picked = np.random.default_rng(2).integers(0, len(BOOK), ROWS + 3000)
    whole = ScoredBook(scorer, np.ascontiguousarray(BOOK.raw[:, picked]), BOOK.ids[picked])
    stress = together([("balances",), ("later",), ("unemployment",), ("lgd",)])
    found = bridge(whole, stress, today=TODAY, measure=measure)
    assert len(found.steps) == 4
    total = sum(step.amount for step in found.steps)
    assert total == pytest.approx(found.scenario - found.base, rel=0, abs=1e-9 * scale_of(found))
    assert found.scenario == pytest.approx(whole.totals([numbers_of(stress)])[0].measure(measure), rel=1e-9)


# ---- the steps -------------------------------------------------------------------------------------------------------


def test_book_as_it_is_has_no_steps(whole: ScoredBook):
    found = bridge(whole, BookScenario(), today=TODAY)
    assert found.steps == ()
    assert found.base == found.scenario == pytest.approx(whole.totals([numbers_of(BookScenario())])[0].loss, rel=1e-12)
    assert found.measure == "loss"


def test_one_lever_moves_everything(whole: ScoredBook):
    found = bridge(whole, stressed(balances=20), today=TODAY)
    assert by_name(found) == {("balances",): found.scenario - found.base}
    assert found.scenario > found.base


def test_levers_not_used_get_no_step(whole: ScoredBook):
    stress = stressed(balances=20, preset=FED, limit_loss=1e6, who="limit_band:1", share=50)
    assert set(by_name(bridge(whole, stress, today=TODAY))) == {
        ("balances",),
        ("unemployment",),
    }  # GDP has no coefficient
    one_factor = stressed(method=FACTOR, factor=-2, balances=20)
    assert set(by_name(bridge(whole, one_factor, today=TODAY))) == {("balances",), (FACTOR,)}
    assert bridge(whole, stressed(who="limit_band:1", gdp=-5), today=TODAY).steps == ()


def test_largest_step_comes_first(whole: ScoredBook):
    found = bridge(whole, together([("balances",), ("payments",), ("unemployment",), ("lgd",), ("ccf",)]), today=TODAY)
    sizes = [abs(step.amount) for step in found.steps]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 5


def test_steps_say_of_which_layer_they_are(whole: ScoredBook):
    names = [("balances",), ("unemployment",), (OVERLAY_PD, OVERLAY_LGD), ("lgd",)]
    found = bridge(whole, together(names), today=TODAY)
    layer = {step.player.names: step.player.layer for step in found.steps}
    assert layer == dict(zip(names, ["customers", "economy", "overlay", "assumption"], strict=True))


@settings(max_examples=10)
@given(sub_books(most=60), stresses(most=30))
def test_bridge_has_a_step_for_every_player_and_at_most_six(scorer: TableScorer, part: Part, stress: BookScenario):
    found = bridge(ScoredBook(scorer, *part), stress, today=TODAY)
    assert sorted(by_name(found)) == sorted(each.names for each in players(CONTRACT, stress, TODAY))
    assert len(found.steps) <= MOST_PLAYERS


def test_more_levers_than_six_are_told_together_and_still_sum(whole: ScoredBook, scorer: TableScorer):
    small = ScoredBook(scorer, np.ascontiguousarray(whole.raw[:, :400]), whole.ids[:400])
    found = bridge(small, together(LEVERS), today=TODAY)
    assert set(by_name(found)) == {
        ("limits", "balances", "payments", "later"),
        ("unemployment", "gdp"),
        (OVERLAY_PD, OVERLAY_LGD),
        ("lgd", "ccf", "opex", "margin_months", "annual_default_rate"),
    }
    assert sum(by_name(found).values()) == pytest.approx(found.scenario - found.base, rel=1e-9)


def test_lever_that_moves_the_measure_by_nothing_is_worth_nothing(whole: ScoredBook):
    found = by_name(bridge(whole, stressed(balances=20, opex=900), today=TODAY, measure="loss"))
    assert found[("opex",)] == pytest.approx(0, abs=1e-6)
    margin = by_name(bridge(whole, stressed(balances=20, opex=900), today=TODAY, measure="margin"))
    assert margin[("opex",)] < 0


def test_levers_that_multiply_share_their_joint_effect_equally(scorer: TableScorer):
    raw, ids = np.ascontiguousarray(BOOK.raw[:, :300]), BOOK.ids[:300]
    whole = ScoredBook(scorer, raw, ids)
    found = bridge(whole, stressed(lgd=0.9, unemployment=3), today=TODAY)
    base, both = found.base, found.scenario
    economy = whole.totals([numbers_of(stressed(unemployment=3))])[0].loss
    lgd = base * 0.9 / 0.8
    assert by_name(found)[("lgd",)] == pytest.approx(((lgd - base) + (both - economy)) / 2, rel=1e-9)


# ---- the economy -----------------------------------------------------------------------------------------------------


def test_preset_is_told_by_its_variables(whole: ScoredBook):
    stress = stressed(preset=FED, severity=50, beta_gdp=-0.03)
    by_hand = stressed(unemployment=2.75, gdp=-2.175, beta_gdp=-0.03)
    assert by_name(bridge(whole, stress, today=TODAY)) == by_name(bridge(whole, by_hand, today=TODAY))
    assert set(by_name(bridge(whole, stress, today=TODAY))) == {("unemployment",), ("gdp",)}


# ---- the overlay -----------------------------------------------------------------------------------------------------


def test_overlay_is_a_step_of_its_own(whole: ScoredBook):
    found = bridge(whole, stressed(balances=20, overlay_pd=10, overlay_lgd=5, **OVERLAY), today=TODAY)
    steps = {step.player.names: (step.player.layer, step.amount) for step in found.steps}
    assert steps[(OVERLAY_PD, OVERLAY_LGD)][0] == "overlay"
    assert steps[(OVERLAY_PD, OVERLAY_LGD)][1] > 0


@pytest.mark.parametrize("lacking", [{OWNER: ""}, {REASON: ""}, {UNTIL: ""}, {UNTIL: "2026-11-01"}], ids=str)
def test_overlay_that_is_not_applied_has_no_step(whole: ScoredBook, lacking: dict[str, Value]):
    with_it = bridge(whole, stressed(balances=20, overlay_pd=10, overlay_lgd=5, **OVERLAY | lacking), today=TODAY)
    assert with_it == bridge(whole, stressed(balances=20), today=TODAY)


# ---- progress --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", ["loss", "capital"])
def test_progress_is_heard_and_can_cancel(whole: ScoredBook, measure: Measure):
    heard: list[float] = []
    bridge(whole, stressed(balances=20, lgd=0.9), today=TODAY, measure=measure, progress=heard.append)
    assert heard == sorted(set(heard))
    assert heard[-1] == 1.0

    def told(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bridge(whole, stressed(balances=20, lgd=0.9), today=TODAY, measure=measure, progress=told)


@pytest.mark.parametrize(
    ("values", "times"),
    [
        ({}, 0),
        ({"unemployment": 3}, 0),
        ({"limits": -10}, 0),
        ({"limits": -10, "unemployment": 3, "lgd": 0.9}, 0),
        ({"limits": -10, "balances": 10}, 2),
        ({"limits": -10, "balances": 10, "payments": -10, "later": 5}, 14),
    ],
)
def test_what_a_bridge_asks_of_a_model_without_tables_is_known_before(
    scorer: TableScorer, values: dict[str, Value], times: int
) -> None:
    elsewhere, n = Listening(scorer), 300
    whole = ScoredBook(elsewhere, np.ascontiguousarray(BOOK.raw[:, :n]), BOOK.ids[:n])
    stress = stressed(**values)
    whole.totals([numbers_of(stress)])
    elsewhere.calls.clear()
    assert records_to_ask(whole, stress, TODAY) == times * n
    bridge(whole, stress, today=TODAY)
    held = 2  # those held within what the model has seen are asked about free, too
    assert sum(elsewhere.calls) <= held * times * n
    assert bool(elsewhere.calls) == bool(times)


def test_by_tables_a_bridge_asks_nobody(whole: ScoredBook) -> None:
    assert records_to_ask(whole, stressed(limits=-10, balances=10), TODAY) == 0
