"""The briefing of a stream: a sentence and seven numbers of the last hour, its minutes, how far its applications lie
from the training, what was refused, who decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from data.contract import Contract, capitalised, lower
from model.monitoring.drift import OF_PD, Drift
from model.monitoring.stream import StreamDecision, StreamLive, StreamMinute, StreamReference
from model.monitoring.stream_course import StreamCourse
from model.report import numbers
from model.report.briefing import Briefing, Direction, Finding, Item, Link, Notice, Panel, Tile
from model.report.language import granting, lost_label, window_title
from model.report.stream import charts, words
from model.report.stream.course import course_items
from model.report.stream.tables import decisions_table, processes_table, refusals_table
from model.report.trust import charts as trust_charts
from model.report.trust import words as trust_words
from model.report.trust.drift import drift_table
from model.validation.validation import stability

DECISION = "decision"  # in an address of the customer page: the id of an application
WIDTHS = (30, 17, 23, 13, 17)  # of the columns of the latest decisions
MOST_DRIFTS = 6  # bars: the score and the inputs that moved most


def no_course() -> StreamCourse:
    """That of a stream of which no outcome is known."""
    return StreamCourse((), None, None, (), 0)


@dataclass(frozen=True, eq=False)
class StreamView:
    """What somebody looks at: a stream (``live``) of the ``contract`` 's book beside its ``reference``, None where the
    model's training is not known here; ``paused``: since when what stands there is held; ``default_book``: the one a
    stream decides that is not told which; ``withheld``: why single decisions are not shown to them, "" if they are;
    ``course``: asked how the models have done once somebody wants to know."""

    contract: Contract
    live: StreamLive
    reference: StreamReference | None
    paused: datetime | None = None
    default_book: str = ""
    withheld: str = ""
    course: Callable[[], StreamCourse] = no_course

    @property
    def begun(self) -> bool:
        """Whether a stream of the book ever ran, as far as is known."""
        return bool(self.live.processes or self.live.hour.decided or self.live.hour.refused)

    @property
    def drifts(self) -> tuple[Drift, ...]:
        """How far the hour's applications lie from the training of the release that answers now."""
        return () if self.reference is None else self.live.drifts(self.reference.release, self.reference.snapshot)


def stream_briefing(view: StreamView) -> Briefing:
    """What is said of a stream."""
    contract, live = view.contract, view.live
    title = window_title(contract, "Stream", ())
    if not view.begun:
        told = words.invitation(contract, view.default_book)
        return Briefing("stream", told, (), title=title, method=_method(view))
    return Briefing(
        "stream",
        words.stream_sentence(contract, live),
        tiles=stream_tiles(view),
        below=" ".join(_below(view)),
        make_findings=lambda: _findings(view),
        panels=_panels(view),
        method=_method(view),
        foot=f"{contract.book.title} · times in this machine's own zone",
        title=title,
    )


def _below(view: StreamView) -> list[str]:
    """Of which moment all of it is; that nothing moves, and why, or how to have something move."""
    live, told = view.live, list[str]()
    told.append(words.as_of(live.at) if view.paused is None else words.paused_words(view.paused))
    if live.silent_since is not None:
        told.append(f"Start one with: {words.start_command(view.contract, view.default_book)}")
    elif not live.hour.decided:
        told.append(words.waiting_words())
    if live.errors:
        told.append(f"{numbers.counted(live.errors, 'error')} of Kafka since the processes started.")
    return told


# ---- numbers --------------------------------------------------------------------------------------------------------


def stream_tiles(view: StreamView) -> tuple[Tile, ...]:
    """The numbers of the last hour; greyed where no process runs."""
    live, muted = view.live, not view.live.alive
    found = (
        _rate_tile(live),
        _granted_tile(view),
        _pd_tile(view),
        _loss_tile(view),
        drift_tile(view),
        _refused_tile(live),
        _latency_tile(live),
    )
    return tuple(replace(each, muted=muted) for each in found)


def _rate_tile(live: StreamLive) -> Tile:
    processes = numbers.counted(len(live.alive), "process") if live.alive else "no process now"
    notes = (f"{numbers.plain(live.hour.decided)} in the last hour", f"by {processes}")
    return Tile("Decisions a second", words.rate_words(live.rate) if live.alive else "none", notes=notes)


def _granted_tile(view: StreamView) -> Tile:
    hour, reference = view.live.hour, view.reference
    return _share_tile(
        granting(view.contract).capitalize(),
        hour.granted_share,
        level=np.nan if reference is None else reference.granted,
        name="the book",
        risk=False,
    )


def _pd_tile(view: StreamView) -> Tile:
    reference = view.reference
    return _share_tile(
        f"Mean PD, {view.contract.book.pd_horizon}",
        view.live.hour.mean_pd,
        level=np.nan if reference is None else reference.pd,
        name=_pd_level_name(reference),
        risk=True,
    )


