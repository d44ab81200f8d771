"""Sentences and numbers of the whole book, each number in a sentence equal to the one on the screen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

import numpy as np

from data.contract import Appetite, Assumption, Contract, Measure, Segment, Shock, Variable, capitalised, lower
from data.regulators.presets import Preset, presets
from model.engine.identity import Deployed, SpotCheck
from model.report import language, numbers
from model.report.briefing import FRACTION, Direction
from model.report.language import assumption_value, band_label, enumerated, guarantee
from model.report.numbers import NBSP, Difference, Unit
from model.whatif.book.bridge import Bridge
from model.whatif.book.scenario import (
    AS_IS,
    BETA,
    COEFFICIENTS,
    FACTOR,
    FULL,
    LIMIT,
    METHOD,
    NUDGE,
    OVERLAY_LGD,
    OVERLAY_PD,
    OWNER,
    POINT,
    PRESENT,
    PRESET,
    REASON,
    SEVERITY,
    SHARE,
    UNTIL,
    WEIGHED_AT,
    WEIGHT,
    WHO,
    BookScenario,
    Number,
    Player,
    changes,
    chosen,
    overlay_lacks,
    overlays,
    parts,
    whom,
)
from model.whatif.book.scored import Clipped, TerritoryShare
from model.whatif.book.segments import Cell, Concentration
from model.whatif.book.totals import Totals

MOST_REACTIONS = 10  # bars
MOST_NAMED = 3  # assumptions named in the first sentence; one less beside a preset
LARGEST_NAMED = 2  # of more than that
UNSWUNG = 10  # a lever to which the contract gives no swing has a tenth of its range as one
OWN_SHARE = "Capital, margin and return are on the bank's own share: the margin is after the net loss."
HALF = 0.5
FAR = 0.20  # share of customers outside known territory from which the numbers are greyed
AMOUNTS: tuple[Measure, ...] = ("exposure", "loss", "net_loss", "capital", "margin")
BRIDGED: tuple[Measure, ...] = ("loss", "net_loss", "capital", "margin")
GAINS: tuple[Measure, ...] = ("margin", "return_on_capital")  # more of these is better
MILLION = 1e6

Errors: TypeAlias = Mapping[Measure, float]
"""Half the 95 % interval of each measure, where a sample of the book answers."""
EXACT: Errors = {}


# ---- the measures -----------------------------------------------------------------------------------------------


def bridged(contract: Contract) -> tuple[Measure, ...]:
    """The measures that are taken apart into what moved them."""
    return tuple(each for each in BRIDGED if each in contract.measures)


def label(contract: Contract, name: Measure) -> str:
    """A measure in words."""
    return {
        "exposure": language.owed_label(contract),
        "pd": "PD, weighted by exposure" if contract.in_money else "PD, mean",
        "loss": language.lost_label(contract),
        "net_loss": "Expected loss, net of the guarantee",
        "loss_bps": "Expected loss, basis points",
        "capital": "Capital (IRB)",
        "margin": "Margin after loss",
        "return_on_capital": "Return on capital",
    }[name]


def horizon(contract: Contract, stress: BookScenario, name: Measure) -> str:
    """Over what time a measure runs."""
    months = ""
    if contract.in_money:
        months = numbers.counted_exactly(stress.number(contract, "margin_months"), "month")
    return {
        "exposure": "at default" if contract.in_money else "",
        "pd": contract.book.pd_horizon,
        "loss": contract.book.pd_horizon,
        "net_loss": contract.book.pd_horizon,
        "loss_bps": contract.book.pd_horizon,
        "capital": "on a one-year PD",
        "margin": f"over {months}",
        "return_on_capital": "a year",
    }[name]


@dataclass(frozen=True)
class MeasureText:
    """One measure as it stands on the screen: texts, the direction in which it moved, and its limit with whether it
    holds (None: no limit); ``broken`` is the word for a limit that does not."""

    label: str
    now: str
    base: str
    change: str
    direction: Direction
    limit: str
    holds: bool | None
    broken: str

    @property
    def moved(self) -> str:
        """How far it rises or falls: "from NT$ 465 m to NT$ 698 m"; of numbers that look alike by how much."""
        if self.base != self.now:
            return f"from {self.base} to {self.now}"
        return f"by {self.change.lstrip(f'+{numbers.MINUS}')}, and is {self.now}"


def difference(name: Measure, base: Totals, now: Totals, errors: Errors = EXACT) -> Difference:
    """A measure of the book as it is and under the scenario, as both are shown wherever they stand."""
    return measure_difference(name, base.measure(name), now.measure(name), errors.get(name, 0.0))


def measure_difference(name: Measure, was: float, value: float, error: float = 0.0) -> Difference:
    """Two values of one measure, as they are shown beside each other; with no digit that is below a tenth of the
    ``error``, half the interval of an estimate."""
    return Difference.of(was, value, None if name in AMOUNTS else _unit(name), error / 10)


def _unit(name: Measure) -> Unit:
    return numbers.BASIS_POINTS if name == "loss_bps" else numbers.SHARE


def measure_text(
    contract: Contract, stress: BookScenario, *, name: Measure, base: Totals, now: Totals, errors: Errors = EXACT
) -> MeasureText:
    """A measure under the book as it is and under the scenario, with its limit."""
    compared = difference(name, base, now, errors)
    limit, appetite = limit_of(contract, stress, name)
    shown, before = (text(contract, name, each, compared.unit) for each in (compared.now, compared.base))
    change = change_words(contract, name, compared)
    direction = _direction(name, compared) if change else ""
    holds = None if appetite is None or not np.isfinite(compared.now) else within(appetite, compared.now, limit)
    broken = "missed" if appetite and appetite.sense == "at least" else "exceeded"
    bound = limit_text(contract, name, limit, compared.unit) if appetite else ""
    return MeasureText(
        label(contract, name),
        shown,
        base=before,
        change=change,
        direction=direction,
        limit=bound,
        holds=holds,
        broken=broken,
    )


def _direction(name: Measure, found: Difference) -> Direction:
    """Whether a change is for the better of the bank; "" where that is a matter of taste."""
    if name == "exposure":
        return ""
    return "better" if (found.exact > 0) == (name in GAINS) else "worse"


def text(contract: Contract, name: Measure, value: float, unit: Unit | None = None) -> str:
    """A measure's value in words, in ``unit`` or in the one that fits."""
    if not np.isfinite(value):
        return "none"
    if name in AMOUNTS:
        return (unit or Unit.of(value)).text(value, contract.book.currency)
    digits = (unit or _unit(name)).digits
    return f"{numbers.plain(value, digits)}{NBSP}bp" if name == "loss_bps" else numbers.percent(value, digits)


