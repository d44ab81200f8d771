"""The book under a scenario, as every part of its page asks for it."""

import numpy as np
import pytest

from data.errors import BadInput, OutOfRange
from model.engine.scorer import TableScorer
from model.whatif.book.result import BookResult
from model.whatif.book.scenario import BookScenario, Value, parts
from model.whatif.book.scored import ScoredBook
from model.whatif.book.tornado import moved
from model.whatif.book.view import BookView
from tests.support.records import BOOK, CONTRACT, TODAY, numbers_of, stressed


def result_of(whole: ScoredBook, **assumed: Value) -> BookResult:
    return BookResult.of(whole, stressed(**assumed), TODAY)


@pytest.fixture(scope="module")
def result(whole: ScoredBook) -> BookResult:
    return result_of(whole, balances=20, unemployment=3)


def test_totals_are_those_of_the_book_and_of_the_scenario(whole: ScoredBook, result: BookResult) -> None:
    base, now = whole.totals([numbers_of(BookScenario()), numbers_of(result.scenario)])
    assert (result.base.loss, result.now.loss) == pytest.approx((base.loss, now.loss))
    assert result.moved
    assert not result_of(whole).moved
    assert not result_of(whole, overlay_pd=20).moved  # it is not applied without an owner


def test_a_first_asking_hears_of_its_progress_and_can_be_cancelled(whole: ScoredBook) -> None:
    heard: list[float] = []
    BookResult.of(whole, stressed(balances=7, later=3), TODAY, heard.append)
    assert heard[-1] == 1

    def cancel(_share: float) -> None:
        raise KeyboardInterrupt

    own = result_of(whole, balances=20, unemployment=3)
    with pytest.raises(KeyboardInterrupt):
        own.bridge("margin", cancel)
    assert own.bridge("margin").scenario == pytest.approx(own.now.margin)  # nothing half done is kept


def test_a_bridge_is_worked_out_once_a_measure(whole: ScoredBook, monkeypatch: pytest.MonkeyPatch) -> None:
    own, asked = result_of(whole, balances=20), []
    for name in ("losses", "totals"):
        true = getattr(whole, name)
        monkeypatch.setattr(whole, name, lambda *args, true=true, name=name: (asked.append(name), true(*args))[1])
    assert own.bridge("loss") is own.bridge("loss")
    assert own.bridge("capital").measure == "capital"
    assert asked == ["losses", "totals"]


def test_movers_of_a_band_are_those_in_it(result: BookResult) -> None:
    assert len(result.movers()) == 10
    change = np.abs(result.rows[1].loss - result.rows[0].loss)
    inside = BOOK.raw[0] < 50_000
    expected = BOOK.ids[np.argsort(-np.where(inside, change, -1), kind="stable")[:10]]
    assert [each.customer for each in result.movers("limit_band:0")] == expected.tolist()
    with pytest.raises(OutOfRange, match="bands 0 to 4"):
        result.movers("limit_band:99")


def test_reactions_by_concept_sum_to_those_by_input(result: BookResult) -> None:
    amounts = result.input_reactions()
    concepts = result.concept_reactions(amounts)
    assert len(concepts) == len(CONTRACT.concepts)
    assert sum(concepts) == pytest.approx(amounts.sum())
    first = CONTRACT.concepts[0].name
    own = sum(amounts[k] for k, each in enumerate(CONTRACT.inputs) if each.concept == first)
    assert concepts[0] == pytest.approx(own)


def test_tables_hold_what_the_book_comes_to_with_the_levers_put_there(whole: ScoredBook, result: BookResult) -> None:
    one, two = result.one_way("lgd"), result.two_way("lgd", "balances", "capital")
    assert one.across == ()
    assert one.cells.shape == (len(one.down), len(CONTRACT.measures))
    assert two.cells.shape == (len(two.down), len(two.across))
    low = moved(CONTRACT, result.scenario, "lgd", one.down[0])
    loss = CONTRACT.measures.index("loss")
    assert one.cells[0, loss] == pytest.approx(whole.losses([numbers_of(low)])[0])
    both = moved(CONTRACT, low, "balances", two.across[-1])
    assert two.cells[0, -1] == pytest.approx(whole.totals([numbers_of(both)])[0].capital)


def test_limits_break_on_the_side_that_the_contract_says(whole: ScoredBook) -> None:
    own = result_of(whole, unemployment=1)
    for measure in ("loss", "return_on_capital"):
        found = own.breaking(measure)
        over = found.measured > own.limit(measure)
        assert found.breaks
        assert over is (measure == "loss")
    with pytest.raises(BadInput, match="Assume something"):
        result_of(whole).breaking("loss")


def test_a_path_of_losses_is_the_loss_at_each_of_its_points(whole: ScoredBook) -> None:
    own = result_of(whole, preset="fed_2026_severely_adverse", severity=50, point="2026Q2", lgd=0.9)
    found = own.path_losses()
    assert own.follows_path
    assert (len(found.points), found.points[found.here].name) == (13, "2026Q2")
    assert found.losses[found.here] == pytest.approx(own.now.loss)
    for k, change in ((0, 0.7), (6, 2.75)):  # half of 1.4 and of 5.5
        expected = whole.losses([numbers_of(stressed(unemployment=change, lgd=0.9))])[0]
        assert found.losses[k] == pytest.approx(expected)
    assert not result_of(whole, preset="boe_2025_bcst").follows_path
    assert not result_of(whole).follows_path
    with pytest.raises(BadInput, match="Choose one first"):
        result_of(whole).path_losses()


