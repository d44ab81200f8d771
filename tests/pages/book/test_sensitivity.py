"""Sensitivity on the book page, and two inputs at a time on the customer page."""

import re
from datetime import date

import numpy as np
import pytest

from data.books import Book
from model.engine.scorer import TableScorer
from model.engine.tables import probability
from model.report.numbers import MINUS, NBSP
from model.whatif.book.scenario import layers
from model.whatif.book.scored import ScoredBook
from model.whatif.customer.scenario import apply
from tests.pages.conftest import Open, figure, markup, opened, shown
from tests.support.records import CONTRACT, stressed

TODAY = date(2026, 11, 22)


def loss(whole: ScoredBook, **values: float) -> float:
    return whole.totals([layers(CONTRACT, stressed(**values), TODAY)])[0].loss


def number(text: str) -> float:
    return float(text.replace(MINUS, "-").replace(",", "").split(NBSP)[0])


def test_tornado_is_longest_first_and_each_end_is_the_models_own(open_app: Open, whole: ScoredBook) -> None:
    at = open_app("book", ["_tornado"], balances=10)
    adverse, favourable = figure(at, "tornado")["data"]
    reach = np.maximum(np.abs(adverse["x"]), np.abs(favourable["x"]))
    assert (np.diff(reach) <= 1e-9).all()
    k = adverse["y"].index("Loss given default ")
    assert adverse["text"][k].endswith(f" at 90{NBSP}%")
    assert number(adverse["text"][k]) == round(loss(whole, balances=10, lgd=0.9) / 1e6)
    assert adverse["base"][k] + adverse["x"][k] == pytest.approx(loss(whole, balances=10, lgd=0.9) / 1e6)
    assert favourable["base"][k] + favourable["x"][k] == pytest.approx(loss(whole, balances=10, lgd=0.7) / 1e6)
    assert "Loss given default moves it most" in markup(at)


@pytest.mark.parametrize("measure", ["exposure", "pd", "loss_bps", "capital", "margin", "return_on_capital"])
def test_tornado_on_any_headline_number(open_app: Open, measure: str) -> None:
    at = open_app("book", ["_tornado"])
    at.selectbox(key="_tornado_measure").set_value(measure).run()
    assert not at.exception
    assert len(figure(at, "tornado")["data"][0]["y"]) >= 2
    assert "moves it most" in markup(at)


def test_adverse_side_does_not_follow_the_scenarios_sign(open_app: Open) -> None:
    at = open_app("book", ["_tornado"], unemployment=-2)
    adverse = figure(at, "tornado")["data"][0]
    assert adverse["text"][adverse["y"].index("Unemployment ")].endswith(f" at {MINUS}1{NBSP}pp")


def test_two_way_table_holds_the_models_own_number_in_every_cell(open_app: Open, whole: ScoredBook) -> None:
    at = open_app("book", ["_grid"], unemployment=1)
    at.selectbox(key="_grid_one").set_value("balances").run()
    at.selectbox(key="_grid_other").set_value("lgd").run()
    drawn = figure(at, "two_way")["data"][0]
    rows = [number(each) for each in drawn["y"]]
    columns = [number(each) for each in drawn["x"]]
    assert 0 in rows
    assert 80 in columns
    for row, column in [(0, 0), (len(rows) - 1, len(columns) - 1), (rows.index(0), columns.index(80))]:
        expected = loss(whole, unemployment=1, balances=rows[row], lgd=columns[column] / 100)
        assert number(drawn["text"][row][column]) == round(expected / 1e6)


def test_one_way_table_shows_every_measure_along_a_lever(open_app: Open) -> None:
    at = open_app("book", ["_grid"])
    at.selectbox(key="_grid_one").set_value("unemployment").run()
    frame = at.dataframe[0].value
    assert f"0{NBSP}pp" in list(frame["Unemployment"])
    standing = frame[frame["Unemployment"] == f"0{NBSP}pp"].iloc[0]
    assert standing["Expected loss"].endswith(shown(at, "Expected loss").removeprefix(f"NT${NBSP}"))


def test_goal_seek_sets_the_lever_that_reaches_the_target(open_app: Open) -> None:
    at = open_app("book", ["_seek"], unemployment=3)
    at.selectbox(key="_seek_lever").set_value("lgd").run()
    assert f"Expected loss of at most NT${NBSP}550{NBSP}m: Loss given default" in markup(at)
    at.button(key="_set").click().run()
    assert number(shown(at, "Expected loss").removeprefix(f"NT${NBSP}")) <= 550
    assert at.slider(key="book.lgd").value < 80


def test_reverse_stress_says_how_severe_or_asks_for_something_to_scale(open_app: Open) -> None:
    at = open_app("book", ["_seek"])
    assert "that could become more severe. Assume something." in markup(at)
    at = open_app("book", ["_seek"], unemployment=1)
    assert re.search(rf"The limit of NT\$.550.m on expected loss breaks at \d+{NBSP}% of what is assumed", markup(at))


def test_sensitivity_tables_can_be_downloaded(open_app: Open) -> None:
    at = open_app()
    for panel, files in {"_tornado": 3, "_grid": 2}.items():  # as CSV, as Excel, the chart as SVG
        before = len(at.get("download_button"))
        opened(at, panel)
        assert len(at.get("download_button")) == before + files, panel


def test_two_inputs_of_a_customer_give_the_models_own_probabilities(
    open_app: Open, scorer: TableScorer, book: Book
) -> None:
    at = open_app("applicant", ["_two_way"], customer=12345)
    at.selectbox(key="_two_rows").set_value("balances").run()
    at.selectbox(key="_two_columns").set_value("pays").run()
    drawn = figure(at, "two_way")["data"][0]
    base = book.raw[:, [book.position(12345)]]
    for row, column in [(0, 0), (-1, -1), (3, 2)]:
        edits = {"balances": number(drawn["y"][row]), "pays": number(drawn["x"][column])}
        pd = float(probability(scorer.margins(apply(CONTRACT, base, edits)))[0])
        assert number(drawn["text"][row][column]) == round(100 * pd, 1)


def test_any_two_inputs_of_a_customer_can_be_crossed(open_app: Open) -> None:
    at = open_app("applicant", ["_two_way"], customer=12345)
    at.selectbox(key="_two_rows").set_value("status_1").run()
    at.selectbox(key="_two_columns").set_value("status_2").run()
    assert not at.exception
    texts = [text for row in figure(at, "two_way")["data"][0]["text"] for text in row]
    assert "" in texts  # some pairs break a rule of the record
    assert any(text.endswith("%") or text.endswith("✓") for text in texts)


def test_tornado_of_a_customer_ends_at_the_models_own_probabilities(
    open_app: Open, scorer: TableScorer, book: Book
) -> None:
    at = open_app("applicant", ["_customer_tornado"], customer=12345)
    adverse, favourable = figure(at, "customer_tornado")["data"]
    base = book.raw[:, [book.position(12345)]]
    for drawn, value in ((adverse, 100), (favourable, -90)):
        k = drawn["y"].index("Balances ")
        pd = float(probability(scorer.margins(apply(CONTRACT, base, {"balances": value})))[0])
        assert drawn["base"][k] + drawn["x"][k] == pytest.approx(100 * pd)
    assert "moves it most" in markup(at)
