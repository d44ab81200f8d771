"""From a book to the files of a release: fitted in its window, recalibrated if asked, tested, gated."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from data.arrays import AnyArray, Array
from data.books import Book
from data.json_types import JsonObject
from model.engine.compilers.gradient_boosting import compile_model
from model.engine.scorer import TableScorer
from model.engine.shapley import against
from model.engine.tables import probability
from model.engine.territory import Territory, extent, survey
from model.errors import ParityError
from model.monitoring.calibration import recalibrated
from model.monitoring.drift import Snapshot, drift, snapshot_of
from model.monitoring.measures import Performance
from model.monitoring.performance import measure
from model.release import checks, origin, training
from model.release.comparison import Candidate, ChampionComparison
from model.release.evidence import Evidence, gathered
from model.release.gate import Gate, told
from model.release.parity import parity_gates
from model.release.report import LaterReport, Recalibration, ReleaseReport
from model.release.shuffled import shuffled_gates
from model.release.training import Progress, part, silent
from model.release.variants import SHIPPED, VARIANTS
from model.release.window import TrainingWindows, Window, covered, later, outcomes

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

GOLDEN_ROWS = 1000
BACKGROUND = "the average customer of the book"
TRUSTED = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)
"""The only type beyond skops' own list that a model file may hold. Nothing is ever added from the file itself."""


@dataclass(frozen=True, eq=False)
class DraftRelease:
    """A release before it has a name: its ``files``, the ``manifest`` without them, and the scorer."""

    files: dict[str, bytes]
    manifest: JsonObject
    scorer: TableScorer


Against = Callable[[Book, Book, Candidate], ChampionComparison]
"""Given a book, its part in the window and the candidate fitted to that: the candidate beside the champion."""


def no_champion(_book: Book, _own: Book, _candidate: Candidate) -> ChampionComparison:
    """A candidate where there is no champion."""
    return ChampionComparison()


def fitted(book: Book, how: TrainingWindows) -> tuple["HistGradientBoostingClassifier", Book, float]:
    """The model fitted to its window, recalibrated; the part of the book it was fitted to; the shift in log-odds.

    Raises
    ------
    BadInput
        If a window cannot be, or holds too little to learn from.
    """
    chosen = how.window.of(book)
    name, whole = book.contract.book.name, len(chosen) == len(book)
    outcomes(book, chosen, f"The book {name}" if whole else f"The window {how.window} of {name}")
    own = book if whole else book.part(chosen)
    again = None if how.recalibrated is None else how.recalibrated.of(book)
    if again is not None:
        outcomes(book, again, f"The window {how.recalibrated} to recalibrate on")
    model = training.fit(own)
    return model, own, 0.0 if again is None else training.recalibrate(model, book.part(again))


