"""A book whose contract names no amount: everywhere it is told in records and expected defaults, nowhere in money."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache

import numpy as np
import pytest

from data.contract import Contract, read_contract
from model.engine.identity import Deployed
from model.report.book.briefing import book_briefing
from model.report.briefing import Briefing, Finding, Notice, Table
from model.report.customer.briefing import customer_briefing
from model.report.policy.briefing import policy_briefing
from model.report.scenarios.words import told_numbers
from model.scoring.stream.schemas import decision_schema
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import OVERLAY_LGD, BookScenario, overlays, parts
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy.result import PolicyResult
from model.whatif.policy.scenario import PolicyScenario
from tests.support import guaranteed

DAY = date(2026, 1, 31)
MODEL = Deployed("0123456789ab")
MONEY = re.compile(r"\bloss(?:es)?\b|profit|\bcapital\b|margin|exposure|LGD|EAD|¤", re.IGNORECASE)
SECTIONS = re.compile(r"^\[(?:exposure|realised)\]\n(?:[^\[\n][^\n]*\n|\n)*", re.MULTILINE)


@lru_cache(maxsize=1)
def counted() -> Contract:
    """The contract of the guaranteed loans without the formulas of what is owed, and of what was lost."""
    return read_contract(SECTIONS.sub("", guaranteed.TEXT).replace("US$", "units").encode())


@lru_cache(maxsize=1)
def scored() -> ScoredBook:
    scorer = replace(guaranteed.scorer(), contract=counted())
    return ScoredBook.of(scorer, replace(guaranteed.book(), contract=counted()))


def said_by_book(**assumed: float) -> Briefing:
    scenario = BookScenario()
    for name, value in assumed.items():
        scenario = scenario.with_value(counted(), name, value)
    return book_briefing(BookResult.of(scored(), scenario, DAY), {}, model=MODEL)


def said_by_policy() -> Briefing:
    policy = PolicyScenario().with_value(counted(), "cutoff", 520)
    book = replace(guaranteed.book(), contract=counted())
    return policy_briefing(PolicyResult.of(scored(), book, policy, DAY), {})


def said_by_customer() -> Briefing:
    book, scenario = replace(guaranteed.book(), contract=counted()), CustomerScenario(customer=1003)
    found = CustomerResult.of(scored().scorer, scored().scorer, book, scenario, day=DAY)
    return customer_briefing(found, {}, model=MODEL)


def texts(said: Briefing) -> Iterator[str]:
    """Everything that a briefing says, its method aside: that may say what is not told."""
    yield from (said.sentence, said.below, said.aside, said.title)
    for tile in said.tiles:
        yield from (tile.label, tile.value, tile.was, tile.change, *tile.notes)
    items = [*said.findings, *(item for panel in said.panels for item in panel.make({}))]
    yield from (text for panel in said.panels for text in (panel.title, panel.lead))
    for item in items:
        if isinstance(item, Notice):
            yield item.text
        if isinstance(item, Finding):
            yield from (item.headline, item.alt, item.shows, item.note, *item.text)
            yield from _of_table(item.table) if item.table is not None else ()


def _of_table(table: Table) -> Iterator[str]:
    yield table.title
    yield from (each for column in table.columns for each in (column.name, column.unit))


@pytest.mark.parametrize("say", [lambda: said_by_book(unemployment=3), said_by_policy, said_by_customer])
def test_no_page_of_it_says_a_word_of_money(say):
    found = [text for text in texts(say()) if MONEY.search(text)]
    assert not found


def test_its_numbers_are_how_many_records_their_pd_and_how_many_default():
    said = said_by_book()
    pd = scored().rows(BookResult.of(scored(), BookScenario(), DAY).layers[0]).pd
    labels = [tile.label for tile in said.tiles]
    assert labels == ["Loans", "PD, mean", "Expected defaults"]
    assert [tile.value for tile in said.tiles][::2] == ["500", f"{pd.sum():.0f}"]
    assert (
        f"the expected number of defaults over the life of the loan is {pd.sum():.0f} among 500 loans" in said.sentence
    )


def test_a_bridge_of_expected_defaults_adds_up():
    found = BookResult.of(scored(), BookScenario().with_value(counted(), "unemployment", 3), DAY)
    steps = found.bridge("loss")
    assert np.isclose(steps.base + sum(each.amount for each in steps.steps), found.now.loss)
    assert found.now.loss > found.base.loss


def test_no_overlay_or_assumption_is_of_money():
    assert OVERLAY_LGD not in parts(counted())
    assert overlays(counted()) == ("overlay_pd",)
    assert {"lgd", "apr", "funding", "opex", "margin_months"}.isdisjoint(each.name for each in counted().assumptions)


def test_a_saved_policy_is_told_without_profit():
    found = told_numbers(counted(), "policy", [("profit", 0.0), ("loss", 12.0), ("bad_rate", 0.1), ("cutoff", 520.0)])
    assert [each.label for each in found] == ["Cut-off", "Approval rate", "Bad rate, expected", "Expected defaults"]


def test_a_decision_of_a_stream_has_no_amount():
    assert {"exposure", "loss", "currency"}.isdisjoint(decision_schema(counted())["properties"])


def test_an_older_contract_that_counts_each_record_as_one_unit_of_money_is_read_as_one_without():
    text = guaranteed.TEXT.replace('currency = "US$"', 'currency = "¤"')
    text = SECTIONS.sub('[exposure]\nbalance = "1"\nead = "1"\n\n', text, count=1)
    text += '\n[[appetite]]\nmeasure = "loss"\nlimit = 60\nsense = "at most"\n'
    found = read_contract(SECTIONS.sub(lambda own: own[0] if own[0].startswith("[exposure]") else "", text).encode())
    assert not found.in_money
    assert found.book.currency == ""
    assert "loss" not in {each.measure for each in found.appetite}
