"""What a page says, for programs: the same briefing, asked for with the page's own query, as JSON."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial

from data import books
from data.arrays import Array
from data.errors import BadInput
from model.api import status
from model.api.service import Service
from model.deployed import spot_check
from model.deployed.comparing import ask_each
from model.deployed.context import known_effects, release_context
from model.deployed.desk import DeployedModels
from model.deployed.model import DeployedModel
from model.deployed.saved import known_scenarios
from model.deployed.what_ifs import WhatIf, about_compared
from model.errors import StoreError
from model.record.database import engine
from model.record.scenarios import ScenarioStore
from model.record.trail import Entry
from model.report.book import briefing as book_briefing
from model.report.briefing import Briefing, Choice, Choices, Finding, Item, Notice, Panel, Table
from model.report.comparison.briefing import briefing_to_compare, comparison_briefing
from model.report.customer import briefing as customer_briefing
from model.report.operations import briefing as operations_briefing
from model.report.operations.briefing import OperationsSources
from model.report.policy import briefing as policy_briefing
from model.report.scenarios.briefing import scenarios_briefing
from model.report.trust import briefing as trust_briefing
from model.settings import Settings
from model.validation import view as trust_view
from model.validation.result import TrustResult
from model.validation.view import Choosable
from model.whatif.book import scenario as book_scenario
from model.whatif.book.result import BookResult
from model.whatif.book.view import BookView
from model.whatif.comparison.comparison import Comparison
from model.whatif.customer import scenario as customer_scenario
from model.whatif.customer.result import CustomerResult
from model.whatif.policy import scenario as policy_scenario
from model.whatif.policy.result import PolicyResult, scores_by
from model.whatif.saved import Scenario
from model.whatif.scenario_filter import ScenarioFilter

BOOK = "book"  # in the query: the book looked at, where it is not the default one
PANELS = "panels"  # in the query: the keys of the panels wanted, parted by commas
ALL = "all"


@dataclass(frozen=True, eq=False)
class PageQuery:
    """What a program asks of a page: the page's own ``query``, the ``choices`` within it and its panels, the ``day``;
    ``withheld`` says why figures by protected attribute are not for whoever asks, if so; ``who`` that is."""

    models: DeployedModels
    model: DeployedModel
    query: Mapping[str, str]
    choices: Choices
    day: date
    settings: Settings
    who: str
    withheld: str = ""

    @property
    def book(self) -> str:
        """The name of the book asked about."""
        return self.model.contract.book.name


@dataclass(frozen=True, eq=False)
class Said:
    """The answer: the briefing, what was wrong with the query, and what is recorded of it."""

    briefing: Briefing
    complaints: tuple[str, ...] = ()
    recorded: tuple[Entry, ...] = ()


def book_page(asked: PageQuery) -> Said:
    """What the book page says."""
    model, start = asked.model, time.perf_counter()
    view, rest, wrong = BookView.from_query(model.contract, asked.query)
    scenario, others = book_scenario.BookScenario.from_query(model.contract, rest)
    complaints = (*wrong, *others)
    result = BookResult.of(model.whole, scenario, asked.day)
    took = time.perf_counter() - start
    check = spot_check.live_check(model, result.layers[1])
    shown = result
    try:
        shown = result.within(view.band)
    except BadInput as error:
        complaints = (*complaints, f"{error} The whole book is looked at.")
    said = book_briefing.book_briefing(shown, asked.choices, model=model.deployed, check=check)
    address = scenario.to_query()
    entry = WhatIf(model, asked.who, via="rest", address=address, seconds=took).about_book(asked.day, result.now)
    return Said(said, tuple(complaints), (entry,))


def policy_page(asked: PageQuery) -> Said:
    """What the policy page says."""
    model, start = asked.model, time.perf_counter()
    chosen, complaints = policy_scenario.PolicyScenario.from_query(model.contract, asked.query)
    result = PolicyResult.of(model.whole, model.sample, chosen, asked.day)
    took = time.perf_counter() - start
    ids = tuple(each for each in asked.models.comparable(asked.book) if each != model.id)
    others = policy_briefing.OtherReleases(ids, lambda release: _other_scores(asked, release, chosen.under))
    said = policy_briefing.policy_briefing(result, asked.choices, others=others, withheld=asked.withheld)
    address = chosen.to_query()
    entry = WhatIf(model, asked.who, via="rest", address=address, seconds=took).about_policy(asked.day, result.chosen)
    return Said(said, tuple(complaints), (entry,))


def customer_page(asked: PageQuery) -> Said:
    """What the customer page says."""
    model, start = asked.model, time.perf_counter()
    chosen, complaints = customer_scenario.CustomerScenario.from_query(model.book, asked.query)
    if not chosen.chosen:
        said = customer_briefing.briefing_to_choose(
            model.contract, chosen, model=model.deployed, whole=model.whole, personas=model.personas
        )
        return Said(said, tuple(complaints))
    result = CustomerResult.of(model.scorer, model.local_scorer, model.book, chosen, day=asked.day)
    took = time.perf_counter() - start
    said = customer_briefing.customer_briefing(result, asked.choices, model=model.deployed)
    what_if = WhatIf(model, asked.who, via="rest", address=chosen.to_query(), seconds=took)
    entry = what_if.about_customer(result.edited, result.margin, result.reasons)
    return Said(said, tuple(complaints), (entry,))


def operations_page(asked: PageQuery) -> Said:
    """What the operations page says."""
    model, store, using = asked.model, asked.models.store(asked.book), asked.settings
    sources = OperationsSources(
        partial(status.book_releases, store),
        partial(status.challenger, store, using),
        calls=partial(status.calls, using),
        elsewhere=model.remote is not None,
        withheld=asked.withheld,
    )
    found = status.found_out(model, store, using)
    said = operations_briefing.operations_briefing(found, sources, protected=not asked.withheld)
    return Said(said, tuple(f"{name!r} in the address is nothing here; it was left out." for name in asked.query))


def scenarios_page(asked: PageQuery) -> Said:
    """What the page of saved scenarios says: of those looked for, or of the one whose id is asked for."""
    kept = engine(asked.settings)
    try:
        query = dict(asked.query)
        chosen = query.pop("scenario", "")
        wanted, told = ScenarioFilter.from_query(query)
        store = ScenarioStore(kept)
        known = known_scenarios(asked.models, asked.model, store, chosen=chosen, day=asked.day, asked=wanted)
    finally:
        kept.dispose()
    return Said(scenarios_briefing(known), tuple(told))


def comparison_page(asked: PageQuery) -> Said:
    """What the page of those compared says."""
    model, start = asked.model, time.perf_counter()
    comparison, complaints = Comparison.from_query(model.book, asked.query)
    if not comparison.ready:
        return Said(briefing_to_compare(model.contract, comparison, model=model.deployed), tuple(complaints))
    result = ask_each(model, comparison, day=asked.day)
    took = time.perf_counter() - start

    def what_if(scenario: Scenario) -> WhatIf:
        return WhatIf(model, asked.who, via="rest", address=scenario.to_query(), seconds=took)

    said = comparison_briefing(result, model=model.deployed)
    return Said(said, tuple(complaints), tuple(about_compared(result, what_if)))


def _other_scores(asked: PageQuery, release: str, under: book_scenario.BookScenario) -> Array:
    return scores_by(asked.models.release(asked.book, release).scorer, asked.model.sample, under, asked.day)


def trust_page(asked: PageQuery) -> Said:
    """What the trust page says."""
    model, proof = asked.model, asked.model.validation()
    there = Choosable(
        proof, model.release, lambda: [each for each in asked.models.comparable(asked.book) if each != model.id]
    )
    view, complaints = trust_view.TrustView.from_query(asked.query, there.known)
    result = TrustResult(proof, trust_view.chosen_subset(view, proof), model.release, lambda: known_effects(model))
    around = release_context(asked.models, model, asked.withheld)
    said = trust_briefing.trust_briefing(result, dict(view.values), around=around, withheld=asked.withheld)
    return Said(said, tuple(complaints))


SUBJECTS: Mapping[str, Callable[[PageQuery], Said]] = {
    "customer": customer_page,
    "book": book_page,
    "policy": policy_page,
    "scenarios": scenarios_page,
    "comparison": comparison_page,
    "trust": trust_page,
    "operations": operations_page,
}
"""The pages, by their names in addresses."""


def page_answer(
    models: DeployedModels, service: Service, subject: str, query: Mapping[str, str], who: str, withheld: str
) -> dict[str, object]:
    """What a page says, recorded before it is told.

    Raises
    ------
    WhatIfError
        If there is no model to ask, it does not answer, or the answer cannot be recorded.
    """
    own, choices, panels = split(query)
    name = own.pop(BOOK, service.settings.book)
    books.contract(name, service.settings.home)  # tells a book that is not there from one without a model
    model = models.model(name)
    if model is None:
        raise StoreError(f"No model of the book {name} is deployed yet. Train one: python -m model train.")
    found = SUBJECTS[subject](
        PageQuery(
            models,
            model,
            query=own,
            choices=choices,
            day=date.today(),
            settings=service.settings,
            who=who,
            withheld=withheld,
        )
    )
    told = as_json(found, choices, panels)
    if service.audit is not None:
        for written in [service.audit.append(each) for each in found.recorded]:
            written.result()
    return told


# ---- as JSON ------------------------------------------------------------------------------------------------------


def split(query: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str], tuple[str, ...]]:
    """The page's own part of a query, the choices in it (their names begin with _), and the panels wanted."""
    own = {name: value for name, value in query.items() if not name.startswith("_") and name != PANELS}
    choices = {name: value for name, value in query.items() if name.startswith("_")}
    return own, choices, tuple(filter(None, query.get(PANELS, "").split(",")))


