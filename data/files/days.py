"""Days as people and programs write them, of which only the year is kept: 17.08.2006, Jan-15, 2020-10-01T00:00:00Z,
20201030, 2020-W05, serial numbers of Excel, seconds since 1970.

Whether the day or the month comes first does not matter for the year. Years of two digits up to 68 are of this century.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from data.arrays import Array

FIRST_YEAR, LAST_YEAR = 1900, 2100  # years that a record may speak of; 9999 means no day
How = Literal[
    "",
    "written",
    "year first",
    "yyyymmdd",
    "yyyymm",
    "ddmmyyyy",
    "mmddyyyy",
    "mmyyyy",
    "yyyyddd",
    "yyyymmddhhmmss",
    "serial",
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds",
]
"""How the days of a column are written: as text, two digits of a year last or first, or as numbers of some kind."""
NUMBERED: tuple[How, ...] = get_args(How)[3:]

_TIME = (
    r"(?:(?:T|,? |:)\s?\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?\s?(?:[ap]\.?\s?m\.?)?\s?"
    r"(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}|[A-Z]{3,4})?(?:\[[\w/+-]+\])?|Z)?"
)
_MONTH, _WEEKDAY = r"(?P<word>[^\W\d_]{3,10})", r"(?:[^\W\d_]{2,10}\.?,? )?"
_YEAR = r"(?P<year>\d{4}|'?\d\d)"
_SHAPES = tuple(
    re.compile(rf"{shape}\Z", re.IGNORECASE)
    for shape in (
        rf"(?P<year>\d{{4}})(?P<by>[-/._])(?P<a>\d{{1,2}})(?P=by)(?P<b>\d{{1,2}}){_TIME}",
        rf"(?P<a>\d{{1,2}})(?P<by>[-/.]) ?(?P<b>\d{{1,2}})(?P=by) ?(?P<year>\d{{4}}){_TIME}",
        rf"(?P<first>\d\d)(?P<by>[-/.])(?P<a>\d{{1,2}})(?P=by)(?P<last>\d\d){_TIME}",
        rf"(?P<first>\d)(?P<by>[-/.])(?P<a>\d{{1,2}})(?P=by)(?P<last>\d\d){_TIME}",
        rf"(?P<year>\d{{4}})年(?P<a>\d{{1,2}})月(?:(?P<b>\d{{1,2}})日{_TIME})?",
        r"(?P<year>\d{4})[-/_](?P<a>\d{1,2})",
        r"(?P<a>\d{1,2})[-/](?P<year>\d{4})",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[- /.]*{_MONTH}[- /.,]*{_YEAR}{_TIME}",
        rf"{_WEEKDAY}{_MONTH}[ .-]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}}){_TIME}",
        rf"{_WEEKDAY}{_MONTH} +(?P<day>\d{{1,2}}) \d\d:\d\d:\d\d (?:[A-Z]{{3,4}} )?(?P<year>\d{{4}})",
        rf"{_MONTH}[- /.,']*{_YEAR}",
        rf"(?P<year>\d{{4}})[- /.]?{_MONTH}(?:[- /.](?P<day>\d{{1,2}}))?",
        r"(?P<year>\d{4})-?W(?:[0-4]\d|5[0-3])(?:-?[1-7])?",
        rf"(?:Q[1-4][- /']*{_YEAR}|(?P<quarter>\d{{4}})[- /]?Q[1-4])",
        r"(?:(?P<year>\d{4})[- ]?(?:H[12]|M(?P<a>0[1-9]|1[0-2]))|(?:FY|H[12])[- ']?(?P<fiscal>\d{4}))",
        r"(?P<year>\d{4})(?P<a>\d\d)(?P<b>\d\d)T\d{2,6}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?",
    )
)
_DIGIT = re.compile(r"\d", re.ASCII)
_FIGURE = re.compile(r"[+-]?\d+\.?\d*\Z", re.ASCII)  # of no shape; 0.2 instead of 6 microseconds
_POINTED = re.compile(  # numbers or fractions elsewhere
    r"(?P<a>\d{1,2})(?:\.(?P<year>\d{4})|/(?P<short>\d\d))\Z|(?P<early>\d{4})\.(?P<month>\d\d)\Z"
)
_TIME_OF_DAY = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?:\s?[ap]\.?\s?m\.?)?\Z", re.IGNORECASE)
_MONTHS = re.findall(
    r"\w+",
    """january february march april may june july august september october november december sept januar jaenner februar
    maerz marz mrz mai juni juli oktober dezember janvier fevrier mars avril juin juillet aout septembre octobre
    novembre decembre enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre gennaio
    febbraio aprile maggio giugno luglio settembre ottobre dicembre januari februari maart mei augustus maj""",
)


def years_of(texts: Sequence[str], year_first: bool = False, pointed: bool = False) -> Array:
    """The years (m,) of the days in texts, each in one line; NaN where a text is no day, 0 where it is one of no month.

    ``year_first``: of 15/02/03 the first two digits are the year. ``pointed``: 02.2015 and 02/15 are months.
    """
    found, shapes = np.full(len(texts), np.nan), list(_SHAPES)
    for k, text in enumerate(texts):
        year = _year(text, year_first, shapes)
        if year is None and pointed:
            month = _POINTED.match(text)
            year = (
                None
                if month is None
                else _within(month["year"] or month["short"] or month["early"], month["a"] or month["month"])
            )
        found[k] = np.nan if year is None else year
    return found


def year_comes_first(texts: Sequence[str]) -> bool:
    """Whether days of two digits each can only begin with their years: 99/12/31."""
    parts = [part for part in map(_SHAPES[2].match, texts) if part]
    return any(int(part["first"]) > 31 or int(part["first"]) == 0 for part in parts)


def _year(text: str, year_first: bool, shapes: "list[re.Pattern[str]]") -> float | None:
    """The year of one text. The shape that fits it is tried first with the next; no text fits two."""
    if not 5 <= len(text) <= 60 or _FIGURE.match(text) or not _DIGIT.search(text):
        return None
    for k, shape in enumerate(shapes):
        part = shape.match(text)
        if part is not None:
            shapes.insert(0, shapes.pop(k))
            return _meant(part.groupdict(), year_first)
    return None


def _meant(part: Mapping[str, str | None], year_first: bool) -> float | None:
    """The year that the parts of a day mean, if they mean one."""
    word, day = part.get("word"), part.get("day")
    if word is not None and not _month(word):
        return None
    if day is not None and not 1 <= int(day) <= 31:
        return None
    first, last = part.get("first"), part.get("last")
    if first is not None and last is not None:
        return _within(first, part["a"], last) if year_first else _within(last, part["a"], first)
    year = part.get("year") or part.get("quarter") or part.get("fiscal")
    return None if year is None else _within(year, part.get("a"), part.get("b"))


@lru_cache
def _month(word: str) -> bool:
    bare = unicodedata.normalize("NFKD", word.casefold()).encode("ascii", "ignore").decode()
    return any(each.startswith(bare) for each in _MONTHS)


def _within(year: str | None, a: str | None, b: str | None = None) -> float | None:
    """A year whose month and day, in either order, can be; 0 for a day of month 0, which means none."""
    if year is None:
        return None
    digits = year.lstrip("'")
    number = float(digits)
    if len(digits) == 2:
        number += 2000 if number <= 68 else 1900
    parts = [int(each) for each in (a, b) if each is not None]
    if 0 in parts:
        return 0.0
    low, high = (min(parts), max(parts)) if parts else (1, 1)
    fits = low <= 12 and (high <= 31 if len(parts) == 2 else high <= 12)
    return number if fits else None


# ---- days that are numbers ----------------------------------------------------------------------------------------

_SECONDS: Mapping[How, float] = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
MANY_MONTHS = 12  # so many different numbers do not all end in 01 to 12 by chance
_EARLIEST, _LATEST = 1e8, 4.1e9  # seconds since 1970: March 1973, 2099
_SERIALS = (29221, 73050)  # 1980 to 2099 in Excel; below that they may be days since 1960 or 1970 as well
_FILLERS = frozenset({0.0, 99999999.0, 99991231.0, 999912.0, 999999.0})


def years_in(values: Array, how: How) -> Array:
    """The years (n,) that numbers (n,) mean; NaN where they mean none."""
    return _READ[how](values)


def _by_division(by: float) -> Callable[[Array], Array]:
    return lambda values: np.floor(values / by)


def _by_remainder(values: Array) -> Array:
    return np.floor(values) % 10_000


def _serial(values: Array) -> Array:
    return _calendar(values - 25_569)


def _calendar(days: Array) -> Array:
    """The years of days since 1970."""
    known = np.isfinite(days) & (np.abs(days) < 1e6)
    years = np.full(len(days), np.nan)
    whole = np.floor(days[known]).astype("datetime64[D]").astype("datetime64[Y]")
    years[known] = whole.astype(np.int64) + 1970.0
    return years


def _since_1970(per_second: float) -> Callable[[Array], Array]:
    return lambda values: _calendar(values / per_second / 86_400)


_IN_ONE: tuple[How, ...] = ("yyyymmdd", "yyyymm")
_READ: Mapping[How, Callable[[Array], Array]] = {
    "yyyymmdd": _by_division(1e4),
    "yyyymm": _by_division(1e2),
    "ddmmyyyy": _by_remainder,
    "mmddyyyy": _by_remainder,
    "mmyyyy": _by_remainder,
    "yyyyddd": _by_division(1e3),
    "yyyymmddhhmmss": _by_division(1e10),
    "serial": _serial,
    **{how: _since_1970(per) for how, per in _SECONDS.items()},
}


def as_years(values: Array, how: How) -> Array:
    """The years (n,) of numbers that are years themselves, or mean days as ``how`` says, or are days written in one
    number; NaN for any other."""
    own = (values >= FIRST_YEAR) & (values <= LAST_YEAR)
    if how in NUMBERED:
        return np.where(own, values, years_in(values, how))
    years = np.where(own, values, np.nan)
    for each in _IN_ONE:
        for k in np.flatnonzero(np.isnan(years) & np.isfinite(values)).tolist():
            if _CALENDAR[each](values[k : k + 1]):
                years[k] = years_in(values[k : k + 1], each)[0]
    return years


def numbered(values: Array, named: bool, timed: bool, monthly: bool = False) -> How:
    """How numbers (n,) that are there mean days; "" if they do not.

    The column's name speaks of a day (``named``), a point in time (``timed``), a month (``monthly``). Where it does
    not, only months and days of the calendar that are written in one number are seen, months if they are many.
    """
    values = np.unique(values[~np.isin(values, list(_FILLERS))])
    if not len(values) or not np.isfinite(values).all():
        return ""
    whole = bool((values == np.floor(values)).all())
    for how, fits in _CALENDAR.items():
        own = named or (how == "yyyymmdd") or (how == "yyyymm" and (monthly or len(values) >= MANY_MONTHS))
        if whole and own and fits(values):
            return how
    if named and _between(values, *_SERIALS):
        return "serial"
    if timed:
        for how, per in _SECONDS.items():
            if _between(values, _EARLIEST * per, _LATEST * per):
                return how
    return ""


def unplaced(values: Array) -> bool:
    """Whether numbers of a column that speaks of a day look like days counted from some other day."""
    return bool(len(values)) and _between(values, 3_650, _SERIALS[1]) and len(np.unique(values)) > 12


def uncounted(values: Array) -> bool:
    """Whether numbers of a column that speaks of a day are whole and many, as days are, and yet neither days nor years
    that are read: 1512, 150412."""
    whole = bool(len(values)) and bool((values == np.floor(values)).all())
    return whole and len(np.unique(values)) > MANY_MONTHS and not _between(values, FIRST_YEAR, LAST_YEAR)


def times_of_day(texts: Sequence[str]) -> bool:
    """Whether texts are times of the day, more of them than a clock's hours could be groups."""
    return len(texts) > MANY_MONTHS and all(map(_TIME_OF_DAY.match, texts))


