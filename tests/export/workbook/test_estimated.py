"""The workbook of a book of which a sample answers: what it adds up is the estimate, and it says so."""

from pathlib import Path

import pytest

from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.export.workbook.workbook import asked_book_workbook
from model.report.book.briefing import estimate
from model.settings import Settings
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from tests.export.workbook.conftest import DAY
from tests.export.workbook.reading import ReadWorkbook
from tests.support.large_book import HELD, LOANS, NAME


@pytest.fixture(scope="module")
def estimated(large_home: Path) -> DeployedModel:
    found = DeployedModels(lambda: Settings(home=large_home, book_rows=HELD)).model(NAME)
    assert found is not None
    return found


def test_workbook_adds_up_to_the_estimate_and_says_that_it_is_one(estimated: DeployedModel):
    stress = BookScenario().with_value(estimated.contract, "balances", 20)
    result = BookResult.of(estimated.whole, stress, DAY)
    workbook = ReadWorkbook(asked_book_workbook(estimated, stress, who="Ada", day=DAY))
    assert str(workbook.sheets["Book"][1][0]).endswith(estimate(result))
    assert "Estimated from 6,000 of 60,000 loans" in estimate(result)
    rows = {str(row[0]): row for row in workbook.sheets["Sample"][:12]}
    assert rows["Loans"][1:4] == [pytest.approx(LOANS), pytest.approx(LOANS), 0]
    for state, totals in enumerate((result.base, result.now)):
        loss, _, off = rows["Expected loss (US$), one year"][1 + 3 * state : 4 + 3 * state]
        assert loss == pytest.approx(totals.loss)
        assert abs(float(off)) < 0.02
        assert rows["Exposure at default (US$), at default"][1 + 3 * state] == pytest.approx(totals.exposure)
    checks = next(row for row in workbook.sheets["Read me"] if row[0] == "All checks together")
    assert checks[1] == 0