def make(book: Book, how: TrainingWindows, beside: Against = no_champion, progress: Progress = silent) -> DraftRelease:
    """Fit, test and gate; ``beside`` holds what is made against the champion.

    Raises
    ------
    ParityError
        If the tables do not equal the model: then there is no release.
    BadInput
        If a window cannot be.
    ContractError
        If the contract asks for a test on vintages that the book does not have.
    """
    covered(book)
    progress("Training the model", 0.01)
    model, own, shift = fitted(book, how)
    contract = book.contract
    built = compiled(book, own, model, progress)
    margins = built.margins
    tested = _tested(book, own, how=how, pd=probability(margins), shift=shift, progress=part(progress, 0.38, 0.90))
    evidence = tested.evidence
    leaks = shuffled_gates(book, own, part(progress, 0.90, 0.94))
    progress("Holding it against the gates", 0.94)
    crossed, shipped = evidence.of("crossed"), tested.crossed[SHIPPED.label]
    snapshot = snapshot_of(own.inputs, probability(margins)[how.window.of(book)])
    files = built.files(book, evidence, snapshot)
    found: list[Gate] = [
        *checks.contract_gates(own, model.fitted_to_, built.scorer.tables),
        *checks.told_from_noise(checks.performance_gates(contract, shipped, *_calibrated(tested)), own),
        *checks.leakage_gates(own, shipped.auc),
        *leaks,
        *checks.monotone_gates(contract, built.scorer.tables),
        *checks.fairness_gates(book, crossed),
        *built.running(book, files),
    ]
    after_training: LaterReport | None = None
    if tested.later is None:
        found += checks.later_gates(contract, tested.span)
    else:
        after = evidence.of("later")
        predicted, observed = float(after.pd.mean()), float(book.target[after.position].mean())
        found += checks.later_gates(contract, tested.span, tested.later[SHIPPED.label], observed - predicted)
        moved = drift(snapshot, book.inputs[:, after.position], after.pd)
        found += checks.stability_gates(contract, moved, f"in {how.window}, {tested.span}")
        after_training = LaterReport(
            tested.span, len(after), predicted=predicted, observed=observed, variants=tested.later
        )
    compared = beside(book, own, Candidate(evidence, probability(margins[how.window.of(book)]), shift))
    found += compared.gates
    again = None if how.recalibrated is None else Recalibration(how.recalibrated, shift)
    report = ReleaseReport(
        tuple(checks.judged(found, contract)),
        tested.crossed,
        folds=contract.training.folds,
        window=how.window,
        recalibrated=again,
        later=after_training,
        champion=compared.champion,
    )
    files["gates.json"] = report.to_json()
    return DraftRelease(files, manifest_of(book, own, built.scorer, how.window, again), built.scorer)


@dataclass(frozen=True, eq=False)
class CompiledModel:
    """A fitted ``model`` as the ``scorer`` of its tables, held against it in ``parity``; ``margins`` (n,) of every
    record of the book, log-odds; ``content`` the model's file."""

    model: "HistGradientBoostingClassifier"
    scorer: TableScorer
    parity: tuple[Gate, ...]
    margins: Array
    content: bytes

    def files(self, book: Book, evidence: Evidence, snapshot: Snapshot) -> dict[str, bytes]:
        """The files of a release, its report and manifest apart."""
        tables, shapley = self.scorer.tables, self.scorer.shapley
        return {
            "model.skops": self.content,
            "tables.npz": packed_arrays({**tables.arrays(), "shapley": shapley.cells, "base": np.array(shapley.base)}),
            "golden.npz": packed_arrays(_golden(self.scorer, book)),
            "territory.npz": packed_arrays(self.scorer.territory.arrays()),
            "outcomes.npz": packed_arrays(evidence.arrays()),
            "snapshot.npz": packed_arrays(snapshot.arrays()),
            "contract.toml": book.contract.text,
        }

    def running(self, book: Book, files: Mapping[str, bytes]) -> list[Gate]:
        """The gates on what it costs to run, and on what it is made of; parity last."""
        import skops.io

        return [
            *checks.running_gates(self.scorer, book, sum(map(len, files.values()))),
            *checks.trust_gates(sorted(set(skops.io.get_untrusted_types(data=self.content)) - set(TRUSTED))),
            *checks.lock_gates(origin.off_lock()),
            *self.parity,
        ]


def compiled(
    book: Book, own: Book, model: "HistGradientBoostingClassifier", progress: Progress = silent
) -> CompiledModel:
    """A model fitted to ``own`` as tables for the ``book`` it is to be deployed on.

    Raises
    ------
    ParityError
        If the tables do not equal the model: then there is no release.
    """
    import skops.io

    progress("Turning it into tables", 0.15)
    tables = compile_model(model)
    codes = tables.encode(book.inputs)
    shapley = against(tables, codes, BACKGROUND.replace("customer", book.contract.book.record))
    parity = parity_gates(model, tables, shapley=shapley, book=book, progress=part(progress, 0.16, 0.36))
    failed = [gate for gate in parity if not gate.passed]
    if failed:
        raise ParityError("No release: " + "; ".join(told(gate) for gate in failed) + ".")
    progress("Surveying what the model has seen", 0.36)
    scorer = TableScorer(book.contract, tables, shapley, _surveyed(book, own))
    return CompiledModel(model, scorer, tuple(parity), tables.margins(codes), skops.io.dumps(model))


