"""The two controls of a number: a slider and a field. Both hold the number as it is used, to its last decimal: neither
its step nor its digits round what was typed, linked to, or put there by a preset."""

from math import gcd
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.report import numbers
from pages.shared.page_state import Memory

SCALE = 10**numbers.MOST_DECIMALS


def slide(
    memory: Memory[Any],
    name: str,
    label: str,
    low: float,
    high: float,
    step: float,
    value: float,
    help: str | None = None,
) -> None:
    """A slider that stands at ``value``, wherever that lies: off its steps they become finer, beyond an end the end
    moves out to it."""
    value = round(value, numbers.MOST_DECIMALS)
    low, high = min(low, value), max(high, value)
    step = finer(memory, name, low, step, value)
    kind = int if all(float(each).is_integer() for each in (low, high, step)) else float
    st.slider(
        label,
        kind(low),
        kind(high),
        step=kind(step),
        help=help,
        format=number_format(step),
        key=memory.place(name, kind(value), (low, high, step)),
        on_change=memory.touched,
        args=(name,),
    )


def finer(memory: Memory[Any], name: str, low: float, step: float, value: float) -> float:
    """The widest step from ``low`` on which ``value`` stands, no wider than ``step`` and a whole part of it.

    A slider that is being moved keeps its step: another would be another slider, and the key pressed next be lost.
    """
    before = memory.shape(name)
    if memory.moved_last() == name and len(before) == 3 and before[0] == low and _on(before[2], value - low):
        return before[2]
    return step if _on(step, value - low) else gcd(_units(step), _units(value - low)) / SCALE


def _on(step: float, way: float) -> bool:
    return _units(way) % _units(step) == 0


def _units(value: float) -> int:
    """In millionths, in which sums are exact."""
    return round(value * SCALE)


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
    **more: Any,
) -> None:
    """A field that shows where it stands ``at`` with all its decimals, and at least those of its ``step``; of ``whole``
    numbers only, unless it holds another. None is an empty one, in a field that takes ``value=None``."""
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
        key=memory.place(name, None if at is None else kind(at), (whole,)),
        on_change=memory.touched,
        args=(name,),
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
