"""Sentences of the operations page: what is deployed, how it answers, how the challenger differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np

from data.contract import Contract
from data.json_types import Json
from model.engine.identity import MOVED, Deployed, PrecisionCost
from model.monitoring.live import Call
from model.release.gate import Gate, ranks_by_chance
from model.release.promotion import NO_REASON, blocking_gates
from model.release.report import ReleaseReport
from model.report import numbers
from model.report.language import granting
from model.report.numbers import NBSP
from model.report.operations.status import (
    OperationsStatus,
    Probe,
    RecordState,
    RemoteServer,
    ShadowState,
    Titled,
)
from model.report.release import words as release_words
from model.report.trust.words import MARKS

KINDS = {
    "score": "scored by request",
    "upload": "file scored",
    "whatif:customer": "what-if, {}",
    "whatif:book": "what-if, book",
    "whatif:policy": "what-if, policy",
}
PROTOCOLS = {"oip": "Open Inference Protocol v2", "kserve": "KServe v1", "mlflow": "MLflow"}
READ_A_SECOND = 200_000  # records read and scored, on two cores that have other work too
COUNTS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
OPEN_RECORDED = "Open this what-if on its page"
State = Literal["holds", "watch", "failed", "not in use"]


@dataclass(frozen=True)
class Check:
    """One thing that is looked after: its ``name``, how it stands, and what was found. What is ``watched`` about it is
    named in the page's first sentence; what is not in use neither holds nor fails."""

    name: str
    state: State
    found: str
    watched: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, holds: bool, found: str) -> "Check":
        """One that holds or has failed."""
        return cls(name, "holds" if holds else "failed", found)

    @property
    def marked(self) -> str:
        """How it stands, with the sign that the trust page has for it: ✓ holds."""
        sign = {"holds": MARKS["holds"], "watch": MARKS["watch"], "failed": MARKS["does not hold"], "not in use": "–"}
        return f"{sign[self.state]} {self.state}"


def moment(at: datetime | None, exact: bool = False) -> str:
    """A time in this machine's own zone: 22 Nov 2026, 18:26; ``exact`` to the second."""
    wanted = "%d %b %Y, %H:%M:%S" if exact else "%d %b %Y, %H:%M"
    return at.astimezone().strftime(wanted).lstrip("0") if at is not None else "never"


def replaced(before: str, now: str, until: datetime | None, linked: bool = False) -> str:
    """What is told of a what-if that another model answered when it was set, or when its link was made; models by their
    short names."""
    when = f" until {moment(until)}" if until is not None else ""
    since = "this link was made" if linked else "you set this"
    return f"Since {since}, the model changed: {before}{when}, now {now}. The numbers below are the new model's."


def milliseconds(value: float) -> str:
    """How long an answer took."""
    if np.isnan(value):
        return "–"
    return f"less than 1{NBSP}ms" if value < 0.5 else f"{value:,.0f}{NBSP}ms"


def latest(calls: int) -> str:
    """What a figure of the latest calls rests on."""
    return {0: "no call yet", 1: "of the latest call"}.get(calls, f"of the latest {calls:,} calls")


def failed(share: float) -> str:
    """How many of the calls failed."""
    return numbers.percent(share) if share else "none"


def last(at: datetime | None) -> str:
    """When a call last failed."""
    return f"the last on {moment(at)}" if at is not None else "since the start"


def calls_asked(calls: int, share: float) -> str:
    """How often a service was asked, and how often it could not answer."""
    if not calls:
        return "no call yet"
    return f"{numbers.counted(calls, 'call')}, {failed(share)} failed"


def operations_headline(model: Deployed, title: str, since: datetime | None, checks: Sequence[Check]) -> str:
    """The first sentence: what answers, since when, whether all is well, and what is to be watched."""
    used = [each for each in checks if each.state != "not in use"]
    wrong = [each.name.lower() for each in used if each.state == "failed"]
    watched = [each for check in used for each in check.watched]
    state = "no check failed" if watched else "every check holds"
    if wrong:
        state = f"{len(wrong)} of {numbers.counted(len(used), 'check')} failed: {', '.join(wrong)}"
    if watched:
        count = f"{COUNTS.get(len(watched), len(watched))} {'gates' if len(watched) > 1 else 'gate'}"
        state += f"; {count} to watch: {' and '.join(watched)}"
    does = f"has answered for {title} since {moment(since)}" if since is not None else f"answers for {title}"
    return f"{model.words[:1].upper()}{model.words[1:]} {does}; {state}."


