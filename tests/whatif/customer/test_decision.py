"""One customer: the decision and its reasons."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from model.engine.scorer import TableScorer
from model.whatif.customer.decision import Decision, decide, explain, score_scale
from model.whatif.customer.scenario import CUTOFF, CustomerScenario
from tests.support.records import BOOK, CONTRACT, numbers, records

ASSUMED = CustomerScenario().values(CONTRACT)


def record(number: int) -> Array:
    return BOOK.raw[:, number - 1 : number]


@given(records() | numbers.map(record))
def test_decision_agrees_with_itself_in_every_unit(scorer: TableScorer, raw: Array):
    found = decide(scorer, raw, ASSUMED)
    assert 0 < found.pd < 1
    assert found.margin == pytest.approx(np.log(found.pd / (1 - found.pd)), abs=1e-9)
    assert score_scale(CONTRACT).pd(found.score) == pytest.approx(found.pd, abs=1e-12)


@given(records() | numbers.map(record), st.floats(0, 1), st.floats(0, 1))
def test_expected_loss_is_pd_times_lgd_times_exposure(scorer: TableScorer, raw: Array, lgd: float, ccf: float):
    found = decide(scorer, raw, ASSUMED | {"lgd": lgd, "ccf": ccf})
    bill, limit = max(raw[CONTRACT.row["bill_1"], 0], 0), raw[CONTRACT.row["limit"], 0]
    ead = bill + ccf * max(limit - bill, 0)
    assert found.ead == pytest.approx(ead, rel=1e-12, abs=1e-9)
    assert found.expected_loss == pytest.approx(found.pd * lgd * ead, rel=1e-12, abs=1e-9)


def test_expected_loss_of_the_first_customer_is_the_amount_worked_by_hand(scorer: TableScorer):
    found = decide(scorer, record(1), ASSUMED)
    assert found.ead == 3913 + 0.5 * (20_000 - 3913)
    assert found.expected_loss == pytest.approx(found.pd * 0.8 * 11_956.5, abs=1e-9)


def test_customer_is_granted_from_the_cutoff_on(scorer: TableScorer):
    score = decide(scorer, record(1), ASSUMED).score
    assert decide(scorer, record(1), ASSUMED | {CUTOFF: score}).granted
    assert decide(scorer, record(1), ASSUMED | {CUTOFF: np.nextafter(score, 1000)}).granted  # the last bit is nobody's
    assert not decide(scorer, record(1), ASSUMED | {CUTOFF: score + 1e-6}).granted


def test_assumptions_move_money_and_decision_but_never_the_score(scorer: TableScorer):
    base = decide(scorer, record(1), ASSUMED)
    other = decide(scorer, record(1), {"lgd": 0.1, "ccf": 0.9, CUTOFF: 700.0})
    assert (other.margin, other.pd, other.score) == (base.margin, base.pd, base.score)
    assert other.expected_loss != base.expected_loss
    assert other.ead > base.ead


def test_record_never_seen_is_told_with_the_fields_beyond(scorer: TableScorer, contract: Contract):
    raw = record(1).copy()
    raw[contract.row["paid_2"]] = 1_700_000
    raw[contract.row["bill_1"]] = -300_000
    found = decide(scorer, raw, ASSUMED)
    assert found.beyond == (contract.field("bill_1").label, contract.field("paid_2").label)
    assert found.level == "outside"


@given(numbers)
def test_no_customer_of_the_book_has_a_field_beyond_what_was_seen(scorer: TableScorer, number: int):
    found = decide(scorer, record(number), ASSUMED)
    assert found.beyond == ()
    assert 0 <= found.percentile <= 100


def test_level_of_a_decision_is_outside_when_a_field_is():
    def at(percentile: float, beyond: tuple[str, ...]) -> Decision:
        return Decision(0, 0.5, 487, 520, 0, 0, 0, percentile, beyond)

    assert [at(10, ()).level, at(96, ()).level, at(99, ()).level] == ["usual", "unusual", "outside"]
    assert at(10, ("Credit limit",)).level == "outside"


# ---- reasons ---------------------------------------------------------------------------------------------------------


@given(records() | numbers.map(record))
def test_base_and_bars_sum_to_the_score_by_input_and_by_concept(scorer: TableScorer, raw: Array):
    why, score = explain(scorer, raw), decide(scorer, raw, ASSUMED).score
    assert why.base_score + sum(c.points for c in why.inputs) == pytest.approx(score, abs=1e-9)
    assert why.base_score + sum(c.points for c in why.concepts) == pytest.approx(score, abs=1e-9)
    margin = scorer.margins(raw)[0]
    assert why.base_log_odds + sum(c.log_odds for c in why.inputs) == pytest.approx(margin, abs=1e-9)
    assert why.base_log_odds + sum(c.log_odds for c in why.concepts) == pytest.approx(margin, abs=1e-9)


@given(numbers)
def test_bars_in_points_are_the_log_odds_turned_round(scorer: TableScorer, number: int):
    for each in explain(scorer, record(number)).inputs:
        assert each.points == pytest.approx(-score_scale(CONTRACT).factor * each.log_odds, abs=1e-12)


def test_base_is_the_same_for_every_customer_and_is_the_average_one(scorer: TableScorer, book: Book):
    found = {explain(scorer, record(number)).base_score for number in (1, 77, 30_000)}
    assert len(found) == 1
    scores = score_scale(book.contract).score(scorer.margins(book.raw))
    assert found.pop() == pytest.approx(scores.mean(), abs=1e-9)


@given(numbers)
def test_concepts_come_weightiest_first_and_gather_their_inputs(scorer: TableScorer, number: int):
    why = explain(scorer, record(number))
    assert all(abs(a.points) >= abs(b.points) for a, b in pairwise(why.concepts))
    for concept in why.concepts:
        own = [c.points for c, i in zip(why.inputs, CONTRACT.inputs, strict=True) if i.concept == concept.name]
        assert concept.points == pytest.approx(sum(own), abs=1e-12)
    assert {c.name for c in why.concepts} == {i.concept for i in CONTRACT.inputs}


def test_reasons_carry_the_value_of_each_input(scorer: TableScorer, contract: Contract):
    why = explain(scorer, record(1))
    assert [c.name for c in why.inputs] == [each.name for each in contract.inputs]
    assert [c.label for c in why.inputs] == [each.label for each in contract.inputs]
    assert {c.name: c.value for c in why.inputs}["use_now"] == 0.1957
    assert all(np.isnan(c.value) for c in why.concepts)
