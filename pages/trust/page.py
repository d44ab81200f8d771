"""How far to trust the model: how it ranks, whether it speaks truly, how it held, how wrong it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from model.deployed.model import DeployedModel
from model.monitoring.drift import Drift
from model.report import charts, numbers
from model.report.language import band_label
from model.report.trust import charts as trust_charts
from model.report.trust import words as trust_words
from model.security import people as rules
from model.validation.validation import Subset, SubsetMetrics, Validation
from pages.shared import deployed, visitor, widgets
from pages.shared.progress import followed
from pages.trust import backtests, card, effects, state
from pages.trust import panels as proven

EVERYBODY = "everybody"
RANKS = "Where does it rank and speak truly: by segment and vintage"


@dataclass(frozen=True, eq=False)
class TrustResult:
    """The evidence of the deployed model, and which of it is looked at."""

    model: DeployedModel
    proof: Validation
    chosen: Subset

    @cached_property
    def measured(self) -> SubsetMetrics:
        """Everything about the records looked at."""
        return self.proof.measured(self.chosen)

    @cached_property
    def report(self) -> dict:
        """The report of the release's gates; empty of a model that is none of ours."""
        return dict(self.model.release.report) if self.model.release is not None else {}

    @property
    def drifted(self) -> str:
        """Of which records drift is told: the later vintages, of all or of the one looked at; "" where none are."""
        when = self.chosen.when or self.proof.main
        if self.model.release is None or self.proof.vintage is None:
            return ""
        late = [each for each in ("later", "beyond") if each in self.proof.has]
        return when if self.proof.after_training(when) else (late or [""])[0]

    @cached_property
    def drifts(self) -> Sequence[Drift]:
        """How far they have moved since the training."""
        if not self.drifted or self.model.release is None:
            return ()
        return self.proof.drift(self.model.release.snapshot, self.drifted)


@dataclass(frozen=True, eq=False)
class Chart:
    """A chart under its ``finding``, with its ``words`` for those who cannot see it; none where there is nothing."""

    key: str
    finding: str
    figure: charts.Figure | None = None
    words: str = ""


def main() -> None:
    visitor.current()
    model = deployed.model()
    with state.memory.arriving():
        page(model)


@st.fragment
def page(model: DeployedModel) -> None:
    """The whole page as one fragment."""
    with deployed.answering(model):
        draw(model)


def draw(model: DeployedModel) -> None:
    """Sentence, numbers, charts; detail below."""
    if not model.has_evidence:
        st.info(
            f"Not available: {model.deployed.words} is not one of the releases known here, so nothing is known of how "
            "it was tested. Ask whoever runs it for its report. Below, its answers about the book beside what became "
            "of it: it may have been trained on these very records.",
            icon=":material/info:",
        )
    with followed("Holding the predictions against the outcomes") as progress:
        proof = model.validation(progress)
    state.memory.restore(model)
    with state.kept(model):
        for message in state.memory.told():
            widgets.complain(message)
        found = TrustResult(model, proof, selected(proof))
        headline(found)
        choices(proof)
        if found.measured.n:
            charts(found)
        panels(found)
    with st.expander("How is this computed?"):
        st.markdown(trust_words.method(proof))
    made(model)


def selected(proof: Validation) -> Subset:
    """Which records the visitor looks at; what another release or book had is dropped."""
    view = state.memory.current()
    when = view.get("evidence")
    when = when if when in proof.whens[1:] else ""
    who = view.get("segment")
    if who not in people(proof):
        return Subset(when)
    segment, _, band = who.partition(state.TOGETHER)
    return Subset(when, segment, int(band))


def people(proof: Validation) -> dict[str, str]:
    """Every band of every segment, by what stands for it in the address."""
    return {
        f"{each.name}{state.TOGETHER}{band}": f"{each.label}: {band_label(proof.contract, each, band)}"
        for each in proof.contract.segments
        for band in range(proof.contract.band_count(each))
    }


# ---- the numbers ------------------------------------------------------------------------------------------------


def headline(found: TrustResult) -> None:
    """The sentence, the numbers, and what there is to know."""
    may = rules.may(visitor.current(), "see protected attributes")
    things = trust_words.things_to_know(found.proof, found.report, found.drifts, may)
    sentence = trust_words.verdict(found.proof, found.chosen, found.measured, things)
    tiles = trust_words.tiles(found.proof, found.chosen, found.measured, found.report, found.drifts)
    drawn = "".join(widgets.judged(each.label, each.value, each.notes, each.threshold, each.verdict) for each in tiles)
    listed = "".join(f"<li>{widgets.text(each[:1].upper() + each[1:])}.</li>" for each in things)
    widgets.html(
        f"<p class='wi-sentence wi-trust' role='status'>{widgets.text(sentence)}</p>"
        f"<div class='wi-numbers wi-trust'>{drawn}</div><ol class='wi-things'>{listed}</ol>"
    )


