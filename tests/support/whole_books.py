"""What sums say of a book, held against what the book page says of it in memory."""

from dataclasses import fields

import numpy as np
import pytest

from data.contract import Measure
from model.whatif.book.result import BookResult
from model.whatif.book.sums import StressAnswer
from model.whatif.book.totals import Totals

CLOSE = 1e-9  # relative
SCENARIOS = {
    "nothing": "",
    "preset": "preset=fed_2026_severely_adverse&severity=70",
    "shocks on a share of a segment": "balances=20&payments=-20&who=limit_band:2&share=40",
    "a share that is drawn": "later=30&balances=10",
    "factor": "method=factor&factor=-1.5&balances=5",
    "overlay": "overlay_pd=20&overlay_lgd=5&overlay_owner=Ada&overlay_reason=Flood&overlay_until=2099-01-01&limits=-10",
    "assumptions": "annual_default_rate=0.1&lgd=0.7&margin_months=24&unemployment=2",
}


def same_totals(found: Totals, wanted: Totals) -> None:
    for each in fields(Totals):
        value = getattr(wanted, each.name)
        scale = abs(wanted.exposure) if each.name == "margin" else 0.0  # a sum of both signs
        assert getattr(found, each.name) == pytest.approx(value, rel=CLOSE, abs=CLOSE * scale), each.name
    assert found.customers == wanted.customers


def same_answer(answer: StressAnswer, result: BookResult) -> None:
    """Everything that sums answer equals what the page has: numbers to a thousand-millionth, counts exactly."""
    same_totals(answer.base, result.base)
    same_totals(answer.now, result.now)
    measures: tuple[Measure, ...] = answer.question.measures
    for name in measures:
        found, wanted = answer.bridge(name), result.bridge(name)
        size = CLOSE * max(abs(wanted.base), abs(wanted.scenario), result.base.loss)
        assert (found.base, found.scenario) == pytest.approx((wanted.base, wanted.scenario), rel=CLOSE, abs=size)
        amounts = {step.player: step.amount for step in wanted.steps}
        assert {step.player: step.amount for step in found.steps} == pytest.approx(amounts, rel=CLOSE, abs=size)
    loss = CLOSE * result.base.loss
    assert answer.input_reactions() == pytest.approx(result.input_reactions(), rel=CLOSE, abs=loss)
    assert answer.concept_reactions() == pytest.approx(
        result.concept_reactions(result.input_reactions()), rel=CLOSE, abs=loss
    )
    for segment in result.contract.segments:
        cells, wanted_cells = answer.cells(segment), result.cells(segment)
        assert [each.path for each in cells] == [each.path for each in wanted_cells]
        for own, other in zip(cells, wanted_cells, strict=True):
            same_totals(own.base, other.base)
            same_totals(own.now, other.now)
    assert np.array_equal(answer.migration(), result.migration())
    assert answer.clipped.customers == result.clipped.customers
    assert (answer.clipped.loss, answer.clipped.free) == pytest.approx(
        (result.clipped.loss, result.clipped.free), rel=CLOSE
    )
    assert answer.territory == result.territory
