"""Capital and conditional PD against published and computed numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import OutOfRange
from model.finance import capital, loss

# BCBS 2006, annex 5: PD %, then mortgage 45 and 25, other retail 45 and 85, qualifying revolving 45 and 85 (LGD %)
ANNEX_5 = [
    (0.05, 6.23, 3.46, 6.63, 12.52, 1.51, 2.86),
    (0.25, 21.30, 11.83, 21.15, 39.96, 5.76, 10.88),
    (0.50, 35.08, 19.49, 32.36, 61.13, 10.04, 18.97),
    (1.00, 56.40, 31.33, 45.77, 86.46, 17.22, 32.53),
    (2.00, 87.94, 48.85, 57.99, 109.53, 28.92, 54.63),
    (5.00, 148.22, 82.35, 66.42, 125.45, 54.74, 103.41),
    (10.0, 204.41, 113.56, 75.54, 142.69, 83.89, 158.47),
]
COLUMNS = [
    ("mortgage", 0.45),
    ("mortgage", 0.25),
    ("retail", 0.45),
    ("retail", 0.85),
    ("revolving", 0.45),
    ("revolving", 0.85),
]


@pytest.mark.parametrize("row", ANNEX_5)
def test_retail_risk_weights_equal_the_published_table(row: tuple[float, ...]) -> None:
    found = [100 * float(capital.risk_weight(row[0] / 100, lgd, kind)) for kind, lgd in COLUMNS]
    assert found == pytest.approx(row[1:], abs=0.02)


@pytest.mark.parametrize(
    ("sales", "pd", "weight"), [(50, 0.01, 92.32), (50, 0.05, 149.85), (5, 0.01, 72.40), (5, 0.05, 112.26)]
)
def test_corporate_risk_weights_equal_the_published_table(sales: float, pd: float, weight: float) -> None:
    assert 100 * float(
        capital.risk_weight(pd, 0.45, exposure_class="corporate", sales=sales, maturity=2.5)
    ) == pytest.approx(weight, abs=0.02)


def test_risk_weights_take_arrays_element_by_element() -> None:
    pds = np.array([row[0] / 100 for row in ANNEX_5])
    assert np.allclose(100 * capital.risk_weight(pds, 0.45, "mortgage"), [row[1] for row in ANNEX_5], atol=0.02)


def test_conditional_pd_equals_its_worked_numbers_in_both_forms() -> None:
    z = np.array([2.0, 0.0, -2.0])
    assert np.allclose(capital.conditional_pd(0.02, 0.15, z, "capital"), [0.001078, 0.012953, 0.082655], atol=5e-7)
    z = np.array([1.0, -1.0, -2.0])
    assert np.allclose(capital.conditional_pd(0.02, 0.15, z, "anchored"), [0.006684, 0.051165, 0.112454], atol=5e-7)


def test_worst_case_and_implied_factor_equal_their_worked_numbers() -> None:
    assert float(capital.worst_case_default_rate(0.02, 0.10, 0.999)) == pytest.approx(0.128237, abs=5e-7)
    assert float(capital.implied_factor(0.02, 0.04, 0.15)) == pytest.approx(-1.13529, abs=5e-6)


@given(st.floats(0.0, 1.0), st.floats(0.0, 0.9))
def test_the_anchored_form_leaves_the_pd_unchanged_at_zero(pd: float, r: float) -> None:
    assert float(capital.conditional_pd(pd, r, 0.0, "anchored")) == pd


@given(st.floats(0.001, 0.6), st.floats(0.01, 0.5))
def test_the_capital_form_averages_back_to_the_pd(pd: float, r: float) -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    mean = float(weights @ capital.conditional_pd(pd, r, nodes, "capital")) / np.sqrt(2 * np.pi)
    assert mean == pytest.approx(pd, rel=2e-3)


@given(st.floats(0.0001, 0.9), st.floats(0.01, 0.5), st.floats(-3, 3), st.sampled_from(["capital", "anchored"]))
def test_worse_times_never_lower_the_conditional_pd(pd: float, r: float, z: float, form: capital.Form) -> None:
    assert capital.conditional_pd(pd, r, z - 0.5, form) >= capital.conditional_pd(pd, r, z, form)


def test_no_capital_is_held_for_what_is_certain() -> None:
    assert np.allclose(capital.requirement([0.0, 1.0], 0.8, "revolving"), 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: capital.risk_weight(5, 0.45, "mortgage"), "PD must lie between 0 and 1 .*5.0 was given"),
        (lambda: capital.risk_weight(0.05, -1, "mortgage"), "LGD must lie"),
        (lambda: capital.risk_weight(0.05, 0.45, "cards"), "no exposure class 'cards'"),
        (lambda: capital.risk_weight(0.05, 0.45, exposure_class="corporate", sales=50, maturity=9), "maturity"),
        (lambda: capital.conditional_pd(0.05, 1.0, 0, "capital"), "below 1"),
        (lambda: capital.conditional_pd(0.05, 0.1, 0, "other"), "no form 'other'"),
        (lambda: capital.worst_case_default_rate(0.05, 0.1, 1.0), "confidence"),
        (lambda: capital.risk_weight(np.nan, 0.45, "mortgage"), "PD must lie"),
    ],
)
def test_what_is_out_of_range_is_told(call, told: str) -> None:
    with pytest.raises(OutOfRange, match=told):
        call()


def test_losses_are_weighted_and_weights_must_sum_to_one() -> None:
    assert loss.weighted([30, 70, 170], [0.2, 0.5, 0.3]) == pytest.approx(92)
    with pytest.raises(OutOfRange, match=r"sum to 1; they sum to 0\.9"):
        loss.weighted([30, 70, 170], [0.2, 0.5, 0.2])
    with pytest.raises(OutOfRange, match="one weight for each loss"):
        loss.weighted([30, 70], [1.0])
    with pytest.raises(OutOfRange, match="0 or more"):
        loss.weighted([30, 70], [1.5, -0.5])


# ---- one year --------------------------------------------------------------------------------------------------------

pds = st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=50)


@given(pds)
def test_no_shift_leaves_every_pd_to_the_last_bit(given_pds: list[float]) -> None:
    assert capital.one_year(given_pds, 0.0).tolist() == given_pds


@given(pds, st.floats(-5, 5))
def test_one_year_shifts_the_log_odds_of_everybody_by_the_same(given_pds: list[float], shift: float) -> None:
    before = np.array(given_pds)
    after = capital.one_year(before, shift)
    moved = np.log(after / (1 - after)) - np.log(before / (1 - before))
    assert np.allclose(moved, shift, rtol=0, atol=1e-6)
    assert np.all((after > 0) & (after < 1))


@given(pds, st.floats(0.001, 0.999))
def test_shift_brings_the_mean_of_the_book_to_the_rate_asked_for(given_pds: list[float], rate: float) -> None:
    shift = capital.shift_to(given_pds, rate)
    assert float(capital.one_year(given_pds, shift).mean()) == pytest.approx(rate, abs=2e-12)


def test_shift_of_one_pd_is_the_difference_of_log_odds() -> None:
    assert capital.shift_to([0.02], 0.05) == pytest.approx(np.log(0.05 / 0.95) - np.log(0.02 / 0.98), abs=1e-12)
    assert capital.shift_to([0.05, 0.05], 0.05) == pytest.approx(0, abs=1e-12)


def test_certainty_stays_certain_on_any_horizon() -> None:
    assert capital.one_year([0.0, 1.0], 1.5).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: capital.one_year([0.5, 1.5], 0.1), "PD must lie between 0 and 1 .*1.5 was given"),
        (lambda: capital.shift_to([0.2, 0.0], 0.05), "PD must lie strictly between 0 and 1 .*0.0 was given"),
        (lambda: capital.shift_to([0.2], 0.0), "The mean must lie strictly between 0 and 1 .*0.0 was given"),
        (lambda: capital.shift_to([0.2], 5.0), "The mean must lie strictly .*5.0 was given"),
    ],
)
def test_what_has_no_one_year_pd_is_told(call, told: str) -> None:
    with pytest.raises(OutOfRange, match=told):
        call()
