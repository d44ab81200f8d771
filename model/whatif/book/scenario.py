"""A scenario of the whole book: what is assumed, by name. The empty one is the book exactly as it is.

Three layers, each variable in one of them only: (A) mechanical shocks to the raw records, which the model then scores;
(B) the economy, which the model cannot see: a shift of every customer's log-odds by coefficients, or one factor after
Vasicek; (C) a judgemental overlay on PD or LGD with owner, reason and expiry. And the assumptions that stand for what
the data do not hold, and the limits of the risk appetite.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TypeAlias

from data.contract import Assumption, Contract, Segment, Shock, Variable, check_value
from data.errors import BadInput, BookError, NotEditable, OutOfRange
from data.regulators.presets import Preset, preset, presets

Value: TypeAlias = float | str

WHO, SHARE = "who", "share"
PRESET, SEVERITY, POINT = "preset", "severity", "point"
METHOD, FACTOR = "method", "factor"
COEFFICIENTS = "coefficients"
BETA, LIMIT, WEIGHT = "beta_", "limit_", "weight_"
UNDER = "under."  # in the address of another page, before each part of the book's scenario that it stands under
NUDGE = "nudge_"  # of a variable: by how much it is moved beyond where a preset puts it
OVERLAY_PD, OVERLAY_LGD = "overlay_pd", "overlay_lgd"
OWNER, REASON, UNTIL = "overlay_owner", "overlay_reason", "overlay_until"
LONGEST = 200  # characters of a text
FULL = 100.0
DIGITS = 12  # after the point, with which noise is taken off what is added up
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2099, 12, 31)
AS_IS = "as_is"  # among the weighted scenarios: no change in the economy
PRESENT = "present"  # among them: the scenario as it stands
WEIGHED_AT = "weighed_at_"  # before a preset: its severity among the weighted scenarios


@dataclass(frozen=True)
class Number:
    """A number that may be set besides those of the contract."""

    label: str
    minimum: float
    maximum: float
    default: float
    unit: str = ""


Part: TypeAlias = Number | Shock | Variable | Assumption | str  # a string: a text, and this its label


@lru_cache(maxsize=8)
def parts(contract: Contract) -> Mapping[str, Part]:
    """Everything that can be set, by name, in the order in which it is told."""
    found: dict[str, Part] = {each.name: each for each in contract.shocks}
    found |= {
        WHO: "Applied to",
        SHARE: Number(f"Share of these {contract.book.records}", 1, maximum=100, default=FULL, unit="%"),
    }
    found |= {
        PRESET: "Preset",
        SEVERITY: Number("Severity", 0, maximum=150, default=FULL, unit="%"),
        POINT: "Point of the path",
    }
    found |= {
        NUDGE + each.name: Number(f"{each.label} beyond the preset", *_nudges(each), default=0, unit=each.unit)
        for each in contract.economy
    }
    found |= {each.name: each for each in contract.economy}
    found |= {METHOD: "Method"}
    found |= {FACTOR: Number("State of the economy", -4, maximum=2, default=0, unit="standard deviations")}
    found |= {
        BETA + each.name: Number(f"Coefficient of {each.label.lower()}", -1, 1, each.coefficient)
        for each in contract.economy
    }
    found |= {
        OVERLAY_PD: Number("Overlay on PD", -90, maximum=300, default=0, unit="%"),
        **(
            {OVERLAY_LGD: Number("Overlay on loss given default", -100, maximum=100, default=0, unit="points")}
            if contract.in_money
            else {}
        ),
        OWNER: "Owner of the overlay",
        REASON: "Reason of the overlay",
        UNTIL: "Overlay valid until",
    }
    found |= {each.name: each for each in contract.assumptions}
    found |= {
        LIMIT + each.measure: Number(f"Limit of {each.measure}", -1e15, 1e15, each.limit) for each in contract.appetite
    }
    found |= {
        WEIGHT + each.name: Number(f"Weight of {each.title}", 0, maximum=100, default=0, unit="%") for each in presets()
    }
    found |= {WEIGHT + AS_IS: Number("Weight of no change in the economy", 0, maximum=100, default=0, unit="%")}
    found |= {WEIGHT + PRESENT: Number("Weight of the scenario as it stands", 0, maximum=100, default=0, unit="%")}
    found |= {
        WEIGHED_AT + each.name: Number(f"Weighted severity of {each.title}", 0, maximum=150, default=FULL, unit="%")
        for each in presets()
    }
    return found


def overlays(contract: Contract) -> tuple[str, ...]:
    """What judgement can be laid over, by name: of a book that is not told in money the PD only."""
    return tuple(name for name in (OVERLAY_PD, OVERLAY_LGD) if name in parts(contract))


def _nudges(each: Variable) -> tuple[float, float]:
    """The most that a variable can be moved down and up from a preset: from one end of its range to the other."""
    span = round(each.maximum - each.minimum, DIGITS)
    return -span, span


def default(contract: Contract, name: str) -> Value:
    """Where a part stands while nobody sets it; a shock and a variable of the economy stand at 0, a text is empty."""
    part = _part(contract, name)
    if isinstance(part, str):
        return COEFFICIENTS if name == METHOD else ""
    return 0.0 if isinstance(part, Shock | Variable) else part.default


def _part(contract: Contract, name: str) -> Part:
    found = parts(contract).get(name)
    if found is None:
        raise NotEditable(f"{name!r} is nothing that can be assumed about the book.")
    return found


@dataclass(frozen=True)
class BookScenario:
    """``values``: what differs from the book as it is, by name, in the order of `parts`: numbers and texts. Compares
    and hashes by them."""

    values: tuple[tuple[str, Value], ...] = ()

    def with_value(self, contract: Contract, name: str, value: Value | None) -> "BookScenario":
        """With one value set; None, or where it stands anyway, takes it back. Checked.

        A preset, changes of the economy by hand and its state as one factor exclude each other: a preset takes the
        others back. It is a starting point: a variable moved while it is chosen leaves it, and what is kept is how far
        beyond it the variable was moved, also when its severity, its point or the preset itself is another.

        Raises
        ------
        OutOfRange, NotEditable, BookError
        """
        kept = dict(self.values)
        checked = default(contract, name) if value is None else _checked(contract, name, value)
        economy = tuple(each.name for each in contract.economy)
        nudges = tuple(NUDGE + each for each in economy)
        leaves: tuple[str, ...] = ()
        if name in economy and PRESET in kept:
            published = published_changes(contract, self)[name]
            name, checked = NUDGE + name, 0.0 if value is None else round(float(checked) - published, DIGITS)
        elif name in economy:
            leaves = (METHOD, FACTOR)
        elif name in nudges and checked:
            _preset(kept.get(PRESET), "A move beyond a preset needs")
        elif name == PRESET:
            leaves = (POINT, *economy, METHOD, FACTOR) if checked else (POINT, SEVERITY, *nudges)
        elif name in (METHOD, FACTOR) and checked != default(contract, name):
            leaves = (PRESET, SEVERITY, POINT, *nudges, *economy)
            kept[METHOD] = FACTOR
        elif name == METHOD:
            leaves = (FACTOR,)
        elif name in (SEVERITY, POINT) and value is not None:
            using = _preset(kept.get(PRESET))
            if name == POINT and checked and using.point(str(checked)).name == using.peak:
                checked = ""
        kept = {k: v for k, v in kept.items() if k not in leaves}
        kept[name] = checked
        if name in nudges:
            _check_nudge(contract, kept, name)
        elif PRESET in kept:
            kept |= {each: _nudge_within(contract, kept, each) for each in nudges if each in kept}
        told = {k: kept[k] for k in parts(contract) if k in kept and kept[k] != default(contract, k)}
        return BookScenario(tuple(told.items()))

    def get(self, contract: Contract, name: str) -> Value:
        """Where a part stands."""
        return dict(self.values).get(name, default(contract, name))

    def number(self, contract: Contract, name: str) -> float:
        """Where a part that is a number stands."""
        return float(self.get(contract, name))

    def only(self, contract: Contract, names: set[str]) -> "BookScenario":
        """With nothing but these parts, and what says how they act."""
        how = {WHO, SHARE, METHOD, OWNER, REASON, UNTIL, *(BETA + each.name for each in contract.economy)}
        own = {k: v for k, v in self.values if k in names or k in how}
        if PRESET in dict(self.values):
            own |= {k: v for k, v in changes(contract, self).items() if k in names}
        return BookScenario(tuple((k, own[k]) for k in parts(contract) if k in own))

    def carried(self) -> "BookScenario":
        """What of it reaches single records: without limits and weights, which are of the whole book only."""
        return BookScenario(tuple((k, v) for k, v in self.values if not k.startswith((LIMIT, WEIGHT, WEIGHED_AT))))

    def under_query(self) -> dict[str, str]:
        """The scenario as the address of another page carries it, which stands under it."""
        return {UNDER + name: value for name, value in self.carried().to_query().items()}

    @classmethod
    def from_under(cls, contract: Contract, query: Mapping[str, str]) -> "tuple[BookScenario, list[str]]":
        """The scenario that the address of another page stands under, and what was wrong with it."""
        own = {name.removeprefix(UNDER): value for name, value in query.items() if name.startswith(UNDER)}
        found, complaints = cls.from_query(contract, own)
        return found.carried(), [f"Of the book's scenario: {each}" for each in complaints]

    def to_query(self, shown: bool = True) -> dict[str, str]:
        """The scenario as an address carries it; with ``shown`` off, nothing."""
        if not shown:
            return {}
        return {name: value if isinstance(value, str) else f"{value:.15g}" for name, value in self.values}

    @classmethod
    def from_query(
        cls, contract: Contract, query: Mapping[str, str], shown: bool = True
    ) -> "tuple[BookScenario, list[str]]":
        """The scenario that an address carries, and what was wrong with it: a bad value is left out and told."""
        found, complaints = cls(), list[str]()
        known, economy = parts(contract), {each.name for each in contract.economy}
        for name in query if shown else ():
            if name not in known:
                complaints.append(f"{name!r} in the address is nothing that can be assumed here; it was left out.")
        for name in known if shown else ():
            if name in query:
                try:
                    was, found = found, found.with_value(contract, name, query[name])
                    if any(each in (PRESET, *economy) and each not in dict(found.values) for each, _ in was.values):
                        complaints.append(
                            f"{name!r} in the address takes the place of what else it says of the economy."
                        )
                except (BadInput, BookError) as error:
                    complaints.append(f"{error} The address was read without it.")
        return found, complaints


NOTHING = BookScenario()


def _checked(contract: Contract, name: str, value: Value) -> Value:
    part = _part(contract, name)
    if isinstance(part, str):
        return _text(contract, name, part, str(value).strip())
    try:
        number = float(value)
    except ValueError:
        raise OutOfRange(f"{part.label} must be a number; {value!r} was given.") from None
    if isinstance(part, Number):
        if not part.minimum <= number <= part.maximum:
            unit = f" {part.unit}" if part.unit else ""
            told = f"{part.label} must be {part.minimum:,.12g} to {part.maximum:,.12g}{unit}"
            raise OutOfRange(f"{told}; {number:,.12g} was given.")
    else:
        check_value(part, number)
    return number


def _text(contract: Contract, name: str, label: str, text: str) -> str:
    if len(text) > LONGEST:
        raise OutOfRange(f"{label} may be {LONGEST} characters long; {len(text)} were given.")
    if name == PRESET and text:
        preset(text)
    elif name == METHOD and text not in (COEFFICIENTS, FACTOR):
        raise OutOfRange(f"{label} must be {COEFFICIENTS} or {FACTOR}; {text!r} was given.")
    elif name == WHO and text:
        whom(contract, text)
    elif name == UNTIL and text:
        day(text)
    return text


def day(text: str) -> date:
    """A date; OutOfRange if the text is none, or one that no overlay has."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise OutOfRange(f"A date must be written as 2026-12-31; {text!r} was given.") from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise OutOfRange(f"The date must lie between {FIRST_DAY} and {LAST_DAY}; {text} was given.")
    return found


