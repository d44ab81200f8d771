"""Sentences and numbers of the trust page. A verdict is told with its threshold, and never by colour alone."""

from collections.abc import Mapping, Sequence

import numpy as np

from data.contract import Contract, Input, capitalised, lower
from data.json_types import Json
from model.engine.identity import Deployed
from model.monitoring.calibration import Bin
from model.monitoring.discrimination import Gain
from model.monitoring.drift import OF_PD, WATCH, Drift
from model.monitoring.fairness import SMALLEST, Group
from model.monitoring.intervals import Estimate
from model.monitoring.realised import RealisedRate
from model.release.release import Release
from model.release.report import ReleaseReport
from model.release.window import Window
from model.report import numbers
from model.report.briefing import FRACTION
from model.report.language import band_label, band_phrase, granting, guarantee, outcome_word, those_that
from model.report.numbers import NBSP
from model.report.policy.words import impact_words, interval
from model.report.release import words as release_words
from model.validation.backtests import RecalibrationBacktest, Sides
from model.validation.validation import (
    SOURCES,
    BandMetrics,
    Miss,
    Separation,
    Source,
    Subset,
    SubsetMetrics,
    Validation,
    Verdict,
    noise,
    stability,
    stability_bound,
)

MARKS: Mapping[Verdict, str] = {"holds": "✓", "watch": "◐", "does not hold": "✗", "": ""}
MOST_TOLD = 5
FEW = 180  # records of which chance alone makes a PSI of 0.10
COUNTS = ("nothing", "one thing", "two things", "three things", "four things", "five things")
NO_PROTECTED = "Not available: the book holds no protected attribute, so nothing can be said of how it falls on groups."
MONITORING = "Monitoring metrics, not legal findings; protected attributes never enter a score."


# ---- texts shared ---------------------------------------------------------------------------------------------------


def three(value: float) -> str:
    """An AUC, a KS, a slope: 0.783."""
    return "not known" if np.isnan(value) else numbers.plain(value, 3)


def span(found: Estimate) -> str:
    """The ends of an interval: 0.777–0.788; "" where there is none."""
    return "" if np.isnan(found.low) or np.isnan(found.high) else f"{found.low:.3f}–{found.high:.3f}"


def with_span(found: Estimate) -> str:
    """A figure with its interval: 0.783 (0.777–0.788)."""
    ends = span(found)
    return f"{three(found.value)} ({ends})" if ends else three(found.value)


def auc_words(found: Estimate) -> str:
    """An AUC with its interval, within brackets: AUC 0.783, 95 %: 0.777–0.790."""
    ends = span(found)
    return f"AUC {three(found.value)}" + (f", 95{NBSP}%: {ends}" if ends else "")


def pairs_ranked(auc: Estimate) -> str:
    """Of how many of 100 pairs, one of either outcome, the one that came true had the higher PD."""
    return "an unknown number" if np.isnan(auc.value) else str(round(100 * auc.value))


def share(value: float) -> str:
    """A rate; "none" where there is nobody."""
    return "none" if np.isnan(value) else numbers.percent(value)


def rate(found: Estimate) -> str:
    """A rate with its interval: 22.1 % (21.7–22.6)."""
    if np.isnan(found.value):
        return "none"
    return f"{numbers.percent(found.value)} ({100 * found.low:.1f}–{100 * found.high:.1f})"


def marked(verdict: Verdict) -> str:
    """A verdict with its sign: ✓ holds."""
    return f"{MARKS[verdict]} {verdict}" if verdict else "not judged"


SOURCE_WORDS = {
    "crossed": "cross-validated in training",
    "later": "later, out of time",
    "unseen": "of the book, not fitted to",
    "beyond": "after its test",
}


def source_words(proof: Validation, when: str) -> str:
    """Which records: "cross-validated, 2000 to 2005"."""
    if when not in SOURCES:
        return f"vintage {when}"
    if when == "asked":
        return "the whole book, as asked"
    how = SOURCE_WORDS[when]
    own = proof.vintage
    if own is None:
        return how
    years = own[proof.source == SOURCES.index(when)]
    years = years[~np.isnan(years)]
    return f"{how}, {_years(years.min(), years.max())}" if len(years) else how


def _years(first: float, last: float) -> str:
    return f"{first:.0f}" if first == last else f"{first:.0f}–{last:.0f}"


