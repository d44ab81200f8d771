"""Everything slow that can be done before the first visitor: imports, the model, its compiled look-ups."""

import gc
import logging
from datetime import date
from functools import cache

import plotly.graph_objs
import plotly.io  # Streamlit imports it at the first chart

from data.errors import WhatIfError
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.report.book.briefing import book_briefing
from model.report.customer import charts as customer_charts
from model.report.customer import words as customer_words
from model.settings import settings
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.customer.attribution import changes
from model.whatif.customer.decision import decide, explain
from model.whatif.customer.scenario import CustomerScenario, apply, base_record
from model.whatif.customer.sensitivity import flips, sweep


def up() -> None:
    """Warm up, then keep the garbage collector off what will live as long as the server."""
    plotly.graph_objs.Figure()
    try:
        _answer_once()
    except WhatIfError as error:  # the page will say it to whoever opens it
        logging.getLogger(__name__).warning("%s", error)
    freeze()


def freeze() -> None:
    """A collection of garbage takes 130 ms over 250,000 objects, nothing once they are frozen."""
    gc.collect()
    gc.freeze()


@cache
def freeze_once() -> None:
    """What the first page of all left behind lives on, too: modules, compiled patterns, message classes."""
    freeze()


def _answer_once() -> None:
    """Load the default book's champion and answer one what-if with it. Without a champion, nothing: the first
    visitor sees it trained, and it is warmed up then. A model of which nothing is known here is not asked about a whole
    book before somebody looks."""
    model = desk.model(settings().book)
    if model is None or model.release is None:
        return
    scorer, book, contract = model.scorer, model.book, model.contract
    scenario = CustomerScenario(model.personas["borderline"])
    for lever in contract.levers:
        scenario = scenario.edited(contract, lever.name, lever.minimum)
    base = base_record(book, scenario)
    edits = dict(scenario.edits)
    edited = apply(contract, base, edits)
    decide(scorer, edited, scenario.values(contract))
    flips(scorer, book, base=base, edits=edits, cutoff=contract.score.cutoff)
    customer_charts.why(customer_words.reasons(explain(scorer, edited)), changes(scorer, base, edited))
    for lever in contract.levers[:1]:
        customer_charts.sweep(
            sweep(scorer, book, base=base, edits=edits, name=lever.name, cutoff=contract.score.cutoff)
        )
    _whole_book_once(model)
    _ = model.trust  # what the frame says of it


def _whole_book_once(model: DeployedModel) -> None:
    """Score the whole book once, as it is and under every shock."""
    stress = BookScenario()
    for shock in model.contract.shocks:
        stress = stress.with_value(model.contract, shock.name, shock.step)
    result = BookResult.of(model.whole, stress, date.today())
    book_briefing(result, {}, model=model.deployed).make_findings()