def whom(contract: Contract, text: str) -> tuple[Segment, int]:
    """The segment and the band that shocks are applied to, from "limit_band:2"."""
    name, _, band = text.partition(":")
    segment = contract.segment(name)
    if not band.isdecimal() or int(band) >= contract.band_count(segment):
        raise OutOfRange(f"{segment.label} has the bands 0 to {contract.band_count(segment) - 1}; {band!r} was given.")
    return segment, int(band)


def _preset(name: Value | None, what: str = "Severity and the point of the path need") -> Preset:
    if not name:
        raise BadInput(f"{what} a preset. Choose one first.")
    return preset(str(name))


def _nudge_within(contract: Contract, kept: Mapping[str, Value], name: str) -> float:
    """How far a variable is moved beyond a preset, no further than takes it to an end of its range."""
    part = contract.variable(name.removeprefix(NUDGE))
    at = published_changes(contract, BookScenario(tuple(kept.items())))[part.name]
    low, high = min(part.minimum, at), max(part.maximum, at)
    return round(min(max(at + float(kept[name]), low), high) - at, DIGITS)


def _check_nudge(contract: Contract, kept: dict[str, Value], name: str) -> None:
    kept[name] = nudge = round(float(kept[name]), DIGITS)
    if nudge and abs(_nudge_within(contract, kept, name) - nudge) > 10**-DIGITS:
        part = contract.variable(name.removeprefix(NUDGE))
        at = published_changes(contract, BookScenario(tuple(kept.items())))[part.name]
        check_value(part, round(at + nudge, DIGITS))


