"""Sentences: one above every chart, every number in it equal to the screen. No causal verbs: "the model would score".

Each sentence is put together from the same texts as the numbers beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor
from types import MappingProxyType

import numpy as np

from data.contract import Contract, Field, Input, Lever, capitalised, lower, plural
from model.engine.identity import Deployed
from model.report import numbers
from model.report.book import words as book_words
from model.report.language import decided, enumerated, granting, guarantee
from model.whatif.book.scenario import Player, chosen
from model.whatif.customer.attribution import MOST_PLAYERS, Changes
from model.whatif.customer.decision import OUTSIDE, Decision, Explanation
from model.whatif.customer.distribution import ScoreDistribution
from model.whatif.customer.result import LeverPosition
from model.whatif.customer.scenario import CUTOFF, CustomerScenario
from model.whatif.customer.sensitivity import Curve, Flip, Goal
from model.whatif.customer.starting_points import StartingPoint
from model.whatif.customer.stressed import draws

MOST_BARS = 5
MOST_CHANGES = 6  # bars between the two of the probability before and after
MOST_NAMED = 2  # edits named in the first sentence; more would not fit two lines
NOTHING_MOVED: Mapping[str, float] = MappingProxyType({})


# ---- the customer ---------------------------------------------------------------------------------------------------


def invitation_words(contract: Contract, scenario: CustomerScenario) -> str:
    """What to do while nobody is chosen, or a record typed by hand is not complete."""
    if scenario.own:
        return (
            f"Fill in the record below: {scenario.own.count(None)} of {len(scenario.own)} values are still missing. "
            "The model answers as soon as it is complete."
        )
    return (
        f"Choose {contract.book.one_record} by number or from one of the starting points, and see what the "
        "deployed model says, why, and what would change it."
    )


def typical_words(contract: Contract, own: Sequence[float | None], typical: Sequence[float]) -> str:
    """How much of a record of one's own is still what is usual in the book; "" where nothing is."""
    usual = sum(mine is not None and _same(mine, each) for mine, each in zip(own, typical, strict=False))
    if not usual:
        return ""
    which = "Every value is the usual one" if usual == len(own) else f"{usual} of {len(own)} values are the usual ones"
    return (
        f"{which} of the book: the middle of all {contract.book.records}, or the most frequent. Change "
        "each to what it is."
    )


def _same(mine: float, usual: float) -> bool:
    return mine == usual or (np.isnan(mine) and np.isnan(usual))


def scores_headline(contract: Contract, found: ScoreDistribution) -> str:
    """The finding above the distribution of scores."""
    book, share = contract.book, found.reached / found.records if found.records else 0.0
    cutoff = numbers.exactly(found.cutoff)
    return f"{numbers.percent(share, 0)} of {book.records} reach the cut-off of {cutoff} and {book.granted}"


def starting_point(contract: Contract, point: StartingPoint) -> str:
    """What one that can be started from is: "customer 6,321, score 640, PD 3.2 %"."""
    return (
        f"{contract.book.record} {point.customer:,}, score {numbers.whole_score(point.score)}, "
        f"PD {numbers.percent(point.pd)}"
    )


def customer_verdict(
    contract: Contract,
    base: Decision,
    now: Decision,
    scenario: CustomerScenario,
    *,
    reach: Mapping[str, float] = NOTHING_MOVED,
    day: date | None = None,
) -> str:
    """The page's first sentence: score, distance to the cut-off, decision, frequency. ``reach``: by which share of its
    range each edit was moved, by name; ``day``: on which the book's scenario is asked that it stands under, if any."""
    book = contract.book
    edits = edits_in_words(contract, scenario, reach)
    if day is not None:
        under = under_in_words(contract, scenario, day)
        edits = f"{under}, and {edits[:1].lower()}{edits[1:]} on top," if edits else f"{under},"
    would = f"{edits} this {book.record} would score" if edits else f"This {book.record} scores"
    decision = book.granted if now.granted else book.declined
    sentence = f"{would} {numbers.whole_score(now.score)}, {distance(now)}, and {decision}."
    frequency = numbers.in_100(now.pd)
    was = numbers.in_100(base.pd)
    way = "down" if now.pd < base.pd else "up"
    since = f", {way} from {was.removeprefix('about ').removesuffix(' in 100')}" if edits and was != frequency else ""
    return f"{sentence} {capitalised(frequency)} {book.records} like this {book.outcome}{since}."


