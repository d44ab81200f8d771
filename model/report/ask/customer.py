"""One record asked in words: who is looked at, and what is changed of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from math import isnan
from typing import TypeAlias

from data.arrays import Array
from data.books import Book
from data.contract import Contract, Field, Lever, bounds, capitalised, lower
from data.errors import BadInput, BookError, WhatIfError
from model.report import numbers
from model.report.ask.amounts import exact_words
from model.report.ask.book import FILLERS, assumption_term
from model.report.ask.grammar import LineRead, Puzzle, first_of, parse, said_twice
from model.report.ask.policy import cutoff_term, policy_example
from model.report.ask.reading import AskedChip, AskReading
from model.report.ask.tokens import END, keys
from model.report.ask.vocabulary import Item, Named, Quantity, Setting, Term, Vocabulary, initials
from model.report.customer.words import assumption_chip, edit_chip
from model.whatif.customer.scenario import CUSTOMER, CustomerScenario, apply
from model.whatif.customer.sensitivity import lever_reaching
from model.whatif.customer.starting_points import id_range

MOST_CUSTOMERS = 10**12
FAR = 1e12  # farther than any input of a record lies
SHOWN = ".shown"  # after a lever's name: what it shows; no lever or field has a point in its name
EVERYDAY = {  # words of the trade for what a label says, by words that it must have
    "utilisation": frozenset({"limit", "used"}),
    "utilization": frozenset({"limit", "used"}),
}


Standing: TypeAlias = Callable[[CustomerScenario], Array]


def read_customer_line(
    book: Book,
    scenario: CustomerScenario,
    line: str,
    *,
    starting_points: Mapping[str, int],
    standing: Standing,
) -> AskReading[CustomerScenario]:
    """What a line means for one record, which it may name; nothing is changed by it.

    ``starting_points``: records by what they are an example of. ``standing`` gives the record (fields, 1) that a
    scenario's edits are made on, and raises a BookError or BadInput where it cannot be.
    """
    contract = book.contract
    vocabulary = customer_vocabulary(contract, id_range(book), tuple(starting_points.items()))
    parsed = parse(line, vocabulary, partial(_now, contract, scenario, standing))
    after, puzzles = _after(book, scenario, parsed, standing=standing)
    return AskReading(line, after, tuple(_differences(contract, scenario, after)), puzzles)


def _now(contract: Contract, scenario: CustomerScenario, standing: Standing, name: str) -> float | None:
    """Where a number stands; None where nobody is looked at, or the record cannot be."""
    edits, assumed = dict(scenario.edits), scenario.values(contract)
    if name in assumed or name in edits:
        return assumed.get(name, edits.get(name))
    if not scenario.chosen or name == CUSTOMER:
        return None
    try:
        base = standing(scenario)
        if name.endswith(SHOWN):
            inputs = contract.derive(apply(contract, base, edits))
            names = [each.name for each in contract.inputs]
            value = float(inputs[names.index(contract.lever(name.removesuffix(SHOWN)).shows), 0])
        elif name in {each.name for each in contract.levers}:
            value = float(contract.lever_start(name, base)[0])
        else:
            value = float(apply(contract, base, edits)[contract.row[name], 0])
    except (BookError, BadInput):
        return None
    return None if isnan(value) else value


def _after(
    book: Book, scenario: CustomerScenario, parsed: LineRead, standing: Standing
) -> tuple[CustomerScenario, tuple[Puzzle, ...]]:
    contract, twice = book.contract, said_twice(parsed)
    after, puzzles = scenario, [*parsed.puzzles, *twice.values()]
    for name, value in first_of(parsed.settings, CUSTOMER):
        if name in twice:
            continue
        try:
            after = _with(book, after, (name, value), standing=standing)
        except WhatIfError as error:
            puzzles.append(Puzzle(parsed.said[name], str(error)))
    if after.chosen and after.edits != scenario.edits:
        try:
            apply(contract, standing(after), after.edits)
        except WhatIfError as error:
            edited = dict(after.edits)
            said = f"{END} ".join(text for name, text in parsed.said.items() if name.removesuffix(SHOWN) in edited)
            puzzles.append(Puzzle(said, str(error)))
            same = (after.customer, after.own) == (scenario.customer, scenario.own)
            after = replace(after, edits=scenario.edits if same else ())
    return after, tuple(puzzles)


def _with(book: Book, scenario: CustomerScenario, setting: Setting, standing: Standing) -> CustomerScenario:
    name, given = setting
    contract, one = book.contract, book.contract.book.record
    value = None if given is None else float(given)
    if name == CUSTOMER:
        number = int(value or 0)
        book.record(number)
        same = number == scenario.customer
        return scenario if same else replace(scenario, customer=number, own=(), edits=())
    if name in scenario.values(contract):
        return scenario.assumed(contract, name, value)
    if not scenario.chosen:
        raise BadInput(f"No {one} is looked at. Name one in the same line: {one} {int(book.ids[0])}.")
    if name.endswith(SHOWN) and value is not None:
        lever = name.removesuffix(SHOWN)
        reached = lever_reaching(contract, standing(scenario), dict(scenario.edits), name=lever, target=value)
        if reached is None:
            raise BadInput(f"{contract.lever(lever).label} alone does not bring this {one} there.")
        return scenario.edited(contract, lever, reached)
    return scenario.edited(contract, name.removesuffix(SHOWN), value)


def _values(scenario: CustomerScenario) -> dict[str, float]:
    who = {} if scenario.customer is None else {CUSTOMER: float(scenario.customer)}
    return who | dict(scenario.edits) | dict(scenario.assumptions)


def _differences(contract: Contract, before: CustomerScenario, after: CustomerScenario) -> Iterator[AskedChip]:
    old, new = _values(before), _values(after)
    for name, value in new.items():
        if old.get(name) != value:
            yield AskedChip(name, customer_chip(contract, after, name, value))
    for name, value in old.items():
        if name not in new:
            yield AskedChip(name, customer_chip(contract, before, name, value), back=True)
    if before.own and not after.own:
        yield AskedChip("own", f"the {contract.book.record} typed by hand", back=True)


def customer_chip(contract: Contract, scenario: CustomerScenario, name: str, value: float) -> str:
    """One thing that is said of a record, as a short label."""
    if name == CUSTOMER:
        return f"{capitalised(contract.book.record)} {value:,.0f}"
    if name in dict(scenario.edits):
        return edit_chip(contract, name, value)
    return assumption_chip(contract, name, value)


def customer_line(contract: Contract, scenario: CustomerScenario) -> str:
    """Who is looked at and what is changed, as a line that reads back to it; a record typed by hand is not in it."""
    known = customer_vocabulary(contract, (0, MOST_CUSTOMERS), ())
    return f"{END} ".join(exact_words(known, name, value) for name, value in _values(scenario).items())


def customer_example(book: Book) -> str:
    """What could be asked of this book, for an empty line."""
    contract = book.contract
    who = f"{contract.book.record} {id_range(book)[1]:,}"
    known = customer_vocabulary(contract, id_range(book), ())
    first = [known.terms[each.name] for each in contract.levers[:1]]
    moved = [f"{lower(known.clear_name(each))} {each.tell(each.quantity.high / 2)}" for each in first]
    return f"{END} ".join([who, *moved, policy_example(contract)])


# ---- what can be asked --------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def customer_vocabulary(
    contract: Contract, ids: tuple[int, int], starting_points: tuple[tuple[str, int], ...]
) -> Vocabulary:
    """All that can be asked about one record: the lowest and the highest of the ``ids``, what one can start from."""
    one = contract.book.record
    levers = {each.name for each in contract.levers}
    fields = [each for each in contract.record if each.mutability != "never" and each.name not in levers]
    number = Quantity(*ids, whole=True)
    who = Term(
        CUSTOMER,
        capitalised(one),
        (one, f"{one} number", f"{one} no"),
        number,
        lambda value: f"{value:,.0f}",
    )
    items: tuple[Item, ...] = (
        who,
        *(
            Named(f"{capitalised(one)} {number:,}", (name,), ((CUSTOMER, float(number)),), "who")
            for name, number in starting_points
        ),
        *map(_lever, contract.levers),
        *_shown_by_levers(contract),
        *(_field(each) for each in fields),
        cutoff_term(whole=False),
        *(assumption_term(each, "assumption") for each in contract.assumptions),
    )
    return Vocabulary(items, contract.book.currency, FILLERS)


def _shown_by_levers(contract: Contract) -> Iterator[Term]:
    """The inputs by which levers tell where they stand, where those are numbers under a name of their own: asked for
    one, its lever is put where it is so."""
    inputs = {each.name: each for each in contract.inputs}
    taken = {*(each.label for each in contract.levers), *(each.label for each in contract.record)}
    for lever in contract.levers:
        shown = inputs[lever.shows]
        if shown.codes or shown.label in taken or contract.coded(lever):
            continue
        words = set(keys(shown.label))
        names = (shown.label, *(each for each, of in EVERYDAY.items() if of <= words))
        size = "0.01" if shown.unit == "%" else "1"
        quantity = Quantity(-FAR, FAR, shown.unit, size, money=_money(shown.unit))
        yield Term(lever.name + SHOWN, shown.label, names, quantity, partial(numbers.as_set, unit=shown.unit))


def _lever(each: Lever) -> Term:
    before, _, after = each.phrase.partition("{}")
    around = [(before, after), *([(before, numbers.singular(after.strip()))] if not each.unit else [])]
    change = each.unit == "±%"
    quantity = Quantity(each.minimum, each.maximum, each.unit, change=change, money=_money(each.unit))
    names = (each.label, each.name, *initials(each.label), f"lever {each.label}")

    def tell(value: float) -> str:
        return numbers.lever_value(value, each.unit)

    return Term(each.name, each.label, names, quantity, tell, tuple(around) if before or after else ())


def _field(each: Field) -> Term:
    low, high = bounds(each)
    codes = tuple((float(code), word) for code, word in each.codes.items())
    size = "0.01" if each.unit == "%" else "1"
    special = tuple(each.special.items())
    quantity = Quantity(low, high, each.unit, size, money=_money(each.unit), codes=codes, special=special)
    names = (each.label, each.name.replace("_", " "), f"field {each.label}")

    def tell(value: float) -> str:
        return numbers.as_set(value, each.unit, each.codes, each.special)

    return Term(each.name, each.label, names, quantity, tell)


def _money(unit: str) -> bool:
    return unit[-1:] in tuple("$€£¥₹¤")