def chosen(stress: BookScenario) -> Preset | None:
    """The preset in use, if any."""
    name = dict(stress.values).get(PRESET)
    return preset(str(name)) if name else None


@lru_cache(maxsize=256)  # every lever of a page and every word about one asks for it
def changes(contract: Contract, stress: BookScenario) -> Mapping[str, float]:
    """The change of each variable of the economy: where the preset puts it and as far as it was moved from there, or by
    hand."""
    if chosen(stress) is None:
        return {each.name: stress.number(contract, each.name) for each in contract.economy}
    found = published_changes(contract, stress)
    return {name: round(by + stress.number(contract, NUDGE + name), DIGITS) for name, by in found.items()}


def published_changes(contract: Contract, stress: BookScenario) -> dict[str, float]:
    """The change of each variable of the economy that a preset comes to: what was published at its chosen point, times
    the severity; 0 where there is no preset."""
    using = chosen(stress)
    if using is None:
        return dict.fromkeys((each.name for each in contract.economy), 0.0)
    at = using.point(str(stress.get(contract, POINT) or using.peak))
    severity = stress.number(contract, SEVERITY) / FULL
    return {each.name: round(severity * at.changes.get(each.name, 0.0), 6) for each in contract.economy}


# ---- the layers, as the arithmetic takes them --------------------------------------------------------------------


