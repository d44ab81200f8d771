"""Sentences and rows of the operations page: what is deployed, how it answers, how the challenger differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np

from data.contract import Contract
from model.engine.identity import Deployed
from model.release.gate import blocking_gates
from model.report import numbers
from model.report.language import granting, people
from model.report.numbers import NBSP
from model.report.release import words as release_words
from model.report.trust.words import MARKS

KINDS = {
    "score": "scored by request",
    "upload": "file scored",
    "whatif:customer": "what-if, {}",
    "whatif:book": "what-if, book",
    "whatif:policy": "what-if, policy",
}
COUNTS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
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


def asked(calls: int, share: float) -> str:
    """How often a service was asked, and how often it could not answer."""
    if not calls:
        return "no call yet"
    return f"{numbers.counted(calls, 'call')}, {failed(share)} failed"


def headline(model: Deployed, title: str, since: datetime | None, checks: Sequence[Check]) -> str:
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


def gates(report: Mapping[str, Any], protected: bool = True) -> Check:
    """How the deployed release stands with its gates; figures of fairness are told to whoever may see ``protected``
    attributes."""
    told = [release_words.verdict(gate) for gate in report["gates"]]
    found = [f"{told.count('passed')} of {len(told)} passed before the release"]
    watched = [gate for gate in report["gates"] if release_words.verdict(gate) == "watch"]
    passed_over = blocking_gates(report["gates"])
    for head, some in (("Overridden", passed_over), ("To watch", watched)):
        if some:
            found.append(f"{head}: {'; '.join(release_words.briefly(gate, protected) for gate in some)}")
    state: State = "failed" if passed_over else "watch" if watched else "holds"
    return Check("Gates", state, ". ".join(found), tuple(release_words.subject(gate, protected) for gate in watched))


def roles(release: str, aliases: Mapping[str, str]) -> str:
    """The aliases that point to a release: champion, previous."""
    return ", ".join(alias for alias, target in aliases.items() if target == release)


def release_label(manifest: Mapping[str, Any], aliases: Mapping[str, str]) -> str:
    """A release where one is chosen."""
    parts = (str(manifest["id"])[:6], roles(manifest["id"], aliases), f"trained {_trained(manifest)}")
    return " · ".join(filter(None, parts))


def _trained(manifest: Mapping[str, Any]) -> str:
    return moment(datetime.fromisoformat(str(manifest["created"])))


def release_rows(
    contract: Contract,
    manifests: Sequence[Mapping[str, Any]],
    aliases: Mapping[str, str],
    reports: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[dict[str, str]]:
    """The releases of a book, the newest first; ``reports`` by release tell how they stand."""
    rows = []
    for each in reversed(manifests):
        rows.append(
            {
                "Release": str(each["id"]),
                "Role": roles(each["id"], aliases) or "–",
                "Trained": _trained(each),
                "Fitted to": release_words.window(each),
                "Gates": release_words.state(reports[str(each["id"])]) if reports else "–",
                "Contract": str(each["contract_version"]),
                people(contract): f"{each['rows']:,}",
                "Data, sha256": str(each["data_sha256"]),
            }
        )
    return rows


WHY = "Needed; kept in the history"
OVERRIDE = "Stands on the model card from then on"


def failed_gates(gates: Sequence[Mapping[str, Any]]) -> str:
    """What stands in the way of a release, in words."""
    count = numbers.counted(len(gates), "gate")
    return f"This release failed {count}: {'; '.join(map(release_words.briefly, gates))}."


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
    many = numbers.counted(records, contract.book.person)
    return f"Of {many} scored since {since}, {what}. Probabilities differ by {points(apart)} on average."


def points(value: float) -> str:
    """A small difference of probabilities in percentage points, unsigned."""
    return numbers.points(value, 2 if value < 0.001 else 1).lstrip("+")


def not_served(title: str) -> str:
    """Why no challenger scores along on a book that the service does not answer for; ``title`` of the one it does."""
    return f"nothing is scored along: REST answers for the book “{title}” only"


def challenger_missing(champion: str) -> str:
    """What to do when there is no challenger."""
    return (
        f"No release challenges the champion {champion[:6]}. One that is named challenger scores every request along "
        "and touches no answer; how the two differ is then told here."
    )


@dataclass(frozen=True)
class Titled:
    """A book in words: its ``title``, and what it holds one of."""

    title: str
    person: str


def kind(call: Any, told: Titled) -> str:
    """What a call was."""
    return KINDS.get(call.kind, str(call.kind)).format(told.person)


def call_rows(calls: Sequence[Any], books: Mapping[str, Titled]) -> list[dict[str, str]]:
    """Recorded calls for a table; ``calls`` as `audit.recent` gives them, ``books`` by name."""
    return [
        {
            "When": moment(each.at, exact=True),
            "Who": each.who,
            "What": kind(each, books[each.book]),
            "Book": books[each.book].title,
            "Records": f"{each.rows:,}" if each.rows else "whole book",
            "Release": each.release,
            "Took": milliseconds(each.duration_ms),
            "Call": each.id,
        }
        for each in calls
    ]


def calls_heading(calls: int) -> str:
    """What the list of calls holds."""
    return "The latest call" if calls == 1 else f"The latest {calls:,} calls, the newest first"


def call_label(call: Any, told: Titled) -> str:
    """A call where one is chosen."""
    return f"{moment(call.at, exact=True)} · {kind(call, told)} · {call.who} · {call.id[:12]}"


def again(release: str, same: bool, found: str) -> str:
    """What came of a call done again; ``found`` as `replay` says it."""
    what = "gives the same numbers" if same else "gives other numbers than those on record"
    return f"Release {release[:6]}, which answered then, {what}. {found}"
