"""Parity: tables, fitted model, definition and the shap library say the same."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from data.books import Book
from model.engine.scorer import TableScorer
from model.engine.tables import Tables
from model.release import parity
from model.release.gate import Gate
from model.release.parity import awkward, off_single_precision, parity_gates


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow comparisons on few rows."""
    monkeypatch.setattr(parity, "ORACLE_ROWS", 1)
    monkeypatch.setattr(parity, "ORACLE_BACKGROUND", 1)
    monkeypatch.setattr(parity, "SHAP_ROWS", 10)


def failed(found: list[Gate]) -> list[str]:
    return [gate.name for gate in found if not gate.passed]


@pytest.mark.usefixtures("few")
def test_parity_holds_for_the_deployed_model(scorer: TableScorer, fitted: Any, book: Book):
    found = parity_gates(fitted, scorer.tables, scorer.shapley, book)
    assert failed(found) == []
    assert [gate.name for gate in found] == ["margins", "additivity", "oracle", "shap"]
    assert all(gate.kind == "parity" for gate in found)


@pytest.mark.usefixtures("few")
def test_parity_fails_on_one_wrong_cell(scorer: TableScorer, fitted: Any, book: Book):
    histogram = scorer.tables.histogram(scorer.tables.encode(book.inputs))
    cells = scorer.tables.cells.copy()
    cells[np.argmax(histogram)] += 1e-8
    wrong = replace(scorer.tables, cells=cells)
    found = parity_gates(fitted, wrong, replace(scorer.shapley, tables=wrong), book)
    assert {"margins", "additivity"} <= set(failed(found))


@pytest.mark.usefixtures("few")
def test_parity_fails_on_one_wrong_reason(scorer: TableScorer, fitted: Any, book: Book):
    cells = scorer.shapley.cells.copy()
    cells[np.argmax(scorer.tables.histogram(scorer.tables.encode(book.inputs))), 0] += 1e-8
    found = parity_gates(fitted, scorer.tables, replace(scorer.shapley, cells=cells), book)
    assert failed(found) == ["additivity", "oracle"]


@pytest.mark.usefixtures("few")
def test_parity_fails_where_missing_values_go_the_wrong_way(scorer: TableScorer, fitted: Any, book: Book):
    """Customers whose balance was never 0 have no gap in `limit`; the awkward rows do."""
    tables: Tables = scorer.tables
    last = int(tables.sizes[0]) - 1  # the code of a missing limit
    cells = tables.cells.copy()
    for at, (first, second, values) in zip(tables.offset, tables.groups(), strict=True):
        if first == 0 and second > 0:
            row = int(at) + last * values.shape[1]
            cells[row : row + values.shape[1]] += 0.01
    wrong = replace(tables, cells=cells)
    np.testing.assert_array_equal(wrong.margins(wrong.encode(book.inputs)), scorer.margins(book.raw))
    assert "margins" in failed(parity_gates(fitted, wrong, replace(scorer.shapley, tables=wrong), book))


def test_awkward_records_are_missing_in_each_input_and_equal_to_each_threshold(scorer: TableScorer, book: Book):
    tables = scorer.tables
    probes = awkward(tables, book.inputs)
    for i in range(tables.n_inputs):
        edges = tables.edges[tables.starts[i] : tables.starts[i + 1]]
        assert np.isnan(probes[i]).any()
        assert np.isin(edges, probes[i]).all()
        assert np.isin(np.nextafter(edges, np.inf), probes[i]).all()


def test_values_moved_off_single_precision_keep_their_codes(scorer: TableScorer, book: Book):
    probes = np.concatenate([book.inputs, awkward(scorer.tables, book.inputs)], axis=1)
    moved = off_single_precision(scorer.tables, probes)
    np.testing.assert_array_equal(scorer.tables.encode(moved), scorer.tables.encode(probes))
    assert (moved != probes)[~np.isnan(probes)].any()


def test_a_value_between_a_threshold_and_its_single_precision_is_moved_away_from_both(scorer: TableScorer, book: Book):
    tables, typical, tried = scorer.tables, np.nanmedian(book.inputs, axis=1), 0
    for i in range(tables.n_inputs):
        edges = tables.edges[tables.starts[i] : tables.starts[i + 1]]
        rounded = edges.astype(np.float32).astype(float)
        probes = np.repeat(typical[:, None], len(edges), axis=1)
        probes[i] = (edges + rounded) / 2
        moved = off_single_precision(tables, probes)
        np.testing.assert_array_equal(np.searchsorted(edges, moved[i]), np.searchsorted(rounded, moved[i]))
        np.testing.assert_array_equal(tables.encode(moved), tables.encode(probes))
        tried += int((edges != rounded).sum())
    assert tried
