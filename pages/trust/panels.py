"""The panels of the trust page that are drawn from the evidence alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd
import streamlit as st

from data.contract import Contract
from data.errors import BadInput
from model.deployed.desk import desk
from model.deployed.model import DeployedModel
from model.monitoring.drift import OF_PD, Drift
from model.release.release import Release
from model.report import charts, numbers
from model.report.language import band_label
from model.report.policy import charts as policy_charts
from model.report.policy import words as policy_words
from model.report.release import words as release_words
from model.report.trust import charts as trust_charts
from model.report.trust import words as trust_words
from model.scoring import batch
from model.scoring.files import MOST_BYTES, MOST_ROWS
from model.security import people as rules
from model.validation.validation import BandMetrics, Miss, Subset, Validation
from model.validation.validation import moved as moved_since
from pages.operations import upload as uploaded
from pages.shared import deployed, visitor, widgets
from pages.shared.deployed import keyed
from pages.shared.progress import followed
from pages.trust import state
from pages.trust.card import full_table
from pages.trust.state import VINTAGE

FILE, OF_FILE = "_drift_file", "file"


def table(rows: Sequence[dict[str, str]], alt: str) -> None:
    """A small table of texts."""
    widgets.table(pd.DataFrame(list(rows)), hide_index=True, height="content", alt=alt)


# ---- where it ranks and speaks truly ----------------------------------------------------------------------------


@st.fragment
def bands(model: DeployedModel, found: Validation, of: Subset) -> None:
    """By segment or vintage; the scores of both classes, and the tenths by risk, of the band the page looks at."""
    with state.kept(model):
        by_band(found, of)


def by_band(found: Validation, of: Subset) -> None:
    """The panel itself, by what is chosen in it."""
    contract = found.contract
    options = {each.name: each.label for each in contract.segments}
    if found.years:
        assert contract.vintage is not None
        options[VINTAGE] = contract.vintage.label
    whens = {each: trust_words.source_words(found, each) for each in found.whens}
    row = st.container(horizontal=True, gap="small", key="trust_by")
    by = state.choose(row, "Cut by", "by", options, next(iter(options))) if options else ""
    when = found.main
    if by != VINTAGE and len(whens) > 1:
        when = state.choose(row, "Evidence", "by_evidence", whens, found.main)
    if by:
        cut(found, by, options[by], when)
    chosen = replace(of, when=of.when if by == VINTAGE else when)
    who = trust_words.chosen_words(found, chosen)
    if who:
        every = found.measured(Subset(chosen.when)).n
        st.caption(
            f"Scores and tenths: {who}, {found.measured(chosen).n:,} of {numbers.counted(every, contract.book.person)}."
        )
    scores, tenths = found.separation(chosen), found.gains(chosen)
    if not scores.known:
        st.write(trust_words.separation_headline(contract, scores) + ".")
        return
    widgets.findings(trust_words.separation_headline(contract, scores), trust_words.gains_headline(tenths))
    left, right = st.columns(2, gap="medium")
    left.plotly_chart(
        trust_charts.separation(scores),
        key="separation",
        config=charts.CONFIG,
        alt=trust_charts.separation_in_words(scores),
    )
    right.plotly_chart(
        trust_charts.gains(tenths), key="gains", config=charts.CONFIG, alt=trust_charts.gains_in_words(tenths)
    )


def cut(found: Validation, by: str, label: str, when: str) -> None:
    """One segment, or the vintages, as chart and table."""
    contract = found.contract
    if by == VINTAGE:
        rows = found.by_vintage()
    else:
        segment = contract.segment(by)
        names = [band_label(contract, segment, k) for k in range(contract.band_count(segment))]
        rows = found.by_segment(segment, names, when)
    widgets.findings(trust_words.bands_headline(found, rows, by if by == VINTAGE else label.lower()))
    told = trust_words.band_rows(found, rows, when, by == VINTAGE)
    st.plotly_chart(
        trust_charts.bands(rows), key="bands", config=charts.CONFIG, alt=trust_charts.vintages_in_words(rows)
    )
    total = sum(each.n for each in rows)
    table([{label: each.name} | row for each, row in zip(rows, told, strict=True)], f"The model by {label.lower()}")
    st.caption(f"{numbers.counted(total, contract.book.person)} in all. {trust_words.bands_note(found, rows)}")
    widgets.download(exactly(label, rows), f"trust-by-{by}")


def exactly(label: str, rows: Sequence[BandMetrics]) -> pd.DataFrame:
    """A table by segment or vintage in full precision."""
    return pd.DataFrame(
        [
            {
                label: each.name,
                "n": each.n,
                "defaulted": each.bad,
                "observed": each.observed.value,
                "observed, low": each.observed.low,
                "observed, high": each.observed.high,
                "predicted": each.predicted,
                "AUC": each.auc.value,
                "AUC, low": each.auc.low,
                "AUC, high": each.auc.high,
                "KS": each.ks,
                "says what happens": each.calibrated,
            }
            for each in rows
        ]
    )


# ---- has the world moved ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Given:
    """What came of a file held against the training: how far its ``n`` rows have moved and which others were refused,
    or why it cannot be used; who stands in it twice, and what reading it took for granted. Its rows are not in it."""

    name: str
    n: int = 0
    bad: tuple[batch.BadRow, ...] = ()
    drifts: tuple[Drift, ...] = ()
    error: str = ""
    repeated: str = ""
    notes: tuple[str, ...] = ()


@st.fragment
def moved(model: DeployedModel, found: Validation) -> None:
    """Drift of later vintages and of a file somebody gives."""
    release = model.release
    if release is None:
        st.info("Not available: how the model's training was distributed is not known here.", icon=":material/info:")
        return
    with state.kept(model):
        compared(model, found, release)


def compared(model: DeployedModel, found: Validation, release: Release) -> None:
    """The panel itself, by what is chosen in it."""
    contract = found.contract
    whens = {each: trust_words.source_words(found, each) for each in found.whens if found.after_training(each)}
    given = handed(model, release)
    if given is not None and given.drifts:
        whens = {OF_FILE: f"the file {given.name}"} | whens
    if not whens:
        st.write(
            f"Every record of this book lies in the training: nothing of it can have moved. Give a file of "
            f"{contract.book.people} to hold it against the training."
        )
        return
    when = state.choose(st.container(), "Compare", "compare", whens, next(iter(whens)))
    of_file = given is not None and when == OF_FILE
    drifts = given.drifts if given is not None and of_file else found.drift(release.snapshot, when)
    drifted(contract, drifts, whens[when], release.snapshot.n)


def drifted(contract: Contract, drifts: Sequence[Drift], what: str, training: int) -> None:
    """PSI of the score, CSI of every input, and the distribution of one of them."""
    n = drifts[0].n
    widgets.findings(trust_words.drift_headline(contract, drifts, what))
    words = trust_words.noise_words(n)
    if n < trust_words.FEW:
        st.warning(words, icon=":material/warning:")
    left, right = st.columns([0.55, 0.45], gap="medium")
    order = {
        state.SCORE if each.index == OF_PD else contract.inputs[each.index].name: each
        for each in sorted(drifts, key=lambda each: -each.psi)
    }
    with left:
        frame = pd.DataFrame(
            trust_words.drift_rows(contract, drifts), columns=["What", "PSI", "n", "Threshold", "Verdict"]
        )
        numeric = {
            "What": st.column_config.TextColumn(width=310),
            "PSI": st.column_config.NumberColumn("PSI or CSI", format="%.3f", width=80),
            "n": st.column_config.NumberColumn(format="localized", width=80),
            "Verdict": st.column_config.TextColumn(width=120),
        }
        widgets.table(
            frame,
            hide_index=True,
            height="content",
            alt="Drift of score and inputs",
            column_config=numeric,
            column_order=["What", "PSI", "n", "Verdict"],
        )
        st.caption(trust_words.limits_words(contract))
        widgets.download(frame, "trust-drift")
    with right:
        labels_of = {name: trust_words.drift_label(contract, each) for name, each in order.items()}
        own = order[state.choose(st.container(), "Distribution of", "distribution_of", labels_of, next(iter(order)))]
        labels = trust_words.bin_labels(None if own.index < 0 else contract.inputs[own.index], own)
        st.plotly_chart(
            trust_charts.distribution(labels, own.expected, own.actual, ("training", "now")),
            key="distribution",
            config=charts.CONFIG,
            alt=trust_charts.distribution_in_words(labels, own.expected, own.actual),
        )
    st.caption(
        f"Against {numbers.counted(training, 'record')} of the training. {'' if n < trust_words.FEW else words}".strip()
    )


def handed(model: DeployedModel, release: Release) -> Given | None:
    """The file somebody gave, for those who may; its bad rows are told."""
    contract = model.contract
    if not visitor.allow("upload"):
        return None
    person = contract.book.person
    people = contract.book.people
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
            widgets.offer(label, make, f"template.{kind}", uploaded.KINDS[kind][1])  # type: ignore[index]
    held = keyed("_drift_held")
    if file is None:
        st.session_state.pop(held, None)
        return None
    known: tuple[object, Given] | None = st.session_state.get(held)
    if known is None or known[0] != (file.file_id, release.id):
        known = (file.file_id, release.id), read(file.getvalue(), file.name, model, release)
        st.session_state[held] = known
    given = known[1]
    uploaded.how_it_was_read(given.repeated, given.notes)
    if given.error:
        widgets.html(f"<p class='wi-sentence' role='alert'>{widgets.text(f'Not read: {given.error}')}</p>")
        return None
    if given.bad:
        uploaded.refused(contract, given.bad)
    if not given.n:
        st.warning("No row of the file can be used, so there is nothing to compare.", icon=":material/warning:")
        return None
    st.caption(f"{numbers.counted(given.n, 'row')} of {given.name} compared, {len(given.bad):,} refused.")
    return given


def read(content: bytes, name: str, model: DeployedModel, release: Release) -> Given:
    """A file, and how far it has moved; or why it cannot be used."""
    try:
        with followed("Reading the file") as progress:
            sheet = batch.read(content, name, model.contract, progress)
    except BadInput as error:
        return Given(name, error=str(error))
    drifts = moved_since(release.snapshot, release.scorer, sheet.raw) if len(sheet) else ()
    repeated = batch.repetition(model.contract, sheet)
    return Given(name, len(sheet), sheet.bad, drifts, repeated=repeated, notes=sheet.notes)


# ---- fairness ---------------------------------------------------------------------------------------------------


@st.fragment
def fair(model: DeployedModel, found: Validation) -> None:
    """How a cut-off falls on groups of people, and whether the PD is as true of each."""
    with state.kept(model):
        by_group(found)


def by_group(found: Validation) -> None:
    """The panel itself, by what is chosen in it."""
    contract = found.contract
    fields = {each.name: each for each in contract.protected()}
    if not fields:
        st.info(trust_words.NO_PROTECTED, icon=":material/info:")
        return
    if not visitor.allow("see protected attributes"):
        return
    row = st.container(horizontal=True, gap="small", key="trust_fair")
    labels = {name: each.label for name, each in fields.items()}
    own = fields[state.choose(row, "Attribute", "attribute", labels, next(iter(labels)))]
    declared = contract.score.cutoff
    chosen = state.cutoff(row, f"Cut-off (the contract's is {numbers.exactly(declared)})", float(declared))
    before, _ = found.fair(own, declared)
    after, bins = found.fair(own, chosen)
    least = contract.gates.impact_at_least
    widgets.findings(policy_words.fairness_headline(own, before, after, least))
    st.plotly_chart(
        policy_charts.fairness(before, after, least),
        key="trust_fairness",
        config=charts.CONFIG,
        alt=policy_charts.fairness_in_words(after),
    )
    st.caption(
        f"Ring: at the contract's cut-off; dot: at {numbers.exactly(chosen)}, with its 95 % interval; "
        f"dotted: {least:.2f}."
    )
    table(trust_words.fair_rows(contract, after, bins), f"Rates and calibration by {own.label.lower()}")
    st.caption(trust_words.fair_note(contract, chosen))
    frame = pd.DataFrame(
        [
            {**vars(group), **{f"calibration, {name}": value for name, value in vars(row).items() if name != "n"}}
            for group, row in zip(after, bins, strict=True)
            if not group.suppressed
        ]
    )
    widgets.download(frame, f"trust-fairness-{own.name}")


# ---- how wrong was it -------------------------------------------------------------------------------------------


def misses(found: Validation) -> None:
    """The biggest misses of either sort, each a link to the customer's page."""
    contract = found.contract
    st.write(trust_words.misses_note(found, found.measured()))
    paid, lost = found.misses()
    heads = trust_words.misses_headline(contract, paid, lost)
    lossy = any(trust_words.miss_loss(contract, each) for each in lost)
    left, right = st.columns(2, gap="medium")
    with left:
        missed(contract, heads[0], paid, "paid", False)
    with right:
        missed(contract, heads[1], lost, "lost", lossy)
    person = contract.book.person
    frame = pd.DataFrame(
        [
            {
                person.capitalize(): each.identifier,
                "PD predicted": each.pd,
                "defaulted": each.defaulted,
                "lost": each.loss,
                "own loss": each.own_loss,
            }
            for each in (*paid, *lost)
        ]
    )
    widgets.download(frame, "trust-misses")


