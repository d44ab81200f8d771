"""Sentences and rows of the operations page: what is deployed, how it answers, how the challenger differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from model.report import numbers, release_words
from model.report.narrative import Deployed
from model.report.numbers import NBSP

KINDS = {
    "score": "scored by request",
    "upload": "file scored",
    "whatif:customer": "what-if, customer",
    "whatif:book": "what-if, book",
    "whatif:policy": "what-if, policy",
}


@dataclass(frozen=True)
class Check:
    """One thing that must be well: its ``name``, whether it ``holds``, and what was found."""

    name: str
    holds: bool
    found: str


def moment(at: datetime | None, exact: bool = False) -> str:
    """A time in this machine's own zone: 22 Nov 2026, 18:26; ``exact`` to the second."""
    wanted = "%d %b %Y, %H:%M:%S" if exact else "%d %b %Y, %H:%M"
    return at.astimezone().strftime(wanted).lstrip("0") if at is not None else "never"


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
    return f"{calls:,} call{'s' if calls != 1 else ''}, {failed(share)} failed"


def headline(model: Deployed, title: str, since: datetime | None, checks: Sequence[Check]) -> str:
    """The first sentence: what answers, since when, and whether all is well."""
    wrong = [each.name.lower() for each in checks if not each.holds]
    state = f"{len(wrong)} of {len(checks)} checks failed: {', '.join(wrong)}" if wrong else "every check holds"
    does = f"has answered for {title} since {moment(since)}" if since is not None else f"answers for {title}"
    return f"{model.words[:1].upper()}{model.words[1:]} {does}; {state}."


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
    manifests: Sequence[Mapping[str, Any]], aliases: Mapping[str, str],
    reports: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[dict[str, str]]:  # fmt: skip
    """The releases, the newest first; ``reports`` by release tell how they stand."""
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
                "Customers": f"{each['rows']:,}",
                "Data, sha256": str(each["data_sha256"]),
            }
        )
    return rows


WHY = "Kept in the history; needed to promote"
OVERRIDE = "Stands on the model card from then on"
NO_REASON = "Nothing was changed. Say why this release is promoted; it is kept in the history."


def failed_gates(gates: Sequence[Mapping[str, Any]]) -> str:
    """What stands in the way of a release, in words."""
    count = f"{len(gates)} gate{'s' if len(gates) > 1 else ''}"
    return f"This release failed {count}: {'; '.join(map(release_words.told, gates))}."


def history_heading(moves: int) -> str:
    """What the list of moves of the aliases holds."""
    if not moves:
        return "No alias has moved, as far as is on record"
    return "Who changed who answers, the latest first" if moves > 1 else "Who changed who answers"


def difference_sentence(customers: int, first: str, apart: float, granted: int, declined: int) -> str:
    """How the challenger has differed so far."""
    turned = granted + declined
    what = (
        f"{turned:,} would be decided otherwise: {granted:,} newly granted, {declined:,} newly declined"
        if turned
        else "none would be decided otherwise"
    )
    since = moment(datetime.fromisoformat(first))
    many = f"{customers:,} customer{'s' if customers != 1 else ''}"
    return f"Of {many} scored since {since}, {what}. Probabilities differ by {points(apart)} on average."


def points(value: float) -> str:
    """A small difference of probabilities in percentage points, unsigned."""
    return numbers.points(value, 2 if value < 0.001 else 1).lstrip("+")


def not_served(book: str) -> str:
    """Why nothing is scored along on a book that the service does not answer for."""
    return f"nothing is scored along: REST requests come for the book {book} only"


def challenger_missing(champion: str) -> str:
    """What to do when there is no challenger."""
    return (
        f"No release challenges the champion {champion[:6]}. One that is named challenger scores every request along "
        "and touches no answer; how the two differ is then told here."
    )


def call_rows(calls: Sequence[Any]) -> list[dict[str, str]]:
    """Recorded calls for a table; ``calls`` as `audit.recent` gives them."""
    return [
        {
            "When": moment(each.at, exact=True),
            "Who": each.who,
            "What": KINDS.get(each.kind, each.kind),
            "Customers": f"{each.rows:,}" if each.rows else "whole book",
            "Release": each.release,
            "Took": milliseconds(each.duration_ms),
            "Call": each.id,
        }
        for each in calls
    ]


def calls_heading(calls: int) -> str:
    """What the list of calls holds."""
    return "The latest call" if calls == 1 else f"The latest {calls:,} calls, the newest first"


def call_label(call: Any) -> str:
    """A call where one is chosen."""
    return f"{moment(call.at, exact=True)} · {KINDS.get(call.kind, call.kind)} · {call.who} · {call.id[:12]}"


def again(release: str, same: bool, found: str) -> str:
    """What came of a call done again; ``found`` as `replay` says it."""
    what = "gives the same numbers" if same else "gives other numbers than those on record"
    return f"Release {release[:6]}, which answered then, {what}. {found}"
