"""Charts of the trust page: data in, data out."""

import json
from dataclasses import replace

import numpy as np
import pytest

from data.contract import Contract
from model.monitoring.calibration import Bin
from model.monitoring.discrimination import gains, roc
from model.monitoring.drift import Drift
from model.monitoring.intervals import Estimate
from model.monitoring.realised import RealisedRate
from model.release.window import Window
from model.report.charts import SCENARIO, WORSE
from model.report.trust import charts as figures
from model.validation.backtests import RecalibrationBacktest, ReleasePair, Shifted, Sides
from model.validation.validation import BandMetrics, Separation

RNG = np.random.default_rng(0)
PD = RNG.random(500)
OUTCOME = (RNG.random(500) < PD).astype(float)


def banded(name: str, predicted: float, observed: float) -> BandMetrics:
    interval = Estimate(observed, observed - 0.02, observed + 0.02)
    return BandMetrics(
        name,
        100,
        bad=20,
        predicted=predicted,
        observed=interval,
        auc=interval,
        ks=0.3,
        calibrated="holds",
        ranks="",
        sources=("later",),
    )


def test_reliability_draws_every_group_with_its_interval_and_marks_misses_by_shape_too() -> None:
    bins = [Bin(50, 0.1, observed=0.12, low=0.05, high=0.25), Bin(50, 0.5, observed=0.7, low=0.6, high=0.8)]
    diagonal, dots = figures.reliability(bins)["data"]
    assert diagonal["x"] == diagonal["y"]
    assert dots["x"] == [10.0, 50.0]
    assert dots["y"] == [12.0, 70.0]
    assert dots["error_y"]["array"] == [13.0, 10.0]
    assert dots["error_y"]["arrayminus"] == [7.0, 10.0]
    assert dots["marker"]["symbol"] == ["circle", "diamond"]
    assert dots["marker"]["color"] == [SCENARIO, WORSE]


def test_roc_marks_ks_where_the_classes_are_furthest_apart(contract: Contract) -> None:
    found = roc(OUTCOME, PD)
    figure = figures.roc(contract, found)
    (mark,) = figure["layout"]["shapes"]
    assert mark["y1"] - mark["x1"] == pytest.approx(100 * found.ks, abs=1)
    assert figures.roc(contract, roc(np.ones(5), PD[:5]))["data"] != []


def test_training_is_shaded_and_the_last_points_are_labelled() -> None:
    rows = [banded("2004", 0.2, 0.2), banded("2005", 0.2, 0.21), banded("2006", 0.2, 0.4)]
    figure = figures.vintages(rows, Window(2004, 2005))
    (shade,) = figure["layout"]["shapes"]
    assert (shade["x0"], shade["x1"]) == (2003.5, 2005.5)
    assert {each["text"] for each in figure["layout"]["annotations"]} == {"training", "predicted", "observed"}
    assert figure["data"][1]["marker"]["symbol"] == ["circle", "circle", "diamond"]
    assert "shapes" not in figures.vintages(rows, None)["layout"]


def test_drift_bars_stand_beside_the_lines(contract: Contract) -> None:
    shares = np.full(3, 1 / 3)
    found = [
        Drift(k, psi, n=900, edges=np.arange(2.0), expected=shares, actual=shares)
        for k, psi in ((0, 0.02), (1, 0.3), (-1, 0.12))
    ]
    figure = figures.drift(contract, found)
    assert figure["data"][0]["x"] == [0.12, 0.3, 0.02]
    assert [each["x0"] for each in figure["layout"]["shapes"]] == [0.1, 0.25]
    told = figure["data"][1]
    assert told["text"] == ["0.120", "0.300", "0.020"]
    assert min(told["x"]) > 1.15 * 0.3  # right of bars and lines


def test_score_and_inputs_have_their_own_line_where_the_contract_asks_differently(contract: Contract) -> None:
    own = contract.model_copy(update={"gates": contract.gates.model_copy(update={"psi_at_most": 0.2})})
    shares = np.full(3, 1 / 3)
    found = [
        Drift(k, psi, n=900, edges=np.arange(2.0), expected=shares, actual=shares)
        for k, psi in ((0, 0.02), (1, 0.3), (-1, 0.12))
    ]
    layout = figures.drift(own, found)["layout"]
    assert [(each["x0"], each["y0"], each["y1"]) for each in layout["shapes"]] == [
        (0.1, -0.5, 2.5),
        (0.2, -0.5, 0.5),
        (0.25, 0.5, 2.5),
    ]
    assert [each["text"] for each in layout["annotations"]] == ["watch 0.10", "not above 0.20", "not above 0.25"]


def test_two_releases_leave_out_what_one_was_not_tested_on() -> None:
    both = (
        ReleasePair("2005", banded("2005", 0.2, 0.25), None),
        ReleasePair("2006", banded("2006", 0.2, 0.3), banded("2006", 0.28, 0.3)),
    )
    found = Sides(both, 100, since=2006, auc=Estimate(0.0, -0.1, 0.1), champion=0.2, challenger=0.28, observed=0.3)
    figure = figures.sides(found, (Window(2000, 2004), Window(2000, 2005)), ("a", "b"))
    assert figure["data"][2]["y"] == [None, 28.0]
    assert len(figure["layout"]["shapes"]) == 2


