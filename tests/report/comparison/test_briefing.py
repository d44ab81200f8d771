"""What is said of several side by side: only what differs, numbers as on their own pages, differences, limits."""

import json

import numpy as np
import pytest

from data.books import Book
from model.engine.identity import Deployed
from model.engine.scorer import TableScorer
from model.report.book.briefing import book_briefing
from model.report.briefing import Briefing, Finding, Notice, Table
from model.report.comparison.briefing import briefing_to_compare, comparison_briefing, name_of_member
from model.report.numbers import MINUS, NBSP
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.comparison.comparison import Comparison
from model.whatif.comparison.result import ComparisonResult
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy.scenario import PolicyScenario
from tests.support import guaranteed
from tests.support.records import BOOK, CONTRACT, TODAY, stressed
from tests.whatif.comparison.test_comparison import of

OURS = Deployed("0123456789ab")
FED = "fed_2026_severely_adverse"


@pytest.fixture(scope="module")
def scenarios(whole: ScoredBook) -> ComparisonResult:
    members = of(BookScenario(), stressed(preset=FED, severity=50), stressed(unemployment=2.75, balances=20, lgd=0.9))
    return ComparisonResult.of_book(whole, BOOK, members, day=TODAY)


@pytest.fixture(scope="module")
def said(scenarios: ComparisonResult) -> Briefing:
    return comparison_briefing(scenarios, model=OURS)


def finding(said: Briefing, key: str) -> Finding:
    return next(each for each in said.findings if isinstance(each, Finding) and each.key == key)


def table(said: Briefing, key: str) -> Table:
    found = finding(said, key).table
    assert found is not None
    return found


def rows(found: Table, place: str = "screen") -> dict[str, list[object]]:
    """The rows by their first cell: those of the screen or of the file."""
    columns = found.places(place)  # type: ignore[arg-type]
    return {str(row[0]): [row[k] for k in columns[1:]] for row in found.exact}


def test_only_what_differs_is_listed_as_it_stands_in_each(said: Briefing) -> None:
    found = {
        name: [str(each).replace(NBSP, " ") for each in row] for name, row in rows(table(said, "differences")).items()
    }
    assert found == {
        "Balances": ["0 %", "0 %", "+20 %"],
        "Preset": ["–", "Fed 2026, severely adverse", "–"],
        "Severity": ["–", "50 %", "–"],
        "Unemployment": ["0 pp", "+2.75 pp", "+2.75 pp"],
        "Gross domestic product": found["Gross domestic product"],
        "Loss given default": ["80 %", "80 %", "90 %"],
    }


def test_numbers_are_those_of_the_page_with_difference_to_the_first_and_limit(
    said: Briefing, scenarios: ComparisonResult
) -> None:
    found = table(said, "numbers")
    texts = [row[0] for row in found.exact]
    k = texts.index("Expected loss, one month")
    values, changes = found.exact[k], found.exact[k + 1]
    screen = found.places("screen")
    losses = [each.now.loss for each in scenarios.books]
    for place, book in zip(screen[1:4], scenarios.books, strict=True):
        page = book_briefing(book, {}, model=OURS).tiles[2]
        assert str(values[place]) == f"{page.value} {'✗' if page.broken else '✓'}"
    assert values[screen[4]] == f"NT${NBSP}550{NBSP}m"
    assert [row[5] for row in (values, changes)] == ["NT$", "NT$"]
    assert list(values[6:]) == losses
    assert list(changes[6:]) == [0.0, losses[1] - losses[0], losses[2] - losses[0]]
    assert changes[screen[0]] == "difference to the first"
    assert str(changes[screen[2]]).startswith("+NT$")
    shown = [float(str(values[place]).split(NBSP)[1]) for place in screen[1:3]]
    assert float(str(changes[screen[2]]).split(NBSP)[1]) == shown[1] - shown[0]


def test_the_sentence_and_the_chart_tell_lowest_highest_and_the_limit(said: Briefing) -> None:
    assert said.sentence.startswith("Of 3 scenarios compared, expected loss over one month is lowest with NT$")
    assert "in “No. 1” and highest with" in said.sentence
    assert said.sentence.endswith("is exceeded in “No. 2” and “No. 3”.")
    chart = finding(said, "compared").chart
    assert chart is not None
    assert json.dumps(chart)
    assert [shape["x0"] for shape in chart["layout"]["shapes"]] == [550.0]
    assert [each.key for each in said.findings if isinstance(each, Finding)][3:] == ["bridge_1", "bridge_2"]
    assert finding(said, "bridge_2").headline.startswith("No. 3. ")
    assert said.title == "Compare · No. 1, No. 2 and 1 more · Taiwan credit cards · Credit What-If"


def test_the_order_is_kept_and_another_first_turns_the_differences(whole: ScoredBook) -> None:
    members = of(BookScenario(), stressed(lgd=0.9)).earlier(2)
    found = comparison_briefing(ComparisonResult.of_book(whole, BOOK, members, day=TODAY), model=OURS)
    assert [each.name for each in table(found, "differences").columns[1:]] == ["No. 2", "No. 1"]
    numbers_ = table(found, "numbers").exact
    k = [row[0] for row in numbers_].index("Expected loss, one month")
    assert numbers_[k + 1][0] == "difference to the first"
    assert str(numbers_[k + 1][2]).startswith(MINUS)


