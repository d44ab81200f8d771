"""What the parts of a contract must keep among each other."""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from data.contract.contract import Contract
from data.contract.counted import OF_MONEY
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
"""The assumptions that margin, capital and economy are worked out with; those of money where an amount is named."""


def disagreements(contract: Contract) -> Iterator[str]:
    """What the parts of a contract do not keep among each other, in sentences: names are unique, concepts exist,
    formulas read what is declared and nothing protected."""
    found = False
    for check in CHECKS:
        for told in check(contract):
            found = True
            yield told
    if not found:
        yield from _tried_out(contract)


def _movers(contract: Contract) -> tuple[Shock | Variable | Assumption, ...]:
    return (*contract.shocks, *contract.economy, *contract.assumptions)


def _twice(contract: Contract) -> Iterator[str]:
    names = [field.name for field in contract.record] + [field.name for field in contract.observed]
    groups: dict[str, list[str]] = {
        "field": names,
        "input": [each.name for each in contract.inputs],
        "lever": [each.name for each in contract.levers],
        "concept": [each.name for each in contract.concepts],
        "assumption": [each.name for each in contract.assumptions],
        "segment": [each.name for each in contract.segments],
        "limit": [str(each.measure) for each in contract.appetite],
        "shock, variable or assumption": [each.name for each in _movers(contract)],
    }
    for what, group in groups.items():
        twice = {name for name, n in Counter(group).items() if n > 1}
        if twice:
            yield f"{what} {', '.join(sorted(twice))} is declared twice."


def _undeclared(contract: Contract) -> Iterator[str]:
    """What speaks of something that is not there."""
    concepts = {each.name for each in contract.concepts}
    parts: tuple[Field | Input | Lever, ...] = (*contract.record, *contract.inputs, *contract.levers)
    for part in parts:
        if part.concept not in concepts and getattr(part, "role", "") != "vintage":
            yield f"{_kind(part)}{part.name} is of the concept {part.concept!r}, which is not declared."
    for lever in contract.levers:
        if lever.shows not in {each.name for each in contract.inputs}:
            yield f"lever {lever.name} shows {lever.shows!r}, which is no input."
        for target in lever.rules:
            if target not in contract.rows:
                yield f"lever {lever.name} moves {target!r}, which is no input field."
    if contract.book.target not in {field.name for field in contract.fields if field.role == "target"}:
        yield f"the target {contract.book.target!r} is not a declared field of role target."
    for constraint in contract.constraints:
        for name in constraint.fields:
            if name not in contract.rows:
                yield f"a constraint speaks of {name!r}, which is no input field."


def _uncut(contract: Contract) -> Iterator[str]:
    """Segments and shocks of what is not there."""
    for segment in contract.segments:
        if segment.field not in contract.row and segment.field not in {each.name for each in contract.inputs}:
            yield f"segment {segment.name} cuts {segment.field!r}, which is neither an input field nor a model input."
    for shock in contract.shocks:
        for target in shock.rules:
            if target not in contract.rows:
                yield f"shock {shock.name} moves {target!r}, which is no input field."


def _kind(part: Field | Input | Lever) -> str:
    return {Input: "input ", Lever: "lever "}.get(type(part), "field ")


def _out_of_range(contract: Contract) -> Iterator[str]:
    for each in _movers(contract):
        if each.swing > each.maximum - each.minimum:
            yield f"the swing of {each.name} is {each.swing:g}, which is wider than its range."
    for limit in contract.appetite:
        if limit.measure not in contract.measures:
            why = "no guarantor" if contract.in_money else "no amount that is owed"
            yield f"there is a limit on {limit.measure}, but {why}: it is not told here."


def _uncompiled(contract: Contract) -> Iterator[str]:
    """Formulas that cannot be read; where all can, they are compiled for whoever asks the contract."""
    try:
        contract.reads, contract._levers, contract._constraints, contract._exposure  # noqa: B018  compile every formula
        contract._shocks, contract._realised  # noqa: B018
    except ContractError as first:
        told = [said for each in _formulas(contract) if (said := _unread(contract, *each))]
        yield from told or [str(first)]


