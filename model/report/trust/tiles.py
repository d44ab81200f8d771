"""The numbers at the head of the trust page, each beside the threshold it is held against."""

from collections.abc import Sequence

import numpy as np

from model.monitoring.discrimination import gini
from model.monitoring.drift import OF_PD, Drift
from model.release.report import ReleaseReport
from model.report import numbers
from model.report.briefing import Tile
from model.report.numbers import NBSP
from model.report.release import words as release_words
from model.report.trust.words import pairs_ranked, share, span, stability_lines, three
from model.validation.result import TrustResult
from model.validation.validation import Subset, SubsetMetrics, Validation, Verdict, stability

UNSET, UNASKED = "no threshold is set", "none is asked of a band"


def trust_tiles(result: TrustResult) -> tuple[Tile, ...]:
    """The six numbers; where nothing is known of how the model was tested, four."""
    proof, chosen, found = result.proof, result.chosen, result.measured
    rows = (
        ranking_tile(proof, chosen, found),
        Tile("KS · Gini", f"{three(found.roc.ks)} · {three(gini(found.auc.value))}", notes=(UNSET,)),
        gap_tile(proof, chosen.when or proof.main, found),
        slope_tile(proof, chosen, found),
    )
    if result.report is None:
        return rows
    return (*rows, stability_tile(proof, result.drifts), gates_tile(result.report))


def ranking_tile(proof: Validation, chosen: Subset, found: SubsetMetrics) -> Tile:
    """How well it ranks, with its interval."""
    when, label = chosen.when or proof.main, "Share correctly ranked"
    value = "not known" if np.isnan(found.auc.value) else f"{pairs_ranked(found.auc)} of 100 pairs"
    bound, ends = proof.auc_bound(when), span(found.auc)
    notes = f"AUC {three(found.auc.value)}", f"95{NBSP}%: {ends}" if ends else "fewer than 30 of either"
    if np.isnan(bound) or chosen.segment:
        return Tile(label, value, notes=(*notes, UNSET if np.isnan(bound) else UNASKED))
    kept = proof.ranks(found.auc, when)
    return Tile(label, value, notes=notes, threshold=f"at least {bound:.3f}", verdict=kept)


def gap_tile(proof: Validation, when: str, found: SubsetMetrics) -> Tile:
    """What was observed less what was predicted."""
    label, value = "Observed less predicted", "not known" if np.isnan(found.gap) else numbers.points(shown_gap(found))
    notes = (f"{share(found.predicted)} predicted,", f"{share(found.observed.value)} observed")
    bound = proof.gap_bound(when)
    if np.isnan(bound) or np.isnan(found.gap):
        return Tile(label, value, notes=(*notes, UNSET))
    threshold, kept = f"at most {100 * bound:.1f} either way", proof.calibrated(found.whole, when)
    return Tile(label, value, notes=notes, threshold=threshold, verdict=kept)


def shown_gap(found: SubsetMetrics) -> float:
    """The difference of the two rates as they are shown beside it, a fraction."""
    return round(found.observed.value, 3) - round(found.predicted, 3)


def slope_tile(proof: Validation, chosen: Subset, found: SubsetMetrics) -> Tile:
    """Whether predictions spread as outcomes do."""
    label, gates = "Calibration slope", proof.contract.gates
    notes = (f"calibration error {numbers.points(found.ece).removeprefix('+')}",) if not np.isnan(found.ece) else ()
    if not proof.tested or np.isnan(found.slope):
        return Tile(label, three(found.slope), notes=(*notes, UNSET))
    if chosen.segment:
        return Tile(label, three(found.slope), notes=(*notes, UNASKED))
    kept: Verdict = "holds" if gates.slope_at_least <= found.slope <= gates.slope_at_most else "does not hold"
    threshold = f"{gates.slope_at_least:.2f} to {gates.slope_at_most:.2f}"
    return Tile(label, three(found.slope), notes=notes, threshold=threshold, verdict=kept)


def stability_tile(proof: Validation, drifts: Sequence[Drift]) -> Tile:
    """How far the score has moved since the training."""
    label, score = "Stability, PSI", next((each for each in drifts if each.index == OF_PD), None)
    if score is None:
        return Tile(label, "not known", notes=("nothing later in the book;", "hold a file against it below"))
    notes = (numbers.counted(score.n, "record"), "against the training")
    threshold, kept = stability_lines(proof.contract, score), stability(proof.contract, score)
    return Tile(label, f"{score.psi:.3f}", notes=notes, threshold=threshold, verdict=kept)


def gates_tile(report: ReleaseReport) -> Tile:
    """How many gates were passed before the release."""
    told = [release_words.verdict(gate) for gate in report.gates]
    failed, watched = told.count("failed"), told.count("watch")
    kept: Verdict = "holds" if not watched else "watch"
    if failed:
        kept = "does not hold"
    value, notes = f"{told.count('passed')} of {len(told)}", (f"{watched} to watch, {failed} failed",)
    return Tile("Gates passed", value, notes=notes, threshold="each its own, below", verdict=kept)
