"""One customer: what the deployed model says, and the reasons."""

from dataclasses import dataclass, replace

import numpy as np

from data.arrays import Array
from data.contract import Contract
from model.engine import territory
from model.engine.scorer import Scorer
from model.engine.tables import probability
from model.finance.loss import expected_loss
from model.finance.scorecard import Scale, reaches
from model.whatif.customer.scenario import CUTOFF

OUTSIDE = "outside the model"  # no concept can be called so


def score_scale(contract: Contract) -> Scale:
    """The contract's score scale."""
    return Scale(contract.score.base_score, contract.score.base_odds, contract.score.points_to_double)


@dataclass(frozen=True)
class Decision:
    """What the model says of one record. ``margin`` log-odds, ``pd`` in [0, 1], ``score`` and ``cutoff`` points,
    ``ead``, ``expected_loss`` and ``net_loss``, the bank's own share of it, in the book's currency over the contract's
    horizon, ``percentile`` of the distance to known customers, ``beyond`` the labels of fields outside the range the
    model has seen."""

    margin: float
    pd: float
    score: float
    cutoff: float
    ead: float
    expected_loss: float
    net_loss: float
    percentile: float
    beyond: tuple[str, ...]

    @property
    def granted(self) -> bool:
        """Whether the score reaches the cut-off."""
        return bool(reaches(np.array(self.score), self.cutoff))

    @property
    def level(self) -> territory.Level:
        """Whether the record lies in known territory."""
        return territory.level(self.percentile, bool(self.beyond))


def decide(scorer: Scorer, record: Array, assumptions: dict[str, float]) -> Decision:
    """The decision on one ``record`` (fields, 1) under ``assumptions`` (the cut-off among them)."""
    contract = scorer.contract
    margin = float(scorer.margins(record)[0])
    pd = float(probability(np.array(margin)))
    exposed = contract.exposures(record, assumptions)
    lost = expected_loss(pd, exposed.lgd, exposed.ead)
    seen = scorer.territory
    outside = np.flatnonzero(seen.beyond(contract.without_special(record))[:, 0])
    return Decision(
        margin=margin,
        pd=pd,
        score=score_scale(contract).score(margin),
        cutoff=assumptions[CUTOFF],
        ead=float(exposed.ead[0]),
        expected_loss=float(lost[0]),
        net_loss=float((lost * exposed.own)[0]),
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
    log-odds. ``inputs`` in the contract's order; none where a model elsewhere could be asked by concept only.

    ``outside`` is what a scenario of the book adds outside the model, one of the ``concepts`` where there is any.
    ``error`` is the largest standard error of a concept, in points, zero where reasons are exact; ``asked`` how many
    records the model was asked about for them.
    """

    base_log_odds: float
    base_score: float
    inputs: tuple[Contribution, ...]
    concepts: tuple[Contribution, ...]
    contract: Contract
    background: str
    error: float = 0.0
    asked: int = 0
    outside: Contribution | None = None

    def with_outside(self, log_odds: float) -> "Explanation":
        """With what a scenario adds to the model's ``log_odds``; 0 adds nothing."""
        if not log_odds:
            return self
        points = -score_scale(self.contract).factor * log_odds
        outside = Contribution(OUTSIDE, "Economy and overlay", log_odds, points)
        concepts = sorted((*self.concepts, outside), key=lambda each: -abs(each.points))
        return replace(self, concepts=tuple(concepts), outside=outside)


def explain(scorer: Scorer, record: Array) -> Explanation:
    """The reasons for one ``record`` (fields, 1): Shapley values, in score points −factor · φ, the weightiest concept
    first."""
    contract, points = scorer.contract, score_scale(scorer.contract)
    found = scorer.reasons(record)
    own = {name: float(phi) for name, phi in zip(found.parts, found.values[:, 0], strict=True)}
    values = contract.derive(record)[:, 0]
    inputs = tuple(
        Contribution(
            each.name, each.label, log_odds=own[each.name], points=-points.factor * own[each.name], value=float(value)
        )
        for each, value in zip(contract.inputs, values, strict=True)
        if each.name in own and found.by_input
    )
    concepts = []
    for concept in contract.concepts:
        parts = [own[each.name] for each in contract.inputs if each.concept == concept.name] if found.by_input else []
        if not found.by_input and concept.name in own:
            parts = [own[concept.name]]
        if parts:
            concepts.append(Contribution(concept.name, concept.label, sum(parts), -points.factor * sum(parts)))
    return Explanation(
        found.base,
        points.score(found.base),
        inputs=inputs,
        concepts=tuple(sorted(concepts, key=lambda c: -abs(c.points))),
        contract=contract,
        background=found.background,
        error=float(points.factor * found.error.max(initial=0.0)),
        asked=found.asked,
    )
