"""From a book to the files of a release: fitted in its window, recalibrated if asked, tested, gated."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data.books import Book
from data.contract import Contract
from data.formulas import Array
from model.engine.scorer import TableScorer
from model.engine.shapley import against
from model.engine.tables import compile_model, probability
from model.engine.territory import Territory, extent, survey
from model.errors import ParityError
from model.monitoring.compared import compare
from model.monitoring.drift import Snapshot, drift, snapshot_of
from model.monitoring.performance import Performance
from model.release import gates, origin, training
from model.release.evidence import Evidence, gathered
from model.release.gate import Gate
from model.release.parity import parity_gates
from model.release.training import SHIPPED, Progress, silent
from model.release.window import Window, declared, later, outcomes

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

GOLDEN_ROWS = 1000
BACKGROUND = "the average customer of the book"
TRUSTED = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)
"""The only type beyond skops' own list that a model file may hold. Nothing is ever added from the file itself."""


@dataclass(frozen=True)
class Asked:
    """Which vintages to fit to and, if any, to recalibrate the intercept on."""

    window: Window
    recalibrated: Window | None = None


@dataclass(frozen=True, eq=False)
class Champion:
    """The model in use, for comparison: its ``id``, the digest of the data it was trained on, the formulas of its
    ``inputs``, its evidence, and how inputs and score were distributed."""

    id: str
    data_sha256: str
    inputs: tuple[str, ...]
    evidence: Evidence
    snapshot: Snapshot


@dataclass(frozen=True, eq=False)
class Draft:
    """A release before it has a name: its ``files``, the ``manifest`` without them, the scorer, and what was fitted."""

    files: dict[str, bytes]
    manifest: dict[str, Any]
    scorer: TableScorer


def asked(book: Book, since: int | None = None, until: int | None = None, recalibrated: Window | None = None) -> Asked:
    """The windows in force: the contract's own where nothing else is asked."""
    own = declared(book.contract)
    return Asked(Window(since, until) if (since, until) != (None, None) else own, recalibrated)


def fitted(book: Book, how: Asked) -> tuple["HistGradientBoostingClassifier", Book, float]:
    """The model fitted to its window, recalibrated; the part of the book it was fitted to; the shift in log-odds.

    Raises
    ------
    BadInput
        If a window cannot be, or holds too little to learn from.
    """
    chosen = how.window.of(book)
    outcomes(book, chosen, f"The window {how.window} of {book.contract.book.name}")
    part = book if len(chosen) == len(book) else book.part(chosen)
    again = None if how.recalibrated is None else how.recalibrated.of(book)
    if again is not None:
        outcomes(book, again, f"The window {how.recalibrated} to recalibrate on")
    model = training.fit(part)
    return model, part, 0.0 if again is None else training.recalibrate(model, book.part(again))


def make(book: Book, how: Asked, champion: Champion | None = None, progress: Progress = silent) -> Draft:
    """Fit, test and gate.

    Raises
    ------
    ParityError
        If the tables do not equal the model: then there is no release.
    BadInput
        If a window cannot be.
    """
    import skops.io

    progress("Training the model", 0.01)
    model, part, shift = fitted(book, how)
    contract = book.contract
    progress("Turning it into tables", 0.15)
    tables = compile_model(model)
    codes = tables.encode(book.inputs)
    shapley = against(tables, codes, BACKGROUND.replace("customer", contract.book.person))
    parity = parity_gates(model, tables, shapley, book, _part(progress, 0.16, 0.36))
    failed = [gate for gate in parity if not gate.passed]
    if failed:
        raise ParityError("No release: " + "; ".join(f"{gate.told}" for gate in failed) + ".")
    progress("Surveying what the model has seen", 0.36)
    scorer = TableScorer(contract, tables, shapley, _surveyed(book, part))

    margins = tables.margins(codes)
    tested = _tested(book, part, how, probability(margins), shift, _part(progress, 0.38, 0.93))
    evidence = tested.evidence
    progress("Holding it against the gates", 0.94)
    crossed = evidence.of("crossed")
    snapshot = snapshot_of(part.inputs, probability(margins)[how.window.of(book)])
    content = skops.io.dumps(model)
    files = {
        "model.skops": content,
        "tables.npz": packed({**tables.arrays(), "shapley": shapley.cells, "base": np.array(shapley.base)}),
        "golden.npz": packed(_golden(scorer, book)),
        "territory.npz": packed(scorer.territory.arrays()),
        "outcomes.npz": packed(evidence.arrays()),
        "snapshot.npz": packed(snapshot.arrays()),
        "contract.toml": contract.text,
    }
    found: list[Gate] = [
        *gates.contract_gates(part, model.fitted_to_, tables),
        *gates.performance_gates(contract, tested.crossed),
        *gates.leakage_gates(part, tested.crossed[SHIPPED.label].auc, contract.training.seed),
        *gates.monotone_gates(contract, tables),
        *gates.fairness_gates(book, crossed),
        *gates.running_gates(scorer, book, sum(map(len, files.values()))),
        *gates.trust_gates(sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED))),
        *gates.lock_gates(origin.off_lock()),
        *parity,
    ]
    report: dict[str, Any] = {
        "cross_validation": {label: vars(each) for label, each in tested.crossed.items()},
        "folds": contract.training.folds,
        "window": how.window.as_dict(),
        "recalibrated": None if how.recalibrated is None else {**how.recalibrated.as_dict(), "shift": shift},
        "later": None,
        "champion": None,
    }
    if tested.later is not None:
        shipped = tested.later[SHIPPED.label]
        after = evidence.of("later")
        predicted, observed = float(after.pd.mean()), float(book.target[after.position].mean())
        found += gates.later_gates(contract, str(tested.span), shipped, observed - predicted)
        moved = drift(snapshot, book.inputs[:, after.position], after.pd)
        found += gates.stability_gates(contract, moved, f"in {how.window}, {tested.span}")
        report["later"] = {
            "window": tested.span.as_dict() if tested.span else None, "n": len(after), "predicted": predicted,
            "observed": observed, "variants": {label: vars(each) for label, each in tested.later.items()},
        }  # fmt: skip
    if champion is not None:
        found += _beside(book, part, champion, evidence, margins[how.window.of(book)], report)
    report["gates"] = [gate.as_dict() for gate in gates.judged(found, contract)]
    files["gates.json"] = json.dumps(report, indent=1).encode()
    manifest = {
        "book": contract.book.name,
        **origin.origin(book),
        "rows": len(part),
        "window": how.window.as_dict(),
        "recalibrated": report["recalibrated"],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "background": shapley.background,
    }
    return Draft(files, manifest, scorer)


