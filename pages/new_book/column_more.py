"""What more can be decided about a column: its codes, the order of its words, what is no value."""

from dataclasses import replace

import streamlit as st

from data.proposing.decisions import ColumnDecision
from data.proposing.glance import ColumnGlance
from model.report.new_book.review import FileReview
from pages.new_book import state
from pages.shared.as_written import literal, strangers

MOST_WORDS = 60  # of a column, offered to be read as no value
AMONG = "{code} lies among the other values of {name}, so it has no words of its own: its cells are read as empty."


def more(review: FileReview, each: ColumnGlance) -> None:
    """Special codes, the order of words, why it is what it is taken for."""
    panel = st.popover("…", key=state.key_of(review, each.name, "more"), on_change="rerun", help=f"More of {each.name}")
    if not panel.open:
        return
    with panel:
        st.caption(f"{review.label(each.name)}: {review.outlines[each.name].why}.")
        if review.kind(each.name) == "category":
            order(review, each)
        elif each.held == "numbers":
            codes(review, each)
        if each.held in ("numbers", "words"):
            no_values(review, each)
        as_proposed = review.is_decided(each.name)
        st.button(
            "As proposed",
            key=state.key_of(review, each.name, "back"),
            disabled=not as_proposed,
            on_click=undecided,
            args=(review, each.name),
            icon=":material/undo:",
        )


def undecided(review: FileReview, name: str) -> None:
    """Callback: a column is as it was proposed again."""
    state.keep_decisions(review.begun, review.begun.decisions.with_column(name, ColumnDecision()))


def order(review: FileReview, each: ColumnGlance) -> None:
    """The order of a column's words, by hand."""
    words, key = review.order(each.name), state.key_of(review, each.name, "order")
    st.session_state[key] = list(review.begun.decisions.of(each.name).order)
    with strangers():
        st.caption(f"Now, lowest first: {', '.join(words[:20])}")
        st.multiselect(
            "Order by hand: choose the words one after another, the lowest first",
            words,
            format_func=literal,
            key=key,
            on_change=order_decided,
            args=(review, each.name, key),
        )


def order_decided(review: FileReview, name: str, key: str) -> None:
    """Callback: the order of a column's words was decided."""
    own = replace(review.begun.decisions.of(name), order=tuple(st.session_state.get(key) or ()))
    state.keep_decisions(review.begun, review.begun.decisions.with_column(name, own))


def codes(review: FileReview, each: ColumnGlance) -> None:
    """What numbers that are codes mean, and one more of them."""
    for code, word in review.special(each.name).items():
        key = state.key_of(review, each.name, f"code {code:.15g}")
        st.session_state[key] = word
        note = "Leave it empty where this number is no code." if code in each.special else None
        st.text_input(
            f"{code:.12g} means",
            key=key,
            help=note,
            max_chars=60,
            on_change=code_decided,
            args=(review, each.name, code, key),
        )
    number, word = state.key_of(review, each.name, "code_number"), state.key_of(review, each.name, "code_word")
    st.number_input("One more number that is a code", key=number, value=None, step=1.0, format="%g")
    st.text_input("It means", key=word, max_chars=60)
    st.button(
        "Add", key=state.key_of(review, each.name, "add"), on_click=code_added, args=(review, each.name, number, word)
    )


def code_decided(review: FileReview, name: str, code: float, key: str) -> None:
    """Callback: what a code means was decided; without a meaning it is none."""
    word, own = str(st.session_state.get(key, "")).strip(), review.begun.decisions.of(name)
    found = review.glanced[name].special
    words = {**review.special(name), code: word}
    special = {each: told for each, told in words.items() if told or each in found}  # "" where one found is none
    state.keep_decisions(review.begun, review.begun.decisions.with_column(name, replace(own, special=special)))


def code_added(review: FileReview, name: str, number: str, word: str) -> None:
    """Callback: one more number is a code."""
    code = st.session_state.get(number)
    if code is None or not str(st.session_state.get(word, "")).strip():
        st.session_state[state.TROUBLE] = "Give both: the number, and what it means."
        return
    looked = state.begun_books().looked_at(review.begun.name)
    if looked.is_among(name, float(code), tuple(each for each, told in review.special(name).items() if told)):
        said = review.begun.decisions
        mark = no_value_mark(name, f"{code:.15g}")
        state.keep_decisions(review.begun, replace(said, missing=tuple(dict.fromkeys((*said.missing, mark)))))
        st.session_state[state.DONE] = AMONG.format(code=f"{code:.12g}", name=name)
    else:
        code_decided(review, name, float(code), word)
    st.session_state[number], st.session_state[word] = None, ""


def no_value_mark(name: str, word: str) -> str:
    """How a word of one column is told that stands for no value."""
    return f"{name}={word}"


def no_values(review: FileReview, each: ColumnGlance) -> None:
    """Which words or numbers of a column are read as if its cells were empty."""
    begin, key = no_value_mark(each.name, ""), state.key_of(review, each.name, "no_values")
    said = [word.removeprefix(begin) for word in review.begun.decisions.missing if word.startswith(begin)]
    st.session_state[key] = said
    with strangers():
        st.multiselect(
            "Read as if the cell were empty",
            list(dict.fromkeys((*said, *each.words[:MOST_WORDS]))),
            format_func=literal,
            key=key,
            accept_new_options=each.held == "numbers",
            placeholder="none" if each.held == "words" else "none; type a number",
            on_change=no_values_decided,
            args=(review, each.name, key),
        )


def no_values_decided(review: FileReview, name: str, key: str) -> None:
    """Callback: other words of a column stand for no value."""
    said, begin = review.begun.decisions, no_value_mark(name, "")
    others = [word for word in said.missing if not word.startswith(begin)]
    own = [no_value_mark(name, str(word).strip()) for word in st.session_state.get(key) or () if str(word).strip()]
    state.keep_decisions(review.begun, replace(said, missing=(*others, *own)))