def under_in_words(contract: Contract, scenario: CustomerScenario, day: date) -> str:
    """The book's scenario that a record stands under: "Under the Fed's 2026 severely adverse scenario"."""
    assumed = book_words.in_words(contract, scenario.under, day)
    if not assumed:
        return "Under the book's scenario, which moves nothing"
    return assumed if chosen(scenario.under) else f"{assumed} in the book"


def reach_words(contract: Contract, scenario: CustomerScenario, reached: Mapping[str, bool]) -> str:
    """Which of the changes to the customers reach this one; "" where all of them reach everybody."""
    under, person = scenario.under, contract.book.record
    only = book_words.scope(contract, under)
    if not reached or not (only or draws(contract, under)):
        return ""
    labels = {name: book_words.player_label(contract, under, Player((name,), "customers")) for name in reached}
    yes, no = ([labels[name] for name, hit in reached.items() if hit == side] for side in (True, False))
    clauses = [f"the changes to {contract.book.records} apply only to {only}"] if only else []
    if yes:
        clauses.append(f"{enumerated(yes)} {'reaches' if len(yes) == 1 else 'reach'} this {person}")
    if no:
        clauses.append(f"{enumerated(no)} {'does' if len(no) == 1 else 'do'} not reach this {person}")
    if scenario.customer is None and draws(contract, under):
        clauses.append(f"a record typed by hand is none of the {contract.book.records} of whom a share is drawn")
    text = "; ".join(clauses)
    return f"{text[:1].upper()}{text[1:]}."


def distance(decision: Decision) -> str:
    """How far a score lies from the cut-off, in the whole points shown. Of a cut-off between two points the one counts
    that keeps the score on its side: 481.7 has reached 481.5, 480.2 has not reached 480.5."""
    whole = floor(decision.cutoff) if decision.granted else ceil(decision.cutoff)
    gap = numbers.whole_score(decision.score) - whole
    if gap == 0:
        return "just at the cut-off"
    return f"{numbers.counted(abs(gap), 'point')} {'above' if gap > 0 else 'below'} the cut-off"


def edits_in_words(contract: Contract, scenario: CustomerScenario, reach: Mapping[str, float] = NOTHING_MOVED) -> str:
    """ "With balances 20 % lower and …", or nothing; of more than two edits those that were moved furthest, and how
    many more there are. ``reach`` as in `customer_verdict`."""
    edits = list(scenario.edits)
    if not edits:
        return ""
    furthest = sorted(edits, key=lambda edit: -reach.get(edit[0], 0.0))[:MOST_NAMED]
    named = [_edit_in_words(contract, name, value) for name, value in edits if (name, value) in furthest]
    more = len(edits) - len(named)
    return f"With {', '.join(named)} and {more} more" if more else f"With {' and '.join(named)}"


def _edit_in_words(contract: Contract, name: str, value: float) -> str:
    for lever in contract.levers:
        if lever.name == name:
            return _lever_in_words(lever, value)
    field = contract.field(name)
    return f"{lower(field.label)} {numbers.as_set(value, field.unit, field.codes, field.special)}"


def _lever_in_words(lever: Lever, value: float, bound: str = "") -> str:
    """A lever's phrase for a ``value``; ``bound``: "at least " or "at most " that much."""
    if lever.unit == "±%":
        amount = f"{numbers.exactly(abs(value))}{numbers.NBSP}% {'lower' if value < 0 else 'higher'}"
    else:
        amount = numbers.lever_value(value, lever.unit)
    phrase = _phrase(lever, value)
    return (phrase.replace("at {}", "{}") if bound else phrase).format(f"{bound}{amount}")  # never "at at most 2"


