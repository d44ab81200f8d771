"""How champion and challenger have done since outcomes came in: by stretches of time, on the same outcomes."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from model.monitoring.stream_course import CourseEvent, CoursePair, CourseStretch, StreamCourse
from model.report import numbers, spreadsheet
from model.report.briefing import DISTANCE, FRACTION, Cell, Column, Finding, Item, Notice, Place, Table
from model.report.numbers import NBSP
from model.report.operations.words import moment, short_name
from model.report.stream import course_charts as charts
from model.report.trust.words import span, three

NO_OUTCOMES = (
    "No outcome of a decided application is known yet. A stream reads them where it is started with --outcomes: "
    "python -m model stream --outcomes outcomes"
)
WIDTHS = (17, 8, 18, 10)  # of what became of the models, in percent; the rest is why
EVENTS = {
    "renewed": "renewed, named challenger",
    "kept": "renewed, kept: a gate did not pass",
    "failed": "could not be renewed",
    "challenger": "became challenger",
    "champion": "became champion",
}


def course_items(course: StreamCourse) -> tuple[Item, ...]:
    """How the models have done: whether they rank, whether it came true, both side by side, what became of them."""
    if course.whole is None:
        return (Notice(NO_OUTCOMES), *_events(course.events))
    found: list[Item] = [_ranking(course), _predicted(course.stretches, course.whole)]
    found.append(_table(course.stretches))
    return (*found, *_events(course.events))


def against_words(pair: CoursePair | None) -> str:
    """Whether the challenger of today ranks better than the champion of today, as far as the outcomes of both tell."""
    if pair is None:
        return "No outcome is known yet that both champion and challenger predicted"
    names = f"challenger {short_name(pair.challenger.releases[0])}", f"champion {short_name(pair.champion.releases[0])}"
    of_both = f"On {numbers.counted(pair.n, 'outcome')} that both predicted"
    if np.isnan(pair.auc.value):
        return f"{of_both} nothing can be said yet of how {names[0]} ranks against {names[1]}"
    told = f"AUC {three(pair.challenger.auc.value)} against {three(pair.champion.auc.value)}"
    difference = f"{_apart(pair.auc.value)}, 95{NBSP}%: {_apart(pair.auc.low)} to {_apart(pair.auc.high)}"
    verdict = "ranks as well as" if pair.auc.low <= 0 <= pair.auc.high else "ranks better than"
    verdict = "ranks worse than" if pair.auc.high < 0 else verdict
    return f"{of_both}, {names[0]} {verdict} {names[1]}: {told} ({difference})"


def _apart(difference: float) -> str:
    """A difference of AUC with its sign; none where three digits tell none."""
    told = three(abs(difference))
    return told if told == three(0) else numbers.signed(told, difference)


def _ranking(course: StreamCourse) -> Finding:
    left = numbers.counted(course.left_out, "outcome")
    more = f"{left} that came before a decision {'is' if course.left_out == 1 else 'are'} left out." * bool(
        course.left_out
    )
    return Finding(
        "stream-course-auc",
        against_words(course.against),
        chart=charts.ranking_chart(course.stretches, course.events),
        alt=charts.ranking_in_words(course.stretches),
        note=f"Of a stretch of time with fewer than 30 outcomes of either kind no AUC is told. {more}".strip(),
        shows="AUC by when outcomes came",
    )


def _predicted(stretches: Sequence[CourseStretch], whole: CourseStretch) -> Finding:
    seen, said = whole.observed, whole.decided.predicted
    agrees = seen.low <= said <= seen.high
    held = "as far as chance goes that is what came" if agrees else "that is not what came"
    return Finding(
        "stream-course-rates",
        f"{numbers.percent(said)} was predicted of {numbers.counted(whole.n, 'application')} and "
        f"{numbers.percent(seen.value)} observed (95{NBSP}%: {numbers.percent(seen.low)} to "
        f"{numbers.percent(seen.high)}): {held}",
        chart=charts.rates_chart(stretches),
        alt=charts.rates_in_words(stretches),
        shows="Predicted and observed rates by when outcomes came, %",
    )


def _table(stretches: Sequence[CourseStretch]) -> Finding:
    beside: Place = "both" if any(each.beside for each in stretches) else "file"
    columns = (
        Column("Outcomes since", place="screen"),
        Column("Outcomes since, UTC", place="file"),
        Column("Applications", digits=0),
        Column("Observed", FRACTION, 1),
        Column("Predicted", FRACTION, 1),
        Column("AUC", digits=3),
        Column("AUC, 95 %", place="screen"),
        Column("PSI of the PD", digits=3),
        Column("Challenger, predicted", FRACTION, 1, place=beside),
        Column("Challenger, AUC", digits=3, place=beside),
        Column("Difference of AUC", digits=3, signed=True, place=beside),
        Column("Observed, low", DISTANCE, 2, place="file"),
        Column("Observed, high", DISTANCE, 2, place="file"),
        Column("Release", place="file"),
        Column("Challenger", place="file"),
    )
    rows = tuple(_row(each) for each in reversed(stretches))
    table = Table("stream-course", "How the models did, by when outcomes came, the latest first", columns, rows)
    return Finding("stream-course", table=table)


def _row(each: CourseStretch) -> tuple[Cell, ...]:
    began, pair, decided = _at(each.start), each.beside, each.decided
    beside: tuple[Cell, ...] = (None, None, None)
    if pair is not None:
        own = pair.challenger
        beside = (own.predicted, numbers.finite(own.auc.value), numbers.finite(pair.auc.value))
    return (
        *(moment(began, exact=True), spreadsheet.moment(began), each.n, each.observed.value, decided.predicted),
        *(numbers.finite(decided.auc.value), span(decided.auc), numbers.finite(decided.psi)),
        *beside,
        *(each.observed.low, each.observed.high, ", ".join(decided.releases)),
        "" if pair is None else ", ".join(pair.challenger.releases),
    )


def _events(events: Sequence[CourseEvent]) -> tuple[Item, ...]:
    """Which release was renewed, named, promoted, and by whom."""
    if not events:
        return ()
    columns = (
        Column("When", place="screen"),
        Column("When, UTC", place="file"),
        Column("Release"),
        Column("What happened"),
        Column("Who"),
        Column("Why"),
    )
    rows = tuple(
        (
            *(moment(_at(each.at), exact=True), spreadsheet.moment(_at(each.at)), short_name(each.release)),
            *(EVENTS[each.kind], each.who, each.why),
        )
        for each in reversed(events)
    )
    table = Table("stream-course-events", "What became of the models meanwhile, the latest first", columns, rows)
    headline = "What became of the models meanwhile"
    return (Finding("stream-course-events", headline, table=table, shape="texts", widths=WIDTHS),)


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
