"""What is told of releases wherever they are listed, chosen or judged: gates, windows, what constraints cost, and who
moved an alias when and why."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from data.contract import lower
from data.json_types import Json
from model.monitoring.measures import Performance
from model.release.gate import Gate
from model.release.promotion import blocking_gates
from model.release.register import Moved
from model.release.report import ReleaseReport
from model.release.variants import SHIPPED, VARIANTS
from model.release.window import Window
from model.report import numbers
from model.signing import Signature, grouped

COUNTED = frozenset({"contract", "trust", "lock"})  # kinds of gates whose figure counts something
MEASURES = {
    "auc": "AUC",
    "brier": "Brier score",
    "log_loss": "Log-loss",
    "ece": "Calibration error",
    "slope": "Calibration slope",
}
MOST_PLACES = 6  # decimals of a gate's figure
SUBJECTS = {
    "auc": "AUC",
    "brier": "Brier score",
    "log_loss": "log-loss",
    "ece": "calibration error",
    "slope": "calibration slope",
    "slope_low": "calibration slope",
    "too_good": "AUC too good to be true",
    "single": "AUC of the strongest input alone",
    "duplicates": "records in two folds",
    "ordered": "inputs in the order of the outcomes",
    "shuffled": "AUC on shuffled outcomes",
    "later_auc": "AUC in later vintages",
    "later_gap": "gap of the mean PD in later vintages",
    "psi": "drift of the score",
    "csi": "drift of the inputs",
    "row": "time of a record",
    "size": "size of the release",
}
SUBJECTS |= {f"worse_{name}": f"{SUBJECTS[name]} against the champion" for name in MEASURES}
SUBJECTS |= {f"{name}_champion": f"{SUBJECTS[name]} since the champion" for name in ("psi", "csi")}
RECORDS = {
    "later": "of later vintages than both were fitted to",
    "crossed": "both predicted in cross-validation",
    "unseen": "of the book that neither was fitted to",
    "outcomes": "of the stream that the champion had not seen, predicted by the release in cross-validation",
    "": "neither had seen",
}
TWO_AUCS = (
    "Gates and model card give the mean of the folds' AUCs; the Trust page and the comparison with a champion give the "
    "AUC of the records of all folds together: the two may differ in the last digit."
)
PAIRWISE, FREE = (VARIANTS[1].label, VARIANTS[-1].label)


def utc(at: datetime | str) -> str:
    """A time for the record, the same wherever it is read: 22 Nov 2026, 18:26 UTC."""
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    return at.astimezone(UTC).strftime("%d %b %Y, %H:%M UTC").lstrip("0")


# ---- gates ----------------------------------------------------------------------------------------------------------


def figure(gate: Gate) -> str:
    """A gate's figure as shown."""
    return _shown(gate, gate.figure)


def bound(gate: Gate) -> str:
    """What a gate asks: at most 0.1350; at least 9 decimals."""
    if gate.kind == "monotone":
        return _shown(gate, gate.bound)
    at_least = gate.at_least or _decimal(gate)
    return f"{'at least' if at_least else 'at most'} {_shown(gate, gate.bound)}"


def _decimal(gate: Gate) -> bool:
    """Whether a gate asks how far two numbers agree, which is told in decimals."""
    return bool(gate.kind == "parity" and gate.bound)


def _shown(gate: Gate, value: float) -> str:
    if np.isnan(value):
        return "not known"
    if _decimal(gate):
        return f"{decimals(value)} decimals"
    if gate.kind == "monotone" and value <= gate.bound:  # nothing but rounding
        return "none"
    if gate.kind in COUNTED or gate.kind == "parity":
        return numbers.plain(value)
    return numbers.plain(value, _places(gate))


def _places(gate: Gate) -> int:
    """Decimals of a gate's figure and bound, the same for both: two or three, as many as a few thousand records bear
    out, and more where those would not tell one from the other."""
    if gate.kind in ("speed", "size") or gate.name == "ordered":
        return 2
    least = 2 if gate.kind == "fairness" or gate.name.startswith("slope") else 3
    for places in range(least, MOST_PLACES):
        if gate.figure == gate.bound or round(gate.figure, places) != round(gate.bound, places):
            return places
    return MOST_PLACES


def gate_sentence(gate: Gate) -> str:
    """A gate that was not kept where a board reads of it: its label, its figure, what was asked, in as few digits as
    tell them apart, three at the least."""
    if gate.kind in (*COUNTED, "parity", "monotone"):
        return f"{gate.label}: {figure(gate)}, {bound(gate)} is asked"
    shown, asked = numbers.significant(gate.figure, gate.bound), numbers.significant(gate.bound, gate.figure)
    return f"{gate.label}: {shown}, {'at least' if gate.at_least else 'at most'} {asked} is asked"


