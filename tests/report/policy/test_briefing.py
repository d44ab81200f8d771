"""What is said of a policy, as values: held against the book's own arithmetic."""

from datetime import date

import numpy as np
import pytest

from data.books import Book
from model.report.briefing import Briefing, Finding, Notice, Table, Tile
from model.report.numbers import NBSP
from model.report.policy.briefing import OtherReleases, policy_briefing
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.decision import score_scale
from model.whatif.policy.result import PolicyResult
from model.whatif.policy.scenario import PolicyScenario
from tests.support.records import CONTRACT, numbers_of, stressed

DAY = date(2026, 1, 31)
PANELS = ("_swap", "_prices", "_heated", "_fair", "_frontier", "_table_policy")


def result_at(whole: ScoredBook, book: Book, cutoff: float = 540.0) -> PolicyResult:
    return PolicyResult.of(whole, book, PolicyScenario().with_value(CONTRACT, "cutoff", cutoff), DAY)


@pytest.fixture(scope="module")
def result(whole: ScoredBook, book: Book) -> PolicyResult:
    return result_at(whole, book)


@pytest.fixture(scope="module")
def said(result: PolicyResult) -> Briefing:
    return policy_briefing(result, {})


def tile(said: Briefing, label: str) -> Tile:
    return next(each for each in said.tiles if each.label.startswith(label))


def findings(said: Briefing, key: str, **choices: str | float) -> list[Finding]:
    panel = next(each for each in said.panels if each.key == key)
    return [each for each in panel.make(choices) if isinstance(each, Finding)]


def table(said: Briefing, key: str, **choices: str | float) -> Table:
    return next(each.table for each in findings(said, key, **choices) if each.table is not None)


def column(found: Table, name: str) -> list[float]:
    k = next(k for k, each in enumerate(found.columns) if name in (each.name, each.heading))
    return [float(row[k]) for row in found.exact if isinstance(row[k], int | float)]


def test_tiles_tell_the_policy_todays_and_the_difference(said: Briefing, whole: ScoredBook) -> None:
    scores = score_scale(CONTRACT).score(whole.margins)
    now, before = (np.mean(scores >= cutoff) for cutoff in (540, 520))
    found = tile(said, "Approval rate")
    assert (found.value, found.was) == (f"{100 * now:.1f}{NBSP}%", f"{100 * before:.1f}{NBSP}%")
    assert found.direction == ""  # whether to approve many is a matter of taste
    assert tile(said, "Bad rate").direction == tile(said, "Expected loss").direction == "better"


def test_profit_is_for_the_better_where_it_rises_and_for_the_worse_where_it_falls(
    whole: ScoredBook, book: Book
) -> None:
    strategy = result_at(whole, book).strategy
    for cutoff in (strategy.best, 640):
        own = policy_briefing(result_at(whole, book, float(cutoff)), {})
        rose = strategy.at(cutoff).profit > strategy.at(520).profit
        assert tile(own, "Profit").direction == ("better" if rose else "worse")


def test_nobody_approved_has_no_bad_rate_and_no_change_of_it(whole: ScoredBook, book: Book) -> None:
    found = tile(policy_briefing(result_at(whole, book, 800.0), {}), "Bad rate")
    assert (found.value, found.change, found.notes) == ("none", "", ("none is granted",))


def test_the_curve_is_that_of_the_measure_chosen(result: PolicyResult) -> None:
    for goal in ("approval", "loss"):
        curve = policy_briefing(result, {"_curve": goal}).findings[0]
        assert isinstance(curve, Finding)
        assert curve.chart is not None
        assert len(curve.chart["data"][0]["x"]) == len(result.strategy.cutoffs)
        assert curve.headline.startswith({"approval": "Approval rate", "loss": "Expected loss"}[goal])


def test_the_swap_set_sums_to_the_book(said: Briefing, whole: ScoredBook) -> None:
    found, rows = table(said, "_swap"), whole.rows(numbers_of(BookScenario()))
    assert sum(column(found, "Customers")) == len(whole.ids)
    for name, own in (("Volume", rows.ead), ("Expected loss", rows.loss), ("Profit", rows.margin)):
        assert sum(column(found, name)) == pytest.approx(own.sum())


