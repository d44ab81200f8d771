"""What stands behind the numbers of a paper, as a table: what was set, and what the contract has otherwise."""

from data.contract import Contract, capitalised
from model.report.briefing import Column, Table
from model.report.comparison.differences import book_facts, customer_facts
from model.whatif.book.scenario import NUDGE, BookScenario, chosen
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CUTOFF, CustomerScenario

SET, UNDERNEATH = "set here", "the book's scenario"
DECLARED, IN_BOOK = "as the contract has it", "in the book"
COLUMNS = (Column("Assumption"), Column("Value"), Column("Whence"))
TITLE = "Everything that is assumed, and whence"


def assumed_of_book(contract: Contract, scenario: BookScenario) -> Table:
    """What a scenario of the book sets, first; then the contract's assumptions and the coefficients at work as they
    stand."""
    facts, plain = book_facts(contract, scenario), book_facts(contract, BookScenario())
    known = {each.label for each in contract.assumptions}
    known |= {f"Coefficient of {each.label.lower()}" for each in contract.economy if each.coefficient}
    changed = [each for each in facts if facts[each] != plain.get(each)]
    rows = [(each, facts[each], _whence(contract, scenario, each)) for each in changed]
    rows += [(each, told, DECLARED) for each, told in facts.items() if each in known and each not in changed]
    return Table("memo-assumed", TITLE, COLUMNS, tuple(rows))


def _whence(contract: Contract, scenario: BookScenario, label: str) -> str:
    """A variable of the economy may stand where a regulator's scenario puts it."""
    using = chosen(scenario)
    variable = next((each.name for each in contract.economy if each.label == label), "")
    own = {variable, f"{NUDGE}{variable}"} & {name for name, _ in scenario.values}
    return using.title if using is not None and variable and not own else SET


def assumed_of_customer(result: CustomerResult) -> Table:
    """Who it is and what was changed of them; then the assumptions as they stand."""
    contract, scenario = result.contract, result.scenario
    values, declared = scenario.standing(contract), CustomerScenario().values(contract)
    labels = {each.name: each.label for each in contract.assumptions} | {CUTOFF: "Cut-off"}
    whence = {label: UNDERNEATH if values[name] != declared[name] else DECLARED for name, label in labels.items()}
    whence |= {labels[name]: SET for name, _ in scenario.assumptions}
    whence |= {capitalised(contract.book.record): IN_BOOK} if scenario.customer is not None else {}
    rows = tuple((label, told, whence.get(label, SET)) for label, told in customer_facts(result, ()).items())
    return Table("memo-assumed", TITLE, COLUMNS, rows)
