"""Gates: what a figure may be, and against what it is held."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from data.books import Book
from data.contract import Contract
from model.engine.scorer import TableScorer
from model.monitoring.compared import compare
from model.monitoring.performance import Performance
from model.release import gates
from model.release.gate import Gate, in_the_way
from model.release.gates import performance_gates
from model.release.store import Release
from model.release.training import SHIPPED

GOOD = Performance(auc=0.7825, brier=0.134, log_loss=0.43, ece=0.006, slope=1.0)


def failed(found: list[Gate]) -> list[str]:
    return [gate.name for gate in found if not gate.passed]


@pytest.mark.parametrize(
    ("figure", "at_least", "passed"),
    [
        (0.5, False, True),
        (0.4, False, True),
        (0.6, False, False),
        (0.5, True, True),
        (0.6, True, True),
        (0.4, True, False),
        (float("nan"), False, False),
        (float("nan"), True, False),
        (float("inf"), False, False),
    ],
)
def test_gate_passes_on_its_bound_and_never_without_a_figure(figure: float, at_least: bool, passed: bool):
    gate = Gate("name", "Label", figure, 0.5, at_least)
    assert gate.passed is passed
    assert gate.as_dict()["passed"] is passed


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, []),
        ({"auc": 0.779}, ["auc"]),
        ({"brier": 0.1351}, ["brier"]),
        ({"ece": 0.0121}, ["ece"]),
        ({"slope": 1.3}, ["slope"]),
        ({"slope": 0.7}, ["slope_low"]),
        ({"log_loss": 0.44}, ["log_loss"]),
        ({"auc": 0.5, "brier": 0.3, "ece": 0.2}, ["auc", "brier", "ece"]),
    ],
)
def test_performance_is_held_against_the_bounds_of_the_contract(book: Book, change: dict[str, float], names: list[str]):
    assert failed(performance_gates(book.contract, {SHIPPED.label: replace(GOOD, **change)})) == names


def test_performance_of_other_variants_is_not_held_against_the_bounds(book: Book):
    found = {SHIPPED.label: GOOD, "unconstrained": Performance(0.9, 0.5, 1, 0.5, 1)}
    assert failed(performance_gates(book.contract, found)) == []


def test_watched_gate_is_told_but_stops_nothing(contract: Contract):
    (gate,) = gates.judged([Gate("impact", "Granted alike", 0.7, 0.8, at_least=True)], contract)
    assert not gate.passed
    assert gate.verdict == "watch"
    assert contract.gates.watched["impact"] in gate.note
    assert in_the_way([gate.as_dict()]) == []
    assert [each["name"] for each in in_the_way([replace(gate, stops=True).as_dict()])] == ["impact"]


def test_deployed_model_keeps_every_direction_whatever_the_other_inputs_are(contract: Contract, scorer: TableScorer):
    (gate,) = gates.monotone_gates(contract, scorer.tables)
    assert gate.passed


@pytest.mark.parametrize("k", [0, 1, 4, 10])
def test_turning_one_promise_round_is_caught(contract: Contract, scorer: TableScorer, k: int):
    own = contract.inputs[k]
    turned = own.model_copy(update={"direction": -own.direction})
    other = contract.model_copy(update={"inputs": (*contract.inputs[:k], turned, *contract.inputs[k + 1 :])})
    (gate,) = gates.monotone_gates(other, scorer.tables)
    assert not gate.passed
    assert gate.note == f"{own.label}."


def test_worst_step_is_that_of_the_score_itself(contract: Contract, scorer: TableScorer, book: Book):
    """Turned round, the gate's figure is at least any step that the score makes between neighbouring values."""
    k = [each.name for each in contract.inputs].index("late_worst")
    turned = contract.inputs[k].model_copy(update={"direction": -1})
    other = contract.model_copy(update={"inputs": (*contract.inputs[:k], turned, *contract.inputs[k + 1 :])})
    (gate,) = gates.monotone_gates(other, scorer.tables)
    inputs = np.repeat(book.inputs[:, :2000], 2, axis=1)
    inputs[k, ::2], inputs[k, 1::2] = 1, 2
    margins = scorer.tables.margins(scorer.tables.encode(inputs))
    assert 0 < (margins[1::2] - margins[::2]).max() <= gate.figure + 1e-12


def test_model_beside_itself_is_no_worse(contract: Contract, book: Book, release: Release):
    own = release.evidence
    measures = compare(book.target[own.position], own.pd, own.pd)
    assert failed(gates.champion_gates(contract, "itself", measures, len(own))) == []


def test_noisier_model_is_worse_than_the_champion(contract: Contract, book: Book, release: Release):
    own, rng = release.evidence, np.random.default_rng(0)
    noisy = 1 / (1 + np.exp(-(np.log(own.pd / (1 - own.pd)) + rng.normal(0, 0.7, len(own)))))
    measures = compare(book.target[own.position], noisy, own.pd)
    found = gates.champion_gates(contract, "champion", measures, len(own))
    assert {"worse_auc", "worse_brier", "worse_log_loss"} <= set(failed(found))
    assert "of champion on 30,000 records" in found[0].note


def test_every_customer_of_the_cards_is_evidence_once(book: Book, release: Release):
    np.testing.assert_array_equal(np.sort(release.evidence.position), np.arange(len(book)))
    assert len(release.evidence.of("later")) == 0
    assert np.corrcoef(release.evidence.pd, book.target)[0, 1] > 0.3


def test_shipped_release_says_of_every_gate_what_was_measured_and_asked(release: Release):
    named: dict[str, Any] = {gate["name"]: gate for gate in release.report["gates"]}
    assert {
        "contract",
        "auc",
        "brier",
        "log_loss",
        "ece",
        "slope",
        "too_good",
        "single",
        "duplicates",
        "monotone",
    } <= set(named)
    assert {"impact", "row", "size", "allowed", "lock", "margins", "additivity", "oracle", "shap"} <= set(named)
    assert in_the_way(release.report["gates"]) == []
    assert named["impact"]["verdict"] == "watch"
