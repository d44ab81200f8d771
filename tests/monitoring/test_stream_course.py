"""The course of models on a stream, against numbers reckoned plainly."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from model.monitoring.drift import Snapshot, drift, snapshot_of
from model.monitoring.stream_course import (
    DAY,
    FEWEST_DRIFTED,
    HOUR,
    CourseEvent,
    CourseStretch,
    OutcomeRows,
    course_of,
)

START = 1_780_012_800_000  # a day's beginning, UTC
CHAMPION, CHALLENGER = "champion", "challenger"


def made(n: int = 6000, hours: float = 10, seed: int = 0, challenged: float = 0.5) -> OutcomeRows:
    """Outcomes over some hours; the challenger, which knows more, was named on the way."""
    chance = np.random.default_rng(seed)
    truth = chance.normal(-1.2, 1, n)
    outcome = (chance.random(n) < 1 / (1 + np.exp(-truth))).astype(float)
    at = START + np.sort(chance.integers(0, int(hours * HOUR), n))
    since = round(n * challenged)
    said = 1 / (1 + np.exp(-(truth + chance.normal(0, 0.3, n))))
    return OutcomeRows(
        at,
        at - chance.integers(0, HOUR, n),
        outcome=outcome,
        release=(CHAMPION,) * n,
        pd=1 / (1 + np.exp(-(truth + chance.normal(0, 1, n)))),
        challenger=("",) * since + (CHALLENGER,) * (n - since),
        challenger_pd=np.where(np.arange(n) < since, np.nan, said),
    )


def table(rows: OutcomeRows) -> pd.DataFrame:
    return pd.DataFrame({name: list(values) for name, values in vars(rows).items()})


def as_reckoned(stretch: CourseStretch, own: pd.DataFrame) -> None:
    assert (stretch.n, stretch.bad) == (len(own), own.outcome.sum())
    assert stretch.observed.value == pytest.approx(own.outcome.mean())
    assert stretch.decided.predicted == pytest.approx(own.pd.mean())
    assert stretch.decided.auc.value == pytest.approx(roc_auc_score(own.outcome, own.pd))
    beside = own[own.challenger != ""]
    if not len(beside):
        assert stretch.beside is None
        return
    assert stretch.beside is not None
    assert stretch.beside.n == len(beside)
    areas = [roc_auc_score(beside.outcome, beside[name]) for name in ("challenger_pd", "pd")]
    assert stretch.beside.challenger.auc.value == pytest.approx(areas[0])
    assert stretch.beside.champion.auc.value == pytest.approx(areas[1])
    assert stretch.beside.auc.value == pytest.approx(areas[0] - areas[1])
    assert stretch.beside.auc.low < stretch.beside.auc.value < stretch.beside.auc.high
    assert stretch.beside.challenger.predicted == pytest.approx(beside.challenger_pd.mean())


def test_each_stretch_and_all_of_them_are_as_reckoned_plainly():
    rows = made()
    found, own = course_of(rows, {}, champion=CHAMPION, challenger=CHALLENGER), table(rows)
    assert found.whole is not None
    as_reckoned(found.whole, own)
    assert [each.start for each in found.stretches] == list(range(START, START + 10 * HOUR, HOUR // 2))
    for each in found.stretches:
        as_reckoned(each, own[(own["at"] >= each.start) & (own["at"] < each.end)])
    assert found.against == found.whole.beside


def test_drift_is_that_of_the_pd_against_the_training_of_the_release_that_decided():
    rows = made()
    chance = np.random.default_rng(1)
    snapshot = snapshot_of(chance.random((1, 5000)), chance.beta(2, 5, 5000))
    found = course_of(rows, {CHAMPION: snapshot})
    assert found.whole is not None
    assert found.whole.decided.psi == pytest.approx(drift(snapshot, np.zeros((1, len(rows))), rows.pd)[-1].psi)
    assert found.whole.beside is not None
    assert np.isnan(found.whole.beside.challenger.psi)


@settings(max_examples=30)
@given(
    n=st.integers(1, 400),
    span=st.floats(0, 400),
    most=st.integers(2, 24),
    early=st.integers(0, 3),
    seed=st.integers(0, 9),
)
def test_stretches_hold_every_outcome_once_and_are_no_more_than_asked(
    n: int, span: float, most: int, early: int, seed: int
):
    rows = made(n, max(span * 24, 1e-3), seed)
    decided = rows.decided_at.copy()
    decided[:early] = rows.at[:early] + 1
    found = course_of(OutcomeRows(**{**vars(rows), "decided_at": decided}), {}, most=most)
    assert found.left_out == min(early, n)
    assert sum(each.n for each in found.stretches) == n - found.left_out
    assert len(found.stretches) <= most
    assert len({each.end - each.start for each in found.stretches}) <= 1
    assert all(a.end <= b.start for a, b in zip(found.stretches, found.stretches[1:], strict=False))
    for each in found.stretches:
        few = min(each.bad, each.n - each.bad) < 30
        assert np.isnan(each.decided.auc.value) == few


def test_of_few_applications_no_drift_is_told():
    some = snapshot_of(np.zeros((1, 100)), np.linspace(0, 1, 100))
    psis = []
    for n in (FEWEST_DRIFTED - 1, FEWEST_DRIFTED):
        whole = course_of(made(n), {CHAMPION: some}).whole
        assert whole is not None
        psis.append(whole.decided.psi)
    assert np.isnan(psis).tolist() == [True, False]


def test_a_promotion_on_the_way_names_both_who_decided_and_today_is_of_those_of_today():
    rows = made(challenged=0.0)
    half = len(rows) // 2
    changed = OutcomeRows(**{**vars(rows), "release": (CHAMPION,) * half + ("second",) * (len(rows) - half)})
    found = course_of(changed, {}, champion="second", challenger=CHALLENGER)
    assert found.whole is not None
    assert set(found.whole.decided.releases) == {CHAMPION, "second"}
    assert found.against is not None
    assert found.against.n == len(rows) - half
    assert found.against.champion.releases == ("second",)
    assert course_of(changed, {}, champion="third", challenger=CHALLENGER).against is None
    assert course_of(changed, {}, champion="second").against is None


def test_nothing_is_told_before_an_outcome_but_what_happened():
    empty = made(1).chosen(np.zeros(1, bool))
    events = [CourseEvent(at, "champion", "a") for at in (3, 1, 2)]
    found = course_of(empty, {}, events=events)
    assert (found.stretches, found.whole, found.against, found.left_out) == ((), None, None, 0)
    assert [each.at for each in found.events] == [1, 2, 3]


def test_a_year_is_told_by_weeks_or_months():
    found = course_of(made(2000, hours=365 * 24), {})
    assert found.stretches[0].end - found.stretches[0].start in {14 * DAY, 28 * DAY}


def test_snapshots_of_releases_that_are_gone_are_no_trouble():
    known: dict[str, Snapshot] = {}
    whole = course_of(made(), known).whole
    assert whole is not None
    assert np.isnan(whole.decided.psi)