def limit_text(contract: Contract, name: Measure, limit: float, unit: Unit | None = None) -> str:
    """A limit or a target as it was set, in the ``unit`` of what it limits unless one of them is too small for it."""
    if not np.isfinite(limit):
        return "none"
    if name == "loss_bps":
        return f"{numbers.exactly(limit)}{NBSP}bp"
    if name not in AMOUNTS:
        return f"{numbers.exactly(100 * limit, 1)}{NBSP}%"
    own = Unit.of(limit)
    if unit is not None and own.suffix != unit.suffix and 1 < unit.size <= 10 * abs(limit):
        own = replace(unit, digits=0) if own.size > unit.size else unit
    return own.as_set(limit, contract.book.currency)


def change_words(contract: Contract, name: Measure, found: Difference) -> str:
    """The difference of a measure, signed; "" where there is none."""
    if name in AMOUNTS:
        return found.money(contract.book.currency)
    return found.plain() if name == "loss_bps" else found.points()


def error_words(contract: Contract, name: Measure, error: float, unit: Unit) -> str:
    """Half the interval of an estimate that is shown in a ``unit``: "± NT$ 0.15 bn"."""
    fine = unit.error(error)
    if name in AMOUNTS:
        return f"±{NBSP}{fine.text(error, contract.book.currency)}"
    what = f"{NBSP}bp" if name == "loss_bps" else f"{NBSP}points"
    return f"±{NBSP}{numbers.plain(error / unit.size, fine.digits)}{what}"


def interval_words(
    contract: Contract, stress: BookScenario, *, name: Measure, base: Totals, now: Totals, errors: Errors
) -> str:
    """What stands under a number that is an estimate: how far it may be off, and whether that leaves open if its limit
    holds; "" where it is none."""
    error = errors.get(name, 0.0)
    if not error:
        return ""
    said = f"{error_words(contract, name, error, difference(name, base, now, errors).unit)} (95{NBSP}%)"
    limit, appetite = limit_of(contract, stress, name)
    return f"{said}, the limit within" if appetite and abs(now.measure(name) - limit) <= error else said


def estimated_words(contract: Contract, *, asked: int, base: Totals, now: Totals, errors: Errors, part: bool) -> str:
    """That a sample of the book answers, and how far its loss may be off, of the book or of a ``part`` of it, of which
    the sample does not know how many it holds."""
    of = f"{'about ' if part else ''}{numbers.counted(now.customers, contract.book.record)}"
    error = error_words(contract, "loss", errors.get("loss", 0.0), difference("loss", base, now, errors).unit)
    return f"Estimated from {numbers.plain(asked)} of {of}: {language.lost(contract)} {error} (95{NBSP}% interval)."


def net_words(contract: Contract, base: Totals, now: Totals, errors: Errors = EXACT) -> str:
    """What of the expected loss is the bank's own; "" where nobody else bears any."""
    if not contract.guaranteed:
        return ""
    own = difference("net_loss", base, now, errors)
    return f"net of the guarantee {text(contract, 'net_loss', own.now, own.unit)}"


def limit_of(contract: Contract, stress: BookScenario, name: Measure) -> tuple[float, Appetite | None]:
    """The limit of a measure as it is set, and the contract's; NaN and None where there is none."""
    for each in contract.appetite:
        if each.measure == name:
            return stress.number(contract, LIMIT + name), each
    return np.nan, None


def within(appetite: Appetite, value: float, limit: float) -> bool:
    """Whether a limit holds."""
    return value <= limit if appetite.sense == "at most" else value >= limit


def unit_name(contract: Contract, name: Measure) -> str:
    """The unit of a measure's exact values, of which the head of a table is made."""
    if name in AMOUNTS:
        return contract.book.currency
    return "bp" if name == "loss_bps" else FRACTION


def shows(contract: Contract, name: Measure, unit: Unit) -> str:
    """A measure as the numbers of a chart are read that are shown in a ``unit``: "Expected loss, NT$ m"."""
    if name in AMOUNTS:
        return language.counted_in(label(contract, name), contract, unit)
    return label(contract, name) if name == "loss_bps" else f"{label(contract, name)}, %"


def entered(contract: Contract, name: Measure) -> tuple[float, str]:
    """How many of a measure's own units one of a field's is, and that one's name: fractions are entered in percent,
    amounts in millions, numbers of records as they are."""
    if name in AMOUNTS and not contract.in_money:
        return 1.0, ""
    if name in AMOUNTS:
        return MILLION, f"{contract.book.currency} m"
    return (1.0, "bp") if name == "loss_bps" else (0.01, "%")


