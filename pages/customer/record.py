"""The raw record: to edit a customer's, or to type one's own; what is known month by month stands side by side. Of many
fields those that weigh most are shown, any other is found by its name."""

import math
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import streamlit as st

from data.contract import RECORDED, YEAR, Contract, Field, History, bounds
from data.errors import BadInput, BookError
from data.files.names import plain
from model.deployed.model import DeployedModel
from model.export.workbook.filled_in import CellTroubles, read_filled_in
from model.report.customer import words as customer_words
from model.scoring.pasted import read_pasted
from model.whatif.customer.result import CustomerResult
from model.whatif.customer.scenario import CustomerScenario, book_record
from model.whatif.customer.starting_points import id_range
from model.whatif.customer.weights import field_weights
from pages.customer import decision, state
from pages.shared.deployed import keyed
from pages.shared.number_field import enter

OWN_RECORD, DECIDED = "_own_record", "_decided_record"
PASTE, COPY, FILLED_IN = "_paste", "_copy", "_filled_in"
GAP = ".missing"  # what the key of a field's tick ends with; the field has the key itself
WHY = ".why"  # and of the choice of why it has no value
FIND, EVERY = "_find_field", "_every_field"
NOTHING: Mapping[str, float | None] = MappingProxyType({})
ACROSS = 3  # single fields side by side
MANY, FIRST = 24, 12  # fields: of more than so many, those shown first


def edits(model: DeployedModel, result: CustomerResult) -> None:
    """The record as it stands after the levers; a value typed here goes before any lever."""
    contract = result.contract
    panel = st.expander(customer_words.record_title(contract), key="_statement", on_change="rerun")
    if panel.open:
        with panel:
            levers = {each.name for each in contract.levers}  # has a slider of its own
            free = [each for each in single(contract) if each.mutability != "never" and each.name not in levers]
            _fields(_looked_for(model, free, "", edited=dict(result.scenario.edits)), result.values, "")
            _grid(contract, result.values, "")


def own(model: DeployedModel, scenario: CustomerScenario) -> None:
    """A record of one's own: begun from what is usual in the book or from one of it, typed, pasted as a row, brought in
    a workbook. Until it is complete nothing is scored; it stays open and where it is when it is. That of a decision is
    complete, and closed."""
    contract = model.contract
    filled = dict(zip(contract.row, scenario.own, strict=True))
    decided = decision.standing(scenario) is not None
    key, title = (DECIDED, "The application's record") if decided else (OWN_RECORD, "Your own record")
    st.session_state.setdefault(key, not decided)
    with st.expander(title, key=key, on_change="rerun"):
        _begin(model)
        if not decided and (told := customer_words.typical_words(contract, scenario.own, model.typical)):
            st.caption(told)
        _fields(_looked_for(model, single(contract), state.OWN_PREFIX, filled=filled), filled, state.OWN_PREFIX)
        _grid(contract, filled, state.OWN_PREFIX)


def _begin(model: DeployedModel) -> None:
    """What fills the whole record at once."""
    noun, in_order = model.contract.book.record, len(single(model.contract)) <= MANY
    header = "with its header, or all values in the order below" if in_order else "with its header"
    left, right = st.columns([0.72, 0.28], gap="small")
    left.text_area(
        "Paste a row from Excel or CSV",
        key=keyed(PASTE),
        height=68,
        on_change=pasted,
        args=(model,),
        placeholder=f"{header}; then press Ctrl and Enter",
    )
    low, high = id_range(model.book)
    right.number_input(
        f"Start from {noun}",
        low,
        high,
        key=keyed(COPY),
        value=None,
        step=1,
        placeholder="number",
        on_change=copied,
        args=(model,),
        help=f"Fills the record with that {noun}'s, to be changed as you like.",
    )
    st.file_uploader(
        "Or a workbook from here that you filled in",
        type=["xlsx"],
        key=keyed(FILLED_IN),
        on_change=brought,
        args=(model,),
        help="Its own numbers become the record, its assumptions and cut-off those that stand here.",
    )


def brought(model: DeployedModel) -> None:
    """Callback: a workbook was given; its own numbers stand in the fields, or what is wrong with it is told, cell by
    cell."""
    given = st.session_state.get(keyed(FILLED_IN))
    if given is None:
        return
    try:
        found = read_filled_in(given.getvalue(), given.name, model.contract)
    except CellTroubles as error:
        state.memory.tell([*error.told, "Nothing was changed."])
        return
    except BadInput as error:
        state.memory.tell([f"{error} Nothing was changed."])
        return
    state.memory.change(found.on_top_of(model.contract, state.memory.current()))
    state.memory.tell(found.notes)


def pasted(model: DeployedModel) -> None:
    """Callback: a row was pasted; what was read of it stands in the fields."""
    text = st.session_state[keyed(PASTE)]
    if not text.strip():
        return
    try:
        found = read_pasted(text, model.contract)
    except BadInput as error:
        state.memory.tell([f"{error} Nothing was changed."])
        return
    state.choose_record(own=found.values)
    state.memory.tell(found.notes)
    st.session_state[keyed(PASTE)] = ""


