"""Sentences, and that their numbers are those on the screen."""

import re
from dataclasses import replace

import numpy as np
import pytest

from data import books
from data.books import Book
from model.engine import identity
from model.engine.scorer import TableScorer
from model.report import numbers
from model.report.customer import words as customer_words
from model.report.numbers import NBSP
from model.whatif.customer.decision import decide, explain
from model.whatif.customer.scenario import CustomerScenario, apply, base_record
from model.whatif.customer.sensitivity import Flip, flips, seek_probability, sweep

BOOKS = ("cards", "small_business")


def test_at_most_five_reasons_and_the_rest_sum_to_the_score_for_every_customer(scorer: TableScorer, book: Book) -> None:
    for k in range(0, len(book), 3001):
        why = explain(scorer, book.raw[:, k : k + 1])
        rows = customer_words.reasons(why)
        score = why.base_score + sum(c.points for c in why.inputs)
        assert len(rows) <= customer_words.MOST_BARS + 1
        assert numbers.whole_score(why.base_score) + sum(r.points for r in rows) == numbers.whole_score(score)


@pytest.mark.parametrize("cutoff", [520.0, 520.5, 519.5, 519.99, 520.01])
def test_the_distance_to_any_cut_off_is_on_the_side_of_the_decision(
    scorer: TableScorer, book: Book, cutoff: float
) -> None:
    decision = decide(scorer, book.raw[:, :1], CustomerScenario().values(book.contract))
    for score in np.arange(517.0, 523.0, 0.05).round(2).tolist():
        found = replace(decision, score=score, cutoff=cutoff)
        told = customer_words.distance(found)
        sides = ("above", "just at") if found.granted else ("below",)
        assert any(side in told for side in sides), (score, told)


@pytest.mark.parametrize("name", BOOKS)
def test_one_of_what_a_lever_counts_is_told_in_the_singular(name: str) -> None:
    contract = books.read_book(name).contract
    for lever in contract.levers:
        if not lever.minimum <= 1 <= lever.maximum or lever.unit in ("%", "±%"):
            continue
        told = [
            customer_words.edits_in_words(contract, CustomerScenario(1, (), ((lever.name, 1.0),))),
            customer_words.edit_chip(contract, lever.name, 1.0),
            customer_words.ways_out(contract, [Flip(lever.name, 1.0, False, False)], granted=False),
        ]
        for text in told:
            assert not re.search(rf"\b1[ {numbers.NBSP}]\w+s\b", text), text


def test_several_of_what_a_lever_counts_stay_several() -> None:
    contract = books.read_book("small_business").contract
    for flip, told in ((2.0, "2 employees"), (1.0, "1 employee")):
        assert (
            customer_words.edits_in_words(contract, CustomerScenario(1, (), (("employees", flip),))) == f"With {told}"
        )
    more = customer_words.ways_out(contract, [Flip("employees", 1.0, True, True)], granted=False)
    assert more.endswith("at least 1 employee.")


@pytest.mark.parametrize(
    ("name", "value", "up", "told"),
    [
        ("late", 1.0, False, "at most 1 month late now"),
        ("limit", 200_000.0, True, "a credit limit of at least NT$ 200,000"),
        ("balances", -20.0, False, "balances at least 20 % lower"),
        ("balances", -20.0, True, "balances at most 20 % lower"),
        ("balances", 20.0, False, "balances at most 20 % higher"),
        ("balances", 0.0, False, "balances unchanged or lower"),
    ],
)
def test_from_where_on_a_lever_turns_the_decision_is_told_as_one_says_it(
    book: Book, name: str, value: float, up: bool, told: str
) -> None:
    sentence = customer_words.ways_out(book.contract, [Flip(name, value, beyond=True, up=up)], granted=False)
    assert sentence.replace(NBSP, " ").endswith(f"to the cut-off: {told}.")


def test_a_phrase_that_says_at_says_it_once(book: Book) -> None:
    lever = book.contract.lever("limit").model_copy(update={"name": "income", "unit": "", "phrase": "income at {}"})
    contract = book.contract.model_copy(update={"levers": (lever,)})
    told = customer_words.ways_out(contract, [Flip("income", 20_000.0, beyond=True, up=True)], granted=False)
    assert told.endswith(": income at least 20,000.")


def test_of_many_edits_those_moved_furthest_are_named_and_the_others_counted(book: Book) -> None:
    contract = book.contract
    scenario = CustomerScenario(1)
    for name, value in {"balances": -20.0, "pays": 30.0, "late": 1.0}.items():
        scenario = scenario.edited(contract, name, value)
    told = customer_words.edits_in_words(contract, scenario, {"balances": 0.1, "pays": 0.2, "late": 0.3})
    assert told.replace(NBSP, " ") == "With 30 % of each bill paid, 1 month late now and 1 more"
    told = customer_words.edits_in_words(contract, scenario, {"balances": 0.4, "pays": 0.2, "late": 0.3})
    assert told.replace(NBSP, " ") == "With balances 20 % lower, 1 month late now and 1 more"
    assert customer_words.edits_in_words(contract, CustomerScenario(1)) == ""


