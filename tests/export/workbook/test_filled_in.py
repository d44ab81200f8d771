"""A workbook that was filled in comes back as the record and the assumptions that stand in it, cell by cell."""

import io
import zipfile

import pytest

from data.errors import BadInput
from model.deployed.model import DeployedModel
from model.export.workbook.filled_in import CellTroubles, read_filled_in
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from tests.export.workbook.conftest import asked
from tests.export.workbook.reading import ReadWorkbook


def put(workbook: ReadWorkbook, **cells: str) -> bytes:
    """The workbook with other cells of its sheet Customer, each as it stands in the file after its style."""
    sheet = "xl/worksheets/sheet2.xml"
    text = workbook.parts[sheet]
    for address, content in cells.items():
        start = text.index(f'<c r="{address}"')
        end = text.index("</c>", start) + 4
        style = text[start:end].partition(' s="')[2].partition('"')[0]
        text = f'{text[:start]}<c r="{address}" s="{style}"{content}</c>{text[end:]}'
    filled = io.BytesIO()
    with zipfile.ZipFile(filled, "w") as packed:
        for name, part in workbook.parts.items():
            packed.writestr(name, text if name == sheet else part)
    return filled.getvalue()


def cell_of(workbook: ReadWorkbook, name: str) -> str:
    """The address of a name on the sheet Customer: C6."""
    return workbook.names[name].partition("!")[2]


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
    content = put(customer, **{cell_of(customer, "own_limit"): "><v>75000</v>"})
    found = read_filled_in(content, "mine.XLSX", model.contract)
    assert found.own[model.contract.row["limit"]] == 75_000


def test_cells_that_cannot_be_are_told_with_their_addresses_all_at_once(model: DeployedModel, customer: ReadWorkbook):
    limit, lgd = cell_of(customer, "own_limit"), cell_of(customer, "own_assumed_lgd")
    wrong = {limit: ' t="inlineStr"><is><t>plenty</t></is>', lgd: "><v>7</v>"}
    with pytest.raises(CellTroubles) as caught:
        read_filled_in(put(customer, **wrong), "mine.xlsx", model.contract)
    first, second = caught.value.told
    assert first.startswith(f"Customer!{limit}: Credit limit: ")
    assert second.startswith(f"Customer!{lgd}: Loss given default")
    assert "7 was given; a number from" in second


def test_a_number_out_of_bounds_and_an_empty_cell_are_told(model: DeployedModel, customer: ReadWorkbook):
    limit, cutoff = cell_of(customer, "own_limit"), cell_of(customer, "own_assumed_cutoff")
    with pytest.raises(CellTroubles) as caught:
        read_filled_in(put(customer, **{limit: "><v>5</v>", cutoff: ">"}), "mine.xlsx", model.contract)
    assert [told.partition(": ")[0] for told in caught.value.told] == [f"Customer!{limit}", f"Customer!{cutoff}"]
    assert "nothing was given" in caught.value.told[1]


@pytest.mark.parametrize(("content", "name"), [(b"a,b\n1,2\n", "a.csv"), (b"PK no workbook", "a.xlsx")])
def test_what_is_no_workbook_of_a_customer_is_refused(model: DeployedModel, content: bytes, name: str):
    with pytest.raises(BadInput):
        read_filled_in(content, name, model.contract)
