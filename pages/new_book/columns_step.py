"""Step 2: the questions first, then a row a column, each part of which can be changed."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from data.proposing.decisions import ColumnDecision
from data.proposing.glance import ColumnGlance
from data.proposing.pair import compare_columns
from model.monitoring.discrimination import single_input_auc
from model.release.begun_contract import file_quality
from model.report.new_book.briefing import (
    KEPT,
    bar_words,
    changes_finding,
    column_words,
    columns_briefing,
    histogram_heights,
    histogram_words,
    pair_finding,
    quality_finding,
    rates_words,
    waiting_words,
)
from model.report.new_book.questions import review_questions
from model.report.new_book.review import AMOUNT, DIRECTIONS, KINDS, ROLES, FileReview
from pages.new_book import column_more, file_step, question_cards, state
from pages.shared import draw, widgets
from pages.shared.as_written import strangers

SHARES = (0.19, 0.14, 0.15, 0.1, 0.1, 0.13, 0.14, 0.05)  # of the width: what each row's parts take
HEADS = ("Column", "Rows, and share bad ●", "Role", "Type", "Unit", "Direction", "Label", "")
UNITS = {"": "none", AMOUNT: "amount", "%": "%", "months": "months", "years": "years", "days": "days"}
ROWS = 12  # columns on a page of them
SHOWN = {"all": "all columns", "input": "inputs", "others": "not given to the model", "decided": "decided by a person"}
GONE = "The cells of the file are no longer kept, so that no column can be proposed anew. Give the file again."
ANEW = "The book was proposed anew with every decision; what you wrote is kept."
SHOW, SEARCH, PAGE = "_new_book_show", "_new_book_search", "_new_book_page"


def columns_section(review: FileReview) -> None:
    """Questions, columns, and what else there is to look at."""
    if not review.begun.cells_kept:
        st.info(GONE, icon=":material/info:")
        return
    asked = review_questions(review)
    draw.headline(columns_briefing(review, len(asked)), "wi-even")
    put_in(review, len(asked))
    if asked:
        widgets.findings("Questions that only a person can answer")
        question_cards.cards(review, asked)
    widgets.findings("The columns")
    rows(review)
    panels(review)


def put_in(review: FileReview, left: int) -> None:
    """What is decided and not in the book yet; the way on."""
    with st.container(horizontal=True, key="new_book_put_in", vertical_alignment="center"):
        widgets.html(f"<div class='nb-waiting'>{widgets.text(waiting_words(review))}</div>")
        if review.waiting:
            pressed = st.button(
                "Put them into the book", key="_new_book_put", type="primary", icon=":material/publish:"
            )
            if pressed and file_step.write_anew(review):
                st.session_state[state.DONE] = ANEW
                st.rerun()
            return
        st.button(
            "On to the model",
            key="_new_book_on",
            type="secondary" if left else "primary",
            on_click=state.go,
            args=(review.begun.name, "model"),
        )


# ---- a row a column -------------------------------------------------------------------------------------------------


def rows(review: FileReview) -> None:
    """One row a column, a dozen at a time."""
    with st.container(horizontal=True, key="new_book_choose", vertical_alignment="bottom"):
        show = st.selectbox("Show", list(SHOWN), format_func=lambda each: SHOWN[each], key=SHOW, width=260)
        words = st.text_input("Search", key=SEARCH, placeholder="a column's name", width=260)
        found = [each for each in review.reviewed if shown(review, each, show, words.strip().casefold())]
        pages = list(range(1, 2 + max(len(found) - 1, 0) // ROWS))
        if st.session_state.get(PAGE) not in pages:
            st.session_state[PAGE] = 1
        at = int(st.selectbox("Page", pages, key=PAGE, width=110)) if len(pages) > 1 else 1
    with st.container(key="new_book_columns"):
        for place, head in zip(st.columns(SHARES, gap="small"), HEADS, strict=True):
            with place:
                widgets.html(f"<div class='nb-head'>{widgets.text(head)}</div>")
        for each in found[slice(*((k * ROWS) for k in (at - 1, at)))]:
            row(review, each)
    if not found:
        st.caption("No column is like that.")


def shown(review: FileReview, each: ColumnGlance, show: str, words: str) -> bool:
    """Whether a column is among those that are asked for."""
    kinds = {
        "input": review.role(each.name) == "input",
        "others": review.role(each.name) != "input",
        "decided": review.is_decided(each.name),
    }
    return kinds.get(show, True) and words in f"{each.name} {review.label(each.name)}".casefold()


def row(review: FileReview, each: ColumnGlance) -> None:
    """One column: what it holds, and what it is taken for."""
    name, modelled = each.name, review.role(each.name) == "input"
    number = modelled and review.kind(name) == "number"
    places = st.columns(SHARES, gap="small", vertical_alignment="center")
    with places[0]:
        mark = " <i title='decided by a person'>✓</i>" if review.is_decided(name) else ""
        told = f"<b>{widgets.text(name)}</b>{mark}<br><span>{widgets.text(column_words(each))}</span>"
        widgets.html(f"<div class='nb-name'>{told}</div>")
    with places[1]:
        histogram(each)
    with places[2]:
        pick(review, name, "role", "Role", ROLES, review.role(name))
    with places[3]:
        pick(review, name, "kind", "Type", KINDS, review.kind(name), off=not modelled)
    with places[4]:
        pick(review, name, "unit", "Unit", units(review), review.unit(name), off=not number, others=True)
    with places[5]:
        pick(review, name, "direction", "Direction", DIRECTIONS, review.direction(name), off=not modelled)
    with places[6]:
        write(review, name, "label", "Label", review.label(name))
    with places[7]:
        column_more.more(review, each)


def histogram(each: ColumnGlance) -> None:
    """How the values are spread, and the bad rate in each bar."""
    bars = "".join(
        f"<i class='{'nb-apart' if bar.apart else ''}' title='{widgets.text(bar_words(bar))}'>"
        f"<b style='height:{height:.0%}'></b>"
        + (f"<u style='bottom:{rate:.0%}'></u>" if rate is not None else "")
        + "</i>"
        for bar, (height, rate) in zip(each.bars, histogram_heights(each), strict=True)
    )
    told, rates = widgets.text(histogram_words(each)), widgets.text(rates_words(each))
    widgets.html(f"<div class='nb-bars' role='img' aria-label='{told}'>{bars}</div><div class='nb-rates'>{rates}</div>")


def units(review: FileReview) -> Mapping[str, str]:
    """The units that can be picked: the usual ones, and those of the book's other columns."""
    used = dict.fromkeys(review.unit(each.name) for each in review.reviewed)
    return {each: UNITS.get(each, each) for each in (*UNITS, *used)}


