"""In which order the words of a column become codes: by what they mean, never by what became of whoever has them.

An order by the outcome would tell a model the very outcomes it is then tested on: pure noise ranked so. Where words
name the steps of a scale or hold numbers they stand in that order; else by the alphabet, which says nothing.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from data.errors import BadInput
from data.files.names import listed_texts, one_line
from data.files.words import flag, flags

ALPHABET = "in the order of the alphabet, which is none by nature"
NUMBERS = "in the order of the numbers in the words"
STEPS = "in the order of what the words say"
GRADES = "in the order of the grades"
DECIDED = "in the order that was decided"
SCALES = frozenset({NUMBERS, STEPS, GRADES, DECIDED})  # of which more means something
POOLED = "other ("  # how the word begins that rare words share

Place = tuple[float, ...]

_ASIDE = frozenset(  # on no scale: they come last
    {
        "other",
        "others",
        "unknown",
        "not known",
        "not stated",
        "not available",
        "not applicable",
        "unspecified",
        "undefined",
        "missing",
        "misc",
        "miscellaneous",
        "various",
        "not rated",
        "unrated",
        "nr",
        "no answer",
        "unbekannt",
        "sonstige",
        "keine angabe",
    }
)
_NOTHING = frozenset(  # before whatever is counted or measured
    {"none", "never", "nothing", "nil", "zero", "no", "not employed", "unemployed", "not at all", "keine", "arbeitslos"}
)
_LADDERS = (  # the steps of scales in their order, words of one step parted by |
    "very low|lowest|minimal|sehr niedrig, low|lower|niedrig|gering, low medium|medium low|moderately low, medium|mid|"
    "middle|moderate|average|normal|mittel, medium high|high medium|moderately high|elevated, high|higher|hoch, "
    "very high|highest|severe|sehr hoch",
    "xxs, xs|tiny|micro|very small, s|small|little|klein, m|medium|mid|middle|medium sized|mittel, l|large|big|groß, "
    "xl|very large|huge|extra large, xxl",
    "never|none|no|nil|nie, rarely|seldom|little|few|selten, sometimes|occasionally|some|moderate|manchmal, "
    "often|frequently|many|quite rich|oft, very often|usually|mostly|rich|sehr oft, always|all|immer",
    "very poor|very bad|worst, poor|bad|weak|schlecht, fair|average|medium|moderate|acceptable|satisfactory, "
    "good|strong|gut, very good|very strong|sehr gut, excellent|best|exceptional|superior|outstanding",
    "unskilled, semi skilled, skilled, highly skilled",
    "first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth",
    "none|no education|illiterate|no schooling, primary|elementary|primary school|elementary school|primary education, "
    "lower secondary|middle school|lower secondary education, incomplete secondary|some high school|"
    "less than high school, secondary|high school|highschool|secondary school|secondary education|"
    "secondary / secondary special|upper secondary|ssc|12th, vocational|technical|trade school|apprenticeship|"
    "secondary special|post secondary|hsc, incomplete higher|some college|unfinished degree|under graduate|"
    "undergraduate, college|associate|associate degree|associates, bachelor|bachelors|bachelor's|bachelor degree|"
    "bachelors degree|bachelor's degree|university|higher education|higher|graduate|tertiary|degree, "
    "master|masters|master's|masters degree|master degree|master's degree|graduate school|post graduate|postgraduate, "
    "doctorate|phd|ph.d.|doctor|doctoral|academic degree",
    "january|jan|januar, february|feb|februar, march|mar|märz, april|apr, may|mai, june|jun|juni, july|jul|juli, "
    "august|aug, september|sep|sept, october|oct|oktober|okt, november|nov, december|dec|dezember|dez",
    "monday|mon|montag, tuesday|tue|dienstag, wednesday|wed|mittwoch, thursday|thu|donnerstag, friday|fri|freitag, "
    "saturday|sat|samstag, sunday|sun|sonntag",
    "spring, summer, autumn|fall, winter",
    "daily|every day, weekly|every week, fortnightly|biweekly|bi weekly|every two weeks, "
    "semi monthly|semimonthly|twice a month, monthly|every month, bimonthly|every two months, quarterly|every quarter, "
    "half yearly|semi annual|semi annually|semiannual|twice a year, yearly|annual|annually|every year, "
    "once|one time|at maturity|bullet",
    "super prime|superprime, prime plus|prime+, prime, near prime|nearprime, subprime|sub prime, "
    "deep subprime|deep sub prime",
    "aaa, aa+, aa, aa-, a+, a, a-, bbb+, bbb, bbb-, bb+, bb, bb-, b+, b, b-, ccc+, ccc, ccc-, cc, c, d",
    "aaa, aa1, aa2, aa3, a1, a2, a3, baa1, baa2, baa3, ba1, ba2, ba3, b1, b2, b3, caa1, caa2, caa3, ca, c",
    "aaa, aa, a, bbb|baa, bb|ba, b, ccc|caa, cc|ca, c, d",
)
_SCALES = tuple(
    {word: float(k) for k, step in enumerate(ladder.split(", ")) for word in step.split("|")} for ladder in _LADDERS
)
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_TIMES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
_BELOW = re.compile(r"<|≤|\b(?:under|below|less|fewer|up to|until|before|at most)\b(?: than)?")
_ABOVE = re.compile(r">|≥|\+|\b(?:over|above|more|plus|after|at least|beyond|from)\b(?: than)?")
_FEWEST_NUMBERED = 3  # words with a number, for one without to stand beside them
_GRADE = re.compile(r"([a-h])([1-9]\d?)?([+-]?)")  # B, B2, B-
_BEYOND = {"aaa": ord("a") - 2.0, "aa": ord("a") - 1.0, "hr": ord("z") + 0.0}  # Prosper's high risk
_CODE = re.compile(r"([a-z]{1,2}[1-9])\d+")  # A11 to A14, the first attribute's codes
_SIGNED = {"+": -1.0, "": 0.0, "-": 1.0}  # A+ is better than A
_PART_OF_YEAR = re.compile(r"(?:([qh])([1-4])[\s/.'-]*((?:19|20)?\d\d)|((?:19|20)\d\d)[\s/.-]*([qh])([1-4]))")


def in_order(words: Sequence[str]) -> tuple[list[int], str]:
    """Positions of different ``words`` in the order of their codes, and why they stand so."""
    plain = [" ".join(re.split(r"[\s_]+", word.strip().casefold())) for word in words]
    if len(words) == 2 and flags(words):
        return sorted(range(2), key=lambda k: plain[k] == "1" or bool(flag(plain[k]))), "no comes first"
    places, why = _places([None if word in _ASIDE or word.startswith(POOLED) else word for word in plain])
    order = sorted(range(len(words)), key=lambda k: (_last(plain[k]), places[k], _by_alphabet(words[k]), words[k]))
    return order, why


def as_ordered(words: Sequence[str], order: Sequence[str]) -> tuple[list[int], str]:
    """The same in an ``order`` that a person gave; words that it does not name come after, as they would by themselves.

    Raises
    ------
    BadInput
        If it names none of them.
    """
    wanted = {one_line(word).casefold(): k for k, word in reversed(list(enumerate(order)))}
    plain = [one_line(word).casefold() for word in words]
    if not set(wanted) & set(plain):
        raise BadInput(f"None of {listed_texts(list(order), 5)} is among its words: {listed_texts(list(words), 5)}.")
    proposed, _ = in_order(words)
    place = {k: n for n, k in enumerate(proposed)}
    ranked = sorted(range(len(words)), key=lambda k: (wanted.get(plain[k], len(wanted)), place[k]))
    return ranked, DECIDED


def rises(words: Sequence[str], why: str) -> bool:
    """Whether words, in their order for this reason, stand on one scale from the first to the last."""
    plain = [word.strip().casefold().replace("_", " ") for word in words]
    return why in SCALES and not any(map(_last, plain))


def _last(word: str) -> int:
    """Whether a word comes after all others: 2 for the rare ones together, 1 for those that say nothing."""
    return 2 if word.startswith(POOLED) else int(word in _ASIDE)


def _places(words: Sequence[str | None]) -> tuple[list[Place], str]:
    """Where each of ``words`` stands on a scale that holds them all, and which; at one place where there is none."""
    named = [word for word in words if word is not None]
    for own in (named, _without_shared(named)) if len(named) > 1 else ():
        for scale in _SCALES:
            steps = {word: _step(scale, text) for word, text in zip(named, own, strict=True)}
            if None not in steps.values() and len(set(steps.values())) == len(named):
                return [(steps.get(word or "") or 0.0,) for word in words], STEPS
    return _in_time(words, named) or _graded(words, named) or _counted(words, named) or ([()] * len(words), ALPHABET)


def _step(scale: Mapping[str, float], word: str) -> float | None:
    return scale.get(word, scale.get(re.sub(r"[-/]", " ", word)))


def _without_shared(words: Sequence[str]) -> list[str]:
    """Words without what stands in each of them: low risk and high risk are low and high."""
    parts = [word.split() for word in words]
    shared = set(parts[0]).intersection(*parts) if len(parts) > 1 else set[str]()
    return [" ".join(each for each in own if each not in shared) for own in parts]


def _in_time(words: Sequence[str | None], named: Sequence[str]) -> tuple[list[Place], str] | None:
    """The quarters or halves of years, by the year first: Q4 2019 comes before Q1 2020."""
    found = {word: _PART_OF_YEAR.fullmatch(word) for word in named}
    if len(named) < 2 or None in found.values():
        return None
    where: dict[str, Place] = {}
    for word, each in found.items():
        if each is not None:
            where[word] = (float(each[3] or each[4]) % 1900, float(each[2] or each[6]))
    kinds = {each[1] or each[5] for each in found.values() if each is not None}
    if len(kinds) != 1 or len(set(where.values())) < len(named):
        return None
    return [where.get(word or "", (0.0,)) for word in words], STEPS


def _graded(words: Sequence[str | None], named: Sequence[str]) -> tuple[list[Place], str] | None:
    """The grades of a rating: A to G, A1 to G5, A+ to D-, AA to HR; of several letters, and none of them left out
    but the last ones, as codes would."""
    found = {word: _GRADE.fullmatch(word) for word in named if word not in _BEYOND}
    if len(named) < 3 or None in found.values():
        return None
    where: dict[str, Place] = {word: (_BEYOND[word],) for word in named if word in _BEYOND}
    where |= {word: _grade(each) for word, each in found.items() if each is not None}
    letters = sorted({word[0] for word in found})
    if not letters:
        return None
    gapless = ord(letters[-1]) - ord(letters[0]) < len(letters) + 1
    if len(letters) < 2 or not gapless or len(set(where.values())) < len(named):
        return None
    return [where.get(word or "", (0.0,)) for word in words], GRADES


def _grade(found: re.Match[str]) -> Place:
    return (float(ord(found[1])), float(found[2] or 0), _SIGNED[found[3]])


def _counted(words: Sequence[str | None], named: Sequence[str]) -> tuple[list[Place], str] | None:
    """Words that hold numbers; one among enough of them may hold none."""
    places = [() if word is None else _numbers(word) for word in words]
    held = [place for place in places if place]
    enough = len(held) == len(named) > 1 or len(held) == len(named) - 1 >= _FEWEST_NUMBERED
    alike = len({_before(word) for word in named if _numbers(word)}) == 1
    if not enough or len(set(held)) < len(held) or not alike or _codes(named):
        return None
    none = float("-inf"), float("inf")
    return [place or (none[word not in _NOTHING],) for place, word in zip(places, words, strict=True)], NUMBERS


def _codes(words: Sequence[str]) -> bool:
    """Whether words are a letter and numbers that begin alike, as one attribute's in a codebook do: A11 to A14."""
    begin = {found[1] if found else "" for found in map(_CODE.fullmatch, words)}
    return len(words) > 2 and len(begin) == 1 and begin != {""}


