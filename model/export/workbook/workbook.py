"""The workbook as a whole: of which model it is made, and which sheets it has."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from data.contract import Contract
from data.errors import BadInput
from model.deployed.comparing import ask_each
from model.deployed.model import DeployedModel
from model.engine.parallel import Progress
from model.engine.scorer import TableScorer
from model.errors import NotTabular
from model.export.workbook.answers import CustomerAnswers
from model.export.workbook.book import BOOK, BookSheet
from model.export.workbook.customer import CUSTOMER, CustomerInputs, CustomerNumbers
from model.export.workbook.read_me import READ_ME, Made, write_read_me
from model.export.workbook.sample import SAMPLE, SampledBook, SampleSheet
from model.export.workbook.scenarios import SCENARIOS, ScenariosSheet
from model.export.workbook.sheets import WorkbookFile
from model.export.workbook.sums import BookSums
from model.export.workbook.tables import TABLES, TablesSheet
from model.report.book import words as book_words
from model.report.comparison.briefing import name_of_member
from model.report.customer import words
from model.report.language import lost
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import NOTHING, BookScenario
from model.whatif.comparison.comparison import Comparison
from model.whatif.comparison.result import ComparisonResult
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario, base_record

Tell = Callable[[str, float], object]
"""Hears what is being done, and how far all of it is, from 0 to 1; it never goes back."""
SCORED, ADDED_UP, DRAWN = 0.5, 0.8, 0.85  # of all work, when each part is done
MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LEFT_OUT = (
    "The book's scenario takes this record beyond what the model has seen, so that it is scored at the edge of that: "
    "it is left out here."
)


def sheet_purposes(contract: Contract) -> dict[str, str]:
    """What each sheet is for, on the cover: of a book that is not told in money nothing of loss, margin or capital."""
    book, loss = contract.book, lost(contract)
    follow = "loss, capital, margin and return follow" if contract.in_money else f"{loss} follows"
    return {
        CUSTOMER: "Your own numbers beside a base: probability, score, "
        f"decision{', expected loss' * contract.in_money}, why "
        f"and what changed. It answers at each change, also for {book.one_record} that is not in the book.",
        BOOK: "The whole book, its segments and score bands, as it is and under a scenario: change assumptions and "
        "limits, "
        f"and {follow} for every {book.record} exactly, beside what was computed here.",
        SCENARIOS: "Scenarios side by side: what differs in what they assume, and their numbers with the difference to "
        "the "
        "first, limit and headroom. Those of the sheet Book follow what is changed there.",
        SAMPLE: "A thousand of the book with weights, drawn by segment and score band: what the model is given, what "
        "it "
        f"says, and the {loss} of each by formula; weighted totals beside the exact ones, and "
        "how far they are off.",
        TABLES: "The model itself, and each step from a number that was put in to the answer.",
    }


def tell_nobody(_doing: str, _share: float) -> None:
    """For work that nobody waits for."""


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
    return _written(model, made, result)


@dataclass(frozen=True, eq=False)
class WholeBook:
    """What a workbook says of the whole book: under one scenario, ``result``, by its ``name`` and in ``words``, what is
    added up of that and a ``sample`` of it, and those ``compared``, it among them; None where there is nothing to
    compare it with."""

    result: BookResult
    name: str
    words: str
    sums: BookSums
    sample: SampledBook
    compared: ComparisonResult | None = None


def book_workbook(model: DeployedModel, whole: WholeBook, customer: CustomerResult, made: Made) -> bytes:
    """The workbook of the whole book under a scenario or several, with a ``customer`` to put in one's own numbers;
    raises as `customer_workbook`."""
    return _written(model, made, customer, whole)


def _written(model: DeployedModel, made: Made, customer: CustomerResult, whole: WholeBook | None = None) -> bytes:
    """A workbook of the sheets that every one has, and of the ``whole`` book where it is given."""
    scorer, records = tables_of(model), both_records(customer)
    terms = scorer.contract.book
    footer = f"{terms.title}, {terms.as_of} · release {made.release} · {made.day}"
    book = WorkbookFile(f"{terms.title}: {terms.record}", author=made.who, day=made.day, footer=footer)
    compared = None if whole is None else whole.compared
    beside = [] if compared is None else [SCENARIOS]
    of_book = [] if whole is None else [BOOK, *beside, SAMPLE]
    names = [READ_ME, CUSTOMER, *of_book, TABLES]
    sheets = {name: book.sheet(name) for name in names}
    tables = TablesSheet(sheets[TABLES], scorer)
    checks = CustomerAnswers(CustomerInputs(sheets[CUSTOMER], tables, *records)).checks
    if whole is not None:
        own = BookSheet(sheets[BOOK], tables, whole.result, whole.sums, name=whole.name, scenario=whole.words)
        checks = [*checks, *own.checks]
        if compared is not None:
            ScenariosSheet(sheets[SCENARIOS], own, compared)
        checks += SampleSheet(sheets[SAMPLE], own, whole.sample).checks
    tables.finish()
    purposes = sheet_purposes(scorer.contract)
    about = [(name, purposes[name]) for name in names[1:]]
    write_read_me(sheets[READ_ME], scorer.contract, made, sheets=about, checks=checks)
    sheets[CUSTOMER if whole is None else BOOK].open_here()
    return book.content()


def asked_book_workbook(
    model: DeployedModel,
    scenario: BookScenario,
    *,
    who: str,
    day: date,
    name: str = "",
    tell: Tell = tell_nobody,
) -> bytes:
    """The workbook of the book under a scenario, which may have a ``name``, beside the book as it is, and of one
    customer to start from. BadInput where the book's losses given default are of too many kinds to be added up."""
    contract = model.contract
    both = Comparison().with_member(name_of_member(contract, NOTHING), NOTHING)
    both = both.with_member(name or name_of_member(contract, scenario), scenario)
    told = book_words.in_words(contract, scenario, day)
    return _compared(model, both, (told, told), who=who, day=day, tell=tell)