# ---- the assumptions in words -------------------------------------------------------------------------------------


def book_verdict(
    contract: Contract,
    stress: BookScenario,
    *,
    today: date,
    base: Totals,
    now: Totals,
    band: str = "",
    errors: Errors = EXACT,
) -> str:
    """The page's first sentence; of one ``band`` of a segment, named as in "limit_band:2", or of the whole book."""
    loss = measure_text(contract, stress, name="loss", base=base, now=now, errors=errors)
    over = f"{language.lost(contract)} over {contract.book.pd_horizon}"
    over += f" on {band_phrase(contract, band)}" if band else ""
    limit = _against(contract, stress, name="loss", now=now, shown=loss)
    broken = _broken(contract, stress, base, now, errors)
    net = f" ({net_words(contract, base, now, errors)})" if contract.guaranteed else ""
    assumed = in_words(contract, stress, today)
    if not assumed:
        head = f"As the book stands, {over} is {loss.now}{net} {_among(contract, stress, base, now, errors)}"
        return f"{head}{limit}{broken}. Move a lever to see what changes."
    if not loss.change:
        margin = _margin(contract, stress, base, now, errors)
        return f"{assumed}, {over} stays at {loss.now}{net}{limit}{margin}{broken}."
    way = "rises" if loss.direction == "worse" else "falls"
    return f"{assumed}, {over} {way} {loss.moved}{net}{limit}{broken}."


def _among(contract: Contract, stress: BookScenario, base: Totals, now: Totals, errors: Errors) -> str:
    """Of what a book's loss is told: "on an exposure of NT$ 3.4 bn", "among 30,000 borrowers"."""
    if not contract.in_money:
        return f"among {numbers.counted(now.customers, contract.book.record)}"
    exposure = measure_text(contract, stress, name="exposure", base=base, now=now, errors=errors).now
    return f"on an exposure of {exposure}"


def _margin(contract: Contract, stress: BookScenario, base: Totals, now: Totals, errors: Errors) -> str:
    """What happens to the margin where nothing happens to the loss; "" where there is none."""
    if "margin" not in contract.measures:
        return ""
    each = measure_text(contract, stress, name="margin", base=base, now=now, errors=errors)
    if not each.change:
        return ""
    way = "falls" if each.direction == "worse" else "rises"
    return f"; margin after loss {horizon(contract, stress, 'margin')} {way} {each.moved}"


def _broken(contract: Contract, stress: BookScenario, base: Totals, now: Totals, errors: Errors = EXACT) -> str:
    """The other limits that do not hold."""
    names: dict[Measure, str] = {
        "exposure": "exposure",
        "pd": "PD",
        "net_loss": "net loss",
        "capital": "capital",
        "margin": "margin",
        "return_on_capital": "return",
    }
    lost = [
        word
        for name, word in names.items()
        if name in contract.measures
        and measure_text(contract, stress, name=name, base=base, now=now, errors=errors).holds is False
    ]
    if not lost:
        return ""
    return f"; limit{'s' * (len(lost) > 1)} of {enumerated(lost)} broken"


def _against(contract: Contract, stress: BookScenario, name: Measure, now: Totals, shown: MeasureText) -> str:
    _, appetite = limit_of(contract, stress, name)
    if appetite is None:
        return ""
    just = "just " if shown.limit == shown.now and not shown.holds else ""
    kept, lost = ("within", "above") if appetite.sense == "at most" else ("above", "below")
    where = kept if shown.holds else f"{just}{lost}"
    return f", {where} the limit of {shown.limit}"


def in_words(contract: Contract, stress: BookScenario, today: date) -> str:
    """ "Under the Fed's 2026 severely adverse scenario at half severity, with balances 20 % higher", or nothing."""
    named = _named(contract, stress, today)
    using = chosen(stress)
    head = f"Under {preset_in_words(contract, stress, using)}" if using else ""
    if not named:
        return head
    shown = named if len(named) <= MOST_NAMED - bool(using) else _largest(named)
    phrases = _with_scope(contract, stress, shown)
    more = len(named) - len(shown)
    with_ = f"with {', '.join(phrases)} and {more} more" if more else f"with {enumerated(phrases)}"
    return f"{head}, {with_}" if head else with_[:1].upper() + with_[1:]


def _largest(named: Sequence["AssumedPart"]) -> list["AssumedPart"]:
    """The two that were moved furthest, in the order in which they are told.

    By swings of the contract, the yardstick of the tornado: what each of them moved is the bridge's answer, which is
    not known yet when the first sentence is painted.
    """
    order = sorted(range(len(named)), key=lambda k: -named[k].swings)
    return [named[k] for k in sorted(order[:LARGEST_NAMED])]


def _with_scope(contract: Contract, stress: BookScenario, named: Sequence["AssumedPart"]) -> list[str]:
    """The phrases, the shocks among them as one with whom they are applied to."""
    shocks = [each.phrase for each in named if each.shock]
    others = [each.phrase for each in named if not each.shock]
    only = scope(contract, stress)
    return [f"{enumerated(shocks)} (only {only})", *others] if only and shocks else [*shocks, *others]


def band_phrase(contract: Contract, band: str) -> str:
    """Those in one band of a segment, in a sentence: "customers who pay in full now"."""
    return language.band_phrase(contract, *whom(contract, band))


