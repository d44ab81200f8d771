"""The policy page, driven through its native controls."""

import hashlib
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from data.books import Book
from model.deployed import desk
from model.release.store import Store
from model.report.numbers import MINUS, NBSP, Difference
from model.settings import Settings
from model.whatif.book.scenario import BookScenario
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.decision import score_scale
from model.whatif.policy.strategy import Strategy
from tests.pages.conftest import Open, address, answers, figure, links, markup, opened, sentence, shown
from tests.support.forging import forge
from tests.support.records import CONTRACT, numbers_of, stressed

APPROVAL, BAD, LOSS, PROFIT = "Approval rate", "Bad rate, one month", "Expected loss", "Profit"


@pytest.fixture
def open_app(open_app: Open) -> Open:
    """Opens the policy page at an address."""
    return partial(open_app, "policy")


def judged(whole: ScoredBook, book: Book, **assumed: float) -> Strategy:
    return Strategy.of(
        score_scale(CONTRACT).score(whole.margins), whole.rows(numbers_of(stressed(**assumed))), book.target
    )


def money(amount: float) -> str:
    return f"NT${NBSP}{amount / 1e6:,.0f}{NBSP}m".replace("-", MINUS)


def pressed(at: AppTest, label: str) -> AppTest:
    return next(each for each in at.button if each.label.startswith(label)).click().run()


def test_today_is_shown_with_the_books_own_numbers(open_app: Open, whole: ScoredBook, book: Book) -> None:
    at = open_app()
    granted = score_scale(CONTRACT).score(whole.margins) >= CONTRACT.score.cutoff
    rows = whole.rows(numbers_of(BookScenario()))
    assert shown(at, APPROVAL) == f"{100 * granted.mean():.1f}{NBSP}%"
    assert shown(at, BAD) == f"{100 * rows.pd[granted].mean():.1f}{NBSP}%"
    assert f"observed {100 * book.target[granted].mean():.1f}{NBSP}%" in markup(at)
    assert shown(at, LOSS) == money(rows.loss[granted].sum())
    assert shown(at, PROFIT) == money(rows.margin[granted].sum())
    assert "was " not in markup(at)
    assert f"{CONTRACT.book.decision_note} Profit: " in markup(at)


def test_the_slider_moves_every_number_and_the_address(open_app: Open, whole: ScoredBook, book: Book) -> None:
    at = open_app()
    at.slider(key="policy.cutoff").set_value(540).run()
    outcome, before = (judged(whole, book).at(cutoff) for cutoff in (540, 520))
    assert shown(at, APPROVAL) == f"{100 * outcome.approval:.1f}{NBSP}%"
    assert shown(at, PROFIT) == Difference.of(before.profit, outcome.profit).unit.text(outcome.profit, "NT$")
    assert at.query_params["cutoff"] in ("540", ["540"])
    assert "At a cut-off of 540, " in sentence(at)
    assert "today's 520" in sentence(at)


def test_every_number_of_the_sentence_stands_on_the_screen(open_app: Open) -> None:
    at = open_app(cutoff=540)
    text = sentence(at)
    assert f", {shown(at, APPROVAL)} of customers would be granted the line today; " in text
    assert f"earns {shown(at, PROFIT)} over 36 months" in text
    told = re.search(r"about (\d+) in 100", text)
    assert told is not None
    assert int(told[1]) == round(float(shown(at, BAD).split(NBSP)[0]))


def test_best_is_where_the_button_leads_and_undo_leads_back(open_app: Open, whole: ScoredBook, book: Book) -> None:
    at = pressed(open_app(), "Best")
    best = judged(whole, book).best
    assert at.slider(key="policy.cutoff").value == best
    assert "the most that any cut-off earns" in sentence(at)
    at = pressed(at, "Undo")
    assert at.slider(key="policy.cutoff").value == 520


def test_assumptions_change_profit_and_the_best_cutoff(open_app: Open, whole: ScoredBook, book: Book) -> None:
    at = open_app()
    at.number_input(key="policy.lgd").set_value(40.0).run()
    strategy = judged(whole, book, lgd=0.4)
    assert shown(at, PROFIT) == money(strategy.at(520).profit)
    assert any(each.label == f"Best, {strategy.best}" for each in at.button)
    assert strategy.best < judged(whole, book).best


def test_goal_seek_holds_the_bad_rate_and_goes_there(open_app: Open, whole: ScoredBook, book: Book) -> None:
    at = open_app()
    strategy = judged(whole, book)
    goal = strategy.proposed("bad_rate", int(book.contract.score.cutoff))
    assert at.number_input(key="_target_bad_rate").value == pytest.approx(100 * goal)
    assert 0.9 < goal / strategy.at(int(book.contract.score.cutoff)).goal("bad_rate") < 1
    sought = strategy.seek("bad_rate", goal)
    told = next(each.value for each in at.caption if each.value.startswith("Bad rate of at most"))
    assert f"a cut-off of {sought.outcome.cutoff}" in told
    at.button(key="_go").click().run()
    assert at.slider(key="policy.cutoff").value == sought.outcome.cutoff
    assert float(shown(at, BAD).split(NBSP)[0]) <= 100 * goal