@pytest.mark.parametrize(("cell", "low", "high"), [("out", 520, 540), ("both", 540, 1000), ("neither", 0, 520)])
def test_members_of_a_cell_are_those_of_its_scores(said: Briefing, cell: str, low: int, high: int) -> None:
    members = findings(said, "_swap", _cell=cell)[1]
    assert members.table is not None
    scores = column(members.table, "Score")
    assert low <= min(scores)
    assert max(scores) < high
    assert [f"{row[0]:,}" for row in members.table.exact[:10]] == [each.label.split()[-1] for each in members.links]
    assert all(each.subject == "customer" for each in members.links)


def test_an_empty_cell_gives_way_to_one_that_is_filled(said: Briefing) -> None:
    assert "swapped out" in findings(said, "_swap", _cell="in")[1].headline  # a stricter cut-off swaps nobody in


def test_every_cutoff_is_a_row_and_the_frontier_is_among_them(said: Briefing, result: PolicyResult) -> None:
    every, kept = table(said, "_table_policy"), table(said, "_frontier")
    assert column(every, "Cut-off") == result.strategy.cutoffs.tolist()
    assert column(every, "Profit") == result.strategy.profit.tolist()
    assert {row[:-1] for row in kept.exact} <= set(every.exact)
    assert max(column(kept, "Profit")) == max(column(every, "Profit"))


def test_profit_by_assumption_has_the_profit_of_now_in_it(said: Briefing, result: PolicyResult) -> None:
    grid = table(said, "_heated", _heat="lgd")
    now = [each.profit for each in result.prices()]
    assert column(grid, f"Profit at 80{NBSP}%") == pytest.approx(now)


def test_the_rate_for_a_return_rises_with_it(said: Briefing) -> None:
    low, high = (
        column(table(said, "_prices", _return=target), f"Rate for {target:.1f} %, %") for target in (5.0, 25.0)
    )
    assert low
    assert all(one < other for one, other in zip(low, high, strict=True))


def test_figures_by_protected_attribute_are_withheld_with_the_reason(result: PolicyResult) -> None:
    own = policy_briefing(result, {}, withheld="Not for you.")
    (found,) = findings(own, "_fair")
    assert (found.note, found.table, found.chart) == ("Not for you.", None, None)
    assert next(each for each in own.panels if each.key == "_fair").choices == ()


def test_a_release_that_cannot_be_read_is_told_in_its_panels(result: PolicyResult) -> None:
    from data.errors import BadInput

    def gone(_release: str) -> np.ndarray:
        raise BadInput("That release is gone.")

    own = policy_briefing(result, {}, others=OtherReleases(("abcdef123",), gone))
    for key in ("_swap", "_frontier"):
        panel = next(each for each in own.panels if each.key == key)
        assert panel.make({"_other": "abcdef123"}) == (Notice("That release is gone."),)


def test_nothing_is_worked_out_before_it_is_asked_for(result: PolicyResult, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("worked out too early")

    for name in ("prices", "profit_grid", "groups", "lowest_ratios"):
        monkeypatch.setattr(PolicyResult, name, never)
    own = policy_briefing(result, {})
    assert [each.key for each in own.panels] == list(PANELS)


@pytest.mark.parametrize("key", PANELS)
def test_every_table_has_a_row_a_value_for_each_column_and_a_unit_where_it_is_money(said: Briefing, key: str) -> None:
    for found in (each.table for each in findings(said, key)):
        if found is not None:
            assert found.exact
            assert all(len(row) == len(found.columns) for row in found.exact)
            assert len({each.heading for each in found.columns if each.place != "file"}) == len(found.places("screen"))


def test_a_policy_under_the_book_s_scenario_says_so_and_its_links_carry_it(whole: ScoredBook, book: Book) -> None:
    under = stressed(preset="fed_2026_severely_adverse", severity=50, overlay_pd=20).carried()
    result = PolicyResult.of(whole, book, PolicyScenario(540, under=under), DAY)
    said = policy_briefing(result, {})
    assert said.sentence.startswith(
        "Under the Fed's 2026 severely adverse scenario at half severity: at a cut-off of 540, "
    )
    assert said.below.startswith("Scores, losses and profits are those of the book under its scenario")
    assert "What was observed is of the customers as they were." in said.below
    assert [each.text for each in said.notices] == [
        "The overlay is not applied: it needs an owner and a reason and a date until which it is valid."
    ]
    members = findings(said, "_swap")[-1]
    assert members.links[0].query == {"customer": str(members.table.exact[0][0])} | under.under_query()  # type: ignore[union-attr]
    bare = policy_briefing(result_at(whole, book), {})
    assert "scenario" not in bare.sentence + bare.below