def _in_years(proof: Validation, chosen: Subset) -> str:
    """Of which vintages records are: "in 2006–2007 "; "" where the book has none."""
    if proof.vintage is None:
        return ""
    years = proof.vintage[proof.mask(chosen)]
    years = years[~np.isnan(years)]
    return f"in {_years(years.min(), years.max())} " if len(years) else ""


def chosen_words(proof: Validation, chosen: Subset) -> str:
    """Whom the numbers are of, where that is not everybody of the main evidence; otherwise nothing."""
    parts = []
    if chosen.when not in ("", proof.main):
        parts.append(source_words(proof, chosen.when))
    if chosen.segment:
        segment = proof.contract.segment(chosen.segment)
        parts.append(f"{segment.label}: {band_label(proof.contract, segment, chosen.band)}")
    return ", ".join(parts)


# ---- the sentence ---------------------------------------------------------------------------------------------------


def trust_verdict(proof: Validation, chosen: Subset, found: SubsetMetrics, things: Sequence[str]) -> str:
    """The page's first sentence: how well it ranks, whether it speaks truly, and how many things there are to know."""
    who = chosen_words(proof, chosen)
    if not found.n:
        return f"{who}: there is no such {proof.contract.book.record} in the evidence."
    where = f" ({who})" if who else _where(proof)
    ranks = (
        f"Of 100 pairs it ranks {pairs_ranked(found.auc)} correctly ({auc_words(found.auc)}){where}"
        if not np.isnan(found.auc.value)
        else (f"Too few outcomes to say how it ranks{where}")
    )
    count = COUNTS[min(len(things), MOST_TOLD)]
    return f"{ranks}; {agreement(proof, chosen, found)}; {count} to know before relying on it."


def _where(proof: Validation) -> str:
    words = {
        "crossed": "on records it was not fitted to",
        "later": "in vintages after its training",
        "unseen": "on records of the book, none of which it was fitted to",
        "beyond": "in vintages after its training",
        "asked": "on the book",
    }[proof.main]
    return f" {words}"


def agreement(proof: Validation, chosen: Subset, found: SubsetMetrics) -> str:
    """Whether what was predicted was observed; where that fails, of which years, and what became of them."""
    gap = abs(found.gap)
    if proof.calibrated(found.whole, chosen.when) == "does not hold":
        said, became = share(found.predicted), share(found.observed.value)
        return f"{_in_years(proof, chosen)}the model said {said} where {became} {outcome_word(proof.contract, True)}"
    if gap < 0.005:
        return "predicted and observed agree within half a point"
    if gap < 0.01:
        return "predicted and observed agree within one point"
    return f"{share(found.predicted)} was predicted and {share(found.observed.value)} observed"


def things_to_know(
    proof: Validation, report: ReleaseReport | None, drifts: Sequence[Drift] = (), protected: bool = True
) -> list[str]:
    """What to know before relying on the model, the weightiest first, all of it measured or declared.

    ``report`` is that of the release, None where there is none; figures of fairness are told to whoever may
    see ``protected`` attributes.
    """
    things = []
    if proof.main == "asked":
        things.append("its answers may be of records it was trained on, so that it may look better here than it is")
    things += [
        f"a gate is {'watched' if release_words.verdict(gate) == 'watch' else 'not passed'}: "
        f"{release_words.subject(gate, protected)}, {release_words.figure(gate)} ({release_words.bound(gate)})"
        for gate in (report.gates if report else ())
        if not gate.passed and (protected or gate.kind != "fairness")
    ]
    things += [each for each in (_worst_year(proof), _worst_band(proof), _most_moved(proof.contract, drifts)) if each]
    book = proof.contract.book
    if proof.main == "unseen":
        things.append("it was fitted to outcomes of the stream and is held here against the book, which is older")
    if not proof.years:
        things.append(f"all outcomes are of {book.as_of}: how it keeps in other years cannot be tested on this book")
    elif proof.main == "crossed":
        things.append("it was tested inside the years of its training only")
    if book.pd_months != 12:
        things.append(f"a PD is over {book.pd_horizon}, not a year")
    return things[:MOST_TOLD]