def gates(report: ReleaseReport, protected: bool = True) -> Check:
    """How the deployed release stands with its gates; figures of fairness are told to whoever may see ``protected``
    attributes."""
    verdicts = [release_words.verdict(gate) for gate in report.gates]
    clauses = [f"{verdicts.count('passed')} of {len(verdicts)} passed before the release"]
    watched = [gate for gate in report.gates if release_words.verdict(gate) == "watch"]
    passed_over = blocking_gates(report.gates)
    for head, some in (("Overridden", passed_over), ("To watch", watched)):
        if some:
            clauses.append(f"{head}: {'; '.join(release_words.briefly(gate, protected) for gate in some)}")
    state: State = "watch" if watched else "holds"
    if passed_over:
        state = "failed"
    return Check("Gates", state, ". ".join(clauses), tuple(release_words.subject(gate, protected) for gate in watched))


def checks(status: OperationsStatus, protected: bool = True) -> tuple[Check, ...]:
    """Is all well? In this order: the model, the record, its gates, its challenger."""
    checked = [answers(status.answers, status.server), recording(status.record)]
    if status.release is not None:
        checked.append(gates(status.release.report, protected))
    if status.shadow is not None:
        checked.append(shadowing(status.shadow))
    return tuple(checked)


def answers(probe: Probe, server: RemoteServer | None) -> Check:
    """Whether the model answers, where and how fast."""
    where = "in this process" if server is None else f"at {server.host}"
    return Check.of("Answers", probe.well, probe.trouble or f"{where}, in {milliseconds(probe.milliseconds)}")


def precision(cost: PrecisionCost) -> str:
    """What it costs that the server takes fewer digits than there are."""
    kinds = " and ".join(cost.datatypes)
    if not cost.inputs:
        return f"{kinds} holds every number of {numbers.counted(cost.customers, 'customer')} asked about exactly"
    moved = f"{cost.moved:,} of {cost.customers:,}" if cost.moved else f"none of {cost.customers:,}"
    return (
        f"{kinds} rounds {', '.join(cost.inputs[:6])}: that moves a PD by at most {100 * cost.worst:.2g}{NBSP}points, "
        f"{moved} customers by more than {100 * MOVED:g}"
    )


def repeating(spread: float) -> str:
    """How far a model gives the same answer twice."""
    return f"within {100 * spread:.2g}{NBSP}points of the PD" if spread else "to the last digit"


def recording(record: RecordState) -> Check:
    """Whether what is asked is recorded."""
    if record.trouble or record.on:
        return Check.of("Record", not record.trouble, record.trouble or "calls and what-ifs are being recorded")
    return Check("Record", "not in use", "switched off")


def shadowing(shadow: ShadowState) -> Check:
    """Whether a challenger scores along."""
    name, short = "Challenger", shadow.challenger[:6]
    if not shadow.challenger:
        return Check(name, "not in use", "none named")
    if shadow.served:
        return Check(name, "not in use", f"{short}; {not_served(shadow.served)}")
    if not shadow.on:
        return Check(name, "not in use", f"{short}, shadow scoring switched off")
    dropped = f", {numbers.counted(shadow.dropped, 'call')} dropped" if shadow.dropped else ""
    return Check.of(name, not shadow.trouble, shadow.trouble or f"{short} scores along{dropped}")


def roles(release: str, aliases: Mapping[str, str]) -> str:
    """The aliases that point to a release: champion, previous."""
    return ", ".join(alias for alias, target in aliases.items() if target == release)


def release_label(manifest: Mapping[str, Json], aliases: Mapping[str, str]) -> str:
    """A release where one is chosen."""
    parts = (str(manifest["id"])[:6], roles(manifest["id"], aliases), f"trained {trained(manifest)}")
    return " · ".join(filter(None, parts))


def trained(manifest: Mapping[str, Json]) -> str:
    """When a release was made."""
    return moment(datetime.fromisoformat(str(manifest["created"])))


WHY = "Needed; kept in the history"
OVERRIDE = "Stands on the model card from then on"


def failed_gates(gates: Sequence[Gate]) -> str:
    """What stands in the way of a release, in words."""
    count = numbers.counted(len(gates), "gate")
    end = f" {NO_REASON}" if ranks_by_chance(gates) else ""
    return f"This release failed {count}: {'; '.join(map(release_words.briefly, gates))}.{end}"


def now_is(release: str, alias: str) -> str:
    """What came of a move of an alias."""
    return f"{release[:6]} is now the {alias}."


def unwritable(folder: Path, why: str) -> str:
    """Why no alias was moved where the disk refused."""
    return f"Nothing was changed: {folder} cannot be written. {why}."


def history_heading(moves: int) -> str:
    """What the list of moves of the aliases holds."""
    if not moves:
        return "No alias has moved, as far as is on record"
    return "Who changed who answers, the latest first" if moves > 1 else "Who changed who answers"


def difference_sentence(contract: Contract, records: int, first: str, apart: float, granted: int, declined: int) -> str:
    """How the challenger has differed so far."""
    turned, word = granted + declined, granting(contract)
    what = (
        f"{turned:,} would be decided otherwise: {granted:,} newly {word}, {declined:,} no longer {word}"
        if turned
        else "none would be decided otherwise"
    )
    since = moment(datetime.fromisoformat(first))
    many = numbers.counted(records, contract.book.record)
    return f"Of {many} scored since {since}, {what}. Probabilities differ by {pd_points(apart)} on average."