def _surveyed(book: Book, part: Book) -> Territory:
    """What the model has seen: the records of its window; of fields that no input reads, such as the vintage, all."""
    found = survey(part.inputs, part.raw, book.contract.training.seed)
    unread = sorted(set(range(len(book.contract.record))) - frozenset().union(*book.contract.reads))
    if unread:
        found.low[unread], found.high[unread] = extent(book.raw[unread])
    return found


@dataclass(frozen=True, eq=False)
class _Tested:
    crossed: dict[str, Performance]
    later: dict[str, Performance] | None
    span: Window | None
    evidence: Evidence


def _tested(book: Book, part: Book, how: Asked, pd: Array, shift: float, progress: Progress) -> _Tested:
    """What constraints cost is measured where it counts most: out of time if there is a later, else in all folds."""
    inside = how.window.of(book)
    span = later(book.contract, how.window, how.recalibrated)
    after = np.empty(0, np.intp) if span is None else _there(book, span)
    enough = len(after) and 0 < book.target[after].sum() < len(after)
    variants = (SHIPPED,) if enough else training.VARIANTS
    crossed = training.cross_validate(part, variants, _part(progress, 0.0, 0.6 if enough else 1.0))
    seen = crossed.predicted
    if shift:
        seen = probability(np.log(seen) - np.log1p(-seen) + shift)
    evidence = gathered({"crossed": (inside, seen), "later": (after, pd[after])})
    if how.recalibrated is not None:  # what the intercept was fitted to is no evidence of it
        own = np.isin(evidence.position, how.recalibrated.of(book))
        evidence = Evidence(evidence.position[~own], evidence.pd[~own], evidence.kind[~own])
    if not enough:
        return _Tested(crossed.found, None, None, evidence)
    found = training.out_of_time(part, book.part(after), pd[after], progress=_part(progress, 0.6, 1.0))
    return _Tested(crossed.found, found, span, evidence)


def _there(book: Book, span: Window) -> NDArray[np.intp]:
    vintages = book.vintages
    assert vintages is not None
    low, high = (np.inf * sign if end is None else end for sign, end in ((-1, span.since), (1, span.until)))
    return np.flatnonzero((vintages >= low) & (vintages <= high))


def _beside(
    book: Book, part: Book, champion: Champion, evidence: Evidence, margins: Array, report: dict[str, Any]
) -> list[Gate]:
    """The candidate beside the champion: on the records that both had not seen, and how the data have moved since."""
    contract, found = book.contract, list[Gate]()
    if champion.data_sha256 == book.sha256:
        both, own, other = np.intersect1d(evidence.position, champion.evidence.position, return_indices=True)
        if len(both) and 0 < book.target[both].sum() < len(both):
            measures = compare(book.target[both], evidence.pd[own], champion.evidence.pd[other])
            found += gates.champion_gates(contract, champion.id, measures, len(both))
            report["champion"] = {"id": champion.id, "n": len(both), "measures": [vars(each) for each in measures]}
    if champion.inputs != formulas(contract):  # inputs of another making cannot have drifted
        return found
    moved = drift(champion.snapshot, part.inputs, probability(margins))
    return found + gates.stability_gates(contract, moved, "in the champion's training", "_champion")


def formulas(contract: Contract) -> tuple[str, ...]:
    """How a contract makes each input."""
    return tuple(each.formula for each in contract.inputs)


def _golden(scorer: TableScorer, book: Book) -> dict[str, Array]:
    chosen = np.linspace(0, len(book) - 1, min(GOLDEN_ROWS, len(book))).astype(int)
    raw = np.ascontiguousarray(book.raw[:, chosen])
    return {"raw": raw, "margins": scorer.margins(raw), "reasons": scorer.explain(raw)[1]}


def packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays as a file without pickle."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _part(progress: Progress, start: float, end: float) -> Progress:
    return lambda doing, share: progress(doing, start + (end - start) * share)