def choices(proof: Validation) -> None:
    """The one row of controls: of which vintages, of which segment."""
    whom = {EVERYBODY: f"all {proof.contract.book.people}"} | people(proof)
    row = st.container(horizontal=True, key="trust_choices", gap="small", vertical_alignment="center")
    whens = {each: trust_words.source_words(proof, each) for each in proof.whens}
    if len(whens) > 1:
        state.choose(row, "Evidence", "evidence", whens, proof.main, label_visibility="collapsed", width=330)
    if len(whom) > 1:
        state.choose(row, "Of whom", "segment", whom, EVERYBODY, label_visibility="collapsed", width=330)
    chosen = selected(proof)
    n = proof.measured(chosen).n
    theirs = "its outcome" if n == 1 else "their outcomes"
    row.caption(f"{numbers.counted(n, proof.contract.book.person)} with {theirs}")


# ---- the charts -------------------------------------------------------------------------------------------------


def charts(found: TrustResult) -> None:
    """Reliability and ROC; where the book has vintages those first, and the drift of the later ones last."""
    if not found.proof.years:
        beside(reliability(found), ranking(found))
        return
    beside(vintages(found), reliability(found))
    beside(ranking(found), drifted(found))


def beside(*drawn: Chart) -> None:
    """Two charts side by side, each under its finding."""
    for column, each in zip(st.columns(2, gap="medium"), drawn, strict=True):
        with column:
            widgets.findings(each.finding)
            if each.figure is not None:
                st.plotly_chart(each.figure, key=each.key, config=charts.CONFIG, alt=each.words)


def reliability(found: TrustResult) -> Chart:
    """Predicted against observed, by groups of equally many."""
    bins = found.measured.bins
    drawn, words = trust_charts.reliability(bins), trust_charts.reliability_in_words(bins)
    return Chart("reliability", trust_words.reliability_headline(bins), drawn, words)


def ranking(found: TrustResult) -> Chart:
    """The ROC curve."""
    own = found.measured
    words = trust_charts.roc_in_words(own.roc, own.auc.value)
    return Chart("roc", trust_words.roc_headline(own, found.proof.contract), trust_charts.roc(own.roc), words)


def vintages(found: TrustResult) -> Chart:
    """Predicted against observed by vintage, the training shaded."""
    proof, rows = found.proof, found.proof.by_vintage()
    drawn, words = trust_charts.vintages(rows, proof.window), trust_charts.vintages_in_words(rows)
    return Chart("vintages", trust_words.vintages_headline(proof, rows), drawn, words)


def drifted(found: TrustResult) -> Chart:
    """How far later vintages have moved since the training."""
    contract, drifts = found.proof.contract, found.drifts
    if not drifts:
        return Chart("drift", "No vintage here came after the training: nothing can have moved since")
    what = trust_words.source_words(found.proof, found.drifted)
    words = trust_charts.drift_in_words(contract, drifts)
    return Chart(
        "drift", trust_words.drift_headline(contract, drifts, what), trust_charts.drift(contract, drifts), words
    )


# ---- panels -----------------------------------------------------------------------------------------------------


def panels(found: TrustResult) -> None:
    """Detail, worked out once somebody opens it."""
    model, proof = found.model, found.proof
    told = [
        ("_bands", RANKS, lambda: proven.bands(model, proof, found.chosen)),
        ("_later", "How it held in later years", lambda: backtests.panel(model, proof)),
        ("_effects", "What the model looks at", lambda: effects.panel(model)),
        ("_moved", "Has the world moved: drift against the training", lambda: proven.moved(model, proof)),
        ("_falls", "Fairness", lambda: proven.fair(model, proof)),
        ("_misses", "How wrong was it? The biggest misses", lambda: proven.misses(proof)),
        ("_gates", "Gates and card", lambda: gated(model)),
    ]
    if not proof.years or not model.has_evidence:
        told = [each for each in told if each[0] != "_later"]
    for key, title, drawn in told:
        panel = st.expander(title, key=key, on_change="rerun")
        if panel.open:
            with panel:
                drawn()


def gated(model: DeployedModel) -> None:
    """What the release was tested for, and its card."""
    if model.release is None:
        st.info(
            f"Not available: {model.deployed.words} was not gated here, and there is no card of it. Ask whoever runs "
            "it for its report.",
            icon=":material/info:",
        )
        return
    proven.gates(model, model.release)
    card.panel(model)


def made(model: DeployedModel) -> None:
    """Which release this is, and what of."""
    if model.release is None:
        return
    manifest, book = model.release.manifest, model.contract.book
    when = f"the vintages {model.deployed.window}" if model.deployed.window else book.as_of
    widgets.html(
        f"<p class='wi-below'>Release {model.release.id}, trained {manifest['created'][:10]} on "
        f"{numbers.counted(manifest['rows'], book.person)} of {widgets.text(when)} ({widgets.text(book.sample)}). "
        f"{widgets.text(book.decision_note)}</p>"
    )


main()