def test_labels_at_the_end_of_lines_keep_their_distance() -> None:
    later = (Shifted(2007, 100, before=0.2, after=0.201, observed=Estimate(0.202, 0.15, 0.25)),)
    figure = figures.recalibration(RecalibrationBacktest(2006, 0.1, later))
    heights = sorted(each["y"] for each in figure["layout"]["annotations"])
    assert (np.diff(heights) > 1).all()


@pytest.mark.parametrize(("guaranteed", "lines"), [(False, 1), (True, 2)])
def test_realised_losses_are_drawn_net_where_others_bear_a_part(guaranteed: bool, lines: int) -> None:
    rows = [
        (
            2005.0,
            RealisedRate(
                9, 90.0, loss=45.0, own_loss=9.0, gross=Estimate(0.5, 0.4, 0.6), net=Estimate(0.1, 0.05, 0.15)
            ),
        )
    ]
    assert len(figures.realised_chart(rows, guaranteed)["data"]) == lines


def test_empty_bins_are_left_out_of_a_distribution() -> None:
    figure = figures.distribution(
        ["a", "b", "missing"], np.array([0.6, 0.4, 0]), np.array([0.5, 0.5, 0]), ("then", "now")
    )
    assert [each["x"] for each in figure["data"]] == [["a", "b"]] * 2


@pytest.mark.parametrize("at", [500.0, 505.0, 640.0, 790.0, 800.0])
def test_labels_of_both_classes_lie_above_the_lines_and_on_either_side_of_the_widest_gap(
    contract: Contract, at: float
) -> None:
    edges, shares = np.linspace(495, 805, 32), np.full(31, 1 / 31)
    figure = figures.separation(
        contract, Separation(edges, shares, good=shares[::-1], bad_mean=520.0, good_mean=560.0, ks=0.41, ks_at=at)
    )
    bad, good, ks = figure["layout"]["annotations"]
    assert (bad["text"], good["text"], ks["text"]) == ("missed", "paid", f"KS 0.41 at {at:.0f}")
    assert (bad["xanchor"], good["xanchor"]) == ("right", "left")
    paid, defaulted = (each["line"] for each in figure["data"])
    of_bad, of_good = figure["layout"]["shapes"][-2:]  # a piece of either line, between the gap and its name
    assert bad["xshift"] < of_bad["x1"] < of_bad["x0"] < 0 < of_good["x0"] < of_good["x1"] < good["xshift"]
    assert (of_bad["line"], of_good["line"]) == (defaulted, paid)
    assert of_bad["xanchor"] == of_good["xanchor"] == bad["x"]
    assert 0.2 <= bad["x"] == good["x"] == ks["x"] <= 0.8  # room for either within the narrowest chart
    assert (bad["yanchor"], ks["yanchor"]) == ("top", "bottom")
    room = figure["layout"]["height"] - figure["layout"]["margin"]["t"] - figure["layout"]["margin"]["b"]
    top = max(max(each["y"]) for each in figure["data"])
    assert (1 - top / figure["layout"]["yaxis"]["range"][1]) * room >= 16


@pytest.mark.parametrize("predicted", [0.0, 1.0, 1.6])
def test_lift_stands_above_bar_and_ring(contract: Contract, predicted: float) -> None:
    rows = [replace(each, predicted=predicted * each.rate) for each in gains(OUTCOME, PD)]
    figure = figures.gains(contract, rows)
    bars, rings, lifts = figure["data"]
    assert lifts["text"] == [f"{each.lift:.1f}×" for each in rows]
    room = figure["layout"]["height"] - figure["layout"]["margin"]["t"] - figure["layout"]["margin"]["b"]
    pixels = room / figure["layout"]["yaxis"]["range"][1]
    for bar, ring, lift in zip(bars["y"], rings["y"], lifts["y"], strict=True):
        assert (lift - bar) * pixels >= 2
        assert (lift - ring) * pixels >= rings["marker"]["size"] / 2
        assert lift * pixels + 14 <= room + figure["layout"]["margin"]["t"]


def test_a_band_of_a_handful_of_records_does_not_stretch_the_chart(contract: Contract) -> None:
    few = BandMetrics(
        "few",
        1,
        bad=0,
        predicted=0.2,
        observed=Estimate(0.0, 0.0, 0.79),
        auc=Estimate(0.0, 0.0, 0.79),
        ks=0.3,
        calibrated="",
        ranks="",
        sources=("later",),
    )
    ring, dots = figures.bands_chart(contract, [few, banded("many", 0.2, 0.3)])["data"]
    assert ring["y"] == dots["y"] == ["many "]
    assert figures.bands_chart(contract, [few])["data"][0]["y"] == ["few "]


def test_every_chart_is_plain_data(contract: Contract) -> None:
    halves = np.full(2, 0.5)
    drawn = [
        figures.reliability([Bin(50, 0.1, observed=0.12, low=0.05, high=0.25)]),
        figures.roc(contract, roc(OUTCOME, PD)),
        figures.gains(contract, gains(OUTCOME, PD)),
        figures.bands_chart(contract, [banded("low", 0.1, 0.2)]),
        figures.separation(
            contract,
            Separation(
                np.array([500.0, 550.0, 600.0]),
                halves,
                good=halves,
                bad_mean=520.0,
                good_mean=560.0,
                ks=0.4,
                ks_at=540.0,
            ),
        ),
    ]
    assert all(json.loads(json.dumps(each)) == each for each in drawn)
