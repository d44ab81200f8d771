"""The raw record: to edit a customer's, or to type one's own; what is known month by month stands side by side."""

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from data.contract import RECORDED, YEAR, Contract, Field, History, bounds
from model.report.customer import words as customer_words
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario
from pages.customer import state
from pages.shared.number_field import enter

ACROSS = 3  # single fields side by side


def edits(result: CustomerResult) -> None:
    """The record as it stands after the levers; a value typed here goes before any lever."""
    contract = result.contract
    panel = st.expander(customer_words.record_title(contract), key="_statement", on_change="rerun")
    if panel.open:
        with panel:
            levers = {each.name for each in contract.levers}  # has a slider of its own
            free = [each for each in single(contract) if each.mutability != "never" and each.name not in levers]
            _fields(free, result.values, "")
            _grid(contract, result.values, "")


def own(contract: Contract, scenario: CustomerScenario) -> None:
    """An empty record to fill in. Until it is complete nothing is scored."""
    filled = dict(zip(contract.row, scenario.own, strict=True))
    with st.expander("Your own record", expanded=not scenario.chosen, key="_own_record"):
        _fields(single(contract), filled, state.OWN_PREFIX)
        _grid(contract, filled, state.OWN_PREFIX)


def single(contract: Contract) -> list[Field]:
    """The fields of a record that are known once, not month by month."""
    return [field for field in contract.fields if field.role in RECORDED]


def monthly(contract: Contract) -> list[History]:
    """What of a record is known month by month."""
    return [history for history in contract.histories if history.role == "input"]


def _fields(fields: Sequence[Field], values: Mapping[str, float | None], prefix: str) -> None:
    """Single fields, one below the other if they are few, else side by side."""
    columns = st.columns(ACROSS, gap="small") if len(fields) >= ACROSS else [st.container()]
    for k, field in enumerate(fields):
        with columns[k % len(columns)]:
            _field(field, values[field.name], prefix)


def _grid(contract: Contract, values: Mapping[str, float | None], prefix: str) -> None:
    """One column a month, the latest on the left; one row a history."""
    histories = monthly(contract)
    if not histories:
        return
    for k, column in enumerate(st.columns(max(len(each.months) for each in histories), gap="small"), 1):
        with column:
            for history in histories:
                name = f"{history.name}_{k}"
                if name in contract.row:  # a shorter history leaves its column empty
                    _field(contract.record[contract.row[name]], values[name], prefix)


def _field(field: Field, value: float | None, prefix: str) -> None:
    """One widget. A record typed by hand starts empty and can be emptied again; a customer's cannot, but for a value
    that may be missing."""
    name, known = f"{prefix}{field.name}", None if value is None or math.isnan(value) else value
    empty = bool(prefix) or field.missing
    if field.codes:
        st.selectbox(
            field.label,
            list(field.codes),
            format_func=lambda code: field.codes[code],
            index=None if empty else 0,
            help=customer_words.field_help(field),
            key=state.memory.place(name, None if known is None else round(known)),
            on_change=state.memory.touched,
            args=(name,),
            placeholder="choose",
        )
        return
    lowest, highest = bounds(field)
    ends = [end for end in (lowest, highest) if math.isfinite(end)]
    whole = all(float(each).is_integer() for each in (*ends, field.step))
    low, high = (end if math.isfinite(end) else None for end in (lowest, highest))
    unit = f" ({field.unit})" if field.unit not in ("", YEAR) else ""
    enter(
        state.memory,
        name,
        label=f"{field.label}{unit}",
        at=known,
        low=low,
        high=high,
        step=field.step,
        whole=whole,
        value=None if empty else "min",
        help=customer_words.field_help(field),
        placeholder="enter",
    )
