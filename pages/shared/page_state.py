"""What one visitor assumes on one page: a frozen value in the session, mirrored in the address and in the widgets.

Each book has its own: what was assumed of one is there again when one comes back to it, and never in another.

A widget's key is the page and the name of what it moves, the same name as in the address: see `Memory.key`. Callbacks
only note which widget was touched; `settle` turns that into a new, checked value before anything is drawn. So whatever
moved it (a widget, an undo, a link, the browser's back button), the value is the one truth and the widgets follow it.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.errors import WhatIfError
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.report.numbers import MOST_DECIMALS
from model.report.operations.words import replaced
from model.whatif.customer.scenario import CUSTOMER
from model.whatif.saved import MADE_WITH, SAVED, SUBJECTS, SavedScenario
from pages.shared import deployed, saving
from pages.shared.as_written import literal
from pages.shared.deployed import keyed
from pages.shared.parts import redraw, redrawn
from pages.shared.widgets import html

MOST_UNDO = 50
RELEASE = MADE_WITH  # no lever or field can be called so
NAMED = re.compile(r"[0-9a-f]{6,12}\Z")
CHIPS = "changed."  # no lever or field has a point in its name
OPENED = ("link", "save")  # of the buttons, those that open something
A_FRAME = 0.02  # seconds in which a browser has painted what it was sent
SHAPES = "_shapes"  # in the session: the shape of every widget that was put, by its key
ARRIVED = "_arrived"  # in the session: the page that stood last
Held = TypeVar("Held")


@dataclass(frozen=True)
class AnsweredBy:
    """Which model answered a ``value`` last, by its id and its short ``name``; ``told``: that another did before."""

    value: object
    model: str
    name: str
    told: str = ""


@dataclass(frozen=True)
class Touched:
    """The widget that was moved; see `Memory.touched`."""

    name: str
    beside: str = ""
    within: tuple[float, float] | None = None

    def taken(self, value: Any) -> Any:
        """What a widget at this value is taken for: a number no further than it may be, and as it is shown."""
        if isinstance(value, float):
            value = round(value, MOST_DECIMALS)
        if self.within is None or value is None:
            return value
        return min(max(value, self.within[0]), self.within[1])


@dataclass(frozen=True)
class Memory(Generic[Held]):
    """``page`` tells the memories of the pages apart; ``read`` makes a value of an address and says what was wrong with
    it, ``write`` an address of a value, ``moved`` the value after a widget of that name was put somewhere.
    ``answered``: the value is a what-if, whose numbers are one model's: where another takes its place, that is told.
    ``shortened``: what the address says in place of what ``write`` makes of a value."""

    page: str
    read: Callable[[DeployedModel, Mapping[str, str]], tuple[Held, list[str]]]
    write: Callable[[Held], dict[str, str]]
    moved: Callable[[DeployedModel, str, Any], Held]
    answered: bool = True
    shortened: Callable[[Held, dict[str, str]], dict[str, str]] = lambda _value, query: query

    def _key(self, what: str) -> str:
        return keyed(f"_{self.page}_{what}")

    def key(self, name: str) -> str:
        """The key of the widget that moves ``name``, of this page and this book alone.

        Streamlit forgets a widget with its page, but not the key of one that stands on the next page, too: that one
        would open at its lowest value. And whatever a book calls its fields, no key of a page's own has a point.
        """
        return keyed(f"{self.page}.{name}")

    def place(self, name: str, value: Any, shape: Sequence[float] = ()) -> str:
        """Put the widget of ``name`` where the value has it, before it is drawn; returns its key. See `place`."""
        return place(self.key(name), value, shape)

    def restore(self, model: DeployedModel) -> None:
        """Take the value from the address on a first run, and whenever the address was changed from outside."""
        made = st.query_params.get(RELEASE, "")
        address = {name: value for name, value in st.query_params.items() if name not in (deployed.BOOK, RELEASE)}
        known = st.session_state.get(self._key("address"))
        strange = self.at_foreign_address()
        handed: dict[str, str] | None = st.session_state.pop(handed_key(self.page), None)
        if handed is None and self._key("value") in st.session_state and (address == known or not address or strange):
            return
        identity = address.get(SAVED, "")
        value, complaints = self.read(model, {name: each for name, each in address.items() if name != SAVED})
        opened, told = saving.opened_from(model, self.page, identity) if identity else (None, "")
        if handed is not None:
            (value, complaints), made = saving.meant_by(model, self.page, handed), handed.get(RELEASE, "")
        stored = address.keys() <= {SAVED, CUSTOMER}  # the address has the id alone
        if opened is not None and stored:
            value, complaints = saving.assumed_by(model, opened)
        if self._key("value") in st.session_state:
            self._past().append(self.current())
        st.session_state[self._key("value")] = value
        st.session_state[self._key("address")] = address
        self.open_saved(None if opened is None else replace(opened.scenario, query=opened.query))
        self.tell([*complaints, *filter(None, [told])])
        if opened is not None and (stored or self.write(value) == dict(opened.query)):
            self._answered_by(model, " ".join(saving.changed_words(model, opened)))
        elif NAMED.match(made) and not model.id.startswith(made):
            both = saving.both_words(model, self.page, made, self.write(value))
            self._answered_by(model, f"{replaced(made, model.name, None, linked=True)} {both}".strip())

    def at_foreign_address(self) -> bool:
        """Whether the address is another page's, which a slow browser has joined to this one's path; see `arriving`."""
        address = {name: value for name, value in st.query_params.items() if name not in (deployed.BOOK, RELEASE)}
        return frozenset(address.items()) in st.session_state.get(_strange(self.page), ())

    def current(self) -> Held:
        """What the visitor assumes now."""
        found: Held = st.session_state[self._key("value")]
        return found

    def known(self) -> Held | None:
        """The same; None before the page was looked at."""
        found: Held | None = st.session_state.get(self._key("value"))
        return found

    def saved(self) -> SavedScenario | None:
        """The saved scenario that is open here, as it was when it was opened or saved; None while there is none."""
        found: SavedScenario | None = st.session_state.get(self._key("saved"))
        return found

    def open_saved(self, scenario: SavedScenario | None) -> None:
        """Have a saved scenario be the one that is open."""
        st.session_state[self._key("saved")] = scenario

    def address_of_now(self) -> dict[str, str]:
        """What the address says of the value, and of the scenario that is open."""
        known = self.saved()
        query = self.shortened(self.current(), self.write(self.current()))
        return query | ({SAVED: known.id} if known is not None else {})

    def put(self, value: Held) -> None:
        """Go to another value, from another page too, where this one may not have been looked at."""
        if self._key("value") in st.session_state:
            self.change(value)
        st.session_state[self._key("value")] = value

    def change(self, value: Held) -> None:
        """Go to another value; the one left can be come back to."""
        if value == self.current():
            return
        past = self._past()
        past.append(self.current())
        del past[:-MOST_UNDO]
        st.session_state[self._key("value")] = value

    def undo(self) -> None:
        """Back to the value before."""
        if self._past():
            st.session_state[self._key("value")] = self._past().pop()

    def can_undo(self) -> bool:
        """Whether there is a value before."""
        return bool(self._past())

    def touched(self, name: str, beside: str = "", within: tuple[float, float] | None = None) -> None:
        """Callback: a widget was moved: that of ``name``, or the one ``beside`` it. It is taken to have been put
        ``within`` these ends, beyond which a slider may reach."""
        st.session_state[self._key("touched")] = Touched(name, beside, within)
        redraw()

    def settle(self, model: DeployedModel) -> None:
        """Turn the widget that was touched into the new value; what cannot be is refused and told."""
        touched: Touched | None = st.session_state.pop(self._key("touched"), None)
        try:
            if touched is not None:
                value = st.session_state.get(self.key(f"{touched.name}{touched.beside}"))
                self.change(self.moved(model, touched.name, touched.taken(value)))
        except WhatIfError as error:
            self.tell([f"{error} Nothing was changed."])
        self._compare(model)

    def _compare(self, model: DeployedModel) -> None:
        """Note which model answers, and that it is another than the one before; until the value is moved again."""
        last: AnsweredBy | None = st.session_state.get(self._key("answered_by"))
        if last is not None and last.model != model.id and self.write(self.current()):
            until = desk.store(deployed.book()).until(last.model) if model.remote is None else None
            both = saving.both_words(model, self.page, last.model, self.write(self.current()))
            self._answered_by(model, f"{replaced(last.name, model.name, until)} {both}".strip())
        elif last is None or (last.model, last.value) != (model.id, self.current()):
            self._answered_by(model, "")

    def settle_for(self, model: DeployedModel) -> None:
        """Note that another model's answering now changes nothing: what stands here is asked of one of its own."""
        self._answered_by(model, "")

    def _answered_by(self, model: DeployedModel, told: str) -> None:
        st.session_state[self._key("answered_by")] = AnsweredBy(self.current(), model.id, model.name, told)

    def write_address(self) -> None:
        """Mirror the value in the address, so that it can be bookmarked, shared and reloaded; while a page is arrived
        at, that waits: see `arriving`."""
        if st.session_state.get(self._key("arriving")):
            return
        address, written = self.address_of_now(), st.session_state.get(self._key("address"))
        # A browser that had not got what was written last when it sent the next move tells of the address before that.
        if address != written or deployed.address() | address != dict(st.query_params):
            st.query_params.from_dict(deployed.address() | address)
        st.session_state[self._key("address")] = address

    @contextmanager
    def arriving(self) -> Iterator[None]:
        """Around the drawing of the whole page: its address is written once it stands.

        Not before, for until then the browser may show the path of the page before, which this page's address would
        join in the history. A slow browser joins them even so: that page is told which address is none of its own. And
        whatever the server takes the address to be, for who steps back twice at once is here before the page stepped
        over has written its.
        """
        st.session_state[self._key("arriving")] = True
        try:
            yield
        finally:
            st.session_state.pop(self._key("arriving"), None)
        address, before = self.address_of_now(), st.session_state.get(ARRIVED)
        if before or deployed.address() | address != dict(st.query_params):
            st.query_params.from_dict(deployed.address() | address)
        st.session_state[self._key("address")] = address
        if before not in (None, self.page):
            st.session_state.setdefault(_strange(before), set()).add(frozenset(address.items()))
        st.session_state[ARRIVED] = self.page

    def numbers_first(self) -> None:
        """Let the browser paint the numbers before the charts come: a browser that gets both at once paints neither
        until it has drawn all. Not while a page is arrived at, where nothing stands yet."""
        if not st.session_state.get(self._key("arriving")):
            time.sleep(A_FRAME)

    def link(self) -> str:
        """The address that opens this very what-if."""
        address = deployed.address() | self.address_of_now() | self._made_by()
        here = urlsplit((st.context.url or "").split("?")[0].rstrip("/"))
        server = f"{here.scheme}://{here.netloc}" if here.netloc else ""
        return f"{server}{here.path or '/'}?{urlencode(address, safe=',:')}"

    def _made_by(self) -> dict[str, str]:
        """What tells whoever opens a link of a what-if that another release answered it; the address does not."""
        last: AnsweredBy | None = st.session_state.get(self._key("answered_by"))
        assumed = self.write(self.current()).keys() - {CUSTOMER}
        if last is None or not (self.answered and assumed and NAMED.match(last.name)):
            return {}
        return {RELEASE: last.name}

    def told(self) -> list[str]:
        """What the visitor must be told: once, but for a model that took another's place, which stays until the value
        is moved."""
        found: list[str] = st.session_state.pop(self._key("told"), [])
        last: AnsweredBy | None = st.session_state.get(self._key("answered_by"))
        return [*found, last.told] if self.answered and last is not None and last.told else found

    def tell(self, messages: Sequence[str]) -> None:
        """Have the visitor told once, at the next drawing."""
        if messages:
            st.session_state[self._key("told")] = [*st.session_state.get(self._key("told"), []), *messages]

    def shown(self) -> tuple[object, ...]:
        """What of it decides how the answers look."""
        told = tuple(st.session_state.get(self._key("told"), ()))
        return self.current(), self.saved(), told, st.session_state.get(self._key("answered_by"))

    def shown_by_buttons(self) -> tuple[object, ...]:
        """What of it decides how the buttons above the controls look; the value itself only while one of them lies
        open that tells it."""
        opened = any(st.session_state.get(f"_{self.page}_{each}") for each in OPENED)
        known = self.saved()
        changed = known is not None and saving.changed_here(self, known)
        return self.can_undo(), known, changed, self.current() if opened else None

    def _past(self) -> list[Held]:
        found: list[Held] = st.session_state.setdefault(self._key("past"), [])
        return found