@dataclass(frozen=True)
class Layers:
    """``shocks`` by name in their units, ``who`` segment and band or None, ``share`` in [0, 1]; ``shift`` log-odds,
    ``factor`` standard deviations; ``pd_overlay`` a factor on the PD, ``lgd_overlay`` added to the LGD, a fraction;
    ``assumptions`` by name, all of them."""

    shocks: tuple[tuple[str, float], ...]
    who: tuple[str, int] | None
    share: float
    shift: float
    factor: float
    pd_overlay: float
    lgd_overlay: float
    assumptions: tuple[tuple[str, float], ...]

    @property
    def annual_rate(self) -> float:
        """The yearly default rate that capital is scaled to; of a book without capital, an unused half."""
        return dict(self.assumptions).get("annual_default_rate", 0.5)

    @property
    def years(self) -> float:
        """The margin's horizon; of a book that is not told in money, which has none, a year."""
        return dict(self.assumptions).get("margin_months", 12.0) / 12

    @property
    def struck(self) -> tuple[tuple[tuple[str, float], ...], tuple[str, int] | None, float]:
        """What the records after the shocks depend on."""
        return (self.shocks, self.who, self.share) if self.shocks else ((), None, 1.0)


def layers(contract: Contract, stress: BookScenario, today: date) -> Layers:
    """The scenario in numbers. An overlay without owner, reason and expiry, or past its expiry, is not applied."""
    shocks = tuple((each.name, stress.number(contract, each.name)) for each in contract.shocks)
    who = str(stress.get(contract, WHO))
    segment = whom(contract, who) if who else None
    by_factor = stress.get(contract, METHOD) == FACTOR
    moved = changes(contract, stress)
    shift = sum(stress.number(contract, BETA + name) * by for name, by in moved.items())
    applied = not overlay_lacks(contract, stress, today)
    return Layers(
        shocks=tuple((name, value) for name, value in shocks if value),
        who=(segment[0].name, segment[1]) if segment else None,
        share=stress.number(contract, SHARE) / FULL,
        shift=0.0 if by_factor else shift,
        factor=stress.number(contract, FACTOR) if by_factor else 0.0,
        pd_overlay=1 + stress.number(contract, OVERLAY_PD) / FULL if applied else 1.0,
        lgd_overlay=stress.number(contract, OVERLAY_LGD) / FULL if applied and contract.in_money else 0.0,
        assumptions=tuple((each.name, stress.number(contract, each.name)) for each in contract.assumptions),
    )


