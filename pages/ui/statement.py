"""The raw record, month by month: to edit a customer's, or to type one's own."""

from collections.abc import Mapping

import streamlit as st

from data.contract import Field
from data.formulas import Array
from model.report import narrative
from model.serving.client import DeployedModel
from pages.ui import state
from pages.ui.memory import place


def edits(model: DeployedModel, record: Array) -> None:
    """The statement as it stands after the levers; a value typed here goes before any lever."""
    months = max(len(history.months) for history in model.contract.histories)
    title = f"Statement, {months} months: what was billed, paid, and how the account stood"
    panel = st.expander(title, key="_statement", on_change="rerun")
    if panel.open:
        with panel:
            _grid(model, {field.name: float(record[k, 0]) for k, field in enumerate(model.contract.record)}, "")


def own(model: DeployedModel) -> None:
    """An empty record to fill in. Until it is complete nothing is scored."""
    scenario = state.memory.current()
    filled = dict(zip(model.contract.row, scenario.own, strict=True))
    with st.expander("Your own record", expanded=not scenario.chosen, key="_own_record"):
        for field in model.contract.fields:
            if field.role == "input":
                _field(field, filled[field.name], state.OWN_PREFIX)
        _grid(model, filled, state.OWN_PREFIX)


def _grid(model: DeployedModel, values: Mapping[str, float | None], prefix: str) -> None:
    """One column a month, the latest on the left; one row a history."""
    histories = [history for history in model.contract.histories if history.role == "input"]
    for k, column in enumerate(st.columns(len(histories[0].months), gap="small"), 1):
        with column:
            for history in histories:
                field = model.contract.field(f"{history.name}_{k}")
                _field(field, values[field.name], prefix)


def _field(field: Field, value: float | None, prefix: str) -> None:
    """One widget. A record typed by hand starts empty and can be emptied again; a customer's cannot."""
    shown = None if value is None else round(value)
    key = place(f"{prefix}{field.name}", shown)
    if field.codes:
        st.selectbox(
            field.label, list(field.codes), format_func=lambda code: field.codes[code], index=None if prefix else 0,
            help=narrative.field_help(field), key=key,
            on_change=state.memory.touched, args=(key,), placeholder="choose",
        )  # fmt: skip
        return
    st.number_input(
        f"{field.label} ({field.unit})", int(field.minimum), int(field.maximum), value=None if prefix else "min",
        step=int(field.step), help=narrative.field_help(field), key=key, on_change=state.memory.touched, args=(key,),
        placeholder="enter",
    )  # fmt: skip
