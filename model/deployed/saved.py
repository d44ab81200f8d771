"""A saved scenario asked of the deployed model: its numbers as it is kept, and what has changed when it is opened."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np

from data.books import Book
from data.errors import WhatIfError
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.errors import ReleaseError
from model.record.replay import book_outputs, policy_outputs
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy.result import PolicyResult
from model.whatif.policy.scenario import PolicyScenario
from model.whatif.saved import Find, OpenedScenario, SavedScenario, Scenario, below, in_force, read_query

Numbers = tuple[tuple[str, float], ...]


def numbers_under(model: DeployedModel, scenario: Scenario, day: date) -> Numbers:
    """What the model says under a scenario, unrounded, by name, as of a day: for the book and a policy what the record
    of calls has of them too (`model.record.replay`), for a customer PD, score, whether granted, and expected loss. What
    is no number, such as a rate of nobody, is left out. Nothing where no customer is chosen.

    Raises
    ------
    WhatIfError
        If the record cannot be, or the model does not answer.
    """
    if isinstance(scenario, BookScenario):
        found = book_outputs(BookResult.of(model.whole, scenario, day).now)
    elif isinstance(scenario, PolicyScenario):
        found = policy_outputs(PolicyResult.of(model.whole, model.sample, scenario, day).chosen)
    else:
        return _customer_numbers(model, scenario, day)
    return tuple((name, float(value[0])) for name, value in found.items() if np.isfinite(value[0]))


def _customer_numbers(model: DeployedModel, scenario: CustomerScenario, day: date) -> Numbers:
    if not scenario.chosen:
        return ()
    decision = CustomerResult.of(model.scorer, model.local_scorer, model.book, scenario, day=day).now
    return (
        ("pd", decision.pd),
        ("score", decision.score),
        ("granted", float(decision.granted)),
        ("loss", decision.expected_loss),
    )


def measured(
    model: DeployedModel, scenario: SavedScenario, query: Mapping[str, str], day: date, base: Mapping[str, str] | None
) -> SavedScenario:
    """A scenario as it is to be kept: assuming what a ``query`` means, on top of ``base`` where it stands on one, with
    the numbers of the model that answers now, and which that is. What means nothing here is not kept, so that nothing
    can be that no page assumes."""
    meant, _ = read_query(scenario.subject, model.book, query)
    told = scenario.assuming(model.book, meant.to_query(), base)
    return replace(
        told,
        release=model.id,
        contract_sha256=model.contract.hash,
        day=day.isoformat(),
        numbers=numbers_under(model, meant, day),
    )


def measured_anew(model: DeployedModel, scenario: SavedScenario, day: date, find: Find) -> SavedScenario:
    """A scenario as it stands now, with its numbers of now: what is handed over for review. Raises what
    `numbers_under` and `in_force` do."""
    query, _ = in_force(scenario, model.book, find)
    base = in_force(find(scenario.stands_on), model.book, find)[0] if scenario.stands_on else None
    return replace(measured(model, scenario, query, day, base), stands_on=scenario.stands_on)


def opened(
    models: DeployedModels, model: DeployedModel, scenario: SavedScenario, *, day: date, find: Find
) -> OpenedScenario:
    """A scenario looked at again by the ``model`` that answers for its book now.

    Raises
    ------
    WhatIfError
        If the model does not answer, or what it stands on is gone.
    """
    query, complaints = in_force(scenario, model.book, find)
    meant, told = read_query(scenario.subject, model.book, query)
    then, gone = _then(models, model, scenario, day)
    return OpenedScenario(
        scenario,
        tuple(query.items()),
        now=numbers_under(model, meant, day),
        model=model.id,
        contract_sha256=model.contract.hash,
        then=then,
        gone=gone,
        below=tuple(below(scenario, find)),
        complaints=tuple(dict.fromkeys((*complaints, *told))),
    )


def _then(
    models: DeployedModels, model: DeployedModel, scenario: SavedScenario, day: date
) -> tuple[Numbers | None, str]:
    """What the release of saving says once more of what was assumed then, or why it cannot be asked."""
    try:
        own = model if model.id == scenario.release else _release_of(models, model, scenario)
        then = date.fromisoformat(scenario.day) if scenario.day else day
        return numbers_under(own, read_query(scenario.subject, _asked(own), dict(scenario.query))[0], then), ""
    except WhatIfError as error:
        return None, str(error)


def _release_of(models: DeployedModels, model: DeployedModel, scenario: SavedScenario) -> DeployedModel:
    """The release of saving; ReleaseError where it cannot be asked about the book as it is."""
    short = scenario.release[:6]
    if scenario.release not in models.store(scenario.book).ids():
        raise ReleaseError(f"The model {short} that it was saved under is no longer kept here.")
    found = models.release(scenario.book, scenario.release)
    assert found.release is not None
    if found.release.manifest["data_sha256"] != model.book.sha256:
        raise ReleaseError(f"The records of the book were replaced since, and the model {short} knew the ones before.")
    return found


def _asked(model: DeployedModel) -> Book:
    """The book under the contract of the model that is asked, which is another one for a release of before."""
    same = model.book.contract.hash == model.contract.hash
    return model.book if same else replace(model.book, contract=model.contract)
