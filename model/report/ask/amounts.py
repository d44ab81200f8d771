"""Values in a line: what was written, and what it means for the number that it is given to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from model.report import numbers
from model.report.ask.tokens import END, SCALES, LineToken, compared, keys
from model.report.ask.vocabulary import Quantity, Term, Vocabulary

LEAD = {"by": "by", "to": "to", "at": "to", "=": "to", ":": "", "is": "to", "of": "", "as": "", "are": "to"}
UP, DOWN = frozenset({"up", "plus", "higher", "more", "better", "above"}), frozenset({"down", "minus", "lower", "less"})
WORSE = "worse"
SIZES = {"half": Decimal(50), "full": Decimal(100), "quarter": Decimal(25), "double": Decimal(200)}
HALVES = (("half", "a", "point"), ("half", "a", "percentage", "point"))
POINTS = ("pp", "pps", "ppt", "point", "points", "pts", "pt")
BARE = 1_000_000  # an amount of money below this, without unit or scale, may have been meant in millions
LARGEST, UNBOUNDED = Decimal("1e18"), 1e12


@dataclass(frozen=True)
class Amount:
    """A value as it was written, up to the token ``end``. ``sign``: 1 or −1 where one was written, else 0; ``way``:
    "by", "to" or ""; ``unit``: "%", "points", "bp", "own" or ""; ``sized``: whether currency or scale was written;
    ``code``: a word that is a value by itself; ``told``: whether a word, not a sign, says which way."""

    size: Decimal
    end: int
    sign: int = 0
    way: str = ""
    unit: str = ""
    sized: bool = False
    code: float | None = None
    told: bool = False

    @property
    def number(self) -> Decimal:
        """The value with its sign."""
        return self.size * (self.sign or 1)


@dataclass(frozen=True)
class Doubt:
    """Why a value cannot be taken as it was written, and how it could be written instead."""

    why: str
    instead: tuple[str, ...] = ()


def amount(given: Sequence[LineToken], start: int, quantity: Quantity) -> Amount | None:
    """The value that stands at a token, if one does."""
    at, way, sign, sized, told = start, "", 0, False, False
    while at < len(given) and (given[at].key in LEAD or _passed(given[at])):
        way, at = LEAD.get(given[at].key, "") or way, at + 1
    code = _code(given, at, quantity)
    if code is not None:
        return Amount(Decimal(0), code[1], way=way, code=code[0])
    while at < len(given) and given[at].kind != "number":
        key = given[at].key
        turn = _turn(key)
        if (turn and sign) or not (turn or given[at].kind == "currency" or (key == "by" and not way)):
            break
        told = told or key in UP | DOWN
        sign, sized, way = turn or sign, sized or given[at].kind == "currency", "by" if key == "by" else way
        at += 1
    if quantity.points and compared(given[at : at + 3])[:1] == ("half",):
        end = next((e for e in (spans(given, at, each) for each in HALVES) if e is not None), None)
        if end is not None:
            return _turned(Amount(Decimal("0.5"), end, sign, way, "points", told=told), given)
    if at < len(given) and given[at].key in SIZES and quantity.percent and not quantity.change:
        return Amount(SIZES[given[at].key], at + 1, sign, way, "%")
    if at == len(given) or given[at].kind != "number":
        return None
    found = _with_unit(given, at, quantity, sign=sign, way=way, sized=sized)
    return replace(found, told=told or found.sign != sign)


def _passed(token: LineToken) -> bool:
    """Whether a token is a mark that says nothing before a value: a colon, a bracket, the currency of a label."""
    return token.kind == "mark" and token.key not in ("+", "-", "%", END)


def _with_unit(given: Sequence[LineToken], at: int, quantity: Quantity, sign: int, way: str, sized: bool) -> Amount:
    size, scaled, at = given[at].number, given[at].scaled, at + 1
    if at < len(given) and given[at].key in SCALES and not scaled and not _own_unit(given, at, quantity):
        size, scaled, at = size * SCALES[given[at].key], True, at + 1
    unit, at = _unit(given, at, quantity)
    if at < len(given) and given[at].kind == "currency":
        sized, at = True, at + 1
    if at < len(given) and not sign and _turn(given[at].key, after=True):
        sign, at = _turn(given[at].key, after=True), at + 1
        while at < len(given) and given[at].key in ("than", "usual"):
            at += 1
    return Amount(size, at, sign, way, unit, sized or scaled)


def _turned(found: Amount, given: Sequence[LineToken]) -> Amount:
    """An amount with the word after it that says which way: half a point higher."""
    sign = 0 if found.sign or found.end == len(given) else _turn(given[found.end].key, after=True)
    return replace(found, sign=sign, end=found.end + 1, told=True) if sign else found


def _turn(key: str, after: bool = False) -> int:
    """Which way a word or sign turns a number."""
    if key in DOWN or (key == WORSE and after) or key == "-":
        return -1 if key != "-" or not after else 0
    return 1 if key in UP or (key == "+" and not after) else 0


def _code(given: Sequence[LineToken], at: int, quantity: Quantity) -> tuple[float, int] | None:
    """The longest word for a value that stands at a token, and where it ends."""
    found: list[tuple[int, float, int]] = []
    for value, word in (*quantity.codes, *quantity.special):
        name = keys(word)
        end = spans(given, at, name)
        if name and end is not None:
            found.append((len(name), value, end))
    if not found:
        return None
    _, value, end = max(found)
    return value, end


def spans(given: Sequence[LineToken], at: int, name: Sequence[str]) -> int | None:
    """Where a name ends that stands at a token; None if it does not stand there. Marks in between do not count."""
    for key in name:
        while at < len(given) and not given[at].compared:
            at += 1
        if at == len(given) or given[at].key.casefold() != key:
            return None
        at += 1
    return at


def _own_unit(given: Sequence[LineToken], at: int, quantity: Quantity) -> int | None:
    """Where the number's own unit ends, if it stands at a token."""
    unit = quantity.unit.removeprefix("±")
    for each in (unit, numbers.singular(unit) if unit else ""):
        name = keys(each)
        end = spans(given, at, name) if name else None
        if end is not None:
            return end
    return None