def _worst_year(proof: Validation) -> str:
    late = [each for each in proof.by_vintage() if set(each.sources) & {"later", "beyond"} and each.n >= SMALLEST]
    off = [each for each in late if not each.observed.low <= each.predicted <= each.observed.high]
    if not off:
        return ""
    worst = max(off, key=lambda each: abs(each.predicted - each.observed.value))
    observed, predicted = share(worst.observed.value), share(worst.predicted)
    return f"in {worst.name} {observed} {outcome_word(proof.contract, True)} where {predicted} was predicted"


def _worst_band(proof: Validation) -> str:
    off: list[tuple[float, str]] = []
    for segment in proof.contract.segments:
        for k, row in enumerate(proof.calibration(segment)):
            if row.n >= SMALLEST and proof.calibrated(row, proof.main) == "does not hold":
                who = band_phrase(proof.contract, segment, k)
                miss = f"{who}: {share(row.predicted)} predicted, {share(row.observed)} observed"
                off.append((abs(row.observed - row.predicted), miss))
    if not off:
        return ""
    more = f", the widest miss of {len(off)} bands" if len(off) > 1 else ""
    return f"{max(off)[1]}{more}"


def _most_moved(contract: Contract, drifts: Sequence[Drift]) -> str:
    moved = [each for each in drifts if each.index != OF_PD and _moved(contract, each) and each.psi > _noise(each)]
    if not moved:
        return ""
    worst = max(moved, key=lambda each: each.psi)
    some = f"{len(moved)} of {len(contract.inputs)} inputs have" if len(moved) > 1 else "one input has"
    return f"{some} moved since the training, most {lower(contract.inputs[worst.index].label)} (CSI {worst.psi:.2f})"


def _moved(contract: Contract, each: Drift) -> bool:
    return stability(contract, each) not in ("holds", "")


def _noise(each: Drift) -> float:
    return noise(int((each.expected > 0).sum()), each.n)


def counted_outcomes(contract: Contract, n: int) -> str:
    """Of how many records the numbers are."""
    theirs = "its outcome" if n == 1 else "their outcomes"
    return f"{numbers.counted(n, contract.book.record)} with {theirs}"


def foreign_words(deployed: Deployed) -> str:
    """That nothing is known of how the model that answers was tested."""
    return (
        f"Not available: {deployed.words} is not one of the releases known here, so nothing is known of how it was "
        "tested. Ask whoever runs it for its report. Below, its answers about the book beside what became of it: it "
        "may have been trained on these very records."
    )


def made_words(release: Release, deployed: Deployed) -> str:
    """Which release this is, and what of."""
    manifest, book = release.manifest, release.contract.book
    when = f"the vintages {deployed.window}" if deployed.window else book.as_of
    sample = manifest.get("sample_of")
    if "outcomes" in manifest:
        return (
            f"Release {release.id}, trained {manifest['created'][:10]} on {release_words.window(manifest)}. Below, "
            f"what it says of the {book.records} of {book.as_of} ({book.sample}) that are not among them. "
            f"{book.decision_note}"
        )
    drawn = f"from a stratified sample of the book's {numbers.plain(sample)}, " if sample else ""
    return (
        f"Release {release.id}, trained {manifest['created'][:10]} on {drawn}"
        f"{numbers.counted(manifest['rows'], book.record)} of {when} ({book.sample}). {book.decision_note}"
    )


# ---- charts above the fold ------------------------------------------------------------------------------------------


def reliability_headline(bins: Sequence[Bin]) -> str:
    """The finding above predicted against observed."""
    off = [each for each in bins if not each.agrees]
    if not bins:
        return "No outcomes to hold the predictions against"
    if not off:
        groups = f"{'all ' * (len(bins) > 1)}{numbers.counted(len(bins), 'group')} by risk"
        return f"In {groups}, what was predicted lies within what was observed (95{NBSP}%)"
    worst = max(off, key=lambda each: abs(each.observed - each.predicted))
    way = "fewer" if worst.observed < worst.predicted else "more"
    held = f"{len(bins) - len(off)} of {len(bins)}" if len(off) < len(bins) else f"None of {len(bins)}"
    return (
        f"{held} groups by risk came out as predicted; where {share(worst.predicted)} was predicted, {way} were "
        f"observed: {share(worst.observed)}"
    )


def roc_headline(found: SubsetMetrics, contract: Contract) -> str:
    """The finding above the ROC curve."""
    if np.isnan(found.auc.value):
        return "Too few outcomes to draw how it ranks"
    return (
        f"In {pairs_ranked(found.auc)} of 100 pairs the {contract.book.record} that did {contract.book.outcome} "
        "had the "
        f"higher PD; both classes are furthest apart at {share(found.roc.ks_at)} (KS {found.roc.ks:.2f})"
    )


