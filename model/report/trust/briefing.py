"""What is said of how far a model can be trusted: its numbers beside their thresholds, what to know before relying on
it, the charts, and the panels behind them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial

from data.contract import Contract
from model.engine.identity import Deployed
from model.report.briefing import Briefing, Choice, Choices, Finding, Item, Notice, Panel
from model.report.language import band_label, observed_rate, window_title
from model.report.release.card import ModelCard
from model.report.trust import bands, charts, drift, effects, fairness, gates, later, misses, words
from model.report.trust.later import OtherEvidence
from model.report.trust.tiles import trust_tiles
from model.validation.result import TrustResult
from model.validation.validation import Subset, Validation
from model.validation.view import segment_bands

EVERYBODY = "everybody"


def _nothing() -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, eq=False)
class ReleaseContext:
    """What is known around the model that answers, as ``deployed`` names it: the ``others`` it can be compared with,
    the gates that were ``overridden``, by name, and its ``card`` where it has one; asked for where they are shown."""

    deployed: Deployed
    others: Callable[[], OtherEvidence] = field(default=OtherEvidence)
    overridden: Callable[[], Collection[str]] = _nothing
    card: Callable[[], ModelCard] | None = None


def trust_briefing(result: TrustResult, choices: Choices, *, around: ReleaseContext, withheld: str = "") -> Briefing:
    """What the trust page says. ``choices`` are those of its address, which its panels read; ``withheld``: why figures
    by protected attribute are not for whoever looks, if so."""
    proof, release = result.proof, result.release
    things = words.things_to_know(proof, result.report, result.drifts, not withheld)
    return Briefing(
        "trust",
        words.trust_verdict(proof, result.chosen, result.measured, things),
        tiles=trust_tiles(result),
        points=tuple(things),
        notices=untested_notices(around.deployed, proof.tested),
        make_findings=partial(trust_findings, result),
        panels=tuple(_reading(each, choices) for each in trust_panels(result, around, withheld)),
        method=words.trust_method(proof),
        title=window_title(proof.contract, "Trust", _looked_at(proof.contract, result.chosen)),
        foot="" if release is None else words.made_words(release, around.deployed),
    )


def _looked_at(contract: Contract, chosen: Subset) -> tuple[str, ...]:
    """Which records are looked at, in short; nothing of all."""
    band = band_label(contract, contract.segment(chosen.segment), chosen.band) if chosen.segment else ""
    return chosen.when, band


def untested_notices(deployed: Deployed, tested: bool) -> tuple[Notice, ...]:
    """That nothing is known of how the model was tested, where that is so."""
    return () if tested else (Notice(words.foreign_words(deployed)),)


# ---- what the page looks at ---------------------------------------------------------------------------------------


def evidence_choice(proof: Validation) -> Choice:
    """Of which source or vintage."""
    return bands.evidence_choice(proof, "evidence")


def segment_choice(proof: Validation) -> Choice:
    """Of which band of which segment; everybody if none is chosen."""
    contract = proof.contract
    labels = (
        f"{each.label}: {band_label(contract, each, band)}"
        for each in contract.segments
        for band in range(contract.band_count(each))
    )
    options = tuple(zip(segment_bands(contract), labels, strict=True))
    everybody = (EVERYBODY, f"all {contract.book.records}")
    return Choice("segment", "Of whom", (everybody, *options) if options else (), EVERYBODY)


def looked_at(result: TrustResult) -> str:
    """Of how many records the numbers are."""
    return words.counted_outcomes(result.proof.contract, result.measured.n)


# ---- the charts ---------------------------------------------------------------------------------------------------


def trust_findings(result: TrustResult) -> tuple[Item, ...]:
    """Reliability and ROC; where the book has vintages those first, and the drift of the later ones last. Nothing
    where there is no record to tell of."""
    if not result.measured.n:
        return ()
    if not result.proof.years:
        return reliability_finding(result), ranking_finding(result)
    return vintage_finding(result), reliability_finding(result), ranking_finding(result), drift_finding(result)


def reliability_finding(result: TrustResult) -> Finding:
    """Predicted against observed, by groups of equally many."""
    bins = result.measured.bins
    drawn, alt = charts.reliability(bins), charts.reliability_in_words(bins)
    shows = f"{observed_rate(result.proof.contract)}, %, observed and predicted, by groups of equally many"
    return Finding("reliability", words.reliability_headline(bins), chart=drawn, alt=alt, half=True, shows=shows)


def ranking_finding(result: TrustResult) -> Finding:
    """The ROC curve."""
    own = result.measured
    alt = charts.roc_in_words(own.roc, own.auc.value)
    headline, shows = words.roc_headline(own, result.proof.contract), "Share reached, %, from the highest PD down"
    return Finding("roc", headline, chart=charts.roc(result.proof.contract, own.roc), alt=alt, half=True, shows=shows)


def vintage_finding(result: TrustResult) -> Finding:
    """Predicted against observed by vintage, the training shaded."""
    proof, rows = result.proof, result.proof.by_vintage()
    drawn, alt = charts.vintages(rows, proof.window), charts.vintages_in_words(rows)
    shows = f"{observed_rate(proof.contract)}, %, by vintage"
    return Finding("vintages", words.vintages_headline(proof, rows), chart=drawn, alt=alt, half=True, shows=shows)


def drift_finding(result: TrustResult) -> Finding:
    """How far later vintages have moved since the training."""
    contract, drifts = result.proof.contract, result.drifts
    if not drifts:
        return Finding("drift", "No vintage here came after the training: nothing can have moved since", half=True)
    what = words.source_words(result.proof, result.drifted)
    drawn, alt = charts.drift(contract, drifts), charts.drift_in_words(contract, drifts)
    shows = "Population stability index (PSI) against the training"
    return Finding("drift", words.drift_headline(contract, drifts, what), chart=drawn, alt=alt, half=True, shows=shows)


# ---- panels -------------------------------------------------------------------------------------------------------


def trust_panels(result: TrustResult, around: ReleaseContext, withheld: str) -> tuple[Panel, ...]:
    """Detail, each worked out when it is asked for. What is chosen in one stands in the address, by the same names."""
    proof, deployed = result.proof, around.deployed
    by = (bands.cut_choice(proof), bands.evidence_choice(proof, "by_evidence"))
    backtests = Panel("_later", "How it held in later years", partial(later_years, result, around))
    fair = fairness.fair_choices(proof.contract, withheld)
    return (
        Panel(
            "_bands",
            "By segment and year" if result.proof.years else "By segment",
            partial(bands.band_items, result),
            reads=by,
        ),
        *((backtests,) if proof.years and proof.tested else ()),
        Panel("_effects", "What the model looks at", partial(effects.effect_items, result, deployed)),
        Panel("_moved", "Has the world moved: drift against the training", partial(drift.drift_items, result)),
        Panel("_falls", "Fairness", partial(fairness.fair_items, result, withheld), reads=fair),
        Panel("_misses", "How wrong was it? The biggest misses", lambda _: misses.miss_items(result)),
        Panel("_gates", "Gates and card", lambda _: tested_for(result, around, withheld)),
    )


def _reading(panel: Panel, held: Choices) -> Panel:
    """A panel that reads what an address holds."""
    return replace(panel, make=lambda choices: panel.make({**held, **choices}))


def later_years(result: TrustResult, around: ReleaseContext, choices: Choices) -> tuple[Item, ...]:
    """How the model held in later years, beside another release."""
    return later.later_items(result, around.others(), choices)


def tested_for(result: TrustResult, around: ReleaseContext, withheld: str) -> tuple[Item, ...]:
    """What the release was tested for, and its card."""
    if result.release is None:
        return (gates.ungated_notice(around.deployed),)
    card = gates.card_items(around.card()) if around.card is not None else ()
    assert result.report is not None
    return (*gates.gate_items(result.report, around.overridden(), not withheld), *card)
