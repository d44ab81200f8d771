"""Whether a workbook can be made is known before it is."""

import numpy as np
import pytest

from data.contract import Contract
from data.errors import BadInput, BookError
from model.deployed.model import DeployedModel
from model.export.workbook.possible import check_possible
from model.export.workbook.sums import MOST_CLASSES, kinds_of
from model.whatif.book.scenario import BookScenario, layers
from model.whatif.customer.scenario import CustomerScenario
from tests.export.workbook.conftest import DAY


def owed_by(contract: Contract, lgd: str) -> Contract:
    """The contract with another loss given default."""
    return contract.model_copy(update={"exposure": contract.exposure.model_copy(update={"lgd": lgd})})


def test_what_can_be_made_passes(model: DeployedModel):
    for scenario in (BookScenario(), CustomerScenario(), CustomerScenario(17)):
        check_possible(model, scenario, DAY)


def test_a_customer_that_is_not_in_the_book_is_refused_as_on_the_page(model: DeployedModel):
    with pytest.raises(BookError):
        check_possible(model, CustomerScenario(99_999_999), DAY)


def test_losses_of_too_many_kinds_are_told_with_what_to_do(model: DeployedModel):
    contract = model.contract
    own = owed_by(contract, "min(lgd, limit / 1000000)")
    many = np.repeat(model.book.raw[:, :1], MOST_CLASSES + 1, axis=1)
    many[contract.row["limit"]] = np.arange(MOST_CLASSES + 1)
    now = layers(contract, BookScenario(), DAY)
    with pytest.raises(BadInput, match=f"{MOST_CLASSES + 1} kinds; a workbook adds up {MOST_CLASSES}. Take one"):
        kinds_of(own, many, now)
    assert len(kinds_of(own, many[:, :MOST_CLASSES], now)[1]) == MOST_CLASSES


def test_losses_that_a_scenario_moves_are_told_with_what_to_do(model: DeployedModel):
    contract = model.contract
    own = owed_by(contract, "lgd + 0 * limit")
    now = layers(contract, BookScenario().with_value(contract, "limits", -20), DAY)
    with pytest.raises(BadInput, match="follows what a scenario moves"):
        kinds_of(own, model.book.raw, now)
