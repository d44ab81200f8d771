"""What can be asked of one page, and every name that it has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TypeAlias

from model.report.ask.tokens import keys

Keys: TypeAlias = tuple[str, ...]
Setting: TypeAlias = tuple[str, float | str | None]  # a name and what it is put to; None takes it back
LITTLE = frozenset({"a", "an", "the", "of", "in", "with", "each", "is"})  # words that tell no two names apart
SHORTEST = 2  # letters of a beginning
MOST_OFFERED = 6
CLOSE = 0.7  # how alike a word and what it might have been must be, 1 being the same


@dataclass(frozen=True)
class Quantity:
    """How a number is read. ``size``: how many of the scenario's own units one of those typed is: 0.01 where fractions
    are told in percent. ``low``, ``high``: the range, in the scenario's. ``unit``: the contract's word for it.
    ``change``: at 0 nothing is changed, so that "by" and "to" say the same. ``money``: told in thousands, millions,
    billions. ``codes``: words for values, with those, where nothing else may be; ``special``: for what may be
    beside the range. ``whole``: whole numbers only."""

    low: float
    high: float
    unit: str = ""
    size: str = "1"
    change: bool = False
    money: bool = False
    codes: tuple[tuple[float, str], ...] = ()
    special: tuple[tuple[float, str], ...] = ()
    whole: bool = False

    @property
    def percent(self) -> bool:
        """Whether it is told in percent."""
        return self.unit.startswith(("%", "±%"))

    @property
    def points(self) -> bool:
        """Whether it is told in points."""
        return self.unit in ("pp", "points")


@dataclass(frozen=True)
class Term:
    """A number that can be set: the ``name`` that the scenario has for it, its ``label``, all its ``names``, how it is
    read and told. ``around``: what stands before and after its value in a sentence. ``needs``: a word without which a
    part of its names does not mean it. ``beyond``: the name of how far it is moved from where a preset puts it."""

    name: str
    label: str
    names: tuple[str, ...]
    quantity: Quantity
    tell: Callable[[float], str]
    around: tuple[tuple[str, str], ...] = ()
    needs: str = ""
    beyond: str = ""


@dataclass(frozen=True)
class Named:
    """What is set by its name alone: a preset, a point of its path, a band of a segment, a method. ``loose``: whether
    any of its words, in any order, are enough; ``baseline`` that it is not meant while something else may be."""

    label: str
    names: tuple[str, ...]
    settings: tuple[Setting, ...]
    kind: str
    loose: bool = False
    baseline: bool = False


@dataclass(frozen=True)
class TextTerm:
    """A text that can be set: an owner, a date."""

    name: str
    label: str
    names: tuple[str, ...]


Item: TypeAlias = Term | Named | TextTerm
Tier: TypeAlias = int  # 0 the whole name, 1 but for plural and little words, 2 some of its words, 3 their beginnings


@dataclass(frozen=True)
class Vocabulary:
    """All that can be asked of one page of one book; ``fillers`` are words that say nothing by themselves there."""

    items: tuple[Item, ...]
    currency: str
    fillers: frozenset[str]

    @cached_property
    def exact(self) -> dict[Keys, list[Item]]:
        """Everything by each of its whole names."""
        found: dict[Keys, list[Item]] = {}
        for item in self.items:
            for name in dict.fromkeys(keys(each, self.currency) for each in item.names):
                if name:
                    found.setdefault(name, []).append(item)
        return {name: self._labelled(name, items) for name, items in found.items()}

    def _labelled(self, name: Keys, items: list[Item]) -> list[Item]:
        """Those of which a name is the label, where it is that of any; else all."""
        return [each for each in items if keys(each.label, self.currency) == name] or items

    def clear_name(self, item: Item) -> str:
        """The label of an item; where other items have it too, what tells it from them: lever term, field term."""
        alike = {each.label for each in self.items if each is not item and each.label == item.label}
        return item.names[-1] if alike and isinstance(item, Term) else item.label

    @cached_property
    def terms(self) -> dict[str, Term]:
        """The numbers by the name that the scenario has for them."""
        return {each.name: each for each in self.items if isinstance(each, Term)}

    @cached_property
    def longest(self) -> int:
        """How many words the longest name has."""
        return max((len(each) for each in self.exact), default=0)

    @cached_property
    def around(self) -> tuple[tuple[Keys, Keys, Term], ...]:
        """What stands before and after the value of a term in a sentence."""
        return tuple(
            (keys(before, self.currency), keys(after, self.currency), item)
            for item in self.items
            if isinstance(item, Term)
            for before, after in item.around
        )

    @cached_property
    def spoken(self) -> tuple[tuple[Keys, Keys, Item], ...]:
        """Every name without its little words, as it is and word by word in the singular."""
        names = ((strip(name), item) for name, items in self.exact.items() for item in items)
        return tuple((name, tuple(map(singular_word, name)), item) for name, item in names)

    def loosely(self, given: Keys, kinds: tuple[type, ...]) -> tuple[Tier, list[Item]]:
        """What a part of a name may mean, and how much of one it is: the best of the tiers in which there is
        anything."""
        words = strip(given)
        begins = given[:1] and not {given[0], words[0]} & (self.fillers | LITTLE)
        if not begins or all(each[:1].isdigit() or each == "%" for each in words):
            return 3, []
        ones = tuple(map(singular_word, words))
        found: dict[Tier, dict[str, Item]] = {}
        for name, others, item in self.spoken:
            if isinstance(item, kinds):
                tier = _tier(words, ones, name, others, item)
                if tier is not None:
                    same = item.label if isinstance(item, Named) else item.name
                    found.setdefault(tier, {}).setdefault(same, item)
        best = min(found, default=3)
        return best, without_baselines(list(found.get(best, {}).values()))

    def close_to(self, text: str) -> list[Item]:
        """What a text that is no name may have been meant for: names that differ by a letter or two, the closest
        first."""
        written = {" ".join(name): item for name, _, item in self.spoken}
        alike = get_close_matches(" ".join(strip(keys(text, self.currency))), list(written), MOST_OFFERED, CLOSE)
        return list(dict.fromkeys(written[each] for each in alike))


def without_baselines(found: Sequence[Item]) -> list[Item]:
    """Who names a regulator and a year means the stress, not the baseline it is told from."""
    stressed = [each for each in found if not (isinstance(each, Named) and each.baseline)]
    return stressed or list(found)


def strip(name: Keys) -> Keys:
    """A name without its little words; whole if it has no others."""
    return tuple(each for each in name if each not in LITTLE) or name


def singular_word(word: str) -> str:
    """One of several: limits, limit."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _tier(words: Keys, ones: Keys, name: Keys, others: Keys, item: Item) -> Tier | None:
    if isinstance(item, Term) and item.needs and item.needs not in ones:
        return None
    if isinstance(item, Named) and item.loose:
        return 2 if set(ones) <= set(others) else None
    if ones == others:
        return 1
    if len(ones) > len(others):
        return None
    if _in_order(ones, others, str.__eq__):
        return 2
    begins = all(len(each) >= SHORTEST or each.isdigit() for each in ones)
    return 3 if begins and _in_order(words, name, _begins) else None


def _begins(word: str, whole: str) -> bool:
    return word == whole if word[:1].isdigit() else whole.startswith(word)


def _in_order(words: Sequence[str], name: Sequence[str], same: Callable[[str, str], bool]) -> bool:
    rest = iter(name)
    return all(any(same(word, each) for each in rest) for word in words)


def initials(label: str) -> tuple[str, ...]:
    """What a label is called for short: LGD; none of a single word."""
    words = [each for each in keys(label) if each.isalpha() and each not in LITTLE]
    return ("".join(each[0] for each in words),) if len(words) > 1 else ()
