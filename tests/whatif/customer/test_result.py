"""One customer under a scenario, as a value: what is asked of which model, and when."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from data.arrays import Array
from data.books import Book
from data.contract import Contract
from data.errors import BookError, Impossible, Missing
from model.engine.scorer import Reasons, TableScorer
from model.engine.tables import probability
from model.engine.territory import Territory
from model.errors import Refused
from model.release.checks import scores
from model.whatif.customer.attribution import changes
from model.whatif.customer.decision import decide, explain
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario, apply
from model.whatif.customer.sensitivity import flips, sweep

SOMEBODY = 12345
EDITS = {"balances": -20.0, "pays": 30.0}


@dataclass
class Listening:
    """A model that notes how many records it is asked about at each call, and gives no reasons if ``silent``."""

    own: TableScorer
    silent: bool = False
    calls: list[int] = field(default_factory=list)

    @property
    def contract(self) -> Contract:
        return self.own.contract

    @property
    def territory(self) -> Territory:
        return self.own.territory

    def margins(self, raw: Array) -> Array:
        self.calls.append(raw.shape[1])
        return self.own.margins(raw)

    def reasons(self, raw: Array) -> Reasons:
        if self.silent:
            raise Refused("It gives none.")
        return self.own.reasons(raw)


def scenario(contract: Contract, customer: int = SOMEBODY, **edits: float) -> CustomerScenario:
    found = CustomerScenario(customer)
    for name, value in edits.items():
        found = found.edited(contract, name, value)
    return found


@pytest.fixture
def result(scorer: TableScorer, book: Book) -> CustomerResult:
    return CustomerResult.of(scorer, scorer, book, scenario(book.contract, **EDITS))


def test_both_decisions_are_those_of_the_record_before_and_after(
    result: CustomerResult, scorer: TableScorer, book: Book
):
    base = book.raw[:, [book.position(SOMEBODY)]]
    edited = apply(book.contract, base, EDITS)
    assumed = CustomerScenario().values(book.contract)
    assert result.before == decide(scorer, base, assumed)
    assert result.now == decide(scorer, edited, assumed)
    assert result.values == dict(zip(book.contract.row, edited[:, 0].tolist(), strict=True))
    assert result.differs


def test_assumptions_hold_for_the_edited_record_only(scorer: TableScorer, book: Book):
    assumed = scenario(book.contract).assumed(book.contract, "lgd", 0.4)
    result = CustomerResult.of(scorer, scorer, book, assumed)
    assert result.differs
    assert result.now.expected_loss == pytest.approx(result.before.expected_loss / 2)
    assert result.now.pd == result.before.pd


def test_the_deployed_model_is_asked_twice_and_all_else_of_the_local_one_once_it_is_wanted(
    scorer: TableScorer, book: Book
):
    live, local = Listening(scorer), Listening(scorer)
    result = CustomerResult.of(live, local, book, scenario(book.contract, **EDITS))
    assert (live.calls, local.calls) == ([1, 1], [])
    assert result.turns is result.turns
    assert len(local.calls) == len(book.contract.levers)
    assert result.moved is result.moved
    assert result.curve("limit").x.size > 1
    assert live.calls == [1, 1]


def test_what_is_worked_out_on_request_is_what_the_models_own_functions_give(
    result: CustomerResult, scorer: TableScorer, book: Book
):
    cutoff = book.contract.score.cutoff
    assert result.turns == flips(scorer, book, base=result.base, edits=EDITS, cutoff=cutoff)
    assert result.moved == changes(scorer, result.base, result.edited)
    why = explain(scorer, result.edited)
    assert result.reasons is not None
    assert result.reasons.concepts == why.concepts
    assert result.no_reasons == ""
    curve = sweep(scorer, book, base=result.base, edits=EDITS, name="late", cutoff=cutoff)
    assert np.array_equal(result.curve("late").pd, curve.pd)
    assert {bar.name for bar in result.bars()} == {lever.name for lever in book.contract.levers}


def test_a_model_that_gives_no_reasons_says_why_and_answers_all_the_same(scorer: TableScorer, book: Book):
    live = Listening(scorer, silent=True)
    result = CustomerResult.of(live, scorer, book, scenario(book.contract))
    assert result.reasons is None
    assert result.no_reasons == "It gives none."
    assert result.now.pd == float(probability(scorer.margins(result.base))[0])


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (CustomerScenario(99_999_999), BookError),
        (CustomerScenario(own=(None,) * 19), Missing),
        (CustomerScenario(1, (), (("status_4", 8.0),)), Impossible),
    ],
)
def test_a_record_that_cannot_be_is_never_asked_about(
    scorer: TableScorer, book: Book, asked: CustomerScenario, error: type[Exception]
):
    live = Listening(scorer)
    with pytest.raises(error):
        CustomerResult.of(live, live, book, asked)
    assert live.calls == []


def test_levers_stand_where_the_edits_put_them_and_show_the_input_they_move(result: CustomerResult, book: Book):
    contract, at = book.contract, result.positions
    names = [each.name for each in contract.inputs]
    values = contract.derive(result.edited)[:, 0]
    assert (at["balances"].now, at["pays"].now) == (-20.0, 30.0)
    assert at["limit"].now == result.base[contract.row["limit"], 0]
    for lever in contract.levers:
        k = names.index(lever.shows)
        known = book.inputs[k][~np.isnan(book.inputs[k])]
        assert at[lever.name].value == values[k]
        assert at[lever.name].below == round(100 * float((known < values[k]).mean()))
        assert at[lever.name].same == round(100 * float((known == values[k]).mean()))
        place = at[lever.name].place
        assert place is not None
        assert 0 <= place <= 1


def test_a_lever_is_unsteady_where_its_turn_is(scorer: TableScorer, book: Book):
    unsteady = []
    for k in range(0, len(book), 1999):
        edited = scenario(book.contract, int(book.ids[k]), bill_1=20_000.0)
        result = CustomerResult.of(scorer, scorer, book, edited)
        for flip in result.turns:
            assert result.positions[flip.name].steady == flip.steady
            unsteady += [flip.name] * (not flip.steady)
    assert unsteady


def test_a_lever_by_percent_shows_what_it_comes_to_and_others_nothing(result: CustomerResult, book: Book):
    contract = book.contract
    shown = result.relative_input("balances", -50.0)
    assert shown is not None
    each, value = shown
    moved = contract.derive(apply(contract, result.base, EDITS | {"balances": -50.0}))[:, 0]
    assert each.name == contract.lever("balances").shows
    assert value == moved[[own.name for own in contract.inputs].index(each.name)]
    assert result.relative_input("limit", 50_000.0) is None
    assert result.relative_input("bill_1", 50_000.0) is None


def test_two_inputs_at_once_are_the_models_own_decisions(result: CustomerResult, scorer: TableScorer, book: Book):
    table = result.two_way("status_1", "status_2")
    assert table.pd.shape == table.granted.shape == (len(table.rows), len(table.columns))
    assert np.isnan(table.pd).any()  # some pairs break a rule of the record
    assert not table.granted[np.isnan(table.pd)].any()
    row, column = np.argwhere(~np.isnan(table.pd))[0]
    edits = EDITS | {"status_1": table.rows[row], "status_2": table.columns[column]}
    margin = scorer.margins(apply(book.contract, result.base, edits))
    assert table.pd[row, column] == pytest.approx(float(probability(margin)[0]), abs=1e-12)
    reached = np.floor(scores(book.contract, table.pd)) >= result.now.cutoff
    assert np.array_equal(table.granted, reached)


def test_an_untouched_customer_differs_in_nothing(scorer: TableScorer, book: Book):
    result = CustomerResult.of(scorer, scorer, book, scenario(book.contract))
    assert not result.differs
    assert result.now == result.before
    assert result.moved.parts == ()
    assert replace(result.scenario, customer=None) == CustomerScenario()
