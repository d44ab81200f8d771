"""The numbers at the head of the trust page: each beside the threshold it is held against."""

from dataclasses import replace

import numpy as np
import pytest

from data.books import Book
from model.monitoring.intervals import Estimate
from model.release.release import Release
from model.report.numbers import NBSP
from model.report.trust.tiles import gap_tile, trust_tiles
from model.validation.result import TrustResult
from model.validation.validation import Subset, Validation


@pytest.fixture(scope="module")
def proof(release: Release, book: Book) -> Validation:
    return Validation.of(release, book)


@pytest.fixture(scope="module")
def result(proof: Validation, release: Release) -> TrustResult:
    return TrustResult(proof, release=release)


def test_no_tile_has_a_verdict_without_its_threshold(result: TrustResult) -> None:
    found = trust_tiles(result)
    assert len(found) == 6
    assert all(bool(each.threshold) == bool(each.verdict) for each in found)
    assert found[0].threshold == f"at least {result.proof.contract.gates.auc_at_least:.3f}"


@pytest.mark.parametrize("k", [0, 3])
def test_of_a_band_neither_auc_nor_slope_is_asked(result: TrustResult, k: int) -> None:
    chosen = Subset("", result.proof.contract.segments[0].name, 0)
    tile = trust_tiles(replace(result, chosen=chosen))[k]
    assert tile.label == ("Share correctly ranked", "Calibration slope")[k > 0]
    assert (tile.threshold, tile.verdict) == ("", "")
    assert tile.notes[-1] == "none is asked of a band"


def test_without_a_report_there_are_four_tiles_and_no_verdict(proof: Validation) -> None:
    asked = Validation.asked(proof.book, np.linspace(-3, 1, len(proof.book)))
    found = trust_tiles(TrustResult(asked))
    assert len(found) == 4
    assert {each.verdict for each in found} == {""}


def test_gap_tile_tells_what_the_two_rates_differ_by(result: TrustResult) -> None:
    tile = trust_tiles(result)[2]
    assert tile.value == f"0.0{NBSP}points"
    assert tile.notes == (f"22.1{NBSP}% predicted,", f"22.1{NBSP}% observed")


def test_observed_less_predicted_is_the_difference_of_the_rates_shown_beside_it(proof: Validation) -> None:
    found = replace(proof.measured(), predicted=0.22149, observed=Estimate(0.22251, 0.218, 0.227))
    assert found.gap == pytest.approx(0.00102)
    tile = gap_tile(proof, proof.main, found)
    assert tile.label == "Observed less predicted"
    assert tile.notes == (f"22.1{NBSP}% predicted,", f"22.3{NBSP}% observed")
    assert tile.value == f"+0.2{NBSP}points"


def test_gates_are_counted_as_the_report_has_them(result: TrustResult, release: Release) -> None:
    gates = release.report.gates
    tile = trust_tiles(result)[-1]
    assert tile.value == f"{sum(gate.passed for gate in gates)} of {len(gates)}"
    failed = tuple(replace(gate, figure=0.5, stops=True) if gate.name == "auc" else gate for gate in gates)
    own = replace(result, release=replace(release, report=replace(release.report, gates=failed)))
    assert trust_tiles(own)[-1].verdict == "does not hold"