def as_json(said: Said, choices: Choices, panels: tuple[str, ...]) -> dict[str, object]:
    """A briefing as JSON holds it: numbers in full precision, null where there is none; the panels wanted with their
    findings, the others by key and title.

    Raises
    ------
    BadInput
        If there is no such panel.
    """
    briefing = said.briefing
    complaints = (*said.complaints, *_wrong(briefing, choices))
    known = {each.key.removeprefix("_"): each for each in briefing.panels}
    wanted = set(known) if panels == (ALL,) else set(panels)
    if wanted - set(known):
        given, there = ", ".join(sorted(wanted - set(known)))[:60], ", ".join(known)
        raise BadInput(f"There is no panel {given!r} here. There are: {there}.")
    return {
        "subject": briefing.subject,
        "sentence": briefing.sentence,
        "tiles": [asdict(each) for each in briefing.tiles],
        "below": briefing.below,
        "aside": briefing.aside,
        "points": list(briefing.points),
        "notices": [*({"text": each, "level": "warning"} for each in complaints), *map(asdict, briefing.notices)],
        "checks": [_item(each) for each in briefing.checks],
        "findings": [_item(each) for each in briefing.findings],
        "panels": [_panel(each, choices, name in wanted) for name, each in known.items()],
        "method": briefing.method,
        "foot": briefing.foot,
    }


