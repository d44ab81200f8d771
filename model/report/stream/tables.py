"""The tables of the stream page: the latest decisions, what was refused, who decides."""

from collections.abc import Sequence
from datetime import datetime

from data.contract import Contract
from model.monitoring.stream import StreamDecision, StreamLive, StreamProcess
from model.report import numbers, spreadsheet
from model.report.briefing import FRACTION, Cell, Column, Table
from model.report.operations.words import short_name
from model.report.stream import words

WHOLE_MESSAGE = "the message as a whole"


def decisions_table(contract: Contract, decisions: Sequence[StreamDecision]) -> Table:
    """What was decided of each application, as it is read."""
    columns = (
        Column("Application"),
        Column("Decided"),
        Column("Decision"),
        Column("Score", digits=0),
        Column("PD"),
    )
    rows = tuple(
        (
            *(words.short_id(each.id), words.clock(each.decided_at), words.decision_word(contract, each)),
            *(each.score, numbers.percent(each.pd)),
        )
        for each in decisions
    )
    return Table("stream-decisions", "The latest decisions", columns, rows)


def refusals_table(live: StreamLive) -> Table:
    """What the messages were refused for, the most frequent first."""
    columns = (
        Column("About"),
        Column("Refusals", digits=0),
        Column("Share", place="screen"),
        Column("Share", FRACTION, 1, place="file"),
        Column("A reason, the latest"),
    )
    total = sum(each.count for each in live.refusals)
    rows = tuple(
        (
            *(each.about or WHOLE_MESSAGE, each.count, numbers.percent(each.count / total), each.count / total),
            each.reason,
        )
        for each in live.refusals
    )
    return Table("stream-refused", "Messages refused in the last hour, by what they are about", columns, rows)


def processes_table(processes: Sequence[StreamProcess], at: datetime) -> Table:
    """Who decides, or did within a day."""
    columns = (
        Column("Process"),
        Column("State", place="screen"),
        Column("Started", place="screen"),
        Column("Release", place="screen"),
        Column("Waiting", digits=0, help="Messages in its partitions that it has not read yet"),
        Column("Decisions a second", digits=1),
        Column("Errors", digits=0),
        Column("Started, UTC", place="file"),
        Column("Last heard of, UTC", place="file"),
        Column("Release, whole", place="file", in_file="Release"),
    )
    rows = tuple(_process_row(each, at) for each in processes)
    return Table("stream-processes", "Stream processes of the last day", columns, rows)


def _process_row(each: StreamProcess, at: datetime) -> tuple[Cell, ...]:
    runs = each.alive(at)
    numbers_now: tuple[Cell, ...] = (each.lag, each.rate, each.errors) if runs else (None, None, each.errors)
    return (
        *(each.name, words.process_state(each, at), words.clock(each.started), short_name(each.release) or "–"),
        *numbers_now,
        *(spreadsheet.moment(each.started), spreadsheet.moment(each.seen), each.release),
    )
