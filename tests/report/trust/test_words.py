"""Sentences of the trust page: every verdict beside its threshold, every number the one on the screen."""

from dataclasses import replace

import numpy as np
import pytest

from data.books import Book
from data.contract import Contract
from model.monitoring.calibration import Bin
from model.monitoring.drift import Drift
from model.monitoring.fairness import groups
from model.monitoring.intervals import Estimate
from model.monitoring.measures import Compared
from model.release.gate import Gate
from model.release.release import Release
from model.release.report import ChampionReport
from model.release.window import Window
from model.report.numbers import MINUS, NBSP
from model.report.policy import words as policy_words
from model.report.release.words import champion_rows, gate_rows, subject
from model.report.trust import words
from model.validation.backtests import RecalibrationBacktest, Shifted, Sides
from model.validation.validation import Miss, Subset, Validation

MAIN = Subset()


@pytest.fixture(scope="module")
def proof(release: Release, book: Book) -> Validation:
    return Validation.of(release, book)


def moved(index: int, psi: float, n: int = 5000) -> Drift:
    shares = np.full(11, 0.1)
    return Drift(index, psi, n=n, edges=np.arange(9.0), expected=shares, actual=shares)


def test_first_sentence_tells_ranking_agreement_and_how_much_there_is_to_know(
    proof: Validation, release: Release
) -> None:
    found = proof.measured()
    things = words.things_to_know(proof, release.report)
    told = words.trust_verdict(proof, MAIN, found, things)
    ends = f"{found.auc.low:.3f}–{found.auc.high:.3f}"
    assert f"AUC {found.auc.value:.3f}, 95\N{NO-BREAK SPACE}%: {ends}) on records it was not fitted" in told
    assert "predicted and observed agree within half a point" in told
    assert f"; {words.COUNTS[len(things)]} to know before relying on it." in told


def test_sentence_of_one_band_names_it(proof: Validation) -> None:
    segment = proof.contract.segments[0]
    chosen = Subset("", segment.name, 0)
    assert f"({segment.label}: below" in words.trust_verdict(proof, chosen, proof.measured(chosen), [])


def test_gates_that_were_missed_are_among_the_things_to_know(proof: Validation, release: Release) -> None:
    missed = [gate for gate in release.report.gates if not gate.passed]
    told = words.things_to_know(proof, release.report)
    assert [each for each in told if each.startswith("a gate is")] != [] or not missed
    assert all(f"{gate.bound:.2f}" in " ".join(told) for gate in missed)


def test_figures_of_fairness_are_told_to_whoever_may_see_them(proof: Validation, release: Release) -> None:
    kept = Gate(
        "impact",
        "Granted alike: ratio",
        figure=0.71,
        bound=0.8,
        at_least=True,
        kind="fairness",
        stops=False,
        note="Schooling.",
    )
    report = replace(release.report, gates=(kept,))
    assert any("0.71 (at least 0.80)" in each for each in words.things_to_know(proof, report))
    assert not any("0.71" in each for each in words.things_to_know(proof, report, protected=False))
    (shown,) = gate_rows(report, protected=False)
    assert "0.71" not in " ".join(shown)
    assert "Schooling" not in " ".join(shown)


def test_a_book_of_one_point_in_time_says_that_years_cannot_be_tested(proof: Validation) -> None:
    assert any("how it keeps in other years cannot be tested" in each for each in words.things_to_know(proof, None))


@pytest.mark.parametrize(
    ("bins", "told"),
    [
        ([Bin(10, 0.1, observed=0.1, low=0.0, high=0.3)], "In 1 group by risk"),
        (
            [Bin(10, 0.1, observed=0.1, low=0.0, high=0.3), Bin(10, 0.5, observed=0.7, low=0.6, high=0.8)],
            f"was predicted, more were observed: 70.0{NBSP}%",
        ),
        ([Bin(10, 0.5, observed=0.3, low=0.2, high=0.4)], "fewer were observed: 30.0"),
    ],
)
def test_reliability_is_told_by_its_widest_miss(bins: list[Bin], told: str) -> None:
    assert told in words.reliability_headline(bins)


