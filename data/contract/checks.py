"""What the parts of a contract must keep among each other."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from data.contract.contract import Contract
from data.contract.schema import (
    Assumption,
    Field,
    Input,
    Lever,
    Shock,
    Variable,
)
from data.errors import ContractError
from data.formulas import names_in

NEEDED: Mapping[str, str] = {
    "apr": "the yearly rate charged",
    "funding": "the yearly cost of funding",
    "opex": "the yearly operating cost of one record",
    "margin_months": "the months that margin and profit are told over",
    "annual_default_rate": "the yearly default rate that capital is scaled to",
    "correlation": "the asset correlation of the economy as one factor",
}
"""The assumptions that margin, capital and economy are worked out with, whatever the book."""


def check_agreement(contract: Contract, source: str) -> None:
    """Names are unique, concepts exist, formulas read what is declared and nothing protected."""
    names = [field.name for field in contract.record] + [field.name for field in contract.observed]
    movers: tuple[Shock | Variable | Assumption, ...] = (*contract.shocks, *contract.economy, *contract.assumptions)
    groups: dict[str, list[str]] = {
        "field": names,
        "input": [each.name for each in contract.inputs],
        "lever": [each.name for each in contract.levers],
        "concept": [each.name for each in contract.concepts],
        "assumption": [each.name for each in contract.assumptions],
        "segment": [each.name for each in contract.segments],
        "limit": [str(each.measure) for each in contract.appetite],
        "shock, variable or assumption": [each.name for each in movers],
    }
    for what, group in groups.items():
        twice = {name for name, n in Counter(group).items() if n > 1}
        if twice:
            raise ContractError(f"{source}: {what} {', '.join(sorted(twice))} is declared twice.")
    concepts = {each.name for each in contract.concepts}
    parts: tuple[Field | Input | Lever, ...] = (*contract.record, *contract.inputs, *contract.levers)
    for part in parts:
        if part.concept not in concepts and getattr(part, "role", "") != "vintage":
            raise ContractError(f"{source}: {part.name} is of the concept {part.concept!r}, which is not declared.")
    for lever in contract.levers:
        if lever.shows not in {each.name for each in contract.inputs}:
            raise ContractError(f"{source}: lever {lever.name} shows {lever.shows!r}, which is no input.")
        for target in lever.rules:
            if target not in contract.rows:
                raise ContractError(f"{source}: lever {lever.name} moves {target!r}, which is no input field.")
    if contract.book.target not in {field.name for field in contract.fields if field.role == "target"}:
        raise ContractError(f"{source}: the target {contract.book.target!r} is not a declared field of role target.")
    for constraint in contract.constraints:
        for name in constraint.fields:
            if name not in contract.rows:
                raise ContractError(f"{source}: a constraint speaks of {name!r}, which is no input field.")
    _assumptions_there(contract, source)
    _outcome_unread(contract, source)
    _vintage_stays(contract, source)
    for segment in contract.segments:
        if segment.field not in contract.row and segment.field not in {each.name for each in contract.inputs}:
            told = f"segment {segment.name} cuts {segment.field!r}, which is neither an input field nor a model input."
            raise ContractError(f"{source}: {told}")
    for each in movers:
        if each.swing > each.maximum - each.minimum:
            raise ContractError(f"{source}: the swing of {each.name} is {each.swing:g}, which is wider than its range.")
    for shock in contract.shocks:
        for target in shock.rules:
            if target not in contract.rows:
                raise ContractError(f"{source}: shock {shock.name} moves {target!r}, which is no input field.")
    for limit in contract.appetite:
        if limit.measure not in contract.measures:
            told = f"there is a limit on {limit.measure}, but no guarantor: a loss net of guarantees is not told here."
            raise ContractError(f"{source}: {told}")
    contract.reads, contract._levers, contract._constraints, contract._exposure  # noqa: B018  compile every formula
    contract._shocks, contract._realised  # noqa: B018
    _try_out(contract, source)


def _assumptions_there(contract: Contract, source: str) -> None:
    """Raise ContractError if an assumption is missing without which the book cannot be worked out."""
    missing = [name for name in NEEDED if name not in {each.name for each in contract.assumptions}]
    if missing:
        named = ", ".join(f"{name} ({NEEDED[name]})" for name in missing)
        remedy = "Declare it under [[assumptions]] with label, unit, default, minimum, maximum and step."
        raise ContractError(f"{source}: there is no assumption {named}. {remedy}")


def _vintage_stays(contract: Contract, source: str) -> None:
    """Raise ContractError if anything may move the day a record came into the book."""
    vintage = contract.vintage
    if vintage is None:
        return
    if vintage.mutability != "never":
        raise ContractError(f"{source}: {vintage.name} is the vintage and cannot be edited: its mutability is never.")
    movers: tuple[Lever | Shock, ...] = (*contract.levers, *contract.shocks)
    for each in movers:
        if vintage.name in each.rules:
            raise ContractError(f"{source}: {each.name} moves {vintage.name}, the vintage, which nothing may move.")


def _outcome_unread(contract: Contract, source: str) -> None:
    """Raise ContractError if a formula reads what is known only after the outcome, or an input reads the vintage."""
    by_role: dict[str, set[str]] = {"post-outcome": set(), "target": set(), "protected": set(), "vintage": set()}
    for field in contract.fields:
        by_role.get(field.role, set()).add(field.name)
    if len(by_role["vintage"]) > 1:
        raise ContractError(f"{source}: a book has one vintage; {', '.join(sorted(by_role['vintage']))} are declared.")
    told = {
        "post-outcome": "which is known only after the outcome: a model that reads it knows what it should predict",
        "target": "which is the outcome itself",
        "protected": "which is protected and never scored",
        "vintage": "the vintage: a model that reads it learns the calendar, which says nothing of later years",
    }
    own = contract.exposure
    formulas = [(f"input {each.name}", each.formula, True) for each in contract.inputs]
    for each in contract.levers:
        formulas += [(f"lever {each.name}", rule, False) for rule in (each.start, *each.rules.values())]
    formulas += [(f"shock {each.name}", rule, False) for each in contract.shocks for rule in each.rules.values()]
    formulas += [("the exposure", each, False) for each in (own.balance, own.ead, own.lgd, own.own_share)]
    formulas += [("a constraint", each.rule, False) for each in contract.constraints]
    formulas += [(f"segment {each.name}", each.field, False) for each in contract.segments]
    for what, text, scored in formulas:
        read = names_in(text)
        for role, names in by_role.items():
            found = sorted(read & names)
            if found and (scored or role != "vintage"):
                raise ContractError(f"{source}: {what} reads {', '.join(found)}, {told[role]}.")


def _try_out(contract: Contract, source: str) -> None:
    """Work every formula out once, on two records of zeros: a function given too little shows here, not on a page."""
    raw, doing = np.zeros((len(contract.record), 2)), ""
    try:
        for k, each in enumerate(contract.inputs):
            doing = f"input {each.name}"
            contract.derive(raw, [k])
        for lever in contract.levers:
            doing = f"lever {lever.name}"
            contract.pull(lever.name, contract.lever_start(lever.name, raw), raw)
        for shock in contract.shocks:
            doing = f"shock {shock.name}"
            contract.strike(shock.name, shock.maximum, contract.values(raw))
        doing = "the exposure"
        contract.exposures(raw, {each.name: each.default for each in contract.assumptions})
        doing = "the constraints"
        contract.broken(raw)
        doing = "the realised loss"
        contract.realised_loss(raw, {each.name: np.zeros(2) for each in contract.observed})
    except Exception as error:  # a division of 1 by 0, a number too large: whatever formulas can come to
        why = str(error)[:200] or type(error).__name__
        raise ContractError(f"{source}: a formula of {doing} cannot be worked out: {why}.") from error
