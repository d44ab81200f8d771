"""What the tests of the workbook share."""

from datetime import date

import pytest

from model.deployed.model import DeployedModel
from model.export.workbook.workbook import customer_workbook, made_of
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from tests.export.workbook.reading import ReadWorkbook

DAY = date(2026, 11, 2)


def asked(model: DeployedModel, scenario: CustomerScenario) -> CustomerResult:
    """What the service says of a customer."""
    return CustomerResult.of(model.scorer, model.local_scorer, model.book, scenario, day=DAY)


def written(model: DeployedModel, result: CustomerResult) -> ReadWorkbook:
    """The workbook of a customer."""
    return ReadWorkbook(customer_workbook(model, result, made_of(model, who="Ada", day=DAY)))


@pytest.fixture(scope="session")
def result(model: DeployedModel) -> CustomerResult:
    """A customer with two edits, under another loss given default."""
    contract = model.contract
    scenario = CustomerScenario(17).edited(contract, "limit", 60_000).edited(contract, "late", 2)
    return asked(model, scenario.assumed(contract, "lgd", 0.7))


@pytest.fixture(scope="session")
def customer(model: DeployedModel, result: CustomerResult) -> ReadWorkbook:
    """The workbook of that customer."""
    return written(model, result)
