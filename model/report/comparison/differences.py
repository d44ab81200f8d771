"""What those compared assume differently: a row for each thing that is not the same in all of them, as in a
spreadsheet's manager of scenarios."""

from collections.abc import Mapping, Sequence

from data.contract import Contract, capitalised
from model.report import numbers
from model.report.book import words as book_words
from model.report.briefing import Cell, Column, Table
from model.report.customer import words as customer_words
from model.whatif.book.scenario import (
    BETA,
    FACTOR,
    LIMIT,
    METHOD,
    OVERLAY_LGD,
    OVERLAY_PD,
    PRESET,
    SEVERITY,
    WEIGHED_AT,
    WEIGHT,
    BookScenario,
    chosen,
    parts,
)
from model.whatif.comparison.result import ComparisonResult
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CUTOFF, editable

NOTHING_SET = "–"


def differences_table(result: ComparisonResult, contract: Contract) -> Table:
    """Only the rows that differ, in the order of the contract."""
    facts = [_facts(result, contract, k) for k in range(len(result.names))]
    labels = dict.fromkeys(label for each in facts for label in each)
    rows: list[tuple[Cell, ...]] = []
    for label in labels:
        told = [each.get(label, NOTHING_SET) for each in facts]
        if len(set(told)) > 1:
            rows.append((label, *told))
    columns = (Column("What differs"), *(Column(name) for name in result.names))
    return Table("comparison-differences", "What those compared assume differently", columns, tuple(rows))


def _facts(result: ComparisonResult, contract: Contract, k: int) -> Mapping[str, str]:
    """All that one of them assumes, in words by label."""
    if result.books:
        return book_facts(contract, result.books[k].scenario)
    if result.policies:
        policy = result.policies[k].policy
        own = {"Cut-off": f"{policy.at(contract)}"} | book_facts(contract, policy.stress(contract))
        return own
    return customer_facts(result.customers[k], result.customers)


# ---- the book -----------------------------------------------------------------------------------------------------


def book_facts(contract: Contract, scenario: BookScenario) -> dict[str, str]:
    """Every part of a scenario of the book that is set or works, in words by its label."""
    found = dict[str, str]()
    moving = {each.name for each in contract.shocks} | {each.name for each in contract.economy}
    moving |= {each.name for each in contract.assumptions}
    for name, part in parts(contract).items():
        label = part if isinstance(part, str) else part.label
        if name in moving or name in (FACTOR, OVERLAY_PD, OVERLAY_LGD):
            found[label] = book_words.lever_value(contract, scenario, name)
        elif name.startswith((WEIGHT, WEIGHED_AT)):
            continue
        elif name in dict(scenario.values) or name.startswith((BETA, LIMIT)):
            found[label] = _fact(contract, scenario, name)
    if chosen(scenario) is not None and SEVERITY not in dict(scenario.values):
        found["Severity"] = f"100{numbers.NBSP}%"
    return found


def _fact(contract: Contract, scenario: BookScenario, name: str) -> str:
    """What stands in a chip, without the label that stands before it already."""
    if name.startswith(BETA):
        return numbers.exactly(scenario.number(contract, name))
    if name == SEVERITY:
        return f"{numbers.exactly(scenario.number(contract, name))}{numbers.NBSP}%"
    if name.startswith(LIMIT):
        measure = next(each.measure for each in contract.appetite if LIMIT + each.measure == name)
        return book_words.limit_text(contract, measure, scenario.number(contract, name))
    if name in (PRESET, METHOD):
        return book_words.chip(contract, scenario, name)
    return book_words.chip(contract, scenario, name).partition(": ")[2] or book_words.chip(contract, scenario, name)


# ---- customers ----------------------------------------------------------------------------------------------------


def customer_facts(own: CustomerResult, everybody: Sequence[CustomerResult]) -> dict[str, str]:
    """Who it is and what is changed; where they are not all the same record, their inputs as they stand, too."""
    contract, scenario = own.contract, own.scenario
    record = capitalised(contract.book.record)
    found = {record: "typed by hand" if scenario.customer is None else f"{scenario.customer:,}"}
    under = book_words.under_chip(contract, scenario.under) if scenario.under.values else NOTHING_SET
    found["The book's scenario"] = under
    for name, value in scenario.edits:
        part = editable(contract, name)
        found[f"{part.label}, changed to"] = customer_words.part_value(part, value)
    values = scenario.values(contract)
    for each in contract.assumptions:
        found[each.label] = numbers.as_set(values[each.name], each.unit)
    found["Cut-off"] = numbers.exactly(values[CUTOFF])
    if len({(each.scenario.customer, each.scenario.own) for each in everybody}) > 1:
        derived = contract.derive(own.edited)[:, 0]
        for k, entry in enumerate(contract.inputs):
            found.setdefault(entry.label, customer_words.input_value(entry, float(derived[k])))
    return found