def _phrase(lever: Lever, value: float) -> str:
    """A lever's phrase for a ``value``: what it counts without a unit of its own is one where that is 1: 1 employee."""
    before, place, counted = lever.phrase.partition("{} ")
    one = place and value == 1 and not lever.unit
    return f"{before}{place}{numbers.singular(counted)}" if one else lever.phrase


def edit_chip(contract: Contract, name: str, value: float) -> str:
    """An edit as a short label."""
    for lever in contract.levers:
        if lever.name == name:
            return f"{lever.label} {numbers.lever_value(value, lever.unit)}"
    field = contract.field(name)
    return f"{field.label} {numbers.as_set(value, field.unit, field.codes, field.special)}"


def at_stake(contract: Contract, now: Decision, changed: bool) -> tuple[str, ...]:
    """What stands under the expected loss of one record: of how much, as long as nothing is changed, and what of it is
    the bank's own where somebody else bears the rest; one a line."""
    currency = contract.book.currency
    lines = [] if changed else [f"of {numbers.money(now.ead, currency)} at risk"]
    if contract.guaranteed:
        lines.append(f"net of the guarantee {numbers.money(now.net_loss, currency)}")
    return tuple(lines)


def states_headline(states: Sequence[Decision]) -> str:
    """The finding above the states: the book's, under its scenario, and with changes on top where there are any."""
    unit = numbers.Difference.of(states[0].pd, states[-1].pd, numbers.SHARE).unit
    book, under, *own = (numbers.percent(each.pd, unit.digits) for each in states)
    both = f"PD is {book} in the book and {under} under the scenario"
    return f"{both}; {own[0]} with your changes on top" if own else both


# ---- reasons ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reason:
    """One bar: whole score points, so that base + bars = score as shown."""

    label: str
    points: float
    detail: str
    plural: bool = False


def reasons(explanation: Explanation) -> list[Reason]:
    """At most five concepts and "everything else", in whole points that sum to shown score − shown base."""
    concepts = explanation.concepts
    head, rest = concepts[:MOST_BARS], concepts[MOST_BARS:]
    score = explanation.base_score + sum(c.points for c in concepts)
    total = numbers.whole_score(score) - numbers.whole_score(explanation.base_score)
    values = [c.points for c in head] + ([sum(c.points for c in rest)] if rest else [])
    whole = numbers.summing(values, total)
    other = rest[0].label if len(rest) == 1 else "Everything else"
    labels = [c.label for c in head] + ([other] if rest else [])
    details = [_detail(explanation, c.name) for c in head] + ([", ".join(c.label for c in rest)] if rest else [])
    plural = [_plural(explanation.contract, c.name) for c in (*head, *rest)][: len(labels)]
    return [Reason(*row) for row in zip(labels, whole, details, plural, strict=True)]


def _plural(contract: Contract, concept: str) -> bool:
    """Whether a concept's label is a plural; that of what is added outside the model is one, too."""
    return concept == OUTSIDE or contract.concept(concept).plural


def _detail(explanation: Explanation, concept: str) -> str:
    inputs = {each.name: each for each in explanation.contract.inputs if each.concept == concept}
    lines = [
        f"{own.label}: {input_value(inputs[own.name], own.value)}" for own in explanation.inputs if own.name in inputs
    ]
    return "<br>".join(lines)


def input_value(each: Input, value: float) -> str:
    """A model input's value in words."""
    return numbers.measure(value, each.unit, each.codes, each.missing or "missing")