def _share_tile(label: str, share: float, *, level: float, name: str, risk: bool) -> Tile:
    """A share of the hour beside the ``level`` of that ``name``; NaN where one of them is not known. ``risk``: more of
    it is more risk."""
    if np.isnan(share):
        return Tile(label, "–")
    if np.isnan(level):
        return Tile(label, numbers.percent(share))
    difference = round(share, 3) - round(level, 3)  # of the numbers shown
    same = abs(difference) < 0.0005
    direction: Direction = ""
    if risk and not same:
        direction = "worse" if difference > 0 else "better"
    notes = (f"{name}: {numbers.percent(level)}",)
    return Tile(
        label,
        numbers.percent(share),
        change="" if same else numbers.points(difference),
        direction=direction,
        notes=notes,
    )


def _pd_level_name(reference: StreamReference | None) -> str:
    return "the training" if reference is not None and reference.trained else "the book"


def _loss_tile(view: StreamView) -> Tile:
    hour, currency = view.live.hour, view.contract.book.currency
    label = f"{lost_label(view.contract)}, last hour"
    if not hour.granted:
        return Tile(label, "–" if not hour.decided else numbers.money(0.0, currency))
    if not view.contract.in_money:
        return Tile(label, numbers.money(hour.loss, ""), notes=(f"of {hour.granted:,} {granting(view.contract)}",))
    share = numbers.percent(hour.loss / hour.exposure) if hour.exposure else "none"
    notes = (f"{share} of the exposure", f"{granting(view.contract)}, {numbers.money(hour.exposure, currency)}")
    return Tile(label, numbers.money(hour.loss, currency), notes=notes)


def drift_tile(view: StreamView) -> Tile:
    """How far the score has moved since the training, told of enough applications only."""
    label, drifts = "Drift of the score, PSI", view.drifts
    score = next((each for each in drifts if each.index == OF_PD), None)
    if view.reference is None:
        return Tile(label, "–", notes=("the model's training", "is not known here"))
    if score is None or score.n < trust_words.FEW:
        return Tile(label, "too few", notes=(words.too_few(0 if score is None else score.n),))
    threshold = trust_words.stability_lines(view.contract, score)
    return Tile(
        label,
        f"{score.psi:.3f}",
        notes=(_moved_words(view.contract, drifts),),
        threshold=threshold,
        verdict=stability(view.contract, score),
    )


def _moved_words(contract: Contract, drifts: Sequence[Drift]) -> str:
    moved = [each for each in drifts if each.index != OF_PD and trust_words.drift_verdict(contract, each)[0] in "◐✗"]
    if not moved:
        return "no input has moved"
    worst = max(moved, key=lambda each: each.psi)
    label = lower(contract.inputs[worst.index].label)
    return f"{numbers.counted(len(moved), 'input')} moved: {label}" if len(moved) == 1 else f"{len(moved)} inputs moved"


def _refused_tile(live: StreamLive) -> Tile:
    hour = live.hour
    seen = hour.decided + hour.refused
    if not hour.refused:
        return Tile("Refused", "0", notes=("in the last hour",))
    most = live.refusals[0].about if live.refusals else ""
    about = f"most for {lower(most)}" if most else "most for the message itself"
    return Tile("Refused", numbers.plain(hour.refused), notes=(f"{numbers.percent(hour.refused / seen)} of all", about))


def _latency_tile(live: StreamLive) -> Tile:
    slow, usual = live.latency(0.95), live.latency(0.5)
    waiting = "none waiting" if not live.lag else f"{numbers.plain(live.lag)} waiting"
    notes = (waiting,) if live.alive else ()
    if np.isnan(slow):
        return Tile("95 % decided within", "–", notes=notes)
    return Tile("95 % decided within", words.took(slow), notes=(f"half within {words.took(usual)}", *notes))


# ---- findings -------------------------------------------------------------------------------------------------------


def _findings(view: StreamView) -> tuple[Item, ...]:
    """The hour by minute, in three charts one below the other; last how far the applications lie from the training."""
    over = view.live.minutes[:-1]
    busy = [each for each in over if each.decided]
    if not busy:
        text = "Drawn minute by minute, once the first is over."
        return (Finding("stream-minutes", "The hour by minute", text=(text,)), drift_finding(view))
    return (_arrivals(over, busy), _shares(view, over), _pds(view, over), drift_finding(view))


def _arrivals(over: Sequence[StreamMinute], busy: Sequence[StreamMinute]) -> Finding:
    last, most = busy[-1], max(busy, key=lambda each: each.decided)
    told = f"{numbers.counted(last.decided, 'application')} in the minute of {words.minute_of_day(last.begins)}"
    if most.decided > last.decided:
        told = f"{told}; at most {numbers.plain(most.decided)}, at {words.minute_of_day(most.begins)}"
    return Finding(
        "stream-arrivals",
        told,
        chart=charts.arrivals_chart(over),
        alt=charts.arrivals_in_words(over),
        shows="Applications decided a minute",
    )


def _shares(view: StreamView, over: Sequence[StreamMinute]) -> Finding:
    word, level = granting(view.contract), np.nan if view.reference is None else view.reference.granted
    values = [each.granted_share for each in over]
    span = words.span_words(values, level, "the book's")
    return Finding(
        "stream-granted",
        f"{capitalised(word)}: {span}",
        chart=charts.shares_chart(over, values, level),
        alt=charts.shares_in_words(f"Share {word}", over, values),
        shows=f"Share {word} by minute, %",
    )