def asked_comparison_workbook(
    model: DeployedModel, comparison: Comparison, *, who: str, day: date, tell: Tell = tell_nobody
) -> bytes:
    """The workbook of scenarios of the book side by side, and of one customer to start from. BadInput where they are
    not of the book, or too few, and as `asked_book_workbook`."""
    shown = comparison.members[shown_member(comparison)]
    assert isinstance(shown.scenario, BookScenario)
    told = book_words.in_words(model.contract, shown.scenario, day) or "As the book stands"
    named = ", ".join(f"“{each.name}”" for each in comparison.members)
    both = f"“{shown.name}”: {told}.", f"{named} side by side; the sheet Book is under “{shown.name}”: {told}."
    return _compared(model, comparison, both, who=who, day=day, tell=tell)


def shown_member(comparison: Comparison) -> int:
    """Which of those compared the sheet Book shows beside the book as it is: the first that assumes anything. BadInput
    where they are not of the book, or too few."""
    scenarios = [each.scenario for each in comparison.members if isinstance(each.scenario, BookScenario)]
    if len(scenarios) < len(comparison.members) or not comparison.ready:
        raise BadInput("A workbook has two to five scenarios of the book side by side. Compare such, or take a paper.")
    return next(k for k, each in enumerate(scenarios) if each.values)  # no two are the same


def _compared(
    model: DeployedModel, comparison: Comparison, told: tuple[str, str], *, who: str, day: date, tell: Tell
) -> bytes:
    """The workbook of a comparison, or of its only scenario; ``told`` says what is assumed on the sheet Book, and of
    all."""
    tables_of(model)
    scoring = _onwards(tell, "Scoring the book", 0.0, SCORED)
    found = ask_each(model, comparison, day=day, progress=scoring)
    which = shown_member(comparison) if comparison.ready else 0
    shown = found.books[which]
    sums = BookSums.of(shown, _onwards(tell, "Adding up segments and bands", SCORED, ADDED_UP))
    tell("Drawing a sample", ADDED_UP)
    sample = SampledBook.of(shown, sums)
    tell("Writing the sheets", DRAWN)
    first = CustomerScenario(first_customer(model))
    customer = CustomerResult.of(model.scorer, model.local_scorer, model.book, first, day=day)
    whole = WholeBook(shown, found.names[which], told[0], sums, sample, found if comparison.ready else None)
    return book_workbook(model, whole, customer, made_of(model, who=who, day=day, scenario=told[1]))


def _onwards(tell: Tell, doing: str, begin: float, end: float) -> Progress:
    """The progress of a part of all work, from one share of it to another; parts of it begin anew, what is told does
    not go back."""
    furthest = begin

    def progress(share: float) -> None:
        nonlocal furthest
        furthest = max(furthest, begin + share * (end - begin))
        tell(doing, furthest)

    return progress


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
