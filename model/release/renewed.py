"""From the latest outcomes of a stream to a release of the book that it is deployed on: the same model, fitted anew.

What it had not seen are the records of the book that are not in the window, which are its evidence, and the folds of
the window that it was crossed on. Where a contract asks for a test out of time, the earlier part of the window is
fitted to and the latest outcomes are tested on.
"""

from dataclasses import replace

import numpy as np

from data.books import Book
from data.contract import Contract
from model.engine.tables import probability
from model.monitoring.drift import snapshot_of
from model.monitoring.performance import measure
from model.release import checks, training
from model.release.build import Against, DraftRelease, compiled, manifest_of, no_champion, packed_arrays
from model.release.comparison import Candidate
from model.release.evidence import gathered
from model.release.gate import Gate
from model.release.outcome_window import WINDOW_FILE, OutcomeWindow, records_among
from model.release.report import ReleaseReport
from model.release.shuffled import shuffled_gates
from model.release.training import Progress, one_thread, part, rows, silent
from model.release.variants import SHIPPED
from model.release.window import Window

LATEST = 0.2  # the share of a window that a test out of time is on


def renew(
    book: Book, window: OutcomeWindow, beside: Against = no_champion, progress: Progress = silent
) -> DraftRelease:
    """Fit the book's model to a window of outcomes, test and gate it; ``beside`` holds it against the champion. On one
    thread, since a stream may be going on beside it.

    Raises
    ------
    ParityError
        If the tables do not equal the model: then there is no release.
    BadInput
        If the window holds too little to learn from.
    """
    own, contract = window.within(book), book.contract
    progress("Training the model", 0.01)
    model = training.fit(own)
    built = compiled(book, own, model, progress)
    tables = built.scorer.tables
    crossed = training.cross_validate(own, (SHIPPED,), part(progress, 0.38, 0.84), at_once=1)
    shipped = crossed.found[SHIPPED.label]
    leaks = shuffled_gates(book, own, part(progress, 0.84, 0.92), at_once=1)
    progress("Holding it against the gates", 0.92)
    unseen = np.flatnonzero(~records_among(book.raw, own.raw))
    evidence = gathered({"unseen": (unseen, probability(built.margins[unseen]))})
    pd = probability(tables.margins(tables.encode(own.inputs)))
    files = built.files(book, evidence, snapshot_of(own.inputs, pd))
    files[WINDOW_FILE] = packed_arrays(window.arrays())
    compared = beside(book, own, Candidate(evidence, pd, 0.0, crossed=crossed.predicted))
    found: list[Gate] = [
        *checks.contract_gates(own, model.fitted_to_, tables),
        *checks.told_from_noise(checks.performance_gates(contract, shipped, shipped), own),
        *checks.leakage_gates(own, shipped.auc),
        *leaks,
        *checks.monotone_gates(contract, tables),
        *checks.fairness_gates(book, evidence),
        *built.running(book, files),
        *_latest_gates(own),
        *compared.gates,
    ]
    report = ReleaseReport(
        tuple(checks.judged(found, contract)),
        crossed.found,
        folds=contract.training.folds,
        window=Window(),
        champion=compared.champion,
    )
    files["gates.json"] = report.to_json()
    manifest = manifest_of(book, own, built.scorer, Window())
    manifest.pop("sample_of", None)  # it is the stream's records that it was fitted to, whatever is held of the book
    return DraftRelease(files, {**manifest, "outcomes": window.as_dict()}, built.scorer)


def _latest_gates(own: Book) -> list[Gate]:
    """What a contract asks of later vintages, asked of the latest outcomes by a fit to those before them."""
    if not _asked(own.contract):
        return []
    end = round(len(own) * (1 - LATEST))
    before, after = own.part(np.arange(end)), own.part(np.arange(end, len(own)))
    told = f"Fitted to the first {end:,} outcomes of the window, tested on the {len(after):,} after them."
    if not 0 < after.target.sum() < len(after):
        gates = checks.later_gates(own.contract, None)
    else:
        with one_thread():
            said = training.classifier(before).fit(rows(before.inputs), before.target).predict_proba(rows(after.inputs))
        gap = float(after.target.mean() - said[:, 1].mean())
        gates = checks.later_gates(own.contract, None, measure(after.target, said[:, 1]), gap)
    return [replace(each, note=f"{told} {each.note}".strip()) for each in gates]


def _asked(contract: Contract) -> bool:
    bounds = contract.gates
    return bounds.later_auc_at_least is not None or bounds.later_gap_at_most is not None