def limits_of_the_whole(
    contract: Contract, stress: BookScenario, base: Totals, now: Totals, errors: Errors = EXACT
) -> str:
    """What is said beside the numbers of a part: that limits are the whole book's, and how that stands; "" where the
    contract sets none."""
    if not contract.appetite:
        return ""
    loss = measure_text(contract, stress, name="loss", base=base, now=now, errors=errors)
    side = _against(contract, stress, name="loss", now=now, shown=loss)
    broken = _broken(contract, stress, base, now, errors)
    return (
        f"Limits are the whole book's: its {language.lost(contract).removeprefix('the ')} is {loss.now}{side}{broken}."
    )


def share_of_the_whole(contract: Contract, name: Measure, part: Totals, whole: Totals) -> str:
    """What a number of a part is to the whole book's: its share of an amount, beside anything else the book's own."""
    own, every = part.measure(name), whole.measure(name)
    if name in AMOUNTS and own >= 0 and every > 0:
        return f"{numbers.percent(own / every)} of the book's"
    return f"the book's {text(contract, name, every)}"


def band_names(contract: Contract) -> dict[str, str]:
    """Every band of every segment, by the name that a scenario gives it: "limit_band:2"."""
    return {
        f"{segment.name}:{band}": f"{segment.label}: {band_label(contract, segment, band)}"
        for segment in contract.segments
        for band in range(contract.band_count(segment))
    }


def scope(contract: Contract, stress: BookScenario) -> str:
    """To whom the shocks apply, if not to all: "50 % of the customers with credit limit below NT$ 50,000"."""
    who, share, people = str(stress.get(contract, WHO)), stress.number(contract, SHARE), contract.book.records
    part = f"{numbers.exactly(share)}{NBSP}% of the " if share < FULL else ""
    if not who:
        return f"{part}{people}" if part else ""
    return f"{part}{band_phrase(contract, who)}"


def preset_in_words(contract: Contract, stress: BookScenario, using: Preset) -> str:
    """ "the Fed's 2026 severely adverse scenario at half severity"."""
    severity = stress.number(contract, SEVERITY)
    severely = {100.0: "", 50.0: " at half severity"}.get(
        severity, f" at {numbers.exactly(severity)}{NBSP}% of its severity"
    )
    point = str(stress.get(contract, POINT)) or using.peak
    at = "" if point == using.peak else f", as of {using.point(point).label}"
    return f"{using.phrase}{severely}{at}" + (f", {UNMOVED}" if unmoved(contract, stress) else "")


UNMOVED = "which moves nothing until the economy has coefficients"


def unmoved(contract: Contract, stress: BookScenario) -> bool:
    """Whether a preset is chosen that reaches no PD, because no variable of the economy has a coefficient."""
    if chosen(stress) is None or stress.get(contract, METHOD) == FACTOR:
        return False
    return not any(stress.number(contract, BETA + each.name) for each in contract.economy)


@dataclass(frozen=True)
class AssumedPart:
    """Something that is assumed: its ``phrase`` in a sentence, by how many ``swings`` of the contract it was moved, and
    whether it is a ``shock``, which may be applied to some only."""

    phrase: str
    swings: float
    shock: bool = False


def _swings(part: Shock | Variable | Assumption | Number, by: float) -> float:
    """By how many of its swings a lever was moved."""
    own = 0.0 if isinstance(part, Number) else part.swing
    return abs(by) / (own or (part.maximum - part.minimum) / UNSWUNG)


def _named(contract: Contract, stress: BookScenario, today: date) -> list[AssumedPart]:
    """Every assumption that moves the book, but for a preset's."""
    known, named = parts(contract), list[AssumedPart]()
    for shock in contract.shocks:
        value = stress.number(contract, shock.name)
        if value:
            phrase = shock.phrase.format(_shock_value(shock.unit, value))
            named.append(AssumedPart(phrase, _swings(shock, value), shock=True))
    if stress.get(contract, METHOD) == FACTOR:
        value, number = stress.number(contract, FACTOR), known[FACTOR]
        if value and isinstance(number, Number):
            named.append(AssumedPart(f"an economy {_deviations(value)}", _swings(number, value)))
    else:
        for variable, by in _by_hand(contract, stress):
            if by * stress.number(contract, BETA + variable.name):
                phrase = variable.phrase.format(_moved(variable.unit, by, beyond=chosen(stress) is not None))
                named.append(AssumedPart(phrase, _swings(variable, by)))
    if not overlay_lacks(contract, stress, today):
        for name in overlays(contract):
            what = "PD" if name == OVERLAY_PD else "loss given default"
            value, number = stress.number(contract, name), known[name]
            if value and isinstance(number, Number):
                named.append(AssumedPart(f"an overlay on {what} of {_overlay(name, value)}", _swings(number, value)))
    for each in contract.assumptions:
        value = stress.number(contract, each.name)
        if value != each.default:
            phrase = f"{each.label[:1].lower()}{each.label[1:]} at {assumption_value(each.unit, value)}"
            named.append(AssumedPart(phrase, _swings(each, value - each.default)))
    return named


def _by_hand(contract: Contract, stress: BookScenario) -> list[tuple[Variable, float]]:
    """The variables of the economy, and how far each was moved by hand: beyond a preset, if one is chosen."""
    own = NUDGE if chosen(stress) is not None else ""
    return [(each, stress.number(contract, f"{own}{each.name}")) for each in contract.economy]


def _shock_value(unit: str, value: float) -> str:
    if unit in ("±%", "pp"):
        return _moved(unit, value)
    return f"{numbers.exactly(abs(value))}{NBSP}%"