def _pds(view: StreamView, over: Sequence[StreamMinute]) -> Finding:
    reference, values = view.reference, [each.mean_pd for each in over]
    level = np.nan if reference is None else reference.pd
    span = words.span_words(values, level, f"{_pd_level_name(reference)}'s")
    return Finding(
        "stream-pd",
        f"Mean PD, {view.contract.book.pd_horizon}: {span}",
        chart=charts.shares_chart(over, values, level),
        alt=charts.shares_in_words("Mean PD", over, values),
        shows="Mean PD by minute, %",
    )


def drift_finding(view: StreamView) -> Finding:
    """How far the score and the inputs that moved most lie from the training, or why that is not told."""
    contract, drifts = view.contract, view.drifts
    title = "How far applications lie from the training"
    if view.reference is None:
        return Finding("stream-drift", title, text=("Not available: the model's training is not known here.",))
    if not drifts or drifts[0].n < trust_words.FEW:
        n = words.too_few(drifts[0].n if drifts else 0)
        told = f"Too few to tell it from chance: {n} decided by release {view.reference.release[:6]} in the last hour."
        return Finding("stream-drift", title, text=(told,))
    return Finding(
        "stream-drift",
        trust_words.drift_headline(contract, drifts, "the last hour against the training"),
        chart=trust_charts.drift(contract, drifts, height=charts.DRIFT_HEIGHT, most=MOST_DRIFTS),
        alt=trust_charts.drift_in_words(contract, drifts),
        shows="Population stability index, the last hour against the training",
    )


def decisions_finding(view: StreamView, decisions: Sequence[StreamDecision]) -> Item:
    """The latest decisions, each a link to its record and its reasons; why they are not shown to somebody."""
    title = "The latest decisions"
    if view.withheld:
        return Finding("stream-withheld", title, text=(view.withheld,))
    if not decisions:
        return Finding("stream-decisions", title, text=("None yet.",))
    links = tuple(Link(words.short_id(each.id), "customer", {DECISION: each.id}) for each in decisions)
    return Finding(
        "stream-decisions",
        title,
        table=decisions_table(view.contract, decisions),
        links=links,
        shape="links",
        widths=WIDTHS,
        offered=False,
    )


# ---- panels ---------------------------------------------------------------------------------------------------------


def _panels(view: StreamView) -> tuple[Panel, ...]:
    return (
        Panel(
            "_stream_course",
            "Champion and challenger since outcomes came",
            lambda _: course_items(view.course()),
        ),
        Panel("_stream_drift", "Drift of the score and of every input", lambda _: drift_items(view)),
        Panel("_stream_refused", "What was refused, and why", lambda _: refused_items(view)),
        Panel("_stream_processes", "Which processes decide", lambda _: _processes(view)),
    )


def drift_items(view: StreamView) -> tuple[Item, ...]:
    """How far the score and each input have moved since the training."""
    contract, drifts = view.contract, view.drifts
    if view.reference is None or not drifts or drifts[0].n < trust_words.FEW:
        return (Notice(" ".join(drift_finding(view).text)),)
    training = numbers.counted(view.reference.snapshot.n, "record")
    chance = trust_words.noise_words(drifts[0].n)
    note = f"{trust_words.limits_words(contract)} Against {training} of the training. {chance}"
    return (Finding("stream-drifts", table=drift_table(contract, drifts), shape="whole", note=note),)


def refused_items(view: StreamView) -> tuple[Item, ...]:
    """What messages were refused for. The reasons repeat what was given, so that they are told as decisions are."""
    live = view.live
    if not live.refusals:
        return (Finding("stream-refused", text=("No message was refused in the last hour.",)),)
    if view.withheld:
        return (Notice(view.withheld),)
    count = numbers.counted(live.hour.refused, "message")
    note = (
        "A message may be refused for several things. Each lies with its reasons and its whole text on the topic of "
        "what is refused, and can be sent again once it is put right."
    )
    headline = f"{count} refused in the last hour"
    return (
        Finding("stream-refused", headline, table=refusals_table(live), shape="texts", widths=(22, 11, 11), note=note),
    )


def _processes(view: StreamView) -> tuple[Item, ...]:
    table = processes_table(view.live.processes, view.live.at)
    return (Finding("stream-processes", table=table, shape="whole"),)


def _method(view: StreamView) -> str:
    book, expected = view.contract.book, lost_label(view.contract)
    return (
        "An application is decided by the release that was the champion when it was sent, at least once and the same "
        "each time. The numbers are sums over the last 60 minutes, of all processes together, written by each about "
        f"once a second; charts have the minutes that are over. {expected} ({book.pd_horizon}) is that "
        f"of those {granting(view.contract)}. Drift is the population stability index of the bins of the training, of "
        "the applications that the present release decided. Time is counted from the message's own timestamp to its "
        "decision, to a ninth of it. At most four decisions a second of each process are listed; all are counted, and "
        "all are on record where the stream records."
    )