def _numbers(word: str) -> Place:
    """The numbers in a word, those of "below 5" just before 5 and those of "5 and more" just after; () for none."""
    found = []
    for each in _NUMBER.finditer(word):
        after = re.match(r" ?([a-z]+)", word[each.end() :])
        minus = re.search(r"(?:^|[\s(])[-\N{MINUS SIGN}]$", word[: each.start()])
        size = float(each.group().replace(",", "")) * _TIMES.get(after[1] if after else "", 1.0)
        found.append(-size if minus else size)
    if not found:
        return ()
    alone = len(found) == 1
    side = -1.0 if _BELOW.search(word) else float(alone and bool(_ABOVE.search(word)))
    return (found[0], side, *found[1:])


def _before(word: str) -> str:
    """The letters before the first number of a word: b of b07. Words that differ in them are not one scale."""
    bare = _BELOW.sub("", _ABOVE.sub("", word))
    return "".join(sign for sign in re.split(r"\d", bare)[0] if sign.isalpha())


def _by_alphabet(word: str) -> list[tuple[int, float, str]]:
    """A word's key by the alphabet, the numbers in it by their size: A2 comes before A10."""
    ends = {end for each in re.finditer(r"\d{1,15}", word, re.ASCII) for end in each.span()}
    parts = [word[start:end].casefold() for start, end in pairwise(sorted({0, *ends, len(word)}))]
    return [(0, float(part), "") if part.isascii() and part.isdigit() else (1, 0.0, part) for part in parts]
