"""What is offered to take along from any page: each file named after book, what it is, scenario and day; each table as
CSV and as Excel, made when it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import streamlit as st

from data import books
from model.export.names import file_name
from model.export.tables import TableSource, table_workbook
from model.export.workbook.workbook import MIME
from model.report import spreadsheet
from model.report.briefing import Table
from model.settings import settings
from pages.shared import deployed, widgets

LOOKED_AT = "_looked_at"  # in the session: what the page that stands there is about


@dataclass(frozen=True)
class LookedAt:
    """What a page is about: the short name of the model that answers, and what is called the scenario when somebody
    takes something along; neither where there is none."""

    release: str = ""
    scenario: Callable[[], str] = str


def about(release: str = "", scenario: Callable[[], str] = str) -> None:
    """Say what files of the page that is drawn are of, until another page is."""
    st.session_state[LOOKED_AT] = LookedAt(release, scenario)


def offer(label: str, data: bytes | str | Callable[[], bytes], what: str, *, kind: str, mime: str, key: str) -> None:
    """A file to take along, by ``what`` it is and its ``kind``, which its name ends with; see `widgets.offer`."""
    name = file_name(deployed.book(), what, _looked_at().scenario(), day=date.today(), kind=kind)
    widgets.offer(label, data, name=name, mime=mime, key=key)


def offer_table(given: Table) -> None:
    """A table with every digit, as CSV and as Excel."""
    seen = _looked_at()
    of = TableSource(books.title(deployed.book(), settings().home), seen.scenario(), seen.release, date.today())
    make, key = partial(spreadsheet.of_table, given), given.key
    with st.container(horizontal=True, gap="small"):
        offer("Download as CSV", make, key, kind="csv", mime=spreadsheet.MIME, key=key)
        offer("as Excel", partial(table_workbook, given, of), key, kind="xlsx", mime=MIME, key=f"{key}_excel")


def _looked_at() -> LookedAt:
    found: LookedAt = st.session_state.get(LOOKED_AT, LookedAt())
    return found
