"""In which order the words of a column become codes: by what they mean, never by what became of whoever has them.

An order by the outcome would tell a model the very outcomes it is then tested on: pure noise ranked so. Where words
name the steps of a scale or hold numbers they stand in that order; else by the alphabet, which says nothing.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from data.errors import BadInput
from data.files.names import listed_texts, one_line
from data.files.words import flags

ALPHABET = "in the order of the alphabet, which is none by nature"
POOLED = "other ("  # how the word begins that rare words share

Place = tuple[float, ...]

_YES = frozenset({"yes", "y", "true", "t", "1"})
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
    }
)
_LADDERS = (  # the steps of scales in their order, words of one step parted by |
    "very low|lowest|minimal, low|lower, low medium|medium low|moderately low, medium|mid|middle|moderate|average|"
    "normal, medium high|high medium|moderately high|elevated, high|higher, very high|highest|severe",
    "xxs, xs|tiny|micro|very small, s|small|little, m|medium|mid|middle, l|large|big, xl|very large|huge, xxl",
    "never|none|no|nil, rarely|seldom|little|few, sometimes|occasionally|some|moderate, "
    "often|frequently|many|quite rich, very often|usually|mostly|rich, always|all",
    "very poor|very bad|worst, poor|bad|weak, fair|average|medium|moderate|acceptable, good|strong, "
    "very good|very strong, excellent|best|exceptional|superior",
    "unskilled, semi skilled, skilled, highly skilled",
    "first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth",
    "january|jan, february|feb, march|mar, april|apr, may, june|jun, july|jul, august|aug, september|sep|sept, "
    "october|oct, november|nov, december|dec",
    "monday|mon, tuesday|tue, wednesday|wed, thursday|thu, friday|fri, saturday|sat, sunday|sun",
    "daily, weekly, fortnightly|biweekly, monthly, quarterly, half yearly|semi annual, yearly|annual|annually",
    "aaa, aa+, aa, aa-, a+, a, a-, bbb+, bbb, bbb-, bb+, bb, bb-, b+, b, b-, ccc+, ccc, ccc-, cc, c, d",
)
_SCALES = tuple(
    {word: float(k) for k, step in enumerate(ladder.split(", ")) for word in step.split("|")} for ladder in _LADDERS
)
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_TIMES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
_BELOW = re.compile(r"<|≤|\b(?:under|below|less|fewer|up to|until|before|at most)\b(?: than)?")
_ABOVE = re.compile(r">|≥|\+|\b(?:over|above|more|plus|after|at least|beyond|from)\b(?: than)?")
_FEWEST_NUMBERED = 3  # words with a number, for one without to stand beside them


def in_order(words: Sequence[str]) -> tuple[list[int], str]:
    """Positions of different ``words`` in the order of their codes, and why they stand so."""
    plain = [" ".join(re.split(r"[\s_]+", word.strip().casefold())) for word in words]
    if len(words) == 2 and flags(words):
        return sorted(range(2), key=lambda k: plain[k] in _YES), "no comes first"
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
    return ranked, "in the order that was decided"


def _last(word: str) -> int:
    """Whether a word comes after all others: 2 for the rare ones together, 1 for those that say nothing."""
    return 2 if word.startswith(POOLED) else int(word in _ASIDE)


def _places(words: Sequence[str | None]) -> tuple[list[Place], str]:
    """Where each of ``words`` stands on a scale that holds them all, and which; at one place where there is none."""
    named = [word for word in words if word is not None]
    for scale in _SCALES if len(named) > 1 else ():
        steps = {word: scale.get(word, scale.get(re.sub(r"[-/]", " ", word))) for word in named}
        if None not in steps.values() and len(set(steps.values())) == len(named):
            return [(steps.get(word or "") or 0.0,) for word in words], "in the order of what the words say"
    places = [() if word is None else _numbers(word) for word in words]
    held = [place for place in places if place]
    enough = len(held) == len(named) > 1 or len(held) == len(named) - 1 >= _FEWEST_NUMBERED
    if enough and len(set(held)) == len(held) and len({_before(word) for word in named if _numbers(word)}) == 1:
        return [place or (float("inf"),) for place in places], "in the order of the numbers in the words"
    return [()] * len(words), ALPHABET


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