def decimals(difference: float) -> int:
    """To how many decimals two numbers agree that differ by this much; 16 is all that a double holds."""
    return 16 if difference <= 1e-16 else max(0, int(np.floor(-np.log10(difference) + 1e-9)))


def verdict(gate: Gate) -> str:
    """In a word: passed, watch (missed, and stops nothing), or failed."""
    return gate.verdict


def gate_rows(
    report: ReleaseReport, overridden: Iterable[str] = (), protected: bool = True
) -> list[tuple[str, str, str, str, str]]:
    """Label, figure, threshold, verdict and note of each gate; the names of those that were ``overridden``. Figure and
    note of fairness are left out for whoever may not see ``protected`` attributes."""
    passed_over = set(overridden)
    rows = []
    for gate in report.gates:
        reading = verdict(gate) + (", overridden" if not gate.passed and gate.name in passed_over else "")
        shown, note = figure(gate), gate.note
        if not protected and gate.kind == "fairness":
            shown, note = "for analysts", "A monitoring metric, not a legal finding."
        rows.append((gate.label, shown, bound(gate), reading, note))
    return rows


def subject(gate: Gate, protected: bool = True) -> str:
    """What a gate is about, where its label is too long: approval ratio by education; mean PD in later vintages.
    The attribute is left out for whoever may not see ``protected`` ones."""
    if gate.kind == "fairness":
        where = gate.note.split(".")[0]
        return f"approval ratio by {lower(where)}" if protected and where else "approval ratio of groups"
    return SUBJECTS.get(gate.name, lower(gate.label))


def briefly(gate: Gate, protected: bool = True) -> str:
    """A gate that was not kept, in words: its figure, told to whoever may see it, and what was asked."""
    hidden = gate.kind == "fairness" and not protected
    return f"{subject(gate, protected)}{'' if hidden else f' {figure(gate)}'} ({bound(gate)} is asked)"


def state(report: ReleaseReport) -> str:
    """How a release stands, in a word and a count: passed; passed, 1 to watch; 2 failed."""
    failed = len(blocking_gates(report.gates))
    watched = sum(verdict(gate) == "watch" for gate in report.gates)
    if failed:
        return f"{failed} failed"
    return f"passed, {watched} to watch" if watched else "passed"


# ---- who vouches for it ---------------------------------------------------------------------------------------------


def signature(found: Signature) -> str:
    """How a release or a package is signed: signed, key 0f1e 2d3c …; not signed."""
    key = f"key {grouped(found.key)}" if found.key else "key not told"
    return {
        "signed": f"signed, {key}",
        "unknown": f"signed by whom nobody here knows, {key}",
        "unsigned": "not signed",
        "wrong": "not what was signed: it was altered",
    }[found.state]


# ---- windows --------------------------------------------------------------------------------------------------------


def window(manifest: Mapping[str, Json]) -> str:
    """The vintages that a release was fitted to, and those its intercept was shifted to, if any; or the outcomes of a
    stream: the latest 12,000 outcomes of the stream, 3 May to 9 June 2026."""
    if manifest.get("outcomes"):
        return _outcomes(manifest["outcomes"])
    own = Window(**(manifest.get("window") or {}))
    again = manifest.get("recalibrated")
    text = "whole book" if own == Window() else str(own)
    return f"{text}, recalibrated on {Window(again['since'], again['until'])}" if again else text


def _outcomes(given: Mapping[str, Json]) -> str:
    first, last = (datetime.fromisoformat(str(given[end])).astimezone(UTC) for end in ("first", "last"))
    same_day, same_year = first.date() == last.date(), first.year == last.year
    if same_day:
        span = f"{first:%H:%M} to {last:%H:%M} UTC on {_day(last)}"
    else:
        span = f"{_day(first).removesuffix(f' {last.year}') if same_year else _day(first)} to {_day(last)}"
    return f"the latest {numbers.counted(given['rows'], 'outcome')} of the stream, {span}"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def window_only(manifest: Mapping[str, Json]) -> str:
    """The vintages that a release was fitted to; "" where that was the whole book."""
    own = Window(**(manifest.get("window") or {}))
    return "" if own == Window() else str(own)


def windows(manifests: Mapping[str, Mapping[str, Json]], aliases: Mapping[str, str]) -> str:
    """What champion and challenger were fitted to, where that tells them apart; otherwise nothing."""
    parts = [
        (alias, window(manifests[aliases[alias]]))
        for alias in ("champion", "challenger")
        if aliases.get(alias) in manifests
    ]
    if {text for _, text in parts} <= {"whole book"}:
        return ""
    said = ", ".join(f"the {alias} was fitted to {'the ' * (text == 'whole book')}{text}" for alias, text in parts)
    return f"{said[:1].upper()}{said[1:]}."


