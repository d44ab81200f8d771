"""The customers a visitor starts from."""

from data.books import Book
from model.engine.scorer import TableScorer
from model.whatif.customer.decision import decide
from model.whatif.customer.scenario import CustomerScenario, base_record
from model.whatif.customer.starting_points import personas


def test_personas_are_what_they_are_called(scorer: TableScorer, book: Book):
    found = {
        name: decide(scorer, base_record(book, CustomerScenario(number)), CustomerScenario().values(book.contract))
        for name, number in personas(scorer, book).items()
    }
    assert list(found) == ["safe", "borderline", "in trouble"]
    assert found["safe"].granted
    assert not found["borderline"].granted
    assert found["borderline"].cutoff - found["borderline"].score < 5
    assert found["in trouble"].pd > 0.5 > found["borderline"].pd > found["safe"].pd


def test_personas_are_the_same_every_time(scorer: TableScorer, book: Book):
    assert personas(scorer, book) == personas(scorer, book)
