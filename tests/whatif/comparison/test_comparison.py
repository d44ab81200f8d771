"""What is compared: in its order, under names that differ, in an address that says it all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import BadInput, OutOfRange
from model.engine.scorer import TableScorer
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.comparison.comparison import Comparison
from model.whatif.comparison.result import ComparisonResult
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy.result import PolicyResult
from model.whatif.policy.scenario import PolicyScenario
from tests.support.records import BOOK, CONTRACT, TODAY, scenarios, stressed, stresses

FED = "fed_2026_severely_adverse"
NAMES = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=20)


def of(*members: object, subject: str = "book") -> Comparison:
    found = Comparison(subject)  # type: ignore[arg-type]
    for k, each in enumerate(members, 1):
        found = found.with_member(f"No. {k}", each)  # type: ignore[arg-type]
    return found


@settings(max_examples=25)
@given(st.lists(st.tuples(NAMES, stresses(most=4), st.integers(0, 100)), max_size=5))
def test_the_address_carries_order_names_weights_and_scenarios(members: list[tuple[str, BookScenario, int]]):
    comparison = Comparison()
    for name, stress, weight in members:
        before = len(comparison.members)
        comparison = comparison.with_member(name, stress)
        if len(comparison.members) > before:
            comparison = comparison.weighted(len(comparison.members), weight)
    found, complaints = Comparison.from_query(BOOK, comparison.to_query())
    assert (found, complaints) == (comparison, [])
    assert len({each.name for each in found.members}) == len(found.members)
    assert Comparison.from_query(BOOK, comparison.to_query(), shown=False) == (Comparison(), [])


@settings(max_examples=10)
@given(scenarios(), scenarios())
def test_customers_are_carried_with_edits_and_the_scenario_they_stand_under(
    one: CustomerScenario, other: CustomerScenario
):
    comparison = Comparison("customer")
    for each in (one, other):
        if each.chosen:
            comparison = comparison.with_member("One of them", each)
    assert Comparison.from_query(BOOK, comparison.to_query()) == (comparison, [])


def test_an_address_can_be_read_by_people():
    comparison = of(BookScenario(), stressed(preset=FED, severity=50)).renamed(2, "Fed, half").weighted(2, 30)
    assert comparison.to_query() == {
        "of": "book",
        "1": "No. 1",
        "2": "Fed, half",
        "2.preset": FED,
        "2.severity": "50",
        "weight.2": "30",
    }


def test_what_cannot_be_compared_is_left_out_and_told():
    query = {"of": "policy", "1": "Today's", "2.cutoff": "540", "3.cutoff": "541.5", "nothing": "1", "7.cutoff": "550"}
    found, complaints = Comparison.from_query(BOOK, query)
    assert [each.scenario for each in found.members] == [PolicyScenario(), PolicyScenario(540), PolicyScenario(550)]
    assert [each.name for each in found.members] == ["Today's", "Number 2", "Number 7"]
    assert len(complaints) == 2  # 541.5 left the third as it is today, which is there already
    assert Comparison.from_query(BOOK, {"of": "moon"})[1][0].startswith("What is compared must be one of book,")
    six = {f"{k}.balances": str(k) for k in range(1, 7)}
    found, complaints = Comparison.from_query(BOOK, six)
    assert (len(found.members), len(complaints)) == (5, 1)
    with pytest.raises(BadInput, match="Nobody is chosen"):
        Comparison("customer").with_member("Nobody", CustomerScenario())
    with pytest.raises(BadInput, match="1 to 100 printable"):
        Comparison().with_member("   ", BookScenario())
    with pytest.raises(OutOfRange, match="0 to 100 %"):
        of(BookScenario()).weighted(1, 101)


def test_one_can_be_moved_up_taken_out_and_called_otherwise():
    comparison = of(*(stressed(balances=10 * k) for k in range(3)))
    assert [each.name for each in comparison.earlier(3).members] == ["No. 1", "No. 3", "No. 2"]
    assert comparison.earlier(1) == comparison
    assert [each.name for each in comparison.without(2).members] == ["No. 1", "No. 3"]
    assert comparison.renamed(3, "No. 1").members[2].name == "No. 1 (2)"
    assert comparison.with_member("Again", stressed(balances=10)) == comparison  # it is there already
    assert Comparison().beginning(stressed(balances=10)) == BookScenario()
    assert Comparison().beginning(BookScenario()) is None
    assert comparison.beginning(stressed(balances=50)) is None
    edited = CustomerScenario(7).edited(CONTRACT, "balances", -20)
    assert Comparison("customer").beginning(edited) == CustomerScenario(7)


def test_each_is_asked_as_its_own_page_asks_it(whole: ScoredBook, scorer: TableScorer):
    stress = stressed(preset=FED, balances=20)
    found = ComparisonResult.of_book(whole, BOOK, of(BookScenario(), stress), day=TODAY)
    assert [each.now for each in found.books] == [
        BookResult.of(whole, each, TODAY).now for each in (BookScenario(), stress)
    ]
    policies = (PolicyScenario(), PolicyScenario(540, under=stress.carried()))
    result = ComparisonResult.of_book(whole, BOOK, of(*policies, subject="policy"), day=TODAY)
    assert [each.chosen for each in result.policies] == [
        PolicyResult.of(whole, BOOK, each, TODAY).chosen for each in policies
    ]
    customers = (CustomerScenario(7), CustomerScenario(7, under=stress).edited(CONTRACT, "balances", -20))
    asked = ComparisonResult.of_customers(scorer, scorer, BOOK, of(*customers, subject="customer"), day=TODAY)
    assert [each.now for each in asked.customers] == [
        CustomerResult.of(scorer, scorer, BOOK, each, day=TODAY).now for each in customers
    ]


def test_losses_are_weighted_each_in_its_own_severity(whole: ScoredBook):
    members = of(BookScenario(), stressed(preset=FED, severity=50), stressed(balances=20))
    found = ComparisonResult.of_book(whole, BOOK, members.weighted(1, 50).weighted(2, 30).weighted(3, 20), day=TODAY)
    losses = [each.now.loss for each in found.books]
    assert found.weighs
    assert found.weighted_loss() == pytest.approx(0.5 * losses[0] + 0.3 * losses[1] + 0.2 * losses[2])
    plain = ComparisonResult.of_book(whole, BOOK, members.weighted(1, 50), day=TODAY)
    with pytest.raises(OutOfRange, match="they sum to 50 %"):
        plain.weighted_loss()
    assert not ComparisonResult.of_book(whole, BOOK, members, day=TODAY).weighs
