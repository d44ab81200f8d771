"""What is offered to take along from any page: each file named after book, what it is, scenario and day; each table as
CSV and as Excel, each chart as SVG, made when it is asked for.

A chart of a page costs a move of a lever nothing to be had: it is noted that it stands there, no more. *Take along*
offers those that do; where a table's files are offered below its chart, the chart is, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import streamlit as st

from data import books
from model.export.chart.file import MIME as SVG
from model.export.chart.file import chart_file, chart_title
from model.export.names import file_name
from model.export.tables import TableSource, table_workbook
from model.export.workbook.workbook import MIME
from model.report import spreadsheet
from model.report.briefing import Finding, Table
from model.settings import settings
from pages.shared import deployed, widgets

LOOKED_AT = "_looked_at"  # in the session: what the page that stands there is about
CHARTS = "_charts"  # in the session: the findings whose charts stand on the page, by its part and their keys
PART = "_charts_of"  # in the session: the part of the page that is being drawn
LONGEST_LABEL = 70  # letters of a button


@dataclass(frozen=True)
class LookedAt:
    """What a page is about: the short name of the model that answers, and what is called the scenario when somebody
    takes something along; neither where there is none."""

    release: str = ""
    scenario: Callable[[], str] = str


def about(release: str = "", scenario: Callable[[], str] = str) -> None:
    """Say what files of the page that is drawn are of, until another page is."""
    st.session_state[LOOKED_AT], st.session_state[CHARTS] = LookedAt(release, scenario), {}


def offer(label: str, data: bytes | str | Callable[[], bytes], what: str, *, kind: str, mime: str, key: str) -> None:
    """A file to take along, by ``what`` it is and its ``kind``, which its name ends with; see `widgets.offer`."""
    name = file_name(deployed.book(), what, _looked_at().scenario(), day=date.today(), kind=kind)
    widgets.offer(label, data, name=name, mime=mime, key=key)


def offer_table(given: Table, charted: Finding | None = None) -> None:
    """A table with every digit, as CSV and as Excel; with the chart of a finding as SVG, where it has one."""
    make, key = partial(spreadsheet.of_table, given), given.key
    with st.container(horizontal=True, gap="small"):
        offer("Download as CSV", make, key, kind="csv", mime=spreadsheet.MIME, key=key)
        offer("as Excel", partial(table_workbook, given, _source()), key, kind="xlsx", mime=MIME, key=f"{key}_excel")
        if charted is not None:
            _offer_chart("Chart as SVG", charted, f"chart_{charted.key}")


def begin_charts(part: str = "") -> None:
    """None of the charts of a ``part`` of the page stands there yet: it is drawn now."""
    st.session_state[PART] = part
    st.session_state.setdefault(CHARTS, {})[part] = {}


def show_chart(finding: Finding) -> None:
    """The chart of a finding stands on the page."""
    part = st.session_state.get(PART, "")
    st.session_state.setdefault(CHARTS, {}).setdefault(part, {})[finding.key] = finding


def offer_charts() -> None:
    """The charts that stand on the page, each by its headline."""
    standing: dict[str, dict[str, Finding]] = st.session_state.get(CHARTS, {})
    found = {key: each for part in standing.values() for key, each in part.items()}
    if found:
        st.caption("Charts as they stand on the page, as SVG with title, unit and source:")
    for each in found.values():
        title = chart_title(each)
        label = title if len(title) <= LONGEST_LABEL else f"{title[: LONGEST_LABEL - 1]}…"
        _offer_chart(label, each, f"taken_chart_{each.key}")


def _offer_chart(label: str, finding: Finding, key: str) -> None:
    offer(label, partial(chart_file, finding, _source()), f"chart {finding.key}", kind="svg", mime=SVG, key=key)


def _source() -> TableSource:
    """Whence what stands on the page is."""
    seen = _looked_at()
    return TableSource(books.title(deployed.book(), settings().home), seen.scenario(), seen.release, date.today())


def _looked_at() -> LookedAt:
    found: LookedAt = st.session_state.get(LOOKED_AT, LookedAt())
    return found