def pick(
    review: FileReview,
    name: str,
    part: str,
    label: str,
    options: Mapping[Any, str],
    now: object,
    off: bool = False,
    others: bool = False,
) -> None:
    """One part of a column, by a picker; of ``others`` than the options, too, if they can be typed."""
    key, labels = state.key_of(review, name, part), dict(options)
    st.session_state[key] = now
    st.selectbox(
        f"{label} of {name}",
        list(labels),
        format_func=lambda each: labels.get(each, str(each)),
        accept_new_options=others,
        key=key,
        label_visibility="collapsed",
        disabled=off,
        on_change=column_decided,
        args=(review, name, part, key),
    )


def write(review: FileReview, name: str, part: str, label: str, now: str, off: bool = False) -> None:
    """One part of a column, as a text."""
    key = state.key_of(review, name, part)
    st.session_state[key] = now
    st.text_input(
        f"{label} of {name}",
        key=key,
        label_visibility="collapsed",
        disabled=off,
        max_chars=80,
        on_change=column_decided,
        args=(review, name, part, key),
    )


def column_decided(review: FileReview, name: str, part: str, key: str) -> None:
    """Callback: one part of a column was decided."""
    value = st.session_state.get(key)
    if isinstance(value, str):
        value = value.strip()
    change: dict[str, Any] = {part: value}
    own: ColumnDecision = replace(review.begun.decisions.of(name), **change)
    state.keep_decisions(review.begun, review.begun.decisions.with_column(name, own))


# ---- what else there is ---------------------------------------------------------------------------------------------


def panels(review: FileReview) -> None:
    """Two columns held against each other, the file's quality, who decided what, the contract itself."""
    drawn = {
        "Two columns compared: does one know what the other knows?": partial(pair_panel, review),
        "Data quality of the file": partial(quality_panel, review),
        "Who decided what": partial(changes_panel, review),
        "The contract, as it stands in the file": partial(contract_panel, review),
    }
    for k, (title, make) in enumerate(drawn.items()):
        panel = st.expander(title, key=f"_new_book_panel_{k}", on_change="rerun")
        if panel.open:
            with panel:
                make()


def pair_panel(review: FileReview) -> None:
    """Two columns held against each other."""
    names = [each.name for each in review.glances if each.held in ("numbers", "words", "dates")]
    strongest = sorted(names, key=lambda name: -strength(review, name))
    one, other = st.columns(2)
    with strangers():
        first = one.selectbox("One column", strongest, key="_new_book_one")
        second = other.selectbox("Another", [each for each in strongest if each != first], key="_new_book_other")
    if not first or not second:
        return
    begun = review.begun
    looked = state.begun_books().looked_at(begun.name)
    outcome = looked.outcome(begun.decisions.target, begun.decisions.bad, begun.decisions.drop)
    draw.item(pair_finding(compare_columns(looked, first, second, outcome, single_input_auc)))


def strength(review: FileReview, name: str) -> float:
    """How well a column ranks the outcome by itself, as far as that is known."""
    return review.outlines[name].auc if name in review.outlines else 0.0


def quality_panel(review: FileReview) -> None:
    """What in the file a person should look at."""
    draw.item(quality_finding(file_quality(state.begun_books(), review.begun.name)))


def changes_panel(review: FileReview) -> None:
    """Who decided what."""
    draw.item(changes_finding(review.begun))


def contract_panel(review: FileReview) -> None:
    """The record of all of it, as text; what becomes of the cells kept."""
    if review.contract is not None:
        st.caption(
            f"contract.toml in the folder books/{review.begun.name}. It can be edited by hand as well: what is decided "
            "there stands here then."
        )
        st.code(review.contract.text, language="toml", height=360)
    st.caption(KEPT)
    st.button(
        "Delete the cells now",
        key="_new_book_forget",
        on_click=cells_deleted,
        args=(review.begun.name,),
        help="The book stays as it stands; its columns cannot be proposed anew without the file.",
    )


def cells_deleted(name: str) -> None:
    """Callback: the cells of the file are let go."""
    state.attempt(partial(state.begun_books().forget_cells, name))