def test_limits_that_differ_are_told_so(whole: ScoredBook) -> None:
    members = of(BookScenario(), stressed(limit_loss=4e8))
    found = comparison_briefing(ComparisonResult.of_book(whole, BOOK, members, day=TODAY), model=OURS)
    row = rows(table(found, "numbers"))["Expected loss, one month"]
    assert (str(row[0])[-1], str(row[1])[-1], row[2]) == ("✓", "✗", "differs")
    assert [str(each) for each in rows(table(found, "differences"))["Limit of loss"]] == [
        f"NT${NBSP}550{NBSP}m",
        f"NT${NBSP}400{NBSP}m",
    ]
    assert "have the same" in found.sentence


def test_weights_are_told_as_one_loss_or_that_they_do_not_sum(whole: ScoredBook) -> None:
    members = of(BookScenario(), stressed(preset=FED)).weighted(1, 70)
    short = comparison_briefing(ComparisonResult.of_book(whole, BOOK, members, day=TODAY), model=OURS)
    assert any(isinstance(each, Notice) and "they sum to 70 %" in each.text for each in short.findings)
    result = ComparisonResult.of_book(whole, BOOK, members.weighted(2, 30), day=TODAY)
    whole_ = comparison_briefing(result, model=OURS)
    assert finding(whole_, "weighted").headline.startswith("Weighted expected loss over one month: NT$")
    assert table(whole_, "weighted").exact[-1] == (
        "Weighted",
        pytest.approx(1.0),
        pytest.approx(result.weighted_loss()),
    )


def test_cut_offs_stand_side_by_side_with_who_is_swapped(whole: ScoredBook, book: Book) -> None:
    members = of(PolicyScenario(), PolicyScenario(540), PolicyScenario(500), subject="policy")
    result = ComparisonResult.of_book(whole, book, members, day=TODAY)
    found = comparison_briefing(result, model=OURS)
    assert rows(table(found, "differences")) == {"Cut-off": ["520", "540", "500"]}
    both, here, there = (table(found, "swapped").exact[0][k] for k in (1, 2, 3))
    assert (here, both + there) == (0, result.policies[0].chosen.customers)  # type: ignore[operator]
    profits = next(row for row in table(found, "numbers").exact if row[0] == "Profit, over 36 months")
    assert list(profits[6:]) == [each.chosen.profit for each in result.policies]


def test_customers_stand_side_by_side_with_their_reasons(scorer: TableScorer) -> None:
    one = CustomerScenario(12345)
    members = of(one, one.edited(CONTRACT, "balances", -40), CustomerScenario(7), subject="customer")
    result = ComparisonResult.of_customers(scorer, scorer, BOOK, members, day=TODAY)
    found = comparison_briefing(result, model=OURS)
    told = rows(table(found, "differences"))
    assert told["Customer"] == ["12,345", "12,345", "7"]
    assert told["Balances, changed to"] == ["–", f"{MINUS}40{NBSP}%", "–"]
    assert "How the account stands now" in told
    reasons = table(found, "reasons")
    shown = np.array([row[1:] for row in reasons.rounded], float)
    assert (shown[:-1].sum(0) == shown[-1]).all()
    numbers_ = rows(table(found, "numbers"))
    assert numbers_["Decision"][:3] == ["Granted" if each.now.granted else "Not granted" for each in result.customers]
    two = of(one, one.edited(CONTRACT, "balances", -40), subject="customer")
    plain = comparison_briefing(ComparisonResult.of_customers(scorer, scorer, BOOK, two, day=TODAY), model=OURS)
    assert list(rows(table(plain, "differences"))) == ["Balances, changed to"]


def test_a_guaranteed_book_is_compared_net_too() -> None:
    other = BookScenario().with_value(guaranteed.CONTRACT, "unemployment", 3)
    members = Comparison().with_member("Base", BookScenario()).with_member("Worse", other)
    result = ComparisonResult.of_book(guaranteed.whole(), guaranteed.book(), members, day=TODAY)
    found = rows(table(comparison_briefing(result, model=OURS), "numbers"))
    assert any(label.startswith("Expected loss, net of the guarantee") for label in found)


def test_too_few_are_an_invitation_and_names_say_what_is_assumed() -> None:
    assert "Add two or more" in briefing_to_compare(CONTRACT, Comparison(), model=OURS).sentence
    assert "Add one more" in briefing_to_compare(CONTRACT, of(BookScenario()), model=OURS).sentence
    named = Comparison().with_member("The board's scenario of last March, as it was handed in", BookScenario())
    assert briefing_to_compare(CONTRACT, named, model=OURS).title == (
        "Compare · The board's scenario of last March, as … · Taiwan credit cards · Credit What-If"
    )
    assert name_of_member(CONTRACT, BookScenario()) == "As the book stands"
    assert name_of_member(CONTRACT, stressed(preset=FED)) == "Fed 2026, severely adverse"
    assert name_of_member(CONTRACT, PolicyScenario(540)) == "Cut-off 540"
    edited = CustomerScenario(12345).edited(CONTRACT, "balances", -40)
    assert name_of_member(CONTRACT, edited).replace(NBSP, " ") == f"Customer 12,345, Balances {MINUS}40 %"
