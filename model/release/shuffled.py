"""Two gates on leaks that no cross-validation shows: those of the outcomes into the inputs themselves.

One looks at the order of an input's values, whether the very outcomes made it (model/monitoring/ordering.py). The other
goes the whole way from codes to predictions again with outcomes that were shuffled, so that there is nothing to rank
by: inputs that the first one found are coded anew by the shuffled outcomes, as they were by the true ones, folds are
drawn, models fitted and tested. What still ranks, beyond chance, tells of a leak. One input by itself looks ordered
now and then; only where the first gate fails, which asks about all of them together, is any coded anew.
"""

import numpy as np

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.proposing.signals import by_rate
from model.monitoring.ordering import Order, order, standard_errors
from model.release import training
from model.release.gate import Gate
from model.release.training import Progress, silent
from model.release.variants import SHIPPED

MOST_ROWS = 10_000  # seconds, and enough: a leak grows with the records as chance does
FEWEST_BAD = 50  # among them, or all there are
BOUND = 3.0  # standard errors of an order; see `model.monitoring.ordering`
BEYOND = 4.0  # standard errors of the AUC of shuffled outcomes
STRAYS = 1.5  # times as far as ranks of independent records do: folds share what they are fitted to (1.4 seen)


def shuffled_gates(
    book: Book, own: Book, progress: Progress = silent, *, at_once: int = training.FITS_AT_ONCE
) -> list[Gate]:
    """Both gates, of the part ``own`` of ``book`` that the model is fitted to, by so many fits ``at_once``. An order
    may be that of the outcomes of the part, or of all the book; whichever is likelier counts."""
    found = order(own.target, own.inputs)
    if len(own) < len(book):
        whole = order(book.target, book.inputs)
        found = min(found, whole, key=lambda each: each.chance(_words(own.contract)))
    return [_ordered(own.contract, found), _shuffled(own, found, progress, at_once)]


def _words(contract: Contract) -> list[int]:
    """The inputs whose values are codes for words."""
    return [k for k, each in enumerate(contract.inputs) if each.codes]


def _ordered(contract: Contract, found: Order) -> Gate:
    errors = standard_errors(found.chance(_words(contract)))
    named = ", ".join(each.label for each, bad in zip(contract.inputs, found.found, strict=True) if bad)
    told = f"{named}: coded in the order of these outcomes? Code without them, or propose the book anew."
    return Gate(
        "ordered",
        "No input is in the order of the outcomes: standard errors beyond chance",
        figure=errors,
        bound=BOUND,
        kind="leakage",
        note=told if errors > BOUND else "",
    )


def _shuffled(own: Book, found: Order, progress: Progress, at_once: int) -> Gate:
    part = _sample(own)
    inputs = part.inputs.copy()
    failed = standard_errors(found.chance(_words(own.contract))) > BOUND
    suspects = np.flatnonzero(found.found & failed).tolist()
    for k in suspects:
        inputs[k] = (own.contract.inputs[k].direction or 1) * by_rate(part.target, inputs[k])
    crossed = training.cross_validate(part, (SHIPPED,), progress, inputs, at_once=at_once)
    auc = crossed.found[SHIPPED.label].auc
    bad = float(part.target.sum())
    chance = STRAYS * float(np.sqrt((len(part) + 1) / (12 * bad * (len(part) - bad))))
    anew = ", ".join(own.contract.inputs[k].label for k in suspects)
    note = f"{len(part):,} records{f'; coded anew: {anew}' if anew else ''}."
    return Gate(
        "shuffled",
        "Learns nothing from shuffled outcomes: AUC",
        figure=auc,
        bound=round(0.5 + BEYOND * chance, 4),
        kind="leakage",
        note=note,
    )


def _sample(own: Book) -> Book:
    """At most `MOST_ROWS` of the records, their outcomes shuffled by the contract's seed."""
    chance = np.random.default_rng(own.contract.training.seed)
    part = own.part(np.sort(chance.permutation(len(own))[:MOST_ROWS]))
    rarer = 1.0 if own.target.mean() < 0.5 else 0.0
    rare = max(int((part.target == rarer).sum()), min(FEWEST_BAD, int((own.target == rarer).sum())))
    shuffled: Array = np.full(len(part), 1 - rarer)
    shuffled[chance.permutation(len(part))[:rare]] = rarer
    return Book(part.contract, part.raw, ids=part.ids, target=shuffled, observed=part.observed, sha256=part.sha256)