def reasons_source(explanation: Explanation) -> str:
    """Where reasons come from that were not read off the model's own tables; "" if they were."""
    if not explanation.asked:
        return ""
    if not explanation.error:
        return f"Reasons as the deployed model's server gives them, against {explanation.background}."
    points, person = max(1, round(explanation.error)), explanation.contract.book.record
    return (
        f"The server gives no reasons, so the model was asked about {explanation.asked:,} records made of this "
        f"{person} and {explanation.background}: Shapley values by concept, each give or take "
        f"{points} point{'s' if points != 1 else ''} (standard error)."
    )


def compared_with(explanation: Explanation) -> str:
    """What the reasons are measured from."""
    return f"the average of {explanation.background}" if explanation.error else explanation.background


def reasons_headline(rows: list[Reason], base: int, score: int, background: str, person: str) -> str:
    """The finding above the reasons of a ``person``; ``background`` is what they are measured from."""
    first = max(rows, key=lambda row: abs(row.points))
    compared = f"{score} points against {base} for {background}"
    if first.points == 0:
        return f"Nothing sets this {person} apart: {compared}"
    verb = "cost" if first.points < 0 else "add"
    points = abs(round(first.points))
    return f"{first.label} {verb}{'' if first.plural else 's'} {points} point{'s' if points != 1 else ''}: {compared}"


# ---- what changed -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownChanges:
    """What changed as it is shown, in percent: base and edited PD to ``digits``, the parts to ``fine`` ones, so that
    they add up to the difference."""

    base: float
    edited: float
    digits: int
    parts: tuple[tuple[str, float], ...]
    fine: int


def shown_changes(found: Changes) -> ShownChanges:
    """What changed, as it is shown beside the PD: of more parts than there is room for, the weightiest and all others
    as one."""
    whole = numbers.Difference.of(found.base, found.edited, numbers.SHARE)
    moves = [(part.label, part.pd) for part in found.parts]
    if len(moves) > MOST_CHANGES:
        moves[MOST_CHANGES - 1 :] = [("Everything else", sum(moved for _, moved in moves[MOST_CHANGES - 1 :]))]
    unit, parts = whole.parts([moved for _, moved in moves])
    base, edited = (whole.unit.rounded(each) for each in (found.base, found.edited))
    labels = [label for label, _ in moves]
    return ShownChanges(
        base, edited, digits=whole.unit.digits, parts=tuple(zip(labels, parts, strict=True)), fine=unit.digits
    )


def changes_headline(found: Changes) -> str:
    """The finding above the waterfall."""
    shown = shown_changes(found)
    label, moved = max(shown.parts, key=lambda part: abs(part[1]))
    if moved == 0:
        return "The edits leave the probability where it was"
    largest = f"{label}: {numbers.points(moved / 100, shown.fine)}"
    return (
        f"{largest} of probability" if len(shown.parts) == 1 else f"{largest}, the largest of {len(shown.parts)} parts"
    )


# ---- what would change it -----------------------------------------------------------------------------------------


def ways_out(contract: Contract, found: list[Flip], granted: bool) -> str:
    """Which single lever turns the decision, and from where on: of those that may be advised, which association and a
    move against a declared direction never are."""
    turning = [flip for flip in found if flip.value is not None]
    would = "takes the score below" if granted else "brings the score to"
    if not any(flip.advised for flip in turning):
        which = "that can be relied on" if turning else "within its range"
        return f"No single lever {which} {would} the cut-off."
    ways = [_turning(contract, flip) for flip in turning if flip.advised]
    head = "This alone" if len(ways) == 1 else "Any one of these alone"
    head = f"Still {granting(contract)} unless" if granted else f"{head} would bring the score to the cut-off"
    return f"{head}: {'; '.join(ways) if not granted else ', or '.join(ways)}."


