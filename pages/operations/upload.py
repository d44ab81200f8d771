"""A file of customers, scored: what came of it, why rows were refused, and everything to take along.

What was read and answered is kept in the session, so that it is there again after a look at another page. Whatever a
file says is shown as text, never as markup.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd
import streamlit as st

from data.contract import Contract
from data.errors import BadInput
from data.files.kinds import ENDINGS, Kind
from model.deployed.model import DeployedModel
from model.engine.parallel import Progress
from model.errors import StoreError
from model.report import language, numbers
from model.scoring import batch
from model.scoring.files import MOST_BYTES, MOST_ROWS
from model.whatif.customer.scenario import CUTOFF, CustomerScenario
from pages.shared import deployed, recording, visitor, widgets
from pages.shared.deployed import keyed
from pages.shared.progress import followed

FILE, TOUCHED, HELD = "_upload", "_upload_touched", "_upload_held"
SHOWN = 1_000  # rows drawn; the downloads hold all
MOST_ASKED_WHY, FEW = 1_000, 50  # customers whose reasons are asked through predictions, in all and at a time
LINE_LENGTH = 110  # characters of a reason on one line
KINDS: dict[Kind, tuple[str, str]] = {
    "csv": ("CSV", "text/csv"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
}

TYPES = [ending.removeprefix(".") for ending in ENDINGS]


@dataclass(frozen=True, eq=False)
class ScoredFile:
    """What the model said of a sheet: the results, and in how many seconds. With the sheet's ``raw`` and the results'
    PD it is all that a record of the call needs."""

    frame: pd.DataFrame
    release: str
    seconds: float


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
            invitation(model.contract)
        elif held.sheet is None:
            refusal(held)
        else:
            with deployed.answering(model):
                answer(model, held, held.sheet)


# ---- the file -------------------------------------------------------------------------------------------------------


def given(contract: Contract) -> None:
    """Where a file is given, and what it should look like."""
    person = contract.book.person
    people = contract.book.people
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
        for kind, label in (("xlsx", "Template, Excel"), ("csv", "Template, CSV")):
            widgets.offer(label, partial(batch.template, contract, kind), f"template.{kind}", KINDS[kind][1])


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
            held = GivenFile(file.name, batch.read(file.getvalue(), file.name, model.contract, progress))
        except BadInput as error:
            held = GivenFile(file.name, error=str(error))
    st.session_state[keyed(HELD)] = held
    st.session_state.pop(keyed(TOUCHED), None)


# ---- what came of it ------------------------------------------------------------------------------------------------


def invitation(contract: Contract) -> None:
    """No file yet: no number."""
    words = (
        f"Give a file of {contract.book.people} on the left. The deployed model scores every row that can be scored, "
        "with its reasons, and says of every other row what is wrong with it."
    )
    widgets.html(f"<p class='wi-invitation'>{widgets.text(words)}</p>")


def refusal(held: GivenFile) -> None:
    """The file as a whole cannot be used."""
    widgets.html(f"<p class='wi-sentence' role='alert'>{widgets.text(f'Not read: {held.error}')}</p>")


def answer(model: DeployedModel, held: GivenFile, sheet: batch.CustomerFile) -> None:
    """The sentence, the numbers, both tables, the downloads."""
    contract = model.contract
    answered = held.answered
    if answered is None or answered.release != model.id:
        try:
            with followed("Scoring the file", forget) as progress:
                answered = ask(model, sheet, progress)
        except StoreError as error:
            st.error(f"Nothing is shown, because it could not be recorded. {error}", icon=":material/error:")
            return
        st.session_state[keyed(HELD)] = replace(held, answered=answered)
    frame = answered.frame
    widgets.headline(
        batch.finding(contract, sheet, frame), figures_row(contract, sheet, frame), beside(contract, sheet)
    )
    how_it_was_read(batch.repetition(contract, sheet), sheet.notes)
    if len(frame):
        results(contract, frame)
        downloads(frame, sheet)
    if sheet.bad:
        refused(contract, sheet.bad)


def ask(model: DeployedModel, sheet: batch.CustomerFile, progress: Progress) -> ScoredFile:
    """Score a sheet under the contract's own assumptions, and have it recorded; StoreError if that cannot be."""
    start = time.perf_counter()
    costly = model.remote is not None and not model.remote.gives_reasons  # hundreds of records a customer
    frame = batch.score(
        model.scorer,
        sheet,
        CustomerScenario().values(model.contract),
        model.id,
        progress,
        why=not costly or len(sheet) <= MOST_ASKED_WHY,
        size=FEW if costly else batch.ROWS,
    )
    seconds = time.perf_counter() - start
    if len(frame):
        recording.upload(model, sheet.raw, frame[batch.PD].to_numpy(float), seconds)
    return ScoredFile(frame, model.id, seconds)


def figures_row(contract: Contract, sheet: batch.CustomerFile, frame: pd.DataFrame) -> list[str]:
    """The five numbers."""
    book, bad = contract.book, len(sheet.bad)
    row = [
        widgets.number("Scored", f"{len(frame):,}", note=f"of {numbers.counted(len(frame) + bad, 'row')}"),
        widgets.number("Refused", f"{bad:,}", note="reasons below" if bad else "no row is bad"),
    ]
    if frame.empty:
        return row
    mean = float(frame[batch.PD].mean())
    granted = batch.granted(contract, frame)
    share = numbers.percent(granted / len(frame))
    loss = numbers.money(float(frame[batch.loss_column(contract)].sum()), book.currency)
    outside = f"{int((frame[batch.TERRITORY] == batch.OUTSIDE).sum()):,} outside known territory"
    net = []
    if contract.guaranteed:
        own = numbers.money(float(frame[batch.net_column(contract)].sum()), book.currency)
        net = [f"net of the guarantee {own}"]
    return [
        *row,
        widgets.number(f"Would be {language.granting(contract)}", f"{granted:,}", note=f"{share} of those scored"),
        widgets.number(f"Mean PD, {book.pd_horizon}", numbers.percent(mean), note=numbers.in_100(mean)),
        widgets.number(f"Expected loss, {book.pd_horizon}", loss, note="\n".join([*net, outside])),
    ]