def test_drift_is_told_with_n_and_the_line(contract: Contract) -> None:
    still = [moved(-1, 0.02), moved(0, 0.05)]
    assert words.drift_headline(contract, still, "a file") == "No input has moved by 0.10 or more: a file, n = 5,000"
    label = contract.inputs[1].label
    told = words.drift_headline(contract, [moved(0, 0.12), moved(1, 0.40)], "a file")
    assert told.startswith("2 of 2 inputs have moved by 0.10 or more, most ")
    assert f"{label[1:]} (0.40)" in told


def test_drift_of_few_records_is_within_chance(contract: Contract) -> None:
    assert words.drift_verdict(contract, moved(0, 0.30, 50)) == "within chance"
    assert "Too few" in words.noise_words(50)
    assert "Too few" not in words.noise_words(5000)


def test_bins_of_an_input_are_told_by_its_codes_or_edges(contract: Contract) -> None:
    found = moved(-1, 0.0)
    labels = words.bin_labels(None, found)
    assert len(labels) == len(found.edges) + 2
    assert labels[-1] == "missing"
    each = contract.inputs[0].model_copy(update={"codes": {0: "none", 1: "some"}})
    two = Drift(0, 0.0, n=9, edges=np.array([0.0]), expected=np.array([0.5, 0.5, 0]), actual=np.array([0.5, 0.5, 0]))
    assert words.bin_labels(each, two) == ["none", "some", "missing"]


def test_two_releases_are_compared_on_later_years_only() -> None:
    found = Sides(
        (), 900, since=2006.0, auc=Estimate(0.012, 0.004, 0.020), champion=0.18, challenger=0.22, observed=0.25
    )
    told = words.sides_headline(found, ("release a", "release b"))
    assert told.startswith("From 2006 on, after the training of both, release b ranks better (+0.012 of AUC")
    assert "is closer to what was observed" in told
    nobody = Sides(
        (), 0, since=np.nan, auc=Estimate(np.nan, np.nan, np.nan), champion=np.nan, challenger=np.nan, observed=np.nan
    )
    assert "no vintage came after the training of both" in words.sides_headline(nobody, ("release a", "release b"))


@pytest.mark.parametrize(("champion", "challenger", "observed"), [(0.19601, 0.19602, 0.376), (0.18, 0.22, 0.20)])
def test_releases_that_miss_by_as_much_as_is_shown_are_as_far_from_what_was_observed(
    champion: float, challenger: float, observed: float
) -> None:
    found = Sides(
        (), 900, since=2006.0, auc=Estimate(0.0, 0.0, 0.0), champion=champion, challenger=challenger, observed=observed
    )
    told = words.sides_headline(found, ("release a", "release b"))
    assert f"is as far from what was observed: {100 * champion:.1f}" in told
    assert "ranks neither better nor worse" in told


def test_figures_of_two_releases_and_their_difference_add_up_as_shown(release: Release) -> None:
    measures = (
        Compared("auc", 0.78124, champion=0.77996, difference=0.00128, low=0.0004, high=0.002),
        Compared("slope", 0.97904, champion=1.05196, difference=-0.031, low=-0.05, high=-0.01),
        Compared("brier", 0.13004, champion=0.13006, difference=-2e-5, low=-1e-4, high=1e-4),
    )
    beside = ChampionReport("aa", 9000, measures=measures)
    auc, slope, brier = champion_rows(replace(release.report, champion=beside))
    assert auc[1:3] == ("0.7812", "0.7800")
    assert auc[3].startswith("+0.0012 (")
    assert slope[1:3] == ("0.9790, 0.0210 from 1", "1.0520, 0.0520 from 1")
    assert slope[3:] == (f"{MINUS}0.0310 ({MINUS}0.0500 to {MINUS}0.0100)", "better")
    assert brier[1:3] == ("0.1300", "0.1301")
    assert brier[3].startswith(f"{MINUS}0.0001 (")


def test_bands_that_the_chart_leaves_out_are_named(proof: Validation) -> None:
    segment = proof.contract.segments[0]
    rows = list(proof.by_segment(segment, ["a"] * proof.contract.band_count(segment), proof.main))
    assert "Not drawn" not in words.bands_note(proof, rows)
    few = replace(rows[0], name="not stated", n=1)
    assert words.bands_note(proof, [few, *rows]).startswith("Not drawn, of fewer than 30: not stated. ")


