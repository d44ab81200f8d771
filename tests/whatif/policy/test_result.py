"""A policy asked under the book's scenario: its sums are the book's where they meet, its scores the customers' own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.books import Book
from model.engine.scorer import TableScorer
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import NOTHING, BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy.result import PolicyResult, scores_by
from model.whatif.policy.scenario import PolicyScenario
from tests.support.records import CONTRACT, TODAY, stressed, stresses

FED = "fed_2026_severely_adverse"
STRESS = stressed(preset=FED, severity=50, balances=20, lgd=0.85)


@pytest.fixture(scope="module")
def result(whole: ScoredBook, book: Book) -> PolicyResult:
    return PolicyResult.of(whole, book, PolicyScenario(540, under=STRESS), TODAY)


def test_who_approves_everybody_has_the_book_s_own_totals(result: PolicyResult, whole: ScoredBook):
    now = BookResult.of(whole, STRESS, TODAY).now
    everybody = result.strategy.at(int(result.strategy.cutoffs[0]))
    assert everybody.customers == now.customers
    assert (everybody.loss, everybody.volume, everybody.profit, everybody.bad) == pytest.approx(
        (now.loss, now.exposure, now.margin, now.pd_sum)
    )


def test_scores_are_those_of_the_customers_under_the_scenario(result: PolicyResult, scorer: TableScorer, book: Book):
    assert not np.array_equal(result.scores, scores_by(scorer, book, NOTHING, TODAY))
    for k in range(0, 3000, 250):
        scenario = CustomerScenario(int(book.ids[k]), under=STRESS)
        found = CustomerResult.of(scorer, scorer, book, scenario, day=TODAY).now
        assert found.score == result.scores[k]
    np.testing.assert_array_equal(scores_by(scorer, book, STRESS, TODAY), result.scores)


def test_assumptions_set_here_stand_on_top_of_the_scenario_s(whole: ScoredBook, book: Book):
    policy = PolicyScenario(under=STRESS)
    assert policy.stress(CONTRACT) == STRESS
    own = policy.with_value(CONTRACT, "lgd", 0.8)  # the contract's own, set against the scenario's
    assert own.stress(CONTRACT).number(CONTRACT, "lgd") == 0.8
    assert own.with_value(CONTRACT, "lgd", 0.85) == policy
    lower = PolicyResult.of(whole, book, own, TODAY).before.loss
    assert lower == pytest.approx(PolicyResult.of(whole, book, policy, TODAY).before.loss * 0.8 / 0.85)
    assert own.asked_under(CONTRACT, NOTHING) == PolicyScenario()
    assert PolicyScenario().with_value(CONTRACT, "lgd", 0.85).asked_under(CONTRACT, STRESS) == policy


@settings(max_examples=15)
@given(stresses(most=5), st.none() | st.integers(400, 600), st.floats(0.1, 1).map(lambda value: round(value, 3)))
def test_the_address_carries_cut_off_assumptions_and_scenario(stress: BookScenario, cutoff: int | None, lgd: float):
    policy = PolicyScenario(under=stress.carried()).with_value(CONTRACT, "cutoff", cutoff)
    policy = policy.with_value(CONTRACT, "lgd", lgd)
    assert PolicyScenario.from_query(CONTRACT, policy.to_query()) == (policy, [])


def test_an_address_of_before_reads_as_before():
    found, complaints = PolicyScenario.from_query(CONTRACT, {"cutoff": "540", "lgd": "0.7"})
    assert (found.cutoff, found.assumed, found.under, complaints) == (540, stressed(lgd=0.7), NOTHING, [])
    assert found.to_query() == {"cutoff": "540", "lgd": "0.7"}
    assert PolicyScenario.from_query(CONTRACT, {"under.balances": "20"}, shown=False) == (PolicyScenario(), [])
