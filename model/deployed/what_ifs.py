"""What is recorded of a what-if, whoever asked and on whatever way: a person on a page, a program over REST."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from data.arrays import Array
from model.deployed.model import DeployedModel
from model.engine.tables import probability
from model.record.replay import book_outputs, policy_outputs
from model.record.trail import Entry
from model.whatif.book.totals import Totals
from model.whatif.comparison.result import ComparisonResult
from model.whatif.customer.decision import Explanation
from model.whatif.policy.strategy import Outcome
from model.whatif.saved import Scenario

NOTHING = np.empty((0, 0))


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A what-if as it was asked: ``who`` on which way (``via``), the ``address`` that says what was changed, how many
    ``seconds`` the answer took."""

    model: DeployedModel
    who: str
    via: str
    address: Mapping[str, str]
    seconds: float

    def about_customer(self, record: Array, margin: float, why: Explanation | None) -> Entry:
        """One customer: the edited ``record`` (fields, 1) and what the model said of it, log-odds; what a scenario of
        the book makes of that outside the model is said by the address."""
        outputs = {"pd": probability(np.array([margin]))}
        if why is not None and why.inputs:
            outputs |= {
                "shap_values": np.array([[each.log_odds] for each in why.inputs]),
                "base_value": np.array([why.base_log_odds]),
            }
        return self._entry("whatif:customer", record, outputs, {})

    def about_book(self, day: date, now: Totals) -> Entry:
        """The whole book on a ``day``."""
        return self._entry("whatif:book", NOTHING, book_outputs(now), {"day": day.isoformat()})

    def about_policy(self, day: date, now: Outcome) -> Entry:
        """A cut-off, and what it would approve."""
        return self._entry("whatif:policy", NOTHING, policy_outputs(now), {"day": day.isoformat()})

    def _entry(self, kind: str, inputs: Array, outputs: Mapping[str, Array], detail: dict[str, object]) -> Entry:
        return entry(
            self.model,
            kind,
            who=self.who,
            via=self.via,
            inputs=inputs,
            outputs=outputs,
            seconds=self.seconds,
            detail={"address": dict(self.address), **detail},
        )


def about_compared(result: ComparisonResult, asked: Callable[[Scenario], WhatIf]) -> list[Entry]:
    """Those compared, each as its own page would have it recorded; ``asked``: how each was asked."""
    whats = [asked(each.scenario) for each in result.comparison.members]
    entries = [each.about_book(result.day, own.now) for each, own in zip(whats, result.books, strict=False)]
    entries += [each.about_policy(result.day, own.chosen) for each, own in zip(whats, result.policies, strict=False)]
    entries += [
        each.about_customer(own.edited, own.margin, own.reasons)
        for each, own in zip(whats, result.customers, strict=False)
    ]
    return entries


def entry(
    model: DeployedModel,
    kind: str,
    *,
    who: str,
    via: str,
    inputs: Array,
    outputs: Mapping[str, Array],
    seconds: float,
    detail: Mapping[str, object],
) -> Entry:
    """A call of the deployed model, for the record; of a model that is no release here, with the words it is known
    by."""
    foreign = {"model": model.deployed.words} if model.release is None else {}
    return Entry(
        kind=kind,
        who=who,
        via=via,
        book=model.contract.book.name,
        release=model.id,
        contract_sha256=model.contract.hash,
        inputs=inputs,
        outputs=outputs,
        duration_ms=1000 * seconds,
        detail={**detail, **foreign},
    )
