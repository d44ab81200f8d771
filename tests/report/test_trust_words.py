"""Sentences of the trust page: every verdict beside its threshold, every number the one on the screen."""

from types import MappingProxyType

import numpy as np
import pytest

from data.books import Book
from data.contract import Contract
from model.monitoring.calibration import Bin
from model.monitoring.drift import Drift
from model.monitoring.fairness import groups
from model.monitoring.intervals import Estimate
from model.release.store import Release
from model.release.window import Window
from model.report import trust_words as words
from model.report.numbers import NBSP
from model.report.release_words import gate_rows
from model.whatif.backtested import Recalibration, Shifted, Sides
from model.whatif.trusted import Chosen, Miss, Proof

MAIN = Chosen()


@pytest.fixture(scope="module")
def proof(release: Release, book: Book) -> Proof:
    return Proof.of(release, book)


def moved(index: int, psi: float, n: int = 5000) -> Drift:
    shares = np.full(11, 0.1)
    return Drift(index, psi, n, np.arange(9.0), shares, shares)


def test_first_sentence_tells_ranking_agreement_and_how_much_there_is_to_know(proof: Proof, release: Release) -> None:
    found = proof.measured()
    things = words.things_to_know(proof, release.report)
    told = words.verdict(proof, MAIN, found, things)
    assert (
        f"AUC of {found.auc.value:.3f} ({found.auc.low:.3f}–{found.auc.high:.3f}) on records it was not fitted" in told
    )
    assert "predicted and observed agree within half a point" in told
    assert f"; {words.COUNTS[len(things)]} to know before relying on it." in told


def test_sentence_of_one_band_names_it(proof: Proof) -> None:
    segment = proof.contract.segments[0]
    chosen = Chosen("", segment.name, 0)
    assert f"({segment.label}: below" in words.verdict(proof, chosen, proof.measured(chosen), [])


def test_gates_that_were_missed_are_among_the_things_to_know(proof: Proof, release: Release) -> None:
    missed = [gate for gate in release.report["gates"] if not gate["passed"]]
    told = words.things_to_know(proof, release.report)
    assert [each for each in told if each.startswith("a gate is")] != [] or not missed
    assert all(f"{gate['bound']:.4f}" in " ".join(told) for gate in missed)


def test_figures_of_fairness_are_told_to_whoever_may_see_them(proof: Proof) -> None:
    gate = {"name": "impact", "label": "Granted alike: ratio", "kind": "fairness", "figure": 0.71, "bound": 0.8,
            "at_least": True, "passed": False, "stops": False, "note": "Schooling."}  # fmt: skip
    report = {"gates": [gate]}
    assert any("0.7100 (at least 0.8000)" in each for each in words.things_to_know(proof, report))
    assert not any("0.71" in each for each in words.things_to_know(proof, report, protected=False))
    (shown,) = gate_rows(report, protected=False)
    assert "0.71" not in " ".join(shown)
    assert "Schooling" not in " ".join(shown)


def test_a_book_of_one_point_in_time_says_that_years_cannot_be_tested(proof: Proof) -> None:
    assert any("how it keeps in other years cannot be tested" in each for each in words.things_to_know(proof, {}))


def test_no_tile_has_a_verdict_without_its_threshold(proof: Proof, release: Release) -> None:
    tiles = words.tiles(proof, MAIN, proof.measured(), release.report)
    assert len(tiles) == 6
    assert all(bool(each.threshold) == bool(each.verdict) for each in tiles)
    assert tiles[0].threshold == f"at least {proof.contract.gates.auc_at_least:.3f}"


def test_without_a_report_there_are_four_tiles_and_no_verdict(proof: Proof) -> None:
    asked = Proof.asked(proof.book, np.linspace(-3, 1, len(proof.book)))
    tiles = words.tiles(asked, MAIN, asked.measured(), {})
    assert len(tiles) == 4
    assert {each.verdict for each in tiles} == {""}


def test_gap_tile_tells_what_the_two_rates_differ_by(proof: Proof, release: Release) -> None:
    tile = words.tiles(proof, MAIN, proof.measured(), release.report)[2]
    assert tile.value == f"0.0{NBSP}points"
    assert tile.notes == (f"22.1{NBSP}% predicted,", f"22.1{NBSP}% observed")


