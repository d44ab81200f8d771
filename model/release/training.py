"""Fitting the model of a book, and what its constraints cost.

The model: gradient-boosted trees with pairwise interactions and the contract's monotone directions, fixed seed, no
early stopping, one thread, so that the same data give the same trees bit for bit.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from data.books import Book
from data.formulas import Array
from model.monitoring.performance import Performance, measure

if TYPE_CHECKING:  # loading a release imports this module, but never scikit-learn
    from sklearn.ensemble import HistGradientBoostingClassifier

Progress = Callable[[str, float], None]
"""Told what is being done and the share of the work behind, in [0, 1]."""


def silent(_doing: str, _share: float) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Variant:
    """One way to constrain the model, for the comparison of what constraints cost."""

    label: str
    pairwise: bool
    monotone: bool


SHIPPED = Variant("pairwise, monotone (shipped)", True, True)
VARIANTS = (
    SHIPPED,
    Variant("pairwise", True, False),
    Variant("monotone", False, True),
    Variant("unconstrained", False, False),
)


@contextmanager
def one_thread() -> Iterator[None]:
    """One OpenMP thread: sums in the same order every time, and no contention (scikit-learn #30662)."""
    with threadpool_limits(limits=1):
        yield


def classifier(book: Book, variant: Variant = SHIPPED) -> "HistGradientBoostingClassifier":
    """The unfitted model that a contract asks for."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    contract = book.contract
    how = contract.training
    return HistGradientBoostingClassifier(
        max_iter=how.iterations,
        max_leaf_nodes=how.leaves,
        learning_rate=how.learning_rate,
        min_samples_leaf=how.min_leaf,
        monotonic_cst=[each.direction for each in contract.inputs] if variant.monotone else None,
        interaction_cst="pairwise" if variant.pairwise else None,
        early_stopping=False,
        random_state=how.seed,
    )


def fit(book: Book) -> "HistGradientBoostingClassifier":
    """The shipped model, fitted to the whole book."""
    with one_thread():
        return classifier(book).fit(rows(book.inputs), book.target)


def rows(inputs: Array) -> Array:
    """Inputs (inputs, n) as scikit-learn wants them, (n, inputs)."""
    return np.ascontiguousarray(inputs.T)


def cross_validate(book: Book, progress: Progress = silent) -> dict[str, Performance]:
    """Performance of every variant by label, from predictions of folds it was not fitted to.

    The AUC is the mean of the folds' (probabilities of different fits are not ranked against each other); the other
    measures are over all out-of-fold predictions.
    """
    from sklearn.model_selection import StratifiedKFold

    how = book.contract.training
    x, y = rows(book.inputs), book.target
    folds = list(StratifiedKFold(how.folds, shuffle=True, random_state=how.seed).split(x, y))
    jobs = [(variant, train, test) for variant in VARIANTS for train, test in folds]
    done = 0

    def run(job: tuple[Variant, Array, Array]) -> Array:
        nonlocal done
        variant, train, test = job
        predicted: Array = classifier(book, variant).fit(x[train], y[train]).predict_proba(x[test])[:, 1]
        done += 1
        progress(f"Checking on customers the model has not seen ({variant.label})", done / len(jobs))
        return predicted

    with one_thread(), ThreadPoolExecutor(2) as pool:
        predicted = list(pool.map(run, jobs))
    found = {}
    for k, variant in enumerate(VARIANTS):
        parts = predicted[k * len(folds) : (k + 1) * len(folds)]
        whole = np.empty(len(y))
        for (_, test), part in zip(folds, parts, strict=True):
            whole[test] = part
        overall = measure(y, whole)
        auc = float(np.mean([measure(y[test], part).auc for (_, test), part in zip(folds, parts, strict=True)]))
        found[variant.label] = Performance(auc, overall.brier, overall.log_loss, overall.ece)
    return found
