"""The workbook as a whole: of which model it is made, and which sheets it has."""

from dataclasses import replace
from datetime import date

import numpy as np

from data.errors import BadInput
from model.deployed.model import DeployedModel
from model.engine.scorer import TableScorer
from model.errors import NotTabular
from model.export.workbook.answers import CustomerAnswers
from model.export.workbook.customer import CUSTOMER, CustomerInputs, CustomerNumbers
from model.export.workbook.read_me import READ_ME, Made, write_read_me
from model.export.workbook.sheets import WorkbookFile
from model.export.workbook.tables import TABLES, TablesSheet
from model.report.customer import words
from model.whatif.book.scenario import NOTHING
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario, base_record

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ABOUT_CUSTOMER = (
    "Your own numbers beside a base: probability, score, decision and expected loss, why, and what changed. It answers "
    "at each change, also for a record that is not in the book."
)
LEFT_OUT = (
    "The book's scenario takes this record beyond what the model has seen, so that it is scored at the edge of that: "
    "it is left out here."
)
ABOUT_TABLES = "The model itself, and each step from a number that was put in to the answer."


def tables_of(model: DeployedModel) -> TableScorer:
    """The tables of the deployed model; NotTabular where it runs elsewhere and they are not known here."""
    scorer = model.local_scorer
    if not isinstance(scorer, TableScorer) or model.release is None:
        raise NotTabular(
            "The model runs elsewhere and its tables are not known here, so that it cannot be put into a workbook. "
            "Take its release over first: see model/deployed/README.md."
        )
    return scorer


def made_of(model: DeployedModel, *, who: str, day: date, scenario: str = "") -> Made:
    """Of what a workbook of this model is made; NotTabular as `tables_of`."""
    tables_of(model)
    assert model.release is not None
    return Made(model.release.id, model.release.artefact, who=who, day=day, scenario=scenario)


def customer_workbook(model: DeployedModel, result: CustomerResult, made: Made) -> bytes:
    """The workbook of one customer: the record as it is as base, and as it is edited as one's own numbers.

    Raises
    ------
    NotTabular
        Where the model's tables are not known here.
    BadInput
        Where a formula of the contract has no counterpart in a spreadsheet, or the book's scenario takes the record
        beyond what the model has seen, so that it is scored as another than it is.
    """
    scorer, records = tables_of(model), both_records(result)
    terms = scorer.contract.book
    footer = f"{terms.title}, {terms.as_of} · release {made.release} · {made.day}"
    book = WorkbookFile(f"{terms.title}: {terms.record}", author=made.who, day=made.day, footer=footer)
    read_me, customer, tables = (book.sheet(name) for name in (READ_ME, CUSTOMER, TABLES))
    model_sheet = TablesSheet(tables, scorer)
    answers = CustomerAnswers(CustomerInputs(customer, model_sheet, *records))
    model_sheet.finish()
    about = ((CUSTOMER, ABOUT_CUSTOMER), (TABLES, ABOUT_TABLES))
    write_read_me(read_me, scorer.contract, made, sheets=about, checks=answers.checks)
    customer.open_here()
    return book.content()


def asked_customer_workbook(model: DeployedModel, scenario: CustomerScenario, *, who: str, day: date) -> bytes:
    """The workbook of the customer of a scenario; where nobody is chosen, of one that one can start from. A scenario of
    the book that takes the record beyond what the model has seen is left out, and the workbook says so."""
    if not scenario.chosen:
        scenario = replace(scenario, customer=first_customer(model), own=(), edits=())
    result = CustomerResult.of(model.scorer, model.local_scorer, model.book, scenario, day=day)
    told = scenario_words(result)
    if held_at_an_edge(result):
        told = f"{told} {LEFT_OUT}"
        alone = scenario.asked_under(model.contract, NOTHING)
        result = CustomerResult.of(model.scorer, model.local_scorer, model.book, alone, day=day)
    return customer_workbook(model, result, made_of(model, who=who, day=day, scenario=told))


def first_customer(model: DeployedModel) -> int:
    """One to begin with, where nobody is asked for."""
    return next(iter(model.personas.values()), int(model.book.ids[0]))


def scenario_words(result: CustomerResult) -> str:
    """What is assumed, in words: whose record it is, what is changed of it, the scenario of the book."""
    contract, scenario = result.contract, result.scenario
    whose = "A record of one's own"
    if scenario.customer is not None:
        whose = f"The book's {contract.book.record} {scenario.customer:,}"
    chips = list(words.change_chips(contract, scenario).values())
    under = words.under_in_words(contract, scenario, result.day) if result.day is not None else ""
    return f"{whose}{''.join(f'; {each}' for each in (under, *chips) if each)}."


def held_at_an_edge(result: CustomerResult) -> bool:
    """Whether the book's scenario takes a record beyond what the model has seen."""
    own = result.stressed
    return own is not None and not np.array_equal(own.scored, own.free, equal_nan=True)


def both_records(result: CustomerResult) -> tuple[CustomerNumbers, CustomerNumbers]:
    """The base of a customer's result, and one's own numbers; raises as `customer_workbook`."""
    contract, scenario, stressed = result.contract, result.scenario, result.stressed
    if held_at_an_edge(result):
        raise BadInput(
            f"The book's scenario takes this {contract.book.record} beyond what the model has seen, so that it is "
            "scored at the edge of that. Take the scenario off, or make it milder, and ask for the workbook again."
        )
    base = base_record(result.book, scenario)
    return (
        CustomerNumbers(base, CustomerScenario().values(contract), result.before),
        CustomerNumbers(
            result.edited, scenario.values(contract), result.now, None if stressed is None else stressed.layers
        ),
    )