@pytest.mark.parametrize(
    ("bins", "told"),
    [
        ([Bin(10, 0.1, 0.1, 0.0, 0.3)], "In all 1 groups by risk"),
        ([Bin(10, 0.1, 0.1, 0.0, 0.3), Bin(10, 0.5, 0.7, 0.6, 0.8)], f"was predicted, more defaulted: 70.0{NBSP}%"),
        ([Bin(10, 0.5, 0.3, 0.2, 0.4)], "fewer defaulted: 30.0"),
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


def test_drift_table_starts_with_the_score_and_gives_threshold_and_verdict(contract: Contract) -> None:
    rows = words.drift_rows(contract, [moved(0, 0.12), moved(1, 0.40), moved(-1, 0.01)])
    assert [row[0] for row in rows] == ["Score (PD)", contract.inputs[1].label, contract.inputs[0].label]
    assert [row[4] for row in rows] == ["✓ holds", "✗ does not hold", "◐ watch"]
    assert {row[3] for row in rows} == {"below 0.10, at most 0.25"}


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
    two = Drift(0, 0.0, 9, np.array([0.0]), np.array([0.5, 0.5, 0]), np.array([0.5, 0.5, 0]))
    assert words.bin_labels(each, two) == ["none", "some", "missing"]


def test_two_releases_are_compared_on_later_years_only() -> None:
    found = Sides((), 900, 2006.0, Estimate(0.012, 0.004, 0.020), 0.18, 0.22, 0.25)
    told = words.sides_headline(found, ("release a", "release b"))
    assert told.startswith("From 2006 on, after the training of both, release b ranks better (+0.012 of AUC")
    assert "is closer to what was observed" in told
    nobody = Sides((), 0, np.nan, Estimate(np.nan, np.nan, np.nan), np.nan, np.nan, np.nan)
    assert "no vintage came after the training of both" in words.sides_headline(nobody, ("release a", "release b"))


def test_recalibration_is_told_as_a_factor_on_the_odds() -> None:
    later = (Shifted(2007, 100, 0.1, 0.18, Estimate(0.2, 0.13, 0.29)),)
    told = words.recalibration_headline(Recalibration(2006, float(np.log(2)), later))
    assert "multiplied by 2.00 (+0.693 in log-odds)" in told
    assert "missed by 2.0 points on average instead of 10.0" in told
    assert "no shift to make" in words.recalibration_headline(Recalibration(2006, np.nan, ()))


def test_command_names_the_windows() -> None:
    told = words.train_command("loans", Window(2000, 2005), Window(2007, 2007))
    assert told == (
        "python -m model train --book loans --since 2000 --until 2005 --recalibrate-since 2007 --recalibrate-until 2007"
    )
    assert words.train_command("loans", Window(None, 2005)) == "python -m model train --book loans --until 2005"


def test_small_groups_are_suppressed_in_every_column(contract: Contract) -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], [100, 100, 12])
    selected, good = rng.random(212) < 0.6, rng.random(212) < 0.8
    found = groups(selected, good, group, ("one", "two", "few"))
    bins = [Bin(each.n, 0.2, 0.2, 0.1, 0.3) for each in found]
    rows = words.fair_rows(contract, found, bins)
    assert [row["Group"] for row in rows] == ["one", "two", "few"]
    assert set(list(rows[2].values())[2:]) == {"suppressed"}
    assert "suppressed" not in rows[0].values()
    assert "not legal findings" in words.fair_note(contract, 520)


def test_misses_are_told_to_be_no_mistake_by_themselves(proof: Proof) -> None:
    told = words.misses_note(proof, proof.measured())
    assert "A miss is no mistake by itself" in told
    assert "12 default and 88 do not" in told
    assert words.miss_loss(proof.contract, Miss(1, 0.1, True, np.nan, np.nan)) == ""
    assert words.miss_loss(proof.contract, Miss(1, 0.1, True, 5000.0, 1.0)) == f"NT${NBSP}5,000"


def test_gates_are_counted(release: Release) -> None:
    told = words.gates_headline(release.report)
    passed = sum(gate["passed"] for gate in release.report["gates"])
    assert told.startswith(f"{passed} of {len(release.report['gates'])} gates were passed")
    assert words.champion_headline(MappingProxyType({"champion": None})) == ""


def test_method_claims_out_of_sample_only_where_it_is_known(proof: Proof) -> None:
    asked = Proof.asked(proof.book, np.linspace(-3, 1, len(proof.book)))
    assert "had not been fitted to it" in words.method(proof)
    assert "had not been fitted to it" not in words.method(asked)
    assert "no claim is made" in words.method(asked)
