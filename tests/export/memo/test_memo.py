"""A paper says what the page says: the same sentence, numbers, limits, findings; nothing of its own but what stands
behind them."""

import pytest

from data.errors import BadInput
from model.deployed.model import DeployedModel
from model.export.bars import bar_charts
from model.export.memo.memo import Memo, assumed_lines
from model.export.memo.subjects import memo_of
from model.report.book.briefing import book_briefing
from model.report.briefing import Finding
from model.report.comparison.briefing import comparison_briefing
from model.report.customer.briefing import customer_briefing
from model.report.trust.words import things_to_know
from model.validation.result import TrustResult
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.comparison.comparison import Comparison
from model.whatif.comparison.result import ComparisonResult
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy.scenario import PolicyScenario
from tests.export.conftest import OCCASION, scenario_of
from tests.support.papers import plain


def test_the_book_is_told_as_its_page_tells_it(memos: dict[str, Memo], model: DeployedModel):
    memo, scenario = memos["book"], scenario_of("book")
    assert isinstance(scenario, BookScenario)
    said = book_briefing(BookResult.of(model.whole, scenario, OCCASION.day), {}, model=model.deployed)
    assert (memo.sentence, memo.tiles, memo.below) == (said.sentence, said.tiles, said.below)
    bridge, places = said.findings
    assert isinstance(bridge, Finding)
    assert isinstance(places, Finding)
    assert memo.parts[0].first.chart == bridge.chart
    assert [label for label, _ in memo.parts[0].versions] == ["Expected loss", "Capital", "Margin after loss"]
    where = memo.parts[1].first
    assert where.headline == places.headline
    assert where.table is not None
    assert [row[0] for row in where.table.texts().rows[:-1]] == [label for label, _ in places.listed]


def test_where_it_sits_adds_up_to_the_numbers_above_it(memos: dict[str, Memo]):
    memo = memos["book"]
    tiles = {each.label: plain(each.value) for each in memo.tiles}
    for _, finding in memo.parts[1].versions:
        assert finding.table is not None
        *bands, book = finding.table.texts().rows
        assert (f"NT$ {book[2]} bn", plain(book[4]), f"NT$ {book[6]} m") == (
            tiles["Exposure"],
            tiles["PD by exposure"],
            tiles["Expected loss"],
        )
        for column in (5, 6, 7):
            numbers = [int(row[column].replace("\N{MINUS SIGN}", "-")) for row in (*bands, book)]
            assert sum(numbers[:-1]) == numbers[-1]


def test_a_customer_is_told_as_their_page_tells_it(memos: dict[str, Memo], model: DeployedModel):
    memo, scenario = memos["customer"], scenario_of("customer")
    result = CustomerResult.of(model.scorer, model.local_scorer, model.book, scenario, day=OCCASION.day)  # type: ignore[arg-type]
    said = customer_briefing(result, {}, model=model.deployed)
    assert (memo.sentence, memo.tiles) == (said.sentence, said.tiles)
    states, why = said.findings
    assert isinstance(states, Finding)
    assert isinstance(why, Finding)
    assert memo.parts[0].first.table == states.table
    assert [part.first.headline for part in memo.parts[1:]] == [half.headline for half in why.halves]
    drawn = [bar_charts(part.first.chart)[0] for part in memo.parts[1:]]
    assert drawn == list(bar_charts(why.chart))


def test_a_comparison_is_told_as_its_page_tells_it(memos: dict[str, Memo], model: DeployedModel):
    memo = memos["comparison"]
    assert memo.title == f"{len(scenario_of('comparison').members)} scenarios compared"  # type: ignore[union-attr]
    result = ComparisonResult.of_book(model.whole, model.sample, scenario_of("comparison"), day=OCCASION.day)  # type: ignore[arg-type]
    said = comparison_briefing(result, model=model.deployed)
    findings = [each for each in said.findings if isinstance(each, Finding)]
    assert memo.sentence == said.sentence
    assert [part.first.headline for part in memo.parts] == [each.headline for each in findings]
    assert [part.first.table for part in memo.parts] == [each.table for each in findings]
    assert "Move another" not in memo.below


def test_what_is_assumed_says_whence(memos: dict[str, Memo]):
    lines = {whence: plain(told) for whence, told in assumed_lines(memos["book"].assumed)}
    assert lines["Set here"] == "Balances +20 %; Preset Fed 2026, severely adverse; Severity 50 %"
    assert lines["Fed 2026, severely adverse"].startswith("Unemployment +2.75 pp")
    assert lines["As the contract has it"].startswith("Coefficient of unemployment 0.1; Loss given default 80 %")
    lines = {whence: plain(told) for whence, told in assumed_lines(memos["customer"].assumed)}
    assert (lines["In the book"], "Cut-off 520" in lines["As the contract has it"]) == ("Customer 17", True)
    assert "Balances, changed to −20 %" in lines["Set here"]


def test_every_paper_says_how_far_the_model_is_to_be_trusted(memo: Memo, model: DeployedModel):
    result = TrustResult(model.validation(), release=model.release)
    things = things_to_know(result.proof, result.report, result.drifts, False)
    assert [each.lower() for each in memo.caveats] == [f"{each}.".lower() for each in things]
    assert model.release is not None
    assert model.release.id in memo.model
    assert (memo.when, memo.occasion.who in memo.signature) == ("2 November 2026", True)


def test_a_regulators_scenario_names_its_source(memos: dict[str, Memo]):
    assert "Federal Reserve Board" in memos["book"].source
    assert "published 2026-" in memos["book"].source
    assert memos["customer"].source.startswith("Assumptions of one's own")


def test_the_book_as_it_stands_is_told_with_what_regulators_would_make_of_it(model: DeployedModel):
    memo = memo_of(model, BookScenario(), OCCASION)
    assert memo.title == "As the book stands"
    found = memo.parts[0].first
    assert found.headline.endswith("on expected loss")
    assert found.table is not None
    assert len(found.table.exact) >= 3
    assert all(str(row[1])[-1] in "✓✗" for row in found.table.exact)


def test_what_has_no_paper_says_why(model: DeployedModel):
    for scenario, told in (
        (PolicyScenario(), "no paper of its own"),
        (CustomerScenario(), "Choose somebody"),
        (Comparison(), "two or more"),
    ):
        with pytest.raises(BadInput, match=told):
            memo_of(model, scenario, OCCASION)
