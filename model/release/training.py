"""Fitting the model of a book, and what its constraints cost.

The model: gradient-boosted trees with pairwise interactions and the contract's monotone directions, fixed seed, no
early stopping, one thread, so that the same data give the same trees bit for bit.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from data.arrays import Array
from data.books import Book
from model.monitoring.calibration import shift_to_observed
from model.monitoring.discrimination import auc
from model.monitoring.measures import Performance
from model.monitoring.performance import measure
from model.release.variants import SHIPPED, VARIANTS, Variant

if TYPE_CHECKING:  # loading a release imports this module, but never scikit-learn
    from sklearn.ensemble import HistGradientBoostingClassifier

FITS_AT_ONCE = 2
Progress = Callable[[str, float], None]
"""Told what is being done and the share of the work behind, in [0, 1]."""


def silent(_doing: str, _share: float) -> None:
    """Progress that nobody watches."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """The progress of a step that takes the work from ``start`` to ``end``."""
    return lambda doing, share: progress(doing, start + (end - start) * share)


@contextmanager
def one_thread() -> Iterator[None]:
    """One OpenMP thread: sums in the same order every time, and no contention (scikit-learn #30662)."""
    with _pools().limit(limits=1):
        yield


@cache
def _pools() -> ThreadpoolController:
    """The pools of threads of scikit-learn and all below it, sought once: 2 ms each time."""
    import sklearn.ensemble  # noqa: F401  # what is read in later is not among them

    return ThreadpoolController()


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
    """The shipped model, fitted to the whole of ``book``, which may be the part of one in a window. Its ``fitted_to_``
    are the fingerprints of the columns it was given."""
    x = rows(book.inputs)
    with one_thread():
        model = classifier(book).fit(x, book.target)
    model.fitted_to_ = fingerprints(x)
    return model


def fingerprints(x: Array) -> tuple[str, ...]:
    """A digest of each column of ``x`` (n, inputs)."""
    return tuple(hashlib.sha256(column.tobytes()).hexdigest() for column in x.T)


def recalibrate(model: "HistGradientBoostingClassifier", book: Book) -> float:
    """Shift the model's intercept, in place, so that its mean PD over ``book`` is the share observed; the shift in
    log-odds. Nothing else changes: the tables, the ranking and the reasons stay."""
    with one_thread():
        predicted: Array = model.predict_proba(rows(book.inputs))[:, 1]
    shift = shift_to_observed(book.target, predicted)
    model._baseline_prediction = model._baseline_prediction + shift
    return shift


def rows(inputs: Array) -> Array:
    """Inputs (inputs, n) as scikit-learn wants them, (n, inputs)."""
    return np.ascontiguousarray(inputs.T)


@dataclass(frozen=True, eq=False)
class Crossed:
    """Cross-validation: the performance of each variant by label, and what the shipped one predicted of each record
    by a fit that had not seen it, (n,)."""

    found: dict[str, Performance]
    predicted: Array


def folds(book: Book) -> NDArray[np.int64]:
    """The fold of each record, (n,), 0…folds − 1: stratified by the outcome, by the contract's seed."""
    from sklearn.model_selection import StratifiedKFold

    how = book.contract.training
    found = np.empty(len(book), np.int64)
    split = StratifiedKFold(how.folds, shuffle=True, random_state=how.seed).split(book.target, book.target)
    for k, (_, test) in enumerate(split):
        found[test] = k
    return found


def cross_validate(
    book: Book,
    variants: Sequence[Variant] = VARIANTS,
    progress: Progress = silent,
    inputs: Array | None = None,
    *,
    at_once: int = FITS_AT_ONCE,
) -> Crossed:
    """Performance of every variant by label, from predictions of folds it was not fitted to; of other ``inputs``
    (inputs, n) than the book's where given; so many fits ``at_once``.

    The AUC is the mean of the folds' (probabilities of different fits are not ranked against each other); the other
    measures are over all out-of-fold predictions.
    """
    x, y = rows(book.inputs if inputs is None else inputs), book.target
    fold = folds(book)
    held = [fold == k for k in range(book.contract.training.folds)]
    jobs = [(variant, test) for variant in variants for test in held]

    def run(job: tuple[Variant, NDArray[np.bool_]]) -> Array:
        variant, test = job
        predicted: Array = classifier(book, variant).fit(x[~test], y[~test]).predict_proba(x[test])[:, 1]
        return predicted

    doing = "Checking on records the model has not seen"
    predicted = _side_by_side(run, jobs, lambda job: f"{doing} ({job[0].label})", progress, at_once)
    found, shipped = {}, np.empty(len(y))
    for k, variant in enumerate(variants):
        parts = predicted[k * len(held) : (k + 1) * len(held)]
        whole = np.empty(len(y))
        for test, part in zip(held, parts, strict=True):
            whole[test] = part
        mean = float(np.mean([auc(y[test], part) for test, part in zip(held, parts, strict=True)]))
        found[variant.label] = replace(measure(y, whole), auc=mean)
        if variant == SHIPPED:
            shipped = whole
    return Crossed(found, shipped)


def out_of_time(
    book: Book,
    after: Book,
    predicted: Array,
    again: Book | None = None,
    variants: Sequence[Variant] = VARIANTS,
    progress: Progress = silent,
) -> dict[str, Performance]:
    """Performance of every variant by label, fitted to ``book``, recalibrated on ``again`` if that is given, on the
    later vintages ``after``, of which the shipped one ``predicted`` (n,)."""
    x, y, later = rows(book.inputs), book.target, rows(after.inputs)
    others = [each for each in variants if each != SHIPPED]

    def run(variant: Variant) -> Array:
        model = classifier(book, variant).fit(x, y)
        if again is not None:
            recalibrate(model, again)
        found: Array = model.predict_proba(later)[:, 1]
        return found

    doing = "Checking on later vintages"
    found = _side_by_side(run, others, lambda each: f"{doing} ({each.label})", progress)
    labelled = {SHIPPED.label: predicted} | dict(zip((each.label for each in others), found, strict=True))
    return {label: measure(after.target, each) for label, each in labelled.items()}


Job = TypeVar("Job")


def _side_by_side(
    run: Callable[[Job], Array],
    jobs: Sequence[Job],
    doing: Callable[[Job], str],
    progress: Progress,
    at_once: int = FITS_AT_ONCE,
) -> list[Array]:
    """Fits side by side, each on one thread; in the jobs' order."""
    done = 0

    def told(job: Job) -> Array:
        nonlocal done
        with one_thread():  # the limit holds for the thread that sets it
            found = run(job)
        done += 1
        progress(doing(job), done / len(jobs))
        return found

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(told, jobs))