def vintages_headline(proof: Validation, rows: Sequence[BandMetrics]) -> str:
    """The finding above predicted against observed by vintage."""
    late = [each for each in rows if set(each.sources) & {"later", "beyond"}]
    if not late and proof.main == "unseen":
        return "Predicted and observed by vintage, of records that it was not fitted to"
    if not late:
        return "Predicted and observed by vintage, cross-validated inside the training"
    worst = max(late, key=lambda each: abs(each.predicted - each.observed.value))
    off = sum(not each.observed.low <= each.predicted <= each.observed.high for each in late)
    end = _ended(proof)
    if not off:
        return f"{end} all {len(late)} later vintages came out as predicted, as far as chance goes"
    return (
        f"{end} {off} of {len(late)} later vintages did not come out as predicted; in {worst.name} "
        f"{share(worst.observed.value)} against {share(worst.predicted)}"
    )


def _ended(proof: Validation) -> str:
    until = None if proof.window is None else proof.window.until
    return f"The training ended in {until}:" if until is not None else "By vintage:"


def drift_headline(contract: Contract, drifts: Sequence[Drift], what: str) -> str:
    """The finding above the drift of inputs; ``what`` has moved: "later vintages, 2006–2007"."""
    inputs = [each for each in drifts if each.index != OF_PD]
    if not inputs:
        return f"Nothing to compare: {what}"
    moved = [each for each in inputs if _moved(contract, each)]
    n = inputs[0].n
    if not moved:
        return f"No input has moved by {WATCH:.2f} or more: {what}, n = {n:,}"
    worst = max(moved, key=lambda each: each.psi)
    have = "has" if len(moved) == 1 else "have"
    return (
        f"{len(moved)} of {numbers.counted(len(inputs), 'input')} {have} moved by {WATCH:.2f} or more, most "
        f"{lower(contract.inputs[worst.index].label)} ({worst.psi:.2f}): {what}, n = {n:,}"
    )


def stability_lines(contract: Contract, each: Drift) -> str:
    """The lines of stability: below 0.10 holds, above 0.25 does not."""
    return f"below {WATCH:.2f}, at most {stability_bound(contract, each):.2f}"


def limits_words(contract: Contract) -> str:
    """The thresholds of stability and what is said at either side of them."""
    return f"✓ holds below {WATCH:.2f}, ◐ watch from there on, ✗ does not hold above {_most(contract)}."


def _most(contract: Contract) -> str:
    """Above what stability does not hold: 0.25; 0.20 of the score, 0.25 of an input."""
    score, each = f"{contract.gates.psi_at_most:.2f}", f"{contract.gates.csi_at_most:.2f}"
    return each if score == each else f"{score} of the score, {each} of an input"


def drift_label(contract: Contract, each: Drift) -> str:
    """What has moved: the score, or an input."""
    return "Score (PD)" if each.index == OF_PD else contract.inputs[each.index].label


def drift_verdict(contract: Contract, each: Drift) -> str:
    """A verdict; of so few records that chance alone moves as much, that is said."""
    kept = stability(contract, each)
    return "within chance" if _moved(contract, each) and each.psi <= _noise(each) else marked(kept)


def noise_words(n: int, bins: int = 10) -> str:
    """What chance alone does to a PSI of so many records."""
    level = noise(bins, n)
    shown = f"up to about {level:.3f}" if level >= 0.0005 else "less than 0.001"
    by_chance = f"Of {numbers.counted(n, 'record')}, chance alone makes a PSI of {shown} for {bins} bins."
    return f"{by_chance} Too few: give {FEW} records or more before reading anything into it." if n < FEW else by_chance


def bin_labels(each: Input | None, found: Drift) -> list[str]:
    """The bins of an input, or of the PD, in words, missing values last; only those that hold anything matter."""
    codes = dict(sorted(each.codes.items())) if each is not None else {}
    if codes and len(found.edges) == len(codes) - 1:
        return [*codes.values(), "missing"]
    unit = "%" if each is None else each.unit
    ends = [_edge(edge, unit, each is None) for edge in found.edges]
    if not ends:
        return ["all", "missing"]
    return [*(f"to {end}" for end in ends), f"above {ends[-1]}", "missing"]


