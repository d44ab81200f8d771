"""A scenario: who is looked at, and what is changed by name.

The same value is what widgets set, what the address carries and what the calculations take. An empty scenario is
the customer exactly as in the book.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from data.arrays import Array
from data.books import Book
from data.contract import Contract, Field, Lever, check_value
from data.errors import BadInput, BookError, Impossible, OutOfRange
from model.whatif.book.scenario import NOTHING, UNDER, BookScenario

CUTOFF = "cutoff"
CUTOFF_RANGE = (300.0, 800.0)
CUSTOMER, OWN = "customer", "own"
MISSING = float("nan")  # a value that is said to be missing: this very one, by which records compare


@dataclass(frozen=True)
class CustomerScenario:
    """``customer``: a number of the book, or None. ``own``: a record typed by hand, one value a field in the
    contract's order, None where not yet filled, `MISSING` where it is said to be; () if there is none. ``edits``:
    levers and single fields by name, levers first in the contract's order. ``assumptions``: those that differ from
    the contract's, or from those of the book's scenario that the record stands ``under``, the cut-off (score
    points) among them. Tuples of pairs, so that a scenario can be compared and hashed."""

    customer: int | None = None
    own: tuple[float | None, ...] = ()
    edits: tuple[tuple[str, float], ...] = ()
    assumptions: tuple[tuple[str, float], ...] = ()
    under: BookScenario = NOTHING

    def __post_init__(self) -> None:
        object.__setattr__(self, "own", tuple(None if each is None else stated(each) for each in self.own))

    @property
    def chosen(self) -> bool:
        """Whether there is a whole record to score."""
        return self.customer is not None or (bool(self.own) and None not in self.own)

    @property
    def changed(self) -> bool:
        """Whether anything is not as in the book."""
        return bool(self.edits or self.assumptions or self.under.values)

    def edited(self, contract: Contract, name: str, value: float | None) -> "CustomerScenario":
        """With one edit set, or taken back where ``value`` is None. Checked.

        Raises
        ------
        OutOfRange, NotEditable
        """
        edits = {k: v for k, v in self.edits if k != name}
        if value is not None:
            check_edit(contract, editable(contract, name), value)
            edits[name] = float(value)
        order = [*(lever.name for lever in contract.levers), *contract.row]
        return replace(self, edits=tuple((k, edits[k]) for k in dict.fromkeys(order) if k in edits))

    def assumed(self, contract: Contract, name: str, value: float | None) -> "CustomerScenario":
        """With one assumption or the cut-off set; None or the value that stands anyway takes it back. Checked."""
        kept = {k: v for k, v in self.assumptions if k != name}
        if value is not None:
            check_assumption(contract, name, value)
            if value != self.standing(contract)[name]:
                kept[name] = float(value)
        return replace(self, assumptions=tuple(sorted(kept.items())))

    def asked_under(self, contract: Contract, under: BookScenario) -> "CustomerScenario":
        """The same under another scenario of the book; what is edited and assumed here stays on top."""
        moved = replace(self, under=under.carried(), assumptions=())
        for name, value in self.assumptions:
            moved = moved.assumed(contract, name, value)
        return moved

    def standing(self, contract: Contract) -> dict[str, float]:
        """Every assumption before any is set here, by name: the book's scenario's, else the contract's; the cut-off
        included."""
        found = {each.name: self.under.number(contract, each.name) for each in contract.assumptions}
        return found | {CUTOFF: contract.score.cutoff}

    def values(self, contract: Contract) -> dict[str, float]:
        """Every assumption by name, as it stands where none is set, the cut-off included."""
        return self.standing(contract) | dict(self.assumptions)

    def to_query(self, edits: bool = True) -> dict[str, str]:
        """The scenario as an address carries it; with ``edits`` off, the customer's number alone."""
        found: dict[str, str] = {}
        if self.customer is not None:
            found[CUSTOMER] = str(self.customer)
        if not edits:
            return found
        if self.own:
            found[OWN] = ",".join("" if value is None else f"{value:.15g}" for value in self.own)
        found |= {name: f"{value:.15g}" for name, value in (*self.edits, *self.assumptions)}
        return found | self.under.under_query()

    @classmethod
    def from_query(
        cls, book: Book, query: Mapping[str, str], edits: bool = True
    ) -> "tuple[CustomerScenario, list[str]]":
        """The scenario that an address carries, and what was wrong with it: a bad value is left out and told."""
        contract = book.contract
        scenario, complaints = cls(), []
        if CUSTOMER in query:
            try:
                number = int(query[CUSTOMER])
                book.record(number)
                scenario = replace(scenario, customer=number)
            except ValueError:
                complaints.append(f"{query[CUSTOMER]!r} in the address is no {contract.book.record} number.")
            except BookError as error:
                complaints.append(str(error))
        if edits and OWN in query and scenario.customer is None:
            try:
                scenario = replace(scenario, own=_own(contract, query[OWN]))
            except (ValueError, BadInput) as error:
                complaints.append(f"The record typed by hand could not be read from the address: {error}")
        if edits:
            under, wrong = BookScenario.from_under(contract, query)
            scenario, complaints = replace(scenario, under=under), [*complaints, *wrong]
        assumable = {each.name for each in contract.assumptions} | {CUTOFF}
        known = assumable | {each.name for each in contract.levers} | set(contract.row)
        for name, text in query.items():
            if not edits or name in (CUSTOMER, OWN) or name.startswith(UNDER):
                continue
            if name not in known:
                complaints.append(f"{name!r} in the address is nothing that can be changed here; it was left out.")
                continue
            try:
                change = scenario.assumed if name in assumable else scenario.edited
                scenario = change(contract, name, _number(text))
            except (ValueError, BadInput) as error:
                complaints.append(f"{error} The address was read without it.")
        if scenario.chosen and scenario.edits:
            try:
                apply(contract, base_record(book, scenario), scenario.edits)
            except Impossible as error:
                scenario, complaints = replace(scenario, edits=()), [*complaints, f"{error} The edits were left out."]
        return scenario, complaints


