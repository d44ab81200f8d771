"""Whether a workbook can be made, asked before it is: soon answered, and in the words of whoever would refuse it."""

from datetime import date

from data.contract import Contract
from model.deployed.model import DeployedModel
from model.export.workbook.formulas import CellFormula, in_cells
from model.export.workbook.sums import kinds_of
from model.export.workbook.tables import operands_of
from model.export.workbook.workbook import shown_member, tables_of
from model.whatif.book.scenario import BookScenario, layers
from model.whatif.comparison.comparison import Comparison
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.saved import Scenario


def check_possible(model: DeployedModel, scenario: Scenario | Comparison, day: date) -> None:
    """Raise what making the workbook of a scenario, or of several compared, would.

    Raises
    ------
    NotTabular
        Where the model's tables are not known here.
    BadInput, BookError, RemoteError
        Where a formula of the contract has no counterpart in a spreadsheet, the book cannot be added up there, or the
        customer's record cannot be, or cannot be asked about.
    """
    tables_of(model)
    check_formulas(model.contract)
    if isinstance(scenario, Comparison):
        scenario = scenario.members[shown_member(scenario)].scenario
    if isinstance(scenario, BookScenario):
        kinds_of(model.contract, model.book.raw, layers(model.contract, scenario, day))
    elif isinstance(scenario, CustomerScenario) and scenario.chosen:
        CustomerResult.of(model.scorer, model.local_scorer, model.book, scenario, day=day)


def check_formulas(contract: Contract) -> None:
    """Raise BadInput where a formula of a contract has no counterpart in a spreadsheet."""
    operands = operands_of(contract, {each.name: f"own_{each.name}" for each in contract.record})
    operands |= {
        each.name: CellFormula(f"own_assumed_{each.name}", low=each.minimum, high=each.maximum)
        for each in contract.assumptions
    }
    owed = contract.exposure
    for text in (
        *(contract.spelled(each.formula) for each in contract.inputs),
        *map(contract.spelled, (owed.ead, owed.lgd, owed.own_share)),
        *(contract.spelled_rule(each.rule) for each in contract.constraints),
    ):
        in_cells(text, operands, lambda _values, _for_each: ("values", "for_each"))