def test_recalibration_is_told_as_a_factor_on_the_odds() -> None:
    later = (Shifted(2007, 100, before=0.1, after=0.18, observed=Estimate(0.2, 0.13, 0.29)),)
    told = words.recalibration_headline(RecalibrationBacktest(2006, float(np.log(2)), later))
    assert "multiplied by 2.00 (+0.693 in log-odds)" in told
    assert "missed by 2.0 points on average instead of 10.0" in told
    assert "no shift to make" in words.recalibration_headline(RecalibrationBacktest(2006, np.nan, ()))


def test_command_names_the_windows() -> None:
    told = words.train_command("loans", Window(2000, 2005), Window(2007, 2007))
    assert told == (
        "python -m model train --book loans --since 2000 --until 2005 --recalibrate-since 2007 --recalibrate-until 2007"
    )
    assert words.train_command("loans", Window(None, 2005)) == "python -m model train --book loans --until 2005"


@pytest.mark.parametrize(("least", "told"), [(0.80, "at least 0.80 (four fifths)"), (0.70, "at least 0.70")])
def test_ratio_asked_of_groups_is_the_contracts(contract: Contract, least: float, told: str) -> None:
    own = contract.model_copy(update={"gates": contract.gates.model_copy(update={"impact_at_least": least})})
    assert f"{told} is asked" in words.fair_note(own, 520)
    found = groups(np.arange(200) % 4 < 2, np.ones(200, bool), np.arange(200) % 2, ("one", "two"))
    assert policy_words.fairness_headline(own.protected()[0], found, found, least).endswith(f"not below {least:.2f}")


def test_misses_are_told_to_be_no_mistake_by_themselves(proof: Validation) -> None:
    told = words.misses_note(proof, proof.measured())
    assert "A miss is no mistake by itself" in told
    assert "one expects 12 to miss next month's payment and 88 not to" in told
    assert words.miss_loss(proof.contract, Miss(1, 0.1, defaulted=True, loss=np.nan, own_loss=np.nan)) == ""
    assert words.miss_loss(proof.contract, Miss(1, 0.1, defaulted=True, loss=5000.0, own_loss=1.0)) == f"NT${NBSP}5,000"


def test_gates_are_counted(release: Release) -> None:
    told = words.gates_headline(release.report)
    passed = sum(gate.passed for gate in release.report.gates)
    assert told.startswith(f"{passed} of {len(release.report.gates)} gates were passed")
    assert words.champion_headline(replace(release.report, champion=None)) == ""


def test_champion_that_nothing_could_be_compared_with_is_told_with_the_reason(release: Release) -> None:
    why = "Its contract reads other fields."
    report = replace(release.report, champion=ChampionReport("ab", why_not=why))
    assert words.champion_headline(report) == f"Not compared with release ab, the champion then. {why[:-1]}"
    assert champion_rows(report) == []


def test_gate_whose_figure_is_not_known_is_told_as_that(proof: Validation, release: Release) -> None:
    report = replace(
        release.report, gates=(Gate("later_auc", "Ranks later", figure=np.nan, bound=0.7, at_least=True, kind="later"),)
    )
    assert any("not known (at least 0.700)" in each for each in words.things_to_know(proof, report))
    assert gate_rows(report)[0][1] == "not known"


def test_method_claims_out_of_sample_only_where_it_is_known(proof: Validation) -> None:
    asked = Validation.asked(proof.book, np.linspace(-3, 1, len(proof.book)))
    assert "had not been fitted to it" in words.trust_method(proof)
    assert "mean of the folds' AUCs" in words.trust_method(proof)
    assert "mean of the folds' AUCs" not in words.trust_method(asked)
    assert "had not been fitted to it" not in words.trust_method(asked)
    assert "no claim is made" in words.trust_method(asked)


def test_report_made_before_the_gates_on_leaks_of_outcomes_is_shown_as_it_is(release: Release) -> None:
    new = {"ordered", "shuffled"}
    gates = release.report.gates
    assert new < {gate.name for gate in gates}
    assert {subject(gate) for gate in gates if gate.name in new} == {
        "inputs in the order of the outcomes",
        "AUC on shuffled outcomes",
    }
    older = replace(release.report, gates=tuple(gate for gate in gates if gate.name not in new))
    assert len(gate_rows(older)) == len(gate_rows(release.report)) - 2
    assert f"of {len(gates) - 2} gates" in words.gates_headline(older)