def copied(model: DeployedModel) -> None:
    """Callback: the record was begun from one of the book."""
    number = st.session_state[keyed(COPY)]
    st.session_state[keyed(COPY)] = None
    if number is None:
        return
    try:
        state.choose_record(own=book_record(model.book, number))
    except BookError as error:
        state.memory.tell([f"{error} Nothing was changed."])


def single(contract: Contract) -> list[Field]:
    """The fields of a record that are known once, not month by month."""
    return [field for field in contract.fields if field.role in RECORDED]


def monthly(contract: Contract) -> list[History]:
    """What of a record is known month by month."""
    return [history for history in contract.histories if history.role == "input"]


def _looked_for(
    model: DeployedModel,
    fields: list[Field],
    prefix: str,
    *,
    filled: Mapping[str, float | None] = NOTHING,
    edited: Collection[str] = (),
) -> list[Field]:
    """Of many fields those that weigh most in the model, in that order, with those ``edited``; or those looked for by
    name. Of a record that is not ``filled`` when its panel opens all are shown."""
    if len(fields) <= MANY:
        return fields
    find, every = keyed(f"{FIND}{prefix}"), keyed(f"{EVERY}{prefix}")
    st.session_state.setdefault(every, any(each is None for each in filled.values()))
    wanted = plain(st.text_input("Find a field", key=find, placeholder="part of its name"))
    whole = st.toggle(f"All {len(fields)} fields", key=every)
    weights = field_weights(model.whole)
    ranked = sorted(fields, key=lambda field: -weights[model.contract.row[field.name]])
    if wanted:
        shown = [field for field in ranked if wanted in plain(f"{field.label} {field.column} {field.name}")]
    else:
        shown = [field for k, field in enumerate(ranked) if whole or k < FIRST or field.name in edited]
    first = len(shown) if wanted or whole else FIRST
    st.caption(customer_words.fields_shown(first, len(fields), looked_for=bool(wanted)))
    return shown


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
    that may be missing. What may be missing in a record typed by hand can be said to be: by one more choice, by a tick.
    A special code is chosen by its words, in either.
    """
    name, known = f"{prefix}{field.name}", None if value is None or math.isnan(value) else value
    empty, gap = bool(prefix) or field.missing, bool(prefix) and field.missing
    missing = gap and value is not None and math.isnan(value)
    if field.codes:
        words: dict[float | str, str] = dict(field.values_in_words.items())
        words |= {state.SAID_MISSING: "missing"} if gap else {}
        at = state.SAID_MISSING if missing else known
        st.selectbox(
            field.label,
            list(words),
            format_func=lambda code: words.get(code, code),
            index=None if empty else 0,
            help=customer_words.field_help(field),
            key=state.memory.place(name, next((each for each in words if each == at), None)),
            on_change=state.memory.touched,
            args=(name,),
            placeholder="choose",
        )
        return
    lowest, highest = bounds(field)
    ends = [end for end in (lowest, highest) if math.isfinite(end)]
    whole = all(float(each).is_integer() for each in (*ends, field.step))
    low, high = (end if math.isfinite(end) else None for end in (lowest, highest))
    said = "1 = 100 %" if field.unit == "%" else field.unit
    unit = f" ({said})" if said not in ("", YEAR) else ""
    code = known if known in field.special else None
    nothing = "missing" if missing else field.special.get(code or 0.0, "")
    enter(
        state.memory,
        name,
        label=f"{field.label}{unit}",
        at=known if code is None else None,
        low=low,
        high=high,
        step=field.step,
        whole=whole,
        value=None if empty or field.special else "min",
        help=customer_words.field_help(field),
        placeholder=nothing or "enter",
        disabled=missing,
    )
    if field.special:
        _why(field, name, code=code, missing=missing, gap=gap)
    elif gap:
        st.checkbox(
            "missing",
            key=state.memory.place(f"{name}{GAP}", missing),
            on_change=state.memory.touched,
            args=(name, GAP),
            help=customer_words.missing_help(field),
        )


def _why(field: Field, name: str, *, code: float | None, missing: bool, gap: bool) -> None:
    """What can be chosen in place of a value: a special code, by its words, and that it is missing where it may be."""
    words = {state.A_VALUE: "a value", **{repr(each): word for each, word in field.special.items()}}
    words |= {state.SAID_MISSING: "missing"} if gap else {}
    at = state.A_VALUE if code is None else repr(code)
    st.selectbox(
        f"{field.label}: a value, or why there is none",
        list(words),
        format_func=lambda each: words.get(each, each),
        help=customer_words.special_help(field),
        key=state.memory.place(f"{name}{WHY}", state.SAID_MISSING if missing else at),
        on_change=state.memory.touched,
        args=(name, WHY),
        label_visibility="collapsed",
    )
