"""What a paper is asked of, as somebody writes it who has no page before them: a scenario by its name, or in the words
of its page's address."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

import numpy as np

from data.books import Book
from data.contract import Contract
from data.errors import BadInput
from model.record.scenarios import ScenarioStore
from model.report.comparison.briefing import name_of_member
from model.report.scenarios.words import kept_words
from model.whatif.book.scenario import BookScenario
from model.whatif.comparison.comparison import MEMBER, OF, Comparison
from model.whatif.customer.scenario import CUSTOMER, CustomerScenario
from model.whatif.saved import MADE_WITH, SAVED, SavedScenario, Scenario, Subject, in_force, read_query

NOT_ASSUMED = {MADE_WITH, SAVED, "book"}  # in an address: not what is assumed


@dataclass(frozen=True)
class AskedScenario:
    """A scenario; under which ``name`` it is kept, "" under none, and whose it is."""

    scenario: Scenario
    name: str = ""
    history: str = ""


def asked_scenario(book: Book, text: str, store: ScenarioStore, subject: Subject = "book") -> AskedScenario:
    """The scenario that a ``text`` means: a query such as "preset=…&severity=50", the whole address of a page, or the
    name or id of one that is kept; "" is the book as it stands.

    Raises
    ------
    BadInput
        If nothing is kept under that name, or a part of the query means nothing.
    """
    if not text.strip():
        return AskedScenario(read_query(subject, book, {})[0])
    if "=" not in text:
        return _kept(book, text.strip(), store)
    scenario, complaints = read_query(subject, book, query_of(text))
    _refuse(complaints)
    return AskedScenario(scenario)


def asked_book_scenario(contract: Contract, text: str, store: ScenarioStore) -> BookScenario:
    """The same of a book that is not in memory, of which the ``contract`` is enough.

    Raises
    ------
    BadInput
        If it is none of the book, and where `asked_scenario` does.
    """
    if text.strip() and "=" not in text:
        kept = _kept_as(contract, text.strip(), store)
        if kept.subject != "book":
            raise BadInput(f"“{kept.name}” is a scenario of a {kept.subject}. Name one of the book.")
    none = np.empty(0)
    raw, ids = np.empty((len(contract.record), 0)), np.empty(0, np.int64)
    book = Book(contract, raw, ids=ids, target=none, observed={}, sha256="")
    found = asked_scenario(book, text, store).scenario
    assert isinstance(found, BookScenario)
    return found


def asked_customer(book: Book, customer: int, text: str, store: ScenarioStore) -> AskedScenario:
    """A customer by number, with the edits of a query, or under a scenario of the book that is kept."""
    if text.strip() and "=" not in text:
        found = _kept(book, text.strip(), store)
        if isinstance(found.scenario, BookScenario):
            under = CustomerScenario(customer).asked_under(book.contract, found.scenario)
            return AskedScenario(under, history=f"Under the book's scenario {found.history}")
        return found
    scenario, complaints = read_query("customer", book, query_of(text) | {CUSTOMER: str(customer)})
    _refuse(complaints)
    return AskedScenario(scenario)


def asked_comparison(book: Book, texts: Sequence[str], store: ScenarioStore) -> Comparison:
    """Those named one by one, each as `asked_scenario` reads it, before a first one alone the book as it stands; or the
    address of a whole comparison."""
    if len(texts) == 1 and of_comparison(texts[0]):
        found, complaints = Comparison.from_query(book, query_of(texts[0]))
        _refuse(complaints)
        return found
    asked = [asked_scenario(book, text, store) for text in texts]
    subject: Subject = "customer" if isinstance(asked[0].scenario, CustomerScenario) else "book"
    found = Comparison(subject)
    plain = found.beginning(asked[0].scenario) if len(asked) == 1 else None
    if plain is not None:
        found = found.with_member(name_of_member(book.contract, plain), plain)
    for each in asked:
        if type(each.scenario) is not type(asked[0].scenario):
            raise BadInput("Only scenarios of one subject are compared. Name those of the book, or those of customers.")
        found = found.with_member(each.name or name_of_member(book.contract, each.scenario), each.scenario)
    return found


def of_comparison(text: str) -> bool:
    """Whether a text is the address of a whole comparison."""
    query = query_of(text)
    return OF in query or any(map(MEMBER.match, query))


def query_of(text: str) -> dict[str, str]:
    """The parts of a query, of an address too: what says how the address was made is none."""
    pairs = parse_qsl(text.rpartition("?")[2].strip(), keep_blank_values=True)
    return {name: value for name, value in pairs if name not in NOT_ASSUMED}


def _kept(book: Book, name: str, store: ScenarioStore) -> AskedScenario:
    found = _kept_as(book.contract, name, store)
    query, complaints = in_force(found, book, store.find)
    scenario, others = read_query(found.subject, book, query)
    _refuse([*complaints, *others])
    return AskedScenario(scenario, found.name, kept_words(found))


def _kept_as(contract: Contract, name: str, store: ScenarioStore) -> SavedScenario:
    """What is kept under a name or an id."""
    listed = store.listed(contract.book.name)
    found = [each for each in listed if name in (each.id, each.name)]
    if not found:
        known = ", ".join(f"“{each.name}”" for each in listed[:8]) or "none is kept"
        raise BadInput(f"No scenario is kept under {name[:60]!r}; there are: {known}. A query has an equals sign.")
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise BadInput(f"Several scenarios are called {name!r}. Name one by its id: {ids}.")
    return found[0]


def _refuse(complaints: Sequence[str]) -> None:
    """What a page leaves out and tells, a command refuses: nobody reads along in a schedule."""
    if complaints:
        raise BadInput(" ".join(complaints))