def no_ways_out(contract: Contract, found: list[Flip]) -> str:
    """What would turn the decision and is no advice, with why: levers that the contract calls association only, and
    those that after the edits do not go the way it declares; "" where there are none."""
    turning = [flip for flip in found if flip.value is not None and not flip.advised]
    linked = [_turning(contract, flip) for flip in turning if flip.association]
    other = [_turning(contract, flip) for flip in turning if not flip.association]
    parts = []
    if linked:
        parts.append(f"By association only, so no advice: {'; '.join(linked)}.")
    if other:
        parts.append(f"Not the way that is declared after these edits, so no advice: {'; '.join(other)}.")
    return " ".join(parts)


def _turning(contract: Contract, flip: Flip) -> str:
    """The value of a lever that turns the decision, and whether it is so further on: "at least 8 employees", "at most
    1 month late now", "balances at least 20 % lower"."""
    assert flip.value is not None
    lever = contract.lever(flip.name)
    last = flip.value == (lever.maximum if flip.up else lever.minimum)
    if lever.unit == "±%" and not flip.value:
        return lever.phrase.format(f"unchanged or {'higher' if flip.up else 'lower'}")
    if not flip.beyond or last:
        return _lever_in_words(lever, flip.value)
    outward = flip.up if lever.unit != "±%" else flip.up == (flip.value > 0)
    return _lever_in_words(lever, flip.value, "at least " if outward else "at most ")


def curve_sentence(curve: Curve, contract: Contract) -> str:
    """The finding above a sweep."""
    low, high = numbers.percent(float(curve.pd.min())), numbers.percent(float(curve.pd.max()))
    label, now = curve.label, numbers.percent(curve.now_pd)
    if curve.nothing:
        return f"{label}: {curve.nothing}, for which the model says {now}; with a value between {low} and {high}"
    if curve.pd.min() == curve.pd.max():
        return f"{label}: makes no difference to this {contract.book.record}; the model says {now} throughout"
    if low == high:
        return f"{label}: moves the answer by less than 0.1 points; the model says {now} throughout"
    between = f"{label}: between {low} and {high}, {now} now"
    flips = [numbers.lever_value(v, curve.unit) for v in curve.flips]
    if not flips:
        return f"{between}; {decided(contract, bool(curve.granted[0]))} over the whole range"
    if not curve.steady:
        return f"{between}; after these edits not in one direction"
    return f"{between}; the decision turns {_turns(flips)}{', by association' if curve.association else ''}"


def _turns(flips: list[str]) -> str:
    """Where a decision turns; of many places the count and the ends, between which no value is safe to rely on."""
    if len(flips) > 3:
        return f"{len(flips)} times, first at {flips[0]}, last at {flips[-1]}"
    *others, last = flips
    return f"at {', '.join(others)} and {last}" if others else f"at {last}"


def goal_sentence(goal: Goal, curve: Curve, shown: str = "") -> str:
    """The answer to a goal seek; ``shown`` is what else the value means: "31 % of the limit used"."""
    at = numbers.lever_value(goal.value, curve.unit)
    at = f"{at} ({shown})" if shown else at
    target = numbers.as_set(goal.target, "%")
    if goal.reached_before:
        return f"{target} or less is reached already: the model says {numbers.percent(curve.now_pd)} now."
    if not goal.advised:
        why = "by association only" if curve.association else "moves the answer both ways after these edits"
        return f"{curve.label}: {why}; none of its values is a way to {target}."
    if goal.reached:
        return f"{curve.label} {at} would bring the model's answer to {numbers.percent(goal.pd)}."
    return f"{target} is out of reach with this alone; the best is {numbers.percent(goal.pd)}, at {at}."


def part_value(part: Lever | Field, value: float) -> str:
    """Where a lever or a field may stand, in words."""
    if isinstance(part, Lever):
        return numbers.lever_value(value, part.unit)
    return numbers.measure(value, part.unit, part.codes, special=part.special)


def direction(lever: Lever) -> str:
    """Which way the model's answer goes with a lever, and whether that is association, for the line under it."""
    side = {1: "higher is riskier", -1: "higher is safer", 0: ""}[lever.direction]
    return ", ".join(filter(None, (side, "by association" if lever.association else "")))


