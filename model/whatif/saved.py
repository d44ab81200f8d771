"""A what-if kept under a name: who owns it, what it assumes, what it stands on, and the numbers it had at saving.

What is assumed stands in it as a page's address carries it, so that whatever a page can ask can be kept, and an old one
is read by the same rules as an old link. The values themselves are kept by `model.record.scenarios`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from data.books import Book
from data.errors import BadInput, BookError
from model.whatif.book.scenario import BookScenario, parts
from model.whatif.customer.scenario import CustomerScenario
from model.whatif.policy.scenario import PolicyScenario

Subject = Literal["book", "customer", "policy"]
State = Literal["draft", "submitted", "signed", "archived"]
Scenario: TypeAlias = BookScenario | CustomerScenario | PolicyScenario
Query: TypeAlias = Mapping[str, str]
Pairs: TypeAlias = tuple[tuple[str, str], ...]

SUBJECTS: tuple[Subject, ...] = get_args(Subject)
STATES: tuple[State, ...] = get_args(State)
LONGEST_NAME, LONGEST_NOTE, LONGEST_TAG = 100, 2000, 40  # characters
MOST_TAGS, MOST_PARTS, LONGEST_QUERY = 12, 400, 40_000
DEEPEST = 8  # scenarios that stand on each other
SAVED = "saved-as"  # in an address: the id of the scenario that is open; no lever or field can be called so
MADE_WITH = "made-with"  # in a link: which release answered when it was made
TAKEN_BACK = ""  # of a part that what it stands on assumes, and this one does not


@dataclass(frozen=True)
class SavedScenario:
    """A what-if about a ``subject`` of a ``book``. ``query``: all that it assumes, as an address carries it, at saving.
    ``stands_on``: the id of the scenario below it, "" for none; ``own``: what it assumes on top of that one,
    `TAKEN_BACK` for a part it does not take over. It ``follows`` what it stands on, or keeps its ``query`` whatever
    becomes of that.

    ``release``, ``contract_sha256`` and ``day`` (ISO): what gave its ``numbers``, which are by name and unrounded, and
    as of when. ``version`` counts its changes, 0 before it was first kept; ``changed_at`` (UTC) and ``changed_by`` tell
    of the latest. ``submitted_by``, ``reviewed_by`` and ``word`` tell of its sign-off.

    Raises
    ------
    BadInput
        If a part cannot be kept.
    """

    name: str
    book: str
    subject: Subject
    query: Pairs
    owner: str
    note: str = ""
    tags: tuple[str, ...] = ()
    stands_on: str = ""
    own: Pairs = ()
    follows: bool = True
    release: str = ""
    contract_sha256: str = ""
    day: str = ""
    numbers: tuple[tuple[str, float], ...] = ()
    state: State = "draft"
    version: int = 0
    id: str = ""
    changed_at: datetime | None = None
    changed_by: str = ""
    submitted_by: str = ""
    reviewed_by: str = ""
    word: str = ""

    def __post_init__(self) -> None:
        _check_text("A scenario's name", self.name, 1, LONGEST_NAME)
        _check_text("A scenario's owner", self.owner, 1, 200)
        _check_text("A note", self.note, 0, LONGEST_NOTE, several_lines=True)
        _check_text("A word on a review", self.word, 0, LONGEST_NOTE, several_lines=True)
        if self.subject not in SUBJECTS:
            raise BadInput(
                f"A scenario is about {', '.join(SUBJECTS[:-1])} or {SUBJECTS[-1]}; {self.subject!r} was given."
            )
        if self.state not in STATES:
            raise BadInput(f"A scenario is {', '.join(STATES[:-1])} or {STATES[-1]}; {self.state!r} was given.")
        if len(self.tags) > MOST_TAGS:
            raise BadInput(f"A scenario may have {MOST_TAGS} tags; {len(self.tags)} were given.")
        for tag in self.tags:
            _check_text("A tag", tag, 1, LONGEST_TAG)
            if "," in tag:
                raise BadInput(f"A tag has no comma; {tag!r} was given. Give several tags one by one.")
        for pairs in (self.query, self.own):
            if len(pairs) > MOST_PARTS or sum(len(name) + len(value) for name, value in pairs) > LONGEST_QUERY:
                raise BadInput(
                    f"A scenario may assume {MOST_PARTS} things; this assumes {len(pairs)}, or at great length."
                )
            for name, value in pairs:
                _check_text("What a scenario assumes", name, 1, 200)
                _check_text(f"The value of {name}", value, 0, LONGEST_QUERY)

    @property
    def editable(self) -> bool:
        """Whether it may still be changed: what was submitted, signed or archived may not."""
        return self.state == "draft"

    def assuming(self, book: Book, query: Query, base: Query | None = None) -> "SavedScenario":
        """The same with another ``query``; its own part of it is what differs from ``base``, what it stands on
        assumes. None where it stands on nothing."""
        if base is None:
            return replace(self, query=tuple(query.items()), own=(), stands_on="")
        own = on_top(self.subject, book, base, query)
        return replace(self, query=tuple(query.items()), own=tuple(own.items()))


def _check_text(what: str, text: str, least: int, most: int, several_lines: bool = False) -> None:
    printed = re.sub(r"[\n\r\t]", " ", text) if several_lines else text
    printed = re.sub(
        r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]", " ", printed
    )  # spaces, as the pages' own sentences have
    if not least <= len(text.strip()) or len(text) > most or not printed.isprintable():
        given = f"{len(text):,} were given" if len(text) > most else f"{text[:40]!r} was given"
        raise BadInput(f"{what} takes {least:,} to {most:,} printable characters; {given}.")


# ---- read and written as an address ---------------------------------------------------------------------------------


def read_query(subject: Subject, book: Book, query: Query) -> tuple[Scenario, list[str]]:
    """The scenario that a query means, and what was wrong with it."""
    if subject == "customer":
        return CustomerScenario.from_query(book, query)
    if subject == "policy":
        return PolicyScenario.from_query(book.contract, query)
    return BookScenario.from_query(book.contract, query)


# ---- on top of another ----------------------------------------------------------------------------------------------


def on_top(subject: Subject, book: Book, base: Query, query: Query) -> dict[str, str]:
    """What a scenario assumes on top of its ``base``, so that `stacked` of both gives its ``query`` again."""
    own = {name: value for name, value in query.items() if base.get(name) != value}
    own |= {name: TAKEN_BACK for name in base if name not in query}
    if stacked(subject, book, base, own)[0] == read_query(subject, book, query)[0].to_query():
        return own
    everything = {name: TAKEN_BACK for name in base if name not in query} | dict(query)
    return everything  # parts that exclude each other: all of them are its own


def stacked(subject: Subject, book: Book, base: Query, own: Query) -> tuple[dict[str, str], list[str]]:
    """The query of a scenario that stands on another, its ``own`` part on top of the ``base``; and what cannot be so
    any more, which is left out and told."""
    if subject != "book":
        both = {name: value for name, value in {**base, **own}.items() if value != TAKEN_BACK}
        found, complaints = read_query(subject, book, both)
        return found.to_query(), complaints
    contract = book.contract
    scenario, complaints = BookScenario.from_query(contract, base)
    known = parts(contract)
    complaints += [
        f"{name!r} is nothing that can be assumed here; it was left out." for name in own if name not in known
    ]
    gone = [name for name in known if own.get(name) == TAKEN_BACK]
    put = [name for name in known if own.get(name, TAKEN_BACK) != TAKEN_BACK]
    for name in (*gone, *put):
        try:
            if own[name] == TAKEN_BACK and name not in dict(scenario.values):
                continue
            scenario = scenario.with_value(contract, name, own[name] or None)
        except (BadInput, BookError) as error:
            complaints.append(f"{error} It was left out.")
    return scenario.to_query(), complaints


Find: TypeAlias = Callable[[str], SavedScenario]  # a saved scenario by its id; StoreError if there is none


def in_force(scenario: SavedScenario, book: Book, find: Find) -> tuple[dict[str, str], list[str]]:
    """What a scenario assumes now: where it follows what it stands on, that one's assumptions as they are now, its own
    on top.

    Raises
    ------
    BadInput
        If scenarios stand on each other in a circle, or too many of them.
    StoreError
        If one that it stands on is gone.
    """
    chain = [scenario, *below(scenario, find)]
    bottom = chain.pop()
    query, complaints = dict(bottom.query), list[str]()
    while chain:
        query, told = stacked(scenario.subject, book, query, dict(chain.pop().own))
        complaints += told
    return query, complaints


def below(scenario: SavedScenario, find: Find) -> list[SavedScenario]:
    """What a scenario follows, the nearest first: what it stands on, and so on down to one that stands by itself or is
    frozen. Raises what `in_force` does."""
    found, seen, last = list[SavedScenario](), {scenario.id} - {""}, scenario
    while last.stands_on and last.follows:
        last = find(last.stands_on)
        if last.id in seen:
            raise BadInput(
                f"“{scenario.name}” would stand on itself, by way of “{(found or [last])[-1].name}”. Choose another "
                "scenario for it to stand on."
            )
        if (last.book, last.subject) != (scenario.book, scenario.subject):
            raise BadInput(
                f"“{scenario.name}” is about {scenario.subject} and cannot stand on “{last.name}”, which is about "
                f"{last.subject}{'' if last.book == scenario.book else ' of another book'}."
            )
        seen.add(last.id)
        found.append(last)
        if len(found) > DEEPEST:
            raise BadInput(f"At most {DEEPEST} scenarios may stand on each other; “{scenario.name}” would be one more.")
    return found


@dataclass(frozen=True)
class ScenarioChange:
    """One version of a scenario: the ``scenario`` as it was from then on, and ``what`` was done by whom, and when."""

    scenario: SavedScenario
    what: str
    who: str
    at: datetime


# ---- opened again ---------------------------------------------------------------------------------------------------

SAME = 1e-12


@dataclass(frozen=True)
class OpenedScenario:
    """A scenario looked at again. ``query``: what it assumes now; ``now``: its numbers by the model that answers now,
    ``model``, and ``contract_sha256`` of that. ``then``: what it assumed at saving, by the release that gave its
    numbers, asked again as of that day; None where that cannot be asked, and ``gone`` says why. ``below``: what it
    stands on, the nearest first. ``complaints``: what of it means nothing any more, and was left out."""

    scenario: SavedScenario
    query: Pairs
    now: tuple[tuple[str, float], ...]
    model: str
    contract_sha256: str
    then: tuple[tuple[str, float], ...] | None
    gone: str = ""
    below: tuple[SavedScenario, ...] = ()
    complaints: tuple[str, ...] = ()

    @property
    def another_model(self) -> bool:
        """Whether another model answers than at saving, or the same one under another contract."""
        kept = self.scenario
        return (kept.release, kept.contract_sha256) != (self.model, self.contract_sha256)

    @property
    def base_changed(self) -> bool:
        """Whether it assumes something else than at saving, because what it stands on does."""
        return dict(self.query) != dict(self.scenario.query)

    @property
    def reproduced(self) -> bool | None:
        """Whether the release of saving gives the very numbers of saving again; None where it cannot be asked."""
        return None if self.then is None else same_numbers(self.then, self.scenario.numbers)


def same_numbers(one: tuple[tuple[str, float], ...], other: tuple[tuple[str, float], ...]) -> bool:
    """Whether two sets of numbers are the same to the last digits that are told."""
    first, second = dict(one), dict(other)
    return first.keys() == second.keys() and all(
        abs(value - second[name]) <= SAME * max(1.0, abs(value)) for name, value in first.items()
    )
