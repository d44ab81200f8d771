"""A candidate beside the champion: how either does on records that neither had seen, and how the data have moved since.

Like is held against like: on vintages that came after both, or, where there are none, on the records that were
predicted in cross-validation of both. A prediction by a model that knew the same years is never held against one that
did not. A candidate that was fitted to a stream's outcomes is held against the champion on those that the champion had
not seen, as it was crossed on them; where there are none, on records of the book that neither had seen.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.monitoring.calibration import recalibrated
from model.monitoring.drift import Snapshot, drift
from model.monitoring.paired import compare
from model.release import checks as gates
from model.release.evidence import KINDS, Evidence
from model.release.gate import Gate, PairedOn
from model.release.outcome_window import OutcomeWindow, records_among
from model.release.report import ChampionReport
from model.release.window import FEWEST, TrainingWindows

OTHER_DATA = "It was trained on another snapshot: of no record is it known that neither has seen it."
OTHER_FIELDS = "Its contract reads other fields."
NO_RECORD = "There is no record, with and without the outcome, that neither has seen."


@dataclass(frozen=True, eq=False)
class Champion:
    """The model in use: its ``id``, the digest of the data it was trained on, how it was made and by which ``shift``
    in log-odds it was recalibrated, its evidence, how inputs and score were distributed, its scorer; the ``outcomes``
    of a stream that it was fitted to, if it was."""

    id: str
    data_sha256: str
    how: TrainingWindows
    shift: float
    evidence: Evidence
    snapshot: Snapshot
    scorer: TableScorer
    outcomes: OutcomeWindow | None = None

    def fitted_to(self, book: Book) -> Array:
        """The records that it knows, of the ``book`` or a stream, (fields, n)."""
        if self.outcomes is not None:
            return self.outcomes.raw
        windows = [each for each in (self.how.window, self.how.recalibrated) if each is not None]
        return np.hstack([book.raw[:, each.of(book)] for each in windows])


@dataclass(frozen=True, eq=False)
class Candidate:
    """What is held against it: its evidence, the PDs of the records it was fitted to, (n,), and its ``shift``; of one
    fitted to a stream's outcomes what was predicted of those in cross-validation, ``crossed`` (n,)."""

    evidence: Evidence
    pd: Array
    shift: float
    crossed: Array | None = None


@dataclass(frozen=True)
class ChampionComparison:
    """The ``gates`` of the comparison; for the report, what was compared, or why nothing was: None where there was no
    champion."""

    gates: tuple[Gate, ...] = ()
    champion: ChampionReport | None = None


def unreadable(identity: str, why: str) -> ChampionComparison:
    """Beside a champion that cannot be loaded nothing can be said, but that is."""
    gate = Gate(
        "champion_read",
        "Champions that could be read to compare with",
        figure=0,
        bound=1,
        at_least=True,
        kind="champion",
        stops=False,
        note=why,
    )
    return ChampionComparison((gate,), ChampionReport(identity, why_not=why))


def compare_with_champion(book: Book, own: Book, candidate: Candidate, champion: Champion) -> ChampionComparison:
    """A candidate fitted to ``own``, the part of ``book`` in its window, beside the champion."""
    contract = book.contract
    told = ChampionReport(champion.id)
    found: list[Gate] = []
    if champion.data_sha256 != book.sha256:
        told = replace(told, why_not=OTHER_DATA)
    elif fields(champion.scorer.contract) != fields(contract):
        told = replace(told, why_not=OTHER_FIELDS)
    elif (pair := _paired(book, own, candidate, champion)) is None:
        told = replace(told, why_not=NO_RECORD)
    else:
        measures, n = compare(pair.target, pair.candidate, pair.champion), len(pair.target)
        told = replace(told, kind=pair.kind, n=n, measures=tuple(measures))
        found += gates.champion_gates(contract, champion.id, compared=measures, n=n, kind=pair.kind)
    if formulas(champion.scorer.contract) == formulas(contract):  # inputs of another making cannot have drifted
        moved = drift(champion.snapshot, own.inputs, _comparable(own, candidate, champion))
        found += gates.stability_gates(contract, moved, "in the champion's training", "_champion")
    return ChampionComparison(tuple(found), told)


def _comparable(own: Book, candidate: Candidate, champion: Champion) -> Array:
    """The PDs by which it is told whether the score has moved since the champion's training, (n,): the candidate's,
    without what a shift of its intercept did. One that was fitted to a stream's outcomes is to say something else of
    the same records where the world has changed: there the champion's own PDs tell whether the records have moved."""
    if candidate.crossed is not None and fields(champion.scorer.contract) == fields(own.contract):
        return probability(champion.scorer.margins(own.raw))
    return recalibrated(candidate.pd, champion.shift - candidate.shift)


@dataclass(frozen=True, eq=False)
class _Pair:
    kind: PairedOn
    target: Array
    candidate: Array
    champion: Array


def _paired(book: Book, own: Book, candidate: Candidate, champion: Champion) -> _Pair | None:
    """What both said of the same records, neither having seen them; None where not both outcomes are among them."""
    if candidate.crossed is not None:
        new = np.flatnonzero(~records_among(own.raw, champion.fitted_to(book)))
        if min(own.target[new].sum(), len(new) - own.target[new].sum()) >= FEWEST:
            said = probability(champion.scorer.margins(np.ascontiguousarray(own.raw[:, new])))
            return _Pair("outcomes", own.target[new], candidate.crossed[new], said)
    evidence = candidate.evidence
    after, last, vintages = evidence.of("later"), champion.how.last, book.vintages
    if last is not None and vintages is not None:
        late = vintages[after.position] > last
        position = after.position[late]
        if _both(book, position):
            said = probability(champion.scorer.margins(np.ascontiguousarray(book.raw[:, position])))
            return _Pair("later", book.target[position], after.pd[late], said)
    first, second = (each.of("crossed", "unseen") for each in (evidence, champion.evidence))
    position, here, there = np.intersect1d(first.position, second.position, return_indices=True)
    if not _both(book, position):
        return None
    kind: PairedOn = "crossed" if {*first.kind, *second.kind} == {KINDS.index("crossed")} else "unseen"
    return _Pair(kind, book.target[position], first.pd[here], second.pd[there])


def _both(book: Book, position: NDArray[np.int64]) -> bool:
    return bool(0 < book.target[position].sum() < len(position))


def fields(contract: Contract) -> list[str]:
    """The names of what a record is made of, in its order."""
    return [each.name for each in contract.record]


def formulas(contract: Contract) -> tuple[str, ...]:
    """How a contract makes each input."""
    return tuple(contract.spelled(each.formula) for each in contract.inputs)
