"""Small pieces of layout, and the style sheet."""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

MARKDOWN = re.compile(r"[\\`*_\[\]<>$~|&]|:(?=\w)")  # what begins something else than text
LINKED = re.compile(r"https?:(?=//)|www(?=\.)|@", re.IGNORECASE)  # what is made a link by itself
LOOK = Path(__file__).with_name("look.css")
SHEET = Path(__file__).with_name("sheet.js").read_text("utf-8")
ICON = Path(__file__).with_name("icon.png")  # a Material icon would be fetched from another host


def style() -> None:
    """The style sheet, once a page, and what closes the sheet of controls."""
    st.html(LOOK)
    st.html(f"<script>{SHEET}</script>", unsafe_allow_javascript=True)


def entitle(title: str) -> None:
    """What the window is called, where that is another than the frame's."""
    if title:
        st.set_page_config(page_title=title)


def controls_and_answers(opened: bool = False) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Controls on the left, answers on the right.

    Where a window is too narrow for both, the answers take its whole width and the controls are a sheet that opens from
    below: in the browser alone, with no run of the script. ``opened``: it begins open, because there is no answer
    before something is chosen in it. The style sheet says how narrow that is.
    """
    left, right = st.columns([0.3, 0.7], gap="medium")
    with left:
        html(f"<details class='wi-sheet'{' open' * opened}><summary>Levers</summary></details>")
        controls = st.container(key="levers")
    return controls, right


def histograms(heights: Mapping[str, Sequence[float]]) -> None:
    """The histograms of `here` by name, bins in [0, 1], once a page, so that a move of a lever does not send them
    again."""
    rules = (f'.wi-here .wi-of-{name} {{ mask-image: url("{_image(each)}"); }}' for name, each in heights.items())
    st.html(f"<style>{''.join(rules)}</style>")


def _image(heights: Sequence[float]) -> str:
    """A histogram as a picture that stands in the style sheet itself."""
    path = "".join(f"M{4 * k + 1.5} 15v-{14 * h:.1f}" for k, h in enumerate(heights) if 14 * h >= 0.05)
    picture = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {4 * len(heights)} 15' preserveAspectRatio='none'>"
        f"<path d='{path}' stroke='black' stroke-width='3'/></svg>"
    )
    return f"data:image/svg+xml,{quote(picture)}"


def html(body: str) -> None:
    """A piece of markup that this package wrote; whatever came from people or files is escaped by its writer."""
    st.html(body)


def text(value: str) -> str:
    """Text made safe for markup."""
    return escape(value, quote=True)


def literal(value: str) -> str:
    """Text as it is written where Markdown is read."""
    return MARKDOWN.sub(r"\\\g<0>", value)


def complain(message: str) -> None:
    """A complaint as a warning, as it is written: what it repeats of an address, or of anything typed, is never drawn
    as Markdown, and no link."""
    st.warning(LINKED.sub("\\g<0>\N{WORD JOINER}", literal(message)), icon=":material/info:")


def offer(label: str, data: str | bytes | Callable[[], bytes], name: str, mime: str, key: str = "") -> None:
    """A file to take along, made when it is asked for if ``data`` makes it."""
    st.download_button(
        label, data, name, mime, on_click="ignore", icon=":material/download:", key=f"_download_{key or name}"
    )


def findings(*sentences: str) -> None:
    """The sentences above charts that stand side by side: one message to the browser."""
    alone = " wi-alone" if len(sentences) == 1 else ""
    html(f"<div class='wi-findings{alone}'>{''.join(f'<h3>{text(each)}</h3>' for each in sentences)}</div>")


def listed(*halves: tuple[str, Sequence[tuple[str, str]]]) -> None:
    """The sentences above a chart, one for each of its halves, each with what it shows as label and value: that is what
    a window too narrow for the chart has in its place. One message to the browser."""
    lists = (
        f"<div><h3>{text(told)}</h3><dl class='wi-listed'>"
        + "".join(f"<dt>{text(label)}</dt><dd>{text(value)}</dd>" for label, value in rows)
        + "</dl></div>"
        for told, rows in halves
    )
    alone = " wi-alone" if len(halves) == 1 else ""
    html(f"<div class='wi-findings wi-listing{alone}'>{''.join(lists)}</div>")


def here(name: str, place: float | None, words: str, note: str) -> None:
    """Where a value stands in the book: the histogram ``name`` with a mark at a ``place`` in [0, 1] of its width, the
    words for it, and a note."""
    mark = "" if place is None else f"<i style='left:{100 * place:.0f}%'></i>"
    told = f"<span>{text(words)}<br>{text(note)}</span>"
    html(f"<div class='wi-here'><div><b class='wi-of-{name}'></b>{mark}</div>{told}</div>")
