"""What the customer page says, as values: every number against the model's own, every table adding up as shown."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO

import numpy as np
import pytest

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.errors import BookError
from model.engine.identity import Deployed
from model.engine.scorer import Reasons, TableScorer
from model.engine.tables import probability
from model.engine.territory import Territory
from model.errors import Refused
from model.report import numbers, spreadsheet
from model.report.briefing import Briefing, Finding, Table, Tile
from model.report.customer.briefing import (
    briefing_refused,
    briefing_to_choose,
    columns_choice,
    customer_briefing,
    rows_choice,
    swept_choice,
)
from model.report.numbers import MINUS, NBSP
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.decision import score_scale
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario, apply
from model.whatif.customer.starting_points import personas

SOMEBODY = 12345
OURS = Deployed("0123456789ab")
PD, SCORE, DECISION, LOSS = "PD, one month", "Score", "Decision", "Expected loss, one month"


def asked(scorer: TableScorer, book: Book, customer: int = SOMEBODY, **edits: float) -> CustomerResult:
    """The what-if of a customer; an edit that is an assumption is assumed."""
    scenario = CustomerScenario(customer)
    for name, value in edits.items():
        assumed = name in scenario.values(book.contract)
        scenario = (scenario.assumed if assumed else scenario.edited)(book.contract, name, value)
    return CustomerResult.of(scorer, scorer, book, scenario)


def said(scorer: TableScorer, book: Book, customer: int = SOMEBODY, **edits: float) -> Briefing:
    return customer_briefing(asked(scorer, book, customer, **edits), {}, model=OURS)


def tiles(found: Briefing) -> dict[str, Tile]:
    return {each.label: each for each in found.tiles}


def number(text: str) -> float:
    """The number a text begins with."""
    return float(text.replace(MINUS, "-").replace(NBSP, " ").split()[0].replace(",", ""))


def only(found: Briefing, panel: str, choices: Mapping[str, str | float] | None = None) -> Finding:
    """The one finding of a panel."""
    (place,) = (each for each in found.panels if each.key == panel)
    (item,) = place.make(choices or {})
    assert isinstance(item, Finding)
    return item


def table(found: Briefing, panel: str, choices: Mapping[str, str | float] | None = None) -> Table:
    given = only(found, panel, choices).table
    assert given is not None
    return given


def record(book: Book, customer: int = SOMEBODY, **edits: float) -> Array:
    return apply(book.contract, book.raw[:, [book.position(customer)]], edits)


# ---- the numbers ------------------------------------------------------------------------------------------------


def test_untouched_customer_has_numbers_without_a_before(scorer: TableScorer, book: Book) -> None:
    found = said(scorer, book)
    raw, row = record(book), book.contract.row
    margin = float(scorer.margins(raw)[0])
    pd = float(probability(np.array(margin)))
    bill, limit = max(raw[row["bill_1"], 0], 0), raw[row["limit"], 0]
    at_risk = bill + 0.5 * max(limit - bill, 0)
    own = tiles(found)
    assert list(own) == [PD, SCORE, DECISION, LOSS, "Known territory"]
    assert (own[PD].value, own[PD].notes) == (numbers.percent(pd), (numbers.in_100(pd),))
    assert own[SCORE] == Tile("Score", str(int(score_scale(book.contract).score(margin))), notes=("cut-off 520",))
    assert own[DECISION].value == "Not granted"
    assert own[LOSS].value == f"NT${NBSP}{pd * 0.8 * at_risk:,.0f}"
    assert own[LOSS].notes == (f"of {numbers.money(at_risk, 'NT$')} at risk",)
    assert {(each.was, each.change, each.direction, each.muted) for each in found.tiles} == {("", "", "", False)}


def test_edited_customer_has_each_number_with_what_it_was_and_the_difference_as_shown(
    scorer: TableScorer, book: Book
) -> None:
    before, own = tiles(said(scorer, book)), tiles(said(scorer, book, pays=100, balances=-50))
    for label in (PD, SCORE, DECISION, LOSS):
        assert own[label].was.casefold() == before[label].value.casefold()
    for label in (PD, SCORE):
        moved = number(own[label].value) - number(own[label].was)
        assert number(own[label].change) == pytest.approx(moved, abs=1e-9)
    assert number(own[PD].change) < 0 < number(own[SCORE].change)
    assert (own[PD].direction, own[SCORE].direction, own[LOSS].direction) == ("better", "better", "better")
    assert "points" in own[PD].change


def test_riskier_edit_is_for_the_worse_in_every_number(scorer: TableScorer, book: Book) -> None:
    own = tiles(said(scorer, book, late=4))
    assert [own[label].direction for label in (PD, SCORE, LOSS)] == ["worse"] * 3
    assert own[DECISION].direction == ""


def test_what_does_not_move_has_no_direction(scorer: TableScorer, book: Book) -> None:
    own = tiles(said(scorer, book, lgd=0.4))
    assert own[PD].was == own[PD].value
    assert (own[PD].change, own[PD].direction) == ("", "")
    assert (own[SCORE].change, own[SCORE].direction) == ("", "")
    assert own[LOSS].direction == "better"
    assert number(own[LOSS].value.removeprefix("NT$")) == pytest.approx(
        number(own[LOSS].was.removeprefix("NT$")) / 2, abs=1
    )


def test_every_number_of_the_sentence_is_that_of_its_tile(scorer: TableScorer, book: Book) -> None:
    found = said(scorer, book, balances=-20, pays=30)
    own = tiles(found)
    assert f"would score {own[SCORE].value}, {own[DECISION].notes[0]}, and" in found.sentence
    assert f"balances 20{NBSP}% lower and 30{NBSP}% of each bill paid" in found.sentence
    assert f"About {int(number(own[PD].value) + 0.5)} in 100" in found.sentence
    gap = int(own[SCORE].value) - 520
    assert own[DECISION].notes[0].startswith(f"{abs(gap)} point")
    assert own[DECISION].notes[0].endswith("above the cut-off" if gap > 0 else "below the cut-off")


def test_outside_known_territory_all_but_the_reason_is_greyed(scorer: TableScorer, book: Book) -> None:
    far: dict[str, float] = {"bill_1": 1_700_000, "paid_1": 1_600_000}
    found = said(scorer, book, **far)
    assert [each.muted for each in found.tiles] == [True, True, True, True, False]
    assert found.tiles[-1].value == "○ outside"
    assert "lies outside anything the model has seen" in found.tiles[-1].notes[0]
    foreign = customer_briefing(asked(scorer, book, **far), {}, model=Deployed("v1", "a.bank:8080", True))
    assert "lies outside anything the book holds" in foreign.tiles[-1].notes[0]


# ---- without numbers ------------------------------------------------------------------------------------------------


def test_nobody_chosen_is_invited_with_the_scores_of_the_book_and_where_to_start(
    contract: Contract, whole: ScoredBook, book: Book
) -> None:
    ids = personas(whole.scorer, book, whole.margins)
    found = briefing_to_choose(contract, CustomerScenario(), model=OURS, whole=whole, personas=ids)
    assert found.sentence.startswith("Choose a customer by number")
    assert (found.tiles, found.panels) == ((), ())
    scores, beginning = found.findings
    assert isinstance(scores, Finding)
    assert isinstance(beginning, Finding)
    points = score_scale(contract).score(whole.margins)
    reached = (points >= contract.score.cutoff).mean()
    assert scores.headline.startswith(f"{numbers.percent(float(reached), 0)} of customers reach the cut-off of 520 and")
    assert scores.chart is not None
    assert sum(scores.chart["data"][0]["y"]) == len(book)
    assert [shape["x0"] for shape in scores.chart["layout"]["shapes"]] == [520]
    assert [(each.name, each.value) for each in beginning.starts] == [("customer", ids[name]) for name in ids]
    for each in beginning.starts:
        score = points[np.flatnonzero(book.ids == each.value)[0]]
        assert f"score {numbers.whole_score(float(score))}, PD " in each.result
        assert each.mark == ("✓" if score >= 520 else "✗")
    assert "%" not in found.sentence
    assert found.method.startswith("**Score.** Release 0123456789ab")


def test_own_record_is_invited_to_be_completed_by_how_much_is_missing(contract: Contract, whole: ScoredBook) -> None:
    own = (1.0, *[None] * (len(contract.record) - 1))
    found = briefing_to_choose(contract, CustomerScenario(own=own), model=OURS, whole=whole, personas={})
    assert found.findings == ()
    assert f"{len(own) - 1} of {len(own)} values are still missing" in found.sentence
    assert found.tiles == ()


def test_record_that_cannot_be_is_told_with_the_way_back(contract: Contract) -> None:
    found = briefing_refused(contract, BookError("There is no customer 7."), model=OURS)
    assert (found.sentence, found.tiles, found.findings, found.panels) == ("", (), (), ())
    assert [(each.text, each.level) for each in found.notices] == [
        ("There is no customer 7. Undo takes the last change back.", "error")
    ]


# ---- why, and what changed --------------------------------------------------------------------------------------


def why_finding(found: Briefing) -> Finding:
    (item,) = found.findings
    assert isinstance(item, Finding)
    return item


@pytest.mark.parametrize("customer", [1, 77, 4242, SOMEBODY, 29_999])
def test_listed_reasons_lead_from_the_average_to_the_score(scorer: TableScorer, book: Book, customer: int) -> None:
    found = said(scorer, book, customer, pays=30)
    why, _ = why_finding(found).halves
    compared = why.headline.split(": ")[1]
    score, base = int(compared.split()[0]), int(compared.split()[3])
    assert score == int(tiles(found)[SCORE].value)
    assert base + sum(number(points) for _, points in why.listed) == score
    assert len(why.listed) <= 6


def test_listed_changes_lead_from_the_probability_before_to_that_after(scorer: TableScorer, book: Book) -> None:
    found = said(scorer, book, balances=-20, pays=30, late=0)
    _, changed = why_finding(found).halves
    base, *parts, edited = [number(text) for _, text in changed.listed]
    assert len(parts) == 3
    assert base + sum(parts) == pytest.approx(edited, abs=1e-9)
    assert (f"{base:.1f}{NBSP}%", f"{edited:.1f}{NBSP}%") == (tiles(found)[PD].was, tiles(found)[PD].value)


def test_without_edits_nothing_is_listed_as_changed(scorer: TableScorer, book: Book) -> None:
    found = why_finding(said(scorer, book))
    assert found.halves[1].headline.startswith("Move a lever")
    assert found.halves[1].listed == ()
    assert found.chart is not None
    assert len(found.chart["data"]) == 1
    assert found.note == ""


@dataclass
class Silent:
    """A model that gives no reasons."""

    own: TableScorer

    @property
    def contract(self) -> Contract:
        return self.own.contract

    @property
    def territory(self) -> Territory:
        return self.own.territory

    def margins(self, raw: Array) -> Array:
        return self.own.margins(raw)

    def reasons(self, raw: Array) -> Reasons:
        raise Refused("The server gives none.")


def test_missing_reasons_are_told_in_the_chart_and_in_the_table_and_changes_stay(
    scorer: TableScorer, book: Book
) -> None:
    scenario = CustomerScenario(SOMEBODY).edited(book.contract, "pays", 100)
    found = customer_briefing(CustomerResult.of(Silent(scorer), scorer, book, scenario), {}, model=OURS)
    why = why_finding(found)
    assert why.halves[0].headline == "Reasons are not available"
    assert why.halves[0].listed == ()
    assert why.halves[1] == why_finding(said(scorer, book, pays=100)).halves[1]
    assert why.note == "Reasons are not available. The server gives none."
    assert only(found, "_table").note == why.note


# ---- one input ------------------------------------------------------------------------------------------------------


def test_one_input_is_in_sight_and_all_else_is_folded(scorer: TableScorer, book: Book) -> None:
    panels = said(scorer, book).panels
    assert [(each.key, each.folded) for each in panels] == [
        ("_one_input", False),
        ("_customer_tornado", True),
        ("_two_way", True),
        ("_table", True),
    ]
    assert [each.key for each in panels[0].choices] == ["_swept", "_pd_goal"]


def test_the_goal_begins_at_a_round_number_below_the_cut_offs_probability_and_the_records_own(
    scorer: TableScorer, book: Book
) -> None:
    at_cutoff = float(probability(np.array(score_scale(book.contract).margin(book.contract.score.cutoff))))
    own = probability(scorer.margins(book.raw))
    for customer in (int(book.ids[np.argmin(own)]), int(book.ids[np.argmax(own)])):
        panel = said(scorer, book, customer).panels[0]
        goal = next(each for each in panel.choices if each.key == "_pd_goal")
        better = 100 * min(at_cutoff, float(own[book.position(customer)]))
        assert 0.9 * better <= goal.default < better
        assert goal.number({"_pd_goal": 99.9}) == 99.9


def test_sweep_marks_the_goal_and_says_the_models_own_number_there(scorer: TableScorer, book: Book) -> None:
    found = said(scorer, book)
    finding = only(found, "_one_input", {"_swept": "pays", "_pd_goal": 50.0})
    _, answer = finding.halves
    at = float(answer.headline.split(f"{NBSP}%")[0].split()[-1])
    pd = float(probability(scorer.margins(record(book, pays=at)))[0])
    assert answer.headline.endswith(f"would bring the model's answer to {numbers.percent(pd)}.")
    assert pd <= 0.5
    assert finding.chart is not None
    now, goal = finding.chart["data"][2:]
    assert now["y"] == [round(100 * float(probability(scorer.margins(record(book)))[0]), 2)]
    assert (goal["x"], goal["y"], goal["text"]) == ([at], [round(100 * pd, 2)], ["goal"])


def test_relative_lever_says_what_its_value_comes_to(scorer: TableScorer, book: Book) -> None:
    finding = only(said(scorer, book), "_one_input", {"_swept": "balances", "_pd_goal": 0.5})
    assert "is out of reach with this alone; the best is" in finding.halves[1].headline
    assert "(share of the limit used now " in finding.halves[1].headline.casefold()


def test_what_may_not_be_advised_is_not_marked(scorer: TableScorer, book: Book) -> None:
    finding = only(said(scorer, book), "_one_input", {"_swept": "limit", "_pd_goal": 0.5})
    assert "by association only" in finding.halves[1].headline
    assert finding.chart is not None
    assert [each["text"] for each in finding.chart["data"] if each["mode"] == "markers+text"] == [["now"]]


def test_what_is_chosen_falls_back_to_what_there_is(contract: Contract) -> None:
    assert swept_choice(contract).of({"_swept": "no such input"}) == "limit"
    names = [name for name, _ in columns_choice(contract, "balances").options]
    assert "balances" not in names
    assert len(names) == len(rows_choice(contract).options) - 1


# ---- tables ---------------------------------------------------------------------------------------------------------


def test_lever_ranges_hold_the_models_own_probabilities_at_both_ends(scorer: TableScorer, book: Book) -> None:
    given = table(said(scorer, book, late=1), "_customer_tornado")
    labels = {each.label: each for each in book.contract.levers}
    assert {row[0] for row in given.exact} == set(labels)
    now = float(probability(scorer.margins(record(book, late=1)))[0])
    for label, worse, better, unit, adverse, favourable, base in given.exact:
        assert unit == labels[str(label)].unit
        assert base == now
        for value, pd in ((worse, adverse), (better, favourable)):
            edits = {"late": 1.0} | {labels[str(label)].name: float(value)}  # type: ignore[arg-type]
            assert pd == pytest.approx(float(probability(scorer.margins(record(book, **edits)))[0]), abs=1e-12)


def test_two_inputs_hold_the_models_own_probabilities_and_nothing_where_no_record_can_be(
    scorer: TableScorer, book: Book
) -> None:
    result = asked(scorer, book)
    chosen = {"_two_rows": "status_1", "_two_columns": "status_2"}
    found = customer_briefing(result, chosen, model=OURS)
    given, finding = table(found, "_two_way", chosen), only(found, "_two_way", chosen)
    cells = result.two_way("status_1", "status_2")
    expected = [[None if np.isnan(pd) else pd for pd in row] for row in cells.pd.tolist()]
    assert [list(row[1:]) for row in given.exact] == expected
    assert any(None in row for row in expected)
    assert finding.chart is not None
    for texts, pds, granted in zip(finding.chart["data"][0]["text"], expected, cells.granted.tolist(), strict=True):
        for text, pd, yes in zip(texts, pds, granted, strict=True):
            assert text == ("" if pd is None else numbers.percent(pd) + (" ✓" if yes else ""))
    assert finding.chart["data"][0]["y"] == [f"{row[0]} " for row in given.exact]


def test_columns_of_two_inputs_are_never_those_of_the_rows(scorer: TableScorer, book: Book) -> None:
    found = customer_briefing(asked(scorer, book), {"_two_rows": "pays"}, model=OURS)
    (panel,) = (each for each in found.panels if each.key == "_two_way")
    rows, columns = panel.choices
    assert rows.of({"_two_rows": "pays"}) == "pays"
    assert "pays" not in dict(columns.options)
    heads = table(found, "_two_way", {"_two_rows": "pays", "_two_columns": "pays"}).columns
    assert heads[0].name == book.contract.lever("pays").label


@pytest.mark.parametrize("customer", [1, 77, 4242, SOMEBODY, 29_999])
def test_table_of_inputs_adds_up_to_the_score_exactly_and_as_shown(
    scorer: TableScorer, book: Book, customer: int
) -> None:
    given = table(said(scorer, book, customer), "_table")
    margin = float(scorer.margins(record(book, customer))[0])
    assert len(given.exact) == len(book.contract.inputs) + 2
    for k, total, digits in ((3, float(score_scale(book.contract).score(margin)), 2), (4, margin, 4)):
        exact, shown = ([float(row[k]) for row in rows] for rows in (given.exact, given.shown()))  # type: ignore[arg-type]
        assert sum(exact[:-1]) == pytest.approx(exact[-1], abs=1e-9)
        assert exact[-1] == pytest.approx(total, abs=1e-9)
        assert round(sum(shown[:-1]), digits) == shown[-1] == round(total, digits)
        assert np.allclose(shown, exact, atol=10**-digits)


def test_table_of_inputs_names_each_input_with_its_concept_and_value(scorer: TableScorer, book: Book) -> None:
    given = table(said(scorer, book), "_table")
    concepts = {each.name: each.label for each in book.contract.concepts}
    rows = given.exact[1:-1]
    assert [row[:2] for row in rows] == [(each.label, concepts[each.concept]) for each in book.contract.inputs]
    assert given.exact[0][0] == "The average customer of the book"
    assert given.exact[-1][0] == "This customer"
    lines = list(csv.reader(StringIO(spreadsheet.of_table(given).decode("utf-8-sig"))))
    assert lines[0] == ["Input", "Concept", "Value", "Score points", "Log-odds"]
    assert [float(line[3]) for line in lines[1:]] == [row[3] for row in given.exact]
    assert given.key == f"customer-{SOMEBODY}-reasons"
