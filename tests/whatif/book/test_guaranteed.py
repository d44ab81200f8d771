"""A book whose losses somebody else bears in part: gross and net, loan by loan and in sum, all by its contract."""

from datetime import date

import numpy as np
import pytest

from data.arrays import Array
from data.contract import Measure
from model.engine.identity import Deployed
from model.engine.tables import probability
from model.finance.capital import one_year, requirement
from model.report.book import words as book_words
from model.report.customer import words as customer_words
from model.report.numbers import NBSP
from model.report.policy import words as policy_words
from model.scoring import batch
from model.whatif.book import segments, tornado
from model.whatif.book.bridge import bridge
from model.whatif.book.scenario import (
    OVERLAY_LGD,
    OVERLAY_PD,
    OWNER,
    REASON,
    UNTIL,
    BookScenario,
    Layers,
    Value,
    layers,
)
from model.whatif.book.totals import Rows, Totals
from model.whatif.customer import decision
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy import pricing, scenario, swap
from model.whatif.policy.strategy import Strategy
from tests.data.files.reading import in_this_process as in_this_process
from tests.support import guaranteed
from tests.support.guaranteed import CONTRACT, book, lgd, scorer, value, whole
from tests.support.records import CONTRACT as CARDS

TODAY = date(2026, 11, 2)
MODEL = Deployed("made-up")
OVERLAY: dict[str, Value] = {OWNER: "Chief risk officer", REASON: "A strike", UNTIL: "2026-12-31"}


def assumed(**values: Value) -> BookScenario:
    stress = BookScenario()
    for name, each in values.items():
        stress = stress.with_value(CONTRACT, name, each)
    return stress


def told(stress: BookScenario) -> Layers:
    return layers(CONTRACT, stress, TODAY)


def rows(**values: Value) -> Rows:
    return whole().rows(told(assumed(**values)))


def totals(**values: Value) -> Totals:
    return whole().totals([told(assumed(**values))])[0]


def pd() -> Array:
    return probability(scorer().margins(book().raw))


def own() -> Array:
    return 1 - value("guaranteed_share")


# ---- gross and net ---------------------------------------------------------------------------------------------------


def test_loss_is_pd_times_the_sectors_lgd_times_the_amount_and_net_the_banks_share_of_it():
    found = rows()
    gross = pd() * lgd() * value("amount")
    assert found.ead.tolist() == value("amount").tolist()
    assert found.loss == pytest.approx(gross, rel=1e-12)
    assert found.net_loss == pytest.approx(gross * own(), rel=1e-12)
    sums = totals()
    assert (sums.loss, sums.net_loss) == pytest.approx((gross.sum(), (gross * own()).sum()), rel=1e-12)
    assert 0.15 * sums.loss < sums.net_loss < 0.5 * sums.loss
    assert whole().losses([told(BookScenario())])[0] == pytest.approx(sums.loss, rel=1e-12)


def test_lgd_of_sectors_without_a_figure_is_an_assumption_and_that_of_others_is_not():
    was, now = rows(), rows(lgd=0.8)
    other = ~np.isin(value("sector"), list(guaranteed.LGD))
    assert np.isnan(value("sector")).any()
    assert now.loss[other] == pytest.approx(2 * was.loss[other], rel=1e-12)
    assert now.loss[~other].tolist() == was.loss[~other].tolist()


def test_capital_is_on_the_banks_own_share():
    year = one_year(pd(), whole().annual(0.03))
    full = requirement(year, lgd(), "corporate") * value("amount")
    assert rows().capital == pytest.approx(full * own(), rel=1e-12)


def test_margin_is_after_the_net_loss():
    earned = value("amount") * (0.08 - 0.03) - 100
    after = (1 - pd()) * 4 * earned - pd() * lgd() * value("amount") * own()
    assert rows().margin == pytest.approx(after, rel=1e-9)


def test_overlay_on_lgd_is_held_within_nothing_and_all_loan_by_loan():
    base = rows(lgd=0.9)
    more = rows(lgd=0.9, **OVERLAY, **{OVERLAY_LGD: 20})
    assert more.loss == pytest.approx(pd() * lgd(0.9, 0.2) * value("amount"), rel=1e-12)
    assert (lgd(0.9, 0.2) == 1).any()
    assert (more.loss >= base.loss).all()
    none = rows(**OVERLAY, **{OVERLAY_LGD: -100})
    assert (none.loss.max(), none.net_loss.max(), none.capital.max()) == (0, 0, 0)


