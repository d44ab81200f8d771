"""A saved scenario asked of the deployed model: its numbers as it is kept, and what has changed when it is opened."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np

from data.books import Book
from data.errors import BadInput, WhatIfError
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.errors import ReleaseError, RemoteError
from model.record.replay import book_outputs, policy_outputs
from model.record.scenarios import ScenarioStore
from model.report.scenarios.briefing import KnownScenarios
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy.result import PolicyResult
from model.whatif.policy.scenario import PolicyScenario
from model.whatif.saved import Find, OpenedScenario, SavedScenario, Scenario, Subject, below, in_force, read_query
from model.whatif.scenario_filter import ScenarioFilter

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
    """A scenario as it stands now, with its numbers of now: what is handed over for review."""
    return rebased(model, scenario, stands_on=scenario.stands_on, follows=scenario.follows, day=day, find=find)


def rebased(
    model: DeployedModel, scenario: SavedScenario, *, stands_on: str, follows: bool, day: date, find: Find
) -> SavedScenario:
    """A scenario that assumes what it does now, but stands on another one, or on nothing; or that is frozen, or follows
    again. Raises what `numbers_under` and `in_force` do."""
    query, _ = in_force(scenario, model.book, find)
    below_it = base_query(model, find, stands_on)
    return replace(measured(model, scenario, query, day, below_it), stands_on=stands_on, follows=follows)


def base_query(model: DeployedModel, find: Find, stands_on: str) -> dict[str, str] | None:
    """What the scenario of an id assumes now, for another to stand on; None for "". Raises what `in_force` does."""
    return in_force(find(stands_on), model.book, find)[0] if stands_on else None


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
        own = model if model.id == scenario.release else _release_of(models, model, scenario.release)
        then = date.fromisoformat(scenario.day) if scenario.day else day
        return numbers_under(own, read_query(scenario.subject, _asked(own), dict(scenario.query))[0], then), ""
    except WhatIfError as error:
        return None, str(error)


def _release_of(models: DeployedModels, model: DeployedModel, identity: str) -> DeployedModel:
    """Another release of the model's book; ReleaseError where it cannot be asked about the book as it is."""
    book, short = model.contract.book.name, identity[:6]
    if identity not in models.store(book).ids():
        raise ReleaseError(f"The model {short} that it was saved under is no longer kept here.")
    found = models.release(book, identity)
    assert found.release is not None
    if found.release.manifest["data_sha256"] != model.book.sha256:
        raise ReleaseError(f"The records of the book were replaced since, and the model {short} knew the ones before.")
    return found


def _asked(model: DeployedModel) -> Book:
    """The book under the contract of the model that is asked, which is another one for a release of before."""
    same = model.book.contract.hash == model.contract.hash
    return model.book if same else replace(model.book, contract=model.contract)


def numbers_of_both(
    models: DeployedModels,
    model: DeployedModel,
    subject: Subject,
    *,
    before: str,
    query: Mapping[str, str],
    day: date,
) -> tuple[Numbers, Numbers] | None:
    """The numbers of a what-if by the release whose id begins with ``before``, and by the model that answers now; None
    where no such release is kept here, or it cannot be asked about the book as it is."""
    book = model.contract.book.name
    ids = [each for each in models.store(book).ids() if each.startswith(before)]
    try:
        if model.remote is not None or len(ids) != 1:
            return None
        was = _release_of(models, model, ids[0])
        then, now = (numbers_under(each, read_query(subject, _asked(each), query)[0], day) for each in (was, model))
        return then, now
    except RemoteError:
        raise
    except WhatIfError:
        return None


def known_scenarios(
    models: DeployedModels,
    model: DeployedModel,
    store: ScenarioStore,
    *,
    chosen: str,
    day: date,
    asked: ScenarioFilter,
) -> KnownScenarios:
    """The scenarios of the model's book, which of them are ``asked`` for, and the one that is ``chosen`` by its id,
    looked at again; none where that is "". Raises StoreError where they cannot be read."""
    book = model.contract.book.name
    known = KnownScenarios(_asked(model), model.contract, tuple(store.listed(book, asked.archived)), asked)
    return looked_at(models, model, store, known=known, chosen=chosen, day=day) if chosen else known


def looked_at(
    models: DeployedModels, model: DeployedModel, store: ScenarioStore, *, known: KnownScenarios, chosen: str, day: date
) -> KnownScenarios:
    """Scenarios that are ``known``, with the one of an id looked at again, or why it cannot be. Raises RemoteError
    where the model does not answer."""
    try:
        scenario = store.find(chosen)
        if scenario.book != known.contract.book.name:
            raise BadInput(f"“{scenario.name}” is a scenario of another book, {scenario.book}. Pick that book first.")
        found = opened(models, model, scenario, day=day, find=store.find)
        return replace(known, opened=found, history=tuple(store.history(chosen)), trouble="")
    except RemoteError:
        raise
    except WhatIfError as error:
        return replace(known, trouble=str(error))
