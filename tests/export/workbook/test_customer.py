"""The workbook of one customer, as it is before anything reckons it."""

import re
import time
from datetime import date

import numpy as np
import pytest

from data.books import Book
from data.errors import BadInput
from model.deployed.model import DeployedModel
from model.errors import NotTabular
from model.export.workbook.workbook import customer_workbook, made_of
from model.release.release import Release
from model.whatif.book.scenario import BookScenario
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from tests.export.workbook.conftest import DAY, asked, written
from tests.export.workbook.reading import ReadWorkbook

SINCE_EXCEL_2007 = {
    *("ABS", "AND", "EXP", "IF", "IFERROR", "INDEX", "INT", "ISBLANK", "ISNUMBER", "LN", "MATCH", "MAX", "MIN", "NA"),
    *("NORMSDIST", "NORMSINV", "NOT", "OR", "ROUND", "SQRT", "SUM", "SUMIF", "SUMPRODUCT"),
}


def test_the_workbook_of_a_customer_is_small_and_soon_written(model: DeployedModel, result: CustomerResult):
    start = time.process_time()
    content = customer_workbook(model, result, made_of(model, who="Ada", day=DAY))
    assert time.process_time() - start < 3  # a second on an idle machine
    assert len(content) < 500_000


def test_the_same_question_gives_the_same_bytes(model: DeployedModel, result: CustomerResult, customer: ReadWorkbook):
    assert written(model, result).content == customer.content


def test_what_is_seen_before_anything_is_reckoned_is_what_the_service_says(
    customer: ReadWorkbook, result: CustomerResult
):
    for prefix, decision in (("base", result.before), ("own", result.now)):
        assert customer.named(f"{prefix}_pd") == pytest.approx(decision.pd, abs=1e-15)
        assert customer.named(f"{prefix}_exact_score") == pytest.approx(decision.score, abs=1e-12)
        assert customer.named(f"{prefix}_loss") == pytest.approx(decision.expected_loss, rel=1e-15)
        assert customer.named(f"{prefix}_ead") == pytest.approx(decision.ead, rel=1e-15)
        assert customer.named(f"{prefix}_decision") == ("granted" if decision.granted else "not granted")


def test_reasons_stand_by_concept_and_add_up(customer: ReadWorkbook, result: CustomerResult):
    assert result.reasons is not None
    own = [customer.answers(each.label)[1] for each in result.reasons.concepts]
    assert own == pytest.approx([each.points for each in result.reasons.concepts], abs=1e-9)
    average = customer.answers("Score of the average customer of the book")[1]
    assert average + sum(own) == pytest.approx(result.now.score, abs=1e-9)


def test_the_first_line_says_what_the_page_says(customer: ReadWorkbook, result: CustomerResult):
    assert customer.at("Customer!A2") == (
        f"This customer scores {int(result.now.score)}, and would not be granted this line today. "
        f"About {round(100 * result.now.pd)} of 100 customers like this miss next month's payment."
    )


def test_the_record_and_the_assumptions_stand_in_both_columns(customer: ReadWorkbook, result: CustomerResult):
    names = [each.name for each in result.contract.record]
    assert [customer.named(f"own_{name}") for name in names] == result.edited[:, 0].tolist()
    assert [customer.named(f"base_{name}") for name in names] == result.base[:, 0].tolist()
    assert (customer.named("own_assumed_lgd"), customer.named("base_assumed_lgd")) == (0.7, 0.8)
    assert customer.named("own_assumed_cutoff") == result.contract.score.cutoff


def test_formulas_are_of_functions_that_every_spreadsheet_has(customer: ReadWorkbook):
    formulas = customer.formulas()
    assert len(formulas) > 500
    used = {name for text in formulas.values() for name in re.findall(r"([A-Z][A-Z0-9.]*)\(", text)}
    assert used <= SINCE_EXCEL_2007
    assert not [text for text in formulas.values() if "[" in text or "#REF" in text or "{" in text]


