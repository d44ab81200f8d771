"""A page in parts, each drawn alone: a move of a lever draws that lever and the answers, and leaves all else as it is.

A part says as a value what decides how it looks. A callback ends with `redraw`, which asks for the parts that look
otherwise now. Whoever forgets that gets a slower page, never a wrong one: a part whose own control was moved sees that
others stand there as they were, and has the whole page drawn.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

PARTS = "_parts"  # in the session
Made = TypeVar("Made")
Shows = Callable[[], object]  # what decides how a part looks: of equal values it looks the same


def nothing_shown() -> object:
    """What a part shows that always looks the same."""
    return None


@dataclass
class StandingParts:
    """The parts of the page that stands: what each ``shows`` now, by its key, what it showed when it was ``drawn``, and
    which were ``asked`` for and wait. ``settle`` is what a callback does before it looks. ``whole``: all of them are
    being drawn. ``made``: what was made for more than one part of this run."""

    settle: Callable[[], None]
    shows: dict[str, Shows] = field(default_factory=dict)
    drawn: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    made: dict[str, Any] = field(default_factory=dict)
    whole: bool = True

    def outdated(self) -> list[str]:
        """The parts that would look otherwise if they were drawn now, in the order in which they are."""
        return [key for key, shows in self.shows.items() if key not in self.drawn or self.drawn[key] != shows()]

    def ended(self) -> None:
        """What was made for this run is not kept beyond it: of a large book it is large."""
        if not self.whole and not self.asked:
            self.made.clear()


def forget() -> None:
    """The page that stood is left; not every page has parts."""
    st.session_state.pop(PARTS, None)


@contextmanager
def whole_page(settle: Callable[[], None]) -> Iterator[None]:
    """Around the drawing of a page; what was touched is ``settle`` d before anything is."""
    standing = st.session_state[PARTS] = StandingParts(settle)
    settle()
    try:
        yield
    finally:
        standing.whole = False
        standing.ended()


def part(key: str, draw: Callable[[], None], shows: Shows = nothing_shown) -> None:
    """Draw a part of a page, of a ``key`` that no other has; what it ``shows`` is looked at once it is drawn."""
    standing: StandingParts = st.session_state[PARTS]
    standing.shows[key] = shows

    def drawn() -> None:
        if not standing.whole and key not in standing.asked:
            standing.settle()
            if set(standing.outdated()) - {key, *standing.asked}:
                st.rerun()
        standing.drawn.pop(key, None)
        draw()
        standing.drawn[key] = shows()
        if key in standing.asked:
            standing.asked.remove(key)
        standing.ended()

    st.fragment(drawn, key=key)()


def once(key: str, make: Callable[[], Made]) -> Made:
    """What several parts of a page need, made once in the run that draws them."""
    standing: StandingParts = st.session_state[PARTS]
    if key not in standing.made:
        standing.made[key] = make()
    found: Made = standing.made[key]
    return found


def redraw(*also: str) -> None:
    """The end of a callback: have the parts drawn that look otherwise now, and those of the keys ``also`` given.

    Nothing is asked for where the whole page is drawn anyway, or where nothing but the control's own part is to be.
    """
    standing: StandingParts | None = st.session_state.get(PARTS)
    run = get_script_run_ctx()
    if standing is None or run is None or not run.fragment_ids_this_run:
        return
    standing.settle()
    asked = standing.outdated()
    if asked:
        standing.asked = asked
        st.rerun([*asked, *also])


def redraw_whole() -> None:
    """The end of a callback after which the page has other parts."""
    run = get_script_run_ctx()
    if run is not None and run.fragment_ids_this_run:
        st.rerun()


def redrawn(callback: Callable[..., None], *args: Any) -> None:
    """A callback that ends with `redraw`, as what a control does."""
    callback(*args)
    redraw()