def _unit(given: Sequence[LineToken], at: int, quantity: Quantity) -> tuple[str, int]:
    own = _own_unit(given, at, quantity)
    if own is not None:
        unit = "points" if quantity.points else "own"
        return "%" if quantity.percent else unit, own
    words = compared(given[at : at + 2])
    if words[:1] in (("%",), ("percent",)):
        return ("points", at + 2) if words[1:] in (("points",), ("point",)) else ("%", at + 1)
    if words[:1] == ("percentage",) and words[1:] in (("points",), ("point",)):
        return "points", at + 2
    if words[:1] and words[0] in POINTS:
        return "points", at + 1
    if words[:1] == ("bp",):
        return "bp", at + 1
    if words in (("basis", "points"), ("basis", "point")):
        return "bp", at + 2
    if words in (("standard", "deviations"), ("standard", "deviation")):
        return "own" if "deviation" in quantity.unit else "deviations", at + 2
    return "", at


# ---- what it means -----------------------------------------------------------------------------------------------


def value_of(term: Term, given: Amount, current: float | None) -> float | Doubt:
    """The value that a term is put to by an amount; ``current`` is where it stands now, None where nowhere."""
    quantity = term.quantity
    if given.code is not None:
        return given.code
    if given.size > LARGEST:
        return Doubt(f"{term.label}: {ends(term)} can be set.")
    doubt = _unfit(term, given)
    if doubt is not None:
        return doubt
    found = _relative(term, given, current) if _moves(quantity, given) else _absolute(term, given)
    if isinstance(found, Doubt):
        return found
    value = float(found)
    if quantity.codes and value not in dict(quantity.codes):
        words = [word for _, word in quantity.codes]
        return Doubt(f"{term.label} is one of: {', '.join(words)}.", tuple(f"{term.label} {word}" for word in words))
    if not quantity.low <= value <= quantity.high:
        return Doubt(f"{term.label}: {ends(term)} can be set; {written(term, value)} was given.")
    if quantity.whole and not value.is_integer():
        return Doubt(f"{term.label} must be a whole number; {numbers.exactly(value)} was given.")
    return value


def ends(term: Term) -> str:
    """The range of a term in words."""
    if term.quantity.high >= UNBOUNDED:
        return "any amount" if term.quantity.money else "any number"
    return f"{written(term, term.quantity.low)} to {written(term, term.quantity.high)}"


def written(term: Term, value: float) -> str:
    """A value of a term in words; 0 as it is."""
    return term.tell(value)


def _moves(quantity: Quantity, given: Amount) -> bool:
    return given.way == "by" and not quantity.change


