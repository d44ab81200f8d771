"""Numbers as people and programs write them: $1,200; (1.200,50); 13.5 %; 36 months; 10+ years; 12k; 1,23,456.

A text may mean one number where a point stands before decimals and another one where a comma does: 1.234. Which it is
is no matter of the text alone, so both are kept until the column and its file have decided (`settled`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from data.arrays import AnyArray, Array, Arrow

POINT, COMMA = ".", ","
Decimal = Literal["", "usual", ".", ","]
PERCENT = "%"
MONTHS, YEARS, DAYS, WEEKS = "months", "years", "days", "weeks"
SIZES: Mapping[str, float] = {
    "k": 1e3,
    "thousand": 1e3,
    "tsd": 1e3,
    "m": 1e6,
    "mm": 1e6,
    "mn": 1e6,
    "mln": 1e6,
    "mio": 1e6,
    "million": 1e6,
    "millions": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "mrd": 1e9,
    "billion": 1e9,
    "billions": 1e9,
    "lakh": 1e5,
    "lakhs": 1e5,
    "lac": 1e5,
    "lacs": 1e5,
    "crore": 1e7,
    "crores": 1e7,
}
CURRENCIES: Mapping[str, str] = {
    **{
        sign: sign
        for sign in (
            "$",
            "€",
            "£",
            "¥",
            "₹",
            "₽",
            "₩",
            "₺",
            "₫",
            "₪",
            "₴",
            "₦",
            "zł",
            "Kč",
            "kr",
            "Ft",
            "NT$",
            "CA$",
            "A$",
            "R$",
            "HK$",
            "S$",
            "NZ$",
            "CHF",
            "DM",
            "R",
        )
    },
    "US$": "$",
    "USD": "$",
    "EUR": "€",
    "euro": "€",
    "euros": "€",
    "GBP": "£",
    "JPY": "¥",
    "CNY": "¥",
    "RMB": "¥",
    "INR": "₹",
    "Rs": "₹",
    "Rs.": "₹",
    "TWD": "NT$",
    "NTD": "NT$",
    "CAD": "CA$",
    "AUD": "A$",
    "BRL": "R$",
    "HKD": "HK$",
    "SGD": "S$",
    "NZD": "NZ$",
    "Fr.": "CHF",
    "SFr.": "CHF",
    "PLN": "zł",
    "CZK": "Kč",
    "HUF": "Ft",
    "SEK": "kr",
    "NOK": "kr",
    "DKK": "kr",
    "RUB": "₽",
    "TRY": "₺",
    "KRW": "₩",
    "ZAR": "R",
    "dollars": "$",
}
"""How a currency may be written in a cell, and the sign it is told by."""
UNITS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "month",
            "months",
            "mth",
            "mths",
            "mon",
            "mons",
            "mo",
            "mos",
            "monat",
            "monate",
            "mois",
            "mes",
            "meses",
            "mesi",
        ),
        MONTHS,
    ),
    **dict.fromkeys(("year", "years", "yr", "yrs", "y", "jahr", "jahre", "an", "ans", "año", "años", "anni"), YEARS),
    **dict.fromkeys(("day", "days", "d", "tag", "tage", "jour", "jours", "día", "días"), DAYS),
    **dict.fromkeys(("week", "weeks", "wk", "wks", "w"), WEEKS),
    **dict.fromkeys(("bp", "bps"), "bps"),
    "x": "x",
}
_PER_UNIT: Mapping[tuple[str, str], float] = {(YEARS, MONTHS): 12.0, (WEEKS, DAYS): 7.0}
_PERCENTS = frozenset({"%", "pct", "percent", "per cent", "prozent"})


@dataclass(frozen=True, eq=False)
class Figures:
    """What each of some texts means as a number, (m,): ``point`` if a point stands before decimals, ``comma`` if a
    comma does, NaN where it is none. ``sign`` is the currency, unit or % at it; ``size`` k, m, bn, ... by which both
    are still to be multiplied; ``way`` what else was read in it ("brackets as minus")."""

    point: Array
    comma: Array
    sign: AnyArray
    size: AnyArray
    way: AnyArray

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which texts hold a number."""
        return ~(np.isnan(self.point) & np.isnan(self.comma))

    @property
    def either(self) -> NDArray[np.bool_]:
        """Which mean two numbers."""
        two: NDArray[np.bool_] = ~np.isnan(self.point) & ~np.isnan(self.comma) & (self.point != self.comma)
        return two

    def read(self, decimal: str) -> Array:
        """The numbers, texts of two readings by ``decimal``; NaN for those where it is not known."""
        first, second = (self.comma, self.point) if decimal == COMMA else (self.point, self.comma)
        found = np.where(np.isnan(first), second, first)
        return found if decimal else np.where(self.either, np.nan, found)

    def scaled(self, values: Array, reading_unit: str = "") -> Array:
        """``values`` (m,) times what k, m, bn say of them; m is for months where ``reading_unit`` is."""
        factors = [1.0 if reading_unit == MONTHS and each == "m" else SIZES.get(each, 1.0) for each in self.size]
        scaled: Array = values * np.array(factors)
        return scaled


