"""One customer: what the deployed model says, and the reasons."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.contract import Contract
from data.formulas import Array
from model.engine import territory
from model.engine.scorer import Scorer
from model.engine.tables import probability
from model.finance.loss import expected_loss
from model.finance.scorecard import Scale
from model.whatif.scenario import CUTOFF


def scale(contract: Contract) -> Scale:
    """The contract's score scale."""
    return Scale(contract.score.base_score, contract.score.base_odds, contract.score.points_to_double)


@dataclass(frozen=True)
class Decision:
    """What the model says of one record. ``margin`` log-odds, ``pd`` in [0, 1], ``score`` and ``cutoff`` points,
    ``ead`` and ``expected_loss`` in the book's currency over the contract's horizon, ``percentile`` of the distance
    to known customers, ``beyond`` the labels of fields outside the range the model has seen."""

    margin: float
    pd: float
    score: float
    cutoff: float
    ead: float
    expected_loss: float
    percentile: float
    beyond: tuple[str, ...]

    @property
    def granted(self) -> bool:
        """Whether the score reaches the cut-off."""
        return self.score >= self.cutoff

    @property
    def level(self) -> territory.Level:
        """Whether the record lies in known territory."""
        return territory.level(self.percentile, bool(self.beyond))


def decide(scorer: Scorer, record: Array, assumptions: dict[str, float]) -> Decision:
    """The decision on one ``record`` (fields, 1) under ``assumptions`` (the cut-off among them)."""
    contract = scorer.contract
    margin = float(scorer.margins(record)[0])
    pd = float(probability(np.array(margin)))
    _, ead = contract.exposures(record, assumptions)
    seen = scorer.territory
    outside = np.flatnonzero(seen.beyond(record)[:, 0])
    return Decision(
        margin=margin,
        pd=pd,
        score=scale(contract).score(margin),
        cutoff=assumptions[CUTOFF],
        ead=float(ead[0]),
        expected_loss=float(expected_loss(pd, assumptions["lgd"], ead[0])),
        percentile=float(seen.percentile(contract.derive(record))[0]),
        beyond=tuple(contract.record[k].label for k in outside),
    )


@dataclass(frozen=True)
class Contribution:
    """A Shapley value: of a concept or of one input. ``value`` is the input's, NaN for a concept or if missing."""

    name: str
    label: str
    log_odds: float
    points: float
    value: float = np.nan


@dataclass(frozen=True)
class Explanation:
    """Why a record scores as it does, compared with the background's mean: base + Σ = score, in points and in
    log-odds. ``inputs`` in the contract's order."""

    base_log_odds: float
    base_score: float
    inputs: tuple[Contribution, ...]
    contract: Contract

    @cached_property
    def concepts(self) -> tuple[Contribution, ...]:
        """The inputs' values summed by business concept, the weightiest first."""
        found = []
        for concept in self.contract.concepts:
            own = [c for c, i in zip(self.inputs, self.contract.inputs, strict=True) if i.concept == concept.name]
            if own:
                total = sum(c.log_odds for c in own), sum(c.points for c in own)
                found.append(Contribution(concept.name, concept.label, *total))
        return tuple(sorted(found, key=lambda c: -abs(c.points)))


def explain(scorer: Scorer, record: Array) -> Explanation:
    """The reasons for one ``record`` (fields, 1): exact Shapley values, in score points −factor · φ."""
    contract, points = scorer.contract, scale(scorer.contract)
    base, phi = scorer.explain(record)
    values = contract.derive(record)[:, 0]
    inputs = tuple(
        Contribution(each.name, each.label, float(p), float(-points.factor * p), float(value))
        for each, p, value in zip(contract.inputs, phi[:, 0], values, strict=True)
    )
    return Explanation(base, points.score(base), inputs, contract)