def _edge(value: float, unit: str, precise: bool) -> str:
    return numbers.percent(value, 1) if precise else numbers.measure(value, unit)


def unmoved_words(contract: Contract) -> str:
    """That nothing of a book can have moved since a training that held all of it."""
    return (
        "Every record of this book lies in the training: nothing of it can have moved. Give a file of "
        f"{contract.book.records} to hold it against the training."
    )


def compared_words(n: int, name: str, refused: int) -> str:
    """How much of a file was held against the training."""
    return f"{numbers.counted(n, 'row')} of {name} compared, {refused:,} refused."


# ---- panel: ranking and calibration ---------------------------------------------------------------------------------


def bands_headline(proof: Validation, rows: Sequence[BandMetrics], by: str) -> str:
    """The finding above the table by segment or vintage."""
    off = [each for each in rows if each.calibrated == "does not hold"]
    judged = [each for each in rows if each.calibrated]
    if not judged:
        return f"By {by}: what was predicted and what was observed"
    if not off:
        return f"By {by}: what it says holds, or nearly, in all {len(judged)}"
    worst = max(off, key=lambda each: abs(each.predicted - each.observed.value))
    return (
        f"By {by}: what it says does not hold in {len(off)} of {len(judged)}; most in {worst.name}, "
        f"{share(worst.predicted)} predicted, {share(worst.observed.value)} observed"
    )


def band_texts(proof: Validation, each: BandMetrics, when: str = "", by_year: bool = False) -> dict[str, str]:
    """One row of the table by segment or vintage as it is read, by column; how many there are is told beside it."""
    at = each.sources[-1] if by_year and each.sources else when
    bound, least = proof.gap_bound(at), proof.auc_bound(at)
    texts = {
        "Observed": rate(each.observed),
        "Predicted": share(each.predicted),
        "Says what happens": marked(each.calibrated),
        "Threshold": "none set" if np.isnan(bound) else f"within {100 * bound:.1f} points",
        "AUC": with_span(each.auc),
    }
    if not by_year:
        return texts | {"KS": three(each.ks)}
    return texts | {
        "Ranks": marked(each.ranks),
        "AUC asked": "none set" if np.isnan(least) else f"at least {least:.3f}",
        "Evidence": sources_words(each.sources),
    }


def sources_words(sources: Sequence[Source]) -> str:
    """Where predictions come from, in short: cross-validated and later, tested."""
    return " and ".join(SHORT[source] for source in sources)


SHORT = {
    "crossed": "cross-validated",
    "later": "later, tested",
    "unseen": "not fitted to",
    "beyond": "after its test",
    "asked": "asked",
}


def worth_drawing(rows: Sequence[BandMetrics]) -> list[BandMetrics]:
    """The bands that a chart shows: of few records an interval says next to nothing and takes all the room."""
    return [each for each in rows if each.n >= SMALLEST] or list(rows)


def bands_note(proof: Validation, rows: Sequence[BandMetrics] = ()) -> str:
    """How the verdicts by band come about, and which of the ``rows`` the chart leaves out."""
    kept = worth_drawing(rows)
    left = [each for each in rows if each not in kept]
    undrawn = f"Not drawn, of fewer than {SMALLEST}: {', '.join(each.name for each in left)}. " if left else ""
    return (
        f"{undrawn}Says what happens: ✓ holds where the mean PD lies within the 95 % interval of what was observed "
        "(Wilson); ◐ watch outside it, but off by no more than the threshold; ✗ does not hold beyond both. Within a "
        f"band an AUC is lower than over the whole book, since {proof.contract.book.records} that are alike are harder "
        "to rank: the contract asks none there. Fewer than 30 of either outcome: no AUC is told."
    )


def separation_headline(contract: Contract, found: Separation) -> str:
    """The finding above the scores of both outcomes."""
    if not found.known:
        return "All outcomes are alike: nothing to separate"
    gap = round(found.good_mean) - round(found.bad_mean)
    apart = "the same"
    if gap:
        apart = f"{numbers.counted(abs(gap), 'point')} {'lower' if gap > 0 else 'higher'}"
    who = those_that(contract, True)
    return f"T{who[1:]} score {apart} on average: {found.bad_mean:.0f} against {found.good_mean:.0f}"


