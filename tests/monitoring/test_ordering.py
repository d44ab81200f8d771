"""Whether the order of an input was made by the outcomes it is tested on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.arrays import Array
from data.proposing.signals import by_rate
from model.monitoring import ordering
from model.monitoring.ordering import order, standard_errors

LIMIT = 3.0


def words(n: int, kinds: int, seed: int, effect: float = 0.0) -> tuple[Array, Array]:
    """An outcome of 20 %, and words (as arbitrary numbers) that go with it by ``effect``, in log-odds."""
    rng = np.random.default_rng(seed)
    word = rng.integers(0, kinds, n)
    odds = -1.4 + effect * rng.normal(size=kinds)[word]
    return (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(np.float64), word.astype(np.float64)


def errors(outcome: Array, *inputs: Array, coded: bool = True) -> float:
    found = order(outcome, np.array(inputs))
    return standard_errors(found.chance(range(len(inputs)) if coded else ()))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("n", "kinds"), [(1000, 20), (2000, 15), (2000, 40), (20_000, 40)])
def test_noise_that_was_sorted_by_the_outcomes_is_found(n: int, kinds: int, seed: int):
    outcome, word = words(n, kinds, seed)
    assert errors(outcome, word) == 0
    assert errors(outcome, by_rate(outcome, word)) > LIMIT
    assert errors(outcome, -by_rate(outcome, word)) > LIMIT


@pytest.mark.parametrize("seed", range(5))
def test_a_true_signal_that_was_sorted_by_the_outcomes_is_found(seed: int):
    outcome, word = words(5000, 40, seed, effect=0.5)
    assert errors(outcome, word) == 0
    assert errors(outcome, by_rate(outcome, word)) > LIMIT


@pytest.mark.parametrize("seed", range(5))
def test_an_order_made_with_other_records_is_honest(seed: int):
    """As the industries of the small businesses are ordered by the rates of earlier years."""
    outcome, word = words(10_000, 40, seed, effect=0.5)
    rate = np.bincount(word[:5000].astype(int), outcome[:5000]) / np.bincount(word[:5000].astype(int))
    assert errors(outcome[5000:], rate[word[5000:].astype(int)]) == 0
    assert errors(outcome[:5000], rate[word[:5000].astype(int)]) > LIMIT  # but not on those it was made with


@pytest.mark.parametrize("effect", [0.0, 0.05, 0.2, 1.0])
@pytest.mark.parametrize("kinds", [3, 9, 40])
def test_a_natural_scale_is_honest_however_steadily_the_rates_rise(kinds: int, effect: float):
    rng = np.random.default_rng(kinds)
    for _ in range(40):
        scale = rng.integers(0, kinds, 4000).astype(np.float64)
        odds = -1.4 + effect * (scale - kinds / 2)
        outcome = (rng.random(4000) < 1 / (1 + np.exp(-odds))).astype(np.float64)
        assert errors(outcome, scale) < LIMIT


def test_an_outcome_that_the_same_number_of_each_word_has_is_no_order():
    """A sample that was drawn evenly has rates more alike than chance makes them, but nothing ranks by them."""
    word = np.repeat(np.arange(30.0), 100)
    assert errors(np.tile(np.arange(100) < 20, 30).astype(np.float64), word) == 0


def test_several_words_together_are_found_where_one_alone_could_be_chance():
    pairs = [words(3000, 8, seed) for seed in range(60, 72)]
    outcome = pairs[0][0]
    leaked = [by_rate(outcome, word) for _, word in pairs]
    assert all(errors(outcome, each) < LIMIT for each in leaked)
    assert errors(outcome, *leaked) > LIMIT
    assert errors(outcome, *leaked, coded=False) < LIMIT  # numbers may go together: theirs are not multiplied
    assert errors(outcome, *(word for _, word in pairs)) == 0


def test_one_leak_among_many_honest_inputs_is_found_and_named():
    outcome, word = words(2000, 40, 3)
    rng = np.random.default_rng(4)
    inputs = np.array([*rng.normal(size=(20, 2000)), by_rate(outcome, word), *rng.integers(0, 30, (20, 2000))])
    found = order(outcome, inputs)
    assert standard_errors(found.chance()) > LIMIT
    assert list(np.flatnonzero(found.found)) == [20]


def test_a_smoothed_rate_as_a_number_is_found():
    """Not quite in order, since rates of few records were drawn to the mean, but too smooth."""
    rng = np.random.default_rng(6)
    size = rng.integers(15, 200, 60)
    word = np.repeat(np.arange(60), size)
    outcome = (rng.random(len(word)) < 0.2).astype(np.float64)
    smoothed = (np.bincount(word, outcome) + 20 * outcome.mean()) / (size + 20)
    rates = (np.bincount(word, outcome) / size)[np.argsort(smoothed)]
    assert (np.diff(rates) < 0).any()
    found = order(outcome, smoothed[word][None])
    assert found.perfect[0] == 1
    assert standard_errors(found.chance()) > LIMIT


def test_missing_values_stand_in_no_order():
    outcome, word = words(3000, 40, 7)
    word[::3] = np.nan
    assert errors(outcome, by_rate(outcome, word)) > LIMIT


@given(
    st.integers(0, 2**32),
    st.integers(1, 60),
    st.sampled_from([30, 300, 3000]),
    st.sampled_from([0.0, 0.02, 0.3, 1.0]),
    st.sampled_from(["few", "lognormal", "empty", "one"]),
)
def test_any_input_has_a_chance_between_0_and_1(seed: int, kinds: int, n: int, rate: float, kind: str):
    rng = np.random.default_rng(seed)
    values = {
        "few": rng.integers(0, kinds, n).astype(np.float64),
        "lognormal": rng.lognormal(size=n) * 1e12,
        "empty": np.full(n, np.nan),
        "one": np.zeros(n),
    }[kind]
    values[rng.random(n) < 0.1] = np.nan
    outcome = (rng.random(n) < rate).astype(np.float64)
    found = order(outcome, values[None])
    assert 0 <= found.perfect[0] <= 1
    assert 0 <= found.smooth[0] <= 1
    assert 0 <= standard_errors(found.chance([0])) < 40


def test_the_chance_of_an_order_of_equal_rates_is_one_of_all_orders():
    """Eight values of one size: one of 8! orders, as long as rates are seldom equal."""
    own = ordering._Rates(np.zeros(8), np.full(8, 1e6), 0.5)
    assert np.exp(ordering._log_in_order(own, np.sqrt(own.variance))) == pytest.approx(1 / 40320, rel=0.05)


def test_three_standard_errors_are_the_one_sided_tail():
    assert standard_errors(0.00135) == pytest.approx(3, abs=0.001)
    assert standard_errors(0.9) == standard_errors(1) == 0
    assert standard_errors(0) > 30
