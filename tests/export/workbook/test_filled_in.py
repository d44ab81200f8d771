"""A workbook that was filled in comes back as the record and the assumptions that stand in it, cell by cell."""

import pytest

from data.errors import BadInput
from model.deployed.model import DeployedModel
from model.export.workbook.filled_in import CellTroubles, read_filled_in
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from tests.export.workbook.conftest import asked
from tests.export.workbook.reading import ReadWorkbook


def test_what_was_taken_along_comes_back_as_it_was(
    model: DeployedModel, customer: ReadWorkbook, result: CustomerResult
):
    found = read_filled_in(customer.content, "mine.xlsx", model.contract)
    assert list(found.own) == result.edited[:, 0].tolist()
    back = found.on_top_of(model.contract, CustomerScenario(3))
    assert back.values(model.contract) == result.scenario.values(model.contract)
    assert asked(model, back).now.pd == result.now.pd
    assert found.notes == ()


def test_a_cell_that_was_changed_is_asked_about(model: DeployedModel, customer: ReadWorkbook):
    content = customer.with_cells("Customer", **{customer.cell_of("own_limit"): 75_000})
    found = read_filled_in(content, "mine.XLSX", model.contract)
    assert found.own[model.contract.row["limit"]] == 75_000


def test_cells_that_cannot_be_are_told_with_their_addresses_all_at_once(model: DeployedModel, customer: ReadWorkbook):
    limit, lgd = customer.cell_of("own_limit"), customer.cell_of("own_assumed_lgd")
    wrong = {limit: "plenty", lgd: 7}
    with pytest.raises(CellTroubles) as caught:
        read_filled_in(customer.with_cells("Customer", **wrong), "mine.xlsx", model.contract)
    first, second = caught.value.told
    assert first.startswith(f"Customer!{limit}: Credit limit: ")
    assert second.startswith(f"Customer!{lgd}: Loss given default")
    assert "7 was given; a number from" in second


def test_a_number_out_of_bounds_and_an_empty_cell_are_told(model: DeployedModel, customer: ReadWorkbook):
    limit, cutoff = customer.cell_of("own_limit"), customer.cell_of("own_assumed_cutoff")
    with pytest.raises(CellTroubles) as caught:
        read_filled_in(customer.with_cells("Customer", **{limit: 5, cutoff: None}), "mine.xlsx", model.contract)
    assert [told.partition(": ")[0] for told in caught.value.told] == [f"Customer!{limit}", f"Customer!{cutoff}"]
    assert "nothing was given" in caught.value.told[1]


@pytest.mark.parametrize(("content", "name"), [(b"a,b\n1,2\n", "a.csv"), (b"PK no workbook", "a.xlsx")])
def test_what_is_no_workbook_of_a_customer_is_refused(model: DeployedModel, content: bytes, name: str):
    with pytest.raises(BadInput):
        read_filled_in(content, name, model.contract)
