"""Sentences and texts of the stream page."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from data.contract import Contract
from model.monitoring.stream import StreamDecision, StreamLive, StreamProcess
from model.report import numbers
from model.report.language import decided, granting
from model.report.numbers import NBSP
from model.report.operations.words import moment
from model.report.trust.words import FEW

LONGEST_ID, ENDING = 18, 12  # letters of an application's id in a list, and of its end, which tells it from others
SLOW = 9.95  # decisions a second up to which a tenth is told


def start_command(contract: Contract, default_book: str) -> str:
    """What starts a stream of a book."""
    name = contract.book.name
    return "python -m model stream" if name == default_book else f"python -m model stream --book {name}"


def clock(at: datetime) -> str:
    """A time of day in this machine's own zone, to the second."""
    return at.astimezone().strftime("%H:%M:%S")


def minute_of_day(at: datetime) -> str:
    """The same to the minute."""
    return at.astimezone().strftime("%H:%M")


def since_words(since: datetime, now: datetime) -> str:
    """For how long and since when: by the time of day, with the day where that is another."""
    told = clock(since) if since.astimezone().date() == now.astimezone().date() else moment(since)
    return f"for {how_long(now - since)}, since {told}"


def how_long(span: timedelta) -> str:
    """How long something lasts, roughly: 12 seconds, 5 minutes, 3 hours, 2 days."""
    seconds = max(span.total_seconds(), 0.0)
    for size, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return numbers.counted(int(seconds // size), noun)
    return numbers.counted(int(seconds), "second")


def stream_sentence(contract: Contract, live: StreamLive) -> str:
    """What the last hour came to; why nothing comes where no process runs."""
    since = live.silent_since
    came = _hour_sentence(contract, live)
    if since is not None:
        stopped = f"No stream process has been heard of {since_words(since, live.at)}."
        return f"{stopped} {came}" if live.hour.decided else stopped
    return came


def _hour_sentence(contract: Contract, live: StreamLive) -> str:
    hour, currency = live.hour, contract.book.currency
    if not hour.decided:
        return "The stream runs and waits: in the last hour nothing was decided."
    were = "was" if hour.decided == 1 else "were"
    share = numbers.percent(hour.granted_share)
    loss = numbers.money(hour.loss, currency)
    expected = f"an expected loss of {loss}" if contract.in_money else f"{loss} expected defaults"
    lost = f", at {expected}" if hour.granted else ""
    came = numbers.counted(hour.decided, "application")
    return f"In the last hour {came} {were} decided, {share} {granting(contract)}{lost}."


def invitation(contract: Contract, default_book: str) -> str:
    """What is to be done where no stream of a book ever ran."""
    return (
        "No stream of this book has run yet. Once one does, its decisions stand here as they are made. Start it with: "
        f"{start_command(contract, default_book)}"
    )


def waiting_words() -> str:
    """What makes something come where a stream runs and nothing does."""
    return "To see it decide, play the book's own records as applications: python -m model simulate --rate 20"


def rate_words(value: float) -> str:
    """Decisions a second: 0.4, 214."""
    return numbers.plain(value, 1 if 0 < value < SLOW else 0)


def took(milliseconds: float) -> str:
    """How long a decision took: 4 ms, 1.2 s, 3 minutes."""
    if milliseconds < 1:
        return f"less than 1{NBSP}ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f}{NBSP}ms"
    if milliseconds < 99_950:
        return f"{milliseconds / 1000:.1f}{NBSP}s"
    return how_long(timedelta(milliseconds=milliseconds))


def span_words(shares: Sequence[float], level: float, whose: str) -> str:
    """Between what and what shares in [0, 1] lie that are not NaN, and the ``level`` drawn beside them, NaN for none:
    "70.1 % to 73.4 % a minute; dashed, the book's 71.7 %"."""
    known = [each for each in shares if not np.isnan(each)]
    low, high = numbers.percent(min(known)), numbers.percent(max(known))
    span = f"{low} to {high} a minute" if low != high else f"{low} every minute"
    return span if np.isnan(level) else f"{span}; dashed, {whose} {numbers.percent(level)}"


def too_few(n: int) -> str:
    """That drift cannot be told of so few."""
    return f"{numbers.plain(n)} of {FEW} applications"


def as_of(at: datetime) -> str:
    """Of which moment the numbers are."""
    return f"As of {clock(at)}."


def paused_words(since: datetime) -> str:
    """That what stands there does not move, and the stream does."""
    return f"Paused at {clock(since)}: nothing here moves. The stream itself goes on."


def short_id(identity: str) -> str:
    """An application's id as it stands in a list: of a long one its beginning and its end."""
    if len(identity) <= LONGEST_ID:
        return identity
    return f"{identity[: LONGEST_ID - ENDING - 1]}…{identity[-ENDING:]}"


def decision_word(contract: Contract, each: StreamDecision) -> str:
    """What was decided."""
    return decided(contract, each.granted)


def process_state(each: StreamProcess, at: datetime) -> str:
    """Whether a process runs."""
    if each.ended is not None:
        return f"ended {clock(each.ended)}"
    return "● running" if each.alive(at) else f"○ not heard of since {clock(each.beat)}"