def _wrong(briefing: Briefing, choices: Choices) -> list[str]:
    """What is wrong with the choices that were made."""
    known = {each.key: each for each in briefing.every_choice()}
    strange = [
        f"{name!r} is nothing that can be chosen here; it was left out." for name in choices if name not in known
    ]
    return strange + list(filter(None, (known[name].trouble(choices) for name in choices if name in known)))


def _panel(panel: Panel, choices: Choices, wanted: bool) -> dict[str, object]:
    found = [_item(each) for each in panel.answers(choices)] if wanted else None
    return {
        "key": panel.key.removeprefix("_"),
        "title": panel.title,
        "lead": panel.lead,
        "choices": [_choice(each, choices) for each in panel.every_choice()],
        "findings": found,
    }


def _choice(choice: Choice, choices: Choices) -> dict[str, object]:
    chosen: str | float = choice.of(choices) if choice.options else choice.number(choices)
    return {"key": choice.key, "label": choice.label, "options": dict(choice.options), "chosen": chosen}


def _item(item: Item) -> dict[str, object]:
    if isinstance(item, Notice):
        return asdict(item)
    return _finding(item)


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "key": finding.key,
        "headline": finding.headline,
        "text": list(finding.text),
        "points": list(finding.points),
        "tiles": [asdict(each) for each in finding.tiles],
        "chart": finding.chart,
        "alt": finding.alt,
        "table": _table(finding.table) if finding.table is not None else None,
        "note": finding.note,
        "halves": [asdict(each) for each in finding.halves],
        "links": [asdict(each) for each in finding.links],
        "suggestion": None if finding.suggestion is None else asdict(finding.suggestion),
        "starts": [asdict(each) for each in finding.starts],
        "picks": [asdict(each) for each in finding.picks],
    }


def _table(table: Table) -> dict[str, object]:
    return {
        "key": table.key,
        "title": table.title,
        "columns": [asdict(each) | {"heading": each.heading} for each in table.columns],
        "rows": [list(row) for row in table.exact],
        "shown": [list(row) for row in table.shown()],
    }
