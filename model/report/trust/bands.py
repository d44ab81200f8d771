"""Where the model ranks and speaks truly: by segment or vintage, the scores of both classes, the tenths by risk."""

from collections.abc import Sequence
from dataclasses import replace

from model.report import numbers
from model.report.briefing import FRACTION, Cell, Choice, Choices, Column, Finding, Item, Table
from model.report.language import band_label, observed_rate, outcome_word, those_that
from model.report.trust import charts, words
from model.validation.result import TrustResult
from model.validation.validation import BandMetrics, Subset, Validation
from model.validation.view import VINTAGE

EXACT = (
    *(Column(each, FRACTION, place="file") for each in ("Observed", "Observed, low", "Observed, high", "Predicted")),
    *(Column(each, place="file") for each in ("AUC", "AUC, low", "AUC, high", "KS", "Says what happens")),
)


def cut_choice(proof: Validation) -> Choice:
    """By what the book is cut; nothing to choose where there is neither a segment nor a vintage."""
    options = [(each.name, each.label) for each in proof.contract.segments]
    if proof.years:
        options.append((VINTAGE, _vintage_label(proof)))
    return Choice("by", "Cut by", tuple(options), options[0][0] if options else "")


def _vintage_label(proof: Validation) -> str:
    assert proof.contract.vintage is not None
    return proof.contract.vintage.label


def evidence_choice(proof: Validation, key: str, of: str = "") -> Choice:
    """Which evidence is looked at; by vintage there is nothing to choose, for each is of its own."""
    options = tuple((each, words.source_words(proof, each)) for each in proof.whens)
    return Choice(key, "Evidence", options if len(options) > 1 and of != VINTAGE else (), proof.main)


def band_items(result: TrustResult, choices: Choices) -> tuple[Item, ...]:
    """One cut of the book, and what is behind it for those that the page looks at."""
    proof = result.proof
    by = cut_choice(proof).of(choices)
    when = evidence_choice(proof, "by_evidence", by).of(choices)
    chosen = replace(result.chosen, when=result.chosen.when if by == VINTAGE else when)
    return (*((cut_finding(proof, by, when),) if by else ()), *class_findings(proof, chosen))


# ---- one cut ------------------------------------------------------------------------------------------------------


def cut_finding(proof: Validation, by: str, when: str) -> Finding:
    """One segment, or the vintages, as chart and table."""
    contract, by_year = proof.contract, by == VINTAGE
    label = _vintage_label(proof) if by_year else contract.segment(by).label
    rows = proof.by_vintage() if by_year else segment_rows(proof, by, when)
    total = numbers.counted(sum(each.n for each in rows), contract.book.record)
    return Finding(
        "bands",
        words.bands_headline(proof, rows, by if by_year else label.lower()),
        chart=charts.bands_chart(contract, rows),
        alt=charts.vintages_in_words(rows),
        shows=f"{observed_rate(contract)}, %, by {label.lower()}",
        table=band_table(proof, rows, key=f"trust-by-{by}", label=label, when=when, by_year=by_year),
        note=f"{total} in all. {words.bands_note(proof, rows)}",
        shape="whole",
    )


def segment_rows(proof: Validation, by: str, when: str) -> tuple[BandMetrics, ...]:
    """The bands of a segment that hold records."""
    segment = proof.contract.segment(by)
    names = [band_label(proof.contract, segment, k) for k in range(proof.contract.band_count(segment))]
    return proof.by_segment(segment, names, when)


def band_table(
    proof: Validation, rows: Sequence[BandMetrics], key: str, label: str, *, when: str = "", by_year: bool = False
) -> Table:
    """Bands or vintages as they are read, and their exact figures in the file."""
    texts = [words.band_texts(proof, each, when, by_year) for each in rows]
    columns = (
        Column(label),
        Column("n", digits=0),
        Column(outcome_word(proof.contract, True).capitalize(), digits=0, place="file" if by_year else "both"),
        *(Column(name, place="screen") for name in (texts[0] if texts else ())),
        *EXACT,
    )
    exact = tuple(
        (each.name, each.n, each.bad, *read.values(), *_figures(each)) for each, read in zip(rows, texts, strict=True)
    )
    return Table(key, f"The model by {label.lower()}", columns, exact)


def _figures(each: BandMetrics) -> tuple[Cell, ...]:
    observed, area = each.observed, each.auc
    return (
        *(observed.value, observed.low, observed.high, each.predicted),
        *(area.value, area.low, area.high, each.ks, each.calibrated),
    )


# ---- both classes -------------------------------------------------------------------------------------------------


def class_findings(proof: Validation, chosen: Subset) -> tuple[Finding, ...]:
    """The scores of both outcomes beside each other, and the tenths by risk."""
    contract = proof.contract
    scores, tenths = proof.separation(chosen), proof.gains(chosen)
    who = whom_findings(proof, chosen)
    if not scores.known:
        return (*who, Finding("alike", text=(f"{words.separation_headline(contract, scores)}.",)))
    return (
        *who,
        Finding(
            "separation",
            words.separation_headline(contract, scores),
            chart=charts.separation(contract, scores),
            alt=charts.separation_in_words(contract, scores),
            shows=f"Share of {those_that(contract, False)}, of {those_that(contract, True)}, %, by score",
            half=True,
        ),
        Finding(
            "gains",
            words.gains_headline(contract, tenths),
            chart=charts.gains(contract, tenths),
            alt=charts.gains_in_words(contract, tenths),
            shows=f"{observed_rate(contract)}, %, by tenths",
            half=True,
        ),
    )


def whom_findings(proof: Validation, chosen: Subset) -> tuple[Finding, ...]:
    """Of whom scores and tenths are, where that is not everybody of the main evidence."""
    who = words.chosen_words(proof, chosen)
    if not who:
        return ()
    every = numbers.counted(proof.measured(Subset(chosen.when)).n, proof.contract.book.record)
    return (Finding("whom", note=f"Scores and tenths: {who}, {proof.measured(chosen).n:,} of {every}."),)
