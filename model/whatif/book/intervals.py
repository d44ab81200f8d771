"""How far what a sample says of a book may be off: half the 95 % interval of each measure.

The records stand in the order of their strata, so that successive differences measure the spread within them
(`margin_of_error`). A measure that is a ratio is told by what each record adds to it beyond its share (Särndal,
Swensson and Wretman 1992, *Model Assisted Survey Sampling*, 5.6). Of a part of the book the others count as nothing:
how many of the sample are in it is chance, too. Of the capital it is the interval at the shift to one-year PDs that the
sample has.
"""

from collections.abc import Mapping

import numpy as np

from data.arrays import Array
from data.contract import Measure
from model.whatif.book.totals import Mask, Rows, Totals, margin_of_error


def margins_of_error(rows: Rows, totals: Totals, inside: Mask | None = None) -> Mapping[Measure, float]:
    """Of each measure of the ``totals`` of ``rows``, or of those ``inside`` alone, in the measure's unit; nothing where
    each record stands for itself."""
    if rows.each == 1:
        return {}
    owed, lost, capital, margin = rows.ead, rows.loss, rows.capital, rows.margin
    beyond: dict[Measure, tuple[Array, float]] = {
        "exposure": (owed, 1.0),
        "loss": (lost, 1.0),
        "net_loss": (rows.net_loss, 1.0),
        "capital": (capital, 1.0),
        "margin": (margin, 1.0),
        "pd": ((rows.pd - totals.pd) * owed, totals.exposure),
        "loss_bps": (1e4 * lost - totals.loss_bps * owed, totals.exposure),
        "return_on_capital": (margin / totals.years - totals.return_on_capital * capital, totals.capital),
    }
    known = {name: (values, of) for name, (values, of) in beyond.items() if of and np.isfinite(totals.measure(name))}
    return {name: _margin(values, rows.each, inside) / abs(of) for name, (values, of) in known.items()}


def _margin(values: Array, each: float, inside: Mask | None) -> float:
    own = values if inside is None else np.where(inside, values, 0.0)
    return margin_of_error(own / each, each)