def manifest_of(
    book: Book, own: Book, scorer: TableScorer, window: Window, again: Recalibration | None = None
) -> JsonObject:
    """The manifest of a release fitted to ``own``, its name and files apart."""
    return {
        "book": book.contract.book.name,
        **origin.origin(book),
        "rows": len(own),
        **({"sample_of": book.count} if book.sampled else {}),
        "window": window.as_dict(),
        "recalibrated": None if again is None else again.as_dict(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "background": scorer.shapley.background,
    }


def _surveyed(book: Book, own: Book) -> Territory:
    """What the model has seen: the records of its window; of fields that no input reads, such as the vintage, all."""
    found = survey(own.inputs, own.contract.without_special(own.raw), book.contract.training.seed)
    unread = sorted(set(range(len(book.contract.record))) - frozenset().union(*book.contract.reads))
    if unread:
        found.low[unread], found.high[unread] = extent(book.contract.without_special(book.raw)[unread])
    return found


@dataclass(frozen=True, eq=False)
class _Tested:
    """Performance by variant in cross-validation and, where there are ``later`` vintages (the ``span``) of both
    outcomes, on those; the evidence; whether the intercept was ``shifted``."""

    crossed: dict[str, Performance]
    later: dict[str, Performance] | None
    span: Window | None
    evidence: Evidence
    shifted: bool


def _tested(book: Book, own: Book, how: TrainingWindows, pd: Array, shift: float, progress: Progress) -> _Tested:
    """What constraints cost is measured where it counts most: out of time if there is a later, else in all folds."""
    inside, span = how.window.of(book), later(book.contract, how)
    after = np.empty(0, np.intp) if span is None or book.vintages is None else span.among(book.vintages)
    enough = len(after) and 0 < book.target[after].sum() < len(after)
    variants = (SHIPPED,) if enough or shift else VARIANTS
    crossed = training.cross_validate(own, variants, part(progress, 0.0, 0.6 if enough else 1.0))
    found, seen = crossed.found, recalibrated(crossed.predicted, shift)
    if shift:
        found = {SHIPPED.label: replace(measure(own.target, seen), auc=found[SHIPPED.label].auc)}
    evidence = gathered({"crossed": (inside, seen), "later": (after, pd[after])})
    again = None if how.recalibrated is None else how.recalibrated.of(book)
    if again is not None:  # what the intercept was fitted to is no evidence of it
        used = np.isin(evidence.position, again)
        evidence = Evidence(evidence.position[~used], evidence.pd[~used], evidence.kind[~used])
    if not enough:
        return _Tested(found, None, span=span, evidence=evidence, shifted=bool(shift))
    late, refit = book.part(after), None if again is None else book.part(again)
    held = training.out_of_time(own, late, predicted=pd[after], again=refit, progress=part(progress, 0.6, 1.0))
    return _Tested(found, held, span=span, evidence=evidence, shifted=bool(shift))


def _calibrated(tested: _Tested) -> tuple[Performance, str]:
    """Where a model is judged on calibration, and a note that says so: one that was recalibrated in the vintages after
    that, since it is meant to be off in those it was fitted to."""
    if not tested.shifted:
        return tested.crossed[SHIPPED.label], ""
    if tested.later is None:
        return tested.crossed[SHIPPED.label], "In the training window, which it is recalibrated away from."
    return tested.later[SHIPPED.label], f"In {tested.span}, after what it was recalibrated on."


def _golden(scorer: TableScorer, book: Book) -> dict[str, Array]:
    chosen = np.linspace(0, len(book) - 1, min(GOLDEN_ROWS, len(book))).astype(int)
    raw = np.ascontiguousarray(book.raw[:, chosen])
    return {"raw": raw, "margins": scorer.margins(raw), "reasons": scorer.explain(raw)[1]}


def packed_arrays(arrays: Mapping[str, AnyArray]) -> bytes:
    """Arrays as a file without pickle."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
