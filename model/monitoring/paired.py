"""Two predictions of the same records against each other, each measure with the interval of its difference.

Paired: both models saw the same records, so luck they share cancels out. An interval without 0 means that chance alone
hardly explains the difference.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from data.arrays import Array
from model.monitoring.discrimination import placements
from model.monitoring.intervals import CONFIDENCE, UNKNOWN, Estimate, normal
from model.monitoring.measures import Compared
from model.monitoring.performance import calibration_error, calibration_line, error_bins, log_losses, log_odds, measure

BLOCKS, DRAWS = 2000, 1000


def compare(outcome: Array, candidate: Array, champion: Array, seed: int = 0) -> tuple[Compared, ...]:
    """``auc``, ``brier``, ``log_loss``, ``ece`` and ``slope`` of two predictions (n,) of the same outcomes (n,).

    AUC by `auc_difference`, Brier score and log-loss by `mean_difference`, the other two by `bootstrapped`; the same
    ``seed`` gives the same intervals. A model against itself: all differences and their ends are 0.
    """
    first, second = measure(outcome, candidate), measure(outcome, champion)
    ece, slope = bootstrapped(outcome, candidate, champion, seed)
    found = {
        "auc": auc_difference(outcome, candidate, champion),
        "brier": mean_difference((candidate - outcome) ** 2, (champion - outcome) ** 2),
        "log_loss": mean_difference(log_losses(outcome, candidate), log_losses(outcome, champion)),
        "ece": ece,
        "slope": slope,
    }
    return tuple(
        Compared(
            name,
            getattr(first, name),
            champion=getattr(second, name),
            difference=each.value,
            low=each.low,
            high=each.high,
        )
        for name, each in found.items()
    )


def auc_difference(outcome: Array, candidate: Array, champion: Array) -> Estimate:
    """Difference of two AUCs with DeLong's paired 95 % interval (DeLong et al. 1988, by Sun and Xu 2014).

    NaN with fewer than two of either class. Outcomes 0, 0, 1, 1 predicted 0.1, 0.4, 0.35, 0.8 and 0.1, 0.2, 0.3, 0.4 →
    −0.25, −0.943 to 0.443.
    """
    apart = placements(outcome, candidate) - placements(outcome, champion)
    bad, good = apart[outcome == 1], apart[outcome == 0]
    if min(len(bad), len(good)) < 2:
        return UNKNOWN
    error = np.sqrt(bad.var(ddof=1) / len(bad) + good.var(ddof=1) / len(good))
    return normal(float(bad.mean()), float(error), -1.0, 1.0)


def mean_difference(candidate: Array, champion: Array) -> Estimate:
    """Mean paired difference of two losses per record (n,), with its normal 95 % interval (Diebold and Mariano 1995,
    independent records). Losses 1, 2, 3 and 0, 2, 2 → 0.667, 0.013 to 1.320."""
    apart = candidate - champion
    if len(apart) < 2:
        return UNKNOWN
    return normal(float(apart.mean()), float(apart.std(ddof=1) / np.sqrt(len(apart))))


def bootstrapped(outcome: Array, candidate: Array, champion: Array, seed: int = 0) -> tuple[Estimate, Estimate]:
    """Differences of the calibration error and of the slope's distance from 1, with paired bootstrap 95 % intervals.

    Records are dealt by lot into 2,000 blocks (one each where they are fewer), and as many blocks are drawn with
    replacement a thousand times (Efron 1979). A draw needs sums only: of outcome − PD by bin for the calibration error;
    of gradient and curvature for one Newton step from the fitted line (the k-step bootstrap; Andrews 2002). Drawing
    inflates what cannot be below 0, so intervals are centred on the difference that was seen.
    0.9 s for 816,000 records, where a thousand draws of single records take minutes.
    """
    rng = np.random.default_rng(seed)
    blocks = min(len(outcome), BLOCKS)
    block = rng.permutation(len(outcome)) % blocks
    drawn = rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=DRAWS).astype(np.float64)
    errors, error_draws, strays, stray_draws = [], [], [], []
    for predicted in (candidate, champion):
        errors.append(calibration_error(outcome, predicted))
        error_draws.append(_drawn_errors(outcome, predicted, block, drawn))
        intercept, slope = calibration_line(outcome, predicted)
        strays.append(abs(slope - 1))
        stray_draws.append(
            np.abs(_drawn_slopes(outcome, predicted, intercept=intercept, slope=slope, block=block, drawn=drawn) - 1)
        )
    return (
        _centred(errors[0] - errors[1], error_draws[0] - error_draws[1]),
        _centred(strays[0] - strays[1], stray_draws[0] - stray_draws[1]),
    )


def _drawn_errors(outcome: Array, predicted: Array, block: NDArray[np.intp], drawn: Array, bins: int = 10) -> Array:
    """Calibration error of every draw, (draws,)."""
    blocks = drawn.shape[1]
    cell = block * bins + error_bins(predicted, bins)
    gaps = np.bincount(cell, outcome - predicted, blocks * bins).reshape(blocks, bins)
    size = drawn @ np.bincount(block, minlength=blocks)
    return np.asarray(np.abs(drawn @ gaps).sum(1) / size)


def _drawn_slopes(
    outcome: Array, predicted: Array, intercept: float, slope: float, block: NDArray[np.intp], drawn: Array
) -> Array:
    """Calibration slope of every draw, one step from the line of all, (draws,); NaN where that is not finite."""
    if np.isnan(slope):
        return np.full(len(drawn), np.nan)
    blocks, x = drawn.shape[1], log_odds(predicted)
    p = expit(intercept + slope * x)
    off, weight = outcome - p, p * (1 - p)
    terms = (off, off * x, weight, weight * x, weight * x * x)
    g0, g1, h0, h1, h2 = (drawn @ np.bincount(block, each, blocks) for each in terms)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(slope + (h0 * g1 - h1 * g0) / (h0 * h2 - h1 * h1))


def _centred(difference: float, draws: Array) -> Estimate:
    finite = draws[np.isfinite(draws)]
    if np.isnan(difference) or len(finite) < len(draws) / 2:
        return UNKNOWN
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(finite - finite.mean(), [tail, 1 - tail])
    return Estimate(difference, float(difference + low), float(difference + high))