def _moved(unit: str, by: float, beyond: bool = False) -> str:
    """ "20 % higher", "0.3 points lower"; ``beyond`` a preset "half a point higher"."""
    size = numbers.exactly(abs(by))
    points = "point" if abs(by) == 1 else "points"
    amount = f"{size}{NBSP}%" if unit == "±%" else f"{size} {points}"
    if beyond and unit != "±%" and abs(by) == HALF:
        amount = "half a point"
    return f"{amount} {'higher' if by > 0 else 'lower'}"


def _deviations(factor: float) -> str:
    size = numbers.exactly(abs(factor))
    plural = "" if abs(factor) == 1 else "s"
    return f"{size} standard deviation{plural} {'worse' if factor < 0 else 'better'} than usual"


def _overlay(name: str, value: float) -> str:
    points = "point" if abs(value) == 1 else "points"
    unit = f"{NBSP}%" if name == OVERLAY_PD else f" {points}"
    return f"{numbers.signed(numbers.exactly(abs(value)), value)}{unit}"


def lever_value(contract: Contract, stress: BookScenario, name: str) -> str:
    """Where one part stands, as short text with its sign."""
    for shock in contract.shocks:
        if shock.name == name:
            value = stress.number(contract, name)
            size = f"{numbers.exactly(abs(value))}{NBSP}{'pp' if shock.unit == 'pp' else '%'}"
            return numbers.signed(size, value) if shock.unit in ("±%", "pp") else size
    for variable in contract.economy:
        if variable.name == name:
            return _change_value(variable, changes(contract, stress)[name])
    for assumed in contract.assumptions:
        if assumed.name == name:
            return assumption_value(assumed.unit, stress.number(contract, name))
    value = stress.number(contract, name)
    if name in (OVERLAY_PD, OVERLAY_LGD):
        return _overlay(name, value)
    return numbers.signed(numbers.exactly(abs(value)), value)


def _change_value(variable: Variable, by: float) -> str:
    unit = f"{NBSP}%" if variable.unit == "±%" else f"{NBSP}pp"
    return numbers.signed(f"{numbers.exactly(abs(by))}{unit}", by)


def player_label(contract: Contract, stress: BookScenario, player: Player) -> str:
    """A bar's label: "Balances +20 %"."""
    if player.layer == "overlay":
        own = [name for name in player.names if stress.number(contract, name)]
        return "Overlay " + ", ".join(
            f"{'PD' if name == OVERLAY_PD else 'LGD'} {lever_value(contract, stress, name)}" for name in own
        )
    if len(player.names) > 1:
        what = {"assumption": "assumptions", "economy": "of the economy", "customers": f"of {contract.book.records}"}[
            player.layer
        ]
        return f"{len(player.names)} {what}"
    name = player.names[0]
    if name == FACTOR:
        return f"State of the economy {lever_value(contract, stress, name)}"
    labels = {each.name: each.label for each in contract.shocks}
    labels |= {each.name: each.label for each in contract.economy}
    idle = name in labels and name in changes(contract, stress) and not stress.number(contract, BETA + name)
    labels |= {each.name: each.label for each in contract.assumptions}
    return f"{labels[name]} {lever_value(contract, stress, name)}{', without effect' if idle else ''}"


def chip(contract: Contract, stress: BookScenario, name: str) -> str:
    """A value that was set, as a short label."""
    value = stress.get(contract, name)
    if name == PRESET:
        using = chosen(stress)
        return using.title if using else ""
    if name == WHO:
        return f"only {band_phrase(contract, str(value))}"
    if name in (SEVERITY, SHARE):
        return f"{'Severity' if name == SEVERITY else 'Share of them'} {numbers.exactly(float(value))}{NBSP}%"
    if name == POINT:
        using = chosen(stress)
        return f"at {using.point(str(value)).label}" if using else ""
    if name == METHOD:
        return "economy as one factor" if value != COEFFICIENTS else ""
    if name in (OWNER, REASON, UNTIL):
        return f"{ {OWNER: 'Owner', REASON: 'Reason', UNTIL: 'Until'}[name] }: {value}"
    if name.startswith(BETA):
        each = contract.variable(name.removeprefix(BETA))
        return f"Coefficient of {each.label.lower()} {numbers.exactly(float(value))}"
    if name.startswith(NUDGE):
        each = contract.variable(name.removeprefix(NUDGE))
        nudge = each.phrase.format(_moved(each.unit, float(value), beyond=True))
        idle = "" if stress.number(contract, BETA + each.name) else ", without effect"
        return f"{nudge[:1].upper()}{nudge[1:]}{idle}"
    if name.startswith(LIMIT):
        measure: Measure = name.removeprefix(LIMIT)  # type: ignore[assignment]
        return f"Limit of {lower(label(contract, measure))} {limit_text(contract, measure, float(value))}"
    if name.startswith(WEIGHED_AT):
        title = scenario_titles()[name.removeprefix(WEIGHED_AT)]
        return f"Weighted severity of {title} {numbers.exactly(float(value))}{NBSP}%"
    if name.startswith(WEIGHT):
        weight = parts(contract)[name]
        return f"{weight.label if isinstance(weight, Number) else name} {numbers.exactly(float(value))}{NBSP}%"
    return player_label(contract, stress, Player((name,), "overlay" if name in (OVERLAY_PD, OVERLAY_LGD) else ""))


def under_chip(contract: Contract, under: BookScenario) -> str:
    """The book's scenario in short, on a page that stands under it."""
    names = sorted((name for name, _ in under.values), key=lambda name: name != PRESET)
    chips = list(filter(None, (chip(contract, under, name) for name in names)))
    return ", ".join(chips) if len(chips) <= MOST_NAMED else f"{chips[0]} and {len(chips) - 1} more"