@pytest.mark.parametrize("customer", [1, 77, 4242, 12345, 29_999])
def test_each_way_out_really_turns_the_decision(scorer: TableScorer, book: Book, customer: int) -> None:
    contract, scenario = book.contract, CustomerScenario(customer)
    base, assumed = base_record(book, scenario), scenario.values(book.contract)
    before = decide(scorer, base, assumed)
    found = flips(scorer, book, base=base, edits={}, cutoff=before.cutoff)
    for flip in found:
        if flip.value is not None:
            after = decide(scorer, apply(contract, base, {flip.name: flip.value}), assumed)
            assert after.granted != before.granted
    told = customer_words.ways_out(contract, found, before.granted)
    reachable = any(flip.value is not None and flip.advised for flip in found)
    assert told.startswith("No single lever") != reachable


def test_a_way_out_at_the_end_of_a_lever_has_no_or_less(book: Book) -> None:
    told = customer_words.ways_out(book.contract, [Flip("late", 0.0, True, False)], granted=False)
    assert told == "This alone would bring the score to the cut-off: 0\N{NO-BREAK SPACE}months late now."


def test_goal_seek_says_reached_out_of_reach_or_already_there(scorer: TableScorer, book: Book) -> None:
    base = base_record(book, CustomerScenario(12345))
    curve = sweep(scorer, book, base=base, edits={}, name="pays", cutoff=520)
    say = [customer_words.goal_sentence(seek_probability(curve, goal), curve) for goal in (0.99, 0.50, 0.001)]
    assert "is reached already" in say[0]
    assert "would bring the model's answer to" in say[1]
    assert "out of reach" in say[2]


def test_no_sentence_claims_a_cause(scorer: TableScorer, book: Book) -> None:
    contract = book.contract
    texts = [customer_words.customer_method(contract, identity.Deployed("abc"))]
    texts += [lever.help for lever in contract.levers] + [field.help for field in contract.record]
    for text in texts:
        assert not re.search(r"\bcauses\b|\bwill (reduce|lower|raise|increase)\b", text)


def test_where_a_value_stands_is_told_for_codes_amounts_and_gaps(book: Book) -> None:
    inputs = {each.name: each for each in book.contract.inputs}

    def told(lever: str, value: float, below: int, same: int) -> str:
        part = book.contract.lever(lever)
        return customer_words.here(value, below, same=same, lever=part, each=inputs[part.shows], person="customer")

    assert told("limit", 80_000, 38, 1).endswith("80,000, above 38 in 100 customers")
    assert told("balances", 0.31, 50, 1) == "31\N{NO-BREAK SPACE}% of the limit, above 50 in 100 customers"
    assert told("late", 0, 0, 49) == "minimum paid, like 49 in 100 customers"
    assert told("pays", np.nan, 0, 0) == "nothing was due"


def test_what_may_not_be_advised_is_no_way_out(book: Book) -> None:
    limit, pays = Flip("limit", 380_000.0, beyond=True, up=True, advised=False), Flip("pays", 25.0, True, True)
    told = customer_words.ways_out(book.contract, [limit, pays], granted=False)
    assert told == "This alone would bring the score to the cut-off: at least 25\N{NO-BREAK SPACE}% of each bill paid."
    told = customer_words.ways_out(book.contract, [limit], granted=False)
    assert told == "No single lever that can be relied on brings the score to the cut-off."
    linked = replace(limit, association=True)
    unsteady = Flip("balances", 20.0, beyond=False, up=True, advised=False, steady=False)
    aside = customer_words.no_ways_out(book.contract, [linked, unsteady, pays]).replace(NBSP, " ")
    assert aside == (
        "By association only, so no advice: a credit limit of at least NT$ 380,000. Not the way that is declared after "
        "these edits, so no advice: balances 20 % higher."
    )
    assert customer_words.no_ways_out(book.contract, [pays, Flip("limit", None, False, False, False)]) == ""
    told = customer_words.ways_out(book.contract, [Flip("limit", None, False, False)], granted=True)
    assert told == "No single lever within its range takes the score below the cut-off."


def test_the_headline_of_reasons_agrees_with_its_subject() -> None:
    rows = [customer_words.Reason("Late payments", -31, "", plural=True), customer_words.Reason("Credit limit", 1, "")]
    told = customer_words.reasons_headline(rows, 531, score=501, background="the book", person="customer")
    assert told == "Late payments cost 31 points: 501 points against 531 for the book"
    assert customer_words.reasons_headline(rows[1:], 531, score=532, background="it", person="customer").startswith(
        "Credit limit adds 1 point: 532"
    )


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ([], "over the whole range"),
        ([10], "; the decision turns at 10"),
        ([10, 20], "; the decision turns at 10 and 20"),
        ([10, 20, 30], "; the decision turns at 10, 20 and 30"),
        ([10, 20, 30, 40, 50], "; the decision turns 5 times, first at 10, last at 50"),
    ],
)
def test_every_place_where_a_decision_turns_is_told_or_counted(
    scorer: TableScorer, book: Book, monkeypatch: pytest.MonkeyPatch, places: list[float], told: str
) -> None:
    curve = sweep(scorer, book, base=base_record(book, CustomerScenario(1)), edits={}, name="balances", cutoff=520.0)
    curve = replace(curve, unit="", granted=np.ones_like(curve.granted))
    monkeypatch.setattr(type(curve), "flips", tuple(places))
    assert customer_words.curve_sentence(curve, book.contract).endswith(told)
