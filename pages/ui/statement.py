"""The raw record, month by month: to edit a customer's, or to type one's own."""

import streamlit as st

from data.contract import Field
from data.formulas import Array
from model.serving.client import EmbeddedModel
from pages.ui import state


def edits(model: EmbeddedModel, record: Array) -> None:
    """The statement as it stands after the levers; a value typed here goes before any lever."""
    months = max(len(history.months) for history in model.contract.histories)
    panel = st.expander(f"Statement, {months} months", key="_statement", on_change="rerun")
    if panel.open:
        with panel:
            _grid(model, {field.name: float(record[k, 0]) for field, k in _placed(model)}, "")


def own(model: EmbeddedModel) -> None:
    """An empty record to fill in. Until it is complete nothing is scored."""
    values = state.current().own
    filled = {field.name: values[k] for field, k in _placed(model)}
    panel = st.expander("Your own record", expanded=not state.current().chosen, key="_own_record")
    with panel:
        for field in model.contract.fields:
            if field.role == "input":
                _field(model, field, filled[field.name], state.OWN_PREFIX)
        _grid(model, filled, state.OWN_PREFIX)


def _placed(model: EmbeddedModel) -> list[tuple[Field, int]]:
    return [(field, model.contract.row[field.name]) for field in model.contract.record]


def _grid(model: EmbeddedModel, values: dict[str, float | None], prefix: str) -> None:
    """One row a month, one column a history."""
    histories = [history for history in model.contract.histories if history.role == "input"]
    for k, month in enumerate(histories[0].months, 1):
        with st.container(key=f"{prefix}month_{k}", gap=None):
            st.caption(month)
            for column, history in zip(st.columns(len(histories), gap="small"), histories, strict=True):
                field = model.contract.field(f"{history.name}_{k}")
                with column:
                    _field(model, field, values[field.name], prefix, short=history.label)


def _field(model: EmbeddedModel, field: Field, value: float | None, prefix: str, short: str = "") -> None:
    name = f"{prefix}{field.name}"
    label = f"{short or field.label}" + (f" ({field.unit})" if field.unit else "")
    if field.codes:
        shown = None if value is None else round(value)
        st.selectbox(
            label, list(field.codes), format_func=lambda code: field.codes[code], index=None, help=field.help,
            key=state.place(name, shown), on_change=state.touched, args=(name,), placeholder="choose",
        )  # fmt: skip
        return
    whole = None if value is None else round(value)
    st.number_input(
        label, int(field.minimum), int(field.maximum), value=None, step=int(field.step), help=field.help,
        key=state.place(name, whole), on_change=state.touched, args=(name,), placeholder="enter",
    )  # fmt: skip
