"""What a release said of records it had not seen, beside what became of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from data import books
from data.books import Book
from model.engine.tables import probability
from model.monitoring.calibration import Bin
from model.monitoring.drift import OF_PD, Drift, drift
from model.monitoring.intervals import Estimate
from model.release.release import Release
from model.validation.validation import SOURCES, Subset, SubsetMetrics, Validation, moved_since, noise, stability
from tests.support import loans, proofs
from tests.support.kept import KeptReleases


@pytest.fixture(scope="module")
def own(kept: KeptReleases, tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Book]:
    home = tmp_path_factory.mktemp("loans")
    proofs.lay_down(home)
    release = kept.champion(home, loans.NAME, proofs.first)
    return release, books.read_book(loans.NAME, home)


@pytest.fixture(scope="module")
def proof(own: tuple[Release, Book]) -> Validation:
    return Validation.of(*own)


@pytest.fixture(scope="module")
def cards(release: Release, book: Book) -> Validation:
    return Validation.of(release, book)


# ---- the records ------------------------------------------------------------------------------------------------


def test_proof_holds_the_evidence_as_it_is_stored(own: tuple[Release, Book], proof: Validation) -> None:
    evidence, m = own[0].evidence, len(own[0].evidence)
    assert (proof.position[:m] == evidence.position).all()
    assert (proof.pd[:m] == evidence.pd).all()
    assert (proof.outcome == own[1].target[proof.position]).all()


def test_vintages_after_the_test_are_predicted_by_the_release_itself(
    own: tuple[Release, Book], proof: Validation
) -> None:
    release, book = own
    after = proof.source == SOURCES.index("beyond")
    assert set(proof.vintage[after]) == {2006.0}
    said = probability(release.scorer.margins(np.ascontiguousarray(book.raw[:, proof.position[after]])))
    assert np.array_equal(proof.pd[after], said)


def test_every_record_from_the_window_on_is_judged_once(own: tuple[Release, Book], proof: Validation) -> None:
    assert sorted(proof.position) == list(range(len(own[1])))


def test_main_evidence_is_later_vintages_where_there_are_any(proof: Validation, cards: Validation) -> None:
    assert (proof.main, cards.main) == ("later", "crossed")
    assert proof.whens == ("later", "crossed", "beyond", "2001", "2002", "2003", "2004", "2005", "2006")
    assert cards.whens == ("crossed",)


def test_proof_of_a_model_of_which_only_answers_are_known_is_judged_by_no_threshold(cards: Validation) -> None:
    asked = Validation.asked(cards.book, np.linspace(-3, 1, len(cards.book)))
    assert asked.main == "asked"
    row = Bin(100, 0.2, observed=0.5, low=0.4, high=0.6)
    assert asked.calibrated(row) == ""
    assert asked.ranks(Estimate(0.9, 0.8, 0.95)) == ""
    (first, *_) = asked.by_segment(cards.contract.segments[0], [str(k) for k in range(20)])
    assert first.calibrated == ""


# ---- numbers that reconcile -------------------------------------------------------------------------------------


def test_vintages_sum_to_all_records_and_tested_ones_to_the_evidence(
    own: tuple[Release, Book], proof: Validation
) -> None:
    rows = proof.by_vintage()
    assert sum(each.n for each in rows) == len(proof)
    assert sum(each.bad for each in rows) == proof.outcome.sum()
    tested = [each for each in rows if each.sources != ("beyond",)]
    assert sum(each.n for each in tested) == len(own[0].evidence)


def test_bands_of_every_segment_sum_to_the_evidence(cards: Validation, release: Release) -> None:
    for segment in cards.contract.segments:
        names = [str(k) for k in range(cards.contract.band_count(segment))]
        rows = cards.by_segment(segment, names)
        assert sum(each.n for each in rows) == len(release.evidence)
        weights = [each.n for each in rows]
        assert np.average([each.predicted for each in rows], weights=weights) == pytest.approx(
            release.evidence.pd.mean()
        )


@given(st.integers(1, 400), st.integers(0, 10**6))
def test_bins_of_any_records_sum_to_them(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pd = rng.choice([0.0, 0.05, 0.2, 1.0, *rng.random(5)], n)
    outcome = (rng.random(n) < 0.3).astype(float)
    found = SubsetMetrics.of(outcome, pd)
    assert sum(each.n for each in found.bins) == found.n == n
    assert found.gap == pytest.approx(outcome.mean() - pd.mean())


def test_nobody_has_no_figures() -> None:
    found = SubsetMetrics.of(np.empty(0), np.empty(0))
    assert found.n == 0
    assert found.bins == ()
    assert np.isnan([found.auc.value, found.ece, found.slope, found.observed.value]).all()


def test_headline_auc_is_that_of_the_stored_predictions(cards: Validation, release: Release, book: Book) -> None:
    evidence = release.evidence
    expected = roc_auc_score(book.target[evidence.position], evidence.pd)
    assert cards.measured().auc.value == pytest.approx(expected, abs=1e-12)


def test_choosing_a_band_or_a_year_measures_those_records_only(proof: Validation) -> None:
    segment = proof.contract.segments[0]
    rows = proof.by_segment(segment, ["low", "middle", "high"], "2003")
    assert proof.measured(Subset("2003", "income", 1)).n == rows[1].n
    assert proof.measured(Subset("2003")).n == (proof.book.vintages == 2003).sum()


def test_tenths_and_scores_are_of_the_chosen_records(proof: Validation) -> None:
    chosen = Subset("crossed")
    assert sum(each.n for each in proof.gains(chosen)) == proof.measured(chosen).n
    scores = proof.separation(chosen)
    assert scores.bad.sum() == pytest.approx(1)
    assert scores.good.sum() == pytest.approx(1)
    assert scores.bad_mean < scores.good_mean


# ---- verdicts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("predicted", "verdict"),
    [(0.20, "holds"), (0.215, "holds"), (0.222, "watch"), (0.19, "watch"), (0.30, "does not hold")],
)
def test_calibration_holds_in_the_interval_is_watched_within_the_bound_and_fails_beyond(
    cards: Validation, predicted: float, verdict: str
) -> None:
    gates = cards.contract.gates.model_copy(update={"ece_at_most": 0.05})
    contract = cards.contract.model_copy(update={"gates": gates})
    judged = replace(cards, book=replace(cards.book, contract=contract), _known={})
    assert judged.calibrated(Bin(1000, predicted, observed=0.205, low=0.195, high=0.216)) == verdict


def test_ranking_is_watched_where_only_its_interval_reaches_the_bound(cards: Validation) -> None:
    bound = cards.contract.gates.auc_at_least
    assert cards.ranks(Estimate(bound, bound - 0.01, bound + 0.01)) == "holds"
    assert cards.ranks(Estimate(bound - 0.005, bound - 0.01, bound + 0.001)) == "watch"
    assert cards.ranks(Estimate(bound - 0.02, bound - 0.03, bound - 0.01)) == "does not hold"


def test_later_vintages_are_held_against_the_bounds_of_later_vintages(proof: Validation) -> None:
    assert proof.auc_bound("2003") == 0.70
    assert np.isnan(proof.auc_bound("2005"))  # the contract asks nothing there
    assert proof.gap_bound("crossed") == 0.05
    assert proof.after_training("beyond")


def test_a_band_has_no_verdict_on_its_ranking(cards: Validation) -> None:
    rows = cards.by_segment(cards.contract.segments[0], [str(k) for k in range(20)])
    assert {each.ranks for each in rows} == {""}


@pytest.mark.parametrize(
    ("psi", "verdict"), [(0.0, "holds"), (0.1, "watch"), (0.25, "watch"), (0.26, "does not hold"), (np.nan, "")]
)
def test_stability_changes_at_its_lines(cards: Validation, psi: float, verdict: str) -> None:
    assert stability(cards.contract, told(0, psi)) == stability(cards.contract, told(OF_PD, psi)) == verdict


def test_score_and_inputs_are_each_held_against_their_own_bound(cards: Validation) -> None:
    gates = cards.contract.gates.model_copy(update={"psi_at_most": 0.15, "csi_at_most": 0.40})
    contract = cards.contract.model_copy(update={"gates": gates})
    assert stability(contract, told(OF_PD, 0.2)) == "does not hold"
    assert stability(contract, told(0, 0.2)) == "watch"


def told(index: int, psi: float) -> Drift:
    shares = np.full(3, 1 / 3)
    return Drift(index, psi, n=900, edges=np.arange(2.0), expected=shares, actual=shares)


# ---- misses, fairness, drift ------------------------------------------------------------------------------------


def test_misses_are_the_highest_pd_that_paid_and_the_lowest_that_defaulted(cards: Validation) -> None:
    paid, lost = cards.misses()
    assert [each.defaulted for each in (*paid, *lost)] == [False] * 10 + [True] * 10
    assert [each.pd for each in paid] == sorted(cards.pd[cards.outcome == 0])[::-1][:10]
    assert [each.pd for each in lost] == sorted(cards.pd[cards.outcome == 1])[:10]
    where = {int(each): k for k, each in enumerate(cards.book.ids)}
    assert all(cards.book.target[where[each.identifier]] == each.defaulted for each in (*paid, *lost))


def test_fairness_counts_everybody_and_suppresses_small_groups(proof: Validation) -> None:
    (sex,) = proof.contract.protected()
    groups, bins = proof.fair(sex, 510, "crossed")
    n = int((proof.source == 0).sum())
    assert sum(each.n for each in groups) == sum(each.n for each in bins) == n
    assert not any(each.suppressed for each in groups)
    some = replace(
        proof,
        **{name: getattr(proof, name)[:40] for name in ("position", "pd", "outcome", "source", "vintage")},
        _known={},
    )
    few, _ = some.fair(sex, 510, "crossed")
    assert [each.suppressed for each in few] == [each.n < 30 for each in few]
    assert any(each.suppressed for each in few)


def test_drift_is_that_of_the_chosen_records_against_the_training(own: tuple[Release, Book], proof: Validation) -> None:
    release, book = own
    late = proof.vintage == 2006
    expected = drift(release.snapshot, book.inputs[:, proof.position[late]], proof.pd[late])
    assert [each.psi for each in proof.drift(release.snapshot, "2006")] == [each.psi for each in expected]
    assert expected[0].n == late.sum()


def test_a_file_that_is_the_training_itself_has_not_moved(own: tuple[Release, Book]) -> None:
    release, book = own
    raw = np.ascontiguousarray(book.raw[:, release.window.of(book)])
    assert max(each.psi for each in moved_since(release.snapshot, release.scorer, raw)) < 1e-12
    assert np.isnan(moved_since(release.snapshot, release.scorer, raw[:, :0])[0].psi)


def test_noise_of_ten_bins_and_180_records_is_the_line_itself() -> None:
    assert noise(10, 180) == pytest.approx(0.10)
    assert np.isnan(noise(10, 0))
