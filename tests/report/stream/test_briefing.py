"""What is said of a stream: every number that of its minutes, and nothing told that too few applications tell."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contract import Contract
from model.monitoring.stream import (
    LATENCIES,
    RefusedAbout,
    StreamDecision,
    StreamLive,
    StreamMinute,
    StreamProcess,
    StreamReference,
)
from model.release.release import Release
from model.report import numbers
from model.report.briefing import Briefing, Finding, Tile
from model.report.stream import charts, words
from model.report.stream.briefing import StreamView, decisions_finding, refused_items, stream_briefing
from model.report.stream.opened import opened_notice
from model.report.trust.words import FEW

NOW = datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)
LAST = int(NOW.timestamp()) // 60
RUNNING = StreamProcess("one", NOW - timedelta(hours=2), NOW, None, "abcdef123456", lag=1234, rate=4.25, errors=0)
DECISION = StreamDecision(
    "A-1",
    NOW,
    NOW,
    release="abcdef123456",
    pd=0.123,
    score=541,
    granted=True,
    exposure=1000.0,
    loss=100.0,
    outside=False,
    record=(1.0,),
    average=520.0,
    reasons=(("limit", 21.0),),
)


def minute(ago: int, decided: int, granted: int = 0, **more: float) -> StreamMinute:
    return StreamMinute(LAST - ago, decided, granted, **more)  # type: ignore[arg-type]


def live(*minutes: StreamMinute, **more) -> StreamLive:
    """An hour with these minutes in it, and nothing in the others."""
    hour = {LAST - ago: StreamMinute(LAST - ago) for ago in reversed(range(60))} | {
        each.minute: each for each in minutes
    }
    return StreamLive(NOW, tuple(hour.values()), **({"processes": (RUNNING,)} | more))


@pytest.fixture(scope="module")
def reference(release: Release) -> StreamReference:
    return StreamReference(release.id, granted=0.717, pd=0.221, trained=True, snapshot=release.snapshot)


@pytest.fixture
def view(contract: Contract, reference: StreamReference) -> StreamView:
    lent = {"granted": 150, "pd": 44.2, "exposure": 1e6, "loss": 8e4}
    latencies = np.bincount(np.searchsorted(LATENCIES, [12.0] * 94 + [500.0] * 6), minlength=len(LATENCIES) + 1)
    own = live(minute(5, 200, **lent), minute(2, 50, granted=20, pd=20.0), latencies=latencies)
    return StreamView(contract, own, reference, default_book="cards")


def tile(said: Briefing, label: str) -> Tile:
    """A number by its label, with plain spaces."""
    (found,) = [each for each in said.tiles if each.label == label]
    notes = tuple(map(spaced, found.notes))
    return replace(found, value=spaced(found.value), change=spaced(found.change), notes=notes)


def spaced(text: str) -> str:
    return text.replace(numbers.NBSP, " ")


def bins(release: Release, n: int, moved: bool = False) -> dict[str, tuple[np.ndarray, ...]]:
    """So many applications, distributed as the training was, or all in the first bin."""
    shares = [np.eye(len(each))[0] if moved else each for each in release.snapshot.shares]
    return {release.id: tuple(np.round(n * each).astype(np.int64) for each in shares)}


def test_sentence_and_numbers_are_those_of_the_hour(view: StreamView):
    said = stream_briefing(view)
    assert spaced(said.sentence) == (
        "In the last hour 250 applications were decided, 68.0 % granted, at an expected loss of NT$ 80,000."
    )
    assert tile(said, "Decisions a second").value == "4.2"
    granted, pd = tile(said, "Granted"), tile(said, "Mean PD, one month")
    assert (granted.value, granted.change, granted.direction) == ("68.0 %", "−3.7 points", "")
    assert (pd.value, pd.change, pd.direction) == ("25.7 %", "+3.6 points", "worse")
    assert tile(said, "Expected loss, last hour").notes == ("8.0 % of the exposure", "granted, NT$ 1.0 m")
    took = tile(said, "95 % decided within")
    assert (took.value, took.notes) == ("501 ms", ("half within 13 ms", "1,234 waiting"))
    assert not any(each.muted for each in said.tiles)


def test_one_application_is_one(view: StreamView):
    said = stream_briefing(replace(view, live=live(minute(0, 1))))
    assert spaced(said.sentence) == "In the last hour 1 application was decided, 0.0 % granted."


def test_a_difference_that_is_none_is_not_told(view: StreamView, reference: StreamReference):
    same = replace(reference, granted=170 / 250, pd=64.2 / 250)
    said = stream_briefing(replace(view, reference=same))
    assert (tile(said, "Granted").change, tile(said, "Mean PD, one month").change) == ("", "")


def test_a_model_of_which_nothing_is_known_has_nothing_to_be_held_against(view: StreamView):
    said = stream_briefing(replace(view, reference=None))
    assert tile(said, "Granted").notes == ()
    assert tile(said, "Drift of the score, PSI").value == "–"
    assert "not known here" in said.findings[-1].text[0]  # type: ignore[union-attr]


@pytest.mark.parametrize(("n", "told"), [(FEW - 20, "too few"), (4 * FEW, "0.0")])
def test_drift_is_told_of_enough_applications_only(view: StreamView, release: Release, n: int, told: str):
    seen = replace(view, live=live(minute(1, n), bins=bins(release, n)))
    assert tile(stream_briefing(seen), "Drift of the score, PSI").value.startswith(told)


def test_drift_beyond_the_contracts_threshold_does_not_hold(view: StreamView, release: Release):
    seen = replace(view, live=live(minute(1, 1000), bins=bins(release, 1000, moved=True)))
    said = stream_briefing(seen)
    found = tile(said, "Drift of the score, PSI")
    assert found.verdict == "does not hold"
    assert found.threshold == "below 0.10, at most 0.25"
    chart = said.findings[-1]
    assert isinstance(chart, Finding)
    assert "inputs have moved by 0.10 or more" in chart.headline


def test_the_applications_of_another_release_say_nothing_of_this_ones_drift(view: StreamView, release: Release):
    other = {"another": bins(release, 1000, moved=True)[release.id]}
    seen = replace(view, live=live(minute(1, 1000), bins=other))
    assert tile(stream_briefing(seen), "Drift of the score, PSI").value == "too few"


def test_refusals_are_told_by_what_they_are_about_and_without_reasons_to_who_may_not_see_them(view: StreamView):
    about = (RefusedAbout("Credit limit", 7, "5 was given"), RefusedAbout("", 3, "no JSON"))
    seen = replace(view, live=live(minute(1, 90, refused=9), refusals=about))
    found = tile(stream_briefing(seen), "Refused")
    assert (found.value, found.notes) == ("9", ("9.1 % of all", "most for credit limit"))
    (shown,) = refused_items(seen)
    assert isinstance(shown, Finding)
    assert shown.table is not None
    assert [(row[0], row[1], row[3], row[4]) for row in shown.table.exact] == [
        ("Credit limit", 7, 0.7, "5 was given"),
        ("the message as a whole", 3, 0.3, "no JSON"),
    ]
    (hidden,) = refused_items(replace(seen, withheld="Ask somebody."))
    assert "5 was given" not in str(hidden)


def test_single_decisions_are_links_by_id_and_withheld_from_who_may_not_see_them(view: StreamView):
    shown = decisions_finding(view, (DECISION,))
    assert isinstance(shown, Finding)
    assert (shown.links[0].subject, dict(shown.links[0].query)) == ("customer", {"decision": "A-1"})
    assert shown.table is not None
    assert tuple(map(spaced, shown.table.texts().rows[0][2:])) == ("granted", "541", "12.3 %")
    assert "A-1" not in str(decisions_finding(replace(view, withheld="Ask somebody."), (DECISION,)))


def test_of_a_long_id_the_end_is_shown_and_all_of_it_followed(view: StreamView):
    shown = decisions_finding(view, (replace(DECISION, id="x" * 196 + "4711"),))
    assert isinstance(shown, Finding)
    label = shown.links[0].label
    assert (len(label), label[:1], "…" in label, label[-4:]) == (words.LONGEST_ID, "x", True, "4711")
    assert shown.links[0].query["decision"] == "x" * 196 + "4711"


def test_a_stream_that_stopped_is_greyed_and_told_how_to_start(view: StreamView):
    stopped = replace(RUNNING, beat=NOW - timedelta(minutes=12))
    said = stream_briefing(replace(view, live=live(minute(5, 20), processes=(stopped,)), default_book="other"))
    assert "No stream process has been heard of for 12 minutes, since " in said.sentence
    assert all(each.muted for each in said.tiles)
    assert said.below.endswith("python -m model stream --book cards")


def test_charts_have_the_minutes_that_are_over(view: StreamView):
    bars, shares, *_ = stream_briefing(
        replace(view, live=live(minute(0, 99), minute(2, 50, granted=20, pd=20.0)))
    ).findings
    assert isinstance(bars, Finding)
    assert isinstance(shares, Finding)
    assert bars.chart is not None
    assert sum(bars.chart["data"][0]["y"]) == 50
    assert shares.chart is not None
    assert [each for each in shares.chart["data"][0]["y"] if each is not None] == [40.0]
    assert spaced(shares.headline) == "Granted: 40.0 % every minute; dashed, the book's 71.7 %"


def test_before_the_first_minute_is_over_there_is_no_chart(view: StreamView):
    first, _ = stream_briefing(replace(view, live=live(minute(0, 99)))).findings
    assert isinstance(first, Finding)
    assert first.chart is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=59), st.floats(0, 1))
def test_whatever_the_shares_the_axis_holds_them_and_the_line(values: list[float], level: float):
    minutes = [minute(59 - k, 1) for k in range(len(values))]
    figure = charts.shares_chart(minutes, values, level)
    low, high = figure["layout"]["yaxis"]["range"]
    assert 0 <= low <= 100 * min(*values, level) <= 100 * max(*values, level) <= high <= 100


@given(st.integers(0, 10**7))
def test_whatever_comes_the_axis_of_counts_holds_it(most: int):
    figure = charts.arrivals_chart([minute(1, most)])
    low, high = figure["layout"]["yaxis"]["range"]
    assert low == 0 < high
    assert most <= high <= max(10 * most, 1)


@pytest.mark.parametrize(
    ("milliseconds", "told"), [(0.3, "less than 1 ms"), (12.2, "12 ms"), (1500.0, "1.5 s"), (240_000.0, "4 minutes")]
)
def test_how_long_a_decision_took_is_told_in_a_unit_that_fits(milliseconds: float, told: str):
    assert spaced(words.took(milliseconds)) == told


def test_a_decision_whose_release_cannot_be_asked_says_what_it_said_and_why(contract: Contract):
    told = opened_notice(contract, DECISION, answers="fedcba", now=None, trouble="It is gone.")
    assert told.level == "warning"
    assert "granted, score 541, PD 12.3 %" in spaced(told.text)
    assert "Release abcdef cannot be asked any more: It is gone. The numbers below are those of fedcba." in told.text