def _formulas(contract: Contract) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Each formula, what it is of, and the names it may read."""
    rows = frozenset(contract.rows)
    scored = rows - ({contract.vintage.name} if contract.vintage else set())
    for each in contract.inputs:
        yield f"input {each.name}", each.formula, scored
    for lever in contract.levers:
        yield f"lever {lever.name}", lever.start, rows
        for rule in lever.rules.values():
            yield f"lever {lever.name}", rule, rows | {"value", "start", "ago"}
    for shock in contract.shocks:
        for rule in shock.rules.values():
            yield f"shock {shock.name}", rule, rows | {"value", "ago"}
    for constraint in contract.constraints:
        yield "a constraint", constraint.rule, rows
    own, known = contract.exposure, rows | {each.name for each in contract.assumptions}
    for formula in (own.balance, own.ead, own.lgd, own.own_share):
        yield "the exposure", formula, known


def _unread(contract: Contract, what: str, formula: str, known: frozenset[str]) -> str:
    try:
        contract.parsed(formula, known)
    except ContractError as error:
        return f"{what}: {error}"
    return ""


def _assumptions_absent(contract: Contract) -> Iterator[str]:
    """Assumptions without which the book cannot be worked out."""
    needed = [name for name in NEEDED if contract.in_money or name not in OF_MONEY]
    missing = [name for name in needed if name not in {each.name for each in contract.assumptions}]
    if missing:
        named = ", ".join(f"{name} ({NEEDED[name]})" for name in missing)
        remedy = "Declare it under [[assumptions]] with label, unit, default, minimum, maximum and step."
        yield f"there is no assumption {named}. {remedy}"


def _vintage_moved(contract: Contract) -> Iterator[str]:
    """What may move the day a record came into the book."""
    vintage = contract.vintage
    if vintage is None:
        return
    if vintage.mutability != "never":
        yield f"field {vintage.name} is the vintage and cannot be edited: its mutability is never."
    movers: tuple[Lever | Shock, ...] = (*contract.levers, *contract.shocks)
    for each in movers:
        if vintage.name in each.rules:
            yield f"{each.name} moves {vintage.name}, the vintage, which nothing may move."


def _outcome_read(contract: Contract) -> Iterator[str]:
    """Formulas that read what is known only after the outcome, and inputs that read the vintage."""
    by_role: dict[str, set[str]] = {"post-outcome": set(), "target": set(), "protected": set(), "vintage": set()}
    for field in contract.fields:
        by_role.get(field.role, set()).add(field.name)
    if len(by_role["vintage"]) > 1:
        yield f"a book has one vintage; {', '.join(sorted(by_role['vintage']))} are declared."
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
                yield f"{what} reads {', '.join(found)}, {told[role]}."


def _tried_out(contract: Contract) -> Iterator[str]:
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
        yield f"a formula of {doing} cannot be worked out: {why}."
    else:
        yield from _exposed_without_values(contract)


def _exposed_without_values(contract: Contract) -> Iterator[str]:
    """Where there would be no exposure because a field has a special code: a code is no amount, and what stands for it
    must be said."""
    assumed = {each.name: each.default for each in contract.assumptions}
    least = np.array([[field.minimum if np.isfinite(field.minimum) else 0.0] for field in contract.record])
    own = contract.exposure
    read = frozenset().union(*(names_in(each) for each in (own.balance, own.ead, own.lgd, own.own_share)))
    for name in sorted(read & contract.special_codes.keys()):
        rows, codes = contract.rows[name], contract.special_codes[name]
        raw = least.copy()
        raw[rows] = codes[0]
        before, after = (contract.exposures(each, assumed) for each in (least, raw))
        if any(np.isnan(now).any() and not np.isnan(was).any() for was, now in zip(before, after, strict=True)):
            word = contract.record[rows.start].special[codes[0]]
            told = f"the exposure reads {name}, in which {codes[0]:g} ({word}) stands for no amount"
            yield f"{told}. Say what counts then: where({name} >= 0, {name}, 0)."


CHECKS = (_twice, _undeclared, _assumptions_absent, _outcome_read, _vintage_moved, _uncut, _out_of_range, _uncompiled)
