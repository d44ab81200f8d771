"""What is measured of a model, and of two beside each other: values alone, for whoever reads a report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Performance:
    """AUC, Brier score, log-loss, expected calibration error and calibration slope, each dimensionless."""

    auc: float
    brier: float
    log_loss: float
    ece: float
    slope: float


@dataclass(frozen=True)
class Compared:
    """One measure of both models, and its ``difference``, candidate less champion, from ``low`` to ``high`` (95 %).

    A difference below 0 favours the candidate, but of the AUC one above 0. That of the slope is of the distances
    from 1: 0.9 against 1.2 → −0.1.
    """

    name: str
    candidate: float
    champion: float
    difference: float
    low: float
    high: float