def gains_headline(contract: Contract, rows: Sequence[Gain]) -> str:
    """The finding above the tenths by risk."""
    if not rows or np.isnan(rows[0].lift):
        return f"None is {outcome_word(contract, True)}: nothing to find"
    first = rows[0]
    return (
        f"The riskiest tenth holds {numbers.percent(first.captured, 0)} of all {outcome_word(contract, True)}, "
        f"{first.lift:.1f} times its share; the riskiest three tenths {numbers.percent(rows[2].captured, 0)}"
    )


# ---- panel: later years ---------------------------------------------------------------------------------------------


def sides_headline(found: Sides, names: tuple[str, str]) -> str:
    """The finding above two releases by vintage."""
    if not found.n:
        return f"{names[0]} and {names[1]}: no vintage came after the training of both"
    low, high = found.auc.low, found.auc.high
    reading = "ranks neither better nor worse"
    if low > 0 or high < 0:
        reading = "ranks better" if low > 0 else "ranks worse"
    first, second = (abs(round(each, 3) - round(found.observed, 3)) for each in (found.champion, found.challenger))
    closer = "as far from"
    if abs(first - second) >= 5e-4:
        closer = "closer to" if second < first else "further from"
    return (
        f"From {found.since:.0f} on, after the training of both, {names[1]} {reading} ({_signed3(found.auc.value)} of "
        f"AUC, {_signed3(low)} to {_signed3(high)}) and is {closer} what was observed: {share(found.champion)} and "
        f"{share(found.challenger)} against {share(found.observed)}"
    )


def _signed3(value: float) -> str:
    rounded = round(value, 3)
    return "not known" if np.isnan(value) else numbers.signed(f"{abs(rounded):.3f}", rounded)


SIDES = ("Predicted", "AUC", "Evidence")
SIDE_FIGURES = (("Predicted", FRACTION), ("AUC", ""), ("AUC, low", ""), ("AUC, high", ""))  # with their units
NO_OTHER = (
    "There is no other release of this book to compare with. Train one on another window, below: for instance until an "
    "earlier or a later year."
)


def side_texts(own: BandMetrics | None) -> tuple[str, str, str]:
    """One vintage under one of two releases, under the heads `SIDES`."""
    if own is None:
        return "not tested", "not tested", "none"
    return share(own.predicted), with_span(own.auc), sources_words(own.sources)


def sides_note(first: str, window: str, second: str) -> str:
    """Which line is which release, and what they were fitted to."""
    return (
        f"Dots: observed, with 95 % intervals. Line: {first}, fitted to {window}, deployed. Dashed: {second}. Shaded: "
        "what either was fitted to; there the predictions are cross-validated."
    )


def release_label(identity: str, manifest: Mapping[str, Json], aliases: Mapping[str, str]) -> str:
    """A release in a list: its beginning, what it was fitted to, and what points to it."""
    roles = ", ".join(alias for alias, target in aliases.items() if target == identity)
    return f"release {identity[:6]}, fitted to {release_words.window(manifest)}{f', {roles}' if roles else ''}"


def recalibration_headline(found: RecalibrationBacktest) -> str:
    """What a shift of the intercept would have made of the later years."""
    if np.isnan(found.shift):
        return f"In {found.year:.0f} all outcomes are alike: there is no shift to make"
    shift = (
        f"Shifted to what was observed in {found.year:.0f}, all odds would be multiplied by "
        f"{found.factor:.2f} ({_signed3(found.shift)} in log-odds)"
    )
    before, after = found.missed
    if np.isnan(before):
        return f"{shift}; no later vintage to hold it against"
    word = "instead of" if round(100 * before, 1) != round(100 * after, 1) else "as before:"
    return (
        f"{shift}; later years would have been missed by {100 * after:.1f} points on average {word} {100 * before:.1f}"
    )


SHIFT_NOTE = (
    "AUC and KS are the same before and after: a shift of all log-odds changes no order. Told are the years after "
    "only; a release so recalibrated is tested on those, too."
)


def train_command(book: str, window: Window, again: Window | None = None) -> str:
    """The command that trains a release on a window."""
    parts = [f"python -m model train --book {book}"]
    parts += [f"--{name} {year}" for name, year in window.as_dict().items() if year is not None]
    if again is not None:
        parts += [f"--recalibrate-{name} {year}" for name, year in again.as_dict().items() if year is not None]
    return " ".join(parts)