def way_back(
    memory: Memory[Any], reset: Callable[[], None], untouched: bool, in_words: Callable[[], str] = str
) -> DeltaGenerator:
    """The buttons above a page's controls, as a row that takes more of them: undo, reset, and the address of this very
    what-if, with the line that asks for it ``in_words``."""
    row = st.container(horizontal=True, key="buttons", gap="small")
    row.button("Undo", on_click=redrawn, args=(memory.undo,), disabled=not memory.can_undo())
    row.button("Reset", on_click=redrawn, args=(reset,), disabled=untouched)
    link = row.popover("Link", key=f"_{memory.page}_link", on_change="rerun")
    if link.open:
        link.write("This address opens the same what-if.")
        link.code(memory.link(), language=None, wrap_lines=True)
        line = in_words()
        if line:
            link.write("In words, this line does.")
            link.code(line, language=None, wrap_lines=True)
    if memory.page in SUBJECTS:
        saving.save_control(row, memory)
        saving.draw_open(memory)
    return row


def change_chips(memory: Memory[Any], labels: Mapping[str, str], take_back: Callable[[str], None]) -> None:
    """Every change as a chip with its label, by the name of what was changed; a click takes that one back."""
    if not labels:
        html("<div class='wi-was'>Nothing is changed here.</div>")
    else:
        st.pills(
            "Changed; click one to take it back",
            list(labels),
            key=memory.place(CHIPS, None),
            on_change=_take_back_chip,
            args=(memory, take_back),
            format_func=lambda name: literal(f"{labels[name]}  ✕"),
            wrap=True,
        )


def _take_back_chip(memory: Memory[Any], take_back: Callable[[str], None]) -> None:
    name = st.session_state[memory.key(CHIPS)]  # let go of when it is drawn
    if name is not None:
        redrawn(take_back, name)


def place(key: str, value: Any, shape: Sequence[float] = ()) -> str:
    """Put the widget of a ``key`` at a value before it is drawn; returns the key.

    It is put only where the browser has it elsewhere: a value sent again takes back a key pressed meanwhile. ``shape``
    is what Streamlit tells widgets of one key apart by, a slider's ends and step: one of another shape is a new one,
    and stands nowhere yet.
    """
    state, drawn = st.session_state, tuple(shape)
    shapes: dict[str, tuple[float, ...]] = state.setdefault(SHAPES, {})
    if key not in state or state[key] != value or shapes.get(key, ()) != drawn:
        state[key], shapes[key] = value, drawn
    return key


def handed_key(page: str) -> str:
    """The key in the session under which a page is handed a query that its address is not to carry."""
    return keyed(f"_{page}_handed")


def _strange(page: str) -> str:
    return keyed(f"_{page}_strange")
