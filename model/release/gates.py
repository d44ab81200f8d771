"""The gates of a candidate, parity apart: what the contract asks of a model before it may be promoted.

Each reads one thing and has one threshold, so that a fault shows in its own gate: whether the model was fitted to what
the contract derives, how well it ranks and how truly it speaks, alone and beside the champion on the same records,
whether that holds in later vintages, whether the world or the data have moved, whether an input knows too much, whether
directions are kept, how the contract's cut-off falls on groups, what a row costs, how large it is, what the file holds,
and whether the libraries are those of the lock file.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from data.books import Book
from data.contract import Contract
from data.formulas import Array
from model.engine.scorer import TableScorer
from model.engine.tables import Tables
from model.finance.scorecard import Scale
from model.monitoring.compared import Compared
from model.monitoring.discrimination import single_input_auc
from model.monitoring.drift import OF_PD, Drift
from model.monitoring.fairness import SMALLEST, smallest_ratio
from model.monitoring.performance import Performance
from model.release.evidence import Evidence
from model.release.gate import Gate
from model.release.training import SHIPPED, fingerprints, rows

EXACT_DIRECTION = 1e-9  # log-odds: sums of the same leaves in another order
TIMED = 200  # single rows, of which the median counts
MEASURES = ("auc", "brier", "log_loss", "ece", "slope")
WORSE = {"auc": "ranks worse", "brier": "errs more", "log_loss": "is more surprised", "ece": "is less calibrated",
         "slope": "is further from a slope of 1"}  # fmt: skip


def judged(gates: Sequence[Gate], contract: Contract) -> list[Gate]:
    """The same gates; those that the contract only watches stop nothing, and say why."""
    watched = contract.gates.watched
    return [
        replace(each, stops=False, note=f"{each.note} {watched[each.name]}".strip()) if each.name in watched else each
        for each in gates
    ]


# ---- the contract ---------------------------------------------------------------------------------------------------


def contract_gates(part: Book, fitted: Sequence[str], tables: Tables) -> list[Gate]:
    """Whether the model was fitted to what the contract derives, input by input and in its order.

    ``part`` is the book's part in the window, ``fitted`` the fingerprints of the columns it was fitted to.
    """
    names = [each.name for each in part.contract.inputs]
    own = fingerprints(rows(part.contract.derive(part.raw)))
    off = [name for name, a, b in zip(names, own, fitted, strict=False) if a != b]
    wrong = len(off) + abs(len(own) - len(fitted)) + abs(tables.n_inputs - len(names))
    note = f"Not the contract's: {', '.join(off)}." if off else ""
    return [
        Gate("contract", "Fitted to the contract's inputs: inputs that differ", wrong, 0, kind="contract", note=note)
    ]


# ---- performance ----------------------------------------------------------------------------------------------------


def performance_gates(contract: Contract, found: Mapping[str, Performance]) -> list[Gate]:
    """The shipped variant's cross-validated performance against the contract's thresholds."""
    bounds, shipped = contract.gates, found[SHIPPED.label]
    gates = [
        Gate("auc", "Ranks well: AUC", shipped.auc, bounds.auc_at_least, at_least=True),
        Gate("brier", "Small errors: Brier score", shipped.brier, bounds.brier_at_most),
        Gate("ece", "Says what happens: calibration error", shipped.ece, bounds.ece_at_most),
        Gate("slope", "Not timid: calibration slope", shipped.slope, bounds.slope_at_most),
        Gate("slope_low", "Not overconfident: calibration slope", shipped.slope, bounds.slope_at_least, at_least=True),
    ]
    if bounds.log_loss_at_most is not None:
        gates.append(Gate("log_loss", "Little surprise: log-loss", shipped.log_loss, bounds.log_loss_at_most))
    return gates


def champion_gates(contract: Contract, champion: str, compared: Sequence[Compared], n: int) -> list[Gate]:
    """Whether the candidate may be worse than the ``champion``, on the ``n`` records both were judged on: the
    unfavourable end of the 95 % interval of the paired difference."""
    bounds = contract.gates
    most = {
        "auc": bounds.worse_auc_at_most, "brier": bounds.worse_brier_at_most, "log_loss": bounds.worse_log_loss_at_most,
        "ece": bounds.worse_ece_at_most, "slope": bounds.worse_slope_at_most,
    }  # fmt: skip
    gates = []
    for each in compared:
        worst = -each.low if each.name == "auc" else each.high
        note = f"{each.candidate:.4f} against {each.champion:.4f} of {champion} on {n:,} records; "
        note += f"difference {each.low:+.4f} to {each.high:+.4f}.".replace("-", "\N{MINUS SIGN}")
        label = f"At worst {WORSE[each.name]} than the champion by"
        gates.append(Gate(f"worse_{each.name}", label, worst, most[each.name], kind="champion", note=note))
    return gates


def later_gates(contract: Contract, span: str, found: Performance, gap: float) -> list[Gate]:
    """Out of time: how the model ranks in the later vintages ``span``, and by how much its mean PD misses what was
    observed there, ``gap`` a signed fraction."""
    bounds, gates = contract.gates, list[Gate]()
    if bounds.later_auc_at_least is not None:
        label = f"Ranks in later vintages, {span}: AUC"
        gates.append(Gate("later_auc", label, found.auc, bounds.later_auc_at_least, at_least=True, kind="later"))
    if bounds.later_gap_at_most is not None:
        label = f"Says what happens in {span}: mean PD off by"
        gates.append(Gate("later_gap", label, abs(gap), bounds.later_gap_at_most, kind="later"))
    return gates


# ---- stability ------------------------------------------------------------------------------------------------------


def stability_gates(contract: Contract, drifts: Sequence[Drift], than: str, suffix: str = "") -> list[Gate]:
    """How far score and inputs have moved against ``than``: PSI of the score, the largest CSI of an input."""
    bounds = contract.gates
    score = [each for each in drifts if each.index == OF_PD]
    inputs = [each for each in drifts if each.index != OF_PD]
    gates = []
    if score:
        note = f"{score[0].n:,} records."
        label = f"Score distributed as {than}: PSI"
        gates.append(Gate(f"psi{suffix}", label, score[0].psi, bounds.psi_at_most, kind="stability", note=note))
    if inputs:
        worst = max(inputs, key=lambda each: each.psi)
        note, label = (
            f"{contract.inputs[worst.index].label}; {worst.n:,} records.",
            f"Inputs distributed as {than}: CSI",
        )
        gates.append(Gate(f"csi{suffix}", label, worst.psi, bounds.csi_at_most, kind="stability", note=note))
    return gates


# ---- leakage --------------------------------------------------------------------------------------------------------


def leakage_gates(part: Book, crossed_auc: float, seed: int) -> list[Gate]:
    """Whether the model, or one input alone, knows more than can be known, and whether a record lies in two folds."""
    contract, bounds = part.contract, part.contract.gates
    alone = single_input_auc(part.target, part.inputs)
    k = int(np.argmax(alone))
    share = duplicated(part)
    return [
        Gate("too_good", "Not better than can be: AUC", crossed_auc, bounds.auc_at_most, kind="leakage"),
        Gate(
            "single", "No input knows the outcome: AUC of the strongest alone", float(alone[k]),
            bounds.single_auc_at_most, kind="leakage", note=f"{contract.inputs[k].label}.",
        ),
        Gate(
            "duplicates", "Records that stand in two folds, outcome and all: share", share, bounds.duplicates_at_most,
            kind="leakage",
        ),
    ]  # fmt: skip


def duplicated(part: Book) -> float:
    """The share of records that repeat another one, every field and the outcome alike, so that cross-validation could
    have met them before; a fraction."""
    if not len(part):
        return 0.0
    rows_ = np.ascontiguousarray(np.vstack([part.raw, part.target]).T)
    keys = rows_.view(np.dtype((np.void, rows_.dtype.itemsize * rows_.shape[1]))).ravel()
    return 1 - len(np.unique(keys)) / len(part)


# ---- directions -----------------------------------------------------------------------------------------------------


def monotone_gates(contract: Contract, tables: Tables) -> list[Gate]:
    """Whether the score keeps every direction that the contract promises, whatever the other inputs are.

    A tree whose paths test different pairs spreads its step over several tables, so no table need keep a direction by
    itself. Each has another partner, all free: the worst step of the score is the sum of the tables' worst steps.
    """
    off, where = 0.0, ""
    for k, each in enumerate(contract.inputs):
        if not each.direction:
            continue
        known = int(tables.sizes[k]) - 1  # the last code is the missing value
        worst = np.zeros(max(known - 1, 0))
        for i, j, cells in tables.groups():
            if k in (i, j):
                along = cells[:known] if k == i else cells[:, :known].T
                steps = -each.direction * np.diff(along, axis=0)
                worst += steps if steps.ndim == 1 else steps.max(1)
        if worst.max(initial=0.0) > off:
            off, where = float(worst.max()), each.label
    label, note = "Directions are kept: largest step the wrong way", f"{where}." if off > EXACT_DIRECTION else ""
    return [Gate("monotone", label, off, EXACT_DIRECTION, kind="monotone", note=note)]


# ---- fairness -------------------------------------------------------------------------------------------------------


def fairness_gates(book: Book, evidence: Evidence, granted: NDArray[np.bool_] | None = None) -> list[Gate]:
    """The smallest adverse impact ratio, a monitoring metric, of any protected attribute's groups at the contract's
    cut-off, or of whoever is ``granted`` (m,) among the evidence; none where nothing protected is known."""
    contract = book.contract
    if granted is None:
        granted = scores(contract, evidence.pd) >= contract.score.cutoff
    lowest, where = np.inf, ""
    for field in contract.protected():
        group, names = contract.groups(field, book.observed[field.name][evidence.position])
        sizes = np.bincount(group, minlength=len(names))
        selected = np.bincount(group[granted], minlength=len(names)).astype(np.float64)[:, None]
        ratio = float(smallest_ratio(selected, sizes)[0])
        if ratio < lowest:
            lowest, where = ratio, field.label
    if not where:
        return []
    note = f"{where}. Groups of fewer than {SMALLEST} are left out. A monitoring metric, not a legal finding."
    # a ratio of 0.80 but for the last bit is not below it
    return [
        Gate(
            "impact", "Granted alike: smallest approval ratio of a group", round(lowest, 9),
            contract.gates.impact_at_least, at_least=True, kind="fairness", note=note,
        )
    ]  # fmt: skip


def scores(contract: Contract, pd: Array) -> Array:
    """Score points of probabilities (n,)."""
    own = contract.score
    with np.errstate(divide="ignore"):
        odds = np.log(pd) - np.log1p(-pd)
    return np.asarray(Scale(own.base_score, own.base_odds, own.points_to_double).score(odds))


# ---- what it costs to run, and what it is made of -------------------------------------------------------------------


def running_gates(scorer: TableScorer, book: Book, size: int) -> list[Gate]:
    """CPU of one row scored with its reasons, and the size of the release's files in bytes."""
    bounds = book.contract.gates
    ms = 1000 * row_seconds(scorer, book.raw)
    return [
        Gate("row", "One record with its reasons: ms of CPU", ms, bounds.row_ms_at_most, kind="speed"),
        Gate("size", "Size of the release: MB", size / 1e6, bounds.size_mb_at_most, kind="size"),
    ]


def row_seconds(scorer: TableScorer, raw: Array) -> float:
    """The median CPU time of one record, from raw fields to margin and reasons."""
    took = []
    for k in np.linspace(0, raw.shape[1] - 1, TIMED).astype(int):
        record = np.ascontiguousarray(raw[:, k : k + 1])
        start = time.thread_time()
        scorer.margins(record)
        scorer.reasons(record)
        took.append(time.thread_time() - start)
    return float(np.median(took))


def trust_gates(untrusted: Sequence[str]) -> list[Gate]:
    """Whether the model file holds only types of the allow-list."""
    note = f"Not allowed: {', '.join(sorted(untrusted))}." if untrusted else ""
    return [
        Gate("allowed", "Types in the model file beyond the allow-list", len(untrusted), 0, kind="trust", note=note)
    ]


def lock_gates(off: Sequence[str]) -> list[Gate]:
    """Whether the libraries that made the tables are those of the lock file."""
    note = f"{'; '.join(off)}." if off else ""
    return [Gate("lock", "Libraries that are not the lock file's", len(off), 0, kind="lock", note=note)]
