"""Parity: the tables, the fitted model, the definition of the reasons and the `shap` library say the same.

A parity gate that fails means that there is no release at all.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from data.arrays import Array
from data.books import Book
from model.engine.shapley import ShapleyTables, against
from model.engine.tables import Tables
from model.release.definition import definition_gap
from model.release.gate import Gate
from model.release.training import Progress, one_thread, rows, silent

EXACT = 1e-9  # log-odds
SHAP_AT_ONCE = 50  # records: shap draws a bar of its own across ours for what takes over ten seconds
SHAP_ROUNDING = 1e-3  # log-odds; shap's interventional explainer rounds (6.6e-5 seen against brute force)
CELLS_AT_ONCE = 2**23  # of rows by inputs: 64 MB
ORACLE_ROWS, ORACLE_BACKGROUND, SHAP_ROWS, SHAP_BACKGROUND = 5, 8, 1000, 60


def parity_gates(
    model: Any, tables: Tables, shapley: ShapleyTables, book: Book, progress: Progress = silent
) -> list[Gate]:
    """Tables against the fitted model, against themselves, against the definition, and against `shap`.

    Rows include missing values in every input, values equal to a threshold, and made-up records in every cell of every
    table.
    """
    progress("Comparing the tables with the trained model", 0.0)
    with one_thread():
        gaps = [_table_gaps(model, tables, shapley, probes) for probes in _probes(tables, book.inputs)]
        margins, additive = np.max(gaps, axis=0)  # NaN where one is
        progress("Comparing the reasons with their definition", 0.2)
        oracle = np.max([_oracle_gap(model, tables, book), _stored_gap(tables, shapley, book)])
        progress("Comparing the reasons with the shap library", 0.7)
        second = _shap_gap(model, tables, book)
    return [
        Gate(
            "margins", "Tables equal the trained model, all records", figure=float(margins), bound=EXACT, kind="parity"
        ),
        Gate("additivity", "Reasons sum to the score, all records", figure=float(additive), bound=EXACT, kind="parity"),
        Gate("oracle", "Reasons equal their definition", figure=float(oracle), bound=EXACT, kind="parity"),
        Gate("shap", "Reasons agree with shap, 1,000 records", figure=second, bound=SHAP_ROUNDING, kind="parity"),
    ]


def _probes(tables: Tables, inputs: Array) -> Iterator[Array]:
    """All records, those where mistakes hide, and some in every cell, a part at a time."""
    step = max(1, CELLS_AT_ONCE // tables.n_inputs)
    for k in range(0, inputs.shape[1], step):
        yield inputs[:, k : k + step]
    yield awkward(tables, inputs)
    largest = int(np.diff(tables.offset, append=len(tables.cells)).max(initial=1))
    yield from map(tables.values, tables.in_every_cell(min(max(largest, 1000), step)))


def _table_gaps(model: Any, tables: Tables, shapley: ShapleyTables, probes: Array) -> tuple[float, float]:
    """How far the tables are from the model, and the reasons from summing to the tables' margin."""
    codes = tables.encode(probes)
    margins = tables.margins(codes)
    said = model.decision_function(rows(probes))
    return _gap(margins, said), _gap(shapley.base + shapley.explain(codes).sum(0), margins)


def _stored_gap(tables: Tables, shapley: ShapleyTables, book: Book) -> float:
    """How far the tables of reasons are from those made anew against the whole book: the definition is held against how
    they are made."""
    anew = against(tables, tables.encode(book.inputs), shapley.background)
    return max(_gap(shapley.cells, anew.cells), abs(shapley.base - anew.base))


def awkward(tables: Tables, inputs: Array) -> Array:
    """Records where mistakes hide: each input missing in turn, and each equal to each of its thresholds."""
    typical = np.nanmedian(inputs, axis=1)
    found = []
    for i in range(tables.n_inputs):
        edges = tables.edges[tables.starts[i] : tables.starts[i + 1]]
        values = np.concatenate(([np.nan], edges, np.nextafter(edges, np.inf)))
        part = np.repeat(typical[:, None], len(values), axis=1)
        part[i] = values
        found.append(part)
    return np.concatenate(found, axis=1)


def off_single_precision(tables: Tables, inputs: Array) -> Array:
    """``inputs`` with values equal to a threshold moved a millionth below it, if single precision cannot hold them; and
    those that lie between a threshold and what single precision makes of it (0.58 beside 0.5800000000000001) a
    millionth away from both.

    shap's interventional explainer rounds thresholds to float32 and then puts such a value on the wrong side (its sum
    missed ``decision_function`` by up to 0.4). The moved values have the same codes, hence the same Shapley values.
    """
    out = inputs.copy()
    for i, values in enumerate(out):
        edges = tables.edges[tables.starts[i] : tables.starts[i + 1]]
        rounded = edges.astype(np.float32).astype(float)
        side = np.searchsorted(edges, values) - np.searchsorted(rounded, values)  # below 0: beyond the rounded one only
        side[np.isin(values, edges) & (values.astype(np.float32) != values)] = -1
        caught = side != 0
        values[caught] += 1e-6 * np.sign(side[caught]) * np.abs(values[caught])
    return out


def _gap(a: Array, b: Array) -> float:
    return float(np.max(np.abs(a - b)))


def _spread(n: int, count: int) -> Array:
    return np.linspace(0, n - 1, count).astype(int)


def _oracle_gap(model: Any, tables: Tables, book: Book) -> float:
    """Largest difference to the definition, over customers one of whom misses an input if any does."""
    inputs, n = book.inputs, book.inputs.shape[1]
    gaps = np.flatnonzero(np.isnan(inputs).any(0))
    chosen = np.concatenate([gaps[:1], _spread(n, ORACLE_ROWS)])[:ORACLE_ROWS]
    background = inputs[:, _spread(n, ORACLE_BACKGROUND)]
    return definition_gap(model.decision_function, tables, inputs[:, chosen], background)


def _shap_gap(model: Any, tables: Tables, book: Book) -> float:
    """Largest difference to `shap.TreeExplainer` (interventional) against the same background."""
    import shap  # seconds to import: only where it is the point

    n = book.inputs.shape[1]
    background = off_single_precision(tables, book.inputs[:, _spread(n, SHAP_BACKGROUND)])
    chosen = off_single_precision(tables, book.inputs[:, _spread(n, SHAP_ROWS)])
    small = against(tables, tables.encode(background), "60 customers")
    explainer = shap.TreeExplainer(model, rows(background), feature_perturbation="interventional")
    asked = rows(chosen)
    parts = [asked[k : k + SHAP_AT_ONCE] for k in range(0, len(asked), SHAP_AT_ONCE)]
    theirs = np.concatenate([explainer.shap_values(part, check_additivity=False) for part in parts])
    return _gap(small.explain(tables.encode(chosen)), theirs.T)
