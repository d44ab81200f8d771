"""A file of customers, scored: what came of it, why rows were refused, and everything to take along.

What was read and answered is kept in the session, so that it is there again after a look at another page. Whatever a
file says is shown as text, never as markup.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import streamlit as st

from data.contract import Contract
from data.errors import BadInput
from data.files.kinds import ENDINGS, Kind
from model.deployed.model import DeployedModel
from model.engine.parallel import Progress
from model.errors import StoreError
from model.report.briefing import Finding, Notice
from model.report.operations import upload as words
from model.report.operations.upload import BadRow, ScoredFile, upload_briefing
from model.scoring import batch
from model.scoring.files import MOST_BYTES, MOST_ROWS
from pages.shared import deployed, draw, offering, recording, visitor, widgets
from pages.shared.deployed import keyed
from pages.shared.progress import followed

FILE, TOUCHED, HELD = "_upload", "_upload_touched", "_upload_held"
KINDS: dict[Kind, tuple[str, str]] = {
    "csv": ("CSV", "text/csv"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
}

TEMPLATES: tuple[tuple[Literal["xlsx", "csv"], str], ...] = (("xlsx", "Template, Excel"), ("csv", "Template, CSV"))
TYPES = [ending.removeprefix(".") for ending in ENDINGS]


@dataclass(frozen=True, eq=False)
class GivenFile:
    """A file somebody gave: what it holds or why it cannot be used, and the answer once there is one."""

    name: str
    sheet: batch.CustomerFile | None = None
    error: str = ""
    answered: ScoredFile | None = None


@st.fragment
def upload_section(model: DeployedModel) -> None:
    """Template and file in, results out; for those who may."""
    if not visitor.allow("upload"):
        return
    settle(model)
    left, right = st.columns([0.3, 0.7], gap="medium")
    with left:
        given(model.contract)
    with right:
        held = current()
        if held is None:
            widgets.html(f"<p class='wi-invitation'>{widgets.text(words.invitation(model.contract))}</p>")
        elif held.sheet is None:
            widgets.html(f"<p class='wi-sentence' role='alert'>{widgets.text(words.not_read(held.error))}</p>")
        else:
            with deployed.answering(model):
                answer(model, held, held.sheet)


# ---- the file -------------------------------------------------------------------------------------------------------


def given(contract: Contract) -> None:
    """Where a file is given, and what it should look like."""
    person = contract.book.record
    people = contract.book.records
    st.file_uploader(
        f"Score a file of {people}",
        type=TYPES,
        key=keyed(FILE),
        on_change=touched,
        max_upload_size=MOST_BYTES // 1024**2,
        help=f"CSV, Excel or Parquet, one {person} a row, at most {MOST_ROWS:,} rows. Columns by name or label, in any "
        "order; protected attributes are never read.",
    )
    held = current()
    if held is not None and st.session_state.get(keyed(FILE)) is None:  # read before a look at another page
        widgets.html(f"<p class='wi-below'>Shown: {widgets.text(held.name)}</p>")
        st.button("Forget this file", on_click=forget, icon=":material/close:", key="_upload_forget")
    st.caption(f"The template names every column, with its range or codes, and holds one made-up {person}.")
    with st.container(horizontal=True, key="_templates", gap="small"):
        for kind, label in TEMPLATES:
            make = partial(batch.template, contract, kind)
            offering.offer(label, make, "template", kind=kind, mime=KINDS[kind][1], key=f"template.{kind}")


def touched() -> None:
    """Callback: a file was given or taken away."""
    st.session_state[keyed(TOUCHED)] = True


def forget() -> None:
    """Callback: the file and what came of it are no longer wanted."""
    st.session_state.pop(keyed(HELD), None)
    st.session_state.pop(keyed(TOUCHED), None)


def current() -> GivenFile | None:
    """The file the visitor gave last."""
    found: GivenFile | None = st.session_state.get(keyed(HELD))
    return found


def settle(model: DeployedModel) -> None:
    """Read the file that was just given; drop the one that was taken away. Whoever looks elsewhere meanwhile finds it
    read anew."""
    if not st.session_state.get(keyed(TOUCHED), False):
        return
    file = st.session_state.get(keyed(FILE))
    if file is None:
        forget()
        return
    with followed("Reading the file", forget) as progress:
        try:
            held = GivenFile(file.name, batch.read_customers(file.getvalue(), file.name, model.contract, progress))
        except BadInput as error:
            held = GivenFile(file.name, error=str(error))
    st.session_state[keyed(HELD)] = held
    st.session_state.pop(keyed(TOUCHED), None)


# ---- what came of it ------------------------------------------------------------------------------------------------


def answer(model: DeployedModel, held: GivenFile, sheet: batch.CustomerFile) -> None:
    """The sentence, the numbers, both tables, the downloads."""
    scored = held.answered
    if scored is None or scored.release != model.id:
        try:
            with followed("Scoring the file", forget) as progress:
                scored = ask(model, sheet, progress)
        except StoreError as error:
            draw.notice(Notice(f"Nothing is shown, because it could not be recorded. {error}", "error"))
            return
        st.session_state[keyed(HELD)] = replace(held, answered=scored)
    said = upload_briefing(scored)
    draw.headline(said)
    how_it_was_read(" ".join(each.text for each in said.notices))
    for found in said.findings:
        draw.item(found)
        if isinstance(found, Finding) and found.key == words.REFUSED:
            offer_refused(scored.contract, scored.refused)
        else:
            downloads(scored)


def how_it_was_read(repeated: str, notes: Sequence[str] = ()) -> None:
    """Who stands in a file twice, and what reading it took for granted: it repeats what the file says."""
    if repeated:
        widgets.complain(repeated)
    if notes:
        widgets.html(f"<p class='wi-below'>{widgets.text(' '.join(notes))}</p>")


def ask(model: DeployedModel, sheet: batch.CustomerFile, progress: Progress) -> ScoredFile:
    """Have a file scored and recorded; StoreError if that cannot be."""
    start = time.perf_counter()
    scored = batch.score_file(model, sheet, progress)
    if len(scored):
        recording.record_upload(model, sheet.raw, scored.pd, time.perf_counter() - start)
    return scored


def refused(contract: Contract, rows: Sequence[BadRow]) -> None:
    """The rows refused, with every reason."""
    draw.item(words.refused(contract, rows))
    offer_refused(contract, rows)


def offer_refused(contract: Contract, rows: Sequence[BadRow]) -> None:
    """All rows refused, to take along."""
    make = partial(batch.written_refused, contract, rows)
    offering.offer(
        "Refused rows as CSV", make, "refused rows", kind="csv", mime=KINDS["csv"][1], key="refused-rows.csv"
    )


def downloads(scored: ScoredFile) -> None:
    """Results as files, made when somebody asks: a workbook of 100,000 rows takes ten seconds."""
    with st.container(horizontal=True, key="_results", gap="small"):
        for kind, (label, mime) in KINDS.items():
            make = partial(batch.results_file, scored, kind)
            offering.offer(f"Download as {label}", make, "scored", kind=kind, mime=mime, key=f"scored.{kind}")
