"""Gates: what a figure may be, and against what it is held."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from model.engine.scorer import TableScorer
from model.monitoring.measures import Compared, Performance
from model.monitoring.paired import compare
from model.release import checks
from model.release.checks import performance_gates
from model.release.evidence import Evidence
from model.release.gate import Gate
from model.release.promotion import blocking_gates
from model.release.release import Release

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
    gate = Gate("name", "Label", figure=figure, bound=0.5, at_least=at_least)
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
    found = replace(GOOD, **change)
    assert failed(performance_gates(book.contract, found, found)) == names


def test_ranking_and_calibration_may_be_judged_on_different_records(book: Book):
    elsewhere = Performance(0.5, 0.5, log_loss=1, ece=0.5, slope=1)
    found = performance_gates(book.contract, GOOD, elsewhere, "In 2008.")
    assert failed(found) == ["brier", "ece", "log_loss"]
    assert {gate.note for gate in found if gate.name != "auc"} == {"In 2008."}


def test_watched_gate_is_told_but_stops_nothing(contract: Contract):
    (gate,) = checks.judged([Gate("impact", "Granted alike", figure=0.7, bound=0.8, at_least=True)], contract)
    assert not gate.passed
    assert gate.verdict == "watch"
    assert contract.gates.watched["impact"] in gate.note
    assert blocking_gates([gate]) == []
    assert [each.name for each in blocking_gates([replace(gate, stops=True)])] == ["impact"]


def test_deployed_model_keeps_every_direction_whatever_the_other_inputs_are(contract: Contract, scorer: TableScorer):
    (gate,) = checks.monotone_gates(contract, scorer.tables)
    assert gate.passed


@pytest.mark.parametrize("k", [0, 1, 4, 10])
def test_turning_one_promise_round_is_caught(contract: Contract, scorer: TableScorer, k: int):
    own = contract.inputs[k]
    turned = own.model_copy(update={"direction": -own.direction})
    other = contract.model_copy(update={"inputs": (*contract.inputs[:k], turned, *contract.inputs[k + 1 :])})
    (gate,) = checks.monotone_gates(other, scorer.tables)
    assert not gate.passed
    assert gate.note == f"{own.label}."


def test_worst_step_is_that_of_the_score_itself(contract: Contract, scorer: TableScorer, book: Book):
    """Turned round, the gate's figure is at least any step that the score makes between neighbouring values."""
    k = [each.name for each in contract.inputs].index("late_worst")
    turned = contract.inputs[k].model_copy(update={"direction": -1})
    other = contract.model_copy(update={"inputs": (*contract.inputs[:k], turned, *contract.inputs[k + 1 :])})
    (gate,) = checks.monotone_gates(other, scorer.tables)
    inputs = np.repeat(book.inputs[:, :2000], 2, axis=1)
    inputs[k, ::2], inputs[k, 1::2] = 1, 2
    margins = scorer.tables.margins(scorer.tables.encode(inputs))
    assert 0 < (margins[1::2] - margins[::2]).max() <= gate.figure + 1e-12


def test_model_beside_itself_is_no_worse(contract: Contract, book: Book, release: Release):
    own = release.evidence
    measures = compare(book.target[own.position], own.pd, own.pd)
    assert failed(checks.champion_gates(contract, "itself", measures, len(own))) == []


def blurred(own: Evidence, by: float) -> Array:
    """What a model says whose log-odds stray from the champion's by chance, with this standard deviation."""
    return expit(logit(own.pd) + np.random.default_rng(1).normal(0, by, len(own)))


def test_noisier_model_is_worse_than_the_champion(contract: Contract, book: Book, release: Release):
    own = release.evidence
    measures = compare(book.target[own.position], blurred(own, 0.7), own.pd)
    found = checks.champion_gates(contract, "champion", measures, len(own))
    assert {"worse_auc", "worse_brier", "worse_log_loss"} <= set(failed(found))
    assert "of champion on 30,000 records" in found[0].note


@pytest.mark.parametrize(
    ("name", "difference", "low", "high", "verdict"),
    [
        # 0.005 of AUC is allowed; a difference above 0 favours the candidate
        ("auc", -0.002, -0.004, 0.000, "passed"),
        ("auc", -0.004, -0.006, -0.002, "failed"),  # told well enough: it may be worse by 0.006
        ("auc", -0.004, -0.008, 0.000, "failed"),  # 0.004 either way is less than is allowed
        ("auc", -0.004, -0.020, 0.012, "watch"),
        ("auc", 0.010, -0.010, 0.030, "watch"),
        ("auc", 0.030, 0.000, 0.060, "passed"),
        ("auc", -0.006, -0.022, 0.010, "failed"),  # what is seen is itself beyond what is allowed
        ("auc", np.nan, np.nan, np.nan, "failed"),
        # 0.002 of the Brier score; a difference below 0 favours the candidate
        ("brier", 0.001, 0.000, 0.002, "passed"),
        ("brier", 0.001, -0.001, 0.003, "failed"),
        ("brier", 0.001, -0.004, 0.006, "watch"),
        ("brier", 0.003, -0.002, 0.008, "failed"),
    ],
)
def test_candidate_is_no_worse_than_the_champion_within_what_is_allowed_or_it_cannot_be_told(
    contract: Contract, name: str, difference: float, low: float, high: float, verdict: str
):
    (gate,) = checks.champion_gates(
        contract, "champion", [Compared(name, 0.7, champion=0.7, difference=difference, low=low, high=high)], 300
    )
    assert gate.verdict == verdict
    assert (blocking_gates([gate]) != []) is (verdict == "failed")
    bound = {"auc": "0.005", "brier": "0.002"}[name]
    untold = f" Cannot be told with n = 300: chance alone is larger than the {bound} allowed."
    assert gate.note.endswith(untold) is (verdict == "watch")


def test_model_that_is_a_little_worse_still_fails_on_all_the_cards(contract: Contract, book: Book, release: Release):
    own = release.evidence
    measures = compare(book.target[own.position], blurred(own, 0.25), own.pd)
    found = checks.champion_gates(contract, "champion", measures, len(own))
    assert measures[0].difference == pytest.approx(-0.005, abs=1e-4)  # at most that much worse, as far as can be seen
    assert {"worse_auc", "worse_log_loss"} <= {each.name for each in blocking_gates(found)}


@pytest.mark.parametrize("by", [0.1, 0.2, 0.4, 0.8])
def test_all_the_cards_are_enough_to_tell_every_measure(contract: Contract, book: Book, release: Release, by: float):
    own = release.evidence
    measures = compare(book.target[own.position], blurred(own, by), own.pd)
    found = checks.champion_gates(contract, "champion", measures, len(own))
    assert {gate.verdict for gate in found} <= {"passed", "failed"}


def test_every_customer_of_the_cards_is_evidence_once(book: Book, release: Release):
    np.testing.assert_array_equal(np.sort(release.evidence.position), np.arange(len(book)))
    assert len(release.evidence.of("later")) == 0
    assert np.corrcoef(release.evidence.pd, book.target)[0, 1] > 0.3


def test_shipped_release_says_of_every_gate_what_was_measured_and_asked(release: Release):
    named = {gate.name: gate for gate in release.report.gates}
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
    assert blocking_gates(release.report.gates) == []
    assert named["impact"].verdict == "watch"