def test_weighted_losses_are_the_losses_weighted(whole: ScoredBook) -> None:
    own = result_of(whole, weight_as_is=70.0, weight_fed_2026_severely_adverse=30.0)
    found = own.weighted_losses()
    losses = whole.losses([numbers_of(stressed(preset="fed_2026_severely_adverse")), numbers_of(BookScenario())])
    assert dict(zip(found.names, found.losses, strict=True)) == pytest.approx(
        {"fed_2026_severely_adverse": losses[0], "as_is": losses[1]}
    )
    assert found.total == pytest.approx(0.3 * losses[0] + 0.7 * losses[1])
    assert own.weighs
    assert not result_of(whole).weighs
    half = result_of(
        whole,
        balances=20,
        unemployment=3,
        weight_present=60.0,
        weight_fed_2026_severely_adverse=40.0,
        weighed_at_fed_2026_severely_adverse=50.0,
    )
    losses = whole.losses([numbers_of(stressed(balances=20, unemployment=by)) for by in (3, 2.75)])
    assert half.weighted_losses().losses == pytest.approx(losses)
    assert half.weighted_losses().total == pytest.approx(0.6 * losses[0] + 0.4 * losses[1])
    with pytest.raises(OutOfRange, match="they sum to 70 %"):
        result_of(whole, weight_as_is=70.0).weighted_losses()


def test_only_a_sample_has_an_error(whole: ScoredBook, result: BookResult) -> None:
    assert result.errors == {}
    some = np.arange(0, 30_000, 10)
    part = ScoredBook(whole.scorer, np.ascontiguousarray(BOOK.raw[:, some]), BOOK.ids[some], each=10.0)
    own = result_of(part)
    assert 0 < own.errors["loss"] < 0.1 * own.now.loss
    assert abs(own.now.loss - result.base.loss) < 2 * own.errors["loss"]


# ---- a part of the book -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("segment", [each.name for each in CONTRACT.segments])
def test_what_bands_come_to_sums_to_the_book(whole: ScoredBook, segment: str) -> None:
    """Numbers, steps of the bridge and the loss beyond the training range, of those on whom shocks act and others."""
    result = result_of(whole, balances=20, later=10, unemployment=3, share=50, limit_loss=1e6)
    own = CONTRACT.segment(segment)
    filled = [cell.path[0] for cell in result.cells(own)]
    parts = [result.within(f"{segment}:{band}") for band in filled]
    for side in ("base", "now"):
        every = getattr(result, side)
        assert sum(getattr(each, side).customers for each in parts) == every.customers
        for name in ("exposure", "loss", "net_loss", "capital", "margin", "pd_sum"):
            total = sum(getattr(getattr(each, side), name) for each in parts)
            assert total == pytest.approx(getattr(every, name), rel=1e-9), name
    for measure in ("loss", "capital"):
        steps = {step.player: step.amount for step in result.bridge(measure).steps}  # type: ignore[arg-type]
        for player, amount in steps.items():
            bridges = [each.bridge(measure) for each in parts]  # type: ignore[arg-type]
            found = sum(step.amount for bridge in bridges for step in bridge.steps if step.player == player)
            assert found == pytest.approx(amount, rel=1e-6, abs=1.0)
    assert sum(each.clipped.free for each in parts) == pytest.approx(result.clipped.free, rel=1e-9)
    assert all(each.contract.appetite == () for each in parts)
    assert result.within("") is result


def test_a_band_in_which_nobody_is_cannot_be_looked_into(scorer: TableScorer) -> None:
    some = np.flatnonzero(BOOK.raw[0] >= 50_000)[:500]
    few = ScoredBook(scorer, np.ascontiguousarray(BOOK.raw[:, some]), BOOK.ids[some])
    with pytest.raises(BadInput, match="No customer of this book is in that band of credit limit"):
        result_of(few).within("limit_band:0")


@pytest.mark.parametrize(
    ("query", "band", "told"),
    [
        ({}, "", 0),
        ({"within": "limit_band:2", "balances": "20"}, "limit_band:2", 0),
        ({"within": "limit_band:99"}, "", 1),
        ({"within": "nothing:0"}, "", 1),
        ({"within": "limit_band"}, "", 1),
    ],
)
def test_of_whom_the_page_speaks_is_read_from_an_address(query: dict[str, str], band: str, told: int) -> None:
    view, rest, complaints = BookView.from_query(CONTRACT, query)
    assert (view.band, len(complaints)) == (band, told)
    assert rest == {name: value for name, value in query.items() if name != "within"}
    assert BookView.from_query(CONTRACT, view.to_query())[0] == view
    assert "within" not in parts(CONTRACT)  # the name is no assumption's


def test_a_path_is_followed_also_by_who_has_moved_the_economy_beyond_it(whole: ScoredBook) -> None:
    own = result_of(whole, preset="fed_2026_severely_adverse", unemployment=6)
    found = own.path_losses()
    assert found.losses[found.here] == pytest.approx(own.now.loss)
    assert own.scenario.with_value(CONTRACT, "point", "") == own.scenario  # the peak, where it stands already
