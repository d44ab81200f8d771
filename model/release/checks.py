"""The gates of a candidate, parity apart: what the contract asks of a model before it may be promoted.

Each reads one thing and has one threshold, so that a fault shows in its own gate: whether the model was fitted to what
the contract derives, how well it ranks and how truly it speaks, alone and beside the champion on the same records,
whether that holds in later vintages, whether the world or the data have moved, whether an input knows too much, whether
directions are kept, how the contract's cut-off falls on groups, what a row costs, how large it is, what the file holds,
and whether the libraries are those of the lock file.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from math import ceil, isnan

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract, read_contract
from model.engine.scorer import TableScorer
from model.engine.tables import Tables
from model.finance.scorecard import Scale, reaches
from model.monitoring.discrimination import auc_by_chance, single_input_auc
from model.monitoring.drift import OF_PD, Drift
from model.monitoring.fairness import SMALLEST, smallest_ratio
from model.monitoring.intervals import Estimate
from model.monitoring.measures import Compared, Performance
from model.release.evidence import Evidence
from model.release.gate import BY_CHANCE, Gate, PairedOn
from model.release.training import fingerprints, folds, rows
from model.release.window import Window

EXACT_DIRECTION = 1e-9  # log-odds: sums of the same leaves in another order
STRONGEST = 5  # inputs named where a model knows too much
TIMED = 200  # single rows, of which the median counts
ONCE_IN_A_THOUSAND = 3.09 / 1.96  # of files chance reaches so much further from one half than in 95 of 100
WHERE = {
    "crossed": "in cross-validation of both",
    "later": "of vintages later than both",
    "unseen": "of the book that neither was fitted to",
    "outcomes": "of the stream that the champion had not seen, nor the candidate's folds",
}
WORSE = {
    "auc": "ranks worse",
    "brier": "errs more",
    "log_loss": "is more surprised",
    "ece": "is less calibrated",
    "slope": "is further from a slope of 1",
}


def judged(gates: Sequence[Gate], contract: Contract) -> list[Gate]:
    """The same gates; those that the contract only watches stop nothing, and say why."""
    watched = contract.gates.watched
    return [
        replace(each, stops=False, note=f"{each.note} {watched[each.name]}".strip()) if each.name in watched else each
        for each in gates
    ]


# ---- the contract ---------------------------------------------------------------------------------------------------


def contract_gates(part: Book, fitted: Sequence[str], tables: Tables) -> list[Gate]:
    """Whether the model was fitted to what the contract, read anew, derives, input by input and in its order.

    ``part`` is the book's part in the window, ``fitted`` the fingerprints of the columns the model was fitted to, which
    it carries in its file.
    """
    names = [each.name for each in part.contract.inputs]
    own = fingerprints(rows(read_contract(part.contract.text).derive(part.raw)))
    off = [name for name, a, b in zip(names, own, fitted, strict=False) if a != b]
    wrong = len(off) + abs(len(own) - len(fitted)) + abs(tables.n_inputs - len(names))
    note = f"Not the contract's: {', '.join(off)}." if off else ""
    return [
        Gate(
            "contract",
            "Fitted to the contract's inputs: inputs that differ",
            figure=wrong,
            bound=0,
            kind="contract",
            note=note,
        )
    ]


# ---- performance ----------------------------------------------------------------------------------------------------


def performance_gates(contract: Contract, ranked: Performance, said: Performance, where: str = "") -> list[Gate]:
    """Performance against the contract's thresholds: how the model ranked in cross-validation, and how truly it
    ``said`` what happens, measured on the same records unless ``where`` says otherwise."""
    bounds = contract.gates
    gates = [
        Gate("auc", "Ranks well: AUC", figure=ranked.auc, bound=bounds.auc_at_least, at_least=True),
        Gate("brier", "Small errors: Brier score", figure=said.brier, bound=bounds.brier_at_most, note=where),
        Gate("ece", "Says what happens: calibration error", figure=said.ece, bound=bounds.ece_at_most, note=where),
        Gate("slope", "Not timid: calibration slope", figure=said.slope, bound=bounds.slope_at_most, note=where),
        Gate(
            "slope_low",
            "Not overconfident: calibration slope",
            figure=said.slope,
            bound=bounds.slope_at_least,
            at_least=True,
            note=where,
        ),
    ]
    if bounds.log_loss_at_most is not None:
        gates.append(
            Gate(
                "log_loss", "Little surprise: log-loss", figure=said.log_loss, bound=bounds.log_loss_at_most, note=where
            )
        )
    return gates


def told_from_noise(gates: Sequence[Gate], part: Book) -> list[Gate]:
    """The same gates of a model fitted to ``part``; that on its AUC asks for more than chance reaches on so many
    records once in a thousand files, whatever the contract asks, and says so where that is more, or where the model
    does not."""
    by_chance = auc_by_chance(float(part.target.sum()), len(part))
    return [_told_from_noise(each, by_chance, len(part)) if each.name == "auc" else each for each in gates]


def _told_from_noise(gate: Gate, by_chance: Estimate, n: int) -> Gate:
    if isnan(by_chance.high):
        return gate
    most, notes = 0.5 + ONCE_IN_A_THOUSAND * (by_chance.high - 0.5), [gate.note]
    most = ceil(most * 1e4) / 1e4
    if gate.figure < most:
        notes.append(
            f"{BY_CHANCE}, which ranks {n:,} such records from {by_chance.low:.3f} to {by_chance.high:.3f} "
            f"(95 %), and once in a thousand files at {most:.3f}: nothing in these inputs is seen to tell the outcomes "
            "apart. Bring others, or more records; a lower bound would promote noise."
        )
    if most > gate.bound:
        notes.append(f"The contract asks for {gate.bound:g}; of {n:,} records chance alone reaches more.")
    return replace(gate, bound=max(gate.bound, most), note=" ".join(filter(None, notes)))


def champion_gates(
    contract: Contract, champion: str, compared: Sequence[Compared], n: int, kind: PairedOn = "crossed"
) -> list[Gate]:
    """Whether the candidate is no worse than the ``champion`` by more than the contract allows, on the ``n`` records
    both were judged on: the unfavourable end of the 95 % interval of the paired difference.

    Where that end lies further from the difference than the contract allows, records are too few to tell: not even a
    candidate without any difference could show that it is no worse. If the difference seen is then within what is
    allowed, the gate is to watch; if it is beyond, the gate fails. AUC, 0.005 allowed: −0.002 (−0.004 to 0.000) passes,
    −0.004 (−0.006 to −0.002) fails, −0.004 (−0.020 to 0.012) is to watch, −0.006 (−0.022 to 0.010) fails.
    """
    bounds = contract.gates
    most = {
        "auc": bounds.worse_auc_at_most,
        "brier": bounds.worse_brier_at_most,
        "log_loss": bounds.worse_log_loss_at_most,
        "ece": bounds.worse_ece_at_most,
        "slope": bounds.worse_slope_at_most,
    }
    gates = []
    for each in compared:
        worst = -each.low if each.name == "auc" else each.high
        note = f"{each.candidate:.4f} against {each.champion:.4f} of {champion} on {n:,} records {WHERE[kind]}; "
        note += "distances from 1 differ by " if each.name == "slope" else "difference "
        low, high = (round(end, 4) + 0.0 for end in (each.low, each.high))  # + 0.0 turns -0.0 into 0.0
        note += f"{low:+.4f} to {high:+.4f}.".replace("-", "\N{MINUS SIGN}")
        label = f"At worst {WORSE[each.name]} than the champion by"
        seen, bound = -each.difference if each.name == "auc" else each.difference, most[each.name]
        untold = worst > bound >= seen and worst - seen > bound
        if untold:
            note += f" Cannot be told with n = {n:,}: chance alone is larger than the {bound:g} allowed."
        gates.append(
            Gate(f"worse_{each.name}", label, figure=worst, bound=bound, kind="champion", stops=not untold, note=note)
        )
    return gates


def later_gates(
    contract: Contract, span: Window | None, found: Performance | None = None, gap: float = np.nan
) -> list[Gate]:
    """Out of time: how the model ranks in the later vintages ``span``, and by how much its mean PD misses what was
    observed there, ``gap`` a signed fraction. What the contract asks and no vintage can tell is not kept."""
    bounds, gates = contract.gates, list[Gate]()
    note = "" if found is not None else "No later vintage with both outcomes is left to measure it on."
    if bounds.later_auc_at_least is not None:
        label = f"Ranks in later vintages{f', {span}' if span else ''}: AUC"
        area = np.nan if found is None else found.auc
        gates.append(
            Gate(
                "later_auc", label, figure=area, bound=bounds.later_auc_at_least, at_least=True, kind="later", note=note
            )
        )
    if bounds.later_gap_at_most is not None:
        label = f"Says what happens in {span or 'later vintages'}: mean PD off by"
        gates.append(Gate("later_gap", label, figure=abs(gap), bound=bounds.later_gap_at_most, kind="later", note=note))
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
        gates.append(
            Gate(f"psi{suffix}", label, figure=score[0].psi, bound=bounds.psi_at_most, kind="stability", note=note)
        )
    if inputs:
        worst = max(inputs, key=lambda each: each.psi)
        note = f"{contract.inputs[worst.index].label}; {worst.n:,} records."
        label = f"Inputs distributed as {than}: CSI"
        gates.append(
            Gate(f"csi{suffix}", label, figure=worst.psi, bound=bounds.csi_at_most, kind="stability", note=note)
        )
    return gates


# ---- leakage --------------------------------------------------------------------------------------------------------


def leakage_gates(part: Book, crossed_auc: float) -> list[Gate]:
    """Whether the model, or one input alone, knows more than can be known, and whether a record lies in two folds."""
    contract, bounds = part.contract, part.contract.gates
    alone = single_input_auc(part.target, part.inputs)
    k = int(np.argmax(alone))
    share = duplicated(part, folds(part))
    too_good = Gate(
        "too_good", "Not better than can be: AUC", figure=crossed_auc, bound=bounds.auc_at_most, kind="leakage"
    )
    single = Gate(
        "single",
        "No input knows the outcome: AUC of the strongest alone",
        figure=float(alone[k]),
        bound=bounds.single_auc_at_most,
        kind="leakage",
        note=f"{contract.inputs[k].label}.",
    )
    said = _strongest(contract, alone)
    return [
        *(each if each.passed else replace(each, note=said) for each in (too_good, single)),
        Gate(
            "duplicates",
            "Records of which a copy, outcome and all, lies in another fold: share",
            figure=share,
            bound=bounds.duplicates_at_most,
            kind="leakage",
        ),
    ]


def _strongest(contract: Contract, alone: Array) -> str:
    """The inputs that rank best by themselves, and what to do where a model knows too much."""
    ranked = np.argsort(-alone, kind="stable")[:STRONGEST].tolist()
    told = ", ".join(f"{contract.inputs[k].label} {alone[k]:.3f}" for k in ranked)
    return (
        f"Strongest inputs alone, by AUC: {told}. Ask of each, from the top, whether it was known when the loan "
        "was granted. One that was not is of the role post-outcome in the contract, and no input; then train again."
    )


def duplicated(part: Book, fold: NDArray[np.int64]) -> float:
    """The share of records of which a copy, every field and the outcome alike, lies in another ``fold`` (n,), so that
    cross-validation had met it before; a fraction."""
    if not len(part):
        return 0.0
    rows_ = np.ascontiguousarray(np.vstack([part.raw, part.target]).T)
    keys = rows_.view(np.dtype((np.void, rows_.dtype.itemsize * rows_.shape[1]))).ravel()
    kinds, which = np.unique(keys, return_inverse=True)
    first, last = np.full(len(kinds), fold.max()), np.zeros(len(kinds), np.int64)
    np.minimum.at(first, which, fold)
    np.maximum.at(last, which, fold)
    return float((first != last)[which].mean())


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
    return [Gate("monotone", label, figure=off, bound=EXACT_DIRECTION, kind="monotone", note=note)]


# ---- fairness -------------------------------------------------------------------------------------------------------


def fairness_gates(book: Book, evidence: Evidence) -> list[Gate]:
    """The smallest adverse impact ratio, a monitoring metric, of any protected attribute's groups at the contract's
    cut-off; none where nothing protected is known or there are no two groups to compare."""
    contract = book.contract
    granted = reaches(scores(contract, evidence.pd), contract.score.cutoff)
    lowest, where = np.inf, ""
    for field in contract.protected():
        group, names = contract.groups(field, book.observed[field.name][evidence.position])
        sizes = np.bincount(group, minlength=len(names))
        if (sizes >= SMALLEST).sum() < 2:
            continue
        selected = np.bincount(group[granted], minlength=len(names)).astype(np.float64)[:, None]
        ratio = float(smallest_ratio(selected, sizes)[0])
        if not ratio >= lowest:  # nor where nobody at all is granted
            lowest, where = ratio, field.label
    if not where:
        return []
    note = f"{where}. Nobody reaches the cut-off. " if np.isnan(lowest) else f"{where}. "
    note += f"Groups of fewer than {SMALLEST} are left out. A monitoring metric, not a legal finding."
    # a ratio of 0.80 but for the last bit is not below it
    return [
        Gate(
            "impact",
            "Decided alike: smallest approval ratio of a group",
            figure=round(lowest, 9),
            bound=contract.gates.impact_at_least,
            at_least=True,
            kind="fairness",
            note=note,
        )
    ]


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
        Gate("row", "One record with its reasons: ms of CPU", figure=ms, bound=bounds.row_ms_at_most, kind="speed"),
        Gate("size", "Size of the release: MB", figure=size / 1e6, bound=bounds.size_mb_at_most, kind="size"),
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
        Gate(
            "allowed",
            "Types in the model file beyond the allow-list",
            figure=len(untrusted),
            bound=0,
            kind="trust",
            note=note,
        )
    ]


def lock_gates(off: Sequence[str]) -> list[Gate]:
    """Whether the libraries that made the tables are those of the lock file."""
    note = f"{'; '.join(off)}." if off else ""
    return [Gate("lock", "Libraries that are not the lock file's", figure=len(off), bound=0, kind="lock", note=note)]
