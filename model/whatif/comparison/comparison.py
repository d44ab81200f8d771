"""What is compared: two to five scenarios of one subject, each with a name, in an order that is kept.

An address carries it so that it can be read: ``of=book&1=As it stands&2=Fed, half&2.preset=…&2.severity=50``. The first
is what the others are held against.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from data.books import Book
from data.errors import BadInput, OutOfRange
from model.whatif.book.scenario import FULL, BookScenario
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy.scenario import PolicyScenario
from model.whatif.saved import LONGEST_NAME, SUBJECTS, Scenario, Subject, read_query

LEAST, MOST = 2, 5
OF, WEIGHT_OF = "of", "weight."
MEMBER = re.compile(r"([1-9])(?:\.(.+))?\Z")


@dataclass(frozen=True)
class ComparedScenario:
    """One of those compared: its ``name``, what it assumes, and its ``weight`` in percent, 0 for none."""

    name: str
    scenario: Scenario
    weight: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """What is compared of a ``subject``: the first ``members`` entry is what the others are held against."""

    subject: Subject = "book"
    members: tuple[ComparedScenario, ...] = field(default=())

    def beginning(self, scenario: Scenario) -> Scenario | None:
        """What a comparison with a first ``scenario`` begins with: the same as it stands without any change; None
        where it has a beginning already, or there is nothing to take back."""
        if self.members:
            return None
        plain: Scenario = BookScenario()
        if isinstance(scenario, PolicyScenario):
            plain = PolicyScenario()
        elif isinstance(scenario, CustomerScenario):
            plain = CustomerScenario(scenario.customer, scenario.own)
        return None if plain == scenario else plain

    @property
    def ready(self) -> bool:
        """Whether there are enough to compare."""
        return len(self.members) >= LEAST

    def with_member(self, name: str, scenario: Scenario) -> "Comparison":
        """With one more, the last. One that assumes the same as another is there already.

        Raises
        ------
        BadInput
            If there are five, nobody is chosen, or the name cannot be one.
        """
        if isinstance(scenario, CustomerScenario) and not scenario.chosen:
            raise BadInput("Nobody is chosen who could be compared. Choose somebody first.")
        if any(each.scenario == scenario for each in self.members):
            return self
        if len(self.members) >= MOST:
            raise BadInput(f"At most {MOST} can be compared. Take one out first.")
        return replace(self, members=(*self.members, ComparedScenario(self._apart(name), scenario)))

    def _apart(self, name: str) -> str:
        """A name that none of the others has."""
        told = " ".join(name.split())
        if not told or len(told) > LONGEST_NAME or not told.isprintable():
            raise BadInput(f"A name takes 1 to {LONGEST_NAME} printable characters; {name[:40]!r} was given.")
        taken, k, found = {each.name for each in self.members}, 2, told
        while found in taken:
            found, k = f"{told} ({k})", k + 1
        return found

    def without(self, number: int) -> "Comparison":
        """Without the one of a ``number``, 1 for the first."""
        return replace(self, members=self.members[: number - 1] + self.members[number:])

    def earlier(self, number: int) -> "Comparison":
        """With the one of a ``number`` before its neighbour; the first stays."""
        if not 1 < number <= len(self.members):
            return self
        order = list(self.members)
        order[number - 2 : number] = order[number - 1], order[number - 2]
        return replace(self, members=tuple(order))

    def renamed(self, number: int, name: str) -> "Comparison":
        """With the one of a ``number`` called otherwise. BadInput if that cannot be a name."""
        return self._changed(number, replace(self.members[number - 1], name=self.without(number)._apart(name)))

    def weighted(self, number: int, weight: float) -> "Comparison":
        """With the one of a ``number`` given a ``weight`` in percent. OutOfRange if that is none."""
        if not 0 <= weight <= FULL:
            raise OutOfRange(f"A weight must be 0 to 100 %; {weight:,.12g} was given.")
        return self._changed(number, replace(self.members[number - 1], weight=float(weight)))

    def _changed(self, number: int, member: ComparedScenario) -> "Comparison":
        return replace(self, members=(*self.members[: number - 1], member, *self.members[number:]))

    # ---- the address --------------------------------------------------------------------------------------------

    def to_query(self, shown: bool = True) -> dict[str, str]:
        """The comparison as an address carries it; with ``shown`` off, nothing."""
        if not shown or self == Comparison():
            return {}
        found = {OF: str(self.subject)}
        for k, each in enumerate(self.members, 1):
            found[f"{k}"] = each.name
            found |= {f"{k}.{name}": value for name, value in each.scenario.to_query().items()}
            found |= {f"{WEIGHT_OF}{k}": f"{each.weight:.12g}"} if each.weight else {}
        return found

    @classmethod
    def from_query(cls, book: Book, query: Mapping[str, str], shown: bool = True) -> "tuple[Comparison, list[str]]":
        """The comparison that an address carries, and what was wrong with it: what cannot be is left out and told."""
        if not shown or not query:
            return cls(), []
        subject = next((each for each in SUBJECTS if each == query.get(OF, SUBJECTS[0])), None)
        if subject is None:
            known = ", ".join(SUBJECTS)
            return cls(), [f"What is compared must be one of {known}; {query[OF]!r} was given. Nothing is compared."]
        found, complaints = cls(subject), list[str]()
        parts: dict[int, dict[str, str]] = {}
        for name, value in query.items():
            part = MEMBER.match(name)
            if part is not None:
                parts.setdefault(int(part[1]), {})[part[2] or ""] = value
            elif name != OF and not name.startswith(WEIGHT_OF):
                complaints.append(f"{name!r} in the address is nothing that can be compared; it was left out.")
        for k in sorted(parts):
            own = parts[k]
            name = own.pop("", f"Number {k}")
            scenario, wrong = read_query(subject, book, own)
            complaints += [f"{name}: {each}" for each in wrong]
            try:
                found = found.with_member(name, scenario)
                if f"{WEIGHT_OF}{k}" in query and found.members[-1].scenario == scenario:
                    found = found.weighted(len(found.members), float(query[f"{WEIGHT_OF}{k}"]))
            except (BadInput, ValueError) as error:
                complaints.append(f"{name}: {error} It was left out.")
        return found, complaints
