"""One record under a scenario of the whole book, worked out as the book works out its row.

The scenario's three layers act on it as on everybody: shocks on its fields, as far as they reach it, held within what
the model has seen; the economy and the overlay on what the model says of it. Edits of one's own stand on top of that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from data.arrays import Array
from data.books import Book
from data.contract import Contract, Exposed
from model.engine.scorer import Reasons, Scorer
from model.engine.territory import Territory
from model.finance.loss import expected_loss
from model.whatif.book.scenario import FULL, SHARE, BookScenario, Layers, layers
from model.whatif.book.scored import ScoredBook, exposed_after, log_odds_after, pd_after
from model.whatif.customer.decision import Decision, score_scale
from model.whatif.customer.scenario import CUTOFF, CustomerScenario, apply, base_record

NOBODY = np.zeros(1, np.int64)  # the number of a record typed by hand, which no share of the customers is drawn by


@dataclass(frozen=True, eq=False)
class StressedRecord:
    """A record as the book's scenario leaves it on a ``day``, after its ``layers``. ``scored`` (fields, 1) is what the
    model is asked about, ``free`` (fields, 1) the same not held within what it has seen, as exposure is taken from.
    ``margin`` is what the model says of it, log-odds; ``decision`` what it comes to after economy and overlay.
    ``reached``: whether each shock in use reaches this record, by name."""

    day: date
    layers: Layers
    scored: Array
    free: Array
    margin: float
    decision: Decision
    reached: Mapping[str, bool]

    @classmethod
    def of(
        cls, scorer: Scorer, record: Array, number: int | None, under: BookScenario, *, day: date, margin: float
    ) -> "StressedRecord":
        """A ``record`` (fields, 1) of the customer with that ``number``, None for one typed by hand, of which the model
        says ``margin`` as it stands."""
        contract = scorer.contract
        numbers = layers(contract, under, day)
        wanted = numbers if number is not None else _without_shares(contract, numbers)
        ids = NOBODY if number is None else np.array([number], np.int64)
        found = ScoredBook(scorer, record, ids, said=np.array([margin])).stressed(wanted)
        cutoff = contract.score.cutoff
        decision = _decided(
            scorer, wanted, free=found.free, margin=float(found.margins[0]), exposed=found.exposed, cutoff=cutoff
        )
        reached = {name: bool(mask[0]) for name, mask in found.reached.items()}
        reached = {name: reached.get(name, False) for name, _ in numbers.shocks}
        return cls(
            day,
            wanted,
            found.scored,
            found.free,
            margin=float(found.margins[0]),
            decision=decision,
            reached=reached,
        )

    def edited(
        self, scorer: Scorer, edits: tuple[tuple[str, float], ...], assumptions: Mapping[str, float]
    ) -> "StressedRecord":
        """With edits on top and under other ``assumptions``, the cut-off among them. Impossible where it cannot be."""
        contract = scorer.contract
        scored = apply(contract, self.scored, edits)
        free = apply(contract, self.free, edits)
        margin = float(scorer.margins(scored)[0]) if edits else self.margin
        own = replace(self.layers, assumptions=tuple((k, assumptions[k]) for k, _ in self.layers.assumptions))
        exposed = exposed_after(contract, own, contract.values(free), 1)
        decision = _decided(scorer, own, free=free, margin=margin, exposed=exposed, cutoff=assumptions[CUTOFF])
        return replace(self, layers=own, scored=scored, free=free, margin=margin, decision=decision)

    @property
    def added(self) -> float:
        """What the economy and the overlay add to the model's log-odds."""
        return self.decision.margin - self.margin


def _without_shares(contract: Contract, numbers: Layers) -> Layers:
    """What of a scenario reaches a record that has no number by which a share of the customers is drawn."""
    shocks = tuple((name, value) for name, value in numbers.shocks if not contract.shock(name).share)
    return replace(numbers, shocks=shocks if numbers.share == 1 else (), share=1.0)


def draws(contract: Contract, under: BookScenario) -> bool:
    """Whether a scenario reaches only a share of the customers, drawn by their numbers, with some of its shocks."""
    used = [each for each in contract.shocks if under.number(contract, each.name)]
    return any(each.share for each in used) or (bool(used) and under.number(contract, SHARE) < FULL)


def _decided(
    scorer: Scorer, numbers: Layers, *, free: Array, margin: float, exposed: Exposed, cutoff: float
) -> Decision:
    """The decision on a record: the same arithmetic as of the book's row, of one."""
    contract, said = scorer.contract, np.array([margin])
    pd, after = pd_after(numbers, said), float(log_odds_after(numbers, said)[0])
    lost = expected_loss(pd, exposed.lgd, exposed.ead)
    seen = scorer.territory
    outside = np.flatnonzero(seen.beyond(contract.without_special(free))[:, 0])
    return Decision(
        margin=after,
        pd=float(pd[0]),
        score=score_scale(contract).score(after),
        cutoff=cutoff,
        ead=float(exposed.ead[0]),
        expected_loss=float(lost[0]),
        net_loss=float((lost * exposed.own)[0]),
        percentile=float(seen.percentile(contract.derive(free))[0]),
        beyond=tuple(contract.record[k].label for k in outside),
    )


@dataclass(frozen=True, eq=False)
class StressedScorer:
    """A model as the economy and the overlay of ``layers`` let it speak of records that stand under the shocks already:
    its log-odds after them. Reasons are the model's own."""

    scorer: Scorer
    layers: Layers

    @property
    def contract(self) -> Contract:
        """The contract the model was trained under."""
        return self.scorer.contract

    @property
    def territory(self) -> Territory:
        """What the model has seen."""
        return self.scorer.territory

    def margins(self, raw: Array) -> Array:
        """Log-odds of default after economy and overlay, (n,)."""
        return log_odds_after(self.layers, self.scorer.margins(raw))

    def reasons(self, raw: Array) -> Reasons:
        """Why each record has the model's margin, before economy and overlay."""
        return self.scorer.reasons(raw)


def standing_record(scorer: Scorer, book: Book, scenario: CustomerScenario, day: date) -> Array:
    """The record that the edits of a scenario stand on, (fields, 1): that of the book, or typed by hand, after the
    shocks of the book's scenario. Raises as `base_record` does."""
    base = base_record(book, scenario)
    if not scenario.under.values:
        return base
    margin = float(scorer.margins(base)[0])
    return StressedRecord.of(scorer, base, scenario.customer, scenario.under, day=day, margin=margin).scored
