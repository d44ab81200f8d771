"""Discrimination and calibration of predicted probabilities."""

from dataclasses import dataclass

import numpy as np

from data.formulas import Array


@dataclass(frozen=True)
class Performance:
    """AUC, Brier score, log-loss and expected calibration error, each dimensionless."""

    auc: float
    brier: float
    log_loss: float
    ece: float


def calibration_error(outcome: Array, predicted: Array, bins: int = 10) -> float:
    """Expected calibration error over equally wide bins (Naeini et al. 2015): Σ share · |mean outcome − mean PD|.

    ``outcome`` (n,) in {0, 1}, ``predicted`` (n,) in [0, 1]; a value on an edge belongs to the bin below.
    """
    which = np.clip(np.ceil(predicted * bins) - 1, 0, bins - 1).astype(int)
    share = np.bincount(which, minlength=bins) / len(which)
    gap = np.bincount(which, outcome - predicted, minlength=bins) / len(which)
    return float(np.abs(gap[share > 0]).sum())


def measure(outcome: Array, predicted: Array) -> Performance:
    """All measures of ``predicted`` (n,) against ``outcome`` (n,)."""
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score  # not needed to load a release

    return Performance(
        auc=float(roc_auc_score(outcome, predicted)),
        brier=float(brier_score_loss(outcome, predicted)),
        log_loss=float(log_loss(outcome, predicted)),
        ece=calibration_error(outcome, predicted),
    )
