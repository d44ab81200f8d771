"""Records held against what their contract allows, whichever file they come from."""

from collections.abc import Mapping

import numpy as np

from data.arrays import Array
from data.contract import Contract
from data.errors import BookError


def check_records(contract: Contract, raw: Array, observed: Mapping[str, Array]) -> None:
    """Raise unless the records ``raw`` (fields, n) and what else was ``observed`` of them, each (n,), are what the
    contract says: values in range, the target 0 or 1, what was lost known wherever it came true.

    Raises
    ------
    BadInput, BookError
    """
    contract.check(raw)
    target = observed[contract.book.target]
    if not np.isin(target, (0.0, 1.0)).all():
        raise BookError(f"The target {contract.book.target} must be 0 or 1 everywhere.")
    contract.check_observed(observed)
    lost = contract.realised_loss(raw, observed)
    unknown = 0 if lost is None else int((~np.isfinite(lost) & (target == 1)).sum())
    if unknown and contract.realised:
        told = f"{contract.realised.loss} is no number in {unknown:,} records with {contract.book.target} = 1"
        raise BookError(f"The realised loss {told}. Say there what was lost; 0 is a loss of nothing.")