def beside(contract: Contract, sheet: batch.CustomerFile) -> str:
    """What else is to be known: what was assumed, which columns nothing reads."""
    assumed = CustomerScenario().values(contract)
    parts = [
        f"{each.label[:1].lower()}{each.label[1:]} {language.assumption_value(each.unit, assumed[each.name])}"
        for each in contract.assumptions
        if each.name in contract.exposed_to
    ]
    told = f"The contract's own assumptions: {', '.join([f'cut-off {numbers.exactly(assumed[CUTOFF])}', *parts])}."
    if sheet.ignored:
        names, more = ", ".join(sheet.ignored[:5]), len(sheet.ignored) - 5
        told += f" Columns nothing reads: {names}{f' and {more:,} more' if more > 0 else ''}."
    if sheet.protected:
        told += f" {numbers.counted(sheet.protected, 'column')} of protected attributes left unread."
    return told


def how_it_was_read(repeated: str, notes: Sequence[str]) -> None:
    """Who stands in a file twice, and what reading it took for granted."""
    if repeated:
        widgets.complain(repeated)
    if notes:
        widgets.html(f"<p class='wi-below'>{widgets.text(' '.join(notes))}</p>")


def results(contract: Contract, frame: pd.DataFrame) -> None:
    """The customers scored, the riskiest first."""
    person = contract.book.person
    people = contract.book.people
    top = frame.nlargest(SHOWN, batch.PD)
    riskiest, pd_ = top.iloc[0, 0], numbers.percent(float(top[batch.PD].iloc[0]))
    unnamed = riskiest == batch.on_line(int(top[batch.LINE].iloc[0]))
    who = f"the {person} on {riskiest}" if unnamed else f"{person} {riskiest}"
    widgets.findings(f"The riskiest is {who}, with a PD of {pd_}")
    losses = [batch.loss_column(contract), *([batch.net_column(contract)] if contract.guaranteed else [])]
    own = str(frame.columns[0])
    shown = top[[own, batch.PD, batch.SCORE, batch.DECISION, *losses, batch.TERRITORY]].astype({own: str})
    reasons = batch.reasons_in_words(top)
    if reasons:
        shown["Reasons, in score points"] = reasons
    else:
        st.caption(
            f"Without reasons: the model gives none itself, and asking for those of more than {MOST_ASKED_WHY:,} "
            f"{people} through its predictions would take too long. Give fewer at a time."
        )
    shown[batch.PD] *= 100
    shown[losses] = shown[losses].round()
    columns = {
        own: st.column_config.TextColumn(width="small"),
        batch.PD: st.column_config.NumberColumn(format="%.1f %%", width=65),
        batch.SCORE: st.column_config.NumberColumn(format="%d", width=60),
        batch.DECISION: st.column_config.TextColumn(width=92),
        **{each: st.column_config.NumberColumn(format="localized", step=1, width=116) for each in losses},
        batch.TERRITORY: st.column_config.TextColumn("Territory", width=75, help="Whether the model has seen the like"),
    }
    widgets.table(shown, hide_index=True, alt=f"The {people} scored, the riskiest first", column_config=columns)
    if len(frame) > len(top):
        st.caption(f"The {len(top):,} riskiest of {len(frame):,}; the downloads hold all, in the file's order.")


def refused(contract: Contract, rows: Sequence[batch.BadRow]) -> None:
    """The rows refused, with every reason."""
    bad = len(rows)
    widgets.findings(f"{numbers.counted(bad, 'row')} refused: put them right in the file and give it again")
    frame = batch.refused(rows, contract.book.person)
    one_each = [(row.line, row.id, reason) for row in rows[:SHOWN] for reason in row.reasons]
    shown = pd.DataFrame(one_each, columns=["Line", frame.columns[1], "Reason"])
    columns = {
        "Line": st.column_config.NumberColumn(format="localized", width="small"),
        str(frame.columns[1]): st.column_config.TextColumn(width="small"),
        "Reason": st.column_config.TextColumn(width=680),
    }
    lines = max(-(-len(reason) // LINE_LENGTH) for _, _, reason in one_each)
    widgets.table(
        shown,
        hide_index=True,
        alt="Rows refused, each reason a line",
        column_config=columns,
        row_height=15 + 20 * lines,
    )
    if bad > SHOWN:
        st.caption(f"The first {SHOWN:,} of {bad:,}; the download holds all.")
    widgets.offer("Refused rows as CSV", partial(batch.written, frame, (), "csv"), "refused-rows.csv", KINDS["csv"][1])


def downloads(frame: pd.DataFrame, sheet: batch.CustomerFile) -> None:
    """Results as files, made when somebody asks: a workbook of 100,000 rows takes ten seconds."""
    with st.container(horizontal=True, key="_results", gap="small"):
        for kind, (label, mime) in KINDS.items():
            make = partial(batch.written, frame, sheet.bad, kind)
            widgets.offer(f"Download as {label}", make, f"scored.{kind}", mime)
