"""What a release says of records as they stand, decision and money included: the same for a batch and for a stream."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array
from data.contract import Contract
from model.engine.binning import Codes
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.finance.loss import expected_loss
from model.finance.scorecard import reaches, whole_points
from model.whatif.customer.decision import score_scale
from model.whatif.customer.scenario import CUTOFF


@dataclass(frozen=True, eq=False)
class DecidedRecords:
    """Of records (fields, n), each (n,) unless it says otherwise: ``inputs`` of the model (inputs, n) and their
    ``codes``; ``margins`` in log-odds, ``pd`` in [0, 1]; the ``exact`` score in points, and in ``score`` whole;
    ``exposure`` and ``loss`` in the currency of the book, of which the bank bears ``net_loss``; ``outside`` of what the
    model has seen."""

    scorer: TableScorer
    inputs: Array
    codes: Codes
    margins: Array
    pd: Array
    exact: Array
    score: NDArray[np.int64]
    granted: NDArray[np.bool_]
    exposure: Array
    loss: Array
    net_loss: Array
    outside: NDArray[np.bool_]

    @cached_property
    def log_odds(self) -> Array:
        """The reasons by input (inputs, n), log-odds: with the average they add up to the margins."""
        return self.scorer.shapley.explain(self.codes)

    @property
    def average(self) -> float:
        """The score of the average record of the book, points."""
        return float(score_scale(self.scorer.contract).score(self.scorer.shapley.base))

    @cached_property
    def points(self) -> dict[str, Array]:
        """The reasons by concept, score points, each (n,): with the average score they add up to the exact one."""
        factor = score_scale(self.scorer.contract).factor
        return {name: -factor * summed(self.log_odds, own) for name, own in concept_inputs(self.scorer.contract)}


def decide_records(scorer: TableScorer, raw: Array, assumptions: Mapping[str, float]) -> DecidedRecords:
    """What ``scorer`` says of ``raw`` (fields, n) under ``assumptions``, the cut-off among them."""
    contract, tables, seen = scorer.contract, scorer.tables, scorer.territory
    inputs = contract.derive(raw)
    codes = tables.encode(inputs)
    margins = tables.margins(codes)
    pd, exact = probability(margins), np.asarray(score_scale(contract).score(margins))
    exposed = contract.exposures(raw, assumptions)
    lost = expected_loss(pd, exposed.lgd, exposed.ead)
    return DecidedRecords(
        scorer,
        inputs=inputs,
        codes=codes,
        margins=margins,
        pd=pd,
        exact=exact,
        score=whole_points(exact),
        granted=reaches(exact, assumptions[CUTOFF]),
        exposure=exposed.ead,
        loss=lost,
        net_loss=lost * exposed.own,
        outside=seen.beyond(contract.without_special(raw)).any(0) | seen.outside(inputs),
    )


def concept_inputs(contract: Contract) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The concepts that an input belongs to, each with the places of its inputs."""
    found = {
        each.name: tuple(k for k, own in enumerate(contract.inputs) if own.concept == each.name)
        for each in contract.concepts
    }
    return tuple((name, own) for name, own in found.items() if own)


def summed(rows: Array, chosen: tuple[int, ...]) -> Any:
    """The sum (n,) of the ``chosen`` of ``rows`` (rows, n)."""
    return rows[chosen[0]] if len(chosen) == 1 else rows[list(chosen)].sum(0)