def test_goal_out_of_reach_says_the_best_there_is(open_app: Open) -> None:
    at = open_app()
    at.selectbox(key="_goal").set_value("profit").run()
    at.number_input(key="_target_profit").set_value(9999.0).run()
    assert any("is out of reach: the best that any cut-off reaches" in each.value for each in at.caption)


@pytest.mark.parametrize("goal", ["approval", "bad_rate", "loss", "profit", "volume"])
def test_the_curve_passes_through_the_points_it_marks(open_app: Open, goal: str) -> None:
    at = open_app(cutoff=500)
    at.get_by_key("_curve").set_value(goal).run()
    line, marks = figure(at, "strategy")["data"]
    curve = dict(zip(line["x"], line["y"], strict=True))
    assert {"today", "best", "chosen"} == set(marks["text"])
    for x, y in zip(marks["x"], marks["y"], strict=True):
        assert curve[x] == y
    assert 500 in marks["x"]


def test_bands_drawn_sum_to_the_profit_of_approving_everybody(open_app: Open, whole: ScoredBook, book: Book) -> None:
    at = open_app()
    bars = figure(at, "profits")["data"][0]["x"]
    everybody = judged(whole, book).at(0).profit
    assert sum(bars) == pytest.approx(everybody / 1e6, abs=len(bars) / 2)


def test_swap_set_partitions_the_book_and_leads_to_customers(open_app: Open, whole: ScoredBook) -> None:
    at = open_app(["_swap"], cutoff=531)
    cells = [int(text.replace(",", "")) for row in figure(at, "swap")["data"][0]["text"] for text in row]
    assert sum(cells) == 30_000
    frame = at.dataframe[0].value
    assert [int(each) for each in frame["Customers"]] == [cells[0], cells[2], cells[1], cells[3]]
    found = links(at)
    assert len(found) == 10
    scores = dict(zip(whole.ids.tolist(), score_scale(CONTRACT).score(whole.margins).tolist(), strict=True))
    numbers = [int(re.sub(r"\D", "", link.label)) for link in found]
    assert all(520 <= scores[number] < 531 for number in numbers)
    assert all(f"customer={number}" in link.query_string for number, link in zip(numbers, found, strict=True))


def test_rates_by_band_state_convention_and_horizon(open_app: Open) -> None:
    at = open_app(["_prices"])
    frame = at.dataframe[0].value
    assert list(frame["Rate charged"].unique()) == [f"20.0{NBSP}%"]
    even = [float(each.split(NBSP)[0]) for each in frame["Break-even rate"]]
    wanted = [float(each.split(NBSP)[0]) for each in frame["Rate for 10.0 %"]]
    assert even == sorted(even, reverse=True)
    assert all(rate < more for rate, more in zip(even, wanted, strict=True))
    caption = " ".join(each.value for each in at.caption)
    assert "RAROC: margin after loss a year over IRB capital" in caption
    assert "over 36 months" in caption


def test_heat_map_middle_column_is_the_profit_now(open_app: Open) -> None:
    at = open_app(["_heated"])
    heat, bars = figure(at, "heat")["data"][0], figure(at, "profits")["data"][0]
    column = heat["x"].index(f"80{NBSP}%")
    assert [row[column] for row in heat["z"]] == pytest.approx([round(each) for each in bars["x"]], abs=1)
    assert np.array(heat["z"]).min() < 0 < np.array(heat["z"]).max()
    assert heat["zmin"] == -heat["zmax"]


@pytest.mark.parametrize("attribute", ["sex", "education", "marriage", "age"])
def test_fairness_is_a_monitoring_metric_for_every_protected_attribute(open_app: Open, attribute: str) -> None:
    at = open_app(["_fair"], cutoff=531)
    at.selectbox(key="_attribute").set_value(attribute).run()
    frame = at.dataframe[0].value
    assert "1.00, the highest" in set(frame["Ratio"])
    assert any("Monitoring metrics, not legal findings" in each.value for each in at.caption)
    sizes = [int(each) for each in frame["Customers"]]
    assert sum(sizes) == 30_000
    for n, ratio in zip(sizes, frame["Ratio"], strict=True):
        assert (ratio == "suppressed") == (n < 30)


def test_frontier_ends_at_the_most_profitable_cutoff(open_app: Open, whole: ScoredBook, book: Book) -> None:
    at = open_app(["_frontier"])
    line = figure(at, "frontier")["data"][1]
    assert (
        max(line["y"])
        == line["y"][-1]
        == pytest.approx(judged(whole, book).at(judged(whole, book).best).profit / 1e6, abs=0.01)
    )


def test_every_table_can_be_downloaded(open_app: Open) -> None:
    at = open_app(cutoff=531)
    counts = {"_swap": 2, "_prices": 1, "_heated": 1, "_fair": 1, "_frontier": 1, "_table_policy": 1}
    charts = {"_swap": 1, "_heated": 1, "_frontier": 1}  # of those
    for panel, more in counts.items():
        before = len(at.get("download_button"))
        opened(at, panel)  # as CSV, as Excel, the chart as SVG
        assert len(at.get("download_button")) == before + 2 * more + charts.get(panel, 0), panel
    assert not at.exception