# ---- what moved it ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Steps:
    """A bridge as shown: base and scenario in ``unit``; the ``parts`` in ``fine``, adding up to the difference."""

    unit: Unit
    base: float
    now: float
    fine: Unit
    parts: tuple[tuple[str, float], ...]

    @property
    def lengths(self) -> list[float]:
        """The parts in ``unit``, as they are drawn."""
        return [moved * self.fine.size / self.unit.size for _, moved in self.parts]

    def texts(self, currency: str) -> list[str]:
        """What stands at the bars of the parts: a bare number where it is in the unit of base and scenario."""
        if self.fine.suffix != self.unit.suffix:
            return [self.fine.signed(moved, currency) or "0" for _, moved in self.parts]
        return [numbers.signed(numbers.plain(abs(moved), self.fine.digits), moved) for _, moved in self.parts]


def shown_steps(contract: Contract, stress: BookScenario, found: Bridge) -> Steps:
    """A bridge as shown, so that it adds up on the screen, and reads like the numbers above it."""
    whole = measure_difference(found.measure, found.base, found.scenario)
    fine, parts = whole.parts([step.amount for step in found.steps])
    labels = [player_label(contract, stress, step.player) for step in found.steps]
    base, now = (whole.unit.rounded(each) for each in (found.base, found.scenario))
    return Steps(whole.unit, base, now=now, fine=fine, parts=tuple(zip(labels, parts, strict=True)))


def bridge_headline(contract: Contract, stress: BookScenario, found: Bridge) -> str:
    """The finding above the bridge."""
    if not found.steps:
        return "Move a lever to see what changes"
    shown = shown_steps(contract, stress, found)
    name, moved = max(shown.parts, key=lambda part: abs(part[1]))
    what = lower(label(contract, found.measure))
    if moved == 0:
        return f"What is assumed leaves {what} where it was"
    largest = f"{name}: {shown.fine.signed(moved, contract.book.currency)}"
    if len(shown.parts) == 1:
        return f"{largest} of {what}"
    return f"{largest} of {what}, the largest of {len(shown.parts)} parts"


def segment_headline(contract: Contract, segment: Segment, cells: Sequence[Cell]) -> str:
    """The finding above the map: the band that holds most loss for its exposure."""
    exposure, loss = (sum(getattr(cell.now, name) for cell in cells) for name in ("exposure", "loss"))
    if not exposure:
        return "There is no exposure to show"
    if not loss:
        return f"No {'loss' if contract.in_money else 'default'} is expected in any segment"
    first = max(cells, key=lambda cell: cell.now.loss / loss - cell.now.exposure / exposure)
    what = "exposure" if contract.in_money else contract.book.records
    return (
        f"{segment.label}, {band_label(contract, segment, first.path[0])}: "
        f"{numbers.percent(first.now.exposure / exposure, 0)} of {what}, "
        f"{numbers.percent(first.now.loss / loss, 0)} of {lower(language.lost_label(contract))}"
    )


def change_headline(contract: Contract, segment: Segment, cells: Sequence[Cell]) -> str:
    """The finding above the table of segments: the band that adds most to the change of expected loss."""
    base, now = (sum(getattr(cell, side).loss for cell in cells) for side in ("base", "now"))
    changes_ = [cell.now.loss - cell.base.loss for cell in cells]
    whole = measure_difference("loss", base, now)
    if not any(numbers.difference_of(cell.base.loss, cell.now.loss) for cell in cells):
        return f"{language.lost(contract).capitalize()} is where it was in every segment"
    fine, parts = whole.parts(changes_)
    first, most = max(zip(cells, parts, strict=True), key=lambda pair: abs(pair[1]))
    name = f"{segment.label}, {band_label(contract, segment, first.path[0])}"
    what = f" of {lower(language.lost_label(contract))}"
    return f"{name}: {part_words(most, fine, whole=whole, currency=contract.book.currency, what=what)}"


def part_words(part: float, unit: Unit, whole: Difference, currency: str, what: str = "") -> str:
    """A part, as shown in ``unit``, of a whole difference: "+NT$ 3 m of +NT$ 4 m of expected loss". Where others go the
    other way, so that it is no share of the whole, both are told for themselves."""
    moved, total = unit.signed(part, currency), whole.money(currency)
    if not total:
        return f"{moved}{what}, made up for by the others"
    if 0 <= part * unit.size * np.sign(whole.exact) <= abs(whole.shown) * whole.fine.size:
        return f"{moved} of {total}{what}"
    return f"{moved}{what}, {total} together with the others"


def concentration_words(contract: Contract, segment: Segment, found: Concentration) -> str:
    """How unevenly the exposure lies; or the records, where each counts the same."""
    if not contract.in_money:
        return (
            f"Concentration of {contract.book.records} (Herfindahl–Hirschman index, 0 to 10,000): "
            f"{numbers.plain(found.bands)} over the bands of {segment.label.lower()}."
        )
    largest = f"; the ten largest hold {numbers.percent(found.top_ten)}" if not np.isnan(found.top_ten) else ""
    return (
        f"Concentration of exposure (Herfindahl–Hirschman index, 0 to 10,000): {numbers.plain(found.bands)} over the "
        f"bands of {segment.label.lower()}, {numbers.plain(found.customers, 1)} over single {contract.book.records}"
        f"{largest}."
    )


