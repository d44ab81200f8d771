"""Expected loss."""

import numpy as np
from numpy.typing import ArrayLike

from data.arrays import Array
from data.errors import OutOfRange


def expected_loss(pd: ArrayLike, lgd: ArrayLike, ead: ArrayLike) -> Array:
    """EL = PD · LGD · EAD (BCBS 2006, para. 367 ff.), element by element in the unit of ``ead``.

    ``pd`` and ``lgd`` are fractions in [0, 1], ``ead`` an amount of at least 0. 0.5 %, 25 %, 1,000,000 → 1,250.

    Raises
    ------
    OutOfRange
    """
    for name, value, high in (("PD", pd, 1.0), ("LGD", lgd, 1.0), ("EAD", ead, np.inf)):
        values = np.asarray(value, np.float64)
        wrong = ~((values >= 0) & (values <= high))
        if wrong.any():
            allowed = "between 0 and 1 (enter 35 % as 0.35)" if high == 1 else "0 or more"
            raise OutOfRange(f"{name} must be {allowed}; {float(values[wrong].flat[0])!r} was given.")
    return np.asarray(pd, np.float64) * np.asarray(lgd, np.float64) * np.asarray(ead, np.float64)


def weighted(losses: ArrayLike, weights: ArrayLike) -> float:
    """Probability-weighted loss: Σ weight · loss (IFRS 9, 5.5.17). The losses are weighted, never the inputs.

    Weights 20, 50 and 30 % on 30, 70 and 170 → 92. Raises OutOfRange unless there is one weight a loss, none is
    negative and they sum to 1.
    """
    loss, weight = np.asarray(losses, np.float64), np.asarray(weights, np.float64)
    if loss.shape != weight.shape or loss.ndim != 1 or not len(loss):
        raise OutOfRange(f"There must be one weight for each loss; {weight.size} were given for {loss.size}.")
    if not (weight >= 0).all() or not abs(weight.sum() - 1) <= 1e-9:
        raise OutOfRange(f"Weights must be 0 or more and sum to 1; they sum to {float(weight.sum()):.6g}.")
    return float(weight @ loss)
