"""Which of the saved scenarios somebody looks for, as an address carries it: ``state=draft&owner=Ada&tag=board``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from data.errors import BadInput
from model.whatif.saved import LONGEST_NOTE, STATES, SavedScenario

ALL = "all"  # of a state: archived ones, too
WANTED = ("", *STATES, ALL)


@dataclass(frozen=True)
class ScenarioFilter:
    """Scenarios of a ``state``, "" for all in use, `ALL` for archived ones, too; of an ``owner``; with a ``tag``; with
    every word of a ``text`` in their name, note, owner or tags. "" asks nothing, and case never counts.

    Raises
    ------
    BadInput
        If there is no such state, or a text is longer than a note may be.
    """

    state: str = ""
    owner: str = ""
    tag: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        if self.state not in WANTED:
            known = ", ".join(each for each in WANTED if each)
            raise BadInput(f"Scenarios are looked for by a state of {known}; {self.state[:40]!r} was given.")
        for name in ("owner", "tag", "text"):
            if len(getattr(self, name)) > LONGEST_NOTE:
                raise BadInput(f"What is looked for has at most {LONGEST_NOTE:,} characters; {name} has more.")

    @property
    def archived(self) -> bool:
        """Whether archived ones are looked for, too."""
        return self.state in ("archived", ALL)

    def among(self, scenarios: Iterable[SavedScenario]) -> tuple[SavedScenario, ...]:
        """Those looked for, in their order."""
        words = self.text.casefold().split()
        return tuple(each for each in scenarios if self._wants(each, words))

    def _wants(self, scenario: SavedScenario, words: list[str]) -> bool:
        if self.state in STATES and scenario.state != self.state:
            return False
        if scenario.state == "archived" and not self.archived:
            return False
        if self.owner and scenario.owner.strip().casefold() != self.owner.strip().casefold():
            return False
        if self.tag and self.tag.strip().casefold() not in (each.casefold() for each in scenario.tags):
            return False
        told = "\n".join((scenario.name, scenario.note, scenario.owner, *scenario.tags)).casefold()
        return all(each in told for each in words)

    # ---- the address --------------------------------------------------------------------------------------------

    def to_query(self) -> dict[str, str]:
        """What is looked for as an address carries it."""
        return {name: getattr(self, name) for name in PARTS if getattr(self, name)}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "tuple[ScenarioFilter, list[str]]":
        """What an address looks for, and what was wrong with it: what cannot be is left out and told."""
        found, complaints = cls(), list[str]()
        for name, value in query.items():
            try:
                if name not in PARTS:
                    raise BadInput(f"{name!r} in the address is nothing here.")
                found = replace(found, **{name: value.strip()})
            except BadInput as error:
                complaints.append(f"{str(error).rstrip('.')}; it was left out.")
        return found, complaints


PARTS = tuple(each.name for each in fields(ScenarioFilter))
NOT_FILTERED = ScenarioFilter()
