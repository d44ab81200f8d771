"""Charts as dicts, compared as data."""

import numpy as np
import pytest

from data.books import Book
from model.engine.scorer import TableScorer
from model.report import charts
from model.report.customer import charts as customer_charts
from model.report.customer import words as customer_words
from model.report.customer.words import shown_changes
from model.whatif.customer.attribution import Change, Changes, changes
from model.whatif.customer.decision import explain
from model.whatif.customer.scenario import apply
from model.whatif.customer.sensitivity import Curve, sweep

NO_EDITS: dict[str, float] = {}
NOTHING = Changes(0.19, 0.19, ())


def test_a_waterfall_starts_at_the_base_and_ends_at_the_edited_probability() -> None:
    found = Changes(0.19, 0.12, (Change(("balances",), "Balances", -0.05), Change(("payments",), "Paid", -0.02)))
    bars = customer_charts.why([], found)["data"][1]
    assert bars["y"] == ["As in the book", "Balances", "Paid", "With the edits"]
    assert np.allclose(bars["base"], [0, 14, 12, 0])
    assert np.allclose(bars["x"], [19, 5, 2, 12])
    assert bars["marker"]["color"] == [
        charts.BASE,
        charts.BETTER,
        charts.BETTER,
        charts.SCENARIO,
    ]


def test_waterfall_bars_meet_end_to_start_for_real_customers(scorer: TableScorer, book: Book) -> None:
    base = book.raw[:, :1]
    edited = apply(book.contract, base, {"balances": -50.0, "pays": 100.0, "late": 0.0, "limit": 200_000.0})
    found = changes(scorer, base, edited)
    shown = shown_changes(found)
    assert len(shown.parts) == 4
    assert abs(shown.base + sum(moved for _, moved in shown.parts) - shown.edited) < 1e-9


def test_a_sweep_shades_exactly_where_the_line_would_be_granted(scorer: TableScorer, book: Book) -> None:
    curve = sweep(scorer, book, base=book.raw[:, 2:3], edits=NO_EDITS, name="late", cutoff=520)
    line, shade = customer_charts.sweep(curve)["data"][:2]
    granted = dict(zip(curve.x.tolist(), curve.granted.tolist(), strict=True))
    assert [value is not None for value in shade["y"]] == [granted[x] for x in shade["x"]]
    assert np.allclose(np.interp(curve.x, line["x"], line["y"]), 100 * curve.pd, atol=0.006)
    assert curve.granted.any()
    assert not curve.granted.all()


@pytest.mark.parametrize(("goal", "stands"), [(0.9, "top center"), (0.52, "bottom center"), (0.48, "bottom center")])
def test_the_label_of_a_goal_keeps_clear_of_that_of_now(goal: float, stands: str) -> None:
    x = np.linspace(0, 1, 101)
    curve = Curve(
        "limit",
        "Limit",
        unit="NT$",
        x=x,
        pd=0.4 - 0.2 * x,
        now=0.5,
        now_pd=0.3,
        cutoff_pd=0.2,
        granted=np.zeros(101, bool),
    )
    assert customer_charts.sweep(curve, (goal, 0.3, "goal"))["data"][3]["textposition"] == stands
    low = customer_charts.sweep(curve, (goal, 0.01, "goal"))["data"][3]["textposition"]
    assert low == ("top center" if goal > 0.6 else "middle right" if goal > 0.5 else "middle left")


def test_a_sweep_over_years_tells_them_without_separators(book: Book) -> None:
    years = np.array([1990.0, 2000.0, 2010.0])
    pd = np.array([0.1, 0.2, 0.15])
    curve = Curve(
        "built", "Year built", unit="year", x=years, pd=pd, now=1990.0, now_pd=0.1, cutoff_pd=0.25, granted=pd <= 0.25
    )
    assert customer_charts.sweep(curve)["layout"]["xaxis"]["tickformat"] == "d"
    assert "at 1990, highest" in customer_charts.sweep_in_words(book.contract, curve)
    assert ",~f" not in str(customer_charts.sweep(curve))


def test_no_chart_has_a_legend_or_a_fixed_text_colour(scorer: TableScorer, book: Book) -> None:
    rows = customer_words.reasons(explain(scorer, book.raw[:, :1]))
    curve = sweep(scorer, book, base=book.raw[:, :1], edits=NO_EDITS, name="limit", cutoff=520)
    for figure in (customer_charts.why(rows, NOTHING), customer_charts.sweep(curve)):
        assert figure["layout"]["showlegend"] is False
        assert "font" not in figure["layout"]


def test_words_of_a_chart_name_every_bar(scorer: TableScorer, book: Book) -> None:
    rows = customer_words.reasons(explain(scorer, book.raw[:, :1]))
    told = customer_charts.why_in_words(book.contract, rows, NOTHING, base=531, score=475)
    assert all(row.label in told for row in rows)
