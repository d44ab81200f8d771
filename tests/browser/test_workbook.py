"""The workbook's way: from the page into an office, and what it answers there."""

import re
from pathlib import Path

import httpx
import pytest

from data.books import Book
from data.contract import Contract
from model.engine.tables import probability
from model.release.release import Release
from model.whatif.customer.scenario import CustomerScenario, base_record
from tests.browser.conftest import Visit, downloaded
from tests.browser.server import Server
from tests.export.workbook.reading import ReadWorkbook
from tests.support.recalculated import Office

pytestmark = [pytest.mark.browser, pytest.mark.office]

SAME = 1e-9
CHANGED = {"limit": 60_000.0, "bill_1": 21_500.0}


def probability_served(server: Server, contract: Contract, record: list[float]) -> float:
    """What the service says of a record, asked for in a browser that opened the link."""
    names = [each.name for each in contract.record]
    asked = {"dataframe_split": {"columns": names, "data": [record]}}
    told = httpx.post(f"{server.url}/api/invocations", json=asked, headers=server.shown, timeout=60, trust_env=False)
    assert told.status_code == 200, told.text
    return float(told.json()["predictions"][0][-1])


def test_an_executive_changes_two_cells_of_a_downloaded_workbook_and_the_number_is_the_services(
    visit: Visit, server: Server, release: Release, book: Book, tmp_path: Path
):
    page = visit("/applicant?customer=17")
    page.get_by_role("button", name="Take along").click()
    taken = downloaded(page.get_by_role("button", name="Excel workbook"))
    assert re.fullmatch(r"cards_workbook_customer-17_\d{4}-\d\d-\d\d\.xlsx", taken.suggested_filename)
    file = tmp_path / taken.suggested_filename
    taken.save_as(file)
    workbook, contract = ReadWorkbook(file.read_bytes()), book.contract
    office = tmp_path / "office"
    office.mkdir()
    cells = {workbook.cell_of(f"own_{name}"): value for name, value in CHANGED.items()}
    changed = ReadWorkbook(Office(office).converted(workbook.with_cells("Customer", **cells)))
    record = base_record(book, CustomerScenario(17)).copy()
    before = float(probability(release.scorer.margins(record))[0])
    for name, value in CHANGED.items():
        record[contract.row[name]] = value
    served = probability_served(server, contract, record[:, 0].tolist())
    assert float(changed.at(workbook.names["own_pd"])) == pytest.approx(served, abs=SAME)
    assert float(changed.at(workbook.names["base_pd"])) == pytest.approx(before, abs=SAME)
    assert float(changed.at(workbook.names["own_pd"])) != pytest.approx(float(workbook.named("own_pd")))
