"""The panels of the trust page that are drawn from the evidence alone."""

from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from data.contract import Contract
from data.errors import BadInput
from model.deployed.model import DeployedModel
from model.monitoring.drift import Drift
from model.release.release import Release
from model.report.operations.upload import BadRow
from model.report.trust import bands as banded
from model.report.trust import drift, fairness, words
from model.report.trust.drift import FileDrift
from model.scoring import batch
from model.scoring.files import MOST_BYTES, MOST_ROWS
from model.validation.result import TrustResult
from model.validation.validation import moved_since as moved_since
from pages.operations import upload as uploaded
from pages.shared import draw, offering, visitor, widgets
from pages.shared.deployed import keyed
from pages.shared.progress import followed
from pages.trust import state

FILE = "_drift_file"


# ---- where it ranks and speaks truly ----------------------------------------------------------------------------


@st.fragment
def bands_panel(model: DeployedModel, result: TrustResult) -> None:
    """By segment or vintage; the scores of both classes, and the tenths by risk, of the band the page looks at."""
    with state.kept(model):
        proof = result.proof
        row = st.container(horizontal=True, gap="small", key="trust_by")
        cut = banded.cut_choice(proof)
        chosen = state.choose(row, cut)
        chosen |= state.choose(row, banded.evidence_choice(proof, "by_evidence", cut.of(chosen)))
        draw.items(banded.band_items(result, chosen))


# ---- has the world moved ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ComparedFile:
    """What came of a file held against the training: how far its ``n`` rows have moved and which others were refused,
    or why it cannot be used; who stands in it twice, and what reading it took for granted. Its rows are not in it."""

    name: str
    n: int = 0
    bad: tuple[BadRow, ...] = ()
    drifts: tuple[Drift, ...] = ()
    error: str = ""
    repeated: str = ""
    notes: tuple[str, ...] = ()


@st.fragment
def drift_panel(model: DeployedModel, result: TrustResult) -> None:
    """Drift of later vintages and of a file somebody gives."""
    why = drift.drift_unknown(result)
    if why is not None or result.release is None:
        draw.items(() if why is None else (why,))
        return
    with state.kept(model):
        compared(result, handed(model, result.release))


def compared(result: TrustResult, given: FileDrift | None) -> None:
    """PSI of the score, CSI of every input, and the distribution of one of them, by what is chosen."""
    chosen = state.choose(st.container(), drift.compare_choice(result, given))
    draw.items(drift.drift_heading(result, chosen, given))
    drifts = drift.compared_drifts(result, chosen, given)
    if not drifts:
        return
    left, right = st.columns([0.55, 0.45], gap="medium")
    with left:
        draw.body(drift.moved_finding(result, drifts))
    with right:
        own = state.choose(st.container(), drift.distribution_choice(result.proof.contract, drifts))
        draw.body(drift.distribution_finding(result, drifts, own))


def handed(model: DeployedModel, release: Release) -> FileDrift | None:
    """The file somebody gave, for those who may; its bad rows are told."""
    if not visitor.allow("upload"):
        return None
    held = keyed("_drift_held")
    file = asked_file(model.contract)
    if file is None:
        st.session_state.pop(held, None)
        return None
    known: tuple[object, ComparedFile] | None = st.session_state.get(held)
    if known is None or known[0] != (file.file_id, release.id):
        known = (file.file_id, release.id), read_drift_file(file.getvalue(), file.name, model, release)
        st.session_state[held] = known
    return told(model.contract, known[1])


def asked_file(contract: Contract) -> UploadedFile | None:
    """Where a file is given, and what it should look like."""
    person, people = contract.book.record, contract.book.records
    row = st.columns([0.6, 0.4], gap="medium", vertical_alignment="bottom")
    file = row[0].file_uploader(
        f"Hold a file of {people} against the training",
        type=uploaded.TYPES,
        key=keyed(FILE),
        max_upload_size=MOST_BYTES // 1024**2,
        help=f"CSV, Excel or Parquet, one {person} a row, at most {MOST_ROWS:,} rows, without outcomes. It is compared "
        "only: no row that can be used is kept or recorded.",
    )
    with row[1].container(horizontal=True, key="_templates", gap="small"):
        for kind, label in (("xlsx", "Template, Excel"), ("csv", "Template, CSV")):
            make = partial(batch.template, contract, kind)  # type: ignore[arg-type]
            mime = uploaded.KINDS[kind][1]  # type: ignore[index]
            offering.offer(label, make, "template", kind=kind, mime=mime, key=f"template.{kind}")
    return file


def told(contract: Contract, given: ComparedFile) -> FileDrift | None:
    """What came of a file, in words; how far it has moved where there is a row to compare."""
    uploaded.how_it_was_read(given.repeated, given.notes)
    if given.error:
        widgets.html(f"<p class='wi-sentence' role='alert'>{widgets.text(f'Not read: {given.error}')}</p>")
        return None
    if given.bad:
        uploaded.refused(contract, given.bad)
    if not given.n:
        st.warning("No row of the file can be used, so there is nothing to compare.", icon=":material/warning:")
        return None
    st.caption(words.compared_words(given.n, given.name, len(given.bad)))
    return FileDrift(given.name, given.drifts)


def read_drift_file(content: bytes, name: str, model: DeployedModel, release: Release) -> ComparedFile:
    """A file, and how far it has moved; or why it cannot be used."""
    try:
        with followed("Reading the file") as progress:
            sheet = batch.read_customers(content, name, model.contract, progress)
    except BadInput as error:
        return ComparedFile(name, error=str(error))
    drifts = moved_since(release.snapshot, release.scorer, sheet.raw) if len(sheet) else ()
    repeated = batch.repetition(model.contract, sheet)
    return ComparedFile(name, len(sheet), bad=sheet.bad, drifts=drifts, repeated=repeated, notes=sheet.notes)


# ---- fairness ---------------------------------------------------------------------------------------------------


@st.fragment
def fair(model: DeployedModel, result: TrustResult, withheld: str) -> None:
    """How a cut-off falls on groups of people, and whether the PD is as true of each."""
    with state.kept(model):
        row = st.container(horizontal=True, gap="small", key="trust_fair")
        chosen = dict[str, str]()
        for each in fairness.fair_choices(result.proof.contract, withheld):
            chosen |= state.choose(row, each)
        draw.items(fairness.fair_items(result, withheld, chosen))
