"""Charts of the policy page: labels that can be told apart, amounts as they are shown elsewhere."""

import re
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from data.contract import Contract
from model.monitoring.fairness import groups
from model.report.charts import SCENARIO, WORSE
from model.report.policy import charts as figures
from model.report.policy.words import Units
from model.whatif.policy.scenario import PolicyScenario
from model.whatif.policy.strategy import Strategy

WIDTH, LETTER, LINE, DOT = 330.0, 6.5, 14.0, 6.0  # pixels: a narrow chart, a letter, a line of text, half a point


def made(best: int) -> Strategy:
    """A strategy over 479 customers, one a point, whose profit is highest at ``best``."""
    cutoffs = np.arange(400, 880)
    left = np.arange(len(cutoffs))[::-1]
    profit = 6.8e9 - 40e3 * (cutoffs - best).astype(float) ** 2
    return Strategy(
        cutoffs,
        left,
        bad=0.2 * left,
        observed=0.2 * left,
        volume=1e6 * left,
        loss=1e5 * left,
        net_loss=1e5 * left,
        profit=profit,
    )


def boxes(marks: dict[str, Any], figure: dict[str, Any]) -> list[tuple[float, float, float, float]]:
    """Left, right, bottom, top of each label in pixels."""
    low, high = figure["layout"]["yaxis"]["range"]
    found = []
    for x, y, text, place in zip(*(marks[name] for name in ("x", "y", "text", "textposition")), strict=True):
        at, up = WIDTH * (x - 400) / 479, 196 * (y - low) / (high - low)
        wide = LETTER * len(text)
        left = {"left": at - DOT - wide, "right": at + DOT, "center": at - wide / 2}[place.split()[1]]
        bottom = up + DOT if place.startswith("top") else up - DOT - LINE
        found.append((left, left + wide, bottom, bottom + LINE))
    return found


def drawn(contract: Contract, best: int, goal: Any, today: int, chosen: int) -> dict[str, Any]:
    """The strategy curve of `made`."""
    units = Units.on(contract, PolicyScenario(chosen), made(best))
    return figures.strategy(contract, made(best), goal=goal, today=today, chosen=chosen, units=units)


@pytest.mark.parametrize("goal", ["profit", "approval"])
@pytest.mark.parametrize(
    ("today", "best", "chosen"),
    [
        (520, 516, 520),
        (516, 520, 516),
        (520, 516, 518),
        (520, 516, 700),
        (520, 516, 400),
        (410, 405, 410),
        (875, 870, 875),
        (520, 800, 410),
    ],
)
def test_labels_of_points_however_near_do_not_lie_on_each_other(
    contract: Contract, goal: Any, today: int, best: int, chosen: int
) -> None:
    figure = drawn(contract, best, goal=goal, today=today, chosen=chosen)
    marks = next(each for each in figure["data"] if each["mode"] == "markers+text")
    for (left, right, bottom, top), other in combinations(boxes(marks, figure), 2):
        assert right <= other[0] or other[1] <= left or top <= other[2] or other[3] <= bottom
    assert all(left >= -20 and right <= WIDTH + 20 for left, right, _, _ in boxes(marks, figure))


def test_today_that_is_the_best_is_called_both(contract: Contract) -> None:
    figure = drawn(contract, 520, goal="profit", today=520, chosen=520)
    marks = next(each for each in figure["data"] if each["mode"] == "markers+text")
    assert marks["text"] == ["today, the best"]


def test_pointers_note_tells_an_amount_with_its_currency_and_no_more_digits_than_the_page(contract: Contract) -> None:
    figure = drawn(contract, 516, goal="profit", today=520, chosen=520)
    told = [text for each in figure["data"] for text in each.get("customdata", each["text"])]
    assert all(re.fullmatch(rf"{re.escape(contract.book.currency)}.\d\.\d\d.bn|.*\d.*", text) for text in told)
    assert "6.80" in " ".join(told)
    share = drawn(contract, 516, goal="approval", today=520, chosen=520)
    told = [text for each in share["data"] for text in each.get("customdata", each["text"])]
    assert all(re.search(r"\d.%$", text) for text in told)


@pytest.mark.parametrize("least", [0.8, 0.6])
def test_line_of_the_fairness_monitor_is_the_ratio_that_is_asked(least: float) -> None:
    granted = np.concatenate([np.ones(90), np.zeros(10), np.ones(63), np.zeros(37)]).astype(bool)
    found = groups(granted, np.ones(200, bool), np.repeat([0, 1], 100), ("one", "two"))
    figure = figures.fairness(found, found, least)
    assert figure["layout"]["shapes"][0]["x0"] == least
    assert figure["layout"]["xaxis"]["range"][0] < least
    assert figure["data"][1]["marker"]["color"] == [SCENARIO, WORSE if least > 0.7 else SCENARIO]
    along = figures.ratios(np.arange(400, 403), np.array([0.5, 0.7, 0.9]), today=401, chosen=402, least=least)
    assert along["layout"]["shapes"][-1]["y0"] == least