def _between(values: Array, low: float, high: float) -> bool:
    return bool(values.min() >= low and values.max() <= high)


def _dated(year: Array, month: Array, day: Array) -> bool:
    days = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    if not _between(year, FIRST_YEAR, LAST_YEAR) or not _between(month, 1, 12):
        return False
    return bool(((day >= 1) & (day <= days[month.astype(np.int64)])).all())


def _yyyymmdd(values: Array) -> bool:
    return _dated(values // 10_000, values // 100 % 100, values % 100)


def _yyyymm(values: Array) -> bool:
    return _dated(values // 100, values % 100, np.ones(len(values)))


def _ddmmyyyy(values: Array) -> bool:
    return _dated(values % 10_000, values // 10_000 % 100, values // 1_000_000)


def _mmddyyyy(values: Array) -> bool:
    return _dated(values % 10_000, values // 1_000_000, values // 10_000 % 100)


def _mmyyyy(values: Array) -> bool:
    return _dated(values % 10_000, values // 10_000, np.ones(len(values)))


def _yyyyddd(values: Array) -> bool:
    day = values % 1000
    return _between(values // 1000, FIRST_YEAR, LAST_YEAR) and _between(day, 1, 366)


_CALENDAR: Mapping[How, Callable[[Array], bool]] = {
    "yyyymmdd": _yyyymmdd,
    "yyyymm": _yyyymm,
    "ddmmyyyy": _ddmmyyyy,
    "mmddyyyy": _mmddyyyy,
    "mmyyyy": _mmyyyy,
    "yyyyddd": _yyyyddd,
    "yyyymmddhhmmss": lambda values: _yyyymmdd(values // 1_000_000),
}


def plausible(years: Array) -> Array:
    """``years`` (n,), those that no record speaks of NaN: 9999, 1."""
    return np.where((years >= FIRST_YEAR) & (years <= LAST_YEAR), years, np.nan)


def is_day(years: Array) -> NDArray[np.bool_]:
    """Which of `years_of` are days."""
    return ~np.isnan(years)
