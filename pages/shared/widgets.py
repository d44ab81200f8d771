"""Small pieces of layout, and the style sheet."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import streamlit as st

from data.files.escapes import escaped
from model.report import spreadsheet

MARKDOWN = re.compile(r"[\\`*_\[\]<>$~|&]|:(?=\w)")  # what begins something else than text
LINKED = re.compile(r"https?:(?=//)|www(?=\.)|@", re.IGNORECASE)  # what is made a link by itself
LOOK = Path(__file__).with_name("look.css")
ICON = Path(__file__).with_name("icon.png")  # a Material icon would be fetched from another host


def style() -> None:
    """The style sheet, once a page."""
    st.html(LOOK)


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


def complain(message: str) -> None:
    """A complaint as a warning, as it is written: what it repeats of an address, or of anything typed, is never drawn
    as Markdown, and no link."""
    st.warning(LINKED.sub("\\g<0>\N{WORD JOINER}", MARKDOWN.sub(r"\\\g<0>", message)), icon=":material/info:")


def number(
    label: str,
    value: str,
    was: str = "",
    change: str = "",
    way: str = "",
    note: str = "",
    limit: str = "",
    broken: str = "",
) -> str:
    """One number of the headline: the value, what it was, and the difference with its direction; its limit, if any.

    ``way`` is "worse", "better" or ""; colour never stands alone, the difference carries sign and arrow, the limit a
    mark, and the word ``broken`` where it does not hold. A ``note`` may have several lines.
    """
    second = f"<span class='wi-was'>was {text(was)}</span> " if was else ""
    arrow = {"up": "▲", "down": "▼"}
    sign = arrow["up"] if change.startswith("+") else arrow["down"] if change.startswith("\N{MINUS SIGN}") else ""
    third = f"<span class='wi-{way or 'same'}'>{sign} {text(change)}</span>" if change else ""
    tail = "".join(f"<div class='wi-was'>{text(line)}</div>" for line in note.splitlines())
    if limit:
        mark, held = (f"✗ {broken}", "worse") if broken else ("✓", "same")
        tail += f"<div class='wi-{held}'>limit {text(limit)} {mark}</div>"
    return (
        f"<div class='wi-number'><div class='wi-label'>{text(label)}</div><div class='wi-value'>{text(value)}</div>"
        f"<div class='wi-under'>{second}{third}{tail}</div></div>"
    )


def headline(sentence: str, numbers: list[str], below: str = "", kind: str = "") -> None:
    """The sentence, the numbers under it, one line below: one message to the browser, painted first."""
    foot = f"<p class='wi-below'>{text(below)}</p>" if below else ""
    html(
        f"<p class='wi-sentence{' ' * bool(kind)}{kind}' role='status'>{text(sentence)}</p>"
        f"<div class='wi-numbers {kind}'>{''.join(numbers)}</div>{foot}"
    )


def table(frame: pd.DataFrame, **more: Any) -> None:
    """A table to scroll, sort and search, with the ``more`` that Streamlit's takes. Its own menu lets people save and
    copy it, so that its texts are made harmless too, and column names with them."""
    for name in ("column_config", "column_order"):
        if name in more:
            more[name] = _renamed(more[name])
    st.dataframe(spreadsheet.shown_frame(frame), **more)


def _renamed(columns: Any) -> Any:
    if isinstance(columns, Mapping):
        return {escaped(name, spreadsheet.UNSEEN): config for name, config in columns.items()}
    return [escaped(name, spreadsheet.UNSEEN) for name in columns]


def download(frame: pd.DataFrame, name: str) -> None:
    """A table as CSV, in full precision."""
    offer("Download as CSV", spreadsheet.file(frame), f"{name}.csv", spreadsheet.MIME, name)


def offer(label: str, data: str | bytes | Callable[[], bytes], name: str, mime: str, key: str = "") -> None:
    """A file to take along, made when it is asked for if ``data`` makes it."""
    st.download_button(
        label, data, name, mime, on_click="ignore", icon=":material/download:", key=f"_download_{key or name}"
    )


def lead(frame: pd.DataFrame, head: str, values: Iterable[object]) -> None:
    """Put a first column before the others. Its head is a word of the book's own, so it may be one of theirs."""
    while head in frame:
        head += "\N{NO-BREAK SPACE}"
    frame.insert(0, head, list(values))


def findings(*sentences: str) -> None:
    """The sentences above charts that stand side by side: one message to the browser."""
    alone = " wi-alone" if len(sentences) == 1 else ""
    html(f"<div class='wi-findings{alone}'>{''.join(f'<h3>{text(each)}</h3>' for each in sentences)}</div>")


def listed(*halves: tuple[str, Sequence[tuple[str, str]]]) -> None:
    """The sentences above one chart of several halves, each with what its half shows as label and value: that is what a
    window too narrow for the chart has in its place. One message to the browser."""
    lists = (
        f"<div><h3>{text(told)}</h3><dl class='wi-listed'>"
        + "".join(f"<dt>{text(label)}</dt><dd>{text(value)}</dd>" for label, value in rows)
        + "</dl></div>"
        for told, rows in halves
    )
    html(f"<div class='wi-findings wi-listing'>{''.join(lists)}</div>")


def here(name: str, place: float | None, words: str, note: str) -> None:
    """Where a value stands in the book: the histogram ``name`` with a mark at a ``place`` in [0, 1] of its width, the
    words for it, and a note."""
    mark = "" if place is None else f"<i style='left:{100 * place:.0f}%'></i>"
    told = f"<span>{text(words)}<br>{text(note)}</span>"
    html(f"<div class='wi-here'><div><b class='wi-of-{name}'></b>{mark}</div>{told}</div>")
