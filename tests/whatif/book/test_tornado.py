"""Tornado, data tables, goal seek and reverse stress: each number is that of the scenario set by hand."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.books import SHIPPED
from data.contract import Assumption, Measure, read_contract
from data.errors import BadInput, Missing, NotEditable, OutOfRange
from model.engine.scorer import TableScorer
from model.whatif.book.scenario import FACTOR, METHOD, BookScenario, Value, parts
from model.whatif.book.scored import ScoredBook
from model.whatif.book.tornado import (
    MOST,
    SEVERITIES,
    Bar,
    grid,
    lever_table,
    movable,
    moved,
    reverse,
    seek_lever,
    standing,
    steps,
    tornado,
)
from tests.support.records import BOOK, CONTRACT, TODAY, Part, numbers_of, stressed, stresses, sub_books

FED = "fed_2026_severely_adverse"
MEASURES = CONTRACT.measures
SHOCKS = tuple(each.name for each in CONTRACT.shocks)
ECONOMY = tuple(each.name for each in CONTRACT.economy)
ASSUMPTIONS = tuple(each.name for each in CONTRACT.assumptions)
EVERY = (*SHOCKS, *ECONOMY, *ASSUMPTIONS)

# Which way is bad for the bank, written down here so that it does not depend on the contract.
ADVERSE = {
    "limits": 1,
    "balances": 1,
    "payments": -1,
    "later": 1,
    "unemployment": 1,
    "gdp": -1,
    "rate": 1,
    "lgd": 1,
    "ccf": 1,
    "apr": -1,
    "funding": 1,
    "opex": 1,
    "margin_months": -1,
    "annual_default_rate": 1,
}


def small(scorer: TableScorer, count: int = 200) -> ScoredBook:
    return ScoredBook(scorer, np.ascontiguousarray(BOOK.raw[:, :count]), BOOK.ids[:count])


def direct(whole: ScoredBook, stress: BookScenario, measure: Measure) -> float:
    """The measure of one scenario alone."""
    return whole.totals([numbers_of(stress)])[0].measure(measure)


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True)


def by_name(bars: list[Bar]) -> dict[str, Bar]:
    return {bar.name: bar for bar in bars}


def coefficients(stress: BookScenario) -> BookScenario:
    """The scenario with the economy moved by its variables."""
    return stress.with_value(CONTRACT, METHOD, None)


# ---- levers --------------------------------------------------------------------------------------------------------


def test_levers_of_the_tornado_are_those_with_a_swing_and_of_the_economy_with_a_coefficient():
    assert movable(CONTRACT, BookScenario()) == (
        "limits",
        "balances",
        "payments",
        "later",
        "unemployment",
        "lgd",
        "ccf",
        "apr",
        "funding",
        "opex",
        "margin_months",
        "annual_default_rate",
    )
    assert "gdp" in movable(CONTRACT, stressed(beta_gdp=-0.1))
    assert "unemployment" not in movable(CONTRACT, stressed(beta_unemployment=0))


def test_no_lever_of_the_economy_moves_while_it_is_one_factor():
    assert not {*ECONOMY, FACTOR} & set(movable(CONTRACT, stressed(factor=-1, beta_gdp=-0.1)))


def test_contract_without_swings_has_no_tornado(scorer: TableScorer):
    text = (SHIPPED / "cards" / "contract.toml").read_text()
    plain = read_contract("\n".join(line for line in text.splitlines() if not line.startswith("swing = ")).encode())
    assert movable(plain, BookScenario()) == ()
    whole = small(scorer)
    whole.contract = plain
    assert tornado(whole, BookScenario(), measure="loss", today=TODAY) == []


def test_lever_stands_where_it_was_put_else_where_nothing_changes():
    assert [standing(CONTRACT, BookScenario(), name) for name in ("balances", "unemployment", "lgd")] == [0, 0, 0.8]
    stress = stressed(balances=20, unemployment=-1.5, lgd=0.6)
    assert [standing(CONTRACT, stress, name) for name in ("balances", "unemployment", "lgd")] == [20, -1.5, 0.6]
    assert standing(CONTRACT, stressed(factor=-2), FACTOR) == -2


def test_variable_under_a_preset_stands_where_the_preset_puts_it():
    stress = stressed(preset=FED, severity=50)
    assert standing(CONTRACT, stress, "unemployment") == 2.75
    assert standing(CONTRACT, stress, "gdp") == -2.175
    assert standing(CONTRACT, stress, "rate") == 0


@given(stresses(), st.sampled_from(EVERY))
def test_lever_moved_to_where_it_stands_changes_nothing(stress: BookScenario, name: str):
    stress = coefficients(stress)
    same = moved(CONTRACT, stress, name, standing(CONTRACT, stress, name))
    assert numbers_of(same) == numbers_of(stress)


@pytest.mark.parametrize("name", ["who", "preset", "severity", "limit_loss", "overlay_pd", "age", "beta_gdp", ""])
def test_what_is_no_lever_is_refused_with_the_levers_there_are(name: str):
    for ask in (lambda: standing(CONTRACT, BookScenario(), name), lambda: moved(CONTRACT, BookScenario(), name, 1)):
        with pytest.raises(NotEditable, match=r"cannot be moved\. Choose one of: limits, balances, payments"):
            ask()


def test_lever_of_the_other_method_is_refused_and_says_what_to_choose():
    with pytest.raises(BadInput, match="Choose coefficients first"):
        moved(CONTRACT, stressed(factor=-1), "unemployment", 2)
    with pytest.raises(BadInput, match="Choose one factor first"):
        moved(CONTRACT, stressed(unemployment=1), FACTOR, -1)


@pytest.mark.parametrize(("value", "error"), [(101, OutOfRange), (math.nan, Missing), (-51, OutOfRange)])
def test_lever_cannot_leave_its_range(value: float, error: type[BadInput]):
    with pytest.raises(error, match="-50 to 100"):
        moved(CONTRACT, BookScenario(), "balances", value)


# ---- values to put a lever to --------------------------------------------------------------------------------------


@given(stresses(), st.sampled_from(EVERY), st.integers(3, 40))
def test_steps_rise_evenly_within_the_range_on_the_levers_own_steps_and_hold_where_it_stands(
    stress: BookScenario, name: str, count: int
):
    stress = coefficients(stress)
    part, found = parts(CONTRACT)[name], steps(CONTRACT, stress, name, count)
    assert not isinstance(part, str)
    now = standing(CONTRACT, stress, name)
    anchor = now if isinstance(part, Assumption) else 0.0
    assert list(found) == sorted(set(found))
    assert part.minimum <= found[0]
    assert found[-1] <= part.maximum
    assert now in found
    assert len(found) <= count
    regular = [value for value in found if value != now or anchor == now]
    assert anchor in regular or abs(anchor - now) <= 1e-9
    for value in regular:
        own = (value - anchor) / part.step  # type: ignore[union-attr]
        assert own == pytest.approx(round(own), abs=1e-5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("limits", [-50, -40, -30, -20, -10, 0, 10, 20, 30, 40, 50]),
        ("balances", [-45, -30, -15, 0, 15, 30, 45, 60, 75, 90]),
        ("lgd", [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        ("unemployment", [-4, -2, 0, 2, 4, 6, 8, 10, 12, 14]),
        ("margin_months", [12, 24, 36, 48, 60, 72, 84, 96, 108, 120]),
    ],
)
def test_steps_are_a_round_number_of_the_levers_own_apart(name: str, expected: list[float]):
    assert steps(CONTRACT, BookScenario(), name) == pytest.approx(expected)


def test_where_a_lever_stands_is_among_its_steps_even_if_on_none():
    assert steps(CONTRACT, stressed(limits=7), "limits") == (-45, -30, -15, 0, 7, 15, 30, 45)
    assert 5.5 in steps(CONTRACT, stressed(preset=FED), "unemployment")
    assert 0.85 in steps(CONTRACT, stressed(lgd=0.85), "lgd")
    assert steps(CONTRACT, stressed(limits=7), "limits", 1) == (0, 7)


def test_steps_of_the_state_of_the_economy_are_tenths_of_a_standard_deviation():
    found = steps(CONTRACT, stressed(factor=-1), FACTOR, 61)
    assert len(found) == 61
    assert found[:2] == (-4, -3.9)
    assert {-1, 0, 2} <= set(found)


def test_lever_with_few_steps_shows_them_all():
    assert len(steps(CONTRACT, BookScenario(), "limits", 100)) == 21
    assert len(steps(CONTRACT, stressed(limits=7), "limits", 100)) == 22


# ---- tornado ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=5)
@given(part=sub_books(least=20), stress=stresses())
def test_every_end_of_a_bar_is_the_scenario_with_that_lever_alone_moved(
    scorer: TableScorer, part: Part, stress: BookScenario, measure: Measure
):
    whole = ScoredBook(scorer, *part)
    bars = tornado(whole, stress, measure=measure, today=TODAY)
    assert sorted(bar.name for bar in bars) == sorted(movable(CONTRACT, stress))
    for bar in bars:
        assert bar.base == close(direct(whole, stress, measure))
        assert bar.adverse == close(direct(whole, stress.with_value(CONTRACT, bar.name, bar.adverse_value), measure))
        assert bar.favourable == close(
            direct(whole, stress.with_value(CONTRACT, bar.name, bar.favourable_value), measure)
        )


@given(stresses())
def test_lever_goes_one_swing_to_either_side_within_its_range(stress: BookScenario):
    whole = ScoredBook.__new__(ScoredBook)
    whole.contract = CONTRACT
    whole.losses = lambda scenarios, told: [0.0] * len(scenarios)  # type: ignore[method-assign]
    for bar in tornado(whole, stress, measure="loss", today=TODAY):
        part, now = parts(CONTRACT)[bar.name], standing(CONTRACT, stress, bar.name)
        assert not isinstance(part, str)
        swing = part.swing * ADVERSE[bar.name]  # type: ignore[union-attr]
        ends = [min(max(now + by, part.minimum), part.maximum) for by in (swing, -swing)]
        assert [bar.adverse_value, bar.favourable_value] == pytest.approx(ends, abs=1e-9)


@pytest.mark.parametrize("unemployment", [-3.0, 0.0, 3.0])
def test_adverse_is_what_the_contract_says_whatever_the_scenario_does(scorer: TableScorer, unemployment: float):
    bars = by_name(
        tornado(small(scorer), stressed(unemployment=unemployment, balances=-20), measure="loss", today=TODAY)
    )
    bar = bars["unemployment"]
    assert (bar.adverse_value, bar.favourable_value) == (unemployment + 1, unemployment - 1)
    assert bar.adverse > bar.base > bar.favourable
    assert (bars["balances"].adverse_value, bars["payments"].adverse_value) == (-10, -10)


def test_adverse_is_the_same_direction_for_a_measure_that_falls(scorer: TableScorer):
    bar = by_name(tornado(small(scorer), stressed(unemployment=-2), measure="margin", today=TODAY))["unemployment"]
    assert bar.adverse_value == -1
    assert bar.adverse < bar.base < bar.favourable


def test_bar_under_a_preset_starts_where_the_preset_stands(scorer: TableScorer):
    whole, stress = small(scorer), stressed(preset=FED, beta_gdp=-0.05)
    bars = by_name(tornado(whole, stress, measure="loss", today=TODAY))
    assert (bars["unemployment"].adverse_value, bars["unemployment"].favourable_value) == (6.5, 4.5)
    assert bars["gdp"].adverse_value == pytest.approx(-5.35)
    by_hand = stressed(unemployment=6.5, gdp=-4.35, beta_gdp=-0.05)
    assert bars["unemployment"].adverse == close(direct(whole, by_hand, "loss"))


def test_longest_bar_comes_first(scorer: TableScorer):
    for measure in MEASURES:
        bars = tornado(small(scorer), stressed(balances=20), measure=measure, today=TODAY)
        lengths = [max(abs(bar.adverse - bar.base), abs(bar.favourable - bar.base)) for bar in bars]
        assert lengths == sorted(lengths, reverse=True)
        assert lengths == [bar.length for bar in bars]
        assert lengths[0] > 0


def test_bar_stops_at_the_end_of_the_range(scorer: TableScorer):
    bars = by_name(tornado(small(scorer), stressed(lgd=0.95, later=0, unemployment=15), measure="loss", today=TODAY))
    assert (bars["lgd"].adverse_value, bars["lgd"].favourable_value) == (1.0, 0.85)
    assert (bars["later"].adverse_value, bars["later"].favourable_value) == (5, 0)
    assert bars["later"].favourable == bars["later"].base
    assert (bars["unemployment"].adverse_value, bars["unemployment"].adverse) == (15, bars["unemployment"].base)


def test_measure_without_a_value_has_bars_of_no_length(scorer: TableScorer):
    bars = tornado(
        small(scorer), stressed(overlay_lgd=-100, lgd=0, **OVERLAY), measure="return_on_capital", today=TODAY
    )
    assert [bar.name for bar in bars] == list(movable(CONTRACT, BookScenario()))
    assert all(bar.length == 0 and math.isnan(bar.base) for bar in bars)


OVERLAY: dict[str, Value] = {"overlay_owner": "Risk", "overlay_reason": "A strike", "overlay_until": "2026-12-31"}


# ---- data tables -----------------------------------------------------------------------------------------------------


@settings(max_examples=10)
@given(part=sub_books(least=20, most=100), stress=stresses(), name=st.sampled_from(EVERY))
def test_every_cell_of_a_table_is_the_scenario_at_that_value(
    scorer: TableScorer, part: Part, stress: BookScenario, name: str
):
    whole, stress = ScoredBook(scorer, *part), coefficients(stress)
    values = steps(CONTRACT, stress, name, 5)
    found = lever_table(whole, stress, name=name, values=values, measures=MEASURES, today=TODAY)
    assert found.shape == (len(values), len(MEASURES))
    for k, value in enumerate(values):
        for j, measure in enumerate(MEASURES):
            assert found[k, j] == close(direct(whole, stress.with_value(CONTRACT, name, value), measure))
    assert lever_table(whole, stress, name=name, values=values, measures=["loss"], today=TODAY) == close(
        found[:, [MEASURES.index("loss")]]
    )


@settings(max_examples=12)
@given(
    part=sub_books(least=20, most=100),
    stress=stresses(),
    measure=st.sampled_from(MEASURES),
    names=st.lists(st.sampled_from(EVERY), min_size=2, max_size=2, unique=True),
)
def test_every_cell_of_a_two_way_table_is_the_scenario_at_both_values(
    scorer: TableScorer, part: Part, stress: BookScenario, measure: Measure, names: list[str]
):
    whole, stress = ScoredBook(scorer, *part), coefficients(stress)
    first, second = names
    down, across = steps(CONTRACT, stress, first, 4), steps(CONTRACT, stress, second, 3)
    found = grid(
        whole, stress, first=first, first_values=down, second=second, second_values=across, measure=measure, today=TODAY
    )
    assert found.shape == (len(down), len(across))
    for k, one in enumerate(down):
        for j, other in enumerate(across):
            both = stress.with_value(CONTRACT, first, one).with_value(CONTRACT, second, other)
            assert found[k, j] == close(direct(whole, both, measure))
    turned = grid(
        whole, stress, first=second, first_values=across, second=first, second_values=down, measure=measure, today=TODAY
    )
    np.testing.assert_allclose(turned.T, found, rtol=1e-9)


def test_two_way_table_of_the_state_of_the_economy(scorer: TableScorer):
    whole, stress = small(scorer), stressed(factor=-1, balances=10)
    found = grid(
        whole,
        stress,
        first=FACTOR,
        first_values=[-2, 0],
        second="lgd",
        second_values=[0.5, 0.8],
        measure="capital",
        today=TODAY,
    )
    assert found[1, 0] == close(direct(whole, stressed(balances=10, lgd=0.5), "capital"))
    assert found[0, 1] == close(direct(whole, stressed(factor=-2, balances=10), "capital"))


def test_tables_of_nothing_are_empty(scorer: TableScorer):
    whole = small(scorer)
    assert lever_table(whole, BookScenario(), name="lgd", values=[], measures=MEASURES, today=TODAY).shape == (
        0,
        len(MEASURES),
    )
    assert lever_table(whole, BookScenario(), name="lgd", values=[0.5], measures=[], today=TODAY).shape == (1, 0)
    assert grid(
        whole,
        BookScenario(),
        first="lgd",
        first_values=[],
        second="ccf",
        second_values=[0.1],
        measure="loss",
        today=TODAY,
    ).shape == (0, 1)
    assert grid(
        whole,
        BookScenario(),
        first="lgd",
        first_values=[0.1],
        second="ccf",
        second_values=[],
        measure="loss",
        today=TODAY,
    ).shape == (1, 0)


def test_two_way_table_of_one_lever_is_refused(scorer: TableScorer):
    with pytest.raises(BadInput, match=r"'lgd' was given twice\. Choose another"):
        grid(
            small(scorer),
            BookScenario(),
            first="lgd",
            first_values=[0.5],
            second="lgd",
            second_values=[0.5],
            measure="loss",
            today=TODAY,
        )


@pytest.mark.parametrize(("first", "second"), [("share", "lgd"), ("lgd", "share")])
def test_table_of_what_is_no_lever_is_refused(scorer: TableScorer, first: str, second: str):
    with pytest.raises(NotEditable, match="'share' cannot be moved"):
        grid(
            small(scorer),
            BookScenario(),
            first=first,
            first_values=[],
            second=second,
            second_values=[],
            measure="loss",
            today=TODAY,
        )


def test_value_outside_the_range_is_refused_with_the_range(scorer: TableScorer):
    with pytest.raises(OutOfRange, match="0 to 1"):
        lever_table(small(scorer), BookScenario(), name="lgd", values=[0.5, 1.5], measures=["loss"], today=TODAY)


# ---- goal seek -------------------------------------------------------------------------------------------------------


def every_value(stress: BookScenario, name: str) -> list[float]:
    """What a goal is sought among, the plain way: all steps, or every second or third of too many, and the end."""
    part = parts(CONTRACT)[name]
    step = part.step  # type: ignore[union-attr]
    count = round((part.maximum - part.minimum) / step)  # type: ignore[union-attr]
    every = 1 if count <= 200 else math.ceil(count / 199)
    found = [round(part.minimum + k * step, 9) for k in range(0, count + 1, every)]  # type: ignore[union-attr]
    return sorted({v for v in found if v <= part.maximum} | {part.maximum, standing(CONTRACT, stress, name)})  # type: ignore[union-attr]


@pytest.mark.parametrize("name", [*SHOCKS, "unemployment", "lgd", "ccf", "margin_months"])
@settings(max_examples=6)
@given(
    part=sub_books(least=10, most=40),
    measure=st.sampled_from(MEASURES),
    at_most=st.booleans(),
    quantile=st.floats(-0.3, 1.3),
)
def test_goal_is_the_nearest_of_all_values_that_meets_it_or_the_best_there_is(
    scorer: TableScorer, part: Part, name: str, measure: Measure, at_most: bool, quantile: float
):
    whole, stress = ScoredBook(scorer, *part), stressed(unemployment=1, balances=10, lgd=0.7)
    values = every_value(stress, name)
    measured = lever_table(whole, stress, name=name, values=values, measures=[measure], today=TODAY)[:, 0]
    low, high = np.nanmin(measured), np.nanmax(measured)
    target = float(low + quantile * (high - low) + 1e-7 * abs(high))
    now = standing(CONTRACT, stress, name)
    found = seek_lever(whole, stress, name=name, measure=measure, target=target, at_most=at_most, today=TODAY)
    meets = measured <= target if at_most else measured >= target
    assert found.reached == meets.any()
    assert found.reached_before == bool(meets[values.index(now)])
    assert found.measured == close(direct(whole, stress.with_value(CONTRACT, name, found.value), measure))
    assert (found.name, found.target) == (name, target)
    if found.reached:
        assert found.value in np.array(values)[meets]
        nearest = min(abs(v - now) for v, met in zip(values, meets, strict=True) if met)
        assert abs(found.value - now) == pytest.approx(nearest, abs=1e-9)
    else:
        assert found.measured == close(float(low if at_most else high))


def test_goal_that_holds_already_moves_nothing(scorer: TableScorer):
    whole = small(scorer)
    base = direct(whole, BookScenario(), "loss")
    found = seek_lever(whole, BookScenario(), name="lgd", measure="loss", target=base * 1.01, at_most=True, today=TODAY)
    assert (found.value, found.reached, found.reached_before) == (0.8, True, True)


def test_loss_halves_where_the_loss_given_default_does(scorer: TableScorer):
    whole = small(scorer)
    found = seek_lever(
        whole,
        BookScenario(),
        name="lgd",
        measure="loss",
        target=direct(whole, BookScenario(), "loss") * 0.5001,
        at_most=True,
        today=TODAY,
    )
    assert (found.value, found.reached, found.reached_before) == (0.4, True, False)


def test_goal_out_of_reach_is_told_with_the_nearest_there_is(scorer: TableScorer):
    whole = small(scorer)
    found = seek_lever(
        whole, BookScenario(), name="unemployment", measure="loss", target=1.0, at_most=True, today=TODAY
    )
    assert (found.value, found.reached) == (-5, False)
    found = seek_lever(
        whole, BookScenario(), name="unemployment", measure="loss", target=1e15, at_most=False, today=TODAY
    )
    assert (found.value, found.reached) == (15, False)


def test_measure_the_lever_does_not_move_stays_where_it_stands(scorer: TableScorer):
    found = seek_lever(small(scorer), BookScenario(), name="apr", measure="loss", target=1.0, at_most=True, today=TODAY)
    assert (found.value, found.reached) == (0.2, False)


@pytest.mark.parametrize("at_most", [True, False])
def test_measure_without_a_value_meets_no_goal(scorer: TableScorer, at_most: bool):
    whole, stress = small(scorer), stressed(lgd=0)
    found = seek_lever(whole, stress, name="apr", measure="return_on_capital", target=0.1, at_most=at_most, today=TODAY)
    assert (found.value, found.reached, found.reached_before) == (0.2, False, False)
    assert math.isnan(found.measured)
    some = seek_lever(whole, stress, name="lgd", measure="return_on_capital", target=-1e9, at_most=False, today=TODAY)
    assert (some.value, some.reached, some.reached_before) == (0.01, True, False)


@settings(max_examples=25)
@given(stresses(), st.sampled_from(EVERY))
def test_goal_is_sought_among_at_most_two_hundred_and_one_values(stress: BookScenario, name: str):
    stress = coefficients(stress)
    asked: list[Any] = []
    whole = ScoredBook.__new__(ScoredBook)
    whole.contract = CONTRACT

    def losses(scenarios: Any, told: Any) -> list[float]:
        asked.extend(scenarios)
        return [1.0] * len(scenarios)

    whole.losses = losses  # type: ignore[method-assign]
    found = seek_lever(whole, stress, name=name, measure="loss", target=0.0, at_most=True, today=TODAY)
    assert found.value == standing(CONTRACT, stress, name)  # of equally good ones the nearest
    assert 1 <= len(asked) <= MOST + 1


@pytest.mark.parametrize("target", [math.nan, math.inf])
def test_goal_that_is_no_number_is_refused(scorer: TableScorer, target: float):
    with pytest.raises(OutOfRange, match=r"The target must be a number; .* was given. Enter one."):
        seek_lever(small(scorer), BookScenario(), name="lgd", measure="loss", target=target, at_most=True, today=TODAY)


# ---- reverse stress --------------------------------------------------------------------------------------------------

SCENES: tuple[dict[str, Value], ...] = (
    {"balances": 20, "unemployment": 3},
    {"preset": FED, "severity": 80, "lgd": 0.7},
    {"limits": -30, "payments": -50, "beta_gdp": -0.1, "gdp": -4},
    {"factor": -1.5, "later": 10},
    {"unemployment": -2, "balances": -20},
)


def scaled(scene: dict[str, Value], severity: float) -> BookScenario:
    """The scenario at a severity, put together anew."""
    stress = stressed(**scene)
    names = [FACTOR] if FACTOR in scene else list(ECONOMY)
    stands = {name: standing(CONTRACT, stress, name) for name in (*SHOCKS, *names)}
    for name, value in stands.items():
        part = parts(CONTRACT)[name]
        if value:
            stress = stress.with_value(CONTRACT, name, min(max(value * severity, part.minimum), part.maximum))  # type: ignore[union-attr]
    return stress


@pytest.mark.parametrize("scene", SCENES, ids=str)
@settings(max_examples=5)
@given(
    part=sub_books(least=10, most=40),
    measure=st.sampled_from(MEASURES),
    at_most=st.booleans(),
    quantile=st.floats(-0.2, 1.2),
)
def test_limit_breaks_at_the_smallest_severity_at_which_it_does_not_hold(
    scorer: TableScorer, part: Part, scene: dict[str, Value], measure: Measure, at_most: bool, quantile: float
):
    whole = ScoredBook(scorer, *part)
    measured = [direct(whole, scaled(scene, k / 20), measure) for k in range(61)]
    low, high = min(measured), max(measured)
    limit = low + quantile * (high - low) + 1e-7 * abs(high)
    broken = [k for k, value in enumerate(measured) if (value > limit if at_most else value < limit)]
    found = reverse(whole, stressed(**scene), measure=measure, limit=limit, at_most=at_most, today=TODAY)
    assert found.breaks == bool(broken)
    assert found.breaks_already == (0 in broken)
    expected = broken[0] if broken else 60
    assert found.severity == pytest.approx(expected / 20)
    assert found.measured == close(measured[expected])


def test_full_severity_is_the_scenario_itself_and_none_is_what_is_assumed_besides(scorer: TableScorer):
    whole, stress = small(scorer), stressed(preset=FED, balances=20, lgd=0.9)
    with_it, without = direct(whole, stress, "loss"), direct(whole, stressed(lgd=0.9), "loss")
    found = reverse(whole, stress, measure="loss", limit=with_it * (1 - 1e-9), at_most=True, today=TODAY)
    assert (found.severity, found.breaks, found.breaks_already, found.clipped) == (1.0, True, False, False)
    assert found.measured == close(with_it)
    found = reverse(whole, stress, measure="loss", limit=without * 0.999, at_most=True, today=TODAY)
    assert (found.severity, found.breaks, found.breaks_already) == (0.0, True, True)
    assert found.measured == close(without)


def test_lever_held_at_the_end_of_its_range_is_told(scorer: TableScorer):
    whole = small(scorer)
    end = reverse(whole, stressed(limits=-30), measure="exposure", limit=1e15, at_most=True, today=TODAY)
    assert (end.severity, end.breaks, end.clipped) == (SEVERITIES[-1], False, True)
    assert end.measured == close(direct(whole, stressed(limits=-50), "exposure"))
    assert not reverse(
        whole, stressed(unemployment=5), measure="loss", limit=1e15, at_most=True, today=TODAY
    ).clipped  # 15 is the end


@pytest.mark.parametrize("scene", [{}, {"lgd": 0.9}, {"who": "limit_band:1"}, {"overlay_pd": 10}, {"method": FACTOR}])
def test_reverse_stress_of_nothing_says_to_assume_something(scorer: TableScorer, scene: dict[str, Value]):
    with pytest.raises(BadInput, match=r"Nothing is assumed of customers or economy .* Assume something\."):
        reverse(small(scorer), stressed(**scene), measure="loss", limit=1.0, at_most=True, today=TODAY)


@pytest.mark.parametrize("at_most", [True, False])
def test_measure_without_a_value_breaks_no_limit(scorer: TableScorer, at_most: bool):
    found = reverse(
        small(scorer),
        stressed(lgd=0, balances=20),
        measure="return_on_capital",
        limit=0.0,
        at_most=at_most,
        today=TODAY,
    )
    assert not found.breaks
    assert math.isnan(found.measured)


def test_limit_that_is_no_number_is_refused(scorer: TableScorer):
    with pytest.raises(OutOfRange, match="The limit must be a number"):
        reverse(small(scorer), stressed(balances=10), measure="loss", limit=math.nan, at_most=True, today=TODAY)


# ---- progress --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", ["loss", "capital"])
def test_progress_is_heard_in_many_steps_and_can_cancel(whole: ScoredBook, measure: Measure):
    heard: list[float] = []
    some = stressed(balances=20, unemployment=2)

    def told(_share: float) -> None:
        raise KeyboardInterrupt

    asks = [
        lambda told: tornado(whole, some, measure=measure, today=TODAY, progress=told),
        lambda told: grid(
            whole,
            some,
            first="balances",
            first_values=[0, 10, 20, 30],
            second="lgd",
            second_values=[0.5, 0.6],
            measure=measure,
            today=TODAY,
            progress=told,
        ),
        lambda told: seek_lever(
            whole, some, name="limits", measure=measure, target=-1e15, at_most=True, today=TODAY, progress=told
        ),
        lambda told: reverse(
            whole, stressed(unemployment=2), measure=measure, limit=1e15, at_most=True, today=TODAY, progress=told
        ),
    ]
    for ask in asks:
        heard.clear()
        ask(heard.append)
        assert heard == sorted(set(heard))
        assert heard[-1] == 1.0
        assert len(heard) >= 4
        with pytest.raises(KeyboardInterrupt):
            ask(told)


def test_progress_of_a_small_book_is_heard_too(scorer: TableScorer):
    heard: list[float] = []
    tornado(small(scorer), BookScenario(), measure="loss", today=TODAY, progress=heard.append)
    assert heard[-1] == 1.0
    assert len(heard) > 2


def test_equal_scenarios_are_reckoned_once_and_same_shocks_together(scorer: TableScorer):
    whole, calls = small(scorer), list[Any]()
    own = whole.losses

    def losses(scenarios: Any, told: Any) -> list[float]:
        calls.append(scenarios)
        return own(scenarios, told)

    whole.losses = losses  # type: ignore[method-assign]
    grid(
        whole,
        BookScenario(),
        first="unemployment",
        first_values=[0, 1, 2],
        second="balances",
        second_values=[0, 0, 10],
        measure="loss",
        today=TODAY,
    )
    assert [len(each) for each in calls] == [3, 3]
    assert all(len({layers.struck for layers in each}) == 1 for each in calls)


# ---- what may be advised --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lever", "measure", "target", "against", "association"),
    [
        ("lgd", "loss", 400e6, False, False),
        ("payments", "loss", 460e6, False, False),
        ("limits", "exposure", 3.2e9, False, False),  # arithmetic
        ("limits", "capital", 160e6, False, True),
        ("limits", "pd", 0.174, True, True),  # more limit is adverse, whatever the model says of it
        ("correlation", "capital", 1.0, False, False),  # without a swing nothing is said of it
    ],
)
def test_a_goal_is_advised_neither_by_association_nor_to_the_adverse_side(
    whole: ScoredBook, lever: str, measure: Measure, target: float, against: bool, association: bool
) -> None:
    found = seek_lever(whole, BookScenario(), name=lever, measure=measure, target=target, at_most=True, today=TODAY)
    assert (found.against, found.association) == (against, association)
    assert found.advised == (not against and not association)
    part = CONTRACT.shock(lever) if lever in {each.name for each in CONTRACT.shocks} else CONTRACT.assumption(lever)
    if part.swing:
        now = standing(CONTRACT, BookScenario(), lever)
        assert ((found.value - now) * part.adverse > 0) == found.against