def test_scenario_of_nothing_is_the_book_as_it_is_to_the_last_bit():
    base, same = rows(), rows(unemployment=0, shorter=0, smaller=0)
    for name in ("pd", "ead", "loss", "net_loss", "capital", "margin", "balance"):
        assert getattr(base, name).tobytes() == getattr(same, name).tobytes()
    assert base.pd.tobytes() == pd().tobytes()


# ---- parts and the whole ---------------------------------------------------------------------------------------------


def test_segments_sum_to_the_book_gross_and_net():
    stress = assumed(unemployment=3, smaller=20)
    both = whole().rows(told(BookScenario())), whole().rows(told(stress))
    for own_segments in ([CONTRACT.segments[0]], [CONTRACT.segments[1]], list(CONTRACT.segments)):
        cells = segments.cut(whole(), *both, (4.0, 4.0), *own_segments)
        for name in ("customers", "exposure", "loss", "net_loss", "capital", "margin"):
            for side, all_ in zip(("base", "now"), both, strict=True):
                parts = sum(getattr(getattr(cell, side), name) for cell in cells)
                assert parts == pytest.approx(getattr(all_.totals(4.0), name), rel=1e-9)


def test_movers_carry_the_loss_gross_and_net():
    both = rows(), rows(unemployment=3)
    found = segments.movers(whole(), *both)
    place = {int(each): k for k, each in enumerate(book().ids)}
    for each in found:
        share = own()[place[each.customer]]
        assert each.net_loss == pytest.approx(each.loss * share, rel=1e-12)
        assert each.net_loss_base == pytest.approx(each.loss_base * share, rel=1e-12)


@pytest.mark.parametrize("measure", CONTRACT.measures)
def test_bridge_sums_to_the_change_of_every_measure(measure: Measure):
    stress = assumed(shorter=-20, smaller=30, unemployment=3, lgd=0.6, **OVERLAY, **{OVERLAY_PD: 10, OVERLAY_LGD: 15})
    found = bridge(whole(), stress, today=TODAY, measure=measure)
    ends = [each.measure(measure) for each in whole().totals([told(BookScenario()), told(stress)])]
    assert (found.base, found.scenario) == pytest.approx(ends, rel=1e-9)
    assert sum(each.amount for each in found.steps) == pytest.approx(ends[1] - ends[0], rel=1e-6, abs=1e-9)
    assert len(found.steps) == 5


def test_tornado_moves_the_net_loss_by_the_banks_share():
    bars = {bar.name: bar for bar in tornado.tornado(whole(), BookScenario(), measure="net_loss", today=TODAY)}
    assert bars["lgd"].adverse == pytest.approx(float((pd() * lgd(0.5) * value("amount") * own()).sum()), rel=1e-12)
    assert bars["apr"].length == 0


# ---- one loan --------------------------------------------------------------------------------------------------------


def test_decision_on_one_loan_has_its_loss_gross_and_net():
    for k in (0, 1, 2, 3, 4):
        found = decision.decide(scorer(), book().raw[:, k : k + 1], CustomerScenario().values(CONTRACT))
        assert found.expected_loss == pytest.approx(pd()[k] * lgd()[k] * value("amount")[k], rel=1e-12)
        assert found.net_loss == pytest.approx(found.expected_loss * own()[k], rel=1e-12)
        words = customer_words.at_stake(CONTRACT, found, changed=False)
        assert words[0].startswith(f"of US${NBSP}")
        assert words[1].startswith(f"net of the guarantee US${NBSP}")
        assert customer_words.at_stake(CONTRACT, found, changed=True) == words[1:]


def test_file_of_loans_is_answered_with_a_column_net_of_the_guarantee():
    told_ = "loan,amount,term,sector,guaranteed_share,year\n7,100000,60,44,0.75,2006\n8,50000,120,,0.5,2007\n"
    sheet = batch.read_customers(told_.encode(), "loans.csv", CONTRACT)
    found = batch.score(scorer(), sheet, CustomerScenario().values(CONTRACT), "made-up")
    gross, net = found.loss, found.net_loss
    assert gross.tolist() == pytest.approx((found.pd * [0.25 * 100_000, 0.40 * 50_000]).tolist())
    assert net.tolist() == pytest.approx((gross * [0.25, 0.5]).tolist())
    frame = batch.results(found)
    names = ["Expected loss, US$", "Expected loss net of the guarantee, US$"]
    assert frame[names].to_numpy().T.tolist() == [gross.tolist(), net.tolist()]
    assert "Average loan" in frame


