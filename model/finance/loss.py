"""Expected loss."""

import numpy as np
from numpy.typing import ArrayLike

from data.errors import OutOfRange
from data.formulas import Array


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
