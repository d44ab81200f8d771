"""Sentences and rows of the operations page: what is deployed, how it answers, how the challenger differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from model.report import numbers
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


def moment(at: datetime | None) -> str:
    """A time in this machine's own zone: 22 Nov 2026, 18:26."""
    return at.astimezone().strftime("%d %b %Y, %H:%M").lstrip("0") if at is not None else "never"


def milliseconds(value: float) -> str:
    """How long an answer took."""
    if np.isnan(value):
        return "–"
    return f"under 1{NBSP}ms" if value < 1 else f"{value:,.0f}{NBSP}ms"


def headline(model: Deployed, title: str, since: datetime | None, checks: Sequence[Check]) -> str:
    """The first sentence: what answers, since when, and whether all is well."""
    wrong = [each.name.lower() for each in checks if not each.holds]
    state = f"{len(wrong)} of {len(checks)} checks failed: {', '.join(wrong)}" if wrong else "every check holds"
    began = f" since {moment(since)}" if since is not None else ""
    return f"{title} are answered by {model.words}{began}; {state}."


def release_rows(manifests: Sequence[Mapping[str, Any]], aliases: Mapping[str, str]) -> list[dict[str, str]]:
    """The releases, the newest first."""
    rows = []
    for each in reversed(manifests):
        names = [alias for alias, target in aliases.items() if target == each["id"]]
        rows.append(
            {
                "Release": str(each["id"]),
                "Role": ", ".join(names),
                "Trained": moment(datetime.fromisoformat(str(each["created"]))),
                "Contract": str(each["contract_version"]),
                "Customers": f"{each['rows']:,}",
                "Data, sha256": str(each["data_sha256"])[:16],
            }
        )
    return rows


def difference_sentence(customers: int, first: str, apart: float, granted: int, declined: int) -> str:
    """How the challenger has differed so far."""
    turned = granted + declined
    what = (
        f"{turned:,} would be decided otherwise, {granted:,} of them granted"
        if turned
        else "none would be decided otherwise"
    )
    since = moment(datetime.fromisoformat(first))
    return (
        f"Of {customers:,} customers scored since {since}, {what}; probabilities differ by {points(apart)} on average"
    )


def points(value: float) -> str:
    """A small difference of probabilities in percentage points, unsigned."""
    return f"{100 * value:.2f} points" if value < 0.001 else numbers.points(value).lstrip("+")


def challenger_missing(champion: str) -> str:
    """What to do when there is no challenger."""
    return (
        "No challenger is named. Train another release and name it, and it scores every request along and touches no "
        f"answer: python -m model promote RELEASE --as challenger. The champion is {champion[:6]}."
    )


def call_rows(calls: Sequence[Any]) -> list[dict[str, str]]:
    """Recorded calls for a table; ``calls`` as `audit.recent` gives them."""
    return [
        {
            "When": moment(each.at),
            "Who": each.who,
            "What": KINDS.get(each.kind, each.kind),
            "Customers": f"{each.rows:,}" if each.rows else "whole book",
            "Release": each.release[:6],
            "Took": milliseconds(each.duration_ms),
            "Call": each.id[:12],
        }
        for each in calls
    ]