def _unfit(term: Term, given: Amount) -> Doubt | None:
    """Why a value is in the wrong unit, or could mean two things."""
    return _wrong_unit(term, given) or _two_meanings(term, given)


def _signed(given: Amount) -> str:
    """A value as it was written, without its unit."""
    return f"{ {1: '+', -1: numbers.MINUS, 0: ''}[given.sign] }{numbers.exactly(float(given.size))}"


def _wrong_unit(term: Term, given: Amount) -> Doubt | None:
    quantity, moved = term.quantity, _moves(term.quantity, given)
    if quantity.points and given.unit == "%":
        return Doubt(f"{term.label} moves in points, not in percent.", (f"{term.label} {_signed(given)} points",))
    fits = {
        "%": quantity.percent or moved,
        "points": quantity.points or (quantity.percent and moved),
        "bp": quantity.unit == "bp",
        "deviations": False,
    }
    priced = given.sized and not quantity.money and (quantity.percent or quantity.points or quantity.unit == "bp")
    if priced or not fits.get(given.unit, True):
        unit = "money" if priced else given.unit
        told = f"{term.label} is told in {told_unit(quantity)}, not in {unit}."
        return Doubt(told, (f"{term.label} {_signed(given)}",))
    return None


def _two_meanings(term: Term, given: Amount) -> Doubt | None:
    quantity, value = term.quantity, numbers.exactly(float(given.size))
    if _moves(quantity, given) and quantity.percent and given.unit != "points":
        by = f"{term.label} by {numbers.MINUS if given.sign < 0 else '+'}{value} points"
        return Doubt(f"{term.label} by {value}: of points, or of what it is now?", (by,))
    if given.way or quantity.change:
        return None
    if given.sign and not (given.sign < 0 and quantity.low < 0):
        by = f"{term.label} by {_signed(given)}{' points' if quantity.percent else ''}"
        return Doubt(f"{term.label} {_signed(given)}: by so much, or to so much?", (by, f"{term.label} to {value}"))
    if quantity.percent and quantity.size != "1" and not given.unit and 0 < given.size < 1:
        share = f"{term.label} {numbers.exactly(float(given.size * 100))} %"
        return Doubt(f"{term.label} {value}: of a percent, or a share?", (f"{term.label} {value} %", share))
    if quantity.money and quantity.high > UNBOUNDED and not given.sized and 0 < given.size < BARE:
        larger = (f"{term.label} {value} m", f"{term.label} {value} bn")
        return Doubt(f"{term.label} {value}: of what? Write k, m or bn.", larger)
    return None


def told_unit(quantity: Quantity) -> str:
    """A unit as people are told it."""
    if quantity.percent:
        return "percent"
    return "points" if quantity.points else quantity.unit or "plain numbers"


def _absolute(term: Term, given: Amount) -> Decimal:
    return given.number * Decimal(term.quantity.size)


def _relative(term: Term, given: Amount, current: float | None) -> Decimal | Doubt:
    if current is None:
        return Doubt(
            f"{term.label} stands nowhere yet, so that it cannot be moved by anything. Write what it is to be."
        )
    now = Decimal(repr(current))
    if given.unit == "%" and not term.quantity.percent:
        return now * (1 + given.number / 100)
    return now + given.number * Decimal(term.quantity.size)


def exact_words(vocabulary: Vocabulary, name: str, value: float) -> str:
    """A value of the term of a name to its last decimal, as the line reads it back."""
    term = vocabulary.terms[name]
    size = Decimal(repr(value)) / Decimal(term.quantity.size)
    number = f"{abs(size):f}"
    whole, point, rest = number.partition(".")
    rest = rest.rstrip("0")
    text = f"{int(whole):,}{point if rest else ''}{rest}"
    codes = dict((*term.quantity.codes, *term.quantity.special))
    if value in codes:
        return f"{vocabulary.clear_name(term)} {codes[value]}"
    sign = numbers.signed("", value) if value < 0 or term.quantity.change else ""
    return f"{vocabulary.clear_name(term)} {sign}{text}{_suffix(term.quantity)}"


def _suffix(quantity: Quantity) -> str:
    """The unit that a number is written with, so that it is not asked what it means."""
    if quantity.percent:
        return f"{numbers.NBSP}%"
    if quantity.points:
        return f"{numbers.NBSP}points"
    if quantity.unit == "bp":
        return f"{numbers.NBSP}bp"
    return f"{numbers.NBSP}{quantity.unit}" if quantity.money else ""
