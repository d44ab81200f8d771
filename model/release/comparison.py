"""A candidate beside the champion: how either does on records that neither had seen, and how the data have moved since.

Like is held against like: on vintages that came after both, or, where there are none, on the records that were
predicted in cross-validation of both. A prediction by a model that knew the same years is never held against one that
did not.
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
from model.release.evidence import Evidence, Kind
from model.release.gate import Gate
from model.release.report import ChampionReport
from model.release.window import TrainingWindows

OTHER_DATA = "It was trained on another snapshot: of no record is it known that neither has seen it."
OTHER_FIELDS = "Its contract reads other fields."
NO_RECORD = "There is no record, with and without the outcome, that neither has seen."


@dataclass(frozen=True, eq=False)
class Champion:
    """The model in use: its ``id``, the digest of the data it was trained on, how it was made and by which ``shift``
    in log-odds it was recalibrated, its evidence, how inputs and score were distributed, and its scorer."""

    id: str
    data_sha256: str
    how: TrainingWindows
    shift: float
    evidence: Evidence
    snapshot: Snapshot
    scorer: TableScorer


@dataclass(frozen=True, eq=False)
class Candidate:
    """What is held against it: its evidence, the PDs of the records it was fitted to, (n,), and its ``shift``."""

    evidence: Evidence
    pd: Array
    shift: float


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
        0,
        1,
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
    elif (pair := _paired(book, candidate.evidence, champion)) is None:
        told = replace(told, why_not=NO_RECORD)
    else:
        measures = compare(book.target[pair.position], pair.candidate, pair.champion)
        told = replace(told, kind=pair.kind, n=len(pair.position), measures=tuple(measures))
        found += gates.champion_gates(contract, champion.id, measures, len(pair.position), pair.kind)
    if formulas(champion.scorer.contract) == formulas(contract):  # inputs of another making cannot have drifted
        level = recalibrated(candidate.pd, champion.shift - candidate.shift)  # a shift of the intercept is no drift
        moved = drift(champion.snapshot, own.inputs, level)
        found += gates.stability_gates(contract, moved, "in the champion's training", "_champion")
    return ChampionComparison(tuple(found), told)


@dataclass(frozen=True, eq=False)
class _Pair:
    kind: Kind
    position: NDArray[np.int64]
    candidate: Array
    champion: Array


def _paired(book: Book, evidence: Evidence, champion: Champion) -> _Pair | None:
    """What both said of the same records, neither having seen them; None where not both outcomes are among them."""
    after, last, vintages = evidence.of("later"), champion.how.last, book.vintages
    if last is not None and vintages is not None:
        late = vintages[after.position] > last
        position = after.position[late]
        if _both(book, position):
            said = probability(champion.scorer.margins(np.ascontiguousarray(book.raw[:, position])))
            return _Pair("later", position, after.pd[late], said)
    first, second = evidence.of("crossed"), champion.evidence.of("crossed")
    position, here, there = np.intersect1d(first.position, second.position, return_indices=True)
    return _Pair("crossed", position, first.pd[here], second.pd[there]) if _both(book, position) else None


def _both(book: Book, position: NDArray[np.int64]) -> bool:
    return bool(0 < book.target[position].sum() < len(position))


def fields(contract: Contract) -> list[str]:
    """The names of what a record is made of, in its order."""
    return [each.name for each in contract.record]


def formulas(contract: Contract) -> tuple[str, ...]:
    """How a contract makes each input."""
    return tuple(each.formula for each in contract.inputs)
