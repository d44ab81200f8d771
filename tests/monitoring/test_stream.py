"""What is known of a stream: an hour added up, who is alive, how long decisions take, what keeps its place."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.monitoring.drift import OF_PD, drift, snapshot_of
from model.monitoring.stream import ALIVE, LATENCIES, StreamLive, StreamMinute, StreamProcess, kept_in_place

NOW = datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)
NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8).map(tuple)


def process(seconds: float, ended: bool = False, **more: float) -> StreamProcess:
    """A process that was seen so long ago."""
    at = NOW - timedelta(seconds=seconds)
    own = {"lag": 0, "rate": 0.0, "errors": 0, **more}
    return StreamProcess("one", at, at, at if ended else None, "r", int(own["lag"]), own["rate"], int(own["errors"]))


def live(**more) -> StreamLive:
    return StreamLive(NOW, (StreamMinute(1), StreamMinute(2)), **more)


def test_an_hour_is_the_sum_of_its_minutes_and_a_mean_of_nothing_is_none():
    one = StreamMinute(1, decided=3, granted=2, pd=0.6, exposure=10.0, loss=1.0, outside=1, refused=2)
    other = StreamMinute(2, decided=1, granted=0, pd=0.4, exposure=5.0, loss=2.0)
    hour = StreamLive(NOW, (one, other)).hour
    assert (hour.decided, hour.granted, hour.outside, hour.refused) == (4, 2, 1, 2)
    assert (hour.mean_pd, hour.granted_share, hour.loss, hour.exposure) == (pytest.approx(0.25), 0.5, 3.0, 15.0)
    assert np.isnan(live().hour.mean_pd)
    assert np.isnan(live().hour.granted_share)


def test_a_process_runs_until_it_ends_or_is_not_heard_of():
    late = ALIVE.total_seconds() + 1
    assert live(processes=(process(1), process(late))).silent_since is None
    assert live(processes=(process(late), process(90))).silent_since == NOW - timedelta(seconds=late)
    assert live(processes=(process(1, ended=True),)).silent_since == NOW - timedelta(seconds=1)
    assert live().silent_since is None


def test_only_processes_that_run_count_for_rate_lag_and_errors():
    running = process(1, lag=5, rate=2.5, errors=1)
    found = live(processes=(running, running, process(500, lag=9, rate=9.0, errors=9)))
    assert (found.rate, found.lag, found.errors) == (5.0, 10, 2)


@given(st.lists(st.floats(0.2, 1e6), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 1.0]))
def test_a_latency_is_that_of_the_sorted_values_to_a_ninth(values: list[float], share: float):
    counts = np.bincount(np.searchsorted(LATENCIES, values), minlength=len(LATENCIES) + 1)
    exact = sorted(values)[int(np.ceil(round(share * len(values), 9))) - 1]
    assert exact <= live(latencies=counts).latency(share) * (1 + 1e-12)
    assert live(latencies=counts).latency(share) <= exact * 1.1221


def test_no_decision_took_any_time():
    assert np.isnan(live().latency(0.5))


def test_drift_of_counts_is_that_of_the_records_counted():
    rng = np.random.default_rng(3)
    then, now = rng.normal(size=(2, 500)), rng.normal(0.3, 1, size=(2, 400))
    now[0, :40] = np.nan
    snapshot = snapshot_of(then[:1], then[1])
    expected = drift(snapshot, now[:1], now[1])
    counts = tuple(np.round(each.actual * each.n).astype(np.int64) for each in expected)
    found = live(bins={"r": counts}).drifts("r", snapshot)
    assert [each.index for each in found] == [0, OF_PD]
    assert [each.psi for each in found] == pytest.approx([each.psi for each in expected])
    assert live(bins={"r": counts}).drifts("another", snapshot) == ()


@given(NAMES, NAMES)
def test_what_is_still_there_keeps_its_place(before: tuple[str, ...], latest: tuple[str, ...]):
    shown = kept_in_place(before, latest)
    assert sorted(shown) == sorted(latest)
    for k, each in enumerate(before[: len(latest)]):
        assert shown[k] == each or each not in latest
    new = [each for each in shown if each not in before]
    assert new == [each for each in latest if each not in before]


def test_the_first_ever_shown_stand_newest_first():
    assert kept_in_place((), ("c", "b", "a")) == ("c", "b", "a")
    assert kept_in_place(("c", "b", "a"), ("d", "c", "b")) == ("c", "b", "d")
