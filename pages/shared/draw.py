"""A briefing on the screen: the one place that knows how its parts look. It decides nothing of what is said."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from math import ceil
from typing import Any, Literal

import streamlit as st
from plotly.basedatatypes import BaseFigure
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.column_types import ColumnConfig

from model.report import charts, spreadsheet
from model.report.briefing import (
    Briefing,
    Choice,
    Choices,
    Column,
    Finding,
    Item,
    Link,
    Notice,
    Panel,
    Suggestion,
    Table,
    Tile,
)
from model.report.numbers import MINUS
from pages.shared import deployed, offering, widgets
from pages.shared.as_written import bold, literal, strangers
from pages.shared.deployed import keyed
from pages.shared.number_field import typed
from pages.shared.parts import redrawn
from pages.shared.widgets import html, text

SCRIPTS = {each: f"{each}/page.py" for each in ("book", "customer", "policy", "operations")}
LINKS = 5  # side by side
MARKS = {"holds": ("✓", "holds"), "watch": ("◐", "watch"), "does not hold": ("✗", "worse")}
ICONS = {
    "info": ":material/info:",
    "success": ":material/check:",
    "warning": ":material/warning:",
    "error": ":material/error:",
}
METHOD = "_method"
READ = "_panels_read"  # in the session: the choices elsewhere that open panels read; None while all are closed
WIDE, CELL = 4, 7.0  # columns from which a short table scrolls in its own box, each at least so many rem wide
LETTER = 6.2  # pixels of a letter in a table
LINE, ROW = 20, 15  # pixels of a line of a table's row, and of what is around its lines


# ---- the numbers ------------------------------------------------------------------------------------------------


def headline(said: Briefing, kind: str = "", stays: bool = False, announced: bool = True) -> None:
    """The sentence, the numbers under it, what is to be known below: one message to the browser, painted first.
    ``kind`` are names of the style sheet. ``stays``: the sentence and the main number stay in sight while the rest of
    the page is scrolled under them. ``announced``: a screen reader says the sentence whenever it changes; not one that
    changes by itself."""
    kind = " ".join(filter(None, (kind, "wi-guaranteed" * said.guaranteed)))
    role = " role='status'" * announced
    points = "".join(f"<li>{text(each[:1].upper() + each[1:])}.</li>" for each in said.points)
    parts = (
        f"<p class='wi-sentence{' ' * bool(kind)}{kind}'{role}>{text(said.sentence)}</p>",
        numbers_row(said.tiles, kind) if said.tiles else "",
        f"<ol class='wi-things'>{points}</ol>" if points else "",
        f"<p class='wi-below {kind}{' wi-before' * bool(said.aside)}'>{text(said.below)}</p>" if said.below else "",
        f"<p class='wi-aside'>{text(said.aside)}</p>" if said.aside else "",
    )
    offering.begin_charts()
    kept = _in_sight(said) if stays and said.tiles else ""
    html(f"{kept}<div class='wi-headline {kind}'>{''.join(parts)}</div>")
    widgets.entitle(said.title)


def _in_sight(said: Briefing) -> str:
    """What stays of a headline: its main number and its sentence once more, for eyes only, behind the headline until
    that is scrolled away."""
    main = said.tiles[said.main]
    number = f"<b>{text(main.value)}</b> {_signed_change(main)}<br>{text(main.label)}"
    return f"<div class='wi-stays' aria-hidden='true'><div><p>{number}</p><p>{text(said.sentence)}</p></div></div>"


def without_numbers(said: Briefing, first: bool = False, kind: str = "") -> None:
    """What is said while there are no numbers, and why. ``first``: because nothing is chosen yet, so that the controls
    stand above it where they cannot stand beside it."""
    offering.begin_charts()
    if said.sentence:
        html(f"<p class='wi-invitation{' wi-first' * first} {kind}'>{text(said.sentence)}</p>")
    widgets.entitle(said.title)
    for each in said.notices:
        notice(each)


def numbers_row(tiles: Sequence[Tile], kind: str) -> str:
    """Numbers side by side; where one has a bar of headroom all keep the place of one."""
    barred = any(each.headroom is not None for each in tiles)
    row = "".join(tile(each, barred) for each in tiles)
    return f"<div class='wi-fitted'><div class='wi-numbers {kind}'>{row}</div></div>"


def tile(each: Tile, barred: bool = False) -> str:
    """One number; colour never stands alone: a change carries its sign and an arrow, a limit or a verdict its mark."""
    lines = [_change(each), *(f"<div class='wi-was'>{text(line)}</div>" for line in each.notes)]
    if each.limit:
        mark, kind = (f"✗ {each.broken}", "worse") if each.broken else ("✓", "same")
        lines.append(f"<div class='wi-{kind}'>limit {text(each.limit)} {text(mark)}</div>")
    if each.threshold and each.verdict:
        mark, kind = MARKS[each.verdict]
        lines.append(f"<div class='wi-was'>{text(each.threshold)}</div>")
        lines.append(f"<div class='wi-{kind}'>{mark} {text(each.verdict)}</div>")
    return (
        f"<div class='wi-number{' wi-grey' * each.muted}'><div class='wi-label'>{text(each.label)}</div>"
        f"<div class='wi-value'>{text(each.value)}</div>{_room(each, barred)}"
        f"<div class='wi-under'>{''.join(lines)}</div></div>"
    )


def _room(each: Tile, barred: bool) -> str:
    """The bar of headroom with the limit's tick; what it shows stands in words beside it. Its empty place where others
    have one."""
    room = each.headroom
    if room is None:
        return "<div class='wi-room wi-empty'></div>" * barred
    return (
        f"<div class='wi-room{' wi-over' * bool(each.broken)}' role='img' aria-label='{text(room.words)}' "
        f"title='{text(room.words)}'><b style='width:{room.filled:.2%}'></b><i style='left:{room.tick:.2%}'></i></div>"
    )


def _change(each: Tile) -> str:
    was = f"<span class='wi-was'>was {text(each.was)}</span> " if each.was else ""
    return was + _signed_change(each)


def _signed_change(each: Tile) -> str:
    if not each.change:
        return ""
    arrow = {"+": "▲", MINUS: "▼"}.get(each.change[:1], "")
    return f"<span class='wi-{each.direction or 'same'}'>{arrow} {text(each.change)}</span>"


def method_shown(held_by_page: object) -> object:
    """What decides how the words look that `draw_method` draws: nothing while they are closed."""
    return held_by_page if st.session_state.get(METHOD) else None


def draw_method(said: Briefing) -> None:
    """How it is computed, below everything else, and what the numbers are of. Written out once somebody opens it: it is
    long."""
    place = st.expander("How is this computed?", key=METHOD, on_change="rerun")
    if place.open:
        with place:
            written_bold(said.method)
    if said.foot:
        html(f"<p class='wi-below'>{text(said.foot)}</p>")


def written_bold(words: str) -> None:
    """Paragraphs that the house wrote, with its bold words."""
    with bold():
        st.markdown(words)


def notices(said: Briefing) -> None:
    """What is to be known before the numbers."""
    for each in said.notices:
        notice(each)


# ---- findings ---------------------------------------------------------------------------------------------------


Take = Callable[[str, float | str], None]  # callback: a part of what is assumed is put to a value


def items(given: Sequence[Item], take: Take | None = None) -> None:
    """Findings one below the other, halves side by side; ``take`` is what a press of their suggestions does."""
    waiting: Finding | None = None
    for each in given:
        if isinstance(each, Finding) and each.half and waiting is not None:
            pair(waiting, each, take)
            waiting = None
        elif isinstance(each, Finding) and each.half:
            waiting = each
        else:
            item(each, take)
            suggest(each, take)
    if waiting is not None:
        item(waiting, take)


def pair(one: Finding, other: Finding, take: Take | None = None) -> None:
    """Two findings side by side, each under its own headline, which stays above it where a window is too narrow for
    both."""
    headed = bool(one.headline or other.headline)
    for column, each in zip(st.columns(2, gap="medium"), (one, other), strict=True):
        with column:
            if each.listed:
                widgets.listed((each.headline, each.listed))
            elif each.headline:
                widgets.findings(each.headline)
            elif headed:  # as high, so that both begin on one line
                html("<div class='wi-findings'><div class='wi-unheaded'></div></div>")
            body(each, take)


def has_no_body(each: Finding) -> bool:
    """Whether there is nothing under a headline."""
    written = each.note or each.text or each.points
    return not (written or each.chart or each.table or each.links or each.tiles or each.starts)


def item(each: Item, take: Take | None = None) -> None:
    """A finding, or something to know."""
    if isinstance(each, Notice):
        notice(each)
        return
    if any(half.listed for half in each.halves):
        widgets.listed(*((half.headline, half.listed) for half in each.halves))
    elif each.halves:
        widgets.findings(*(half.headline for half in each.halves))
    elif each.listed:
        widgets.listed((each.headline, each.listed))
    elif each.headline:
        widgets.findings(each.headline)
    body(each, take)


def suggest(each: Item, take: Take | None) -> None:
    """What a finding suggests, one click away."""
    if take is not None and isinstance(each, Finding) and each.suggestion is not None:
        own = each.suggestion
        st.button(own.label, key=own.key, on_click=redrawn, args=(take, own.name, own.value))


def notice(each: Notice) -> None:
    """Something to know, as it is written."""
    written = {"info": st.info, "success": st.success, "warning": st.warning, "error": st.error}[each.level]
    written(each.text, icon=ICONS[each.level])


class Checked(BaseFigure):  # type: ignore[misc]
    """A figure as Streamlit takes it without going through every part of it again, which takes as long as all else that
    a chart takes: the charts are made here, and the tests go through every part of each that they draw."""

    def __init__(self, figure: charts.Figure) -> None:
        self._figure = figure

    def to_dict(self) -> charts.Figure:
        """The figure."""
        return self._figure


def body(each: Finding, take: Take | None = None) -> None:
    """What stands under a headline."""
    if each.starts and take is not None:
        starts(each.starts, take)
    if each.text or each.points:
        prose(each.text, each.points)
    if each.tiles:
        html(numbers_row(each.tiles, "wi-even"))
    if each.chart is not None:
        height: Literal["stretch", "content"] = "stretch" if each.fills else "content"
        st.plotly_chart(Checked(each.chart), key=each.key, config=charts.CONFIG, alt=each.alt, height=height)
        offering.show_chart(each)
    if each.table is not None and each.drawn:
        shaped(each, each.table, take)
    if each.links and each.shape != "links":
        links(each.links)
    if each.note:
        st.caption(each.note)
    if each.table is not None and each.offered:
        offering.offer_table(each.table, each if each.chart is not None else None)


def starts(given: Sequence[Suggestion], take: Take) -> None:
    """Things to begin with, one a row, each with what it comes to; a press begins with it."""
    with st.container(key="starts"):
        for own in given:
            label = ": ".join(filter(None, (own.label, " ".join(filter(None, (own.result, own.mark))))))
            taken = (take, own.name, own.value)
            with strangers():  # a preset's title, or a saved scenario's
                st.button(label, key=keyed(own.key), on_click=redrawn, args=taken, width="stretch")


def prose(paragraphs: Sequence[str], points: Sequence[str]) -> None:
    """Paragraphs, and a list under them."""
    listed = "".join(f"<li>{text(each)}</li>" for each in points)
    html("".join(f"<p>{text(each)}</p>" for each in paragraphs) + (f"<ul>{listed}</ul>" if listed else ""))


def links(given: Sequence[Link]) -> None:
    """Links in rows."""
    columns = st.columns(LINKS, gap="small")
    for k, each in enumerate(given):
        linked(columns[k % LINKS], each)


def linked(place: DeltaGenerator, each: Link) -> None:
    """One link."""
    label = each.label
    place.page_link(SCRIPTS[each.subject], label=label, query_params=deployed.address() | dict(each.query))


# ---- tables -----------------------------------------------------------------------------------------------------


def shaped(each: Finding, given: Table, take: Take | None = None) -> None:
    """The table of a finding in its shape; ``take`` is what choosing a row does that leads somewhere."""
    if each.shape == "texts":
        full_table(given, each.widths)
    elif each.shape == "links":
        linked_table(given, each.links, each.widths)
    else:
        draw_table(given, "content" if each.shape == "whole" else "auto", each.picks if take else (), take)


def draw_table(
    given: Table,
    height: int | Literal["auto", "content"] = "auto",
    picks: Sequence[Suggestion] = (),
    take: Take | None = None,
) -> None:
    """A table to scroll, sort and search. Its own menu lets people save and copy it, so that its texts are made
    harmless too. Choosing one of the rows that have ``picks`` does what ``take`` does with its own."""
    columns = [given.columns[k] for k in given.places("screen")]
    figures = [given.columns[k] for k in given.figures()]
    config = {
        spreadsheet.unseen(each.head): _config(each, each in figures)
        for each in columns
        if _configured(each) or each in figures
    }
    rows = spreadsheet.screen(given, [each.head for each in columns])
    lines = _lines(given)
    lines_high = ROW + LINE * lines if lines > 1 else None
    more: Any = {
        "alt": given.title,
        "column_config": config,
        "height": height,
        "row_height": lines_high,
        "placeholder": "–",
    }
    if not picks or take is None:
        st.dataframe(rows, hide_index=True, **more)
        return
    key = keyed(f"{given.key} {len(picks)} {picks[0].key}")  # another once a row was chosen: nothing is chosen in it
    chosen = partial(row_chosen, key, tuple(picks), take)
    st.dataframe(rows, hide_index=True, key=key, on_select=chosen, selection_mode="single-row", **more)


def row_chosen(key: str, picks: Sequence[Suggestion], take: Take) -> None:
    """Callback: a row was chosen in the table of a ``key``, or let go."""
    for row in st.session_state[key]["selection"]["rows"]:
        if row < len(picks):
            redrawn(take, picks[row].name, picks[row].value)


def _configured(column: Column) -> bool:
    return column.digits is not None or bool(column.width or column.help)


def _config(column: Column, figures: bool) -> ColumnConfig:
    width, told = column.width or None, literal(column.help) or None
    if column.digits is None:
        return st.column_config.Column(width=width, help=told, alignment="right" if figures else None)
    if column.read_unit == "%":
        return st.column_config.NumberColumn(format=f"%.{column.digits}f %%", width=width, help=told)
    if column.digits == 0:
        return st.column_config.NumberColumn(format="localized", step=1, width=width, help=told)
    form = f"%{'+' * column.signed}.{column.digits}f"
    return st.column_config.NumberColumn(format=form, width=width, help=told)


def _lines(given: Table) -> int:
    """How many lines the longest text takes in a column that wraps."""
    letters = {k: each.width / LETTER for k, each in enumerate(given.columns) if each.wraps}
    return max((ceil(len(str(row[k])) / line) for row in given.exact for k, line in letters.items()), default=1)


def full_table(given: Table, widths: Sequence[int] = ()) -> None:
    """A short table that shows all of its text, however long; ``widths`` of the first columns in percent. One of many
    columns is never so narrow that words would break: it scrolls in a box of its own, its first column stays."""
    told = given.texts()
    sizes = "".join(f"<col style='width: {each}%'>" for each in widths)
    sides = [" class='wi-figure'" * each for each in told.right]
    head = "".join(f"<th scope='col'{side}>{text(each)}</th>" for side, each in zip(sides, told.heads, strict=True))
    rows = ("".join(f"<td{side}>{text(each)}</td>" for side, each in zip(sides, row, strict=True)) for row in told.rows)
    named, wide = f"aria-label='{text(given.title)}'", len(told.heads) >= WIDE
    least = f" style='min-width: {CELL * len(told.heads):g}rem'" * wide
    table = (
        f"<table class='wi-table' {named}{least}><colgroup>{sizes}</colgroup>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"
    )
    html(f"<div class='wi-scroll' role='group' tabindex='0' {named}>{table}</div>" if wide else table)


def linked_table(given: Table, to: Sequence[Link], widths: Sequence[int]) -> None:
    """A short table whose rows begin with a link each, in place of their first cell."""
    told = given.texts()
    sizes = list(widths or (1,) * len(told.heads))
    sides: list[Literal["left", "right"]] = ["right" if each else "left" for each in told.right]
    with widgets.linked_rows(f"linked_{given.key}"):
        for place, each, side in zip(st.columns(sizes, gap="small"), told.heads, sides, strict=True):
            place.caption(each, text_alignment=side)
        for k, (row, link) in enumerate(zip(told.rows, to, strict=True)):
            with st.container(key=f"_mover_{given.key}_{k}"):
                places = st.columns(sizes, gap="small", vertical_alignment="center")
                linked(places[0], link)
                for place, cell, side in zip(places[1:], row[1:], sides[1:], strict=True):
                    place.markdown(cell, text_alignment=side)


# ---- panels -----------------------------------------------------------------------------------------------------


Ask = Callable[[Panel], Choices]  # draws what can be chosen in a panel, and says what is


def draw_unfolded(given: Sequence[Panel], controls: Ask | None = None, take: Take | None = None) -> None:
    """The panels that are in sight without being opened; see `draw_panels`."""
    for each in given:
        if not each.folded:
            unfolded(each, controls or choices, take)


def draw_panels(
    given: Sequence[Panel],
    controls: Ask | None = None,
    own: Mapping[str, Callable[[], None]] | None = None,
    take: Take | None = None,
) -> None:
    """Every panel that is folded, closed until somebody opens it; ``controls`` draws what can be chosen in one, and
    says what is. ``own``: by key, what draws a panel of which a page puts controls of its own between the findings.
    ``take``: what a press of a suggestion does."""
    offering.begin_charts("panels")
    chosen = controls or choices
    opened = []
    for each in given:
        if not each.folded:
            continue
        place = st.expander(each.title, key=each.key, on_change="rerun")
        if place.open:
            opened.append(each)
            with place:
                if own and each.key in own:
                    own[each.key]()
                else:
                    unfolded(each, chosen, take)
    st.session_state[READ] = [choice for each in opened for choice in each.reads] if opened else None


def panels_shown(held_by_page: object) -> object:
    """What decides how the panels look that were drawn last: nothing while all are closed; else what the page holds,
    and what they read of controls elsewhere."""
    read: list[Choice] | None = st.session_state.get(READ)
    return None if read is None else (held_by_page, *map(held, read))


def unfolded(panel: Panel, controls: Ask, take: Take | None) -> None:
    """What stands in a panel: its controls and what comes of them, part by part."""
    if panel.lead:
        st.write(panel.lead)
    items(panel.make(controls(panel)), take)
    for part in panel.parts:
        widgets.findings(part.title)
        unfolded(part, controls, take)


def choices(panel: Panel) -> Choices:
    """The controls of a panel, what is chosen in them, and what is chosen elsewhere."""
    elsewhere = {each.key: held(each) for each in panel.reads}
    with st.container(horizontal=True, gap="small") if panel.across else nullcontext():
        return elsewhere | {each.key: draw_choice(each) for each in panel.choices}


class Chosen(Mapping[str, str | float]):
    """What was last chosen in any control of the page, by its key: those that are drawn further down, too."""

    def __getitem__(self, key: str) -> str | float:
        chosen = st.session_state[keyed(key)]
        if not isinstance(chosen, str | int | float):
            raise KeyError(key)
        return chosen

    def __iter__(self) -> Iterator[str]:
        start = keyed("")
        return (str(key).removeprefix(start) for key in st.session_state if str(key).startswith(start))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def held(each: Choice) -> str | float:
    """What was last chosen in a control, wherever it stands."""
    return Chosen().get(each.key, each.default)


def draw_choice(each: Choice) -> str | float:
    """One control: a list to choose from, or a number."""
    if each.abreast:
        return pick(each)
    key = keyed(each.key)
    if each.options:
        labels = dict(each.options)
        chosen = st.selectbox(
            each.label,
            list(labels),
            index=list(labels).index(str(each.default)),
            format_func=lambda name: labels.get(name, name),
            key=key,
        )
        return each.of({each.key: chosen} if chosen is not None else {})
    at = float(each.default)
    return float(
        st.number_input(
            each.label,
            each.low,
            each.high,
            at,
            each.step,
            format=typed(key, at, each.step, each.low),
            key=key,
            help=each.help or None,
        )
    )


def pick(each: Choice, where: DeltaGenerator | None = None, labelled: bool = True, kept: bool = False) -> str:
    """One of a few options that stand side by side; ``kept`` while the control is not drawn."""
    labels = dict(each.options)
    chosen = (where or st).segmented_control(
        each.label,
        list(labels),
        format_func=lambda name: literal(labels.get(name, name)),
        key=keyed(each.key),
        default=str(each.default),
        required=True,
        label_visibility="visible" if labelled else "collapsed",
        wrap=True,
        persist_state="session" if kept else None,
    )
    return each.of({each.key: chosen} if chosen is not None else {})