@dataclass(frozen=True)
class Reaction:
    """Through which concepts the model reacted, as shown: the ``whole`` difference of expected loss that came through
    the model, and its ``parts`` in ``unit``, the weightiest first."""

    whole: Difference
    unit: Unit
    parts: tuple[tuple[str, float], ...]

    @property
    def bars(self) -> tuple[tuple[str, float], ...]:
        """The parts as a chart has room for them: of many the weightiest, and all others as one."""
        if len(self.parts) <= MOST_REACTIONS:
            return self.parts
        first, rest = self.parts[: MOST_REACTIONS - 1], self.parts[MOST_REACTIONS - 1 :]
        together = round(sum(amount for _, amount in rest), self.unit.digits) + 0.0
        return (*first, (f"{len(rest)} others together", together))


def reaction(base: float, labels: Sequence[str], amounts: Sequence[float]) -> Reaction:
    """From the book's loss as it is and the exact ``amounts`` of concepts with these ``labels``."""
    whole = Difference.of(base, base + sum(amounts))
    unit, parts = whole.parts(amounts)
    order = sorted(range(len(parts)), key=lambda k: -abs(amounts[k]))
    return Reaction(whole, unit, tuple((labels[k], parts[k]) for k in order))


def reaction_headline(found: Reaction, shocked: bool, currency: str) -> str:
    """The finding above the reactions; ``shocked``: whether any record was changed at all."""
    if not shocked:
        return "No record was changed: the model was asked what it was asked before"
    name, amount = found.parts[0]
    if not amount:
        return "No record was changed in anything that the model reacts to"
    return f"The model reacted mostly to {lower(name)}: {part_words(amount, found.unit, found.whole, currency)}"


def migration_headline(person: str, moves: tuple[int, int, int]) -> str:
    """``moves``: how many went to a lower score band, stayed, went to a higher."""
    worse, same, better = moves
    if not worse and not better:
        return f"All {numbers.counted(same, person)} stay in their score band"
    return (
        f"{numbers.counted(worse, person)} {_verb('fall', worse)} to a lower score band, "
        f"{numbers.plain(better)} {_verb('rise', better)}, {numbers.plain(same)} {_verb('stay', same)}"
    )


def _verb(verb: str, n: int) -> str:
    return f"{verb}s" if n == 1 else verb


def held_words(contract: Contract, held: Clipped, known: TerritoryShare, customers: int) -> str:
    """How far the scenario leaves what the model has seen."""
    person = contract.book.record
    people = contract.book.records
    near = "No record leaves the range the model has seen."
    if held.customers:
        share = numbers.percent(held.customers / customers)
        other = _unheld(contract, measure_difference("loss", held.loss, held.free))
        near = (
            f"{numbers.counted(held.customers, person)} ({share}) {'goes' if held.customers == 1 else 'go'} beyond the "
            f"range the model has seen and {'is' if held.customers == 1 else 'are'} scored at its edge; {other}."
        )
    now, before = numbers.in_100(known.now), numbers.in_100(known.before)
    if now == before:
        return f"{near} {capitalised(now)} {people} lie outside known territory, as in the book."
    was = before.removeprefix("about ")
    return f"{near} {capitalised(now)} {people} lie outside known territory, {was} as the book stands."


def _unheld(contract: Contract, found: Difference) -> str:
    unit = Unit.of(found.base, found.now)
    free, kept = (text(contract, "loss", each, unit) for each in (found.now, found.base))
    if not found.exact:
        return f"which makes no difference to {language.lost(contract)}"
    if free != kept:
        return f"without that, {language.lost(contract)} would be {free}"
    return f"without that, {language.lost(contract)} would move by {found.money(contract.book.currency)}"


def scenario_titles() -> dict[str, str]:
    """What the scenarios are called that can be weighted, by name."""
    own = {AS_IS: "No change in the economy", PRESENT: "The scenario as it stands"}
    return own | {each.name: each.title for each in presets()}


def weighted_words(
    contract: Contract, stress: BookScenario, *, weights: Sequence[tuple[str, float, float]], base: float, loss: float
) -> str:
    """``weights``: title, weight in [0, 1] and loss of each scenario; ``base`` the book's own loss."""
    whole = measure_difference("loss", base, loss)
    unit = whole.unit
    parts = enumerated(
        [
            f"{numbers.as_set(weight, '%')} of {unit.text(amount, contract.book.currency)} ({title})"
            for title, weight, amount in weights
        ]
    )
    total = unit.text(loss, contract.book.currency)
    limit, appetite = limit_of(contract, stress, "loss")
    side = ""
    if appetite is not None:
        side = (
            f", {'within' if within(appetite, loss, limit) else 'above'} the limit of "
            f"{limit_text(contract, 'loss', limit, unit)}"
        )
    change = whole.money(contract.book.currency)
    against = f", {change} against the book as it stands" if change else ""
    what = "Weighted " + language.lost(contract).removeprefix("the ")
    return f"{what} over {contract.book.pd_horizon}: {total}{against}{side}; from {parts}."


def path_headline(using: Preset, point: str, severity: float) -> str:
    """The finding above a preset's path, at a ``severity`` in percent."""
    at = using.point(point)
    by = at.changes["unemployment"]
    moved = numbers.signed(numbers.exactly(abs(by)), by)
    derived = ", derived" if "unemployment" in at.derived else ""
    used = numbers.signed(numbers.exactly(abs(by * severity / FULL)), by)
    applied = "" if severity == FULL else f"; {used} at {numbers.exactly(severity)}{NBSP}% severity"
    points = "point" if abs(by) == 1 else "points"
    return f"{using.title}: unemployment {moved} {points} at {at.label}{derived}{applied}"


