"""What is said of how models did on a stream: whether a difference is one, and nothing of too few outcomes."""

from dataclasses import replace

import numpy as np
import pytest

from model.monitoring.intervals import Estimate
from model.monitoring.stream_course import HOUR, CourseEvent, StreamCourse, course_of
from model.report import numbers
from model.report.briefing import Finding, Notice
from model.report.stream.course import against_words, course_items
from tests.monitoring.test_stream_course import CHALLENGER, CHAMPION, START, made

NAMED = CourseEvent(START + 4 * HOUR, "renewed", CHALLENGER)
PROMOTED = CourseEvent(START + 7 * HOUR, "champion", CHAMPION, "Ada", "It ranks better.")


@pytest.fixture(scope="module")
def course() -> StreamCourse:
    return course_of(made(), {}, champion=CHAMPION, challenger=CHALLENGER, events=(NAMED, PROMOTED))


def shown(course: StreamCourse) -> dict[str, Finding]:
    return {each.key: each for each in course_items(course) if isinstance(each, Finding)}


def test_before_any_outcome_it_says_how_they_are_read():
    (only,) = course_items(course_of(made(0), {}))
    assert isinstance(only, Notice)
    assert "--outcomes" in only.text


def test_a_challenger_that_ranks_better_beyond_chance_is_said_to_with_both_aucs(course: StreamCourse):
    pair = course.against
    assert pair is not None
    told = against_words(pair)
    assert f"On {numbers.plain(pair.n)} outcomes that both predicted" in told
    assert "challenger challe ranks better than champion champi" in told
    assert f"AUC {pair.challenger.auc.value:.3f} against {pair.champion.auc.value:.3f}" in told


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.01, 0.03, "ranks better than"), (-0.01, 0.01, "ranks as well as"), (-0.03, -0.01, "ranks worse than")],
)
def test_a_difference_is_one_where_its_interval_leaves_zero_out(
    course: StreamCourse, low: float, high: float, verdict: str
):
    assert course.against is not None
    pair = replace(course.against, auc=Estimate((low + high) / 2, low, high))
    assert verdict in against_words(pair)


def test_a_difference_that_three_digits_do_not_tell_has_no_sign(course: StreamCourse):
    assert course.against is not None
    told = against_words(replace(course.against, auc=Estimate(-0.0004, -0.003, 0.002)))
    assert "(0.000, 95" in told
    assert "−0.003 to +0.002)" in told


def test_of_too_few_outcomes_or_without_a_challenger_nothing_is_said_of_the_ranking(course: StreamCourse):
    few = course_of(made(60, challenged=0), {}, champion=CHAMPION, challenger=CHALLENGER)
    assert "nothing can be said yet" in against_words(few.against)
    assert "No outcome is known yet that both champion and challenger predicted" in against_words(None)


def test_where_no_challenger_predicted_anything_the_screen_has_no_columns_of_one(course: StreamCourse):
    alone = shown(course_of(made(challenged=1), {}, champion=CHAMPION))["stream-course"].table
    beside = shown(course)["stream-course"].table
    assert alone is not None
    assert beside is not None
    assert not [each for each in alone.texts().heads if "Challenger" in each or "Difference" in each]
    assert len([each for each in beside.texts().heads if "Challenger" in each or "Difference" in each]) == 3


def test_the_table_has_every_stretch_with_the_numbers_of_its_outcomes(course: StreamCourse):
    table = shown(course)["stream-course"].table
    assert table is not None
    assert len(table.exact) == len(course.stretches)
    latest, row = course.stretches[-1], table.exact[0]
    assert row[2:5] == (latest.n, latest.observed.value, latest.decided.predicted)
    assert row[5] == latest.decided.auc.value
    assert table.exact[-1][9] is None  # no challenger yet


def test_charts_have_a_point_a_stretch_and_gaps_where_there_is_none(course: StreamCourse):
    found = shown(course)
    ranking = found["stream-course-auc"].chart
    assert ranking is not None
    champion, challenger = ranking["data"]
    assert [each is None for each in challenger["y"]] == [each.beside is None for each in course.stretches]
    assert champion["y"] == pytest.approx([each.decided.auc.value for each in course.stretches], abs=1e-4)
    (line,) = ranking["layout"]["shapes"]  # the promotion; a renewal is no line
    width = course.stretches[0].end - course.stretches[0].start
    assert line["x0"] == pytest.approx((PROMOTED.at - course.stretches[0].start) / width - 0.5)
    rates = found["stream-course-rates"].chart
    assert rates is not None
    assert rates["data"][2]["y"] == pytest.approx([100 * each.observed.value for each in course.stretches], abs=1e-4)


def test_charts_leave_room_for_times_in_which_no_outcome_came():
    rows = made()
    hour = (rows.at - START) // HOUR
    gone = course_of(rows.chosen((hour < 2) | (hour >= 8)), {}, events=(PROMOTED,))
    found = shown(gone)["stream-course-auc"].chart
    assert found is not None
    champion, axis = found["data"][0], found["layout"]["xaxis"]
    lengths = [(each.start - START) / (HOUR / 2) for each in gone.stretches]  # of half an hour
    assert champion["x"] == pytest.approx(lengths)
    assert len(champion["x"]) == len(champion["y"]) == len(gone.stretches) == 8
    assert axis["range"] == pytest.approx([-0.6, 19.6])
    assert set(axis["tickvals"]) < set(champion["x"])
    assert min(np.diff(axis["tickvals"])) >= 3  # names stand as far apart as of twenty stretches without a gap
    assert found["layout"]["shapes"][0]["x0"] == pytest.approx(7 * 2 - 0.5)  # amid the gap


def test_the_chart_of_one_stretch_has_it_in_the_middle():
    found = shown(course_of(made(hours=0.0001), {}))["stream-course-rates"].chart
    assert found is not None
    assert (found["data"][2]["x"], found["layout"]["xaxis"]["range"]) == ([0], [-0.6, 0.6])


def test_whether_what_was_predicted_came_is_said_with_its_interval(course: StreamCourse):
    whole = course.whole
    assert whole is not None
    off = replace(whole, observed=Estimate(0.5, 0.49, 0.51), decided=replace(whole.decided, predicted=0.3))
    told = shown(replace(course, whole=off))["stream-course-rates"].headline
    assert "that is not what came" in told
    right = replace(whole, observed=Estimate(0.5, 0.49, 0.51), decided=replace(whole.decided, predicted=0.505))
    assert "as far as chance goes" in shown(replace(course, whole=right))["stream-course-rates"].headline


def test_what_became_of_the_models_stands_the_latest_first(course: StreamCourse):
    table = shown(course)["stream-course-events"].table
    assert table is not None
    assert [row[3] for row in table.exact] == ["became champion", "renewed, named challenger"]
    assert table.exact[0][4:] == ("Ada", "It ranks better.")


def test_outcomes_left_out_are_told(course: StreamCourse):
    assert (
        "7 outcomes that came before a decision are left out"
        in shown(replace(course, left_out=7))["stream-course-auc"].note
    )