def stated(value: float) -> float:
    """A value of a record typed by hand, one that is missing as `MISSING`."""
    return MISSING if np.isnan(value) else float(value)


def editable(contract: Contract, name: str) -> Lever | Field:
    """The lever or, failing that, the field of a name; NotEditable if neither."""
    for lever in contract.levers:
        if lever.name == name:
            return lever
    return contract.field(name)


def check_edit(contract: Contract, part: Lever | Field, value: float) -> None:
    """Raise OutOfRange or Missing unless a lever or field may be put to ``value``."""
    check_value(part, value)
    if isinstance(part, Lever) and contract.coded(part) and (value - part.minimum) % part.step:
        raise OutOfRange(f"{part.label} moves in steps of {part.step:g}; {value:,.12g} was given.")


def check_assumption(contract: Contract, name: str, value: float) -> None:
    """Raise OutOfRange or NotEditable unless ``value`` may be assumed."""
    if name != CUTOFF:
        return check_value(contract.assumption(name), value)
    low, high = CUTOFF_RANGE
    if not low <= value <= high:
        raise BadInput(f"The cut-off must lie between {low:.0f} and {high:.0f} points; {value:,.12g} was given.")


# ---- from a scenario to records -------------------------------------------------------------------------------------


def book_record(book: Book, number: int) -> tuple[float, ...]:
    """The record of one of the book, as one typed by hand begins; BookError without it."""
    return tuple(stated(value) for value in book.record(number)[:, 0])


def base_record(book: Book, scenario: CustomerScenario) -> Array:
    """The record before any edit, (fields, 1).

    Raises
    ------
    BookError, Missing, OutOfRange, Impossible
        If the customer does not exist, or a record typed by hand is incomplete or cannot be.
    """
    if scenario.customer is not None:
        return book.record(scenario.customer)
    record = np.array([np.nan if value is None else value for value in scenario.own], np.float64)[:, None]
    book.contract.check(record)
    return record


def apply(contract: Contract, base: Array, edits: Mapping[str, float | Array] | Iterable[tuple[str, float]]) -> Array:
    """Records (fields, n) after ``edits``: levers in the contract's order, then single fields.

    ``base`` is (fields, n) or (fields, 1); an edit is one value or one a record. A lever at its start and a field at
    its own value change nothing, to the last bit.

    Raises
    ------
    Impossible
        If the edits together break a rule of the contract that the base keeps.
    """
    out = edit(contract, base, edits)
    broken = contract.broken(out)
    if broken and not contract.broken(base):
        raise Impossible(broken[0].message)
    return out


def edit(contract: Contract, base: Array, edits: Mapping[str, float | Array] | Iterable[tuple[str, float]]) -> Array:
    """What `apply` gives, whether or not the records keep the rules of the contract."""
    edits = dict(edits)
    width = max([base.shape[1], *(np.size(value) for value in edits.values())])
    out = np.repeat(base, width, axis=1) if base.shape[1] == 1 and width > 1 else base.copy()
    for lever in contract.levers:
        if lever.name in edits:
            value = edits.pop(lever.name)
            start = contract.lever_start(lever.name, base)
            moved = contract.pull(lever.name, value, out, start)
            still = (value == start) | (np.isnan(value) & np.isnan(start))
            out = np.where(np.broadcast_to(still, out.shape[1]), out, moved)
    for name, value in edits.items():
        contract.field(name)
        out[contract.row[name]] = value
    return out


# ---- the address ----------------------------------------------------------------------------------------------------


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} in the address is not a number.") from None


def _own(contract: Contract, text: str) -> tuple[float | None, ...]:
    parts = text.split(",")
    if len(parts) != len(contract.record):
        raise ValueError(f"{len(contract.record)} values belong there; it has {len(parts)}.")
    values = tuple(_number(part) if part else None for part in parts)
    for field, value in zip(contract.record, values, strict=True):
        if value is not None:
            check_value(field, value)
    return values
