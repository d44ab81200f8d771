"""Which book a visitor looks at: picked in the frame, kept in the session, and named in the address.

The navigation strips an address, so one without a book means the book looked at where a page is reached from another
one, and the default book where a visit begins. The browser's way back leads through both: what an address without a
book meant on a page is remembered.
"""

import streamlit as st

from data import books
from model.settings import settings
from pages.shared import deployed, widgets
from pages.shared.deployed import BOOK, CHOSEN

LONGEST_WHY = 200  # characters of why a book cannot be used
PICKER, PICKED, PAGE, MEANT = "_book_picker", "_book_picked", "_book_page", "_book_meant"


def offered() -> list[str]:
    """The books that can be picked by name, the default one first; a model elsewhere answers for that alone."""
    using = settings()
    if using.model_url is not None:
        return [using.book]
    others = (name for name in books.names(using.home) if name != using.book)
    return [using.book, *sorted(others, key=lambda name: title(name).casefold())]


def title(name: str) -> str:
    """A book's title; its name where it cannot be read."""
    return books.title(name, settings().home)


def record_noun(name: str) -> str:
    """What a book holds one of, in its contract's word; "record" where that cannot be read."""
    return books.record_noun(name, settings().home)


def choose_book(page: str) -> str:
    """Settle which book is looked at on a page; returns what the visitor must be told of it, if anything."""
    default, there = settings().book, offered()
    given, before = st.query_params.get(BOOK), st.session_state.get(PAGE)
    meant: dict[str, str] = st.session_state.setdefault(MEANT, {})
    picked = st.session_state.pop(PICKED, None)
    if picked is not None:
        chosen = picked
        meant[page] = default  # on this page, from now on
        st.query_params.clear()  # what it says is of the book before
    elif given is not None:
        chosen = given
    else:
        if before not in (None, page):
            meant[page] = deployed.book()
        chosen = meant.get(page, default)
    told = ""
    if chosen not in there:
        known = ", ".join(there)
        told = f"There is no book {chosen!r} here, so that “{title(default)}” is shown, as it is. There are: {known}."
        chosen = default
        st.query_params.clear()  # a number or a lever of another book means nothing in this one
    st.session_state[PAGE], st.session_state[CHOSEN] = page, chosen
    if chosen == default:
        st.query_params.pop(BOOK, None)
    elif st.query_params.get(BOOK) != chosen:
        st.query_params[BOOK] = chosen
    return told


def picker() -> None:
    """All books by title, where there are several."""
    there = offered()
    if len(there) < 2:
        return
    titles = {name: title(name) for name in there}
    shown = list(titles.values())
    labels = {name: each if shown.count(each) == 1 else f"{each} ({name})" for name, each in titles.items()}
    st.session_state[PICKER] = deployed.book()  # each time: a browser that was not told shows the first of them
    st.selectbox(
        "Book",
        there,
        format_func=lambda name: labels.get(name, name),
        key=PICKER,
        on_change=_picked,
        label_visibility="collapsed",
        width=230,
    )
    _broken(there)


def _broken(there: list[str]) -> None:
    """Which books cannot be used, and why where a mouse rests on it; all others can, and one that is picked all the
    same says why, too."""
    found = {name: why for name in there if (why := books.trouble(name, settings().home))}
    if found:
        one = len(found) == 1
        told = f"{'The book' if one else 'The books'} {', '.join(found)} cannot be used"
        whole = " ".join(why[:LONGEST_WHY] for why in found.values())
        widgets.html(
            f"<div class='wi-frame' role='note' title='{widgets.text(whole)}'>{widgets.text(told[:LONGEST_WHY])}</div>"
        )


def _picked() -> None:
    st.session_state[PICKED] = st.session_state[PICKER]