def asked_words(contract: Contract, model: Deployed, *, asked: int, of: int, loss: str, error: str) -> str:
    """Whom a model elsewhere was asked about: everybody, or a sample, and how far that may be off."""
    if asked == of:
        return f"{model.words[:1].upper()}{model.words[1:]} was asked live about all {of:,} {contract.book.records}."
    return (
        f"{model.words[:1].upper()}{model.words[1:]} was asked live about {asked:,} of {of:,} {contract.book.records}, "
        f"a stratified sample of which each stands for {of / asked:,.1f}: {language.lost(contract)} {loss}, "
        f"give or take {error} (95 % interval)."
    )


def checked_words(contract: Contract, model: Deployed, found: SpotCheck) -> str:
    """What a spot check of a model elsewhere found."""
    person, differ = contract.book.record, found.differ
    if differ:
        return (
            f"{differ} of {numbers.counted(found.customers, person)} asked live just now "
            f"{'has' if differ == 1 else 'have'} another probability than by the tables known here, by up to "
            f"{numbers.points(found.gap)}: {model.words} is no longer what it says it is. Do not use the numbers "
            "below; ask whoever runs it."
        )
    return (
        f"Checked live: {numbers.counted(found.customers, f'random {person}')} asked of {model.words} just now "
        f"{'has' if found.customers == 1 else 'have'} the same probability as by its tables here, "
        f"{found.milliseconds:.0f} ms."
    )


def book_method(contract: Contract, model: Deployed) -> str:
    """How the numbers on the book page come about."""
    book = contract.book
    weight = "EAD·LGD·ΔPD/Δlog-odds" if contract.in_money else "ΔPD/Δlog-odds"
    through = (
        "**Through which inputs** is not known of a model of which nothing is known but its answers."
        if model.foreign
        else "**Through which inputs** is something else: changes of SHAP values in log-odds (interventional, against "
        f"the whole book), weighted by {weight}. It sums to what came through the model, but it "
        "is a rescaling, and it says nothing of what would happen in the world."
    )
    coefficients = "; ".join(
        f"{each.label.lower()} {numbers.plain(each.coefficient, 2)} ({each.source})" for each in contract.economy
    )
    own = f"**Guarantee.** {guarantee(contract)} {OWN_SHARE}"
    return "\n\n".join(
        [
            f"**A, {book.records}.** Each shock changes the raw records by rules of the contract; inputs are "
            f"derived anew and {model.words} scores every {book.record}. Records are held at the edge of the range the "
            f"model has seen{'; exposure is not' if contract.in_money else ''}.",
            "**B, economy.** What the model cannot see shifts every log-odds alike, by coefficient × change, so "
            "that the "
            f"ranking stays: {coefficients}. Or as one factor, Vasicek's conditional PD anchored so that 0 changes "
            "nothing: N[G(PD) − √(R/(1−R))·z].",
            f"**C, overlay.** Judgement on PD (relative){' or LGD (points)' if contract.in_money else ''}, only with "
            "owner, reason and an expiry to come.",
            _measures_method(contract),
            *([own] if contract.guaranteed else []),
            "**What moved it.** Exact Shapley values over the levers in use: every order of making the changes "
            "counts the "
            f"same, and the bars sum to the change. {through}",
            "**Segments** are those of the record in the book, whatever a scenario makes of it. **Known territory**: "
            "Gower's distance on a fixed sample of 1,000.",
            book.decision_note,
        ]
    )


def _measures_method(contract: Contract) -> str:
    """How the book's measures are worked out."""
    book = contract.book
    if not contract.in_money:
        return (
            f"**Expected defaults** The sum of all PDs over {book.pd_horizon}. This book's contract names no amount "
            f"that is owed, so every {book.record} counts the same, and nothing is told in money."
        )
    return (
        f"**Expected loss** PD × LGD × EAD over {book.pd_horizon}. **Capital** LGD·(worst case at 99.9 % − PD)·EAD, "
        f"Basel IRB, class {book.exposure_class}, on a one-year PD: the model's log-odds shifted by one constant so "
        "that the mean of the book as it stands is the yearly rate that is assumed. **Margin after loss**: "
        f"where {book.one_record} does {book.outcome}, nothing is earned and the loss is borne; the others earn "
        "balance × (rate − funding) − "
        "operating cost over the margin horizon. **Return on capital**: that margin a year, over capital."
    )


def sample_method(contract: Contract, asked: int, each: float) -> str:
    """How a sample of the book was drawn, and how far it can be relied on."""
    records = contract.book.records
    return (
        f"**Sample.** {numbers.plain(asked)} {records} answer for the book, drawn in proportion from strata; each "
        f"stands for {numbers.plain(each, 1)}. Intervals hold the whole book's number in 19 of 20 samples: half of one "
        "is 1.96 standard errors, from successive differences within the strata. A scenario and the book as it stands "
        f"are of the same {records}, so that the difference is known better than either number."
    )


def number_of(contract: Contract, stress: BookScenario, name: str) -> float:
    """Where a lever stands, a variable of the economy under a preset where that puts it."""
    if any(each.name == name for each in contract.economy):
        return changes(contract, stress)[name]
    return stress.number(contract, name)


def position(contract: Contract, stress: BookScenario, name: str) -> str:
    """Where a lever stands, in words for its label."""
    assumed = name in {each.name for each in contract.assumptions}
    return lever_value(contract, stress, name) if assumed or number_of(contract, stress, name) else "0"