def lever_help(lever: Lever) -> str:
    """What a lever moves, its range, and the direction the model keeps."""
    way = {1: "Moved alone, up never lowers the probability.", -1: "Moved alone, up never raises it.", 0: ""}
    ends = [numbers.lever_value(end, lever.unit) for end in (lever.minimum, lever.maximum)]
    note = "Association, not cause. " if lever.association else ""
    return f"{note}{lever.help} From {ends[0]} to {ends[1]}. {way[lever.direction]}".strip()


def cutoff_help(contract: Contract) -> str:
    """What the cut-off decides, and where it comes from."""
    book = contract.book
    since = "The book has no historic cut-off: an assumption." if book.historic_cutoff is None else ""
    return f"From this score on {book.one_record} {book.granted}. {since}".strip()


def record_title(contract: Contract) -> str:
    """What the raw record is called, and what of it is known month by month: "The record, 6 months: status, bill"."""
    own = [history for history in contract.histories if history.role == "input"]
    if not own:
        return "The record"
    months = max(len(history.months) for history in own)
    return f"The record, {numbers.counted(months, 'month')}: {', '.join(lower(history.label) for history in own)}"


def fields_shown(shown: int, fields: int, *, looked_for: bool) -> str:
    """Which of many fields of a record are in view."""
    if looked_for:
        return f"{shown} of {fields} fields are called so, those first that move the score most."
    if shown < fields:
        return f"The {shown} of {fields} fields that move the score most. Any other is found by its name."
    return "Those first that move the score most."


def field_help(field: Field) -> str:
    """What a field holds, and its range."""
    ends = [numbers.measure(end, field.unit) for end in (field.minimum, field.maximum) if np.isfinite(end)]
    if field.codes or len(ends) < 2:
        return field.help
    if field.special:
        return f"{field.help} From {ends[0]} to {ends[1]}, or none: {', '.join(field.special.values())}."
    if field.role == "vintage":
        return f"{field.help} The book holds {ends[0]} to {ends[1]}; any year may be given.".strip()
    return f"{field.help} From {ends[0]} to {ends[1]}."


def special_help(field: Field) -> str:
    """What choosing why there is no value says."""
    return f"{field.label} may have no value, for a reason that the model knows: {', '.join(field.special.values())}."


def missing_help(field: Field) -> str:
    """What ticking that a value is missing says."""
    return f"{field.label} is not known of this one; the contract lets it be missing."


# ---- known territory --------------------------------------------------------------------------------------------

TERRITORY = {"usual": "as usual", "unusual": "unusual", "outside": "outside"}


def territory(decision: Decision, contract: Contract) -> str:
    """How well the model knows records like this one."""
    if decision.beyond:
        return f"{decision.beyond[0]} lies outside anything the model has seen"
    if decision.level == "usual":
        return f"the model knows many {contract.book.records} like this"
    few = 100 - min(round(decision.percentile), 99)
    return f"{few} in 100 {contract.book.records} or fewer lie this far from the others"


@dataclass(frozen=True)
class LeverText:
    """What stands at a lever: its ``label`` with where it stands, ``help``; where the customer is ``here`` in the book,
    and the ``direction`` in which the model's answer goes with it, "" where that is not known."""

    label: str
    help: str
    here: str
    direction: str


def lever_text(contract: Contract, lever: Lever, at: LeverPosition, foreign: bool) -> LeverText:
    """What stands at a lever. Of a model that is ``foreign`` no direction is known, and of any none after edits that
    leave parts of what the lever moves behind."""
    shown = next(each for each in contract.inputs if each.name == lever.shows)
    return LeverText(
        f"{lever.label} · {at.nothing or numbers.lever_value(at.now, lever.unit)}",
        lever_help(lever),
        at.nothing or here(at.value, at.below, same=at.same, lever=lever, each=shown, person=contract.book.record),
        direction(lever) if at.steady and not foreign else "",
    )