_PLAIN = r"^[+-]?(?:\d{1,309}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$"
_PLAIN_COMMA = r"^[+-]?(?:\d{1,309},\d*|,\d+)(?:[eE][+-]?\d{1,3})?$"
_THREE = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"


def figures(texts: Sequence[str]) -> Figures:
    """What texts, each in one line, mean as numbers. Plain ones by the thousand: a million in a second."""
    import pyarrow as pa  # here, not above: the contract, which is read before anything else, need not wait for it
    import pyarrow.compute as pc

    m = len(texts)
    point, comma = np.full(m, np.nan), np.full(m, np.nan)
    sign, size, way = (np.full(m, "", object) for _ in range(3))
    if not m:  # a column of numbers, of which a large file has many
        return Figures(point, comma, sign=sign, size=size, way=way)
    own = pa.array(texts, pa.large_string())
    plain, with_comma = _matches(own, _PLAIN), _matches(own, _PLAIN_COMMA)
    three, parted = _matches(own, _THREE), _matches(own, r"\.")
    point[plain] = _floats(own, plain)
    comma[with_comma] = _floats(pc.replace_substring(own, ",", "."), with_comma)
    comma[plain & ~parted] = point[plain & ~parted]
    both = plain & three
    comma[both] = _floats(pc.replace_substring(own, ".", ""), both)
    both = with_comma & three
    point[both] = _floats(pc.replace_substring(own, ",", ""), both)
    for k in np.flatnonzero(~plain & ~with_comma).tolist():
        found = figure_of(texts[k])
        if found is not None:
            point[k], comma[k], sign[k], size[k], way[k] = found
    return Figures(point, comma, sign=sign, size=size, way=way)


def _matches(texts: Arrow, pattern: str) -> NDArray[np.bool_]:
    import pyarrow.compute as pc

    found: NDArray[np.bool_] = np.asarray(pc.match_substring_regex(texts, pattern).fill_null(False))
    return found


def _floats(texts: Arrow, chosen: NDArray[np.bool_]) -> Array:
    """Arrow's own reading, 20 times as fast as float(), and equal."""
    import pyarrow as pa

    found: Array = np.asarray(texts.filter(pa.array(chosen)).cast(pa.float64()), np.float64)
    return found


# ---- one text ---------------------------------------------------------------------------------------------------