def realised_headline(contract: Contract, rows: Sequence[tuple[float, RealisedRate]], whole: RealisedRate) -> str:
    """The finding above realised loss given default by vintage."""
    if not rows:
        return "No losses on record"
    worst = max(rows, key=lambda row: row[1].gross.value)
    net = f"; net of the guarantee {share(whole.net.value)}" if contract.guaranteed else ""
    return (
        f"Of what was owed at default {share(whole.gross.value)} was lost{net}; most of the vintage {worst[0]:.0f}, "
        f"{share(worst[1].gross.value)}"
    )


def realised_in_words(rows: Sequence[tuple[float, RealisedRate]]) -> str:
    """Realised loss given default by vintage for those who cannot see it."""
    by_year = "; ".join(f"{year:.0f}: {rate(each.gross)}" for year, each in rows)
    return f"Lost of what was owed at default, by vintage. {by_year}."


def loss_texts(contract: Contract, each: RealisedRate) -> dict[str, str]:
    """Realised loss given default as it is read, by column."""
    currency = contract.book.currency
    texts = {
        "Owed": numbers.money(each.ead, currency),
        "Lost": numbers.money(each.loss, currency),
        "Lost of it": rate(each.gross),
    }
    if not contract.guaranteed:
        return texts
    return texts | {"The bank's own": numbers.money(each.own_loss, currency), "Own share of owed": rate(each.net)}


def realised_note(contract: Contract) -> str:
    """What realised loss given default is, and what of it the bank bears."""
    meaning = (
        f"Lost over owed at default, all that are {outcome_word(contract, True)} of a vintage together, with its "
        "95 % interval."
    )
    return f"{meaning} {guarantee(contract)}".strip()


# ---- panel: fairness ------------------------------------------------------------------------------------------------


def fair_texts(contract: Contract, group: Group, row: Bin) -> dict[str, str]:
    """One group as it is read, by column; figures of fewer than 30 are suppressed."""
    hidden, observed = group.suppressed, Estimate(row.observed, row.low, row.high)
    difference = interval(group.opportunity, group.opportunity_low, group.opportunity_high, points=True)
    return {
        granting(contract).capitalize(): "suppressed" if hidden else share(group.rate),
        "Ratio": interval(group.impact, group.impact_low, group.impact_high),
        "Equal-opportunity difference": difference,
        "Predicted": "suppressed" if hidden else share(row.predicted),
        "Observed": "suppressed" if hidden else rate(observed),
    }


def fair_chart_note(cutoff: float, least: float) -> str:
    """How to read the chart of groups."""
    return (
        f"Ring: at the contract's cut-off; dot: at {numbers.exactly(cutoff)}, with its 95 % interval; dotted: "
        f"{least:.2f}."
    )


def fair_note(contract: Contract, cutoff: float) -> str:
    """What the fairness figures are, and what they are not."""
    word = granting(contract)
    return (
        f"{MONITORING} At a cut-off of {numbers.exactly(cutoff)}, on what was predicted out of sample. Ratio: {word} "
        f"over the highest group's, {impact_words(contract)} is asked; difference: {word} among "
        f"{those_that(contract, False)}. 95 % intervals. Groups of fewer than {SMALLEST} are suppressed."
    )


# ---- panel: misses --------------------------------------------------------------------------------------------------


def misses_headline(contract: Contract, paid: Sequence[Miss], lost: Sequence[Miss]) -> tuple[str, str]:
    """The findings above those that came out well against the odds and those that came out badly against them."""
    good, bad = (outcome_word(contract, came_true) for came_true in (False, True))
    first = f"{capitalised(good)} all the same, at a PD of up to {share(paid[0].pd)}" if paid else f"None is {good}"
    last = f"{capitalised(bad)} all the same, at a PD from {share(lost[0].pd)} on" if lost else f"None is {bad}"
    return first, last


def misses_note(proof: Validation, found: SubsetMetrics) -> str:
    """Why a miss by itself is no mistake."""
    person = proof.contract.book.record
    people = proof.contract.book.records
    seen = (
        ""
        if proof.main == "asked"
        else (
            f" The PD here is the one predicted out of sample; the {person}'s page shows the released model's, "
            "which may "
            "have seen the record."
        )
    )
    return (
        f"A miss is no mistake by itself: of 100 {people} with a PD of 12 % one expects 12 to "
        f"{proof.contract.book.outcome} and 88 not to, and nobody can say beforehand which. Among {found.n:,} "
        "some must "
        f"lie at either end; what counts is whether the share observed is the share predicted.{seen}"
    )


