"""What is known of a book in the making when somebody looks at it: the file, what was proposed, what was decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from data.proposing.decisions import AS_PROPOSED, ColumnKind, ColumnRole
from data.proposing.glance import ColumnGlance, OutcomeWord
from data.proposing.money import NO_AMOUNT, NO_CURRENCY, AmountCandidate
from data.proposing.outline import ColumnOutline
from model.release.begun import BegunBook, Place, decided
from model.release.begun_contract import WrittenContract

ROLES: Mapping[ColumnRole, str] = {
    "input": "input",
    "post-outcome": "known only afterwards",
    "protected": "protected",
    "vintage": "year of origin",
    "identifier": "identifier",
    "left out": "left out",
}
KINDS: Mapping[ColumnKind, str] = {"number": "number", "category": "category"}
AMOUNT = "amount"  # the unit of money, in whatever currency
_PROPOSED = frozenset({"role", "label", "kind", "unit", "direction", "special"})  # what an outline says of a column
DIRECTIONS: Mapping[int, str] = {1: "more is riskier", 0: "as learned", -1: "more is safer"}


@dataclass(frozen=True, eq=False)
class FileReview:
    """A book in the making. ``glances`` are its columns in the file's order, ``outlines`` what was proposed of them, by
    their names in the file; ``words`` the outcome's, ``contract`` what was written, None before. ``money`` is the sign
    of amounts, ``amounts`` the columns that may be what is owed."""

    begun: BegunBook
    glances: tuple[ColumnGlance, ...]
    outlines: Mapping[str, ColumnOutline]
    words: tuple[OutcomeWord, ...] = ()
    contract: WrittenContract | None = None
    money: str = ""
    amounts: tuple[AmountCandidate, ...] = ()
    glanced: Mapping[str, ColumnGlance] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "glanced", {each.name: each for each in self.glances})

    @property
    def bad(self) -> int:
        """Rows with the bad outcome."""
        return sum(each.rows for each in self.words if each.word in self.begun.decisions.bad)

    @property
    def left_out(self) -> int:
        """Rows without an outcome that counts."""
        return sum(each.rows for each in self.words if not each.word or each.word in self.begun.decisions.drop)

    @property
    def good(self) -> int:
        """Rows with the good outcome."""
        return sum(each.rows for each in self.words) - self.bad - self.left_out

    @property
    def bad_rate(self) -> float:
        """The share of bad ones among those that count."""
        return self.bad / max(self.bad + self.good, 1)

    @property
    def outcome_chosen(self) -> bool:
        """Whether there are bad and good rows."""
        return bool(self.begun.decisions.target and self.bad and self.good)

    @property
    def reviewed(self) -> tuple[ColumnGlance, ...]:
        """The columns that are looked at: all but the outcome and what numbers the records."""
        return tuple(each for each in self.glances if each.name in self.outlines)

    def role(self, name: str) -> ColumnRole:
        """What a column is, as decided or proposed."""
        return self.begun.decisions.of(name).role or self.outlines[name].role

    def kind(self, name: str) -> ColumnKind:
        """What its cells are, likewise."""
        proposed: ColumnKind = "category" if self.glanced[name].held == "words" else self.outlines[name].kind
        return self.begun.decisions.of(name).kind or proposed

    def unit(self, name: str) -> str:
        """Its unit, likewise; `AMOUNT` for money."""
        said = self.begun.decisions.of(name).unit
        return self._unit(self.outlines[name].unit if said is None else said)

    def _unit(self, unit: str) -> str:
        return AMOUNT if unit and unit in (NO_CURRENCY, self.money) else unit

    def label(self, name: str) -> str:
        """What it is called, likewise."""
        return self.begun.decisions.of(name).label or self.outlines[name].label

    def direction(self, name: str) -> int:
        """Which way it goes with risk, likewise."""
        said = self.begun.decisions.of(name).direction
        return self.outlines[name].direction if said is None else said

    def special(self, name: str) -> Mapping[float, str]:
        """Numbers that look like codes and what they mean, "" where one is none."""
        said, proposed = self.begun.decisions.of(name).special, self.outlines[name].special
        codes = sorted({*self.glanced[name].special, *proposed, *said})
        return {code: said.get(code, "" if said else proposed.get(code, "")) for code in codes}

    def order(self, name: str) -> tuple[str, ...]:
        """Its words, lowest first."""
        said, proposed = self.begun.decisions.of(name).order, self.outlines[name].words or self.glanced[name].words
        return (*said, *(word for word in proposed if word not in said))

    def of_role(self, role: ColumnRole) -> tuple[str, ...]:
        """The columns of one role."""
        return tuple(each.name for each in self.reviewed if self.role(each.name) == role)

    @property
    def owed(self) -> tuple[str, ...]:
        """The columns that were taken for what is owed: one, a balance and its limit, or none."""
        return tuple(each.column for each in self.amounts if each.chosen)

    @property
    def waiting(self) -> tuple[Place, ...]:
        """The places that were decided otherwise than the book was proposed: it must be proposed anew with them."""
        return tuple(each for each in self.begun.waiting if not self._as_proposed(each))

    def _as_proposed(self, place: Place) -> bool:
        """Whether what is decided at a place is what was proposed there without being told."""
        value = decided(self.begun.decisions, place)
        if place == ("amount",):
            return (value,) == (self.owed or (NO_AMOUNT,))
        if len(place) != 3 or place[1] not in self.outlines or value in (None, (), {}):
            return False
        outline = self.outlines[place[1]]
        if place[2] == "unit":
            return self._unit(str(value)) == self._unit(outline.unit)
        return place[2] in _PROPOSED and bool(value == getattr(outline, place[2]))

    def is_decided(self, name: str) -> bool:
        """Whether a person decided anything about a column."""
        return self.begun.decisions.of(name) != AS_PROPOSED
