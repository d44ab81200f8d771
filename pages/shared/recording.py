"""What visitors look at, for the record: what-ifs that they settle on, and files that they have scored."""

import secrets
from collections.abc import Mapping
from datetime import date

import streamlit as st

from data.arrays import Array
from data.errors import WhatIfError
from model.api.process import running
from model.deployed.model import DeployedModel
from model.deployed.what_ifs import WhatIf, about_compared, entry
from model.record.trail import Entry
from model.whatif.book.totals import Totals
from model.whatif.comparison.result import ComparisonResult
from model.whatif.customer.decision import Explanation
from model.whatif.policy.strategy import Outcome
from pages.shared import visitor

VISITOR, TOLD = "_visitor", "_told_once"


def record_customer(
    model: DeployedModel,
    address: Mapping[str, str],
    record: Array,
    margin: float,
    why: Explanation | None,
    seconds: float,
) -> None:
    """A what-if about one customer: the edited ``record`` (fields, 1) and what the model said of it, log-odds."""
    _note(_asked(model, address, seconds).about_customer(record, margin, why))


def record_book(model: DeployedModel, address: Mapping[str, str], today: date, now: Totals, seconds: float) -> None:
    """A what-if about the whole book."""
    _note(_asked(model, address, seconds).about_book(today, now))


def record_policy(model: DeployedModel, address: Mapping[str, str], today: date, now: Outcome, seconds: float) -> None:
    """A cut-off, and what it would approve."""
    _note(_asked(model, address, seconds).about_policy(today, now))


def _asked(model: DeployedModel, address: Mapping[str, str], seconds: float) -> WhatIf:
    return WhatIf(model, visitor.current().name, via="page", address=address, seconds=seconds)


def record_upload(model: DeployedModel, raw: Array, pd: Array, seconds: float) -> None:
    """A file scored: its good rows (fields, n) and their PDs (n,). Returns once it is on record.

    Raises
    ------
    StoreError
        If it cannot be recorded; then nothing may be shown of it.
    """
    audit = running().audit
    if audit is not None:
        who = visitor.current().name
        outputs = {"pd": pd}
        audit.record(
            entry(model, "upload", who=who, via="upload", inputs=raw, outputs=outputs, seconds=seconds, detail={})
        )


def record_compared(model: DeployedModel, result: ComparisonResult, seconds: float) -> None:
    """What-ifs that stand side by side: each as its own page would have it recorded."""
    entries = about_compared(result, lambda scenario: _asked(model, scenario.to_query(), seconds))
    for number, each in enumerate(entries):
        _note(each, f"compared {number}")


def _note(noted: Entry, place: str = "") -> None:
    """A what-if is looked at; ``place`` tells those apart that are looked at together."""
    try:
        settled = running().settled
    except WhatIfError:  # told by the frame
        return
    if settled is not None:
        session = st.session_state.setdefault(VISITOR, secrets.token_hex(16))
        settled.note(f"{session} {place}", noted, f"{noted.release} {sorted(noted.detail['address'].items())}")