def _either(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_AROUND = re.compile(
    rf"""(?P<bound><=|>=|=<|=>|[<>≤≥~≈])?\s*
    (?P<sign>[+-])?\s*(?P<before>{_either(CURRENCIES)})?\s*(?P<inner>[+-])?\s*
    1
    (?:\s*(?P<size>{_either(SIZES)})\.?(?![^\W\d_]))?
    (?:\s*(?P<after>{_either([*CURRENCIES, *_PERCENTS, *UNITS])})(?![^\W\d_])\.?)?
    \s*(?P<more>\+|plus|or\ more|and\ more|and\ over|or\ over)?
    (?:\s*(?P<late>{_either(UNITS)})(?![^\W\d_])\.?)?
    \s*(?P<tail>-|cr\.?|dr\.?)?\Z""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_PARTED = re.compile(
    r"(?P<before>(?:[^\d.,]|(?<=[^\W\d_])\.|\.(?!\d))*)"
    r"(?P<core>\d[\d.,' ]*|[.,]\d+)(?P<power>e[+-]?\d{1,3})?(?P<after>\D*)\Z",
    re.IGNORECASE | re.ASCII,
)
_YEARS_AND_MONTHS = re.compile(
    r"(\d{1,3}) ?(?:years?|yrs?|y)\.?,? ?(?:and )?(\d{1,2}) ?(?:months?|mons?|mths?|m)\.?\Z", re.IGNORECASE
)
_ZERO_FIRST = re.compile(r"[+-]?0\d")
_BRACKETS = re.compile(r"(?P<before>[^()\d]{0,5})\((?P<inside>[^()]+)\)(?P<after>\s*[^()\d]{0,8})\Z")
_BOUNDS = (
    (re.compile(r"(?:less than|lower than|under|below|fewer than)\s+(?=\S*\d)", re.IGNORECASE), "<"),
    (re.compile(r"(?:more than|greater than|over|above)\s+(?=\S*\d)", re.IGNORECASE), ">"),
    (re.compile(r"(?:at least|min\.?)\s+(?=\S*\d)", re.IGNORECASE), ">="),
    (re.compile(r"(?:at most|up to|max\.?)\s+(?=\S*\d)", re.IGNORECASE), "<="),
)
_SPELLED = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "‐": "-",
        "‑": "-",
        "﹣": "-",
        "－": "-",
        "’": "'",
        "‘": "'",
        "´": "'",
        "`": "'",
        "％": "%",
        "＋": "+",
    }
)
_SIMPLE = {POINT: re.compile(r"\d{1,309}(?:\.\d*)?|\.\d+"), COMMA: re.compile(r"\d{1,309}(?:,\d*)?|,\d+")}
_GROUPED = {
    POINT: re.compile(
        r"[1-9]\d{0,2}(?:(?:,\d{3})+|(?:'\d{3})+|(?: \d{3})+)(?:\.\d*)?|[1-9]\d?(?:,\d\d)+,\d{3}(?:\.\d*)?"
    ),
    COMMA: re.compile(r"[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:'\d{3})+|(?: \d{3})+)(?:,\d*)?"),
}
_CANONICAL = {
    **{each.casefold(): sign for each, sign in CURRENCIES.items()},
    **dict.fromkeys(_PERCENTS, PERCENT),
    **UNITS,
}
_SIGNS = frozenset(CURRENCIES.values())
_UNGROUPED = {POINT: str.maketrans("", "", ", '"), COMMA: str.maketrans("", "", ". '")}
_Found = tuple[float, float, str, str, str]


@dataclass(frozen=True)
class _Around:
    """What stands around a number: see `Figures`. ``letter``: R or b, which codes begin or end with as well."""

    minus: bool
    bound: str
    sign: str
    size: str
    way: str
    letter: str


def figure_of(text: str) -> _Found | None:
    """What one text means, as `Figures` has it; None if it holds no number."""
    if len(text) > 60:
        return None
    text = text.translate(_SPELLED).removeprefix("'").removesuffix(".-").removesuffix(",-")  # Swiss: no centimes
    part = _PARTED.match(text)
    if part is None:
        aged = _YEARS_AND_MONTHS.match(text)
        months = 12.0 * int(aged[1]) + int(aged[2]) if aged else 0.0
        return (months, months, MONTHS, "", "years and months as months") if aged else None
    around, core = _around(part["before"], part["after"]), part["core"].strip()
    if around is None or (around.letter and not _punctuated(core, part["before"], around)):
        return None
    point, comma = (_value(core, part["power"] or "", decimal, around) for decimal in (POINT, COMMA))
    if np.isnan(point) and np.isnan(comma):
        return None
    if around.sign in _SIGNS and not around.size and point != comma and not np.isnan(point + comma):
        point = comma = max(point, comma, key=abs)  # no money has three decimals: $1,200 and € 1.200
    return point, comma, around.sign, around.size, around.way


@lru_cache(10_000)
def _around(before: str, after: str) -> _Around | None:
    """What the same few texts mean before and after many numbers; None if there is something else."""
    text = f"{before}1{after}"
    for words, bound in _BOUNDS:
        text = words.sub(bound, text, count=1) if words.match(text) else text
    inside = _BRACKETS.match(text)
    part = _AROUND.match(f"{inside['before']}{inside['inside']}{inside['after']}" if inside else text)
    if part is None or (inside and (part["sign"] or part["inner"])):
        return None
    return _meant(part, bool(inside))


def _meant(part: "re.Match[str]", brackets: bool) -> _Around | None:
    signs = {_CANONICAL[part[each].casefold()] for each in ("before", "after", "late") if part[each]}
    if len(signs) > 1 or (part["sign"] and part["inner"]) or (part["bound"] and part["more"]):
        return None
    sign, tail = next(iter(signs), ""), (part["tail"] or "").casefold().rstrip(".")
    size, bound = (part["size"] or "").casefold(), part["bound"] or ""
    if sign == "₹" and tail == "cr":
        size, tail = "crore", ""
    minus = [part["sign"] == "-" or part["inner"] == "-", brackets, tail in ("-", "cr")]
    if sum(minus) > 1:
        return None
    ways = {
        "brackets as minus": brackets,
        "a minus behind as minus": tail == "-",
        "CR as minus": tail == "cr",
        "DR as plus": tail == "dr",
        f"{bound} as the next number": bound in ("<", ">"),
        f"{bound or part['more']} as the number itself": bool(part["more"] or bound not in ("", "<", ">")),
    }
    way = "; ".join(way for way, told in ways.items() if told)
    letter = next((each for each in (part["before"], part["size"]) if each in ("R", "r", "B", "b")), "")
    return _Around(any(minus), bound, sign=sign, size=size, way=way, letter=letter)


def _punctuated(core: str, before: str, around: _Around) -> bool:
    """Whether a number with such a letter is written as codes are not: R 12 500, 1.2b, $3b."""
    apart = before.endswith(" ") and around.letter in ("R", "r")
    return apart or bool(re.search(r"[., ']", core)) or bool(around.size and around.sign)


def _value(core: str, power: str, decimal: str, around: _Around) -> float:
    """The number that digits mean with this sign before decimals; NaN if they mean none."""
    if _GROUPED[decimal].fullmatch(core):
        core = core.translate(_UNGROUPED[decimal])
    elif not _SIMPLE[decimal].fullmatch(core):
        return np.nan
    core = core.replace(",", ".")
    value = float(core + power)
    if around.bound in ("<", ">"):
        digits = len(core.partition(".")[2])
        value = round(value + (10.0**-digits if around.bound == ">" else -(10.0**-digits)), digits)
    return -value if around.minus else value


def starts_with_zero(text: str) -> bool:
    """Whether a text is digits that no number starts with: 02139."""
    return text[:1] in "+-0" and _ZERO_FIRST.match(text) is not None


def conversion(unit: str, into: str) -> float:
    """What a number in one unit is to be multiplied by for another; 0 where it cannot be."""
    return 1.0 if unit == into else _PER_UNIT.get((unit, into), 0.0)


# ---- which sign stands before decimals -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Habit:
    """How a file writes numbers. ``default`` is the sign before decimals that goes with what parts its cells;
    ``decimal`` the one that its other cells show, "" where they show none or both. ``trimmed``: no zero ends
    any decimals that can be told to be some. ``known``: what all cells of a column settled, where some of them only are
    read at a time; None where they are all there."""

    default: str = ""
    decimal: str = ""
    trimmed: bool = False
    known: str | None = None


@dataclass(frozen=True)
class Votes:
    """How many cells of a column can only be read with a point or only with a comma before decimals, and how many
    either way: ``sign`` is what stands in all of those, "" where not one sign does. ``whole``: others are whole numbers
    beyond 999 without any separator, so that thousands are not parted. ``zeros`` of ``either`` end in 0."""

    point: int
    comma: int
    either: int
    sign: str
    whole: bool
    zeros: int

    def __add__(self, other: "Votes") -> "Votes":
        signs = {each.sign for each in (self, other) if each.either}
        return Votes(
            self.point + other.point,
            self.comma + other.comma,
            either=self.either + other.either,
            sign=next(iter(signs)) if len(signs) == 1 else "",
            whole=self.whole or other.whole,
            zeros=self.zeros + other.zeros,
        )


NO_VOTES = Votes(0, 0, either=0, sign="", whole=False, zeros=0)


def votes(found: Figures, texts: Sequence[str], count: NDArray[np.int64]) -> Votes:
    """How the texts of a column, each standing ``count`` times, part their decimals."""
    point, comma, either = (~np.isnan(found.point)), (~np.isnan(found.comma)), found.either
    two = [texts[k] for k in np.flatnonzero(either).tolist()]
    signs = {sign for text in two for sign in ".," if sign in text}
    same = point & comma & ~either & (np.abs(found.point) >= 1000)
    whole = any(text.strip("+-").isdigit() for text in (texts[k] for k in np.flatnonzero(same).tolist()))
    ends = [bool(re.search(r"0\D*\Z", text)) for text in two]
    return Votes(
        int(count[point & ~comma].sum()),
        int(count[comma & ~point].sum()),
        either=int(count[either].sum()),
        sign=next(iter(signs)) if len(signs) == 1 else "",
        whole=whole,
        zeros=int(count[either][np.array(ends, bool)].sum()),
    )


CLEARLY = 20  # times as many cells that speak for a sign as against it
MANY = 20  # cells that chance would not make look alike


def settled(of: Votes, habit: Habit, recorded: Decimal = "") -> str:
    """The sign before decimals where column and file leave no doubt, "" where they do.

    What was ``recorded`` when the column was first read holds, unless its cells now only speak against it.
    """
    if habit.known is not None:
        return habit.known
    first = habit.default if recorded == "usual" else recorded
    for sign, own, against in ((POINT, of.point, of.comma), (COMMA, of.comma, of.point)):
        if own > CLEARLY * against and (first in ("", sign) or not against):
            return sign
    if first:
        return first
    if not of.either or of.point or of.comma or not of.sign or doubtful(of, habit):
        return ""
    other = COMMA if of.sign == POINT else POINT
    english = of.sign == COMMA and habit.default == POINT and of.either >= MANY
    if (
        habit.decimal == other or english
    ) and not of.whole:  # decimals stand behind the other sign: these are thousands
        return other
    return of.sign if habit.default in (of.sign, "") and of.sign in (habit.default, habit.decimal) else ""


def doubtful(of: Votes, habit: Habit) -> bool:
    """Whether three digits stand after the sign in every cell, zeros at the end kept though the file leaves them out
    elsewhere: then they are hardly decimals."""
    return habit.trimmed and of.either >= MANY and of.zeros > 0 and not (of.point or of.comma or of.whole)


def habit_of(columns: Iterable[Sequence[str]], delimiter: str) -> Habit:
    """How a file writes numbers, by some different texts of each of its columns and by what parts its cells."""
    default = {",": POINT, ";": COMMA, "\t": POINT, "|": POINT}.get(delimiter, "")
    spoken, ends = [0, 0], list[str]()
    for texts in columns:
        found = figures(texts)
        point, comma = ~np.isnan(found.point), ~np.isnan(found.comma)
        only = (point & ~comma, comma & ~point)
        for k, (own, against) in enumerate((only, only[::-1])):
            spoken[k] += int(own.sum() > CLEARLY * against.sum())
        ends += [texts[k][-1:] for k in np.flatnonzero(only[0] | only[1]).tolist()]
    points, commas = map(bool, spoken)
    decimal = ""
    if points != commas:
        decimal = POINT if points else COMMA
    return Habit(default, decimal, "0" not in ends and (len(ends) >= MANY or not ends))
