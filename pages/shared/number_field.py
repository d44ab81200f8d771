"""The controls of a number: a field, and for a lever a slider with it. Both hold the number as it is used, to its last
decimal: neither the step nor the digits of either round what was typed, linked to, or put there by a preset."""

from collections.abc import Callable
from math import gcd
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.report import numbers
from model.whatif.ranges import LeverRange
from pages.shared.as_written import literal
from pages.shared.page_state import Memory
from pages.shared.widgets import TYPED

SCALE = 10**numbers.MOST_DECIMALS


def lever(
    memory: Memory[Any],
    name: str,
    *,
    label: str,
    told: str,
    within: LeverRange,
    value: float,
    in_words: Callable[[float], str] = numbers.exactly,
    help: str | None = None,
) -> None:
    """A lever as a field that takes any number ``within`` its range, and a slider. The slider is ``told`` of with what
    it stands at; a logarithmic one says each of its values ``in_words``."""
    value = round(float(value), numbers.MOST_DECIMALS)
    ends = within.with_value(value)
    enter(
        memory,
        name,
        label=label,
        at=value,
        low=ends.low,
        high=ends.high,
        step=within.step,
        whole=within.whole,
        beside=TYPED,
        help=help,
    )
    if within.log:
        st.select_slider(
            told,
            within.stops(value),
            format_func=lambda each: literal(in_words(each)),
            key=memory.place(name, value),
            label_visibility="collapsed",
            on_change=memory.touched,
            args=(name,),
        )
    else:
        slide(memory, name, label=told, within=within, value=value)


def slide(memory: Memory[Any], name: str, *, label: str, within: LeverRange, value: float) -> None:
    """A slider that stands at ``value``, wherever that lies, and moves from there by its step: the keyboard keeps it.
    Zero is in the middle where it moves both ways. It may reach beyond an end: put there, it goes to the end."""
    ends = within.with_value(value)
    low, high, step = slots(ends, value)
    kind = int if all(float(each).is_integer() for each in (low, high, step, value)) else float
    st.slider(
        label,
        kind(low),
        kind(high),
        step=kind(step),
        format=number_format(step),
        key=memory.place(name, kind(value), (low, high, step)),
        label_visibility="collapsed",
        on_change=memory.touched,
        args=(name, "", (ends.low, ends.high)),
    )


def slots(within: LeverRange, value: float) -> tuple[float, float, float]:
    """The ends and the step of a slider on which ``value`` stands: its own step from the value on, no further beyond
    its ends than it takes. A browser rounds to one digit more than a broken step has: for more the step is finer. None
    is finer than the last decimal that is shown, of whatever a range has there is at least one step."""
    step, fine = max(_units(within.step), 1), numbers.decimals(within.step)
    at, low, high = _units(value), *(_units(end) for end in within.middled)
    if fine and numbers.decimals(value) > fine + 1:
        step = gcd(step, at)
    below, above = -(-(at - low) // step), -(-(high - at) // step)
    above += below + above == 0
    return (at - below * step) / SCALE, (at + above * step) / SCALE, step / SCALE


def _units(value: float) -> int:
    """In millionths, in which sums are exact."""
    units: int = round(value * SCALE)
    return units


def enter(
    memory: Memory[Any],
    name: str,
    label: str,
    at: float | None,
    low: float | None = None,
    high: float | None = None,
    step: float = 1.0,
    whole: bool = False,
    where: DeltaGenerator | None = None,
    beside: str = "",
    **more: Any,
) -> None:
    """A field that shows where it stands ``at`` with all its decimals, and at least those of its ``step``; of ``whole``
    numbers only, unless it holds another. None is an empty one, in a field that takes ``value=None``. ``beside``: what
    its name ends with where another control has the name itself."""
    at = None if at is None else round(at, numbers.MOST_DECIMALS)
    whole = whole and (at is None or at.is_integer())
    kind = int if whole else float
    low, high = (None if end is None else kind(round(end, numbers.MOST_DECIMALS)) for end in (low, high))
    (where or st).number_input(
        label,
        low,
        high,
        step=kind(step),
        format="%d" if whole else number_format(step, at or 0.0),
        key=memory.place(f"{name}{beside}", None if at is None else kind(at), (whole,)),
        on_change=memory.touched,
        args=(name, beside),
        **more,
    )


def number_format(*shown: float) -> str:
    """The format that shows every one of these numbers to its last decimal."""
    return f"%.{max(numbers.decimals(each) for each in shown)}f"


def typed(key: str, start: float, *shown: float) -> str:
    """The format of a page's own field, which begins at ``start``: with the decimals that were typed into it, and those
    of every other number that it should be able to show."""
    value = st.session_state.get(key)
    return number_format(*shown, start if value is None else value)
