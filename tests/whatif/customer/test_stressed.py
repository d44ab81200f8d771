"""A customer under a scenario of the book: the very numbers of the book's row, and one's own edits on top."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data.books import Book
from data.draws import draw
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.whatif.book.scenario import BookScenario, layers
from model.whatif.book.scored import ScoredBook, log_odds_after, pd_after
from model.whatif.customer.decision import decide, score_scale
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CUTOFF, CustomerScenario, apply
from tests.support import guaranteed
from tests.support.records import CONTRACT, TODAY, numbers_of, stressed, stresses
from tests.whatif.customer.test_result import Listening

FED = "fed_2026_severely_adverse"
OVERLAY = {"overlay_owner": "CRO", "overlay_reason": "judgement", "overlay_until": "2027-01-01"}
SOMEBODY = 12345


def result_of(
    scorer: TableScorer, book: Book, under: BookScenario, customer: int = SOMEBODY, **edits: float
) -> CustomerResult:
    scenario = CustomerScenario(customer, under=under)
    for name, value in edits.items():
        scenario = scenario.edited(book.contract, name, value)
    return CustomerResult.of(scorer, scorer, book, scenario, day=TODAY)


@settings(max_examples=12)
@given(stresses(), st.integers(0, 29_000))
@example(stressed(balances=20, payments=-30, share=50), 0)
@example(stressed(limits=-40, who="limit_band:0", preset=FED), 100)
@example(stressed(later=30, method="factor", factor=-2.0), 2000)
@example(stressed(overlay_pd=300, overlay_lgd=10, **OVERLAY, lgd=0.9), 29_000)
def test_a_customer_under_a_scenario_is_the_book_s_row_to_the_last_digit(
    scorer: TableScorer, book: Book, whole: ScoredBook, stress: BookScenario, first: int
):
    rows = whole.rows(numbers_of(stress))
    for k in range(first, first + 1000, 41):
        found = result_of(scorer, book, stress, int(book.ids[k])).now
        row = (rows.pd[k], rows.loss[k], rows.net_loss[k], rows.ead[k])
        assert (found.pd, found.expected_loss, found.net_loss, found.ead) == row
        assert found.score == pytest.approx(
            score_scale(CONTRACT).score(np.clip(rows.log_odds[k], -13.8155, 13.8155)), abs=0.01
        )


def test_of_a_guaranteed_book_it_is_the_row_too():
    stress = BookScenario().with_value(guaranteed.CONTRACT, "unemployment", 3)
    whole, book, scorer = guaranteed.whole(), guaranteed.book(), guaranteed.scorer()
    rows = whole.rows(layers(guaranteed.CONTRACT, stress, TODAY))
    for k in range(5):
        found = result_of(scorer, book, stress, int(book.ids[k])).now
        assert (found.pd, found.net_loss) == (rows.pd[k], rows.net_loss[k])


def test_a_scenario_reaches_whom_the_book_draws_and_the_segment_says(
    scorer: TableScorer, book: Book, whole: ScoredBook
):
    half = stressed(balances=20, share=50)
    drawn = draw(book.ids, "share") < 0.5
    for k in range(40):
        found = result_of(scorer, book, half, int(book.ids[k]))
        assert found.stressed is not None
        assert found.stressed.reached == {"balances": drawn[k]}
        assert drawn[k] or (found.base == book.raw[:, [k]]).all()
    some = stressed(balances=20, who="limit_band:0", unemployment=3)
    bands = CONTRACT.bands(CONTRACT.segment("limit_band"), CONTRACT.values(book.raw), len(book))
    outside = int(np.flatnonzero(bands != 0)[0])
    found = result_of(scorer, book, some, int(book.ids[outside]))
    assert found.stressed is not None
    assert found.stressed.reached == {"balances": False}
    assert found.now.pd > found.before.pd  # the economy reaches everybody


def test_a_record_typed_by_hand_is_drawn_by_no_share(scorer: TableScorer, book: Book):
    own = CustomerScenario(own=tuple(book.raw[:, 7].tolist()))
    everybody, half = (stressed(balances=20, share=share) for share in (100, 50))
    one, other = (
        CustomerResult.of(scorer, scorer, book, replace(own, under=each), day=TODAY) for each in (everybody, half)
    )
    assert one.now == result_of(scorer, book, everybody, int(book.ids[7])).now
    assert one.stressed is not None
    assert other.stressed is not None
    assert (one.stressed.reached, other.stressed.reached) == ({"balances": True}, {"balances": False})
    assert other.now.pd == other.before.pd


def test_edits_stand_on_top_of_what_the_scenario_leaves(scorer: TableScorer, book: Book):
    under = stressed(balances=20, unemployment=3, lgd=0.9)
    alone = result_of(scorer, book, under)
    found = result_of(scorer, book, under, balances=-30)
    assert found.stressed is not None
    assert found.stressed.decision == alone.now
    edited = apply(CONTRACT, alone.base, {"balances": -30.0})
    assert (found.edited == edited).all()
    expected = pd_after(numbers_of(under), scorer.margins(edited))
    assert found.now.pd == expected[0]
    assert found.before == decide(scorer, book.raw[:, [book.position(SOMEBODY)]], CustomerScenario().values(CONTRACT))
    parts = found.moved
    assert (parts.base, parts.edited) == (found.before.pd, pytest.approx(found.now.pd, abs=1e-12))
    assert sum(each.pd for each in parts.parts) == pytest.approx(parts.edited - parts.base, abs=1e-12)
    assert parts.parts[0].pd == alone.now.pd - alone.before.pd
    assert found.curve("balances").now_pd == pytest.approx(found.now.pd, abs=1e-12)


def test_reasons_and_what_the_economy_adds_sum_to_the_score(scorer: TableScorer, book: Book):
    found = result_of(scorer, book, stressed(preset=FED, balances=20))
    why = found.reasons
    assert why is not None
    assert why.outside is not None
    assert why.outside.log_odds == pytest.approx(0.55)
    assert why.base_score + sum(each.points for each in why.concepts) == pytest.approx(found.now.score)
    assert probability(np.array(found.margin)) < found.now.pd
    plain = result_of(scorer, book, stressed(balances=20)).reasons
    assert plain is not None
    assert plain.outside is None


def test_assumptions_are_the_scenario_s_until_they_are_set_on_top(scorer: TableScorer, book: Book):
    under = stressed(lgd=0.9)
    found = result_of(scorer, book, under)
    assert found.now.expected_loss == pytest.approx(found.before.expected_loss * 0.9 / 0.8)
    own = CustomerScenario(SOMEBODY, under=under).assumed(CONTRACT, "lgd", 0.8)
    assert own.assumptions == (("lgd", 0.8),)  # the contract's own, set against the scenario's
    back = CustomerResult.of(scorer, scorer, book, own, day=TODAY)
    assert back.now.expected_loss == pytest.approx(back.before.expected_loss)
    assert back.stressed is not None
    assert back.stressed.decision == found.now
    assert own.assumed(CONTRACT, "lgd", 0.9).assumptions == ()
    strict = CustomerScenario(SOMEBODY, under=under).assumed(CONTRACT, CUTOFF, 700.0)
    assert not CustomerResult.of(scorer, scorer, book, strict, day=TODAY).now.granted


def test_an_overlay_that_has_expired_is_not_applied(scorer: TableScorer, book: Book):
    under = stressed(overlay_pd=50, **OVERLAY)
    scenario = CustomerScenario(SOMEBODY, under=under)
    before, after = (
        CustomerResult.of(scorer, scorer, book, scenario, day=day).now.pd for day in (TODAY, date(2028, 1, 1))
    )
    assert before == pytest.approx(1.5 * after)


def test_a_default_made_certain_has_a_score(scorer: TableScorer, book: Book, whole: ScoredBook):
    under = stressed(overlay_pd=300, **OVERLAY)
    k = int(np.argmax(whole.margins))
    found = result_of(scorer, book, under, int(book.ids[k])).now
    assert found.pd == 1.0
    assert 0 < found.score < 200
    assert not found.granted
    assert np.isfinite(log_odds_after(numbers_of(under), whole.margins)).all()


def test_the_address_carries_the_scenario_readably_and_without_limits(book: Book):
    under = stressed(preset=FED, severity=50, limit_loss=6e8, weight_as_is=100).carried()
    scenario = CustomerScenario(SOMEBODY, under=under)
    assert scenario.to_query() == {"customer": "12345", "under.preset": FED, "under.severity": "50"}
    assert CustomerScenario.from_query(book, scenario.to_query()) == (scenario, [])
    wrong = {"customer": "12345", "under.severity": "50", "under.nothing": "1", "under.balances": "20"}
    found, complaints = CustomerScenario.from_query(book, wrong)
    assert found.under == stressed(balances=20)
    assert len(complaints) == 2
    assert all(each.startswith("Of the book's scenario: ") for each in complaints)
    assert CustomerScenario.from_query(book, wrong, edits=False) == (CustomerScenario(SOMEBODY), [])


def test_of_a_model_without_tables_it_is_the_row_that_such_a_model_gives(scorer: TableScorer, book: Book):
    elsewhere = Listening(scorer)
    stress = stressed(balances=40, share=50, unemployment=3)
    some = np.arange(0, 400, 13)
    whole = ScoredBook(elsewhere, np.ascontiguousarray(book.raw[:, some]), book.ids[some])
    rows = whole.rows(numbers_of(stress))
    for k, place in enumerate(some):
        scenario = CustomerScenario(int(book.ids[place]), under=stress)
        found = CustomerResult.of(elsewhere, elsewhere, book, scenario, day=TODAY).now
        assert (found.pd, found.expected_loss) == (rows.pd[k], rows.loss[k])