def here(value: float, below: int, same: int, lever: Lever, each: Input, person: str) -> str:
    """Where a value stands among the book's: "NT$ 80,000, above 38 in 100 customers". ``below`` and ``same`` are
    the customers of 100 with a smaller and with the same value of the input ``each`` that the lever shows."""
    if np.isnan(value):
        return each.missing or "missing"
    position = lever.here.format(input_value(each, value))
    if each.codes:
        return f"{position}, like {same or 'fewer than 1'} in 100 {plural(person)}"
    share = {0: "fewer than 1", 100: "more than 99"}.get(below, f"{below}")
    return f"{position}, above {share} in 100 {plural(person)}"


def assumption_chip(contract: Contract, name: str, value: float) -> str:
    """A changed assumption as a short label."""
    if name == CUTOFF:
        return f"Cut-off {numbers.exactly(value)}"
    each = contract.assumption(name)
    return f"{each.label} {numbers.as_set(value, each.unit)}"


def change_chips(contract: Contract, scenario: CustomerScenario) -> dict[str, str]:
    """Everything that is changed as short labels, by name."""
    edits = {name: edit_chip(contract, name, value) for name, value in scenario.edits}
    return edits | {name: assumption_chip(contract, name, value) for name, value in scenario.assumptions}


def customer_method(contract: Contract, model: Deployed) -> str:
    """How the numbers on the customer page come about, for whoever asks."""
    book, score = contract.book, contract.score
    kind = f"a gradient-boosted model of {numbers.counted(len(contract.inputs), 'input')} derived from the record"
    kind = "asked live about each record; how it works inside is not known here" if model.foreign else kind
    protected = ", ".join(lower(field.label) for field in contract.protected())
    never = ""
    if protected:
        never = f" {'Never sent to it' if model.foreign else 'Never used'}: {protected}."
    annual = "." if book.pd_months == 12 else "; it is not an annual rate."
    window = f" (fitted to the vintages {model.window})" if model.window else ""
    base = (
        "Interventional Shapley values of the log-odds by business concept, found by asking the model: each set of "
        f"concepts is put into {book.records} of the book, the background, and the answers compared. They belong to "
        "this model only; their standard error stems from the size of the background."
        if model.foreign
        else f"Exact interventional Shapley values of the log-odds, compared with the average {book.record} of the "
        "book (all of them are the background), summed by concept."
    )
    money = f"**Expected loss.** PD × LGD × EAD over {book.pd_horizon}.", contract.exposure.note, guarantee(contract)
    return "\n\n".join(
        [
            f"**Score.** {model.words[:1].upper()}{model.words[1:]}: {kind}. Score = {score.base_score:.0f} at "
            f"{score.base_odds:.0f} good to 1 bad, {score.points_to_double:.0f} points double the odds. "
            f"{book.probability}: over {book.pd_horizon}, from {book.sample} of {book.as_of}{window}{annual}{never}",
            f"**Reasons (SHAP).** {base} Times minus the points per unit of log-odds. Base and bars sum to the score; "
            "whole points are rounded so that they still do, and a score is rounded down, so that one shown at the "
            "cut-off has reached it. They say how the model arrives at its answer, not what would happen in the world.",
            "**What changed.** Exact Shapley values over the edited concepts, between the record in the book and the "
            "edited one: every order of making the edits counts the same, what was not edited gets nothing, and the "
            f"parts sum to the change of the probability. Of more than {MOST_PLAYERS} concepts, those that move least "
            "are taken together, as are concepts whose edits may not stand apart.",
            *([" ".join(filter(None, money))] if contract.in_money else []),
            "**Known territory.** Gower's distance over the model's inputs to the nearest of 2,000 reference "
            f"{book.records}, as a percentile of the book: usual below 95, unusual below 99, outside above or when a "
            "value lies beyond the range the model has seen.",
        ]
    )