# ---- policy ----------------------------------------------------------------------------------------------------------


def test_strategy_tells_the_loss_gross_and_net_and_profit_after_the_net_loss():
    scores = np.asarray(decision.score_scale(CONTRACT).score(whole().margins))
    found = Strategy.of(scores, rows(), book().target)
    at = found.at(found.best)
    yes = scores >= found.best
    assert at.loss == pytest.approx(rows().loss[yes].sum())
    assert at.net_loss == pytest.approx(rows().net_loss[yes].sum())
    assert at.profit == pytest.approx(rows().margin[yes].sum())
    cells = swap.swap(scores >= 540, scores >= 560, rows(), book().target)
    assert sum(cell.net_loss for cell in cells) == pytest.approx(rows().net_loss.sum())


def test_break_even_pd_of_a_band_counts_the_banks_share_alone():
    values = {each.name: each.default for each in CONTRACT.assumptions}
    (found,) = pricing.priced(np.zeros(guaranteed.N, np.int64), 1, rows(), values)
    year = float((value("amount") * 0.05 - 100).sum())
    stake = float((lgd() * value("amount") * own()).sum())
    assert found.break_even_pd == pytest.approx(4 * year / (4 * year + stake))
    assert found.loss == pytest.approx(rows().net_loss.sum())


def test_assumptions_of_a_policy_are_those_the_contract_has_in_its_order():
    assert scenario.assumed(CONTRACT) == ("lgd", "apr", "funding", "opex", "margin_months")
    assert scenario.assumed(CARDS) == ("lgd", "ccf", "apr", "funding", "opex", "margin_months")


# ---- words -----------------------------------------------------------------------------------------------------------


def test_net_loss_is_a_measure_of_a_guaranteed_book_only():
    assert "net_loss" in CONTRACT.measures
    assert "net_loss" in book_words.bridged(CONTRACT)
    assert "net_loss" not in CARDS.measures
    assert book_words.bridged(CARDS) == ("loss", "capital", "margin")


def test_first_sentence_tells_the_loss_gross_and_net():
    base, now = totals(), totals(unemployment=3)
    calm = book_words.book_verdict(CONTRACT, BookScenario(), today=TODAY, base=base, now=base)
    net = book_words.text(CONTRACT, "net_loss", base.net_loss)
    assert f"(net of the guarantee {net}) on an exposure of" in calm
    moved = book_words.book_verdict(CONTRACT, assumed(unemployment=3), today=TODAY, base=base, now=now)
    assert f"(net of the guarantee {book_words.text(CONTRACT, 'net_loss', now.net_loss)})" in moved


def test_limit_on_the_net_loss_is_told_where_it_breaks():
    stress = assumed(limit_net_loss=1.0)
    assert book_words.measure_text(CONTRACT, stress, name="net_loss", base=totals(), now=totals()).holds is False
    assert "limit of net loss broken" in book_words.book_verdict(
        CONTRACT, stress, today=TODAY, base=totals(), now=totals()
    )


def test_method_says_on_whose_share_capital_and_margin_are_and_who_bears_the_rest():
    for words in (book_words.book_method(CONTRACT, MODEL), policy_words.policy_method(CONTRACT)):
        assert "is borne by the guarantor" in words
        assert "the bank's own share" in words
        assert "customer" not in words
    loan = customer_words.customer_method(CONTRACT, MODEL)
    assert "EAD is the amount approved. Of each loss the bank bears its own share only" in loan
    assert "customer" not in loan
    assert "Never used" not in loan


@pytest.mark.parametrize("words", [book_words.book_method, customer_words.customer_method])
def test_method_of_a_book_without_a_guarantee_says_nothing_of_one(words):
    assert "guarantee" not in words(CARDS, MODEL)


def test_record_without_months_has_a_plain_title():
    assert customer_words.record_title(CONTRACT) == "The record"
    assert customer_words.record_title(CARDS) == "The record, 6 months: status, bill, paid"
