"""A decision of the stream looked at again: by the release that made it, whichever answers now."""

from dataclasses import dataclass

import numpy as np

from data.errors import BadInput, WhatIfError
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.monitoring.stream import StreamDecision
from model.whatif.customer.decision import Decision, decide
from model.whatif.customer.scenario import CustomerScenario


@dataclass(frozen=True, eq=False)
class OpenedDecision:
    """A ``decision`` and the ``model`` that is asked about it again: the one that made it; where that cannot be asked,
    ``trouble`` says why, and it is the one that answers now. ``now``: what that says of the record, None where it is
    the same."""

    decision: StreamDecision
    model: DeployedModel
    now: Decision | None = None
    trouble: str = ""


def open_decision(models: DeployedModels, model: DeployedModel, decision: StreamDecision) -> OpenedDecision:
    """A decision, looked at where ``model`` is the one that answers now."""
    if decision.release == model.id:
        return OpenedDecision(decision, model)
    try:
        own = models.release(model.contract.book.name, decision.release)
    except WhatIfError as error:
        return OpenedDecision(decision, model, trouble=str(error))
    if own.contract.hash != model.contract.hash:
        return OpenedDecision(decision, model, trouble="it knew another contract of the book.")
    record = np.array(decision.record, np.float64)[:, None]
    return OpenedDecision(decision, own, decide(model.scorer, record, CustomerScenario().values(model.contract)))


def decided_record(model: DeployedModel, decision: StreamDecision) -> CustomerScenario:
    """The record of a decision as one of somebody's own; BadInput where the present contract knows no such record."""
    fields = len(model.contract.record)
    if len(decision.record) != fields:
        raise BadInput(
            f"Application {decision.id} has {len(decision.record)} values, and a record of the book {fields} by now."
        )
    model.contract.check(np.array(decision.record, np.float64)[:, None])
    return CustomerScenario(own=decision.record)