def missed(contract: Contract, head: str, rows: Sequence[Miss], kind: str, lossy: bool) -> None:
    """One list of misses."""
    widgets.findings(head)
    sizes = [1.6, 1, 1.6] if lossy else [1.6, 1]
    titles = (contract.book.person.capitalize(), "PD predicted", "Lost")
    for column, title in zip(st.columns(sizes, gap="small"), titles[: len(sizes)], strict=True):
        column.caption(title)
    for each in rows:
        with st.container(key=f"_mover_{kind}_{each.identifier}"):
            columns = st.columns(sizes, gap="small", vertical_alignment="center")
            columns[0].page_link(
                "customer/page.py",
                label=f"{contract.book.person.capitalize()} {each.identifier:,}",
                query_params=deployed.address() | {"customer": str(each.identifier)},
            )
            columns[1].write(numbers.percent(each.pd))
            if lossy:
                columns[2].write(trust_words.miss_loss(contract, each))


# ---- gates --------------------------------------------------------------------------------------------------------


def gates(model: DeployedModel, release: Release) -> None:
    """Every gate with figure, threshold and verdict; what constraints cost; the champion it was held against."""
    report = release.report
    over = {gate for each in desk.store(deployed.book()).history(release.id) for gate in each.gates}
    may = rules.may(visitor.current(), "see protected attributes")
    widgets.findings(trust_words.gates_headline(report))
    frame = pd.DataFrame(
        release_words.gate_rows(report, sorted(over), may), columns=["Gate", "Figure", "Threshold", "Verdict", "Note"]
    )
    full_table(frame, "The gates of the release, each with figure, threshold and verdict", (34, 11, 14, 12))
    told = release_words.cost_sentence(report)
    if told:
        widgets.findings(told)
    rows = pd.DataFrame(release_words.cost_rows(report), columns=["Model", *release_words.MEASURES.values()])
    full_table(rows, "The shipped model beside less constrained ones", (40,))
    beside = trust_words.champion_headline(report)
    if beside:
        widgets.findings(beside)
    if compared := release_words.champion_rows(report):
        head = ["Measure", "This release", "The champion then", "Difference (95 %)", "Reading"]
        rows = pd.DataFrame(compared, columns=head)
        full_table(rows, "This release beside the champion of the day", (20, 15, 18, 30))