def test_there_is_no_macro_no_link_and_nothing_hidden(customer: ReadWorkbook):
    parts = customer.parts
    assert not [name for name in parts if re.search("vba|macro|externalLink|connections|query", name, re.IGNORECASE)]
    assert "state=" not in parts["xl/workbook.xml"]  # hidden
    assert not [name for name, text in parts.items() if 't="array"' in text or "<hyperlink" in text]


def test_every_sheet_is_protected_but_for_what_is_put_in(customer: ReadWorkbook, result: CustomerResult):
    sheets = [text for name, text in customer.parts.items() if "worksheets/sheet" in name]
    assert len(sheets) == len(customer.sheets) == 3
    assert all("<sheetProtection" in text and 'orientation="landscape"' in text for text in sheets)
    put_in = len(result.contract.record) + 3  # lgd, conversion factor, cut-off
    assert sheets[1].count("<dataValidation ") == 2 * put_in


def test_a_cell_says_what_it_takes(customer: ReadWorkbook, result: CustomerResult):
    rules = customer.parts["xl/worksheets/sheet2.xml"]
    assert 'errorTitle="Credit limit"' in rules
    assert 'sqref="C6"><formula1>1000.0</formula1><formula2>1000000.0</formula2>' in rules
    assert 'sqref="C7"><formula1>codes_status</formula1>' in rules


def test_the_read_me_names_release_contract_book_day_and_maker(customer: ReadWorkbook, release: Release):
    told = {str(row[0]): str(row[1]) for row in customer.sheets["Read me"] if len(row) > 1}
    assert told["Release"] == release.id
    assert told["Artefact"].startswith(release.artefact)
    assert told["Contract"] == f"{release.contract.version}, {release.contract.hash}"
    assert "September 2005" in told["Book"]
    assert "2026-11-02 by Ada" in told["Made"]


def test_a_model_elsewhere_whose_tables_are_not_known_gives_no_workbook(book: Book, release: Release):
    with pytest.raises(NotTabular, match="cannot be put into a workbook"):
        made_of(DeployedModel(book, release.scorer, None), who="Ada", day=DAY)


def test_a_customer_under_a_scenario_of_the_book_stands_under_it_in_the_workbook(model: DeployedModel):
    contract = model.contract
    under = BookScenario().with_value(contract, "unemployment", 3).with_value(contract, "lgd", 0.9)
    result = asked(model, CustomerScenario(17).asked_under(contract, under))
    found = written(model, result)
    assert found.named("own_assumed_shift") == pytest.approx(0.3)
    assert found.named("base_assumed_shift") == 0
    assert found.named("own_pd") == pytest.approx(result.now.pd, abs=1e-15)
    assert found.named("base_pd") == pytest.approx(result.before.pd, abs=1e-15)
    outside = next(row for row in found.sheets["Customer"] if "Economy and overlay" in row)
    assert outside[outside.index("Economy and overlay") + 2] == pytest.approx(result.now.score - _alone(model, result))


def _alone(model: DeployedModel, result: CustomerResult) -> float:
    """The score by the model alone."""
    scale = 20 / np.log(2)
    return float(600 - scale * np.log(50) - scale * result.margin)


def test_a_record_held_at_the_edge_of_what_the_model_has_seen_is_refused(model: DeployedModel):
    contract = model.contract
    owing = int(model.book.ids[np.argmax(model.book.raw[contract.row["bill_1"]])])
    under = BookScenario().with_value(contract, "balances", 100)
    result = asked(model, CustomerScenario(owing).asked_under(contract, under))
    with pytest.raises(BadInput, match="beyond what the model has seen"):
        written(model, result)


def test_a_workbook_is_dated_as_it_is_told(model: DeployedModel, result: CustomerResult):
    other = customer_workbook(model, result, made_of(model, who="Ben", day=date(2027, 1, 3)))
    assert "2027-01-03" in ReadWorkbook(other).parts["docProps/core.xml"]
