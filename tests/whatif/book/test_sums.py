"""A book as sums over its parts, against the book in memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import BadInput
from model.engine.scorer import TableScorer
from model.export.asked import query_of
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.book.sums import BookCensus, BookConstants, StressAnswer, StressQuestion, StressSums
from tests.support import guaranteed
from tests.support.records import BOOK, CONTRACT, TODAY
from tests.support.whole_books import SCENARIOS, same_answer

FEW = BOOK.part(np.arange(0, len(BOOK), 20))


def question_of(text: str, measures=("loss",)) -> StressQuestion:
    scenario, complaints = BookScenario.from_query(CONTRACT, query_of(text))
    assert not complaints
    return StressQuestion(CONTRACT, scenario, TODAY, measures)


def known_of(scorer: TableScorer, book, question: StressQuestion) -> BookConstants:
    return BookCensus.of(scorer, book.raw, book.ids).constants(question)


@pytest.mark.parametrize("text", SCENARIOS.values(), ids=SCENARIOS)
def test_the_sums_of_parts_are_the_books(scorer: TableScorer, text: str):
    question = question_of(text, ("loss", "capital", "margin"))
    whole, parts = ScoredBook.of(scorer, FEW), [FEW.part(np.arange(k, len(FEW), 3)) for k in range(3)]
    census, found = BookCensus.nobody(), StressSums.nothing(question)
    for part in parts:
        census += BookCensus.of(scorer, part.raw, part.ids)
    known = census.constants(question)
    for part in parts:
        found += StressSums.of(scorer, part.raw, ids=part.ids, question=question, known=known)
    answer = StressAnswer(question, found)
    same_answer(answer, BookResult.of(whole, question.scenario, TODAY))
    assert answer.now.customers == len(FEW)


@settings(max_examples=8)
@given(st.lists(st.integers(0, 200), max_size=4), st.randoms(use_true_random=False))
def test_parts_add_up_in_any_order_to_what_they_are_together(scorer: TableScorer, cuts: list[int], random):
    few, question = FEW.part(np.arange(200)), question_of("balances=20&share=50&preset=fed_2026_severely_adverse")
    parts = [few.part(each) for each in np.split(np.arange(200), sorted(cuts))]  # some of nobody
    random.shuffle(parts)
    known = known_of(scorer, few, question)
    census, found = BookCensus.nobody(), StressSums.nothing(question)
    for part in parts:
        own = BookCensus.of(scorer, part.raw, part.ids)
        census = BookCensus.from_arrays(own.arrays()) + census
        added = StressSums.of(scorer, part.raw, ids=part.ids, question=question, known=known)
        found = StressSums.from_arrays(question, added.arrays()) + found
    again = census.constants(question)
    assert (again.sampled, census.customers) == (known.sampled, 200)
    assert dict(again.shifts) == pytest.approx(dict(known.shifts), abs=1e-12)
    result = BookResult.of(ScoredBook.of(scorer, few), question.scenario, TODAY)
    same_answer(StressAnswer(question, found), result)


def test_gross_and_net_add_up_where_somebody_else_bears_a_part():
    book, scorer = guaranteed.book(), guaranteed.scorer()
    scenario = BookScenario().with_value(guaranteed.CONTRACT, "lgd", 0.6)
    question = StressQuestion(guaranteed.CONTRACT, scenario, TODAY, ("loss", "net_loss"))
    known = known_of(scorer, book, question)
    found = StressSums.of(scorer, book.raw, ids=book.ids, question=question, known=known)
    assert 0 < StressAnswer(question, found).now.net_loss < StressAnswer(question, found).now.loss
    same_answer(StressAnswer(question, found), BookResult.of(guaranteed.whole(), scenario, TODAY))


def test_a_book_of_nobody_is_no_book():
    with pytest.raises(BadInput, match="There is no customer in it that can be scored"):
        BookCensus.nobody().constants(question_of(""))