def overlay_lacks(contract: Contract, stress: BookScenario, today: date) -> str:
    """Why an overlay is not applied: "" if it is, or if there is none."""
    if not any(stress.get(contract, name) for name in overlays(contract)):
        return ""
    lacks = [
        what
        for name, what in ((OWNER, "an owner"), (REASON, "a reason"), (UNTIL, "a date until which it is valid"))
        if not stress.get(contract, name)
    ]
    if lacks:
        return f"The overlay is not applied: it needs {' and '.join(lacks)}."
    until = day(str(stress.get(contract, UNTIL)))
    return "" if until >= today else f"The overlay is not applied: it was valid until {until.isoformat()}."


# ---- the levers in use ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Player:
    """What takes its share of a change as one: the parts it is made of, and which of the three layers it is of:
    "customers", "economy", "overlay", or "assumption"."""

    names: tuple[str, ...]
    layer: str


MOST_PLAYERS = 6


def players(contract: Contract, stress: BookScenario, today: date) -> tuple[Player, ...]:
    """The levers in use, at most six: where there are more, assumptions count as one, then the economy, then shocks."""
    found = [Player((each.name,), "customers") for each in contract.shocks if stress.number(contract, each.name)]
    if stress.get(contract, METHOD) == FACTOR:
        if stress.number(contract, FACTOR):
            found.append(Player((FACTOR,), "economy"))
    else:
        moved = changes(contract, stress)
        found += [Player((name,), "economy") for name, by in moved.items() if by * stress.number(contract, BETA + name)]
    numbers = layers(contract, stress, today)
    if numbers.pd_overlay != 1 or numbers.lgd_overlay:
        found.append(Player(overlays(contract), "overlay"))
    found += [
        Player((each.name,), "assumption")
        for each in contract.assumptions
        if stress.number(contract, each.name) != each.default
    ]
    for layer in ("assumption", "economy", "customers"):
        if len(found) <= MOST_PLAYERS:
            break
        own = [each for each in found if each.layer == layer]
        if len(own) > 1:
            joined = Player(tuple(name for each in own for name in each.names), layer)
            found[found.index(own[0])] = joined
            found = [each for each in found if each not in own]
    return tuple(found)


# ---- the address ---------------------------------------------------------------------------------------------------


# ---- weighted scenarios ---------------------------------------------------------------------------------------------


def weighted(contract: Contract, stress: BookScenario) -> list[tuple[str, float, BookScenario]]:
    """The scenarios that carry weight: name, weight in [0, 1], and the same assumptions under that preset at its peak,
    in the severity that it is weighted at; or the scenario as it stands.

    Raises OutOfRange unless the weights sum to 1.
    """
    found = []
    for name in (AS_IS, PRESENT, *(each.name for each in presets())):
        weight = stress.number(contract, WEIGHT + name) / FULL
        if weight:
            calm = stress.with_value(contract, PRESET, None)
            for each in contract.economy:
                calm = calm.with_value(contract, each.name, None)
            calm = calm.with_value(contract, METHOD, None)
            if name == PRESENT:
                calm = stress
            elif name != AS_IS:
                severity = stress.number(contract, WEIGHED_AT + name)
                calm = calm.with_value(contract, PRESET, name).with_value(contract, SEVERITY, severity)
            found.append((name, weight, calm))
    total = sum(weight for _, weight, _ in found)
    if abs(total - 1) > 1e-9:
        raise OutOfRange(f"The weights must sum to 100 %; they sum to {100 * total:.6g} %.")
    return found