# ---- what constraints cost ------------------------------------------------------------------------------------------


def variants(report: ReleaseReport) -> tuple[str, Mapping[str, Performance]]:
    """Where the variants of the model were compared, and their figures by label: out of time if that could be."""
    if report.later:
        return f"in later vintages, {report.later.window}", report.later.variants
    return "in cross-validation", report.cross_validation


def cost_sentence(report: ReleaseReport) -> str:
    """What being explainable exactly, and never going the wrong way, costs in AUC; "" if that was not compared."""
    where, by_variant = variants(report)
    if not {SHIPPED.label, PAIRWISE, FREE} <= set(by_variant):
        return ""
    shipped, pairwise, free = (by_variant[label].auc for label in (SHIPPED.label, PAIRWISE, FREE))
    return (
        f"Letting inputs act in pairs at most, AUC is {_gap(pairwise, free)} without constraints ({pairwise:.4f} "
        f"against {free:.4f}); with directions kept as well, as shipped, {_gap(shipped, free)} ({shipped:.4f}), "
        f"{where}."
    )


def _gap(own: float, free: float) -> str:
    gap = round(own, 4) - round(free, 4)
    if abs(gap) < 5e-5:
        return "no lower than that"
    return f"{abs(gap):.4f} {'below' if gap < 0 else 'above'} that"


def cost_rows(report: ReleaseReport) -> list[tuple[str, ...]]:
    """Each variant's figures by the names of `MEASURES`, its label first."""
    return [(label[:1].upper() + label[1:], *performance(each)) for label, each in variants(report)[1].items()]


def performance(found: Performance) -> tuple[str, ...]:
    """The figures of `MEASURES` as shown."""
    return tuple(_plain(getattr(found, name)) for name in MEASURES)


def beside(report: ReleaseReport) -> str:
    """Which champion a release was held against, and on which records, or why on none; "" where there was none."""
    champion = report.champion
    if not champion:
        return ""
    if not champion.n:
        return f"Not compared with release {champion.id}, the champion then. {champion.why_not}".strip()
    return f"Held against release {champion.id}, on {numbers.counted(champion.n, 'record')} {RECORDS[champion.kind]}."


def champion_rows(report: ReleaseReport) -> list[tuple[str, str, str, str, str]]:
    """Each measure of the candidate and of the champion it was held against, the difference of the two as shown with
    its 95 % interval, and what that says; nothing where it stood alone. Slopes are compared by how far they lie from 1.
    """
    rows = []
    for each in report.champion.measures if report.champion else ():
        value, low, high = each.difference, each.low, each.high
        better = 1 if each.name == "auc" else -1
        reading = "no clear difference"
        if low * better > 0 and high * better > 0:
            reading = "better"
        elif low * better < 0 and high * better < 0:
            reading = "worse"
        sides = [round(side, 4) for side in (each.candidate, each.champion)]
        figures = [_plain(side) for side in sides]
        if each.name == "slope" and not np.isnan(value):
            sides = [abs(side - 1) for side in sides]
            figures = [f"{slope}, {_plain(far)} from 1" for slope, far in zip(figures, sides, strict=True)]
        shown = sides[0] - sides[1]
        gap = "not known" if np.isnan(value) else f"{_signed(shown)} ({_signed(low)} to {_signed(high)})"
        rows.append((MEASURES[each.name], figures[0], figures[1], gap, reading))
    return rows


def _plain(value: float) -> str:
    return "not known" if np.isnan(value) else f"{value:.4f}"


def _signed(value: float) -> str:
    rounded = round(value, 4)
    return numbers.signed(f"{abs(rounded):.4f}", rounded)


# ---- who moved what -------------------------------------------------------------------------------------------------

MOVED = ("When", "Alias", "Release", "Who", "Why", "Override")


def moved_rows(history: Sequence[Moved], labels: Mapping[str, str] | None = None) -> list[tuple[str, ...]]:
    """The history under the heads `MOVED`, the newest first; ``labels`` of gates by name."""
    return [
        (utc(each.at), each.alias, each.release, each.who or "not told", each.why or "not told", override(each, labels))
        for each in reversed(history)
    ]


def override(moved: Moved, labels: Mapping[str, str] | None = None) -> str:
    """For what reason which gates were passed over; a dash where none was."""
    if not moved.override:
        return "–"
    return f"{moved.override} (passed over: {gate_names(moved, labels)})"


def gate_names(moved: Moved, labels: Mapping[str, str] | None = None) -> str:
    """The gates that were passed over, by their labels where those are known."""
    return "; ".join((labels or {}).get(name, SUBJECTS.get(name, name)) for name in moved.gates) or "not told"