def pd_points(value: float) -> str:
    """A small difference of probabilities in percentage points, unsigned."""
    return numbers.points(value, 2 if value < 0.001 else 1).lstrip("+")


def not_served(title: str) -> str:
    """Why no challenger scores along on a book that the service does not answer for; ``title`` of the one it does."""
    return f"nothing is scored along: REST answers for the book “{title}” only"


def waiting(challenger: str, on: bool) -> str:
    """Why nothing is known yet of a challenger that is named."""
    if on:
        return f"The challenger {challenger[:6]} scores every REST request along; none has come yet."
    return f"The challenger {challenger[:6]} does not score along: WHATIF_SHADOW is off."


ELSEWHERE = "The challenger of a model elsewhere is that server's business; its own report tells of it."
NOT_RECORDING = "Recording is switched off: WHATIF_AUDIT is off. What was recorded before stands here."
NO_CALL = "No call is on record yet. What-ifs are recorded once they have stood for some seconds."


def challenger_missing(champion: str) -> str:
    """What to do when there is no challenger."""
    return (
        f"No release challenges the champion {champion[:6]}. One that is named challenger scores every request along "
        "and touches no answer; how the two differ is then told here."
    )


def kind(call: Call, told: Titled) -> str:
    """What a call was."""
    return KINDS.get(call.kind, call.kind).format(told.person)


def calls_heading(calls: int) -> str:
    """What the list of calls holds."""
    return "The latest call" if calls == 1 else f"The latest {calls:,} calls, the newest first"


def call_label(call: Call, told: Titled) -> str:
    """A call where one is chosen."""
    return f"{moment(call.at, exact=True)} · {kind(call, told)} · {call.who} · {call.id[:12]}"


def replayed_words(release: str, same: bool, found: str) -> str:
    """What came of a call done again; ``found`` as `replay` says it."""
    what = "gives the same numbers" if same else "gives other numbers than those on record"
    return f"Release {release[:6]}, which answered then, {what}. {found}"


NOTHING_MOVES = "Nobody is answered by it: it scores beside the champion, and no number of the book moves."


def short_name(release: str) -> str:
    """A release as it is called where both stand: its first six letters; "none" of none."""
    return release[:6] or "none"


def training_words(doing: str, share: float, seconds: float, still: float = 0.0) -> str:
    """How far a training is that has done a ``share`` of its work, in [0, 1], in ``seconds``; how long the rest takes
    at that pace, once there is one to tell by. For ``still`` seconds the share has stood: they are of the rest."""
    so_far = f"{doing} · {100 * share:.0f} % · {lasting(seconds)} so far"
    if share < 0.05 or seconds < 3:
        return f"{so_far} · time left not known yet"
    left = (seconds - still) * (1 / share - 1) - still
    if left < 1 and still > 1:
        return f"{so_far} · longer than it seemed"
    return f"{so_far} · about {lasting(max(left, 1))} left"


def untrained_headline(title: str) -> str:
    """What is said of a book without a release, to whoever may not have one trained."""
    return f"There is no released model of “{title}” here yet"


MEANWHILE = {
    "viewer": "Other books can be looked at meanwhile. Once there is a model, this page opens by itself.",
    "analyst": (
        "What an analyst can do meanwhile: work with the other books, save scenarios of them. Of this one, once there "
        "is a model: ask it, save scenarios, score files, do recorded calls again. This page then opens by itself."
    ),
}


def untrained_words(book: str, role: str) -> str:
    """Who has a first model trained, and what everybody else can do."""
    return (
        f"A first model is trained, and promoted if no gate is in the way, for who has the role admin: as soon as an "
        f"admin opens this page, or by the command `python -m model train --book {book}`. Nothing is begun for the "
        f"role {role}. {MEANWHILE.get(role, MEANWHILE['viewer'])}"
    )


def reading_headline(contract: Contract) -> str:
    """What is said while a book is read that was just picked."""
    return f"{contract.book.title} is being read"


def reading_note(contract: Contract, count: int) -> str:
    """What is done with its records, and how long that takes."""
    usual = numbers.counted(max(round(count / READ_A_SECOND), 2), "second")
    return (
        f"{numbers.counted(count, contract.book.record)}: each value is checked against the contract, and the deployed "
        f"model scores every one. Once, in about {usual}; no number stands here until they are this book's."
    )


def reading_words(contract: Contract, count: int, step: int, seconds: float) -> str:
    """How far that has come, after ``seconds``: at which of its two steps."""
    counted = numbers.counted(count, contract.book.record)
    doing = (f"Reading {counted}", f"Scoring {counted}")[step]
    return f"{doing} · step {step + 1} of 2 · {lasting(seconds)} so far"


def lasting(seconds: float) -> str:
    """A time as one says it: 40 s, 2 min 5 s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
