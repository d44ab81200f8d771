"""What visitors look at, for the record: what-ifs that they settle on, and files that they have scored."""

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import streamlit as st

from data.arrays import Array
from data.errors import WhatIfError
from model.api.process import running
from model.deployed.model import DeployedModel
from model.record.database import writing
from model.record.replay import book_outputs, policy_outputs
from model.record.trail import Entry
from model.whatif.book.totals import Totals
from model.whatif.customer.decision import Decision, Explanation
from model.whatif.policy.strategy import Outcome
from pages.shared import visitor as access

VISITOR, TOLD = "_visitor", "_told_once"
NOTHING = np.empty((0, 0))


def customer(
    model: DeployedModel,
    address: Mapping[str, str],
    record: Array,
    now: Decision,
    why: Explanation | None,
    seconds: float,
) -> None:
    """A what-if about one customer: the edited ``record`` (fields, 1) and what the model said of it."""
    outputs = {"pd": np.array([now.pd])}
    if why is not None and why.inputs:
        outputs |= {
            "shap_values": np.array([[each.log_odds] for each in why.inputs]),
            "base_value": np.array([why.base_log_odds]),
        }
    _note(_entry(model, "whatif:customer", record, outputs, seconds, {"address": dict(address)}))


def book(model: DeployedModel, address: Mapping[str, str], today: date, now: Totals, seconds: float) -> None:
    """A what-if about the whole book."""
    detail = {"address": dict(address), "day": today.isoformat()}
    _note(_entry(model, "whatif:book", NOTHING, book_outputs(now), seconds, detail))


def policy(model: DeployedModel, address: Mapping[str, str], today: date, now: Outcome, seconds: float) -> None:
    """A cut-off, and what it would approve."""
    detail = {"address": dict(address), "day": today.isoformat()}
    _note(_entry(model, "whatif:policy", NOTHING, policy_outputs(now), seconds, detail))


def upload(model: DeployedModel, raw: Array, pd: Array, seconds: float) -> None:
    """A file scored: its good rows (fields, n) and their PDs (n,). Returns once it is on record.

    Raises
    ------
    StoreError
        If it cannot be recorded; then nothing may be shown of it.
    """
    audit = running().audit
    if audit is not None:
        audit.record(_entry(model, "upload", raw, {"pd": pd}, seconds, {}))


def trouble() -> str:
    """Why what-ifs are not being recorded, if they are not."""
    try:
        settled = running().settled
    except WhatIfError as error:
        return str(error)
    return settled.trouble if settled is not None else ""


def probed() -> str:
    """As `trouble`, with the record asked now whether it can be written."""
    try:
        own = running()
        if own.audit is not None:
            with writing(own.engine):
                pass
    except WhatIfError as error:
        return str(error)
    return trouble()


def _entry(
    model: DeployedModel,
    kind: str,
    inputs: Array,
    outputs: Mapping[str, Array],
    seconds: float,
    detail: dict[str, Any],
) -> Entry:
    if model.release is None:
        detail = {**detail, "model": model.deployed.words}
    return Entry(
        kind=kind,
        who=access.current().name,
        via="upload" if kind == "upload" else "page",
        book=model.contract.book.name,
        release=model.id,
        contract_sha256=model.contract.hash,
        inputs=inputs,
        outputs=outputs,
        duration_ms=1000 * seconds,
        detail=detail,
    )


def _note(entry: Entry) -> None:
    try:
        settled = running().settled
    except WhatIfError:  # told by the frame
        return
    if settled is not None:
        visitor = st.session_state.setdefault(VISITOR, secrets.token_hex(16))
        settled.note(visitor, entry, f"{entry.release} {sorted(entry.detail['address'].items())}")