def test_reset_is_identical_to_today(open_app: Open) -> None:
    at = open_app()
    before = answers(at), figure(at, "strategy"), figure(at, "profits")
    at.slider(key="policy.cutoff").set_value(540).run()
    at.number_input(key="policy.apr").set_value(30.0).run()
    assert answers(at) != before[0]
    at = pressed(at, "Reset")
    assert (answers(at), figure(at, "strategy"), figure(at, "profits")) == before
    assert dict(at.query_params) == {}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"cutoff": "abc"}, "must be a number"),
        ({"cutoff": "520.5"}, "whole number from 300 to 800"),
        ({"cutoff": "nan"}, "whole number"),
        ({"lgd": "7"}, "35 % is 0.35"),
        ({"sex": "1"}, "'sex' in the address"),
    ],
)
def test_a_bad_value_in_the_address_is_told_and_left_out(open_app: Open, query: dict[str, str], told: str) -> None:
    at = open_app(**query)
    assert told in at.warning[0].value
    assert dict(at.query_params) == {}


def test_a_cutoff_beyond_every_score_approves_nobody_without_a_complaint(open_app: Open) -> None:
    at = open_app(cutoff=800)
    assert shown(at, APPROVAL) == f"0.0{NBSP}%"
    assert "none is left" in sentence(at)
    for panel in ("_swap", "_prices", "_heated", "_fair", "_frontier", "_table_policy"):
        opened(at, panel)
        assert not at.exception, panel


def test_nobody_reads_a_raw_name_a_causal_verb_or_seven_decimals(open_app: Open) -> None:
    at = open_app(cutoff=531, lgd=0.85)
    for panel in ("_swap", "_prices", "_heated", "_fair", "_frontier"):
        at.session_state[panel] = True
    at.run()
    texts = [re.sub(r"<[^>]*>", " ", markup(at)), *(each.value for each in (*at.caption, *at.markdown))]
    texts += [each.label for each in (*at.slider, *at.selectbox, *at.number_input)]
    for text in texts:
        assert not re.search(r"\bcauses?\b|will (reduce|lower|raise)|\bbecause\b|ECOA", text)
        assert not re.search(r"[a-z]_[a-z]", text), text
        assert not re.search(r"\d\.\d{3,}", text), text


def test_another_release_swaps_customers_in_and_shares_the_frontier(
    open_app: Open, own_home: Path, monkeypatch: pytest.MonkeyPatch, whole: ScoredBook
) -> None:
    store = Store(own_home, "cards")
    champion = store.resolve("champion")
    text = (store.root / champion / "contract.toml").read_bytes().replace(b"base_score = 600", b"base_score = 605")
    other = forge(store, champion, {"contract.toml": text}, contract_sha256=hashlib.sha256(text).hexdigest())
    own = desk.DeployedModels(lambda: Settings(home=own_home))
    assert set(own.comparable("cards")) == {champion, other}
    monkeypatch.setattr("pages.shared.deployed.desk", own)
    monkeypatch.setattr(desk, "desk", own)
    at = open_app(["_swap"])
    at.selectbox(key="_other").set_value(other).run()
    assert not at.exception
    scores = score_scale(CONTRACT).score(whole.margins)
    swapped_in = int(((scores < 520) & (scores >= 515)).sum())
    assert f"{swapped_in:,} swapped in, observed of them" in markup(at)
    at = opened(at, "_frontier")
    assert len(figure(at, "frontier")["data"]) == 4
    assert "cut-offs of this model" in markup(at)


def test_the_book_s_scenario_is_brought_along_said_in_the_link_and_switched_off(open_app: Open) -> None:
    at = open_app(cutoff=540, **{"under.preset": "fed_2026_severely_adverse", "under.severity": "50"})
    plain = open_app(cutoff=540)
    assert sentence(at).startswith(
        "Under the Fed's 2026 severely adverse scenario at half severity: at a cut-off of 540"
    )
    assert shown(at, LOSS) != shown(plain, LOSS)
    assert any("Fed 2026, severely adverse" in each.value for each in at.caption)
    at.toggle(key="policy.under.").set_value(False).run()
    assert answers(at) == answers(plain)
    assert address(at) == {"cutoff": "540"}
    pressed(at, "Undo")
    assert address(at)["under.severity"] == "50"


def test_what_is_assumed_of_the_book_holds_where_policy_is_come_to_from_there(open_app: Open) -> None:
    at = open_app()
    assert not at.toggle
    at.session_state["_book_value"] = stressed(unemployment=3)  # as the Book page leaves it
    at.run()
    assert sentence(at).startswith("With unemployment 3 points higher: at a cut-off of 520")
    assert address(at) == {"under.unemployment": "3"}
    at.toggle(key="policy.under.").set_value(False).run()
    at.run()
    assert address(at) == {}
    at.toggle(key="policy.under.").set_value(True).run()
    assert address(at) == {"under.unemployment": "3"}
