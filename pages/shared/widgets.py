"""Small pieces of layout, and the style sheet."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.report.language import range_ends
from model.whatif.ranges import LeverRange
from pages.shared.as_written import strangers
from pages.shared.made_files import kept_until_fetched

TYPED = ".typed"  # what the key of a lever's field ends with; its slider has the key itself
NO_CLASS = re.compile(r"[^A-Za-z0-9_-]")  # what Streamlit makes a hyphen of in the class of a key
LOOK, PRINT = (Path(__file__).with_name(name) for name in ("look.css", "print.css"))
PRESENTED, LINKED_ROWS, FIELD = (
    Path(__file__).with_name(name).read_text("utf-8") for name in ("presented.css", "linked.css", "field.css")
)
SCRIPTS = "".join(Path(__file__).with_name(name).read_text("utf-8") for name in ("sheet.js", "map.js", "print.js"))
ICON = Path(__file__).with_name("icon.png")  # a Material icon would be fetched from another host


@dataclass(frozen=True)
class Place:
    """Where the value of a lever stands in the book: ``at`` a place in [0, 1] of its histogram's width, if at one."""

    name: str
    label: str
    at: float | None
    told: str
    note: str


def style() -> None:
    """The style sheets, of screen and of paper, once a page; what closes the sheet of controls, what a click on the map
    does, and what begins a page that is printed."""
    st.html(LOOK)
    st.html(PRINT)
    st.html(f"<script>{SCRIPTS}</script>", unsafe_allow_javascript=True)


def look_of_page(sheet: Path) -> None:
    """The style sheet of one page alone."""
    st.html(sheet)


def entitle(title: str) -> None:
    """What the window is called, where that is another than the frame's."""
    if title:
        st.set_page_config(page_title=title)


def controls_and_answers(called: str = "") -> tuple[DeltaGenerator, DeltaGenerator]:
    """Controls on the left, answers on the right.

    Where a window is too narrow for both, the answers take its whole width and the controls are a sheet, see `sheet`;
    the style sheet says how narrow that is. ``called``: how the sheet is called, where nothing else draws it.
    """
    with st.container(key="sides"):
        if called:
            sheet(called)
        controls, answers = st.container(key="levers"), st.container(key="answers")
    return controls, answers


def sheet(called: str) -> None:
    """What opens the controls where a window is too narrow for them beside the answers: in the browser alone, with no
    run of the script."""
    html(f"<details class='wi-sheet'><summary>{text(called)}</summary></details>")


def whole_page() -> DeltaGenerator:
    """A place that is the whole page, in large type: what else a page has is out of sight while this is drawn."""
    return _styled("presentation", PRESENTED)


def linked_rows(key: str) -> DeltaGenerator:
    """A place for a table whose rows begin with links."""
    return _styled(key, f"{_class(key)} {{ {LINKED_ROWS} }}")


def _styled(key: str, look: str) -> DeltaGenerator:
    """A place with a style sheet of its own, there and gone with it."""
    place = st.container(key=key)
    with place:
        html(f"<div hidden><style>{look}</style></div>")
    return place


def histograms(heights: Mapping[str, Sequence[float]]) -> None:
    """The histograms of `place_in_book` by name, bins in [0, 1]: once a page, so that a move of a lever does not send
    them again."""
    rules = (f'.wi-here .wi-of-{name} {{ mask-image: url("{_image(each)}"); }}' for name, each in heights.items())
    st.html(f"<style>{''.join(rules)}</style>")


def rails(ranges: Mapping[str, LeverRange]) -> None:
    """What the sliders of these keys show, once a page: both ends, which part of it can be used, and where zero lies if
    it moves both ways."""
    told = {key: (within, range_ends(within)) for key, within in ranges.items()}
    widest = max((len(end) for _, ends in told.values() for end in ends), default=0)
    room = f".stSlider {{ --wi-ends: {0.45 * widest + 0.4:.2f}rem }}"
    st.html(f"<style>{room}{''.join(_rail(key, within, ends) for key, (within, ends) in told.items())}</style>")
    fields(list(ranges))


def fields(keys: Sequence[str]) -> None:
    """What the fields of the levers of these keys look like, once a page.

    By their keys one by one: were they looked for by a part of their class, the browser would look at every element
    again whenever the class of any changes, which a chart does hundreds of times a move.
    """
    if keys:
        st.html(f"<style>:is({', '.join(_class(f'{key}{TYPED}') for key in keys)}) {{ {FIELD} }}</style>")


def _rail(key: str, within: LeverRange, ends: tuple[str, str]) -> str:
    low, high = ends
    told = f"--wi-native: 0; --wi-low: '{low}'; --wi-high: '{high}'"
    if within.both_ways:
        start, rest = (f"{share:.2%}" for share in within.unused)
        told = f"{told}; --wi-zero: 50%; --wi-tick: ''; --wi-start: {start}; --wi-rest: {rest}"
    return f"{_class(key)} {{ {told} }}"


def _class(key: str) -> str:
    """What selects the widget of a key."""
    return f".st-key-{NO_CLASS.sub('-', key)}"


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


def complain(message: str) -> None:
    """A complaint as a warning, which may repeat what stands in an address, or was typed."""
    with strangers():
        st.warning(message, icon=":material/info:")


def offer(label: str, data: str | bytes | Callable[[], bytes], name: str, mime: str, key: str) -> None:
    """A file to take along, made when it is asked for if ``data`` makes it. By its ``key`` it stays the same button
    however the file is called."""
    own = f"_download_{key}"
    file = kept_until_fetched(data, name, mime=mime, key=own) if callable(data) else data
    st.download_button(label, file, name, mime, on_click="ignore", icon=":material/download:", key=own)


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


def place_in_book(each: Place) -> None:
    """Where the value of a lever stands in the book: the histogram of its name with a mark, the words for it, and a
    note."""
    mark = "" if each.at is None else f"<i style='left:{100 * each.at:.0f}%'></i>"
    told = f"<span><b class='wi-unseen'>{text(each.label)}: </b>{text(each.told)}<br>{text(each.note)}</span>"
    picture = f"<div><b class='wi-of-{each.name}'></b>{mark}</div>"
    html(f"<div class='wi-here'>{picture}{told}</div>")