def miss_loss(contract: Contract, each: Miss) -> str:
    """What was lost on a record; nothing where that is not known."""
    if np.isnan(each.loss):
        return ""
    own = f", own {numbers.money(each.own_loss, contract.book.currency)}" if contract.guaranteed else ""
    return f"{numbers.money(each.loss, contract.book.currency)}{own}"


# ---- panel: gates and card ------------------------------------------------------------------------------------------


def gates_headline(report: ReleaseReport) -> str:
    """The finding above the gates."""
    verdicts = [release_words.verdict(gate) for gate in report.gates]
    failed, watched = verdicts.count("failed"), verdicts.count("watch")
    tail = "; none failed" if not failed else f"; {failed} failed"
    watch = f"; {watched} to watch" if watched else ""
    passed, gates = verdicts.count("passed"), numbers.counted(len(verdicts), "gate")
    return f"{passed} of {gates} were passed before release{watch}{tail}"


def champion_headline(report: ReleaseReport) -> str:
    """The finding above the comparison with the champion of the day; "" where it stood alone."""
    beside = report.champion
    if not beside:
        return ""
    if not beside.n:
        return release_words.beside(report).removesuffix(".")
    readings = {row[0]: row[4] for row in release_words.champion_rows(report)}
    differences = [
        f"{reading}: {lower(name)}" for name, reading in readings.items() if reading != "no clear difference"
    ]
    what = "; ".join(differences) or "no clear difference in any measure"
    which = release_words.RECORDS[beside.kind]
    return f"Against release {beside.id[:6]}, on {numbers.counted(beside.n, 'record')} {which}: {what}"


def trust_method(proof: Validation) -> str:
    """How the numbers of the trust page come about."""
    person = proof.contract.book.record
    people = proof.contract.book.records
    if proof.main == "asked":
        evidence = (
            f"**Evidence.** The model's live answers about the {people} of the book, against what became of them. It "
            "is not known whether it was trained on them: no claim is made that it had not seen them."
        )
    elif proof.main == "unseen":
        evidence = (
            f"**Evidence.** The model was fitted to outcomes of a stream. Each {person} of the book that is not among "
            "them was predicted by the release itself; how it did on folds of those outcomes stands in its gates."
        )
    else:
        evidence = (
            f"**Evidence.** Each {person} was predicted by a model that had not been fitted to it: inside the training "
            "window in cross-validation, later vintages by the release itself. Vintages after the release's own test "
            "are predicted by it too and shown by vintage, but no gate was held against them."
        )
    two_aucs = "" if proof.main == "asked" else f"{release_words.TWO_AUCS} "
    return "\n\n".join(
        [
            evidence,
            "**Ranking.** AUC: the share of pairs, one of either outcome, in which the one that came true had the "
            f"higher PD; its 95 % interval is DeLong's. {two_aucs}Gini = 2·AUC − 1. KS: the largest distance "
            "between the "
            "two classes' cumulative shares. Lift: a tenth's share observed over that of all.",
            "**Calibration.** Ten groups of equally many by PD; observed rates with Wilson's 95 % intervals. Slope: "
            "logistic regression of the outcome on the log-odds predicted (Cox); below 1, predictions spread too far. "
            "Calibration error: the mean gap over ten equally wide bins. Intervals know chance only; a year's economy "
            f"moves all its {people} together. What is predicted holds within the interval of what was observed; "
            "outside "
            "it, but off by no more than the contract's bound (on the calibration error in training, on the mean PD in "
            "later vintages), it is to be watched; beyond both it does not hold.",
            f"**Stability.** PSI = Σ (a − e)·ln(a/e) over the training's bins: below {WATCH:.2f} holds, an industry's "
            f"rule of thumb; from there on watch; above the contract's bound, {_most(proof.contract)}, it does "
            "not hold. "
            "CSI is the same of an input. Of few records it is large by chance, about (bins − 1)/n: n stands with it.",
            f"**Fairness.** {MONITORING} Ratio with Katz's interval on the log scale, difference with Newcombe's.",
        ]
    )
